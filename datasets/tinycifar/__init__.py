"""TinyCIFAR, beside the datasets whose files are in this repository."""

from tinytorch_hf import load_tinycifar

__all__ = ["load_tinycifar"]
