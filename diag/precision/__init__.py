"""Precision: what narrower types do to a model's tensors, and what must stay in float32."""
