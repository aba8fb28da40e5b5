"""Conversion: the form that describes it, rewrites that help, and the converter's configuration."""
