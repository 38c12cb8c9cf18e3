"""A comparison as text for a terminal and as plain values for a program."""

from __future__ import annotations

import dataclasses
from typing import Any

from tinytorch_hf.compare.lockstep import Comparison, Epoch

HEADER = (
    f"{'':>5}  {'loss':^21}  {'test accuracy':^21}  {'largest loss':>12}\n"
    f"{'epoch':>5}  {'TinyTorch':>10} {'PyTorch':>10}  {'TinyTorch':>10} {'PyTorch':>10}  {'difference':>12}"
)


def epoch_line(epoch: Epoch) -> str:
    """One row under `HEADER`."""
    return (
        f"{epoch.epoch:>5}  {epoch.loss_tinytorch:>10.4f} {epoch.loss_pytorch:>10.4f}"
        f"  {epoch.accuracy_tinytorch:>10.1%} {epoch.accuracy_pytorch:>10.1%}"
        f"  {epoch.largest_difference:>12.1e}"
    )


def conclusion(result: Comparison) -> str:
    """What was compared with what, how far apart the losses were, and the verdict."""
    last = result.epochs[-1]
    settings = result.settings
    lines = [
        f"data       {settings.dataset}, the same numbers on both sides: fingerprint {result.fingerprint[:16]}",
        f"TinyTorch  {result.framework}",
        f"PyTorch    {result.torch_version}",
        f"training   {result.model}, {settings.optimizer}, lr {settings.lr:g}, batch size {settings.batch_size}, "
        f"{settings.epochs} epochs, seed {settings.seed}",
        f"accuracy   TinyTorch {last.accuracy_tinytorch:.1%}, PyTorch {last.accuracy_pytorch:.1%} on the test split",
        f"losses     differ by at most {result.largest_difference:.1e} over {result.n_steps} steps "
        f"(rounding explains up to {result.tolerance:.0e})",
    ]
    first = result.first_divergence
    if first is None:
        lines.append("verdict    agree")
    else:
        lines.append(
            f"verdict    differ: the losses part at step {first.step} (epoch {first.epoch}), "
            f"TinyTorch {first.loss_tinytorch:.7g}, PyTorch {first.loss_pytorch:.7g}"
        )
        lines.append(f"           {_meaning(first.step)}")
    return "\n".join(lines)


def _meaning(step: int) -> str:
    if step == 1:
        return "They differ before anything was learned, so the forward pass or the loss is at fault."
    return "Up to there they agree, so the forward pass and the loss are right: look at gradients and the update."


def as_dict(result: Comparison) -> dict[str, Any]:
    """The result in plain values, ready for JSON.

    Losses that are not numbers appear as strings, because JSON has no word for them.
    """
    plain = dataclasses.asdict(dataclasses.replace(result, framework=None))  # type: ignore[arg-type]
    plain["framework"] = {
        "name": result.framework.name,
        "location": result.framework.location,
        "note": result.framework.note,
    }
    plain["verdict"] = "agree" if result.agree else "differ"
    return _finite(plain)  # type: ignore[no-any-return]


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and value - value != 0.0:
        return str(value)
    return value
