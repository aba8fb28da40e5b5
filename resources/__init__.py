"""Shipped data: samples and icons. ``importlib.resources.files("resources")`` finds them when installed."""
