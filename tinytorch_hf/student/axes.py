"""What a framework means by a method that is told no axes, found by trying."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from tinytorch_hf.formats.arrays import Array

_VALUES: Array = np.array([[[1.0, 2.0, 4.0, 8.0], [3.0, 5.0, 6.0, 9.0], [7.0, 0.5, 1.5, 2.5]]] * 2, dtype=np.float32)


class Framework(Protocol):
    """What trying needs of a framework."""

    def float_tensor(self, values: Any) -> Any:
        """A tensor of float32."""

    def array(self, value: Any) -> Array:
        """The values of a tensor."""


def are_others(framework: Framework, method: str) -> bool:
    """Whether a reduction takes one axis alone, or a transposition other axes than the last two.

    Only what is one of the usual meanings counts: anything else may be a fault.
    """
    try:
        found = framework.array(getattr(framework.float_tensor(_VALUES), method)())
    except Exception:
        return False
    if method == "transpose":
        others = [_VALUES.T, _VALUES.swapaxes(0, 1)]
    else:
        others = [getattr(_VALUES, method)(axis) for axis in (-1, 0)]
    return any(found.shape == other.shape and np.allclose(found, other) for other in others)
