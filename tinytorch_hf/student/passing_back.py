"""How a framework passes gradients back: found by trying, because no two frameworks agree on it.

Some take the gradient that `backward` starts from as an array, some as a tensor, some take none; results carry
`requires_grad` or do not; the gradient that is left is an array or a tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.signals import UntriedError
from tinytorch_hf.student.unbuilt import is_unbuilt

# A gradient is given to `backward` as an array or a tensor, or is multiplied into a sum, from which it then starts, or
# into the output itself, where `backward` starts from ones of any shape; or a sum is made by products with ones.
Road = Literal["array", "tensor", "scaled sum", "scaled", "products"]
ROADS: tuple[Road, ...] = get_args(Road)

# Operations on a tensor of ones, and their slopes. More than one, because one of them may be what is wrong.
_OPERATIONS: tuple[tuple[Callable[[Any], Any], float], ...] = (
    (lambda x: x * x, 2.0),
    (lambda x: x + x, 2.0),
    (lambda x: x - x * x, -1.0),
    (lambda x: x * 3, 3.0),
)
_OF_MATRICES = 2
# Neither symmetric nor of equal values.
_SEED: Array = np.array([[1.0, 2.0], [3.0, 5.0]], dtype=np.float32)


class Framework(Protocol):
    """What trying needs of a framework."""

    def new_leaf(self) -> Any:
        """A tensor of ones, (2, 2), that wants a gradient."""

    def send(self, output: Any, gradient: Array, road: Road) -> None:
        """Send a gradient back from a result by a road."""

    def call_backward(self, output: Any, *gradient: Any) -> None:
        """Call a tensor's backward."""

    def float_tensor(self, values: Any) -> Any:
        """A tensor of float32."""

    def array(self, value: Any) -> Array:
        """The values of a tensor."""

    def kept(self, tensor: Any) -> Any:
        """What a tensor holds as its gradient; None for nothing."""

    def gradient(self, tensor: Any) -> Array | None:
        """The same as an array."""

    def wants_gradient(self, tensor: Any) -> Any:
        """What a tensor says about whether it wants a gradient; None where it says nothing."""

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is one of the framework's tensors."""


@dataclass(frozen=True)
class WayBack:
    """How one framework passes gradients back.

    Attributes
    ----------
    road
        How it takes the gradient that it starts from.
    gradients_are_tensors
        Whether the gradient that is left in a tensor is a tensor.
    flag_travels
        Whether results of tensors with `requires_grad` have it, too, so that a result without it leads nowhere back.
    arrives
        Whether a gradient arrives as it should by some road.
    """

    road: Road
    gradients_are_tensors: bool
    flag_travels: bool
    arrives: bool = True


def is_implemented(tensor: Any, name: str) -> bool:
    """Whether a tensor has this method, with more of a body than one that is still to be written."""
    method = getattr(tensor, name, None)
    return callable(method) and not is_unbuilt(method)


def way_back(framework: Framework) -> WayBack:
    """Try every road with several operations; the best is the one by which most gradients arrive as they should.

    Where none arrives by any road, the one that raises the fewest errors is taken, arrays first, as in TinyTorch.
    """
    tried = {road: _try(framework, road) for road in ROADS}
    best = max(ROADS, key=lambda road: tried[road][:2])
    left = next((kept for *_, kept in (tried[best], *tried.values()) if kept is not None), None)
    gradients_are_tensors = framework.is_tensor(left)
    if best == "array" and gradients_are_tensors and tried["tensor"][:2] == tried["array"][:2]:
        best = "tensor"
    return WayBack(best, gradients_are_tensors, _flag_travels(framework), any(right for right, *_ in tried.values()))


def send(framework: Framework, output: Any, gradient: Array, road: Road) -> None:
    """Send a gradient back from a result by a road.

    Raises
    ------
    UntriedError
        The road is by products, and the result is not a matrix.
    """
    if road == "array":
        framework.call_backward(output, gradient)
        return
    given = framework.float_tensor(gradient)
    if road == "tensor":
        framework.call_backward(output, given)
    elif road == "scaled":
        framework.call_backward(output * given)
    elif road == "products":
        if gradient.ndim != _OF_MATRICES:
            raise UntriedError("it passes back from single values, and sums none but those of products of matrices")
        rows, columns = gradient.shape
        left, right = (framework.float_tensor(np.ones(shape, np.float32)) for shape in ((1, rows), (columns, 1)))
        framework.call_backward(left @ (output * given) @ right)
    else:
        total = output * given
        # Some sum over the last axis only.
        for _ in range(max(1, gradient.ndim)):
            total = total.sum()
            if framework.array(total).size == 1:
                break
        framework.call_backward(total)


def _try(framework: Framework, road: Road) -> tuple[int, int, Any]:
    """How many gradients arrive right, how many ways lead to no error, and what is left as a gradient."""
    n_right, n_quiet, left = 0, 0, None
    for operation, slope in _OPERATIONS:
        try:
            x = framework.new_leaf()
            framework.send(operation(x), _SEED.copy(), road)
            n_quiet += 1
            found = framework.gradient(x)
            if found is not None:
                left = framework.kept(x)
                n_right += found.shape == _SEED.shape and np.allclose(found, slope * _SEED)
        except Exception:  # noqa: S112 -- what does not work here is found by the case that is about it
            continue
    return n_right, n_quiet, left


def _flag_travels(framework: Framework) -> bool:
    for operation, _ in _OPERATIONS:
        try:
            x = framework.new_leaf()
            if framework.wants_gradient(x) and framework.wants_gradient(operation(x)):
                return True
        except Exception:  # noqa: S112 -- as above
            continue
    return False
