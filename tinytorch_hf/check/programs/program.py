"""What a program is: a list of statements, each of which makes one value of others, and passes back through them.

It is plain data. The same program is run in the student's process and by the judge; no text in it is ever evaluated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TENSOR, MAKE, CALL, BACKWARD = "tensor", "make", "call", "backward"
"""A leaf, a layer, its call, and a pass back."""

ZERO, SCALE = "zero", "scale"
"""Gradients are forgotten, or halved in their place."""

OPTIMIZER, STEP, FORGET = "optimizer", "step", "forget"
"""An optimizer of layers' parameters; its step; and that it has all of them forget their gradients."""

TRAINING, EVALUATION = "training", "evaluation"
"""What a layer may be told to be in when it is called."""

EFFECTS = (BACKWARD, ZERO, SCALE, STEP, FORGET)
"""Statements without a value."""

NO_TENSORS = (MAKE, OPTIMIZER, *EFFECTS)
"""Statements that give no tensor."""

_OWN = (TENSOR, CALL, *NO_TENSORS)

# The name of an earlier value, or a number.
Operand = Any

# Layers that use what they are given several times.
_USES = dict.fromkeys(("MultiHeadAttention", "LayerNorm", "BatchNorm2d", "GELU"), 3)
_NAME = re.compile(r"[a-z][a-z0-9]*")
_MOST_STATEMENTS = 400
_DEEPEST = 6


class ProgramError(Exception):
    """What arrived is no program."""


@dataclass(frozen=True)
class Statement:
    """``name = form(operands, arguments)``.

    Attributes
    ----------
    name
        What the value is called; nothing for a statement without one.
    form
        One of those above, or a form's name.
    operands
        Names of earlier values, and numbers.
    arguments
        Everything else, as JSON knows it.
    """

    name: str
    form: str
    operands: tuple[Operand, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[str, ...]:
        """The values that it is made of."""
        return tuple(operand for operand in self.operands if isinstance(operand, str))


@dataclass(frozen=True, eq=False)
class Program:
    """Statements, in order."""

    statements: tuple[Statement, ...]

    def __iter__(self) -> Iterator[Statement]:
        return iter(self.statements)

    def __len__(self) -> int:
        return len(self.statements)

    def of(self, *forms: str) -> list[Statement]:
        """The statements of these forms."""
        return [statement for statement in self if statement.form in forms]

    @property
    def forms(self) -> frozenset[str]:
        """What it uses: operations, layers and optimizers by their part, and ways of using them by `ways`."""
        found = {one.form for one in self.operations if one.form != CALL}
        parts = {one.name: str(one.arguments["part"]) for one in self.of(MAKE, OPTIMIZER)}
        for one in self:
            if one.form in (MAKE, OPTIMIZER):
                found.add(parts[one.name])
            if one.form == OPTIMIZER:
                found |= {f"{parts[one.name]} {option}" for option in one.arguments["named"]}
            used = parts[one.sources[0]] if one.form == CALL else one.form
            if one.arguments.get("mask") is not None:
                found.add(f"{used} mask")
            if one.arguments.get("mode") == EVALUATION:
                found.add(f"{used} evaluation")
        return frozenset(found)

    @property
    def operations(self) -> list[Statement]:
        """The statements that compute something."""
        return [one for one in self if one.form not in (TENSOR, *NO_TENSORS)]

    @property
    def features(self) -> frozenset[str]:
        """What it does beside its operations: "sharing", "adding up", "scaling", and "leaves that are not asked"."""
        used = [source for one in self if one.form not in (CALL, *NO_TENSORS) for source in one.sources]
        parts = {one.name: one.arguments["part"] for one in self.of(MAKE)}
        used += [one.sources[1] for one in self.of(CALL) for _ in range(_USES.get(parts[one.sources[0]], 1))]
        found = {
            "sharing": len(used) > len(set(used)),
            "adding up": len(self.of(BACKWARD)) > 1,
            "scaling": bool(self.of(SCALE)),
            "leaves that are not asked": any(not one.arguments["gradient"] for one in self.of(TENSOR)),
        }
        return frozenset(feature for feature, has in found.items() if has)

    @property
    def leaves(self) -> list[str]:
        """The tensors that want a gradient."""
        return [statement.name for statement in self.of(TENSOR) if statement.arguments["gradient"]]

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Each layer's parameters: the layer, and the parameter."""
        return [(made.name, path) for made in self.of(MAKE) for path in made.arguments["values"]]

    @property
    def is_training(self) -> bool:
        """Whether an optimizer steps in it; then parameters count, and not their gradients."""
        return bool(self.of(STEP))

    @property
    def is_adaptive(self) -> bool:
        """Whether steps divide by gradients, so that small ones count as much as large ones."""
        return any(one.arguments["part"] != "SGD" for one in self.of(OPTIMIZER))

    @property
    def ties(self) -> dict[str, Any]:
        """Leaves with equal values of which a maximum is taken, each with the axis."""
        return {one.sources[0]: one.arguments.get("axis") for one in self if one.arguments.get("ties")}

    def as_json(self) -> list[Any]:
        """Plain values that `parse` turns into this program."""
        return [[one.name, one.form, list(one.operands), dict(one.arguments)] for one in self]


def parse(values: Any, forms: Sequence[str] | Mapping[str, Any]) -> Program:
    """A program out of decoded JSON.

    Raises
    ------
    ProgramError
        It is none: its schema is another, a form is unknown, or a value is used before it is made.
    """
    if not isinstance(values, list) or not 0 < len(values) <= _MOST_STATEMENTS:
        raise ProgramError("a program is a list of statements")
    known: set[str] = set()
    statements = []
    for value in values:
        statements.append(_statement(value, forms, known))
        known.add(statements[-1].name)
    return Program(tuple(statements))


def _statement(value: Any, forms: Sequence[str] | Mapping[str, Any], known: set[str]) -> Statement:
    if not isinstance(value, list) or len(value) != 4:
        raise ProgramError("a statement is a name, a form, operands and arguments")
    name, form, operands, arguments = value
    if not isinstance(name, str) or (name and not _NAME.fullmatch(name)) or name in known - {""}:
        raise ProgramError(f"a value cannot be called {str(name)[:40]!r}")
    if form not in _OWN and form not in forms:
        raise ProgramError(f"there is no form {str(form)[:40]!r}")
    if not isinstance(operands, list) or not isinstance(arguments, dict):
        raise ProgramError("operands are a list, and arguments are named")
    for operand in operands:
        if isinstance(operand, str) and operand not in known:
            raise ProgramError(f"{operand[:40]!r} is used before it is made")
        if not isinstance(operand, str) and not _is_number(operand):
            raise ProgramError("an operand is a name or a number")
    for key, entry in arguments.items():
        # Numbers of arrays are looked at where they become arrays.
        if key != "values":
            _check_plain(entry)
    return Statement(name, form, tuple(operands), arguments)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_plain(value: Any, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise ProgramError("an argument is nested too deeply")
    if isinstance(value, list | tuple):
        for entry in value:
            _check_plain(entry, depth + 1)
    elif isinstance(value, dict):
        for entry in value.values():
            _check_plain(entry, depth + 1)
    elif not (value is None or isinstance(value, bool | str) or _is_number(value)):
        raise ProgramError("an argument is no plain value")
