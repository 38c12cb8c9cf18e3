"""A comparison as text for a terminal and as plain values for a program."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from tinytorch_hf.compare.divergence import Divergence
from tinytorch_hf.compare.lockstep import Comparison, Epoch
from tinytorch_hf.compare.own_start import OwnStart
from tinytorch_hf.compare.package import Subject
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.stepwise import Judgement
from tinytorch_hf.reports import explained
from tinytorch_hf.reports.alone import runnable
from tinytorch_hf.shown import printable
from tinytorch_hf.student.mapping import brief

_TOLD_OTHERWISE = (
    *("framework", "settings", "epochs", "first_divergence", "first_not_finite", "cause"),
    *("divergence", "own_start", "is_interrupted", "evidence", "chosen_tinytorch", "chosen_pytorch"),
)

HEADER = (
    f"{'':>5}  {'loss':^21}  {'test accuracy':^21}  {'largest loss':>12}\n"
    f"{'epoch':>5}  {'TinyTorch':>10} {'PyTorch':>10}  {'TinyTorch':>10} {'PyTorch':>10}  {'difference':>12}"
)

VALIDATION_HEADER = (
    f"{'':>5}  {'loss':^21}  {'validation loss':^21}  {'validation accuracy':^21}  {'largest loss':>12}\n"
    f"{'epoch':>5}  {'TinyTorch':>10} {'PyTorch':>10}  {'TinyTorch':>10} {'PyTorch':>10}  "
    f"{'TinyTorch':>10} {'PyTorch':>10}  {'difference':>12}"
)


def header(settings: Settings) -> str:
    """What stands over the rows of epochs."""
    return VALIDATION_HEADER if settings.validation else HEADER


def epoch_line(epoch: Epoch) -> str:
    """One row under `header`."""
    validation = ""
    if epoch.validation_tinytorch is not None and epoch.validation_pytorch is not None:
        validation = f"  {epoch.validation_tinytorch:>10.4f} {epoch.validation_pytorch:>10.4f}"
    return (
        f"{epoch.epoch:>5}  {epoch.loss_tinytorch:>10.4f} {epoch.loss_pytorch:>10.4f}{validation}"
        f"  {epoch.accuracy_tinytorch:>10.1%} {epoch.accuracy_pytorch:>10.1%}"
        f"  {epoch.largest_difference:>12.1e}"
    )


def opening(subject: Subject) -> str:
    """What is compared: the first line of all; below it what is to be said first, such as that nothing isolates it."""
    notes = [subject.not_isolated] * bool(subject.not_isolated) + [*subject.notes]
    return "\n".join([f"TinyTorch  {subject}", *(f"note       {printable(note)}" for note in notes)])


def conclusion(result: Comparison) -> str:
    """What was compared with what, how far apart the losses were, and the verdict."""
    lines = [*subject_lines(result), *_chosen(result), *(_reached(result) if result.epochs else ())]
    if result.own_start is not None:
        lines += _own_start(result.own_start)
    lines += _verdict(result)
    return "\n".join(lines)


def _reached(result: Comparison) -> list[str]:
    """Accuracies, and how far apart the losses were."""
    last = result.epochs[-1]
    when = f" after epoch {last.epoch}" if result.is_interrupted else ""
    finished = f"{last.epoch} finished epoch{'s' * (last.epoch != 1)}"
    n_steps = finished if result.is_interrupted else f"{result.n_steps} steps"
    on = "test split"
    mine, theirs = result.accuracies or (None, None)
    if mine is None or theirs is None:
        mine, theirs, on = last.accuracy_tinytorch, last.accuracy_pytorch, "validation part"
    return [
        f"accuracy   TinyTorch {mine:.1%}, PyTorch {theirs:.1%} on the {on}{when}",
        f"losses     {_how_far_apart(result, n_steps)}",
    ]


def _how_far_apart(result: Comparison, n_steps: str) -> str:
    """The largest difference of the losses; where one of them is no number, since when it is none."""
    rounding = f"(rounding explains up to {result.tolerance:.0e})"
    if math.isfinite(result.largest_difference):
        return f"differ by at most {result.largest_difference:.1e} over {n_steps} {rounding}"
    first = result.first_not_finite
    if first is None:
        return f"are not all numbers over {n_steps}"
    whose, shown, other = "TinyTorch", first.loss_tinytorch, first.loss_pytorch
    if math.isfinite(shown):
        whose, shown, other = "PyTorch", other, shown
    what = "not a number" if math.isnan(shown) else "infinite"
    return f"{whose}'s is {what} from step {first.step} on (epoch {first.epoch}), the other side's is {other:.7g}"


def judgement(result: Judgement) -> str:
    """What was judged step by step, and the verdict."""
    lines = [
        *subject_lines(result),
        f"judged     {result.n_steps} step{'s' * (result.n_steps != 1)}, each from {_whose(result)} weights: "
        "forward, loss, gradients, update",
    ]
    return "\n".join([*lines, *_verdict_on_steps(result)])


def _verdict_on_steps(result: Judgement) -> list[str]:
    if result.divergence is not None:
        return [
            f"verdict    {_differ(result)} {_when(result.divergence)}",
            *divergence_lines(result.divergence, result.framework.folder),
        ]
    if result.is_interrupted:
        return [f"verdict    {verdict(result)}: no step differs that was judged"]
    return [f"verdict    {_agree(result)}"]


def verdict_in_words(result: Comparison | Judgement) -> str:
    """The verdict in a sentence."""
    lines = _verdict_on_steps(result) if isinstance(result, Judgement) else _verdict(result)
    return lines[0].removeprefix("verdict").strip()


def judge_in_words(result: Comparison | Judgement) -> str:
    """What PyTorch's side was, in a phrase."""
    return _judge(result)


def subject_lines(result: Comparison | Judgement, seeds: str = "") -> list[str]:
    """What was compared with what, and how it was trained; ``seeds`` stands for several in place of one."""
    settings = result.settings
    return [
        opening(result.framework),
        f"data       {settings.dataset}, the same numbers on both sides: fingerprint {result.fingerprint[:16]}",
        f"PyTorch    {_judge(result)}",
        f"training   {result.model}, {settings.optimizer}, lr {settings.lr:g}, batch size {settings.batch_size}, "
        f"{settings.epochs} epoch{'s' * (settings.epochs != 1)}, "
        f"{seeds or f'seed {settings.seed}'}{_stopping(settings)}",
        f"built of   {', '.join(result.parts)}; nothing else of it was run",
    ]


def _stopping(settings: Settings) -> str:
    if settings.patience is not None:
        return f", early stopping after {settings.patience} epoch{'s' * (settings.patience != 1)} without a better one"
    return ", the best epoch of a validation part" * settings.validation


def _chosen(result: Comparison) -> list[str]:
    """Which epoch the validation part has chosen, and where the sides part in that."""
    mine, theirs = result.chosen_tinytorch, result.chosen_pytorch
    if mine is None or theirs is None:
        return []
    if (mine.epoch, mine.last) == (theirs.epoch, theirs.last):
        what = (
            f"epoch {mine.epoch} of {mine.last} on both sides, by the validation loss: TinyTorch {mine.loss:.6f}, "
            f"PyTorch {theirs.loss:.6f}"
        )
    else:
        why = ": rounding decides" if result.agree else ""
        what = (
            f"they part{why}: TinyTorch epoch {mine.epoch} of {mine.last}, validation loss {mine.loss:.6f}; "
            f"PyTorch epoch {theirs.epoch} of {theirs.last}, {theirs.loss:.6f}"
        )
    return [f"chosen     {what}", "           the test split was looked at once, with the weights of that epoch"]


def _judge(result: Comparison | Judgement) -> str:
    """What PyTorch's side was."""
    if result.judge == "torch":
        return result.torch_version
    if isinstance(result, Judgement):
        return "not asked: each step is computed in its place with NumPy alone, in float64"
    return f"{result.torch_version}, its recorded answers"


def _whose(result: Judgement) -> str:
    return "PyTorch's" if result.judge == "torch" else "the right"


def _verdict(result: Comparison) -> list[str]:
    first, cause = result.first_divergence, result.cause
    if result.is_interrupted:
        so_far = f"the losses part at step {first.step} (epoch {first.epoch})" if first else "the losses agree so far"
        said = f"verdict    {verdict(result)}: {so_far if result.epochs else 'no epoch has ended'}"
        return [said, *(divergence_lines(cause, result.framework.folder) if cause else ())]
    if cause is None:
        rounding = (
            f": rounding carries the losses apart from step {first.step} on; no step differs when both start it from "
            "the same weights"
            if first
            else ""
        )
        return [f"verdict    {_agree(result, rounding)}{_start_at_fault(result.own_start)}"]
    if first is None:
        return [f"verdict    {_differ(result)} {_when(cause)}", *divergence_lines(cause, result.framework.folder)]
    return [
        f"verdict    {_differ(result)}: the losses part at step {first.step} (epoch {first.epoch}), "
        f"TinyTorch {first.loss_tinytorch:.7g}, PyTorch {first.loss_pytorch:.7g}",
        *divergence_lines(cause, result.framework.folder),
    ]


def _agree(result: Comparison | Judgement, how: str = "") -> str:
    if not result.framework.is_reference:
        return f"agree{how}"
    return f"the reference agrees{how}; code of yours was not compared, give --package PATH for that"


def verdict(result: Comparison | Judgement) -> str:
    """The verdict in a word: "agree", "differ" or "interrupted"."""
    if result.is_interrupted:
        return "interrupted"
    return "agree" if result.agree else "differ"


def _differ(result: Comparison | Judgement) -> str:
    return "the reference differs" if result.framework.is_reference else "differ"


def _when(divergence: Divergence) -> str:
    return f"at step {divergence.step}" if divergence.step else "before the first step"


def _own_start(start: OwnStart) -> list[str]:
    """Whether the student's own initial weights learn."""
    learned = "it learns" if start.learns else "it does not learn"
    lines = [
        f"own start  accuracy {start.before:.1%} before the training, {start.after:.1%} after it, "
        f"by chance {start.chance:.1%}: {learned}"
    ]
    if start.usual is not None:
        lines.append(f"           from the usual initial weights PyTorch reaches {start.usual:.1%}")
    if start.cause is not None:
        lines += [f"likely     {_coded(start.cause.sentence, start.cause.code)}", f"hint       {start.cause.hint}"]
    return lines


def own_start_lines(start: OwnStart) -> list[str]:
    """Whether the student's own initial weights learn, a sentence each."""
    labelled = [(line[:11].strip(), line[11:]) for line in _own_start(start)]
    return [f"{label}: {text}" if label in ("likely", "hint") else text for label, text in labelled]


def _start_at_fault(start: OwnStart | None) -> str:
    return "; but your initial weights are at fault" if start is not None and start.is_at_fault else ""


def _coded(sentence: str, code: str) -> str:
    return f"{sentence} [{code}]" if code else sentence


def divergence_lines(divergence: Divergence, folder: str = "") -> list[str]:
    """What goes wrong first, its likely cause, and the lines that show it; ``folder`` holds what they import."""
    lines = [
        f"first      {'step ' + str(divergence.step) if divergence.step else 'before step 1'}, {divergence.layer}: "
        f"{divergence.what}, {divergence.kind}",
        f"           {divergence.finding.detail}",
    ]
    if divergence.cause:
        lines.append(f"likely     {_coded(divergence.cause, divergence.code)}")
    if divergence.hint:
        lines.append(f"hint       {divergence.hint}")
    if divergence.code:
        lines.append(f"more       {explained.advice([divergence.code])}")
    if divergence.snippet:
        lines += [
            "try        these lines alone:",
            "",
            *(f"    {line}" for line in runnable(divergence.snippet, folder)),
        ]
    return lines


def as_dict(result: Comparison | Judgement) -> dict[str, Any]:
    """The result in plain values, ready for JSON.

    Losses that are not numbers appear as strings, because JSON has no word for them.
    """
    plain = {
        field.name: getattr(result, field.name)
        for field in dataclasses.fields(result)
        if field.name not in _TOLD_OTHERWISE
    }
    plain["interrupted"] = result.is_interrupted
    divergence = result.divergence if isinstance(result, Judgement) else result.cause
    plain["settings"] = dataclasses.asdict(result.settings)
    plain["framework"] = _framework_as_dict(result.framework)
    plain["not_isolated"] = result.framework.not_isolated
    plain["isolated"] = result.is_isolated
    if isinstance(result, Comparison):
        plain["epochs"] = [dataclasses.asdict(epoch) for epoch in result.epochs]
        plain["own_start"] = result.own_start and _start_as_dict(result.own_start)
        for side in ("chosen_tinytorch", "chosen_pytorch"):
            found = getattr(result, side)
            plain[side] = found and dataclasses.asdict(found)
        for name in ("first_divergence", "first_not_finite"):
            step = getattr(result, name)
            plain[name] = step and dataclasses.asdict(step)
    plain["cause"] = divergence and divergence_as_dict(divergence)
    plain["verdict"] = verdict(result)
    return _finite(plain)  # type: ignore[no-any-return]


def _framework_as_dict(subject: Subject) -> dict[str, Any]:
    """What was compared; its map only where that was inferred."""
    mapped = {} if subject.inferred is None else {"notes": list(subject.notes), "map": brief(subject.inferred)}
    names = ("name", "location", "note", "is_reference")
    return {name: getattr(subject, name) for name in names} | mapped


def divergence_as_dict(divergence: Divergence) -> dict[str, Any]:
    """A divergence in plain values; the arrays themselves are left out."""
    finding = divergence.finding
    return {
        "step": divergence.step,
        "layer": divergence.layer,
        "kind": divergence.kind,
        "what": divergence.what,
        "detail": finding.detail,
        "error": finding.error,
        "allowed": finding.allowed,
        "code": divergence.code,
        "cause": divergence.cause,
        "hint": divergence.hint,
        "snippet": divergence.snippet,
    }


def _start_as_dict(start: OwnStart) -> dict[str, Any]:
    cause = start.cause
    return {
        **{field.name: getattr(start, field.name) for field in dataclasses.fields(start)},
        **{"cause": cause.sentence if cause else "", "code": cause.code if cause else ""},
        **{"hint": cause.hint if cause else "", "is_at_fault": start.is_at_fault},
    }


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and value - value != 0.0:
        return str(value)
    return value
