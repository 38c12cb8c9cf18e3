"""The curves of a comparison, for a page and for a picture alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tinytorch_hf.compare.lockstep import Comparison
from tinytorch_hf.reports.html.charts import Limit, Series


@dataclass(frozen=True)
class Chart:
    """Curves over 1, 2, 3 ...: what `html.blocks.lines` and `plot` draw.

    Attributes
    ----------
    caption, x_label
        What is shown, and what is counted.
    series
        The curves.
    is_log, is_share
        Whether the axis of values is logarithmic, or of shares of 1.
    limit
        A level to be compared with.
    """

    caption: str
    x_label: str
    series: Sequence[Series]
    is_log: bool = False
    is_share: bool = False
    limit: Limit | None = None


def charts(result: Comparison) -> list[Chart]:
    """Loss and accuracy by epoch; by step instead where there was one epoch; and how far apart the losses are."""
    epochs, kept = result.epochs, result.evidence
    mine, right = ([], []) if kept is None else (kept.losses_tinytorch, kept.losses_pytorch)
    found = []
    if len(epochs) == 1 and mine:
        found.append(Chart("Loss of each step", "step", _both(mine, right)))
    elif epochs:
        by_epoch = [one.loss_tinytorch for one in epochs], [one.loss_pytorch for one in epochs]
        found.append(Chart("Mean loss of each epoch", "epoch", _both(*by_epoch)))
    if epochs:
        seen = "validation part" if result.settings.validation else "test split"
        if result.settings.validation:
            sides = [one.validation_tinytorch for one in epochs], [one.validation_pytorch for one in epochs]
            losses = ([math.nan if loss is None else loss for loss in side] for side in sides)
            found.append(Chart("Loss of the validation part", "epoch", _both(*losses)))
        accuracies = [one.accuracy_tinytorch for one in epochs], [one.accuracy_pytorch for one in epochs]
        found.append(Chart(f"Accuracy on the {seen}", "epoch", _both(*accuracies), is_share=True))
    if mine:
        apart = [abs(one - other) for one, other in zip(mine, right, strict=True)]
        limit = Limit("what rounding explains", result.tolerance)
        series = [Series("difference of the losses", apart)]
        found.append(Chart("Difference of the losses by step", "step", series, is_log=True, limit=limit))
    return found


def _both(mine: Sequence[float], right: Sequence[float]) -> list[Series]:
    return [Series("TinyTorch", mine), Series("PyTorch", right)]
