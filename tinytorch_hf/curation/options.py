"""What an argument is called, on the command line and in Python, for messages that advise it."""

from __future__ import annotations

_IN_PYTHON = {"per-class": "n_per_class", "test-per-class": "n_test_per_class", "candidates": "n_candidates"}


def option(name: str) -> str:
    """An argument by its name on the command line, without dashes, as both kinds of callers write it."""
    return f"--{name} ({_IN_PYTHON.get(name, name.replace('-', '_'))}= in Python)"
