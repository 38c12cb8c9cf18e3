"""A batch as some rows of whole tensors, gathered at once, where a dataset's samples allow it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Subset, TensorDataset

from tinytorch_hf.as_torch.indices import rows_of


class Kept:
    """One computed value, kept until something that it was computed from is another object or was changed.

    A tensor counts the changes that are made through torch; one made through a NumPy array that shares its
    memory is not seen. Changes of an array or of a list of numbers are seen by their content. Copies and worker
    processes start with nothing kept.
    """

    def __init__(self) -> None:
        self._made_from: list[tuple[Any, int]] | None = None
        self._value: Any = None

    def __reduce__(self) -> tuple[type[Kept], tuple[()]]:
        return Kept, ()

    def get(self, sources: Sequence[Any], compute: Callable[[], Any]) -> Any:
        """The value for these sources, computed if it is not the one at hand."""
        if not self._is_from(sources):
            self._value = compute()
            self._made_from = [(source, _state(source)) for source in sources]
        return self._value

    def _is_from(self, sources: Sequence[Any]) -> bool:
        if self._made_from is None or len(self._made_from) != len(sources):
            return False
        return all(
            now is then and _state(now) == state for now, (then, state) in zip(sources, self._made_from, strict=True)
        )


def _state(source: Any) -> int:
    """A number that is another one after the source was changed in place."""
    if isinstance(source, np.ndarray):
        return zlib.crc32(np.ascontiguousarray(source).data)
    if isinstance(source, list):
        return hash(tuple(source))
    # A tensor made in inference mode does not count, and cannot be changed outside it either.
    return int(source._version) if isinstance(source, torch.Tensor) and not source.is_inference() else 0


def whole_tensors(dataset: Any) -> tuple[tuple[torch.Tensor, ...], torch.Tensor | None] | None:
    """Tensors whose rows are a dataset's samples, and which rows: None for all, in order.

    Returns
    -------
    tuple or None
        None if each sample has to be asked for: another kind of dataset, a transform that must see each
        image, or a subclass with a ``__getitem__`` of its own.

    Raises
    ------
    InvalidArgumentError, IndexError
        A Subset has indices that are none.
    """
    if type(dataset) is Subset:
        inner = whole_tensors(dataset.dataset)
        if inner is None:
            return None
        tensors, rows = inner
        chosen = rows_of(dataset)
        return tensors, chosen if rows is None else take(rows, chosen)
    if type(dataset) is TensorDataset:
        return dataset.tensors, None
    sample_tensors = getattr(dataset, "sample_tensors", None)
    found: Any = sample_tensors() if callable(sample_tensors) else None
    return None if found is None else (found, None)


def take(tensor: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Rows of a tensor, as a new tensor; negative ones count from the end.

    Raises
    ------
    IndexError
        There is no such row.
    """
    try:
        return tensor.index_select(0, rows)
    except IndexError:
        # Plain indexing is slower, and knows negative indices.
        return tensor[rows]
