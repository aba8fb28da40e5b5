"""Before and after a conversion: what a narrower type breaks, which nodes will fail, how a wrong model is repaired."""
