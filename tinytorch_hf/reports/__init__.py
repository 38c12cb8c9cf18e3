"""Verdicts for eyes and for programs: tables for the terminal, and JUnit files."""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
