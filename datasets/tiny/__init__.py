"""All 1797 digits in one file, where the texts of TinyTorch look for it."""

from tinytorch_hf import load_digits_8x8

__all__ = ["load_digits_8x8"]
