"""OM: a model that the Ascend compiler made. Its header, its partitions, and the graph in it (``read``)."""
