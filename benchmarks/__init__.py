"""Measurements: ratios between alternatives, taken in one run, as medians of several."""

import sys
from pathlib import Path

# What recipes share is measured, too; it lies beside the datasets.
sys.path.append(str(Path(__file__).resolve().parents[1] / "datasets"))
