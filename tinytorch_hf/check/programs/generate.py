"""Draws programs from a seed: the same ones for the same seed and the same package."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

import numpy as np

from tinytorch_hf.check.programs import steps, training
from tinytorch_hf.check.programs.builder import Available, Builder
from tinytorch_hf.check.programs.program import Program
from tinytorch_hf.check.programs.relations import RELATIONS, rows_program

TRAINED = "training"
"""The family of which layers are trained for a step, with the parameters that they themselves give."""

RELATED = "relations"
"""The family whose programs are compared with each other, not with PyTorch."""

FAMILIES: Mapping[str, int] = {
    "operators": 16,
    "shapes": 14,
    "reductions": 13,
    "products": 9,
    "layers": 12,
    "images": 8,
    "sequences": 10,
    "chains": 1,
    TRAINED: 9,
    RELATED: 7,
}
"""The families of programs, and how many of a hundred each has."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "layers": ("Linear", "ReLU", "Sigmoid", "Tanh", "GELU", "Softmax", "LayerNorm"),
    "images": ("Conv2d", "MaxPool2d", "AvgPool2d", "BatchNorm2d"),
    "sequences": ("Embedding", "attention", "MultiHeadAttention"),
    TRAINED: ("SGD", "Adam", "AdamW"),
    "products": ("@", ".matmul"),
    "reductions": ("sum", "mean", "max"),
}
"""Of which forms a family needs one at least; any other needs an operator."""

_CHAIN = 100
_MOST_TRIES = 12


def counts(total: int) -> dict[str, int]:
    """How many programs each family has of so many."""
    whole = sum(FAMILIES.values())
    found = {family: max(1, total * share // whole) if total else 0 for family, share in FAMILIES.items()}
    found["operators"] += max(0, total - sum(found.values()))
    return found


def needed(family: str) -> tuple[str, ...]:
    """The forms one of which a family needs."""
    return NEEDED.get(family, ("+", "-", "*", "/"))


def generated(family: str, available: Available, n: int, seed: int) -> Iterator[Builder]:
    """So many programs of a family, each as what built it."""
    for number in range(n):
        rng = np.random.default_rng([seed, zlib.crc32(family.encode()), number])
        for _ in range(_MOST_TRIES):
            # What overflows on the way is drawn again.
            with np.errstate(all="ignore"):
                builder = _program(Builder(rng, available, is_training=family == TRAINED), family)
            if builder is not None:
                yield builder
                break


def related(available: Available, n: int, seed: int) -> Iterator[tuple[str, Builder]]:
    """So many programs of all families, each with the name of a relation that is to be tried with it."""
    others = [family for family in FAMILIES if family not in (RELATED, TRAINED, "chains")]
    # What is kept from one call to the next is kept by layers.
    of_layers = {"repeated": ["layers", "images", "sequences"], "formulas": ["layers", "sequences"]}
    for number in range(n):
        rng = np.random.default_rng([seed, zlib.crc32(RELATED.encode()), number])
        name = list(RELATIONS)[number % len(RELATIONS)]
        for _ in range(_MOST_TRIES):
            builder = Builder(rng, available)
            with np.errstate(all="ignore"):
                is_drawn = (
                    rows_program(builder)
                    if name == "samples"
                    else _program(builder, builder.one_of(of_layers.get(name, others))) is not None
                )
            if is_drawn:
                yield name, builder
                break


def _program(b: Builder, family: str) -> Builder | None:
    """A program; None where nothing came of it."""
    if family == TRAINED:
        return training.trained(b)
    steps.first_leaf(b, family)
    has_second = family != "chains" and b.chance(0.2)
    if not _pass(b, family):
        return None
    if has_second:
        kind = b.rng.random()
        if kind < 0.3 and b.asked():
            b.zero(b.asked() if b.chance(0.5) else b.asked()[:1])
        elif kind < 0.7 and b.asked():
            b.scale([b.one_of(b.asked())])
        if not _pass(b, family):
            return None
    elif b.asked() and b.chance(0.25):
        b.scale([b.one_of(b.asked())])
    return b


def _pass(b: Builder, family: str) -> bool:
    """Statements up to a pass back; whether one came about."""
    n_wanted = _CHAIN if family == "chains" else int(b.rng.integers(2, 9))
    n_made = 0
    for _ in range(2 * n_wanted + 4):
        n_made += steps.drawn(b, family) is not None
        if n_made >= n_wanted:
            break
    output = _output(b)
    if output is None:
        return False
    b.backward(output, b.one_of((1.0, 1.0, 2.0, -0.5)))
    return True


def _output(b: Builder) -> str | None:
    """What is passed back from: the last result, mostly with what else nothing was made of; or a loss of it."""
    unused = [name for name in b.unused if b.leads_to_a_leaf(name)]
    if not unused:
        return None
    output = unused[-1]
    if b.chance(0.8):
        for other in unused[:-1]:
            output = _joined(b, output, other) or output
    kind = b.rng.random()
    if kind < 0.15:
        made = steps.tried(steps.loss, b)
        output = made if made is not None and b.leads_to_a_leaf(made) and made != output else output
    elif kind < 0.4:
        total: str | None = output
        if b.chance(0.4):
            total = b.operation(b.one_of(("* number", "/ number")), (output, b.one_of((0.5, 3))))
        total = b.operation(b.one_of(("sum", "mean")), (total or output,), axis=None, keepdims=False)
        output = total or output
    return output


def _joined(b: Builder, output: str, other: str) -> str | None:
    """Two results in one."""
    if b.shape(output) == b.shape(other):
        return b.operation(b.one_of(("+", "*", "-")), (output, other))
    total = b.operation(b.one_of(("sum", "mean")), (other,), axis=None, keepdims=False)
    return None if total is None else b.operation(b.one_of(("+", "*")), (output, total))


def programs(family: str, available: Available, n: int, seed: int) -> list[Program]:
    """So many programs of a family, as plain data."""
    return [builder.program() for builder in generated(family, available, n, seed)]
