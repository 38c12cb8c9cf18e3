"""Judge each step of a training alone, up to the first that differs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tinytorch_hf.compare import pytorch_training, synchronised
from tinytorch_hf.compare.batches import Batches
from tinytorch_hf.compare.divergence import Divergence
from tinytorch_hf.compare.models import Weights
from tinytorch_hf.compare.package import Subject
from tinytorch_hf.compare.preparing import Prepared, hand_over, prepare
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.target import Target
from tinytorch_hf.compare.threads import one_thread
from tinytorch_hf.judging.judges import chosen


@dataclass(frozen=True)
class Judgement:
    """The result of judging each step alone: how many were judged, and what differs first, or None.

    Where ``judge`` is "recorded", each step was computed with NumPy alone in PyTorch's place.
    """

    settings: Settings
    model: str
    fingerprint: str
    framework: Subject
    torch_version: str
    n_steps: int
    divergence: Divergence | None
    judge: str = "torch"
    parts: tuple[str, ...] = ()

    @property
    def is_isolated(self) -> bool:
        """Whether no code of the user's ran in this process; if it did, the verdict is no ground for a grade."""
        return not self.framework.not_isolated

    @property
    def agree(self) -> bool:
        """Whether no step differs."""
        return self.divergence is None


def judge(
    settings: Settings, *, target: Target | None = None, on_start: Callable[[Subject], None] = lambda _: None
) -> Judgement:
    """Judge every step of a training with synchronised weights, up to the first that differs.

    Raises
    ------
    UnknownNameError, InvalidArgumentError, MissingExtraError, CorruptFileError, StudentCodeError
        As for `run`, whose parameters these are.
    """
    with prepare(settings, target) as prepared:
        on_start(prepared.package.subject)
        n_steps, divergence = judge_steps(prepared)
        return Judgement(
            settings,
            str(prepared.model),
            prepared.fingerprint,
            prepared.package.subject,
            pytorch_training.version() if chosen() == "torch" else "",
            n_steps,
            divergence,
            chosen(),
            prepared.parts,
        )


def judge_steps(
    prepared: Prepared, max_steps: float = math.inf, weights: Weights | None = None
) -> tuple[int, Divergence | None]:
    """Judge steps up to the first that differs: how many were judged, and what differs in the last of them.

    The first step starts from ``weights``, by default from those of the settings' seed.
    """
    settings = prepared.settings
    # Where the student's process had to be started anew, it has nothing.
    hand_over(prepared.package, prepared.arrays)
    step = 0
    with one_thread():
        judge_of_steps = synchronised.Judge(settings, prepared.model, prepared.package, weights)
        divergence = judge_of_steps.listing()
        if divergence is not None:
            return step, divergence
        batches = Batches(settings, prepared.arrays)
        for number in range(1, settings.epochs + 1):
            for batch in batches.epoch(number):
                step += 1
                divergence = judge_of_steps.step(step, batch, batches)
                if divergence is not None or step >= max_steps:
                    return step, divergence
    return step, None
