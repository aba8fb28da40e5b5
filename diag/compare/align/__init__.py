"""Who answers whom: names first, then values found while each target node runs on golden input."""
