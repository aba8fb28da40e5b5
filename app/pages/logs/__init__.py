"""Logs: the cause on a card, every line in a table, time above it; codes explained where they stand."""
