"""Datasets as NumPy arrays and as texts, and what can be said of them: fingerprint, statistics, pictures."""
