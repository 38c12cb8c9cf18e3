"""What a model is made of, once: how each kind of layer is built on both sides, and what its parameters are."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.view import Student


@dataclass(frozen=True)
class Parameter:
    """One trained array of a layer.

    Attributes
    ----------
    name
        Attribute path in TinyTorch's layer, such as "q_proj.weight".
    torch_name
        Attribute path in PyTorch's module.
    shape
        In TinyTorch.
    start
        Standard deviation of the initial values; or "zeros", "ones".
    is_transposed
        Whether PyTorch stores it transposed.
    """

    name: str
    torch_name: str
    shape: tuple[int, ...]
    start: float | str
    is_transposed: bool = False

    def initial(self, rng: np.random.Generator) -> Array:
        """Its first values, float32."""
        if self.start == "zeros":
            return np.zeros(self.shape, np.float32)
        if self.start == "ones":
            return np.ones(self.shape, np.float32)
        return (rng.standard_normal(self.shape) * float(self.start)).astype(np.float32)


@dataclass(frozen=True)
class Layer:
    """One step of a model: a kind from `KINDS`, its arguments, and a name that reports use."""

    name: str
    kind: str
    arguments: tuple[Any, ...] = ()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its trained arrays, in order."""
        return KINDS[self.kind].parameters(*self.arguments)


@dataclass(frozen=True)
class Residual:
    """Layers whose result is added to what they were given: x + layers(x)."""

    name: str
    layers: tuple[Layer, ...]


Part = Layer | Residual


@dataclass(frozen=True)
class Kind:
    """A kind of layer.

    Attributes
    ----------
    needs
        Names of the classes that TinyTorch's side uses.
    build_tinytorch
        Takes the view of a framework and the layer's arguments; gives a callable that holds the parameters.
    parameters
        Takes the layer's arguments; gives the trained arrays.
    """

    needs: tuple[str, ...]
    build_tinytorch: Callable[..., Any]
    parameters: Callable[..., tuple[Parameter, ...]] = lambda *_: ()


def forward(parts: tuple[Part, ...], built: Mapping[str, Callable[[Any], Any]], x: Any, seen: dict[str, Any]) -> Any:
    """Run a model on either side, and leave what each part gave in ``seen``, by the part's name."""
    for part in parts:
        x = x + forward(part.layers, built, x, seen) if isinstance(part, Residual) else built[part.name](x)
        seen[part.name] = x
    return x


def leaves(parts: tuple[Part, ...]) -> Iterator[Layer]:
    """Every layer in the order of the forward pass, those inside residuals included."""
    for part in parts:
        if isinstance(part, Residual):
            yield from part.layers
        else:
            yield part


def attribute(thing: Any, path: str) -> Any:
    """The attribute at a dotted path."""
    return operator.attrgetter(path)(thing)


def _linear(n_in: int, n_out: int, prefix: str = "", bias: bool = True) -> tuple[Parameter, ...]:
    weight = Parameter(f"{prefix}weight", f"{prefix}weight", (n_in, n_out), np.sqrt(1.0 / n_in), is_transposed=True)
    offset = Parameter(f"{prefix}bias", f"{prefix}bias", (n_out,), "zeros")
    return (weight, offset) if bias else (weight,)


def _convolution(n_in: int, n_out: int, size: int) -> tuple[Parameter, ...]:
    return (
        Parameter("weight", "weight", (n_out, n_in, size, size), np.sqrt(2.0 / (n_in * size * size))),
        Parameter("bias", "bias", (n_out,), "zeros"),
    )


def _norm(width: int) -> tuple[Parameter, ...]:
    return Parameter("gamma", "weight", (width,), "ones"), Parameter("beta", "bias", (width,), "zeros")


def _attention(width: int, _n_heads: int) -> tuple[Parameter, ...]:
    names = ("q_proj.", "k_proj.", "v_proj.", "out_proj.")
    return tuple(parameter for name in names for parameter in _linear(width, width, name))


def _embeddings(vocab_size: int, max_length: int, width: int) -> tuple[Parameter, ...]:
    return (
        Parameter("tokens.weight", "tokens.weight", (vocab_size, width), 0.1),
        Parameter("positions.weight", "positions.weight", (max_length, width), 0.1),
    )


class _Embeddings:
    """Token embedding plus position embedding, as TinyTorch's GPT has them; ``owners`` are the student's objects."""

    def __init__(self, student: Student, vocab_size: int, max_length: int, width: int) -> None:
        self._student = student
        self.tokens = student.part("Embedding")(vocab_size, width)
        self.positions = student.part("Embedding")(max_length, width)
        self.owners = self.tokens, self.positions

    def __call__(self, ids: Any) -> Any:
        places = np.arange(ids.shape[1], dtype=np.float32).reshape(1, -1)
        return self.tokens(ids) + self.positions(self._student.tensor(places))


class _CausalAttention:
    """Multi-head attention that sees what came before and never what comes after."""

    def __init__(self, student: Student, width: int, n_heads: int) -> None:
        self._student = student
        self._attention = student.part("MultiHeadAttention")(width, n_heads)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_attention"], name)

    def __call__(self, x: Any) -> Any:
        length = x.shape[1]
        visible = np.tril(np.ones((1, length, length), np.float32))
        return self._attention(x, self._student.tensor(visible))


# Kinds by name. TinyTorch's own class builds its side, so that what is compared is the student's code; `torch_layers`
# has the same names for PyTorch's side.
KINDS: dict[str, Kind] = {
    "Linear": Kind(("Linear",), lambda student, n_in, n_out: student.part("Linear")(n_in, n_out), _linear),
    "LinearWithoutBias": Kind(
        ("Linear",),
        lambda student, n_in, n_out: student.part("Linear")(n_in, n_out, bias=False),
        lambda n_in, n_out: _linear(n_in, n_out, bias=False),
    ),
    "ReLU": Kind(("ReLU",), lambda student: student.part("ReLU")()),
    "Sigmoid": Kind(("Sigmoid",), lambda student: student.part("Sigmoid")()),
    "GELU": Kind(("GELU",), lambda student: student.part("GELU")()),
    "Conv2d": Kind(
        ("Conv2d",), lambda student, n_in, n_out, size: student.part("Conv2d")(n_in, n_out, size), _convolution
    ),
    "MaxPool2d": Kind(("MaxPool2d",), lambda student, size: student.part("MaxPool2d")(size, size)),
    "Flatten": Kind((), lambda _student: lambda x: x.reshape(x.shape[0], -1)),
    "Positions to rows": Kind((), lambda _student: lambda x: x.reshape(x.shape[0] * x.shape[1], x.shape[2])),
    "Embeddings": Kind(("Embedding",), _Embeddings, _embeddings),
    "LayerNorm": Kind(("LayerNorm",), lambda student, width: student.part("LayerNorm")(width), _norm),
    "CausalAttention": Kind(("MultiHeadAttention",), _CausalAttention, _attention),
}
