"""Draws programs in which layers are trained: passes back, steps of an optimizer, and layers that are used again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinytorch_hf.check.programs import sequences, steps
from tinytorch_hf.check.programs.builder import Builder
from tinytorch_hf.check.programs.program import Statement
from tinytorch_hf.check.programs.sound import UnsoundError

_ROWS = (steps.linear, steps.linear, steps.activation, steps.layer_norm)
_IMAGES = (steps.convolution, steps.convolution, steps.batch_norm, steps.activation)
_SEQUENCES = (
    *(sequences.embedding, sequences.positions, sequences.multi_head),
    *(steps.linear, steps.residual, steps.layer_norm),
)
_MOST_STEPS = 3


def trained(b: Builder) -> Builder | None:
    """Layers in a row, a loss, and steps of an optimizer; None where nothing came of it."""
    output = _forward(b)
    if output is None:
        return None
    forward = tuple(b.statements)
    watched = _watched(b)
    optimizer = _optimizer(b)
    if optimizer is None:
        return None
    b.backward(output)
    n_steps = 1 + int(b.rng.integers(_MOST_STEPS))
    done: Sequence[Statement] = ()
    try:
        for number in range(n_steps):
            if number or b.chance(0.3):
                # Before the first step, two passes back whose gradients add up.
                b.backward(_again(b, forward, output))
            if watched and b.chance(0.5):
                b.scale([watched])
            b.step()
            done = tuple(b.statements)
            if b.chance(0.7):
                b.forget()
    except UnsoundError:
        b.statements = list(done)
    return b if done else None


def _forward(b: Builder) -> str | None:
    """What is trained on: rows, images, or sequences; the name of what is passed back from."""
    kind = b.rng.random()
    if kind < 0.25:
        b.leaf((2, 2, 4, 5), gradient=False)
        made = [steps.tried(b.one_of(_IMAGES), b) for _ in range(3)]
    elif kind < 0.5 and "Embedding" in b.available:
        made = [steps.tried(sequences.embedding, b), *(steps.tried(b.one_of(_SEQUENCES), b) for _ in range(3))]
    else:
        b.leaf(b.lengths(2), gradient=False)
        made = [steps.tried(b.one_of(_ROWS), b) for _ in range(4)]
    results = [name for name in made if name and b.leads_to_a_leaf(name)]
    if not results:
        return None
    output = (b.chance(0.6) and steps.tried(steps.loss, b)) or results[-1]
    return output if b.leads_to_a_leaf(output) else None


def _watched(b: Builder) -> str | None:
    """A parameter by a name of its own, so that its gradient can be made smaller before a step, as clipping does."""
    layers = [name for name in b.layers() if b.made(name)["values"]]
    if "parameter" not in b.available or not b.chance(0.25):
        return None
    layer = b.one_of(layers)
    return b.operation("parameter", (layer,), path=b.one_of(list(b.made(layer)["values"])))


def _optimizer(b: Builder) -> str | None:
    """An optimizer of all parameters, with some of its options; its part, or None where there is none."""
    parts = [part for part in ("SGD", "SGD", "SGD", "Adam", "AdamW") if part in b.available]
    if not parts:
        return None
    part = str(b.one_of(parts))
    options: dict[str, Any] = {"momentum": 0.9} if part == "SGD" else {"eps": 0.1}
    named = {key: value for key, value in options.items() if f"{part} {key}" in b.available and b.chance(0.6)}
    if f"{part} weight_decay" in b.available and (part == "AdamW" or b.chance(0.4)):
        named["weight_decay"] = 0.1
    b.optimizer(part, b.one_of((0.1, 0.5) if part == "SGD" else (0.1, 0.05)), **named)
    return part


def _again(b: Builder, forward: Sequence[Statement], output: str) -> str:
    """The same layers once more, as they are now; on the same numbers or others."""
    made = b.again(forward, output, renews=b.chance(0.5))
    if made is None:
        raise UnsoundError("nothing is computed")
    return made
