"""Writes packages called tinytorch that behave as the generations of TinyTorch do.

The arithmetic is that of tinytorch_hf.reference; layout, signatures and quirks are the generations' own.
"""

from __future__ import annotations

from pathlib import Path

ADAPTED = {
    "core/tensor.py": "from tinytorch_hf.reference import Tensor\n",
    "core/activations.py": "from tinytorch_hf.reference import GELU, ReLU, Sigmoid, Softmax, Tanh\n",
    "core/layers.py": "from tinytorch_hf.reference import Dropout, Linear, Sequential\n",
    "core/losses.py": "from tinytorch_hf.reference import BinaryCrossEntropyLoss, CrossEntropyLoss, MSELoss\n",
    "core/optimizers.py": "from tinytorch_hf.reference import SGD, Adam, AdamW\n",
    "core/spatial.py": "from tinytorch_hf.reference import AvgPool2d, BatchNorm2d, Conv2d, MaxPool2d\n",
    "core/attention.py": "from tinytorch_hf.reference import MultiHeadAttention, scaled_dot_product_attention\n",
}
TOKENIZATION = "from tinytorch_hf.reference import CharTokenizer\n"
EMBEDDINGS = "from tinytorch_hf.reference import Embedding, PositionalEncoding, create_sinusoidal_embeddings\n"
TRANSFORMERS = "from tinytorch_hf.reference import GPT, MLP, LayerNorm, TransformerBlock, create_causal_mask\n"

# As in TinyTorch: no seed, samples collected one by one, shuffling by the standard library.
LOADER = """
import random
import numpy as np
from tinytorch.core.tensor import Tensor

class TensorDataset:
    def __init__(self, *tensors):
        self.tensors = tensors

    def __len__(self):
        return len(self.tensors[0].data)

    def __getitem__(self, index):
        return tuple(Tensor(tensor.data[index]) for tensor in self.tensors)

class DataLoader:
    def __init__(self, dataset, batch_size, shuffle=False):
        self.dataset, self.batch_size, self.shuffle = dataset, batch_size, shuffle

    def __iter__(self):
        order = list(range(len(self.dataset)))
        if self.shuffle:
            random.shuffle(order)
        for start in range(0, len(order), self.batch_size):
            samples = [self.dataset[index] for index in order[start : start + self.batch_size]]
            yield tuple(Tensor(np.stack([part.data for part in parts])) for parts in zip(*samples))
"""

GENERATION_A = {
    **ADAPTED,
    "__init__.py": (
        '__version__ = "0.1.0"\nprint("Welcome to TinyTorch")\n'
        "from .core.tensor import Tensor\nfrom .core.activations import ReLU\nfrom .core.layers import Linear\n"
        "from .core.losses import CrossEntropyLoss\nfrom .core.optimizers import SGD, Adam\n"
        "from .data.loader import TensorDataset, DataLoader\n"
    ),
    "data/__init__.py": "",
    "data/loader.py": LOADER,
    "core/dataloader.py": LOADER,
    "core/autograd.py": 'print("Autograd enabled")\n',
    "text/__init__.py": "",
    "text/tokenization.py": TOKENIZATION,
    "text/embeddings.py": EMBEDDINGS,
    "core/transformer.py": TRANSFORMERS,
}

GENERATION_B = {
    **ADAPTED,
    "__init__.py": (
        '__version__ = "0.1.10"\ntry:\n    from .core.tensor import Tensor\nexcept ImportError:\n    Tensor = None\n'
        "Linear = ReLU = SGD = DataLoader = TensorDataset = None\n"
    ),
    "core/tensor.py": (
        "from tinytorch_hf.reference import Tensor as _Tensor\n"
        "class Tensor(_Tensor):\n    def __init__(self, data):\n        super().__init__(data)\n"
    ),
    "core/autograd.py": (
        "from tinytorch_hf.reference import Tensor as _Tensor\nfrom .tensor import Tensor\n"
        "Tensor.__init__ = _Tensor.__init__\n"
    ),
    "core/layers.py": (
        "from tinytorch_hf.reference import Dropout, Linear as _Linear, Sequential\nfrom .tensor import Tensor\n"
        "class Linear(_Linear):\n    def __init__(self, n_in, n_out, bias=True):\n"
        "        super().__init__(n_in, n_out, bias)\n"
        "        for parameter in self.parameters():\n            parameter.requires_grad = False\n"
        "        Tensor([0.0], requires_grad=True)\n"
    ),
    "core/dataloader.py": LOADER,
    "core/tokenization.py": TOKENIZATION,
    "core/embeddings.py": EMBEDDINGS,
    "core/transformers.py": TRANSFORMERS,
}

GENERATION_C = {
    **ADAPTED,
    "__init__.py": '__version__ = "0.2.0"\n',
    "core/dataloader.py": LOADER,
    "core/tokenization.py": TOKENIZATION,
    "core/embeddings.py": EMBEDDINGS,
    "core/transformers.py": TRANSFORMERS,
}

# The newest one, in which GPT keeps both embeddings in a layer of their own.
GENERATION_D = {
    **GENERATION_C,
    "core/embeddings.py": (
        EMBEDDINGS + "class EmbeddingLayer:\n"
        "    def __init__(self, vocab_size, embed_dim, max_seq_len=512, pos_encoding='learned'):\n"
        "        self.token_embedding = Embedding(vocab_size, embed_dim)\n"
        "        self.pos_encoding = PositionalEncoding(max_seq_len, embed_dim)\n"
        "    def forward(self, tokens):\n        return self.pos_encoding(self.token_embedding(tokens))\n"
        "    __call__ = forward\n"
        "    def parameters(self):\n"
        "        return [*self.token_embedding.parameters(), *self.pos_encoding.parameters()]\n"
    ),
    "core/transformers.py": (
        "from tinytorch_hf.reference import Linear, MLP, LayerNorm, TransformerBlock, create_causal_mask\n"
        "from tinytorch_hf.reference.layers import parameters_of\n"
        "from .embeddings import EmbeddingLayer\n"
        "class GPT:\n"
        "    def __init__(self, vocab_size, embed_dim, num_layers, num_heads, max_seq_len=1024):\n"
        "        self.embedding_layer = EmbeddingLayer(vocab_size, embed_dim, max_seq_len)\n"
        "        self.blocks = [TransformerBlock(embed_dim, num_heads) for _ in range(num_layers)]\n"
        "        self.ln_f = LayerNorm(embed_dim)\n"
        "        self.lm_head = Linear(embed_dim, vocab_size, bias=False)\n"
        "    def forward(self, tokens):\n"
        "        x, mask = self.embedding_layer(tokens), create_causal_mask(tokens.shape[1])\n"
        "        for block in self.blocks:\n            x = block(x, mask)\n"
        "        return self.lm_head(self.ln_f(x))\n"
        "    __call__ = forward\n"
        "    def parameters(self):\n"
        "        return parameters_of(self.embedding_layer, *self.blocks, self.ln_f, self.lm_head)\n"
    ),
}

GENERATIONS = {"A": GENERATION_A, "B": GENERATION_B, "C": GENERATION_C, "D": GENERATION_D}


def write_package(folder: Path, files: dict[str, str]) -> Path:
    """Write a package called tinytorch into ``folder``, which belongs on the path; returns ``folder``."""
    for name, text in {"core/__init__.py": "", **files}.items():
        path = folder / "tinytorch" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
