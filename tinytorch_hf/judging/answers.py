"""PyTorch's recorded answers to the battery: for each case its inputs, what is right, and how far rounding reaches.

Results are kept in whole steps of a small part of what rounding explains. Where several definitions of a case give
nearly the same, the later ones are kept as what they add to an earlier one. What known mistakes would give is not
recorded; it is computed again.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging import records
from tinytorch_hf.judging.case import Inputs, Results, upstream

PATH = Path(__file__).parent / "recorded" / "battery.npz"

SEED = 0
"""The seed whose numbers were recorded."""

_ARE_OPEN: ContextVar[bool] = ContextVar("are_open", default=True)
_STEPS = 32
_N_PLANES = 5


@dataclass(frozen=True)
class Answer:
    """What one definition of a case gives: its results, floats in float64, and the rounding of each of them."""

    values: Results
    rounding: Mapping[str, float]


@dataclass(frozen=True)
class Recorded:
    """What was recorded of a case: its inputs, and an answer for each of its definitions, in their order."""

    inputs: Inputs
    answers: Sequence[Answer]


def recorded(name: str) -> Recorded | None:
    """What was recorded of the case of this name; None for one without results of its own.

    Raises
    ------
    CorruptFileError
        The file of records is damaged.
    """
    return _all().get(name) if are_open() else None


def version(seed: int = SEED) -> str:
    """The release of PyTorch that gave the answers for a seed; nothing where none were recorded that hold here."""
    return str(_file()[0]["torch"]) if are_open() and seed == SEED and _all() else ""


@contextlib.contextmanager
def closed() -> Iterator[None]:
    """Have no record looked at inside, in this thread: everyone can read them, and grades are not given by them."""
    token = _ARE_OPEN.set(False)
    try:
        yield
    finally:
        _ARE_OPEN.reset(token)


def are_open() -> bool:
    """Whether records may be looked at here."""
    return _ARE_OPEN.get()


def written(cases: Mapping[str, Recorded], torch_version: str) -> bytes:
    """The file of records."""
    inputs, answers, rounding = _Floats(), _Steps(), []
    about: dict[str, Any] = {}
    for name, case in cases.items():
        definitions: list[list[Any]] = []
        for answer in case.answers:
            entries: list[Any] = []
            for result, value in answer.values.items():
                if not isinstance(value, np.ndarray):
                    entries.append([result, value])
                    continue
                rounding.append(answer.rounding[result])
                entries.append([result, list(value.shape), answers.add((name, result), value, rounding[-1])])
            definitions.append(entries)
        about[name] = [[[key, inputs.add(value)] for key, value in case.inputs.items()], definitions]
    arrays = {"inputs": inputs.packed(), "steps": answers.packed(), "rounding": np.array(rounding, np.float64)}
    return records.written({"cases": about, "generator": _generator()}, arrays, torch_version)


@functools.cache
def _file() -> tuple[dict[str, Any], dict[str, Array]]:
    return records.read(PATH, "cases", "generator", "inputs", "steps", "rounding")


@functools.cache
def _all() -> Mapping[str, Recorded]:
    """Everything that was recorded; nothing where NumPy draws other numbers than when it was."""
    about, arrays = _file()
    if about["generator"] != _generator():
        return {}
    try:
        inputs, steps = _Floats.unpacked(arrays["inputs"]), _Steps.unpacked(arrays["steps"])
        rounding = iter(arrays["rounding"].tolist())
        return {name: _case(name, entry, inputs, steps, rounding) for name, entry in about["cases"].items()}
    except (KeyError, IndexError, TypeError, ValueError, StopIteration) as error:
        raise CorruptFileError(f"PyTorch's answers in {PATH} are damaged: {error!r}. {records.ADVICE}") from error


def _case(name: str, entry: Any, inputs: _Floats, steps: _Steps, rounding: Iterable[float]) -> Recorded:
    given, definitions = entry
    numbers = iter(rounding)
    answers = []
    for entries in definitions:
        values: dict[str, Any] = {}
        found: dict[str, float] = {}
        for result, *how in entries:
            if len(how) == 1:
                values[result] = how[0]
                continue
            found[result] = next(numbers)
            shape, beside = how
            values[result] = steps.take((name, result), shape, beside, found[result])
        answers.append(Answer(values, found))
    return Recorded({key: inputs.take(value) for key, value in given}, answers)


def _generator() -> str:
    """A hash of what NumPy's generator gives here: gradients that arrive from behind are drawn with it."""
    return hashlib.sha256(np.ascontiguousarray(upstream((64,)), "<f4").tobytes()).hexdigest()


class _Floats:
    """Inputs one behind the other: float32 by their bytes, everything else as JSON knows it."""

    def __init__(self) -> None:
        self._parts: list[Array] = []
        self._done = 0

    def add(self, value: Any) -> Any:
        """Keep a value; what stands for it in JSON."""
        if not isinstance(value, np.ndarray):
            return [value]
        if value.dtype != np.float32:
            return [value.tolist(), value.dtype.name]
        self._parts.append(value.reshape(-1))
        return {"shape": list(value.shape)}

    def packed(self) -> Array:
        """All bytes of one place together, which is smaller once compressed."""
        values = np.concatenate(self._parts).astype("<f4")
        return np.ascontiguousarray(values.view(np.uint8).reshape(-1, 4).T)

    @staticmethod
    def unpacked(planes: Array) -> _Floats:
        """The inverse of `packed`."""
        floats = _Floats()
        values = np.ascontiguousarray(planes.T).view("<f4").reshape(-1).astype(np.float32)
        values.flags.writeable = False
        floats._parts = [values]
        return floats

    def take(self, kept: Any) -> Any:
        """The next value, given what `add` returned for it."""
        if isinstance(kept, list):
            return kept[0] if len(kept) == 1 else np.array(kept[0], kept[1])
        shape = tuple(kept["shape"])
        start, self._done = self._done, self._done + int(np.prod(shape))
        return self._parts[0][start : self._done].reshape(shape)


class _Steps:
    """Results one behind the other, as whole numbers of steps."""

    def __init__(self) -> None:
        self._parts: list[Array] = []
        self._earlier: dict[tuple[str, str], list[Array]] = {}
        self._done = 0

    def add(self, key: tuple[str, str], value: Array, rounding: float) -> int:
        """Keep a value; -1, or the number of the earlier one of this key that it was kept beside."""
        # Where rounding explains nothing, everything is 0.
        step = rounding / _STEPS or 1.0
        if not (np.isfinite(value).all() and (rounding or not value.any())):
            raise ValueError(f"{key} cannot be recorded: it is infinite, or rounding explains nothing")
        earlier = self._earlier.setdefault(key, [])
        bases = {-1: np.zeros_like(value)} | {n: base for n, base in enumerate(earlier) if base.shape == value.shape}
        steps = {n: np.rint((value - base) / step) for n, base in bases.items()}
        best = min(steps, key=lambda n: float(np.abs(steps[n]).sum()))
        # What is read is what was kept, not what it was made of.
        earlier.append(bases[best] + steps[best] * step)
        if steps[best].size and np.abs(steps[best]).max() >= 1 << 8 * _N_PLANES - 1:
            raise ValueError(f"{key} cannot be recorded: its values are too far apart")
        whole = steps[best].reshape(-1).astype(np.int64)
        self._parts.append(np.where(whole < 0, -2 * whole - 1, 2 * whole).astype(np.uint64))
        return best

    def packed(self) -> Array:
        """All bytes of one place together; the higher ones are nearly all 0."""
        values = np.concatenate(self._parts).astype("<u8")
        return np.ascontiguousarray(values.view(np.uint8).reshape(-1, 8)[:, :_N_PLANES].T)

    @staticmethod
    def unpacked(planes: Array) -> _Steps:
        """The inverse of `packed`."""
        values = np.zeros(planes.shape[1], np.int64)
        for place, plane in enumerate(planes):
            values |= plane.astype(np.int64) << (8 * place)
        steps = _Steps()
        steps._parts = [np.where(values & 1, -(values >> 1) - 1, values >> 1).astype(np.float64)]
        return steps

    def take(self, key: tuple[str, str], shape: Sequence[int], beside: int, rounding: float) -> Array:
        """The next value, given what `add` was given and returned."""
        start, self._done = self._done, self._done + int(np.prod(tuple(shape)))
        steps = self._parts[0][start : self._done].reshape(tuple(shape))
        earlier = self._earlier.setdefault(key, [])
        base = earlier[beside] if beside >= 0 else 0.0
        value: Array = np.asarray(base + steps * (rounding / _STEPS))
        earlier.append(value)
        return value
