"""TinyPy, where the milestones of TinyTorch look for it."""

from tinytorch_hf import load_tinypy

__all__ = ["load_tinypy"]
