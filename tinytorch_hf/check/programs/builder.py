"""Draws one program, statement by statement; what could not be relied on is drawn again at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinytorch_hf.check.programs.program import (
    BACKWARD,
    CALL,
    FORGET,
    MAKE,
    NO_TENSORS,
    OPTIMIZER,
    SCALE,
    STEP,
    TENSOR,
    ZERO,
    Operand,
    Program,
    Statement,
)
from tinytorch_hf.check.programs.sound import UnsoundError, evaluate, running

LENGTHS = (2, 3, 5, 7, 4)
_LARGEST_SIZE = 180
_NUMBERS = (2, 3, 0.5, -1.5, 0.25, -2, 1.25)
_NAMES = "abcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True)
class Available:
    """What a package has of which programs may be made.

    Attributes
    ----------
    forms
        Operations, and parts of `layers.LAYERS`.
    definitions
        For a layer, which of its definitions the package has.
    faulty
        What is built and not used, as it is wrong alone already.
    """

    forms: frozenset[str]
    definitions: Mapping[str, int] = field(default_factory=dict)
    faulty: frozenset[str] = frozenset()

    def __contains__(self, form: str) -> bool:
        return form in self.forms


class Builder:
    """A program that grows.

    Parameters
    ----------
    rng
        The generator.
    available
        What may be used.
    all_asked
        Whether every tensor wants a gradient, and not only most of them.
    is_training
        Whether passes back and steps are computed as well, as what comes after a step depends on it.

    Attributes
    ----------
    values
        Every value so far, in float64; layers as `layers.Made`.
    pool
        Names of the tensors that statements may take, in the order in which they were made.
    """

    def __init__(
        self, rng: np.random.Generator, available: Available, all_asked: bool = False, is_training: bool = False
    ) -> None:
        self.rng = rng
        self._all_asked = all_asked
        self.available = available
        self.statements: list[Statement] = []
        self._running = running(is_training)
        self.values = self._running.values
        self.pool: list[str] = []
        self.peak = 0.0
        self._leaves: list[str] = []
        # Tensors of whole numbers, each with how many there are to choose from.
        self._ids: dict[str, int] = {}
        self._used: set[str] = set()
        self._n_layers = 0

    # What is drawn.

    def chance(self, share: float) -> bool:
        """True in this share of the draws."""
        return bool(self.rng.random() < share)

    def one_of(self, choices: Sequence[Any]) -> Any:
        """One of some choices."""
        return choices[int(self.rng.integers(len(choices)))]

    def lengths(self, n: int) -> tuple[int, ...]:
        """Lengths, mostly no two of which are the same."""
        if self.chance(0.12):
            return (self.one_of((2, 3)),) * n
        return tuple(int(one) for one in self.rng.permutation(LENGTHS)[:n])

    def number(self) -> int | float:
        """A whole number or a fraction."""
        number: int | float = self.one_of(_NUMBERS)
        return number

    def numbers(self, shape: tuple[int, ...], scale: float = 1.0, shift: float = 0.0) -> Any:
        """Values with two decimals, of both signs, none of them 0."""
        values = np.round(self.rng.standard_normal(shape) * scale + shift, 2)
        return np.where(values == 0, 0.11, values).tolist()

    # What is looked up.

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a value."""
        shape: tuple[int, ...] = self.values[name].data.shape
        return shape

    def pick(self, fits: Callable[[tuple[int, ...]], bool] = lambda _: True) -> str | None:
        """One of the tensors so far, the later ones sooner; None where none fits."""
        names = [name for name in self.pool if fits(self.shape(name))]
        if not names:
            return None
        place = len(names) - 1 - min(int(self.rng.geometric(0.45)) - 1, len(names) - 1)
        return names[place]

    @property
    def unused(self) -> list[str]:
        """Tensors of the pool that nothing is made of."""
        return [name for name in self.pool if name not in self._used and name not in self._leaves]

    # What is added.

    def leaf(
        self,
        shape: tuple[int, ...],
        scale: float = 1.0,
        shift: float = 0.0,
        gradient: bool | None = None,
        values: Any = None,
    ) -> str:
        """A tensor of new values, which mostly wants a gradient."""
        if gradient is None:
            gradient = self._all_asked or not self.chance(0.15)
        given = self.numbers(shape, scale, shift) if values is None else values
        name = self._added(TENSOR, (), {"values": given, "gradient": gradient}, "")
        self._leaves.append(name)
        return name

    def ids(self, shape: tuple[int, ...], n: int) -> str:
        """Whole numbers below n, new ones or some that were used before; nothing but a table takes them."""
        known = [name for name, below in self._ids.items() if below <= n and self.shape(name) == shape]
        if known and self.chance(0.4):
            return str(self.one_of(known))
        values = self.rng.integers(0, n, shape).tolist()
        name = self._added(TENSOR, (), {"values": values, "gradient": False, "ids": True}, "")
        self.pool.remove(name)
        self._ids[name] = n
        return name

    def away(self, shape: tuple[int, ...]) -> str:
        """A leaf of values away from 0, to be divided by."""
        values = np.round(self.rng.uniform(0.4, 2.0, shape) * self.rng.choice([-1, 1], shape), 2)
        return self.leaf(shape, values=values.tolist())

    def positive(self, shape: tuple[int, ...]) -> str:
        """A leaf of positive values."""
        return self.leaf(shape, values=np.round(self.rng.uniform(0.4, 2.0, shape), 2).tolist())

    def operation(self, form: str, operands: Sequence[Operand], **arguments: Any) -> str | None:
        """An operation's result; None where it could not be relied on, or the package does not have it."""
        if form not in self.available:
            return None
        try:
            return self._added(form, tuple(operands), arguments, "")
        except UnsoundError:
            return None

    def layer(
        self, part: str, sizes: Sequence[Any] = (), values: Mapping[str, Any] | None = None, **named: Any
    ) -> str | None:
        """A new layer; None where the package does not have it."""
        if part not in self.available:
            return None
        arguments: dict[str, Any] = {"part": part, "sizes": list(sizes), "named": named, "values": dict(values or {})}
        if part in self.available.definitions:
            arguments["definition"] = self.available.definitions[part]
        self._n_layers += 1
        return self._added(MAKE, (), arguments, f"layer{self._n_layers}")

    def call(self, layer: str | None, x: str, **arguments: Any) -> str | None:
        """What a layer makes of a tensor; None as for `operation`."""
        if layer is None:
            return None
        try:
            return self._added(CALL, (layer, x), arguments, "")
        except UnsoundError:
            return None

    def backward(self, output: str, scale: float = 1.0) -> None:
        """Pass back from an output; what was computed before cannot be used afterwards, as in PyTorch."""
        self._effect(BACKWARD, (output,), {"scale": scale})
        self.pool = list(self._leaves)
        self._used = set()

    def zero(self, names: Sequence[str]) -> None:
        """Have leaves forget their gradients."""
        self._effect(ZERO, tuple(names))

    def scale(self, names: Sequence[str]) -> None:
        """Halve gradients in their place, as clipping does."""
        self._effect(SCALE, tuple(names))

    def optimizer(self, part: str, rate: float, **named: Any) -> None:
        """An optimizer of all layers' parameters; it is made before anything is computed."""
        made = [one for one in self.statements if one.form == MAKE]
        others = [one for one in self.statements if one.form != MAKE]
        arguments = {"part": part, "rate": rate, "named": named}
        with_parameters = tuple(one.name for one in made if one.arguments["values"])
        one = Statement(OPTIMIZER, OPTIMIZER, with_parameters, arguments)
        evaluate(one, self._running)
        self.statements = [*made, one, *others]

    def step(self) -> None:
        """Have the optimizer change the parameters; UnsoundError where it is not sure by how much."""
        self._effect(STEP, (OPTIMIZER,))

    def forget(self) -> None:
        """Have the optimizer let all parameters forget their gradients."""
        self._effect(FORGET, (OPTIMIZER,))

    def again(self, statements: Sequence[Statement], output: str, renews: bool) -> str | None:
        """Compute once more what some statements compute, on other numbers if asked; gives the new output.

        Raises
        ------
        UnsoundError
            It is none to judge by any more.
        """
        names: dict[str, str] = {}
        for one in statements:
            if one.form == TENSOR and renews:
                names[one.name] = self._renewed(one)
            elif one.form not in (TENSOR, *NO_TENSORS):
                operands = tuple(names.get(each, each) if isinstance(each, str) else each for each in one.operands)
                names[one.name] = self._added(one.form, operands, one.arguments, "")
        return names.get(output)

    def _renewed(self, one: Statement) -> str:
        shape = self.shape(one.name)
        if one.name in self._ids:
            return self.ids(shape, self._ids[one.name])
        return self.leaf(shape, gradient=one.arguments["gradient"])

    def _effect(self, form: str, operands: tuple[str, ...], arguments: Mapping[str, Any] | None = None) -> None:
        one = Statement("", form, operands, arguments or {})
        evaluate(one, self._running)
        self.statements.append(one)

    def layers(self, *parts: str) -> list[str]:
        """The layers so far, or those of some parts."""
        return [one.name for one in self.statements if one.form == MAKE and (not parts or self.part(one.name) in parts)]

    def part(self, layer: str) -> str:
        """Which part a layer is."""
        return str(self.made(layer)["part"])

    def made(self, layer: str) -> Mapping[str, Any]:
        """How a layer was made."""
        arguments: Mapping[str, Any] = self.values[layer].arguments
        return arguments

    def asked(self) -> list[str]:
        """The leaves that want a gradient."""
        return [one.name for one in self.statements if one.form == TENSOR and one.arguments["gradient"]]

    def _added(self, form: str, operands: tuple[Operand, ...], arguments: Mapping[str, Any], name: str) -> str:
        name = name or self._name()
        one = Statement(name, form, operands, arguments)
        state = self.values[one.sources[0]].state if form == CALL else {}
        before = dict(state)
        try:
            value = evaluate(one, self._running)
            if form != MAKE and value.data.size > _LARGEST_SIZE:
                raise UnsoundError("it is too large to be quick")
        except UnsoundError:
            # As if it had never been called.
            state.clear()
            state.update(before)
            self.values.pop(name, None)
            raise
        if form != MAKE:
            self.peak = max(self.peak, float(np.abs(value.data).max()))
            self.pool.append(name)
        self.statements.append(one)
        self._used.update(one.sources)
        return name

    def _name(self) -> str:
        number = len(self.values) - self._n_layers
        letter = _NAMES[number % len(_NAMES)]
        return letter if number < len(_NAMES) else f"{letter}{number // len(_NAMES)}"

    def program(self) -> Program:
        """The program so far."""
        return Program(tuple(self.statements))

    def leads_to_a_leaf(self, name: str, known: Collection[str] = ()) -> bool:
        """Whether a gradient from here reaches anything that wants one."""
        by_name = {one.name: one for one in self.statements}
        waiting, seen = [name], set(known)
        while waiting:
            one = by_name[waiting.pop()]
            if one.form == MAKE and one.arguments["values"]:
                return True
            if one.form == TENSOR and one.arguments["gradient"]:
                return True
            waiting += [source for source in one.sources if source not in seen]
            seen.update(one.sources)
        return False


def broadcastable(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[int, ...]:
    """A shape that is repeated to this one: some axes have the length 1, some in front are missing."""
    kept = [length if rng.random() < 0.6 else 1 for length in shape]
    return tuple(kept[int(rng.integers(0, len(kept) + 1)) if rng.random() < 0.5 else 0 :])


def fits(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two shapes broadcast."""
    try:
        return math.prod(np.broadcast_shapes(one, other)) <= _LARGEST_SIZE
    except ValueError:
        return False
