"""How fast, how sure, and what changed: samples, intervals, ratios; hotspots of a profile.

A difference is told only where its interval says so. What that promises is checked on pairs of equal models
(``tests/perf/test_perf_false_alarms.py``).
"""
