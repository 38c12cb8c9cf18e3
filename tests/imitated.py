"""Small frameworks of other kinds than TinyTorch, written for the tests: each is the source of one module."""

from __future__ import annotations

SCALAR = '''
"""Each node of the graph is one number."""
import math
import random


class Value:
    def __init__(self, value, parents=()):
        self.value, self.gradient, self._parents, self._pass = value, 0.0, parents, lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.value + other.value, (self, other))

        def back():
            self.gradient += out.gradient
            other.gradient += out.gradient

        out._pass = back
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.value * other.value, (self, other))

        def back():
            self.gradient += other.value * out.gradient
            other.gradient += self.value * out.gradient

        out._pass = back
        return out

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + (-other)

    def tanh(self):
        out = Value(math.tanh(self.value), (self,))

        def back():
            self.gradient += SLOPE * out.gradient

        out._pass = back
        return out

    def relu(self):
        out = Value(max(self.value, 0.0), (self,))

        def back():
            self.gradient += (out.value > 0) * out.gradient

        out._pass = back
        return out

    def backprop(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent in node._parents:
                    visit(parent)
                order.append(node)

        visit(self)
        self.gradient = 1.0
        for node in reversed(order):
            node._pass()


class Layer:
    def __init__(self, n_in, n_out, nonlin=True):
        self.rows = [[Value(random.uniform(-1, 1)) for _ in range(n_in)] for _ in range(n_out)]
        self.offsets = [Value(0.0) for _ in range(n_out)]
        self.nonlin = nonlin

    def __call__(self, x):
        sums = [sum((w * v for w, v in zip(row, x)), b) for row, b in zip(self.rows, self.offsets)]
        return [one.relu() for one in sums] if self.nonlin else sums

    def parameters(self):
        return [*self.offsets, *(w for row in self.rows for w in row)]


class MLP:
    def __init__(self, n_in, widths):
        pairs = list(zip([n_in, *widths], widths))
        self.stack = [Layer(*pair, nonlin=place + 1 < len(pairs)) for place, pair in enumerate(pairs)]

    def __call__(self, x):
        for layer in self.stack:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.stack for p in layer.parameters()]
'''

LAYERWISE = '''
"""Layers with forward and backward, and no tensors."""
import numpy as np


class Dense:
    def __init__(self, n_in, n_out):
        self.params = {"W": np.random.randn(n_out, n_in), "b": np.zeros((1, n_out))}
        self.grads = {"W": None, "b": None}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"].T + self.params["b"]

    def backward(self, grad):
        self.grads["W"] = grad.T @ self.x
        self.grads["b"] = grad.sum(axis=0, keepdims=True)
        return grad @ self.params["W"]


class Relu:
    def forward(self, x):
        self.mask = x > 0
        return np.where(self.mask, x, 0)

    def backward(self, grad):
        return np.where(self.mask, grad, 0)


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, grad):
        return SLOPE * grad


class MSE:
    def forward(self, predictions, targets):
        self.difference = predictions - targets
        return (self.difference**2).mean()

    def backward(self):
        return 2 * self.difference / self.difference.size
'''

# An array with a graph, in the words of the frameworks below.
_TENSOR = """
import numpy as np


def _fit(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(0)
    for axis, length in enumerate(shape):
        if length == 1:
            grad = grad.sum(axis, keepdims=True)
    return grad


class TENSOR:
    def __init__(self, DATA, FLAG=False, parents=()):
        self.DATA = np.asarray(DATA, dtype=np.float32)
        self.FLAG, self.GRAD, self._parents, self._back = FLAG, None, parents, None

    @property
    def shape(self):
        return self.DATA.shape

    def _made(self, values, *pairs):
        pairs = [(parent, slope) for parent, slope in pairs if parent.FLAG]
        out = TENSOR(values, bool(pairs), [parent for parent, _ in pairs])
        out._back = lambda grad: [(parent, slope(grad)) for parent, slope in pairs]
        return out

    def _other(self, other):
        return other if isinstance(other, TENSOR) else TENSOR(other)

    def __add__(self, other):
        o = self._other(other)
        return self._made(self.DATA + o.DATA, (self, lambda g: g), (o, lambda g: g))

    def __mul__(self, other):
        o = self._other(other)
        return self._made(self.DATA * o.DATA, (self, lambda g: g * o.DATA), (o, lambda g: g * self.DATA))

    def __sub__(self, other):
        return self + self._other(other) * -1.0

    def __truediv__(self, other):
        o = self._other(other)
        return self._made(
            self.DATA / o.DATA, (self, lambda g: g / o.DATA), (o, lambda g: -g * self.DATA / o.DATA**2)
        )

    def __matmul__(self, other):
        return self._made(
            self.DATA @ other.DATA,
            (self, lambda g: g @ other.DATA.swapaxes(-1, -2)),
            (other, lambda g: self.DATA.swapaxes(-1, -2) @ g),
        )

    def sum(self, AXIS=None, KEEP=False):
        def slope(g):
            if AXIS is not None and not KEEP:
                g = np.expand_dims(g, AXIS)
            return np.broadcast_to(g, self.shape)

        return self._made(self.DATA.sum(axis=AXIS, keepdims=KEEP), (self, slope))

    def reshape(self, shape):
        return self._made(self.DATA.reshape(shape), (self, lambda g: g.reshape(self.shape)))

    def BACKWARD(self):
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for parent in node._parents:
                    visit(parent)
                order.append(node)

        visit(self)
        sent = {id(self): np.ones_like(self.DATA)}
        for node in reversed(order):
            grad = sent[id(node)]
            if not node._parents:
                node.GRAD = grad if node.GRAD is None else node.GRAD + grad
            elif node._back:
                for parent, arrived in node._back(grad):
                    arrived = _fit(arrived, parent.shape)
                    sent[id(parent)] = sent[id(parent)] + arrived if id(parent) in sent else arrived
"""


def _spelt(source: str, **words: str) -> str:
    for word, spelt in words.items():
        source = source.replace(word, spelt)
    return source


TORCH_LIKE = (
    _spelt(
        _TENSOR,
        TENSOR="Variable",
        DATA="data",
        GRAD="grad",
        FLAG="requires_grad",
        BACKWARD="backward",
        AXIS="dim",
        KEEP="keepdim",
    )
    + """

def relu(x):
    return x._made(np.maximum(x.data, 0), (x, lambda g: g * (x.data > 0)))


def tanh(x):
    t = np.tanh(x.data)
    return x._made(t, (x, lambda g: g * (SLOPE)))


def softmax(x, dim=-1):
    powers = np.exp(x.data - x.data.max(axis=dim, keepdims=True))
    s = powers / powers.sum(axis=dim, keepdims=True)
    return x._made(s, (x, lambda g: s * (g - (g * s).sum(axis=dim, keepdims=True))))


def mse_loss(predictions, targets):
    difference = predictions - targets
    return (difference * difference).sum() / float(difference.data.size)


def cross_entropy(logits, labels):
    rows = np.arange(len(labels.data))
    labels = labels.data.astype(int)
    powers = np.exp(logits.data - logits.data.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    one_hot = np.eye(p.shape[1])[labels]
    shifted = logits.data - logits.data.max(axis=1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, labels]
    return logits._made(losses.mean(), (logits, lambda g: g * (p - one_hot) / len(rows)))


class Linear:
    def __init__(self, in_features, out_features):
        self.weight = Variable(np.random.randn(out_features, in_features), True)
        self.bias = Variable(np.zeros((1, out_features)), True)

    def __call__(self, x):
        turned = self.weight._made(self.weight.data.T, (self.weight, lambda g: g.T))
        return x @ turned + self.bias

    def parameters(self):
        return [self.weight, self.bias]


class SGD:
    def __init__(self, params, learning_rate=0.1):
        self.params, self.rate = list(params), learning_rate

    def step(self):
        for p in self.params:
            if p.grad is not None:
                p.data = p.data - self.rate * p.grad

    def zero_grad(self):
        for p in self.params:
            p.grad = None
"""
)

ODD = (
    _spelt(
        _TENSOR,
        TENSOR="Quantity",
        DATA="content",
        GRAD="adjoint",
        FLAG="trainable",
        BACKWARD="backpropagate",
        AXIS="axis",
        KEEP="keep_dims",
    )
    + """

class Rectifier:
    def forward(self, x):
        return x._made(np.maximum(x.content, 0), (x, lambda g: g * (x.content > 0)))


class Dense:
    def __init__(self, n_in, n_out):
        self.kernel = Quantity(np.random.randn(n_in, n_out), True)
        self.offset = Quantity(np.zeros(n_out), True)

    def forward(self, x):
        return x @ self.kernel + self.offset

    def params(self):
        return {"kernel": self.kernel, "offset": self.offset}


class LayerNormalization:
    def __init__(self, width):
        self.a = Quantity(np.ones(width) * 0.5, True)
        self.b = Quantity(np.zeros(width), True)

    def forward(self, x):
        n = float(x.shape[-1])
        centred = x - x.sum(axis=-1, keep_dims=True) / n
        variance = (centred * centred).sum(axis=-1, keep_dims=True) / n
        spread = variance._made(
            np.sqrt(variance.content + 1e-5), (variance, lambda g: g / 2 / np.sqrt(variance.content + 1e-5))
        )
        return centred / spread * self.a + self.b


class GradientDescent:
    def __init__(self, parameters, lr):
        self.parameters, self.lr = parameters, lr

    def step(self):
        for p in self.parameters:
            if p.adjoint is not None:
                p.content = p.content - self.lr * p.adjoint
"""
)

KEEPING = '''
"""Layers that keep what they compute, in a file of long names; a layer of no known width waits for its input."""
import numpy as np


class Layer_Dense:
    def __init__(self, n_out):
        self.n_out = n_out
        self.params = {"w": None, "b": None}

    def forward(self, inputs, training):
        if self.params["w"] is None:
            self.params = {"w": np.random.randn(inputs.shape[1], self.n_out), "b": np.zeros((1, self.n_out))}
        self.inputs = inputs
        self.output = inputs @ self.params["w"] + self.params["b"]

    def backward(self, dvalues):
        self.grads = {"w": self.inputs.T @ dvalues, "b": dvalues.sum(axis=0, keepdims=True)}
        self.dinputs = dvalues @ self.params["w"].T


class Activation_Sigmoid:
    def forward(self, inputs):
        self.output = 1 / (1 + np.exp(-inputs))

    def backward(self, dvalues):
        self.dinputs = dvalues * SLOPE


class Loss:
    def calculate(self, output, y):
        return self.forward(output, y).mean()


class Loss_MeanSquaredError(Loss):
    def forward(self, y_pred, y_true):
        return ((y_true - y_pred) ** 2).mean(axis=-1)

    def backward(self, y_pred, y_true):
        self.dinputs = -2 * (y_true - y_pred) / y_pred.size
'''

COLUMNS = '''
"""One sample at a time, as a column; backward changes the parameters itself, and a loss takes its target first."""
import numpy as np


class Dense:
    def __init__(self, input_size, output_size):
        self.weights = np.random.randn(output_size, input_size)
        self.bias = np.random.randn(output_size, 1)

    def forward(self, input):
        self.input = input
        return self.weights @ input + self.bias

    def backward(self, output_gradient, learning_rate):
        passed_on = self.weights.T @ output_gradient
        self.weights -= learning_rate * output_gradient @ self.input.T
        self.bias -= learning_rate * output_gradient
        return passed_on


class Sigmoid:
    def forward(self, input):
        self.output = 1 / (1 + np.exp(-input))
        return self.output

    def backward(self, output_gradient, learning_rate):
        return output_gradient * SLOPE


class MSE:
    def forward(self, y_true, y_pred):
        return ((y_true - y_pred) ** 2).mean()

    def backward(self, y_true, y_pred):
        return 2 * (y_pred - y_true) / y_true.size
'''

MATRICES = '''
"""Matrices alone, with gradients of zeros from the beginning; passed back from single values, and nothing sums."""
import numpy as np


class Tensor:
    def __init__(self, data, sources=()):
        self.data = np.array(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)
        self.sources = sources

    def _other(self, other):
        return other if isinstance(other, Tensor) else Tensor(np.full(self.data.shape, other))

    def __add__(self, other):
        other = self._other(other)
        if self.data.shape != other.data.shape:
            raise ValueError("shapes have to be the same")
        return Tensor(self.data + other.data, ((self, lambda g: g), (other, lambda g: g)))

    def __mul__(self, other):
        other = self._other(other)
        if self.data.shape != other.data.shape:
            raise ValueError("shapes have to be the same")
        x, y = self.data, other.data
        return Tensor(x * y, ((self, lambda g: g * y), (other, lambda g: g * SLOPE * x)))

    def __sub__(self, other):
        return self + self._other(other) * -1

    def __matmul__(self, other):
        if self.data.ndim != 2 or other.data.ndim != 2:
            raise ValueError("products are of matrices")
        left, right = self.data, other.data
        return Tensor(left @ right, ((self, lambda g: g @ right.T), (other, lambda g: left.T @ g)))

    def backward(self):
        if self.data.size != 1:
            raise ValueError("only from single values")
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for source, _ in node.sources:
                    visit(source)
                order.append(node)

        visit(self)
        self.grad = np.ones_like(self.data)
        for node in reversed(order):
            for source, pull in node.sources:
                source.grad += pull(node.grad)
'''
