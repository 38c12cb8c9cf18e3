"""Measurements: ratios between alternatives, taken in one run, as medians of several."""
