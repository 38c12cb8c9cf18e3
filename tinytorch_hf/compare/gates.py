"""Gates: where rounding decides which way a gradient goes.

ReLU lets a gradient pass or not by the sign of a number, max pooling sends it to the largest of several. Where that
number is 0 but for rounding, or two are equal but for rounding, two correct implementations may decide otherwise, and
their gradients then differ by far more than rounding.
"""

from __future__ import annotations

from tinytorch_hf.compare.layers import Layer
from tinytorch_hf.formats.arrays import Array


def differ(layer: Layer, mine: tuple[Array, Array], theirs: tuple[Array, Array]) -> bool:
    """Whether a layer decided otherwise on the two sides.

    Parameters
    ----------
    layer
        Of any kind; one without gates never differs.
    mine, theirs
        Input and output of the layer on either side.
    """
    if layer.kind == "ReLU":
        return bool(((mine[1] > 0) != (theirs[1] > 0)).any())
    if layer.kind == "MaxPool2d":
        (size,) = layer.arguments
        return bool((_largest_of(mine[0], size) != _largest_of(theirs[0], size)).any())
    return False


def _largest_of(x: Array, size: int) -> Array:
    """Which value of each window is the largest, (batch, channels, rows, columns)."""
    rows, columns = (length // size for length in x.shape[2:])
    windows = x[:, :, : rows * size, : columns * size].reshape(*x.shape[:2], rows, size, columns, size)
    by_window = windows.transpose(0, 1, 2, 4, 3, 5).reshape(*x.shape[:2], rows, columns, size * size)
    result: Array = by_window.argmax(axis=-1)
    return result
