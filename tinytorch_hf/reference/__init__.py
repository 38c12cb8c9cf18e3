"""A small, fast TinyTorch in NumPy: the same names and conventions, used when the student's own is not installed.

It is meant to be read. Start with `tensor.py`, where gradients come from; every other file is a few formulas
on top of it.
"""

from tinytorch_hf.reference.activations import ReLU
from tinytorch_hf.reference.data import DataLoader, Dataset, TensorDataset
from tinytorch_hf.reference.layers import Layer, Linear
from tinytorch_hf.reference.losses import CrossEntropyLoss
from tinytorch_hf.reference.optimizers import SGD, Adam, Optimizer
from tinytorch_hf.reference.tensor import Tensor

__all__ = [
    "SGD",
    "Adam",
    "CrossEntropyLoss",
    "DataLoader",
    "Dataset",
    "Layer",
    "Linear",
    "Optimizer",
    "ReLU",
    "Tensor",
    "TensorDataset",
]
