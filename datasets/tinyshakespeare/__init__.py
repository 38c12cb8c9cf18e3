"""TinyShakespeare, where the milestones of TinyTorch look for it."""

from tinytorch_hf import load_tinyshakespeare

__all__ = ["load_tinyshakespeare"]
