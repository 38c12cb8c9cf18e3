"""TinyDigits, where the milestones of TinyTorch look for it."""

from tinytorch_hf import load_tinydigits

__all__ = ["load_tinydigits"]
