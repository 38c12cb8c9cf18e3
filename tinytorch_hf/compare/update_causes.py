"""Likely causes of a wrong update: the optimizers' rules with one thing wrong, see `tinytorch_hf.judging.updates`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tinytorch_hf.compare.causes import explains
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.cause import Cause
from tinytorch_hf.judging.updates import NOT_FINITE, RIGHT, Rule, Settings, Updates, mistakes


def of_update(
    class_name: str,
    found: Sequence[Array],
    before: Sequence[Array],
    gradients: Sequence[list[Array]],
    given: Mapping[str, float],
) -> Cause | None:
    """What a wrong update looks like, of all parameters together; None if it looks like nothing known.

    Parameters
    ----------
    class_name
        "SGD", "Adam" or "AdamW".
    found
        The parameters after the wrong update, those that are right among them.
    before
        The parameters before it.
    gradients
        Of each parameter in every step so far, this one last.
    given
        lr, momentum, weight_decay.
    """
    if all(map(np.array_equal, found, before)):
        return Cause("STEP-NOTHING")
    settings = Settings(given["lr"], given.get("momentum", 0.0), given.get("weight_decay", 0.0))
    right, wrong = _joined(updated(RIGHT[class_name], settings, before, gradients)), _joined(found)
    tried = {
        code: _joined(updated(rule, settings, before, gradients)) for code, rule in rules(class_name, settings).items()
    }
    # Several may be near enough, such as a decay that is wrong in one way and in two; the nearest is meant.
    distances = {
        code: float(np.abs(values - wrong).max()) for code, values in tried.items() if explains(values, wrong, right)
    }
    return Cause(min(distances, key=distances.__getitem__)) if distances else None


def rules(class_name: str, settings: Settings) -> dict[str, Rule]:
    """What is tried, by code: everything that may show where all parameters have gradients."""
    right = RIGHT[class_name]
    more = {code: replace(right, **change) for code, change in NOT_FINITE.items()} if right.is_adaptive else {}
    return {**mistakes(class_name, settings), **more}


def updated(
    rule: Rule, settings: Settings, before: Sequence[Array], gradients: Sequence[list[Array]]
) -> Sequence[Array]:
    """The parameters after the last step, in float64; where decay acts on earlier ones, those of now stand in."""
    values = [value.astype(np.float64) for value in before]
    updates, after = Updates(rule, settings), values
    # Rules without eps, or without the square, divide by 0 or take the root of negative numbers.
    with np.errstate(all="ignore"):
        for step in zip(*gradients, strict=True):
            after = updates.step(values, [gradient.astype(np.float64) for gradient in step])
    return after


def _joined(values: Iterable[Array]) -> Array:
    return np.concatenate([np.ravel(value) for value in values])
