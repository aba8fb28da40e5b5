"""From a wrong converted model to a proved right one: hypotheses by cost, each converted and compared again."""
