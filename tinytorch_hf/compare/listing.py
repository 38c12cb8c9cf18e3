"""Whether each layer's own parameters() lists what is to be trained: all of it, once each, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tinytorch_hf.compare.diagnosis import of_cause
from tinytorch_hf.compare.divergence import Divergence, Finding
from tinytorch_hf.compare.layers import Layer
from tinytorch_hf.compare.models import Model
from tinytorch_hf.judging.cause import Cause

_TIMES = {1: "once", 2: "twice"}


def wrong_listing(model: Model, listings: Sequence[tuple[int, ...] | None]) -> Divergence | None:
    """The first layer whose parameters() leaves something out, or lists something more than once; None if none does.

    Parameters
    ----------
    model
        What was built.
    listings
        By layer, how often each of its parameters is listed; None for a layer without such a method.
    """
    for layer, counts in zip(model.layers, listings, strict=True):
        if counts is None:
            continue
        missing = _names(layer, counts, lambda count: count == 0)
        if missing:
            detail = f"parameters() does not list {' and '.join(missing)}, so that the optimizer never changes it"
            return _divergence(layer, "missing", detail, "PARAMETERS-MISSING")
        twice = _names(layer, counts, lambda count: count > 1)
        if twice:
            times = max(counts)
            detail = f"parameters() lists {' and '.join(twice)} {_TIMES.get(times, f'{times} times')}"
            return _divergence(layer, "twice", detail, "PARAMETERS-TWICE")
    return None


def strange_listing(model: Model, strangers: Sequence[int], step: int) -> Divergence | None:
    """The first layer that lists tensors which took no part in a step; None if none does.

    Parameters
    ----------
    model
        What was built.
    strangers
        By layer, how many tensors it lists that are none of its parameters and have received no gradient.
    step
        In which that was seen.
    """
    for layer, count in zip(model.layers, strangers, strict=True):
        if count:
            detail = f"parameters() lists {count} tensor{'s' * (count != 1)} that no gradient arrives at"
            return _divergence(layer, "other", detail, "PARAMETERS-OTHER", step)
    return None


def _names(layer: Layer, counts: Sequence[int], is_wrong: Callable[[int], bool]) -> list[str]:
    return [parameter.name for parameter, count in zip(layer.parameters, counts, strict=True) if is_wrong(count)]


def _divergence(layer: Layer, kind: str, detail: str, code: str, step: int = 0) -> Divergence:
    named = of_cause(Cause(code))
    finding = Finding(kind, detail)
    return Divergence(
        step, layer.name, "parameters", "parameters()", finding, named.sentence, "", named.code, named.hint
    )
