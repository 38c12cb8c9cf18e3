"""TinyTalks, where the milestones of TinyTorch look for it."""

from tinytorch_hf.loaders import load_tinytalks

__all__ = ["load_tinytalks"]
