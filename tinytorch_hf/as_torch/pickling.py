"""A dataset is pickled as the place of its files, as long as it holds what they hold; what was changed goes along."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tinytorch_hf.errors import MissingFileError


class Files:
    """Where a dataset's attributes were read from, and how they are read again.

    Parameters
    ----------
    read
        Gives the attributes by name, new ones each time. It is pickled, so that it is a function or class method that
        can be imported.
    root
        As the user gave it. A relative one is made absolute: who reads again may stand in another folder.
    which
        The arguments of ``read`` that stand before ``root``.
    """

    def __init__(self, read: Callable[..., dict[str, Any]], root: str | Path | None, *which: Any) -> None:
        self._read = read
        self._root = None if root is None else str(Path(root).expanduser().absolute())
        self._which = which

    def read(self) -> dict[str, Any]:
        """The attributes, read again; raises what making the dataset raises."""
        return self._read(*self._which, self._root)

    def read_for_pickle(self) -> dict[str, Any]:
        """The attributes for a dataset that is unpickled.

        Raises
        ------
        MissingFileError
            The files are not on this machine.
        CorruptFileError, StorageError
            As when a dataset is made.
        """
        try:
            return self.read()
        except MissingFileError as error:
            raise MissingFileError(
                "Unpickling a dataset reads its files again, and they are missing on this machine. Create the dataset "
                f"here, or copy the files here and unpickle again. {error}"
            ) from error


class _Attributes:
    """What is pickled in place of everything that was read: a dict of it, once it is unpickled."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def __reduce__(self) -> tuple[Any, ...]:
        return Files.read_for_pickle, (self._files,)


class _Attribute:
    """What is pickled in place of one attribute; all of them share what is read."""

    def __init__(self, attributes: _Attributes, name: str) -> None:
        self._attributes = attributes
        self._name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return operator.getitem, (self._attributes, self._name)


def reduced(dataset: Any, protocol: Any) -> Any:
    """``__reduce_ex__`` of a dataset with an attribute ``_files``: everything but what its files hold.

    The files are read again, and what the dataset has is compared to the last bit. Nothing that was changed is lost,
    whatever way it was changed; and where the files are gone, all of it is pickled.
    """
    whole: Any = object.__reduce_ex__(dataset, protocol)
    kept = vars(dataset)
    if "_files" not in kept or len(whole) < 3:
        return whole
    make, arguments, state, *rest = whole
    try:
        read = kept["_files"].read()
    except Exception:
        # Whatever the reason: what is in memory is good.
        return whole
    attributes = _Attributes(kept["_files"])
    # By object: one that has two names is one object afterwards, too.
    stand_ins = {
        id(kept[name]): _Attribute(attributes, name)
        for name, fresh in read.items()
        if name in kept and is_same(kept[name], fresh)
    }

    def replaced(part: Any) -> Any:
        if not isinstance(part, dict):
            return part
        return {name: stand_ins.get(id(value), value) for name, value in part.items()}

    # With __slots__ there are two dicts.
    state = tuple(map(replaced, state)) if isinstance(state, tuple) else replaced(state)
    return make, arguments, state, *rest


def is_same(kept: Any, fresh: Any) -> bool:
    """Whether two values are of the same type and have the same bits; False if that cannot be said."""
    if type(kept) is not type(fresh):
        return False
    try:
        if isinstance(kept, torch.Tensor):
            if (kept.device, kept.requires_grad) != (fresh.device, fresh.requires_grad):
                return False
            kept, fresh = kept.detach().numpy(), fresh.detach().numpy()
        if isinstance(kept, np.ndarray):
            # As bytes: -0.0 is not 0.0, and NaN is NaN.
            kept_bytes, fresh_bytes = (np.ascontiguousarray(a).reshape(-1).view(np.uint8) for a in (kept, fresh))
            return (kept.dtype, kept.shape) == (fresh.dtype, fresh.shape) and np.array_equal(kept_bytes, fresh_bytes)
        # Equality alone would take 1.0 or True for 1.
        return pickle.dumps(kept) == pickle.dumps(fresh)
    except Exception:
        return False


def copied(dataset: Any) -> Any:
    """``__copy__`` of a dataset that is pickled by `reduced`: as of any object, its attributes are shared."""
    return _rebuilt(dataset, lambda part: part, lambda _: None)


def deepcopied(dataset: Any, memo: dict[int, Any]) -> Any:
    """``__deepcopy__`` of a dataset that is pickled by `reduced`: as of any object, without reading files."""

    def remember(new: Any) -> None:
        memo[id(dataset)] = new

    return _rebuilt(dataset, lambda part: copy.deepcopy(part, memo), remember)


def _rebuilt(dataset: Any, copy_of: Callable[[Any], Any], remember: Callable[[Any], None]) -> Any:
    whole: Any = object.__reduce_ex__(dataset, 4)
    make, arguments, *rest = whole
    new = make(*copy_of(arguments))
    remember(new)
    state = copy_of(rest[0]) if rest else None
    if state is not None and hasattr(new, "__setstate__"):
        new.__setstate__(state)
        return new
    for attributes in state if isinstance(state, tuple) else (state,):
        for name, value in (attributes or {}).items():
            setattr(new, name, value)
    return new
