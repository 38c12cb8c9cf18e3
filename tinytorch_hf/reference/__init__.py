"""A small, fast TinyTorch in NumPy: the same names and conventions, used when the student's own is not installed.

It is meant to be read, a few formulas a file, in this order:

1. `autograd`: where gradients come from; `tensor`: the operations, each with its gradient
2. `layers` and `activations`: what an MLP is made of; `losses` and `optimizers`: how it learns; `data`: from what
3. `windows`, then `spatial`: images; `normalization`: for them and for sequences
4. `embeddings`, `attention`, `transformers`: from characters to a GPT

`checks` holds what they say about wrong shapes. Each operation is compared with PyTorch, in `tests/reference`.
"""

from tinytorch_hf._lazy import directory_of
from tinytorch_hf.data.tokenizer import CharTokenizer
from tinytorch_hf.reference.activations import GELU, ReLU, Sigmoid, Softmax, Tanh
from tinytorch_hf.reference.attention import MultiHeadAttention, scaled_dot_product_attention
from tinytorch_hf.reference.data import DataLoader, Dataset, TensorDataset
from tinytorch_hf.reference.embeddings import Embedding, PositionalEncoding, create_sinusoidal_embeddings
from tinytorch_hf.reference.layers import Dropout, Flatten, Layer, Linear, Sequential, seed
from tinytorch_hf.reference.losses import BinaryCrossEntropyLoss, CrossEntropyLoss, MSELoss
from tinytorch_hf.reference.normalization import BatchNorm2d, LayerNorm
from tinytorch_hf.reference.optimizers import SGD, Adam, AdamW, Optimizer
from tinytorch_hf.reference.spatial import AvgPool2d, Conv2d, MaxPool2d
from tinytorch_hf.reference.tensor import Tensor
from tinytorch_hf.reference.transformers import GPT, MLP, TransformerBlock, create_causal_mask

__all__ = [
    "GELU",
    "GPT",
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "AvgPool2d",
    "BatchNorm2d",
    "BinaryCrossEntropyLoss",
    "CharTokenizer",
    "Conv2d",
    "CrossEntropyLoss",
    "DataLoader",
    "Dataset",
    "Dropout",
    "Embedding",
    "Flatten",
    "Layer",
    "LayerNorm",
    "Linear",
    "MSELoss",
    "MaxPool2d",
    "MultiHeadAttention",
    "Optimizer",
    "PositionalEncoding",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "Tensor",
    "TensorDataset",
    "TransformerBlock",
    "create_causal_mask",
    "create_sinusoidal_embeddings",
    "scaled_dot_product_attention",
    "seed",
]

__dir__ = directory_of(__name__)
