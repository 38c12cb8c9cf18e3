"""TinyTalks, where the milestones of TinyTorch look for it."""

from tinytorch_hf import load_tinytalks

__all__ = ["load_tinytalks"]
