"""What names mean in the scripts of a course, where nothing else tells what is behind them; as tables."""

from __future__ import annotations

TENSORS = frozenset({"Tensor", "Variable", "tensor", "as_tensor", "from_numpy"})
"""Constructors of tensors."""

CHAINS = frozenset({"Sequential"})
"""Classes that call the layers they are given one after the other."""

LAYERS = frozenset(
    [
        "Linear",
        "Dense",
        "Conv1d",
        "Conv1D",
        "Conv2d",
        "Conv2D",
        "BatchNorm",
        "BatchNorm1d",
        "BatchNorm2d",
        "BatchNorm2D",
        "LayerNorm",
        "Embedding",
        "EmbeddingLayer",
        "LearnedPositionalEncoding",
        "MultiHeadAttention",
        "MultiheadAttention",
        "SelfAttention",
        "MLP",
        "TransformerBlock",
        "GPT",
        "RNN",
        "LSTM",
        "GRU",
        "Parameter",
    ]
)
"""Layers of the course, and of what is modelled after it, that have parameters."""

NOT_LAYERS = frozenset(
    [
        "ReLU",
        "LeakyReLU",
        "GELU",
        "Sigmoid",
        "Tanh",
        "Softmax",
        "LogSoftmax",
        "Identity",
        "Dropout",
        "Flatten",
        "MaxPool1d",
        "MaxPool2d",
        "MaxPool2D",
        "AvgPool2d",
        "AvgPool2D",
        "MSELoss",
        "CrossEntropyLoss",
        "BinaryCrossEntropyLoss",
        "BCELoss",
        "NLLLoss",
        "TensorDataset",
        "DataLoader",
        "Dataset",
        "Console",
        "Panel",
        "Table",
        "Text",
        "Live",
        "Progress",
        "Path",
    ]
)
"""What has none, whoever asks it for some."""

PARAMETERS = frozenset(["weight", "bias", "gamma", "beta", "parameters", "named_parameters"])
"""Attributes that only what has parameters has."""

NO_NUMBERS = frozenset(
    [
        "shape",
        "ndim",
        "size",
        "dtype",
        "requires_grad",
        "name",
        "training",
        "grad_fn",
        "zeros_like",
        "ones_like",
        "empty_like",
        "full_like",
        "zeros",
        "ones",
        "empty",
        "arange",
        "linspace",
        "eye",
        "len",
        "range",
        "isinstance",
        "hasattr",
        "issubclass",
        "print",
        "type",
        "id",
        "str",
        "repr",
        "format",
        "time",
        "perf_counter",
        "seed",
        "exit",
        "input",
        "callable",
        "vars",
        "dir",
    ]
)
"""Attributes and functions that say nothing about the numbers in what they are given."""

NUMBERS = frozenset(["data", "numpy", "item", "tolist", "values_", "float", "int", "bool", "argmax", "argmin"])
"""Attributes, methods and functions that give numbers without the graph they came from."""

MULTIPLIES = frozenset(["dot", "matmul", "einsum", "tensordot", "inner", "outer"])
"""What a layer is made of: with weights, they are a forward pass and not an update."""

SAME = frozenset(
    [
        "copy",
        "deepcopy",
        "clone",
        "list",
        "tuple",
        "set",
        "sorted",
        "reversed",
        "iter",
        "next",
        "tqdm",
        "track",
        "train",
        "eval",
        "to",
    ]
)
"""Methods and functions that give what they are given."""

GROWS = frozenset(["append", "extend", "insert", "add", "update", "appendleft"])
"""Methods by which a container takes up what they are given."""

GRAPH = ("grad_fn", "backward", "prev", "parent", "children", "ctx", "creator")
"""Parts of the names of attributes by which someone builds the graph by hand."""

WITHOUT_GRADIENT = ("no_grad", "inference", "eval")
"""Parts of the names of contexts in which no graph is wanted."""

TRAINS = ("training", "is_train", "train_mode")
"""Parts of a condition that holds in training only; `EVALUATES` are of those that hold elsewhere."""

EVALUATES = ("eval", "inference", "generat", "no_grad")

REPLACEMENTS = {
    "maximum": "ReLU()(...)",
    "clip": "ReLU()(...)",
    "where": "ReLU()(...) or a product with a mask",
    "exp": "x.exp() or Softmax()(...)",
    "tanh": "Tanh()(...)",
    "dot": "a @ b",
    "matmul": "a @ b",
    "sum": "x.sum()",
    "mean": "x.mean()",
    "reshape": "x.reshape(...)",
    "transpose": "x.transpose(...)",
    "log": "x.log() or CrossEntropyLoss()(...)",
    "max": "x.max()",
}
"""What to write for a function of NumPy, so that the graph goes on."""
