"""Verdicts for eyes and for programs: tables for the terminal, JUnit files, plots, and pages in HTML."""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
