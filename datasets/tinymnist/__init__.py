"""TinyMNIST, where the milestones of TinyTorch look for it."""

from tinytorch_hf import load_tinymnist

__all__ = ["load_tinymnist"]
