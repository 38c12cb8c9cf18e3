"""TinyTorch packages that are right but for one thing, as students get it wrong, and what must be found of it.

Each overrides one part of generation C, by a subclass or a wrapper around that of tinytorch_hf.reference. Those of
Tensor's own operations replace a method, so that every part that is built on it has the fault, as a student's would;
they need a fresh copy of the reference, which the fixture `fresh_reference` gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from generations import GENERATION_C, LOADER


@dataclass(frozen=True)
class Mutant:
    """A package with one fault.

    Attributes
    ----------
    name
        What is wrong.
    files
        What replaces files of generation C.
    finds
        The operations that must be called wrong.
    through
        Modules of the course that are built on the faulty part: operations there may be called wrong, too.
    cause
        What the likely cause must say, for the first of ``finds``; nothing where it cannot be told.
    code
        The code of that cause, where it is stated.
    """

    name: str
    files: Mapping[str, str]
    finds: tuple[str, ...]
    through: tuple[str, ...] = field(default=())
    cause: str = ""
    code: str = ""

    @property
    def package(self) -> dict[str, str]:
        """All files of the package."""
        return {**GENERATION_C, **self.files}


# Everything that computes with tensors' operators, and so may suffer from a fault in them.
_AUTOGRAD_AND_ABOVE = (
    "layers",
    "losses",
    "autograd",
    "training",
    "spatial",
    "embeddings",
    "attention",
    "transformers",
)


def _tensor(name: str, text: str, finds: tuple[str, ...], cause: str = "", code: str = "") -> Mutant:
    header = "import numpy as np\nfrom tinytorch_hf.reference import Tensor, autograd\n"
    return Mutant(name, {"core/tensor.py": header + text}, finds, _AUTOGRAD_AND_ABOVE, cause, code)


def _part(
    name: str,
    file: str,
    part: str,
    text: str,
    finds: tuple[str, ...],
    cause: str = "",
    through: tuple[str, ...] = (),
    code: str = "",
) -> Mutant:
    """Replace one class of a file; ``text`` defines it on top of the right one, which is called ``_Right``."""
    header = (
        f"import numpy as np\nfrom tinytorch_hf.reference import Tensor, {part} as _Right\n{GENERATION_C[file]}"
        "sigmoid = lambda x: 1 / (1 + np.exp(-x))\n"
    )
    return Mutant(name, {file: header + text}, finds, through, cause, code)


def _loader(name: str, old: str, new: str, finds: tuple[str, ...], cause: str = "", code: str = "") -> Mutant:
    assert old in LOADER
    return Mutant(name, {"core/dataloader.py": LOADER.replace(old, new)}, finds, (), cause, code)


# The trainings whose losses show a fault in any of their layers.
_MLPS = ("mlp-with-sgd", "mlp-with-momentum", "mlp-with-adam", "mlp-with-adamw")
_ACTIVATIONS, _LAYERS, _LOSSES = "core/activations.py", "core/layers.py", "core/losses.py"
_OPTIMIZERS, _SPATIAL, _ATTENTION = "core/optimizers.py", "core/spatial.py", "core/attention.py"
_EMBEDDINGS, _TRANSFORMERS, _TOKENIZATION = "core/embeddings.py", "core/transformers.py", "core/tokenization.py"

_TENSOR = (
    _tensor(
        "multiplication passes no gradient back",
        "_mul = Tensor.__mul__\nTensor.__mul__ = lambda a, b: Tensor(_mul(a, b).data)\n",
        ("gradient-mul",),
        "no gradient arrives",
        code="NO-GRADIENT",
    ),
    _tensor(
        "the gradient of subtraction has the wrong sign",
        "def _sub(a, b):\n    b = b if isinstance(b, Tensor) else Tensor(b)\n"
        "    return Tensor.from_operation(a.data - b.data, (a, b), lambda g: (g, g))\nTensor.__sub__ = _sub\n",
        ("gradient-sub", "gradient-broadcast-column"),
        "the sign is wrong",
        code="SIGN",
    ),
    _tensor(
        "division has no gradient for its divisor",
        "def _div(a, b):\n    b = b if isinstance(b, Tensor) else Tensor(b)\n"
        "    return Tensor.from_operation(a.data / b.data, (a, b), lambda g: (g / b.data, None))\n"
        "Tensor.__truediv__ = _div\n",
        ("gradient-div", "gradient-broadcast-column"),
        "no gradient arrives",
        code="NO-GRADIENT",
    ),
    _tensor(
        "a branch is dropped where a node is used twice",
        "def _backward(self, gradient=None):\n"
        "    arriving = {id(self): np.ones_like(self.data) if gradient is None else np.asarray(gradient)}\n"
        "    for tensor in reversed(autograd._parents_first(self)):\n"
        "        incoming = arriving.pop(id(tensor), None)\n"
        "        if incoming is None:\n            continue\n"
        "        tensor._keep(incoming)\n"
        "        if tensor._backward is None:\n            continue\n"
        "        for parent, outgoing in zip(tensor._parents, tensor._backward(incoming)):\n"
        "            if outgoing is not None and parent.requires_grad:\n"
        "                arriving[id(parent)] = autograd._unbroadcast(outgoing, parent.data.shape)\n"
        "Tensor.backward = _backward\n",
        ("gradient-used-twice", "gradient-square", "gradient-diamond"),
        "one of the two gradients is lost",
        code="BRANCH-LOST-SUM",
    ),
    _tensor(
        "a second backward overwrites instead of adding",
        "def _keep(self, gradient):\n    self.grad = gradient\nTensor._keep = _keep\n",
        ("gradient-adds-up",),
        "overwrites the gradient of the first",
        code="BACKWARD-OVERWRITES",
    ),
    _tensor(
        "gradients are not summed over broadcast axes",
        "autograd._unbroadcast = lambda gradient, shape: gradient\n",
        ("gradient-broadcast-row", "gradient-broadcast-column", "linear"),
        "not summed over the axes",
        code="NOT-SUMMED-BROADCAST",
    ),
    _tensor(
        "broadcast gradients are those of the first row",
        "def _first(gradient, shape):\n"
        "    while gradient.ndim > len(shape):\n        gradient = gradient[0]\n"
        "    return gradient[tuple(slice(n) for n in shape)]\n"
        "autograd._unbroadcast = _first\n",
        ("gradient-broadcast-row", "gradient-broadcast-column", "linear"),
    ),
    _tensor(
        "matmul's gradient for the right factor is not transposed back",
        "def _matmul(a, b):\n"
        "    b = b if isinstance(b, Tensor) else Tensor(b)\n"
        "    def backward(g):\n"
        "        wrong = g.swapaxes(-1, -2) @ a.data\n"
        "        return g @ b.data.swapaxes(-1, -2), wrong.reshape(b.shape)\n"
        "    return Tensor.from_operation(a.data @ b.data, (a, b), backward)\n"
        "Tensor.matmul = Tensor.__matmul__ = _matmul\n",
        ("gradient-matmul", "linear", "gradient-matmul-batched"),
        "the right values are in the wrong places",
        code="RESHAPED-NOT-TRANSPOSED",
    ),
    _tensor(
        "reshape detaches the graph",
        "_reshape = Tensor.reshape\nTensor.reshape = lambda self, *shape: Tensor(_reshape(self, *shape).data)\n",
        ("gradient-flatten", "gradient-reshape", "cnn"),
        "flattening cuts the graph",
        code="GRAPH-CUT-FLATTEN",
    ),
    _tensor(
        "transpose gives the gradient back as it came",
        "def _transpose(self, a=-2, b=-1):\n"
        "    return Tensor.from_operation(\n"
        "        self.data.swapaxes(a, b), (self,), lambda g: (g.reshape(self.data.shape),)\n    )\n"
        "Tensor.transpose = _transpose\n",
        ("gradient-transpose",),
        "reshaped where it should be transposed",
        code="RESHAPED-NOT-TRANSPOSED",
    ),
    _tensor(
        "the gradient of mean is not divided",
        "def _mean(self, axis=None, keepdims=False):\n"
        "    total = self.sum(axis=axis, keepdims=keepdims)\n"
        "    return Tensor.from_operation(total.data * (total.size / self.size), (total,), lambda g: (g,))\n"
        "Tensor.mean = _mean\n",
        ("gradient-mean", "gradient-mean-axis"),
        "a division by a number of values is left out",
        code="DIVISION-MISSING",
    ),
    _tensor(
        "the gradient of a slice lands at the beginning",
        "def _getitem(self, index):\n"
        "    def backward(g):\n"
        "        full = np.zeros_like(self.data)\n"
        "        full[: len(g)] = g\n"
        "        return (full,)\n"
        "    return Tensor.from_operation(self.data[index], (self,), backward)\n"
        "Tensor.__getitem__ = _getitem\n",
        ("gradient-indexing",),
        "",
    ),
    _tensor(
        "a tensor's zero_grad does nothing",
        "Tensor.zero_grad = lambda self: None\n",
        ("gradient-zero-grad",),
        "zero_grad does not reset",
        code="ZERO-GRAD",
    ),
    _tensor(
        "backward changes the gradient that it is given",
        "_backward = Tensor.backward\n"
        "def _in_place(self, gradient=None):\n"
        "    _backward(self, gradient)\n"
        "    if gradient is not None:\n        gradient *= 2\n"
        "Tensor.backward = _in_place\n",
        ("gradient-leaves-values", "gradient-adds-up"),
    ),
)

_ELEMENTWISE = (
    _part(
        "ReLU passes the gradient where it cut off",
        _ACTIVATIONS,
        "ReLU",
        "class ReLU(_Right):\n    def forward(self, x):\n"
        "        return Tensor.from_operation(x.data * (x.data > 0), (x,), lambda g: (g,))\n",
        ("relu", "relu-at-zero", "cnn", "sequential", *_MLPS),
        "where x is negative",
        code="RELU-GRADIENT-NEGATIVE",
    ),
    _part(
        "ReLU detaches the graph",
        _ACTIVATIONS,
        "ReLU",
        "class ReLU(_Right):\n    def forward(self, x):\n        return Tensor(super().forward(x).data)\n",
        ("relu", "relu-at-zero", "cnn", "sequential", *_MLPS),
        "no gradient arrives",
        code="NO-GRADIENT",
    ),
    _part(
        "the sigmoid's gradient lacks 1 - s",
        _ACTIVATIONS,
        "Sigmoid",
        "class Sigmoid(_Right):\n    def forward(self, x):\n        s = super().forward(x).data\n"
        "        return Tensor.from_operation(s, (x,), lambda g: (g * s,))\n",
        ("sigmoid", "sigmoid-large"),
        "s instead of s (1 - s)",
        code="SIGMOID-GRADIENT-S",
    ),
    _part(
        "tanh's gradient lacks the square",
        _ACTIVATIONS,
        "Tanh",
        "class Tanh(_Right):\n    def forward(self, x):\n        t = super().forward(x).data\n"
        "        return Tensor.from_operation(t, (x,), lambda g: (g * (1 - t),))\n",
        ("tanh", "tanh-large"),
        "1 - t instead of 1 - t^2",
        code="TANH-GRADIENT-NO-SQUARE",
    ),
    _part(
        "GELU has the wrong factor",
        _ACTIVATIONS,
        "GELU",
        "class GELU(_Right):\n    def forward(self, x):\n        s = sigmoid(1.6 * x.data)\n"
        "        return Tensor.from_operation(x.data * s, (x,), lambda g: (g * (s + 1.6 * x.data * s * (1 - s)),))\n",
        ("gelu", "gelu-large"),
        "it computes another function; its gradient fits it",
        code="ANOTHER-DEFINITION",
    ),
    _part(
        "GELU's forward and backward are of two forms",
        _ACTIVATIONS,
        "GELU",
        "class GELU(_Right):\n    def forward(self, x):\n        right = super().forward(x)\n"
        "        u = 0.7978845608028654 * (x.data + 0.044715 * x.data**3)\n"
        "        right.data = (0.5 * x.data * (1 + np.tanh(u))).astype(np.float32)\n        return right\n",
        ("gelu",),
        "forward is GELU's tanh form and backward its sigmoid form",
        code="GELU-TANH-SIGMOID",
    ),
    _part(
        "softmax overflows, as no maximum is subtracted",
        _ACTIVATIONS,
        "Softmax",
        "class Softmax(_Right):\n    def forward(self, x, dim=-1):\n"
        "        e = np.exp(x.data)\n        y = e / e.sum(axis=dim, keepdims=True)\n"
        "        backward = lambda g: (y * (g - (g * y).sum(axis=dim, keepdims=True)),)\n"
        "        return Tensor.from_operation(y, (x,), backward)\n",
        ("softmax-large",),
        "overflows",
        code="SOFTMAX-OVERFLOW",
    ),
    _part(
        "softmax ignores dim",
        _ACTIVATIONS,
        "Softmax",
        "class Softmax(_Right):\n    def forward(self, x, dim=-1):\n        return super().forward(x, -1)\n",
        ("softmax-first-axis",),
        "ignores dim",
        code="SOFTMAX-IGNORES-DIM",
    ),
    _part(
        "softmax's gradient is that of a sigmoid",
        _ACTIVATIONS,
        "Softmax",
        "class Softmax(_Right):\n    def forward(self, x, dim=-1):\n        y = super().forward(x, dim).data\n"
        "        return Tensor.from_operation(y, (x,), lambda g: (g * y * (1 - y),))\n",
        ("softmax", "softmax-on-sequences", "softmax-first-axis", "softmax-large"),
        "that of a sigmoid",
        code="SOFTMAX-SIGMOID-GRADIENT",
    ),
)

_LAYER = (
    _part(
        "the gradient of Linear's weight is transposed",
        _LAYERS,
        "Linear",
        "class Linear(_Right):\n    def forward(self, x):\n"
        "        y = super().forward(x)\n        inner = y._backward\n"
        "        right = x.matmul(self.weight)\n"
        "        def backward(g):\n"
        "            dx, dw = right._backward(g)\n"
        "            return dx, dw.reshape(self.weight.shape[::-1]).swapaxes(0, 1).copy()\n"
        "        z = Tensor.from_operation(right.data, (x, self.weight), backward)\n"
        "        return z if self.bias is None else z + self.bias\n",
        (
            "linear",
            "linear-one-row",
            "linear-without-bias",
            "linear-on-sequences",
            "sequential",
            "cnn",
            "mlp-with-sgd",
            "mlp-with-momentum",
        ),
        "reshaped where it should be transposed",
        code="RESHAPED-NOT-TRANSPOSED",
    ),
    _part(
        "Linear keeps its bias out of the graph",
        _LAYERS,
        "Linear",
        "class Linear(_Right):\n    def forward(self, x):\n        y = x.matmul(self.weight)\n"
        "        return y if self.bias is None else y + self.bias.data\n",
        ("linear", "linear-one-row", "linear-on-sequences", "sequential", "cnn", *_MLPS),
        "the bias is added without being remembered",
        code="BIAS-NOT-IN-GRAPH",
    ),
    _part(
        "Linear holds its weight as PyTorch does",
        _LAYERS,
        "Linear",
        "class Linear(_Right):\n    def __init__(self, n_in, n_out, bias=True):\n"
        "        super().__init__(n_in, n_out, bias)\n"
        "        self.weight = Tensor(self.weight.data.T, requires_grad=True)\n"
        "    def forward(self, x):\n        y = x.matmul(self.weight.transpose())\n"
        "        return y if self.bias is None else y + self.bias\n",
        (
            "linear",
            "linear-one-row",
            "linear-without-bias",
            "linear-on-sequences",
            "sequential",
            "cnn",
            "mlp-with-sgd",
            "mlp-with-momentum",
        ),
    ),
    _part(
        "Dropout does not scale what it keeps",
        _LAYERS,
        "Dropout",
        "class Dropout(_Right):\n    def forward(self, x, training=True):\n"
        "        return super().forward(x, training) * (1 - self.p) if training else x\n",
        ("dropout-training", "dropout-by-default"),
    ),
    _part(
        "Dropout drops in evaluation",
        _LAYERS,
        "Dropout",
        "class Dropout(_Right):\n    def forward(self, x, training=True):\n        return super().forward(x)\n",
        ("dropout-evaluation",),
    ),
)

_LOSS = (
    _part(
        "cross entropy is a sum",
        _LOSSES,
        "CrossEntropyLoss",
        "class CrossEntropyLoss(_Right):\n    def forward(self, x, y):\n"
        "        return super().forward(x, y) * len(x)\n",
        ("cross-entropy", "cross-entropy-large", "cnn", "mlp-with-sgd", "mlp-with-momentum"),
        "a sum where it should be a mean",
        code="LOSS-SUM",
    ),
    _part(
        "the gradient of cross entropy is not divided by the batch size",
        _LOSSES,
        "CrossEntropyLoss",
        "class CrossEntropyLoss(_Right):\n    def forward(self, x, y):\n        loss = super().forward(x, y)\n"
        "        right = loss._backward\n"
        "        loss._backward = lambda g: (right(g)[0] * len(x),)\n        return loss\n",
        ("cross-entropy", "cross-entropy-large", "cnn", "mlp-with-sgd", "mlp-with-momentum"),
        "not divided by the batch size",
        code="CE-GRADIENT-NOT-DIVIDED",
    ),
    _part(
        "cross entropy overflows",
        _LOSSES,
        "CrossEntropyLoss",
        "class CrossEntropyLoss(_Right):\n    def forward(self, x, y):\n        loss = super().forward(x, y)\n"
        "        picked = x.data[np.arange(len(x)), y.data.astype(int)]\n"
        "        loss.data = np.float32((np.log(np.exp(x.data).sum(1)) - picked).mean())\n        return loss\n",
        ("cross-entropy-large",),
        "overflows",
        code="CE-OVERFLOW",
    ),
    _part(
        "cross entropy uses float labels as indices",
        _LOSSES,
        "CrossEntropyLoss",
        "class CrossEntropyLoss(_Right):\n    def forward(self, x, y):\n"
        "        x.data[np.arange(len(x)), y.data]\n        return super().forward(x, y)\n",
        ("cross-entropy", "cross-entropy-large", "cnn", "mlp-with-sgd", "mlp-with-momentum"),
    ),
    _part(
        "MSE is a sum",
        _LOSSES,
        "MSELoss",
        "class MSELoss(_Right):\n    def forward(self, x, y):\n        return super().forward(x, y) * x.size\n",
        ("mse",),
        "a sum where it should be a mean",
        code="LOSS-SUM",
    ),
    _part(
        "MSE's gradient lacks the factor 2",
        _LOSSES,
        "MSELoss",
        "class MSELoss(_Right):\n    def forward(self, x, y):\n        loss = super().forward(x, y)\n"
        "        slope = (x.data - y.data) / x.size\n"
        "        return Tensor.from_operation(loss.data, (x,), lambda g: (g * slope,))\n",
        ("mse",),
        "lacks the factor 2",
        code="MSE-FACTOR-TWO",
    ),
    _part(
        "binary cross entropy forgets the targets 0",
        _LOSSES,
        "BinaryCrossEntropyLoss",
        "class BinaryCrossEntropyLoss(_Right):\n    def forward(self, p, y):\n        return -(y * p.log()).mean()\n",
        ("binary-cross-entropy", "binary-cross-entropy-certain"),
        "targets 0 is missing",
        code="BCE-NO-ZEROS",
    ),
)

_DATA = (
    _loader("the loader does not shuffle", "random.shuffle(order)", "pass", ("loader-shuffled", "loader-reshuffles")),
    _loader(
        "the loader drops the partial batch",
        "range(0, len(order), self.batch_size)",
        "range(0, len(order) - self.batch_size + 1, self.batch_size)",
        ("loader-in-order", "loader-shuffled", "loader-second-pass", "loader-reshuffles"),
    ),
    _loader(
        "the loader shuffles images and labels apart",
        "for parts in zip(*samples))",
        "for parts in ((random.sample(part, len(part)) if self.shuffle else part) for part in zip(*samples)))",
        ("loader-shuffled",),
    ),
    _loader(
        "the loader shuffles once and for all",
        "        order = list(range(len(self.dataset)))\n        if self.shuffle:\n            random.shuffle(order)\n",
        "        if not hasattr(self, 'order'):\n            self.order = list(range(len(self.dataset)))\n"
        "            if self.shuffle:\n                random.shuffle(self.order)\n        order = self.order\n",
        ("loader-reshuffles",),
    ),
    _loader(
        "the loader makes bytes of labels",
        "Tensor(np.stack([part.data for part in parts]))",
        "Tensor(np.stack([part.data if part.data.ndim else part.data.astype(np.uint8) for part in parts]))",
        ("loader-shuffled", "loader-reshuffles", "loader-second-pass"),
    ),
    _loader(
        "the loader gives arrays",
        "yield tuple(Tensor(np.stack([part.data for part in parts]))",
        "yield tuple(np.stack([part.data for part in parts])",
        ("loader-in-order",),
    ),
    _loader(
        "a loader can be walked through once",
        "order = list(range(len(self.dataset)))",
        "order = [] if hasattr(self, 'used') else list(range(len(self.dataset)))\n        self.used = True",
        ("loader-second-pass", "loader-reshuffles"),
    ),
    _loader(
        "a dataset counts from 1",
        "tensor.data[index]) for",
        "tensor.data[index - 1]) for",
        ("tensor-dataset", "loader-in-order"),
    ),
    _part(
        "unknown characters are left out",
        _TOKENIZATION,
        "CharTokenizer",
        "class CharTokenizer(_Right):\n    def encode(self, text):\n"
        "        return [id_ for id_ in super().encode(text) if id_] or [-1]\n",
        ("char-tokenizer-unknown",),
    ),
    _part(
        "capitals are lost",
        _TOKENIZATION,
        "CharTokenizer",
        "class CharTokenizer(_Right):\n    def build_vocab(self, corpus):\n"
        "        super().build_vocab([text.lower() for text in corpus])\n"
        "    def encode(self, text):\n        return super().encode(text.lower())\n",
        ("char-tokenizer-round-trip", "char-tokenizer-vocabulary"),
    ),
)

_ADAM_WRITTEN_OUT = (
    "class Adam(_Right):\n    n, moments = 0, None\n    def step(self):\n        self.n += 1\n"
    "        self.moments = self.moments or [(0.0, 0.0) for _ in self.params]\n"
    "        for i, p in enumerate(self.params):\n"
    "            if p.grad is None:\n                continue\n"
    "            g = p.grad.astype(float) + self.weight_decay * p.data\n"
    "            m, v = self.moments[i]\n"
    "            m, v = self.moments[i] = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g\n"
)

_UPDATE = (
    _part(
        "SGD decays weights after the update",
        _OPTIMIZERS,
        "SGD",
        "class SGD(_Right):\n    def step(self):\n        decay, self.weight_decay = self.weight_decay, 0.0\n"
        "        super().step()\n        self.weight_decay = decay\n"
        "        for p in self.params:\n            if p.grad is not None:\n"
        "                p.data = p.data * np.float32(1 - self.lr * decay)\n",
        ("sgd-weight-decay", "sgd-momentum-weight-decay"),
        "after the update",
        code="DECAY-AFTER-STEP",
    ),
    _part(
        "SGD's momentum is stale",
        _OPTIMIZERS,
        "SGD",
        "class SGD(_Right):\n    def change(self, position, value, gradient):\n"
        "        before = self._velocity.get(position, np.zeros_like(value))\n"
        "        change = super().change(position, value, gradient)\n"
        "        return np.float32(self.lr) * before if self.momentum else change\n",
        ("sgd-momentum", "sgd-momentum-weight-decay", "mlp-with-momentum"),
        "from before this gradient",
        code="MOMENTUM-STALE",
    ),
    _part(
        "SGD applies the learning rate twice",
        _OPTIMIZERS,
        "SGD",
        "class SGD(_Right):\n    def change(self, *arguments):\n"
        "        return super().change(*arguments) * np.float32(self.lr)\n",
        ("sgd", "sgd-weight-decay", "sgd-momentum", "sgd-momentum-weight-decay", "mlp-with-sgd", "mlp-with-momentum"),
        "learning rate is applied twice",
        code="LR-TWICE",
    ),
    _part(
        "SGD's zero_grad does nothing",
        _OPTIMIZERS,
        "SGD",
        "class SGD(_Right):\n    zero_grad = lambda self: None\n",
        ("mlp-with-sgd", "mlp-with-momentum", "sgd-zero-grad"),
        "does not reset the gradients",
        code="OPTIMIZER-ZERO-GRAD",
    ),
    _part(
        "SGD climbs",
        _OPTIMIZERS,
        "SGD",
        "class SGD(_Right):\n    def change(self, *arguments):\n        return -super().change(*arguments)\n",
        ("sgd", "sgd-weight-decay", "sgd-momentum", "sgd-momentum-weight-decay", "mlp-with-sgd", "mlp-with-momentum"),
        "the step goes up the gradient",
        code="STEP-UPHILL",
    ),
    _part(
        "Adam has no bias correction",
        _OPTIMIZERS,
        "Adam",
        _ADAM_WRITTEN_OUT
        + "            p.data = (p.data - self.lr * m / (np.sqrt(v) + self.eps)).astype(np.float32)\n",
        ("adam", "adam-small-gradients", "adam-weight-decay"),
        "the bias correction is missing",
        code="ADAM-BIAS-CORRECTION",
    ),
    _part(
        "Adam adds eps under the root",
        _OPTIMIZERS,
        "Adam",
        _ADAM_WRITTEN_OUT + "            m, v = m / (1 - 0.9**self.n), v / (1 - 0.999**self.n)\n"
        "            p.data = (p.data - self.lr * m / np.sqrt(v + self.eps)).astype(np.float32)\n",
        ("adam-small-gradients", "adam", "adam-weight-decay"),
        "eps is added inside the root",
        code="ADAM-EPS-INSIDE",
    ),
    _part(
        "Adam's decay is decoupled",
        _OPTIMIZERS,
        "Adam",
        "from tinytorch_hf.reference import AdamW as _AdamW\nclass Adam(_Right):\n    change = _AdamW.change\n",
        ("adam-weight-decay",),
        "that is AdamW",
        code="ADAM-IS-ADAMW",
    ),
    _part(
        "AdamW is Adam",
        _OPTIMIZERS,
        "AdamW",
        "from tinytorch_hf.reference import Adam as _Adam\nclass AdamW(_Right):\n    change = _Adam.change\n",
        ("adamw", "adamw-default-decay"),
        "that is Adam",
        code="ADAMW-IS-ADAM",
    ),
    _part(
        "AdamW's decay lacks the learning rate",
        _OPTIMIZERS,
        "AdamW",
        "class AdamW(_Right):\n    def change(self, position, value, gradient):\n"
        "        extra = np.float32((1 - self.lr) * self.weight_decay) * value\n"
        "        return super().change(position, value, gradient) + extra\n",
        ("adamw", "adamw-default-decay"),
        "not multiplied by the learning rate",
        code="DECAY-NOT-TIMES-LR",
    ),
)

_CONVOLUTIONS = (
    "conv2d",
    "conv2d-padding",
    "conv2d-stride",
    "conv2d-channels",
    "conv2d-on-mnist",
    "conv2d-rectangular",
)
_IMAGES = (
    _part(
        "convolution ignores padding",
        _SPATIAL,
        "Conv2d",
        "class Conv2d(_Right):\n    def __init__(self, n_in, n_out, size, stride=1, padding=0, bias=True):\n"
        "        super().__init__(n_in, n_out, size, stride, 0, bias)\n",
        ("conv2d-padding", "conv2d-channels"),
        "padding is ignored",
        code="PADDING-IGNORED",
    ),
    _part(
        "convolution ignores stride",
        _SPATIAL,
        "Conv2d",
        "class Conv2d(_Right):\n    def __init__(self, n_in, n_out, size, stride=1, padding=0, bias=True):\n"
        "        super().__init__(n_in, n_out, size, 1, padding, bias)\n",
        ("conv2d-stride", "conv2d-channels"),
        "stride is ignored",
        code="STRIDE-IGNORED",
    ),
    _part(
        "convolution flips the kernel",
        _SPATIAL,
        "Conv2d",
        "class Conv2d(_Right):\n    def _convolve(self, x, weight):\n"
        "        return super()._convolve(x, weight[:, :, ::-1, ::-1])\n",
        (*_CONVOLUTIONS, "conv2d-without-bias", "cnn"),
        "the kernel is flipped",
        code="CONV-FLIPPED",
    ),
    _part(
        "convolution gives its bias no gradient",
        _SPATIAL,
        "Conv2d",
        "class Conv2d(_Right):\n    def forward(self, x):\n        y = self._convolve(x, self.weight)\n"
        "        return y if self.bias is None else y + self.bias.data.reshape(-1, 1, 1)\n",
        (*_CONVOLUTIONS, "conv2d-1x1", "cnn"),
        "no gradient arrives",
        code="NO-GRADIENT",
    ),
    _part(
        "convolution detaches the graph",
        _SPATIAL,
        "Conv2d",
        "class Conv2d(_Right):\n    def forward(self, x):\n        return Tensor(super().forward(x).data)\n",
        (*_CONVOLUTIONS, "conv2d-1x1", "conv2d-without-bias", "cnn"),
        "no gradient arrives",
        code="NO-GRADIENT",
    ),
    _part(
        "max pooling drops the last row and column of windows",
        _SPATIAL,
        "MaxPool2d",
        "class MaxPool2d(_Right):\n    def forward(self, x):\n        return super().forward(x)[:, :, :-1, :-1]\n",
        (
            "max-pool2d",
            "max-pool2d-odd",
            "max-pool2d-overlapping",
            "max-pool2d-padding",
            "max-pool2d-rectangular",
            "max-pool2d-equal-values",
            "cnn",
        ),
    ),
    _part(
        "max pooling gives every pixel the gradient",
        _SPATIAL,
        "MaxPool2d",
        "class MaxPool2d(_Right):\n    def forward(self, x):\n        y = super().forward(x)\n"
        "        shape = (*self._windows.kernel,)\n"
        "        def backward(g):\n"
        "            all_ = np.broadcast_to(g[:, :, None, None], (*g.shape[:2], *shape, *g.shape[2:]))\n"
        "            return (self._windows.scatter(all_, x.shape),)\n"
        "        return Tensor.from_operation(y.data, (x,), backward)\n",
        (
            "max-pool2d",
            "max-pool2d-odd",
            "max-pool2d-overlapping",
            "max-pool2d-padding",
            "max-pool2d-rectangular",
            "max-pool2d-equal-values",
            "cnn",
        ),
        "every pixel of a window receives the gradient",
        code="POOL-ALL-RECEIVE",
    ),
    _part(
        "max pooling detaches the graph",
        _SPATIAL,
        "MaxPool2d",
        "class MaxPool2d(_Right):\n    def forward(self, x):\n        return Tensor(super().forward(x).data)\n",
        (
            "cnn",
            "max-pool2d",
            "max-pool2d-odd",
            "max-pool2d-overlapping",
            "max-pool2d-padding",
            "max-pool2d-rectangular",
            "max-pool2d-equal-values",
        ),
        "cuts the graph",
        code="GRAPH-CUT-CNN",
    ),
    _part(
        "max pooling pads with zeros",
        _SPATIAL,
        "MaxPool2d",
        "class MaxPool2d(_Right):\n    def forward(self, x):\n        y = super().forward(x)\n"
        "        edge = self._windows.view(np.ones_like(x.data)).min(axis=(2, 3)) == 0\n"
        "        cut = edge & (y.data < 0)\n"
        "        return Tensor.from_operation(np.where(cut, 0, y.data), (y,), lambda g: (g * ~cut,))\n",
        ("max-pool2d-padding",),
        "padding is zeros",
        code="POOL-PADDED-WITH-ZEROS",
    ),
    _part(
        "average pooling leaves padding out of its mean",
        _SPATIAL,
        "AvgPool2d",
        "class AvgPool2d(_Right):\n    def forward(self, x):\n        y = super().forward(x)\n"
        "        inside = self._windows.view(np.ones_like(x.data)).mean(axis=(2, 3))\n"
        "        return y / Tensor(inside)\n",
        ("avg-pool2d-padding",),
        "pixels inside the image",
        code="POOL-PADDING-NOT-COUNTED",
    ),
    _part(
        "batch normalization takes the mean for a constant",
        _SPATIAL,
        "BatchNorm2d",
        "class BatchNorm2d(_Right):\n    def forward(self, x):\n"
        "        if not self.training:\n            return super().forward(x)\n"
        "        self._remember(x.data)\n        mean = x.data.mean(axis=(0, 2, 3), keepdims=True)\n"
        "        centred = x - mean\n"
        "        variance = (centred * centred).mean(axis=(0, 2, 3), keepdims=True)\n"
        "        y = centred / (variance + self.eps).sqrt()\n"
        "        return y * self.gamma.reshape(-1, 1, 1) + self.beta.reshape(-1, 1, 1)\n",
        ("batch-norm2d-training", "batch-norm2d-one-image"),
        "the mean is taken for a constant",
        code="NORM-MEAN-CONSTANT",
    ),
    _part(
        "batch normalization uses the batch in evaluation",
        _SPATIAL,
        "BatchNorm2d",
        "class BatchNorm2d(_Right):\n    eval = lambda self: None\n",
        ("batch-norm2d-evaluation", "batch-norm2d-running"),
        "the batch's statistics",
        code="BATCH-NORM-BATCH-STATISTICS",
    ),
)

_NORMALIZED = (
    "class LayerNorm(_Right):\n    def forward(self, x):\n        n = x.shape[-1]\n"
    "        mean = x.mean(axis=-1, keepdims=True)\n"
)
_LAYER_NORMS = ("layer-norm", "layer-norm-small-variance", "layer-norm-more-axes", "layer-norm-extremes")
_SEQUENCES = (
    _part(
        "the gradient of an embedding overwrites repeated ids",
        _EMBEDDINGS,
        "Embedding",
        "class Embedding(_Right):\n    def forward(self, indices):\n"
        "        ids = np.asarray(indices.data).astype(int)\n"
        "        def backward(g):\n            full = np.zeros_like(self.weight.data)\n            full[ids] = g\n"
        "            return (full,)\n"
        "        return Tensor.from_operation(self.weight.data[ids], (self.weight,), backward)\n",
        ("embedding", "embedding-repeated-ids"),
        "occurs more than once",
        code="EMBEDDING-LAST-PLACE",
    ),
    _part(
        "positions get the gradient of the first sample",
        _EMBEDDINGS,
        "PositionalEncoding",
        "class PositionalEncoding(_Right):\n    def forward(self, x):\n        table = self.position_embeddings\n"
        "        n = x.shape[1]\n"
        "        def backward(g):\n            full = np.zeros_like(table.data)\n            full[:n] = g[0]\n"
        "            return g, full\n"
        "        return Tensor.from_operation(x.data + table.data[:n], (x, table), backward)\n",
        ("positional-encoding",),
        "one sample, not the sum",
        code="POSITION-ONE-SAMPLE",
    ),
    *(
        Mutant(
            name,
            {
                _ATTENTION: "import numpy as np\n"
                "from tinytorch_hf.reference import MultiHeadAttention, Softmax, Tensor\n"
                "from tinytorch_hf.reference import scaled_dot_product_attention as _right\n"
                f"def scaled_dot_product_attention(Q, K, V, mask=None):\n{body}"
            },
            finds,
            (),
            cause,
            code,
        )
        for name, body, finds, cause, code in (
            (
                "the causal mask has no effect",
                "    return _right(Q, K, V)\n",
                ("attention-causal", "attention-weights", "attention-mask-by-sample", "attention-no-look-ahead"),
                "every position sees the future",
                "MASK-IGNORED",
            ),
            (
                "the mask flattens attention",
                "    if mask is None:\n        return _right(Q, K, V)\n"
                "    weights = Softmax()(Q.matmul(K.transpose()) * 0 + (1 - mask.data) * np.float32(-1e9))\n"
                "    return weights.matmul(V), weights\n",
                ("attention-causal", "attention-weights", "attention-mask-by-sample"),
                "flattens the weights to uniform",
                "MASK-UNIFORM-ALLOWED",
            ),
            (
                "the mask multiplies the scores",
                "    if mask is None:\n        return _right(Q, K, V)\n"
                "    weights = Softmax()(Q.matmul(K.transpose()) * (1 / np.sqrt(Q.shape[-1])) * mask.data)\n"
                "    return weights.matmul(V), weights\n",
                ("attention-causal", "attention-weights", "attention-mask-by-sample", "attention-no-look-ahead"),
                "multiplies the scores",
                "MASK-MULTIPLIES",
            ),
            (
                "attention divides by d instead of its root",
                "    return _right(Q * (1 / np.sqrt(Q.shape[-1])), K, V, mask)\n",
                ("attention", "attention-causal", "attention-weights", "attention-mask-by-sample"),
                "divided by d instead of its root",
                "ATTENTION-SCALE-D",
            ),
            (
                "the mask is one position too generous",
                "    if mask is not None:\n"
                "        more = np.triu(np.tril(np.ones(mask.data.shape[-2:]), 1), 1)\n"
                "        mask = Tensor(np.maximum(mask.data, more))\n"
                "    return _right(Q, K, V, mask)\n",
                ("attention-causal", "attention-weights", "attention-mask-by-sample", "attention-no-look-ahead"),
                "",
                "",
            ),
        )
    ),
    _part(
        "heads are split without transposing",
        _ATTENTION,
        "MultiHeadAttention",
        "class MultiHeadAttention(_Right):\n    def _split_heads(self, x):\n        n, seq, _ = x.shape\n"
        "        return x.reshape(n, self.num_heads, seq, self.head_dim)\n",
        (
            "multi-head-attention",
            "multi-head-attention-causal",
            "multi-head-mask-by-sample",
            "multi-head-no-look-ahead",
        ),
        "without transposing",
        code="HEADS-NOT-TRANSPOSED",
    ),
    _part(
        "multi-head attention ignores the mask",
        _ATTENTION,
        "MultiHeadAttention",
        "class MultiHeadAttention(_Right):\n    def forward(self, x, mask=None):\n        return super().forward(x)\n",
        ("multi-head-attention-causal", "multi-head-mask-by-sample", "multi-head-no-look-ahead"),
        "every position sees the future",
        code="MASK-IGNORED",
    ),
    _part(
        "LayerNorm uses the unbiased variance",
        _TRANSFORMERS,
        "LayerNorm",
        _NORMALIZED + "        variance = ((x - mean) * (x - mean)).sum(axis=-1, keepdims=True) / (n - 1)\n"
        "        return (x - mean) / (variance + self.eps).sqrt() * self.gamma + self.beta\n",
        (*_LAYER_NORMS, "layer-norm-one-feature"),
        "unbiased variance",
        code="NORM-UNBIASED",
    ),
    _part(
        "LayerNorm adds eps outside the root",
        _TRANSFORMERS,
        "LayerNorm",
        _NORMALIZED + "        variance = ((x - mean) * (x - mean)).mean(axis=-1, keepdims=True)\n"
        "        return (x - mean) / (variance.sqrt() + self.eps) * self.gamma + self.beta\n",
        ("layer-norm-small-variance",),
        "eps is added to the root",
        ("transformers",),
        code="NORM-EPS-OUTSIDE",
    ),
    _part(
        "LayerNorm sends no gradient through the mean",
        _TRANSFORMERS,
        "LayerNorm",
        _NORMALIZED + "        centred = x - mean.data\n"
        "        variance = (centred * centred).mean(axis=-1, keepdims=True)\n"
        "        return centred / (variance + self.eps).sqrt() * self.gamma + self.beta\n",
        (*_LAYER_NORMS, "layer-norm-one-feature"),
        "the mean is taken for a constant",
        code="NORM-MEAN-CONSTANT",
    ),
    _part(
        "LayerNorm's deviation detaches the graph",
        _TRANSFORMERS,
        "LayerNorm",
        _NORMALIZED + "        variance = ((x - mean) * (x - mean)).mean(axis=-1, keepdims=True)\n"
        "        return (x - mean) / np.sqrt(variance.data + self.eps) * self.gamma + self.beta\n",
        _LAYER_NORMS,
        "the variance is taken for a constant",
        code="NORM-VARIANCE-CONSTANT",
    ),
    _part(
        "the causal mask is the wrong way round",
        _TRANSFORMERS,
        "create_causal_mask",
        "def create_causal_mask(n):\n    return _Right(n).transpose()\n",
        ("causal-mask",),
        "the wrong way round",
        code="CAUSAL-MASK-TRANSPOSED",
    ),
    _part(
        "a block normalizes after the sum",
        _TRANSFORMERS,
        "TransformerBlock",
        "class TransformerBlock(_Right):\n    def forward(self, x, mask=None):\n"
        "        x = self.ln1(x + self.attention(x, mask))\n        return self.ln2(x + self.mlp(x))\n",
        ("transformer-block", "transformer-block-causal"),
        "after each sum",
        code="BLOCK-POST-NORM",
    ),
    _part(
        "GPT sees the future",
        _TRANSFORMERS,
        "GPT",
        "class GPT(_Right):\n    def forward(self, tokens):\n"
        "        x = self.token_embedding(tokens) + self.position_embedding(Tensor(np.arange(tokens.shape[1])))\n"
        "        for block in self.blocks:\n            x = block(x)\n        return self.lm_head(self.ln_f(x))\n",
        ("gpt", "gpt-no-look-ahead"),
        "no causal mask",
        code="GPT-NO-MASK",
    ),
    _part(
        "the MLP has ReLU instead of GELU",
        _TRANSFORMERS,
        "MLP",
        "from tinytorch_hf.reference import ReLU\n"
        "class MLP(_Right):\n    def __init__(self, *sizes):\n"
        "        super().__init__(*sizes)\n        self.gelu = ReLU()\n",
        ("mlp",),
        "ReLU where GELU belongs",
        code="MLP-RELU",
    ),
)


def _through(mutants: tuple[Mutant, ...], *modules: str) -> tuple[Mutant, ...]:
    """The same mutants, whose faults may show in more cases of these modules."""
    return tuple(replace(mutant, through=(*mutant.through, *modules)) for mutant in mutants)


MUTANTS = (
    *_TENSOR,
    *_ELEMENTWISE,
    *_LAYER,
    *_through(_LOSS, "losses", "training", "spatial"),
    *_through(_DATA, "dataloader"),
    *_through(_UPDATE, "optimizers", "training"),
    *_IMAGES,
    *_SEQUENCES,
)
