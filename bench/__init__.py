"""Benchmarks: ratios and medians, never a timed test. See README.md in this room."""
