"""Judge each step of a training alone, up to the first that differs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from tinytorch_hf.compare import pytorch_training, synchronised
from tinytorch_hf.compare.batches import Batches
from tinytorch_hf.compare.divergence import Divergence
from tinytorch_hf.compare.evidence import Evidence, LayerError, layer_errors
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

    Where ``judge`` is "recorded", each step was computed with NumPy alone in PyTorch's place. Where it was interrupted,
    nothing is known of the steps that were left.
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
    is_interrupted: bool = False
    evidence: Evidence | None = field(default=None, compare=False)

    @property
    def is_isolated(self) -> bool:
        """Whether no code of the user's ran in this process; if it did, the verdict must not be used for a grade."""
        return not self.framework.not_isolated

    @property
    def agree(self) -> bool:
        """Whether all steps were judged, and none differs."""
        return self.divergence is None and not self.is_interrupted


# Takes the number of a step, and how many there are.
OnStep = Callable[[int, int], None]
# Takes the number of a step, and what was computed in it.
OnComputed = Callable[[int, synchronised.Computations], None]


def judge(
    settings: Settings,
    *,
    target: Target | None = None,
    on_start: Callable[[Subject], None] = lambda _: None,
    on_step: OnStep = lambda _done, _total: None,
    keep_partial: bool = False,
) -> Judgement:
    """Judge every step of a training with synchronised weights, up to the first that differs.

    Parameters
    ----------
    settings, target, on_start, on_step, keep_partial
        As for `lockstep.run`.

    Raises
    ------
    UnknownNameError, InvalidArgumentError, MissingExtraError, CorruptFileError, StudentCodeError
        As for `lockstep.run`.
    """
    with prepare(settings, target) as prepared:
        on_start(prepared.package.subject)
        layers = Layers(prepared)
        n_steps, divergence, is_interrupted = 0, None, False

        total = Batches(settings, prepared.arrays).n_steps

        def seen(step: int, computed: synchronised.Computations) -> None:
            layers.see(step, computed)
            on_step(step, total)

        try:
            n_steps, divergence = judge_steps(prepared, on_computed=seen)
        except KeyboardInterrupt:
            if not keep_partial:
                raise
            n_steps, is_interrupted = layers.step, True
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
            is_interrupted,
            Evidence(layer_step=layers.step, layers=layers.errors()),
        )


class Layers:
    """Looks at the layers in the last step that was judged.

    Parameters
    ----------
    prepared
        What is trained.

    Attributes
    ----------
    step
        The number of that step; 0 before the first.
    """

    def __init__(self, prepared: Prepared) -> None:
        self.step = 0
        self._loss = prepared.model.loss
        self._computed: synchronised.Computations | None = None

    def see(self, step: int, computed: synchronised.Computations) -> None:
        """Keep a step."""
        self.step, self._computed = step, computed

    def errors(self) -> tuple[LayerError, ...]:
        """How far every layer is off in it."""
        one = self._computed
        return () if one is None else tuple(layer_errors(self._loss, one.mine, one.theirs, one.exact))


def judge_steps(
    prepared: Prepared,
    max_steps: float = math.inf,
    weights: Weights | None = None,
    on_computed: OnComputed = lambda _number, _computed: None,
) -> tuple[int, Divergence | None]:
    """Judge steps up to the first that differs: how many were judged, and what differs in the last of them.

    The first step starts from ``weights``, by default from those of the settings' seed. What is computed in each step
    is told to ``on_computed``.
    """
    settings = prepared.settings
    # Where the student's process had to be started again, it has nothing.
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
                if judge_of_steps.computed is not None:
                    on_computed(step, judge_of_steps.computed)
                if divergence is not None or step >= max_steps:
                    return step, divergence
    return step, None
