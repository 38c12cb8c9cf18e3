"""What other frameworks call the parts of TinyTorch: names as they are written, without case and underscores."""

from __future__ import annotations

from collections.abc import Mapping

PARTS: Mapping[str, tuple[str, ...]] = {
    "Tensor": ("tensor", "variable", "value", "var", "node", "ndtensor", "array", "scalar"),
    "Sigmoid": ("sigmoid", "logistic", "sigm"),
    "ReLU": ("relu", "rectifier", "rectified", "rectifiedlinearunit"),
    "Tanh": ("tanh", "hyperbolictangent"),
    "GELU": ("gelu",),
    "Softmax": ("softmax",),
    "Linear": ("linear", "dense", "affine", "fullyconnected", "fc", "linearlayer", "denselayer", "layer"),
    "Dropout": ("dropout",),
    "Flatten": ("flatten",),
    "Sequential": ("sequential",),
    "MSELoss": ("mseloss", "mse", "meansquarederror", "meansquaredloss", "meansquarederrorloss", "msecriterion"),
    "CrossEntropyLoss": (
        "crossentropyloss",
        "crossentropy",
        "softmaxcrossentropyloss",
        "softmaxcrossentropy",
        "celoss",
        "softmaxloss",
        "categoricalcrossentropy",
    ),
    "BinaryCrossEntropyLoss": (
        "binarycrossentropyloss",
        "bceloss",
        "binarycrossentropy",
        "bce",
    ),
    "SGD": ("sgd", "gradientdescent", "stochasticgradientdescent", "descent", "vanillasgd"),
    "Adam": ("adam",),
    "AdamW": ("adamw",),
    "Conv2d": ("conv2d", "convolution2d", "conv", "convolution"),
    "MaxPool2d": ("maxpool2d", "maxpooling2d", "maxpool"),
    "AvgPool2d": ("avgpool2d", "averagepool2d", "avgpooling2d", "avgpool"),
    "BatchNorm2d": ("batchnorm2d", "batchnorm", "batchnormalization"),
    "Embedding": ("embedding", "lookup"),
    "LayerNorm": ("layernorm", "layernormalization", "layernorm1d"),
    "scaled_dot_product_attention": ("scaleddotproductattention",),
    "MultiHeadAttention": ("multiheadattention", "multiheadselfattention", "multiheadedattention"),
    "create_causal_mask": ("createcausalmask", "causalmask"),
    "MLP": ("mlp",),
    "TransformerBlock": ("transformerblock", "block"),
    "GPT": ("gpt",),
}
"""For each part the names under which it is looked for, the likeliest first."""

_OF_ACTIVATIONS = ("activation", "act", "layer", "function")
_OF_LOSSES = ("loss", "criterion", "cost")
_OF_OPTIMIZERS = ("optimizer", "optimiser", "optim")
_OF_LAYERS = ("layer",)
# Words that names have before or behind: Layer_Dense, ActivationReLU, MSECost.
_AFFIXES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("Sigmoid", "ReLU", "Tanh", "GELU", "Softmax"), _OF_ACTIVATIONS),
    **dict.fromkeys(("MSELoss", "CrossEntropyLoss", "BinaryCrossEntropyLoss"), _OF_LOSSES),
    **dict.fromkeys(("SGD", "Adam", "AdamW"), _OF_OPTIMIZERS),
}


def bare(name: str, part: str) -> str:
    """A plain name without the word before or behind it that only says what kind of part it is."""
    name = plain(name)
    for word in _AFFIXES.get(part, _OF_LAYERS):
        if name.startswith(word) and name[len(word) :] in PARTS[part]:
            return name[len(word) :]
        if name.endswith(word) and name[: -len(word)] in PARTS[part]:
            return name[: -len(word)]
    return name


DATA = ("data", "value", "values", "array", "arr", "numpy", "v", "val", "content", "raw")
"""Attributes in which tensors keep their numbers."""

GRAD = ("grad", "gradient", "grads", "slope", "derivative", "adjoint", "g", "d")
"""Attributes in which tensors keep their gradients."""

BACKWARD = ("backward", "backprop", "backpropagate", "backpropagation", "back", "backwards", "compute_gradients")
"""Methods that start the way back."""

FLAG = ("requires_grad", "requires_gradient", "needs_grad", "needs_gradient", "trainable", "track", "requiresgrad")
"""Attributes and arguments by which a tensor is asked for a gradient."""

WEIGHT = ("weight", "weights", "w", "kernel", "matrix", "table", "e", "embeddings", "embedding", "filters", "kernels")
BIAS = ("bias", "biases", "b", "offset")
GAMMA = ("gamma", "weight", "scale", "g", "affine", "w", "a")
BETA = ("beta", "bias", "shift", "b", "offset")
PARAMETERS = ("parameters", "params", "get_parameters", "get_params", "trainable_parameters", "weights")
AXIS = ("axis", "dim", "axes", "dims")
KEEPDIMS = ("keepdims", "keepdim", "keep_dims", "keep_dim")


def plain(name: str) -> str:
    """A name without case and underscores, as those above are written."""
    return name.lower().replace("_", "")


def ordered(names: list[str], known: tuple[str, ...]) -> list[str]:
    """Names with the known ones first, in the order in which they are known; private ones behind their like."""
    ranks = {plain(word): number for number, word in enumerate(known)}
    rest = len(ranks)
    return sorted(names, key=lambda name: (ranks.get(plain(name.strip("_")), rest), name.startswith("_")))
