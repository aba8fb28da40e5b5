"""Why a layer injects error: the two nodes themselves, attribute by attribute and weight by weight."""
