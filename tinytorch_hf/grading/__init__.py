"""A class: every submission checked apart from all others, and marked by a rubric.

Read `marks.py` first: what a submission gets, and for what.
"""
