"""A comparison of two trainings as a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tinytorch_hf.compare.divergence import Divergence
from tinytorch_hf.compare.evidence import NOT_RECORDED, Evidence, LayerError, Predictions
from tinytorch_hf.compare.lockstep import Comparison
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.stepwise import Judgement
from tinytorch_hf.reports import curves, training_table
from tinytorch_hf.reports.alone import runnable
from tinytorch_hf.reports.html import blocks
from tinytorch_hf.reports.html.blocks import Bar, Picture

if TYPE_CHECKING:
    from markupsafe import Markup as Block

MOST_PICTURES = 24
"""Of the samples on which both sides differ, how many are shown."""

_TONES: Mapping[str, blocks.Tone] = {"agree": "good", "differ": "bad", "interrupted": "warn"}
# The ends of the bars, as powers of ten of what rounding explains.
_SHORTEST, _LONGEST = -2.0, 4.0
_LAYERS = (
    "Both sides start step {} from the same weights. For every output and every gradient this is the largest distance "
    "from what PyTorch gives in float64, measured by how far rounding may carry two right programs apart: up to 1 it "
    "is rounding. A layer may be off because of what reached it: for outputs look at the first from the top, for "
    "gradients at the first from the bottom. The bars are logarithmic; a full one is 10,000 times what rounding "
    "explains, or more."
)


def training_page(result: Comparison | Judgement, command: str, versions: Mapping[str, str]) -> str:
    """The page.

    Parameters
    ----------
    result
        What came of it.
    command
        What does the same again.
    versions
        Names of what took part, with their releases.

    Raises
    ------
    MissingExtraError
        jinja2 is not installed.
    """
    verdict = training_table.verdict(result)
    divergence = result.divergence if isinstance(result, Judgement) else result.cause
    evidence = result.evidence or Evidence()
    parts: list[tuple[str, str, list[Block]]] = []
    if divergence is not None:
        parts.append(("first", "What goes wrong first", list(_first(divergence, result.framework.folder))))
    if isinstance(result, Comparison) and result.own_start is not None:
        words = training_table.own_start_lines(result.own_start)
        parts.append(("start", "Your own initial weights", [blocks.listing(words)]))
    if isinstance(result, Comparison) and result.epochs:
        parts.append(("curves", "Loss and accuracy", list(_curves(result))))
    if evidence.layers:
        parts.append(("layers", "Error of each layer", list(_layers(evidence))))
    if isinstance(result, Comparison):
        parts.append(("predictions", "Predictions on the test split", list(_predictions(evidence))))
    parts.append(("again", "How to get this again", list(_again(result, command, versions))))
    subject = result.framework
    notes = [subject.not_isolated] * bool(subject.not_isolated) + [*subject.notes]
    return blocks.page(
        f"{subject.name} beside PyTorch: {result.settings.dataset}, {result.model}",
        *(blocks.paragraph(note, "note") for note in notes),
        *(blocks.section(heading, *body, anchor=anchor) for anchor, heading, body in parts),
        badge=blocks.badge(verdict, _TONES[verdict]),
        lead=_sentence(training_table.verdict_in_words(result)),
        contents=[(heading, anchor) for anchor, heading, _ in parts],
    )


def failed_page(settings: Settings, verdict: str, problem: str, command: str, versions: Mapping[str, str]) -> str:
    """The page of a comparison that ended before there was something to compare: "crash", or "interrupted"."""
    return blocks.page(
        f"TinyTorch beside PyTorch: {settings.dataset}, {settings.model}",
        blocks.section("What happened", blocks.code(problem), anchor="first"),
        blocks.section("How to get this again", blocks.code(command), _facts(settings, versions, {}), anchor="again"),
        badge=blocks.badge(verdict, "bad" if verdict == "crash" else "warn"),
        lead="The training did not come to its end.",
    )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _first(divergence: Divergence, folder: str) -> Iterator[Block]:
    when = f"step {divergence.step}" if divergence.step else "before the first step"
    rows: list[tuple[str, str | Block]] = [
        ("Where", f"{divergence.layer}, {when}"),
        ("What", f"{divergence.what}, {divergence.kind}"),
        ("Seen", divergence.finding.detail),
    ]
    if divergence.cause:
        code = blocks.joined(" ", blocks.name(divergence.code)) if divergence.code else ""
        rows.append(("Likely cause", blocks.joined(divergence.cause, code)))
    if divergence.hint:
        rows.append(("Hint", divergence.hint))
    yield blocks.facts(rows)
    if divergence.snippet:
        yield blocks.paragraph("These lines show it, without data and without a training:")
        yield blocks.code("\n".join(runnable(divergence.snippet, folder)))


def _curves(result: Comparison) -> Iterator[Block]:
    yield blocks.side_by_side(
        *(
            blocks.lines(
                chart.caption,
                chart.series,
                x_label=chart.x_label,
                is_log=chart.is_log,
                is_share=chart.is_share,
                limit=chart.limit,
            )
            for chart in curves.charts(result)
        )
    )
    columns = ["epoch", "loss, TinyTorch", "loss, PyTorch", "accuracy, TinyTorch", "accuracy, PyTorch", "losses apart"]
    rows = [
        [
            str(one.epoch),
            *(f"{loss:.4f}" for loss in (one.loss_tinytorch, one.loss_pytorch)),
            *(f"{accuracy:.1%}" for accuracy in (one.accuracy_tinytorch, one.accuracy_pytorch)),
            f"{one.largest_difference:.1e}",
        ]
        for one in result.epochs
    ]
    table = blocks.table(
        columns, rows, right=columns[1:], caption="Losses apart: at most, over the steps of the epoch."
    )
    yield blocks.details("The numbers of each epoch", table)


def _layers(evidence: Evidence) -> Iterator[Block]:
    yield blocks.paragraph(_LAYERS.format(evidence.layer_step))
    outputs = [one for one in evidence.layers if not one.what.startswith("gradient")]
    gradients = [one for one in evidence.layers if one.what.startswith("gradient")]
    found = [("Forward: outputs and the loss", outputs), ("Backward: gradients of the parameters", gradients)]
    yield blocks.side_by_side(
        *(
            blocks.bars(("layer", "times what rounding explains"), map(_bar, errors), caption=caption)
            for caption, errors in found
            if errors
        )
    )


def _bar(error: LayerError) -> Bar:
    of = error.what.removeprefix("gradient with respect to ")
    label = f"{error.layer}, {of}"
    if error.times is None:
        return Bar(label, 1.0, error.problem, "bad")
    power = math.log10(error.times) if error.times > 0 else -math.inf
    share = min(max((power - _SHORTEST) / (_LONGEST - _SHORTEST), 0.0), 1.0)
    text = f"{_times(error.times)} (off by {error.error:.1e}, rounding explains {error.allowed:.1e})"
    return Bar(label, share, text, "good" if error.is_right else "bad")


def _times(times: float) -> str:
    return f"{times:.2g}" if times < 1000 else f"{times:,.0f}" if math.isfinite(times) else "infinite"


def _predictions(evidence: Evidence) -> Iterator[Block]:
    found = evidence.predictions
    if found is None:
        yield blocks.paragraph(evidence.why_none or "They were not kept.")
        return
    n = len(found.targets)
    if found.pytorch is None:
        yield blocks.paragraph(NOT_RECORDED)
    elif len(found.differing) == 0:
        yield blocks.paragraph(f"Both sides predict the same for all {n} samples.")
    else:
        yield blocks.paragraph(f"The two sides predict different classes for {len(found.differing)} of {n} samples.")
    sides = [("TinyTorch", found.tinytorch), ("PyTorch", found.pytorch)]
    yield blocks.side_by_side(
        *(
            blocks.matrix(
                f"Confusion matrix, {side}: {int((predicted == found.targets).sum())} of {n} right",
                found.confusion(predicted),
                _class_names(found),
                down="true",
                across="predicted",
            )
            for side, predicted in sides
            if predicted is not None
        )
    )
    yield from _pictures(found)


def _class_names(found: Predictions) -> list[str]:
    """Numbers with names, unless they begin with them: the columns have the numbers alone."""
    return [
        name if name.split(" ")[0] == str(number) else f"{number} {name}" for number, name in enumerate(found.classes)
    ]


def _pictures(found: Predictions) -> Iterator[Block]:
    if found.images is None or found.pytorch is None or not len(found.differing):
        return
    shown = found.differing[:MOST_PICTURES]
    more = f", the first {len(shown)} of {len(found.differing)}" if len(shown) < len(found.differing) else ""
    yield blocks.heading(f"Samples on which the two sides differ{more}")
    pictures = []
    for number in shown:
        right, mine, theirs = (found.classes[int(of[number])] for of in (found.targets, found.tinytorch, found.pytorch))
        caption = f"it is {right}; TinyTorch says {mine}, PyTorch {theirs}"
        pictures.append(Picture(found.images[number], f"sample {number} of the test split, {right}", caption))
    yield blocks.gallery(pictures)


def _again(result: Comparison | Judgement, command: str, versions: Mapping[str, str]) -> Iterator[Block]:
    yield blocks.code(command)
    subject = result.framework
    more: dict[str, str] = {
        "Package": str(subject),
        "Folder": subject.location,
        "PyTorch's side": training_table.judge_in_words(result),
        "Fingerprint of the data": result.fingerprint,
        "Model": result.model,
        "Built of": ", ".join(result.parts),
    }
    yield _facts(result.settings, versions, more)


def _facts(settings: Settings, versions: Mapping[str, str], more: Mapping[str, str]) -> Block:
    return blocks.facts(
        [
            *more.items(),
            ("Data", settings.dataset),
            (
                "Training",
                f"{settings.optimizer}, lr {settings.lr:g}, batch size {settings.batch_size}, "
                f"{settings.epochs} epoch{'s' * (settings.epochs != 1)}",
            ),
            ("Seed", str(settings.seed)),
            *versions.items(),
        ]
    )
