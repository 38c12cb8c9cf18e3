"""TinyTorch packages with one fault of state, or of what only shows at the edges, and the code it must be found by.

Like those of `mutants`: each overrides one file of generation C by something around tinytorch_hf.reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generations import GENERATION_C

_HEADER = (
    "import numpy as np\nfrom tinytorch_hf import reference\nfrom tinytorch_hf.reference import Tensor, autograd\n"
)


@dataclass(frozen=True)
class StateMutant:
    """A package with one fault.

    Attributes
    ----------
    name
        What is wrong.
    file
        Which file of generation C it replaces.
    text
        What stands there after the right parts.
    finds
        The operation that must be called wrong, and the code of its cause.
    """

    name: str
    file: str
    text: str
    finds: Mapping[str, str]

    @property
    def package(self) -> dict[str, str]:
        """All files of the package."""
        return {**GENERATION_C, self.file: _HEADER + GENERATION_C[self.file] + self.text}


def _tensor(name: str, text: str, **finds: str) -> StateMutant:
    return StateMutant(name, "core/tensor.py", text, _dashed(finds))


def _activation(name: str, text: str, **finds: str) -> StateMutant:
    return StateMutant(name, "core/activations.py", text, _dashed(finds))


def _layer(name: str, text: str, **finds: str) -> StateMutant:
    return StateMutant(name, "core/layers.py", text, _dashed(finds))


def _loss(name: str, text: str, **finds: str) -> StateMutant:
    return StateMutant(name, "core/losses.py", text, _dashed(finds))


def _dashed(finds: Mapping[str, str]) -> dict[str, str]:
    return {case.replace("_", "-"): code for case, code in finds.items()}


_USE = (
    _activation(
        "ReLU writes into its input",
        "class ReLU(reference.ReLU):\n    def forward(self, x):\n        y = super().forward(x)\n"
        "        np.maximum(x.data, 0, out=x.data)\n        return y\n",
        relu="DATA-CHANGED",
    ),
    _activation(
        "the sigmoid's backward overwrites its input",
        "class Sigmoid(reference.Sigmoid):\n    def forward(self, x):\n        s = super().forward(x).data\n"
        "        def backward(g):\n            x.data[...] = s * (1 - s)\n            return (g * x.data,)\n"
        "        return Tensor.from_operation(s, (x,), backward)\n",
        sigmoid="DATA-CHANGED-BY-BACKWARD",
    ),
    _loss(
        "MSE subtracts in place from its targets",
        "class MSELoss(reference.MSELoss):\n    def forward(self, x, y):\n"
        "        loss = super().forward(x, Tensor(y.data))\n"
        "        y.data -= x.data\n        return loss\n",
        mse="DATA-CHANGED",
    ),
    _activation(
        "calling Tanh is another thing than its forward",
        "class Tanh(reference.Tanh):\n    def __call__(self, x):\n        return self.forward(x) * 0.5\n",
        tanh="CALL-NOT-FORWARD",
    ),
    _layer(
        "calling Linear cuts the graph",
        "class Linear(reference.Linear):\n    def forward(self, x):\n        return Tensor(super().forward(x).data)\n"
        "    def __call__(self, x):\n        return reference.Linear.forward(self, x)\n",
        linear="CALL-NOT-FORWARD",
    ),
    _layer(
        "Linear grows with every call",
        "class Linear(reference.Linear):\n    n = 0\n    def forward(self, x):\n        self.n += 1\n"
        "        return super().forward(x) * (1 + 0.1 * (self.n - 1))\n",
        linear="REUSE-KEEPS-STATE",
    ),
    _layer(
        "Linear computes with its last input",
        "class Linear(reference.Linear):\n    def forward(self, x):\n        self.x = x\n"
        "        y = x.data @ self.weight.data\n"
        "        def backward(g):\n            return g @ self.weight.data.T, self.x.data.T @ g\n"
        "        y = Tensor.from_operation(y, (x, self.weight), backward)\n"
        "        return y if self.bias is None else y + self.bias\n",
        linear="LAST-INPUT-KEPT",
    ),
    _activation(
        "ReLU looks at the order in memory",
        "class ReLU(reference.ReLU):\n    def forward(self, x):\n        y = super().forward(x)\n"
        "        y.data = np.maximum(x.data.ravel(order='K'), 0).reshape(x.data.shape)\n        return y\n",
        relu="MEMORY-ORDER",
    ),
    _layer(
        "Linear squeezes a batch of one",
        "class Linear(reference.Linear):\n    def forward(self, x):\n        y = super().forward(x)\n"
        "        return y.reshape(-1) if len(x.data) == 1 else y\n",
        linear="BATCH-OF-ONE",
    ),
    _tensor(
        "sum ignores what arrives",
        "_sum = Tensor.sum\ndef _ones(self, axis=None, keepdims=False):\n"
        "    return Tensor.from_operation(_sum(self, axis, keepdims).data, (self,), lambda g: "
        "(np.ones_like(self.data),))\n"
        "Tensor.sum = _ones\n",
        gradient_sum="SCALE-OF-UPSTREAM",
    ),
    _loss(
        "MSE ignores what arrives",
        "class MSELoss(reference.MSELoss):\n    def forward(self, x, y):\n        loss = super().forward(x, y)\n"
        "        slope = 2 * (x.data - y.data) / x.data.size\n"
        "        return Tensor.from_operation(loss.data, (x,), lambda g: (slope,))\n",
        **{"mse-in-a-sum": "LOSS-IGNORES-UPSTREAM"},
    ),
)

_PARAMETERS = (
    _layer(
        "Linear has no parameters",
        "class Linear(reference.Linear):\n    def parameters(self):\n        return []\n",
        linear="PARAMETERS-MISSING",
        sequential="PARAMETERS-MISSING",
    ),
    _layer(
        "Linear gives its weight twice",
        "class Linear(reference.Linear):\n    def parameters(self):\n"
        "        return [self.weight, *super().parameters()]\n",
        linear="PARAMETERS-TWICE",
    ),
    _layer(
        "Linear gives copies",
        "class Linear(reference.Linear):\n    def parameters(self):\n"
        "        return [Tensor(p.data, requires_grad=True) for p in super().parameters()]\n",
        linear="PARAMETERS-OTHER",
    ),
    _layer(
        "Sequential leaves out its last layer",
        "class Sequential(reference.Sequential):\n    def parameters(self):\n"
        "        return [p for layer in self.layers[:-1] for p in layer.parameters()]\n",
        sequential="PARAMETERS-MISSING",
    ),
    _layer(
        "Linear keeps a bias with bias=False",
        "class Linear(reference.Linear):\n    def __init__(self, in_features, out_features, bias=True):\n"
        "        super().__init__(in_features, out_features, True)\n",
        linear_without_bias="BIAS-NOT-LEFT-OUT",
    ),
    _layer(
        "all weights start at zero",
        "class Linear(reference.Linear):\n    def __init__(self, in_features, out_features, bias=True):\n"
        "        super().__init__(in_features, out_features, bias)\n        self.weight.data[...] = 0\n",
        linear_units_part="WEIGHTS-EQUAL",
        linear_initial_weights="INITIALISATION-SCALE",
    ),
    _layer(
        "all weights start at one",
        "class Linear(reference.Linear):\n    def __init__(self, in_features, out_features, bias=True):\n"
        "        super().__init__(in_features, out_features, bias)\n        self.weight.data[...] = 1\n",
        linear_units_part="WEIGHTS-EQUAL",
    ),
    _layer(
        "weights start with sqrt(2 / in_features)",
        "class Linear(reference.Linear):\n    def __init__(self, in_features, out_features, bias=True):\n"
        "        super().__init__(in_features, out_features, bias)\n        self.weight.data *= np.sqrt(2)\n",
        linear_initial_weights="INITIALISATION-SCALE",
    ),
    _layer(
        "there is no bias by default",
        "class Linear(reference.Linear):\n    def __init__(self, in_features, out_features, bias=False):\n"
        "        super().__init__(in_features, out_features, bias)\n",
        linear_initial_weights="DEFAULT-ARGUMENT",
    ),
)

_DROPOUT_START = (
    "class Dropout(reference.Dropout):\n    def __init__(self, p=0.5):\n        super().__init__(p)\n"
    "        self.rng = np.random.default_rng(0)\n"
)
_DROPOUT = (
    _layer(
        "Dropout's p is what is kept",
        "class Dropout(reference.Dropout):\n    def __init__(self, p=0.5):\n        super().__init__(1 - p)\n",
        dropout_training="DROPOUT-P-IS-KEPT",
    ),
    _layer(
        "Dropout does not scale",
        "class Dropout(reference.Dropout):\n    def forward(self, x, training=True):\n"
        "        return super().forward(x, training) * (1 - self.p) if training else x\n",
        dropout_training="DROPOUT-NOT-SCALED",
    ),
    _layer(
        "Dropout always drops the same",
        _DROPOUT_START + "    def forward(self, x, training=True):\n"
        "        kept = np.random.default_rng(0).random(x.shape) >= self.p if training else np.ones(x.shape)\n"
        "        factor = kept / (1 - self.p) if training else kept\n"
        "        return Tensor.from_operation(x.data * factor, (x,), lambda g: (g * factor,))\n",
        dropout_training="DROPOUT-SAME-MASK",
    ),
    _layer(
        "Dropout's gradient is not scaled",
        _DROPOUT_START + "    def forward(self, x, training=True):\n"
        "        if not training:\n            return x\n"
        "        kept = self.rng.random(x.shape) >= self.p\n"
        "        return Tensor.from_operation(x.data * kept / (1 - self.p), (x,), lambda g: (g * kept,))\n",
        dropout_training="DROPOUT-GRADIENT",
    ),
    _layer(
        "Dropout drops in evaluation",
        "class Dropout(reference.Dropout):\n    def forward(self, x, training=True):\n"
        "        return super().forward(x)\n",
        dropout_evaluation="DROPOUT-EVALUATION-DROPS",
    ),
    _layer(
        "Dropout scales in evaluation",
        "class Dropout(reference.Dropout):\n    def forward(self, x, training=True):\n"
        "        return super().forward(x) if training else x * (1 - self.p)\n",
        dropout_evaluation="DROPOUT-EVALUATION-SCALES",
    ),
    _layer(
        "Dropout drops a tenth by default",
        "class Dropout(reference.Dropout):\n    def __init__(self, p=0.1):\n        super().__init__(p)\n",
        dropout_by_default="DEFAULT-ARGUMENT",
    ),
    _layer(
        "Dropout is in evaluation by default",
        "class Dropout(reference.Dropout):\n    def forward(self, x, training=False):\n"
        "        return super().forward(x, training)\n",
        dropout_by_default="DEFAULT-ARGUMENT",
    ),
)

_LARGE = (
    _activation(
        "Tanh is made of exponentials",
        "class Tanh(reference.Tanh):\n    def forward(self, x):\n"
        "        with np.errstate(all='ignore'):\n            e = np.exp(2 * x.data)\n"
        "            t = (e - 1) / (e + 1)\n"
        "        return Tensor.from_operation(t, (x,), lambda g: (g * (1 - t * t),))\n",
        tanh_large="TANH-OVERFLOW",
    ),
    _activation(
        "Sigmoid is e^x / (1 + e^x)",
        "class Sigmoid(reference.Sigmoid):\n    def forward(self, x):\n"
        "        with np.errstate(all='ignore'):\n            e = np.exp(x.data)\n            s = e / (1 + e)\n"
        "        return Tensor.from_operation(s, (x,), lambda g: (g * s * (1 - s),))\n",
        sigmoid_large="SIGMOID-OVERFLOW",
    ),
    _activation(
        "Softmax subtracts no maximum",
        "class Softmax(reference.Softmax):\n    def forward(self, x, dim=-1):\n"
        "        with np.errstate(all='ignore'):\n            e = np.exp(x.data)\n"
        "            y = e / e.sum(axis=dim, keepdims=True)\n"
        "        return Tensor.from_operation(y, (x,), lambda g: (y * (g - (g * y).sum(axis=dim, keepdims=True)),))\n",
        softmax_large="SOFTMAX-OVERFLOW",
    ),
    _activation(
        "GELU multiplies by an exponential that overflows",
        "class GELU(reference.GELU):\n    def forward(self, x):\n"
        "        with np.errstate(all='ignore'):\n            e = np.exp(1.702 * x.data)\n            s = e / (1 + e)\n"
        "        return Tensor.from_operation(x.data * s, (x,), lambda g: (g * (s + 1.702 * x.data * s * (1 - s)),))\n",
        gelu_large="GELU-OVERFLOW",
    ),
)

_OPERATORS = (
    *(
        _tensor(
            f"{name} with a number on its left has no graph",
            f"Tensor.__r{name}__ = lambda self, other: Tensor({formula})\n",
            **{f"gradient_{name.removeprefix('true')}_number": "REFLECTED-DETACHED"},
        )
        for name, formula in {
            "add": "other + self.data",
            "sub": "other - self.data",
            "mul": "other * self.data",
            "truediv": "other / self.data",
        }.items()
    ),
    _tensor(
        "max has no graph",
        "_max = Tensor.max\n"
        "Tensor.max = lambda self, axis=None, keepdims=False: Tensor(_max(self, axis, keepdims).data)\n",
        gradient_max="NO-GRADIENT",
        gradient_max_equal_values="NO-GRADIENT",
    ),
    _tensor(
        "reshape computes an open length from the last one alone",
        "_reshape = Tensor.reshape\ndef _open(self, *shape):\n"
        "    shape = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape\n"
        "    known = [n for n in shape if n != -1]\n"
        "    last = known[-1] if known else 1\n"
        "    return _reshape(self, *(self.data.size // last if n == -1 else n for n in shape))\n"
        "Tensor.reshape = _open\n",
        tensor_reshape="RESHAPE-MINUS-ONE",
        gradient_reshape="RESHAPE-MINUS-ONE",
    ),
    _tensor(
        "the gradient of rows named twice is that of the last",
        "def _getitem(self, index):\n    def backward(g):\n        full = np.zeros_like(self.data)\n"
        "        full[index] = g\n        return (full,)\n"
        "    return Tensor.from_operation(self.data[index], (self,), backward)\nTensor.__getitem__ = _getitem\n",
        gradient_indexing_ways="INDEX-LAST-PLACE",
    ),
    _tensor(
        "the backward of a sum over an axis raises an error",
        "_sum = Tensor.sum\ndef _other(self, axis=None, keepdims=False):\n"
        "    return Tensor.from_operation(\n"
        "        _sum(self, axis, keepdims).data, (self,), lambda g: (np.ones_like(self.data) * g,)\n    )\n"
        "Tensor.sum = _other\n",
        gradient_sum_ways="BACKWARD-RAISES",
    ),
    _tensor(
        "a sum writes into its left operand",
        "_add = Tensor.__radd__\ndef _radd(self, other):\n    y = _add(self, other)\n    self.data += 1\n    return y\n"
        "Tensor.__radd__ = _radd\n",
        gradient_add_number="DATA-CHANGED",
    ),
)

_GRAPH = (
    _tensor(
        "no gradient passes any operation",
        "def _backward(self, gradient=None):\n    self.grad = np.ones_like(self.data)\nTensor.backward = _backward\n",
        gradient_add="NO-GRADIENT",
        relu="NO-GRADIENT",
        linear="NO-GRADIENT",
    ),
    _tensor(
        "gradients share memory and are added to in place",
        "def _backward(self, gradient=None):\n    order = autograd._parents_first(self)\n"
        "    for t in order:\n        if t._backward is not None:\n            t.grad = None\n"
        "    self._receive(np.ones_like(self.data) if gradient is None else np.array(gradient, dtype=np.float32))\n"
        "    for t in reversed(order):\n        if t.grad is None or t._backward is None:\n            continue\n"
        "        for p, g in zip(t._parents, t._backward(t.grad)):\n            if g is not None and p.requires_grad:\n"
        "                p._receive(autograd._unbroadcast(g, p.data.shape))\n"
        "def _receive(self, g):\n    if self.grad is None:\n        self.grad = g if g.flags.writeable else g.copy()\n"
        "    else:\n        self.grad += g\n"
        "Tensor.backward, Tensor._receive = _backward, _receive\n",
        gradient_of_both_kept_apart="GRADIENT-SHARED",
        gradient_sum_of_sums="GRADIENT-SHARED",
    ),
    _tensor(
        "zero_grad writes zeros where others have their gradient",
        "def _keep(self, gradient):\n    self.grad = gradient if self.grad is None else self.grad + gradient\n"
        "def _zero(self):\n    if self.grad is not None:\n        self.grad[...] = 0\n"
        "autograd._first_gradient = lambda data, g: np.array(np.ones_like(data) if g is None else g)\n"
        "Tensor._keep, Tensor.zero_grad = _keep, _zero\n",
        gradient_zero_grad="ZERO-GRAD-IN-PLACE",
    ),
    _tensor(
        "a product hands out one array again and again",
        "def _mul(a, b):\n    b = b if isinstance(b, Tensor) else Tensor(b)\n"
        "    def backward(g):\n"
        "        if getattr(a, 'buffer', None) is None or a.buffer.shape != g.shape:\n"
        "            a.buffer = g * b.data\n"
        "        return a.buffer, g * a.data\n"
        "    return Tensor.from_operation(a.data * b.data, (a, b), backward)\n"
        "def _keep(self, gradient):\n    self.grad = gradient if self.grad is None else self.grad + gradient\n"
        "Tensor.__mul__, Tensor._keep = _mul, _keep\n",
        gradient_zeroed_in_place="GRADIENT-IN-PLACE",
    ),
    _tensor(
        "tensors that asked for none get gradients",
        "def _backward(self, gradient=None):\n"
        "    arriving = {id(self): np.ones_like(self.data) if gradient is None else np.asarray(gradient)}\n"
        "    for t in reversed(autograd._parents_first(self)):\n        g = arriving.pop(id(t), None)\n"
        "        if g is None:\n            continue\n        t._keep(g)\n        if t._backward is None:\n"
        "            continue\n"
        "        both = t._parents\n        for p, s in zip(both, t._backward(g)):\n"
        "            s = g if s is None else s\n            s = autograd._unbroadcast(s, p.data.shape)\n"
        "            if not p.requires_grad:\n                p._keep(s)\n            elif id(p) in arriving:\n"
        "                arriving[id(p)] = arriving[id(p)] + s\n            else:\n"
        "                arriving[id(p)] = s\n"
        "Tensor.backward = _backward\n",
        gradient_not_asked="NOT-ASKED-GRADIENT",
    ),
    _tensor(
        "backward changes the gradient that it is given",
        "_backward = Tensor.backward\ndef _in_place(self, gradient=None):\n    _backward(self, gradient)\n"
        "    if gradient is not None:\n        gradient *= 2\nTensor.backward = _in_place\n",
        gradient_leaves_values="BACKWARD-CHANGES-SEED",
    ),
    _tensor(
        "gradients have the type of the data, also of whole numbers",
        "_init = Tensor.__init__\ndef _typed(self, data, requires_grad=False):\n"
        "    _init(self, data, requires_grad)\n    values = np.asarray(getattr(data, 'data', data))\n"
        "    if values.dtype.kind == 'i':\n        self.data = values\n"
        "def _keep(self, gradient):\n"
        "    gradient = gradient if self.grad is None else self.grad + gradient\n"
        "    self.grad = gradient.astype(self.data.dtype)\n"
        "Tensor.__init__, Tensor._keep = _typed, _keep\n",
        gradient_of_integers="DTYPE",
    ),
    _tensor(
        "backward follows every path",
        "def _walk(self, gradient=None):\n"
        "    gradient = np.ones_like(self.data) if gradient is None else np.asarray(gradient)\n"
        "    self._keep(gradient)\n    if self._backward is not None:\n"
        "        for p, g in zip(self._parents, self._backward(gradient)):\n"
        "            if g is not None and p.requires_grad:\n"
        "                p.backward(autograd._unbroadcast(g, p.data.shape))\n"
        "Tensor.backward = _walk\n",
        gradient_many_diamonds="BACKWARD-NO-VISITED-SET",
    ),
    _tensor(
        "backward lets go of what it has passed, though more is to come",
        "def _walk(self, gradient=None):\n"
        "    gradient = np.ones_like(self.data) if gradient is None else np.asarray(gradient)\n"
        "    self._keep(gradient)\n    backward, self._backward = self._backward, None\n"
        "    for p, g in zip(self._parents, backward(gradient) if backward else ()):\n"
        "        if g is not None and p.requires_grad:\n"
        "            p.backward(autograd._unbroadcast(g, p.data.shape))\n"
        "Tensor.backward = _walk\n",
        gradient_diamond="BACKWARD-ORDER",
    ),
    _tensor(
        "backward goes breadth first and passes on what has come so far",
        "def _walk(self, gradient=None):\n"
        "    gradient = np.ones_like(self.data) if gradient is None else np.asarray(gradient)\n"
        "    sums, queue = {id(self): gradient}, [self]\n    while queue:\n"
        "        t = queue.pop(0)\n"
        "        for p, g in zip(t._parents, t._backward(sums[id(t)]) if t._backward else ()):\n"
        "            if g is not None and p.requires_grad:\n"
        "                g = autograd._unbroadcast(g, p.data.shape)\n"
        "                sums[id(p)] = sums[id(p)] + g if id(p) in sums else g\n"
        "                if p._backward:\n                    queue.append(p)\n"
        "                else:\n                    p._keep(g)\n"
        "Tensor.backward = _walk\n",
        gradient_diamond="BACKWARD-ORDER",
    ),
    _tensor(
        "broadcast gradients are those of the first row",
        "def _first(gradient, shape):\n"
        "    while gradient.ndim > len(shape):\n        gradient = gradient[0]\n"
        "    return gradient[tuple(slice(n) for n in shape)]\n"
        "autograd._unbroadcast = _first\n",
        gradient_broadcast_row="BROADCAST-FIRST-ROW",
        gradient_broadcast_column="BROADCAST-FIRST-ROW",
    ),
    _tensor(
        "every tensor wants a gradient by default",
        "class Tensor(Tensor):\n    def __init__(self, data, requires_grad=True):\n"
        "        super().__init__(data, requires_grad)\n",
        gradient_not_asked="DEFAULT-ARGUMENT",
    ),
    _tensor(
        "every result is kept for ever",
        "_kept = []\n_add = Tensor.__add__\n"
        "def _remembered(a, b):\n    y = _add(a, b)\n    _kept.append(y)\n    return y\nTensor.__add__ = _remembered\n",
        linear_frees_tensors="TENSORS-KEPT",
    ),
)

STATE_MUTANTS = (*_USE, *_PARAMETERS, *_DROPOUT, *_LARGE, *_OPERATORS, *_GRAPH)
"""All of them."""
