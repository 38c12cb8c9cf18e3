"""What has to hold between two programs, whatever is right: nothing here asks a judge.

- Backward is linear: twice the gradient sent back leaves twice the gradients.
- Forward keeps nothing: what was computed once before, by the same layers, changes nothing.
- A batch is its samples: what layers make of several is what they make of each.
- Methods and operators are one: ``a.add(b)`` is ``a + b``, and ``a.relu()`` is ``ReLU()(a)``.
- Layers and functions are what they are made of: ``Linear`` is ``a @ layer.weight + layer.bias``, attention is its
  formula.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.check.programs import sequences, steps
from tinytorch_hf.check.programs.builder import Available, Builder
from tinytorch_hf.check.programs.interpret import ERROR
from tinytorch_hf.check.programs.program import BACKWARD, CALL, EVALUATION, MAKE, NO_TENSORS, TENSOR, Program, Statement
from tinytorch_hf.check.programs.sound import values_of
from tinytorch_hf.judging.case import Results, is_gradient
from tinytorch_hf.judging.rounding import largest_magnitude

_TOLERANCE = 1e-4
_METHODS = {"+": ".add", "-": ".sub", "*": ".mul", "/": ".div", "@": ".matmul"}
_BY_ROW = (
    *(steps.linear, steps.activation, steps.layer_norm, steps.convolution, steps.pooling),
    *(sequences.multi_head, sequences.positions, sequences.dropout),
)


@dataclass(frozen=True)
class Relation:
    """One relation.

    Attributes
    ----------
    sentence
        What has to hold.
    others
        The programs that stand in relation to one; none where it says nothing of it.
    holds
        Whether it does, given what came of the one and of the others.
    """

    sentence: str
    others: Callable[[Program, Available], list[Program]]
    holds: Callable[[Results, Sequence[Results]], bool]


def _doubled(program: Program, _: Available) -> list[Program]:
    def doubled(one: Statement) -> Statement:
        if one.form != BACKWARD:
            return one
        return dataclasses.replace(one, arguments={"scale": 2 * one.arguments["scale"]})

    return [Program(tuple(map(doubled, program)))]


def _computed_before(program: Program, _: Available) -> list[Program]:
    """Everything up to the first pass back once more before it, and dropped."""
    if any(one.arguments.get("mode") == EVALUATION and one.form == CALL for one in program) and _normalizes(program):
        # What is normalized in evaluation goes by what was computed before in training.
        return []
    statements: list[Statement] = []
    names: dict[str, str] = {}
    first = next(place for place, one in enumerate(program) if one.form == BACKWARD)
    for one in program.statements[:first]:
        statements.append(one)
        if one.form not in (TENSOR, *NO_TENSORS):
            names[one.name] = f"{one.name}0"
            operands = tuple(names.get(each, each) if isinstance(each, str) else each for each in one.operands)
            statements.append(dataclasses.replace(one, name=names[one.name], operands=operands))
    return [Program((*statements, *program.statements[first:]))] if names else []


def _by_sample(program: Program, _: Available) -> list[Program]:
    """The program on each sample of its one tensor, where it is nothing but layers in a row."""
    if any(one.form not in (TENSOR, MAKE, CALL, BACKWARD) for one in program) or len(program.of(BACKWARD)) != 1:
        return []
    if len(program.of(TENSOR)) != 1 or any("target" in one.arguments or "labels" in one.arguments for one in program):
        return []
    if _normalizes(program):
        return []
    (leaf,) = program.of(TENSOR)
    samples = leaf.arguments["values"]
    return [
        Program(
            tuple(
                dataclasses.replace(one, arguments={**one.arguments, "values": [sample]}) if one is leaf else one
                for one in program
            )
        )
        for sample in samples
    ]


def _normalizes(program: Program) -> bool:
    """Whether samples are normalized together."""
    return any(one.arguments["part"] == "BatchNorm2d" for one in program.of(MAKE))


def _by_method(program: Program, available: Available) -> list[Program]:
    """Operators as methods, and activations as methods of tensors, where tensors have these."""
    layers = {one.name: one.arguments["part"] for one in program.of(MAKE)}
    statements = []
    for one in program:
        method = _METHODS.get(one.form, "")
        if one.form == CALL:
            method = f".{layers[one.sources[0]].lower()}"
        if method in available and one.form in (*_METHODS, CALL):
            operands = one.operands[1:] if one.form == CALL else one.operands
            statements.append(Statement(one.name, method, operands, {}))
        else:
            statements.append(one)
    return [Program(tuple(statements))] if statements != list(program) else []


def _written_out(program: Program, available: Available) -> list[Program]:
    """Linear layers and attention by products, sums, and a softmax."""
    shapes = {name: value.shape for name, value in values_of(program).items()}
    made = {one.name: one.arguments for one in program.of(MAKE)}
    statements: list[Statement] = []
    for one in program:
        if one.form == CALL and made[one.sources[0]]["part"] == "Linear":
            statements += _linear(one, made[one.sources[0]]["values"])
        elif one.form == "attention" and one.arguments.get("mask") is None:
            statements += _attention(one, shapes[one.sources[0]][-1])
        else:
            statements.append(one)
    other = Program(tuple(statements))
    return [other] if len(other) > len(program) and other.forms <= available.forms else []


def _linear(one: Statement, values: Mapping[str, object]) -> list[Statement]:
    layer, x = one.sources
    weight, bias, product = (f"{one.name}{what}" for what in ("weight", "bias", "product"))
    statements = [Statement(weight, "parameter", (layer,), {"path": "weight"})]
    if "bias" not in values:
        return [*statements, Statement(one.name, "@", (x, weight), {})]
    return [
        *statements,
        Statement(product, "@", (x, weight), {}),
        Statement(bias, "parameter", (layer,), {"path": "bias"}),
        Statement(one.name, "+", (product, bias), {}),
    ]


def _attention(one: Statement, width: int) -> list[Statement]:
    query, key, value = one.sources
    flipped, product, scores, softmax, weights = (
        f"{one.name}{what}" for what in ("flipped", "product", "scores", "softmax", "weights")
    )
    return [
        Statement(flipped, "transpose", (key,), {"axes": [1, 2]}),
        Statement(product, "@", (query, flipped), {}),
        Statement(scores, "/ number", (product, width**0.5), {}),
        Statement(softmax, MAKE, (), {"part": "Softmax", "sizes": [], "named": {}, "values": {}}),
        Statement(weights, CALL, (softmax, scores), {}),
        Statement(one.name, "@", (weights, value), {}),
    ]


def _same(found: Results, others: Sequence[Results], times: float = 1.0) -> bool:
    names = [name for name in found if name.startswith("output ") or is_gradient(name)]
    for name in names:
        factor = times if is_gradient(name) else 1.0
        if not all(_close(found[name], other.get(name), factor) for other in others):
            return False
    return True


def _close(one: object, other: object, times: float = 1.0) -> bool:
    if one is None or other is None:
        return one is other
    if not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray) or one.shape != other.shape:
        return False
    with np.errstate(all="ignore"):
        apart = np.abs(times * one.astype(np.float64) - other)
    return bool(np.isfinite(apart).all()) and largest_magnitude(apart) <= _TOLERANCE * max(1.0, largest_magnitude(one))


def _joined(found: Results, others: Sequence[Results]) -> bool:
    (name,) = (name for name in found if name.startswith("output "))
    parts = [part for other in others if isinstance(part := other.get(name), np.ndarray) and part.ndim]
    try:
        return len(parts) == len(others) and _close(found[name], np.concatenate(parts))
    except ValueError:
        return False


RELATIONS: Mapping[str, Relation] = {
    "linear": Relation(
        "twice the gradient sent back leaves twice the gradients", _doubled, lambda a, others: _same(a, others, 2.0)
    ),
    "repeated": Relation("what was computed once before changes nothing", _computed_before, _same),
    "samples": Relation("a batch gives what its samples give one by one", _by_sample, _joined),
    "formulas": Relation("a layer or a function gives what its formula gives", _written_out, _same),
    "methods": Relation("a method gives what the operator or the layer gives", _by_method, _same),
}
"""Every relation, by its name."""


def rows_program(b: Builder) -> bool:
    """Draw layers in a row, on a batch; whether anything came of it."""
    made = sequences.embedding(b) if b.chance(0.25) else None
    if made is None:
        b.leaf((b.one_of((2, 3)), *b.lengths(2)) if b.chance(0.6) else (2, 2, 4, 5), gradient=True)
    for _ in range(4):
        made = steps.tried(b.one_of(_BY_ROW), b) or made
        # Each takes what the one before has given.
        b.pool = b.pool[-1:]
    if made is None:
        return False
    b.backward(made)
    return True


def is_broken(relation: Relation, found: Results, others: Sequence[Results]) -> bool:
    """Whether a relation does not hold; what raised an error says nothing of it."""
    return not any(ERROR in each for each in (found, *others)) and not relation.holds(found, others)
