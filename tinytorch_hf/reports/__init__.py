"""Verdicts for eyes and for programs: tables for the terminal, and JUnit files."""
