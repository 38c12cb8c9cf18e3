"""Asks a student's process for more runs of a case, where one has differed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.tracing import branches_of
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging import yardstick
from tinytorch_hf.judging.case import OUTPUT, Case, Inputs, is_gradient
from tinytorch_hf.judging.drawing import drawn
from tinytorch_hf.judging.results import WRONG, Outcome, Result
from tinytorch_hf.judging.suspicion import SITUATION, Trace
from tinytorch_hf.student import wire
from tinytorch_hf.student.answers import Answer, Ask

# What more runs of one case may take, and how many are asked for at once.
_LONGEST_S = 5.0
_AT_ONCE_S = 1.0
_MOST_AT_ONCE = 64
# What everything is made of.
_BASIS = ("Tensor", "autograd")
# A case that takes longer is not watched: watching takes a few times as long. On an idle machine none does.
_LONGEST_WATCHED_S = 4.0


class Runner:
    """Runs of one case in a student's process; see `tinytorch_hf.judging.runs.Runs`.

    Parameters
    ----------
    ask
        Whom to ask.
    case
        What to run.
    seconds
        How long one run took.
    """

    def __init__(self, ask: Ask, case: Case, seconds: float) -> None:
        self._ask = ask
        self._case = case
        self._seconds = seconds

    def again(self, inputs: Inputs) -> Answer:
        """What comes of the case on these inputs."""
        return self._ask(ask="run", case=self._case.name, inputs=wire.encode(inputs))

    def unbuilt(self, inputs: Inputs) -> Sequence[str]:
        """Functions that the case calls on these inputs and that are not implemented yet."""
        return self._ask(ask="run", case=self._case.name, inputs=wire.encode(inputs), watch=True).stubs

    def outputs(self, inputs: Inputs, changes: Sequence[Inputs]) -> Array | None:
        """The outputs for inputs some of which are replaced; None where they cannot be had in a few seconds."""
        if len(changes) * self._seconds > _LONGEST_S:
            return None
        at_once = max(1, min(_MOST_AT_ONCE, int(_AT_ONCE_S / max(self._seconds, 1e-6))))
        found = []
        for start in range(0, len(changes), at_once):
            part = changes[start : start + at_once]
            answer = self._ask(
                ask="run", case=self._case.name, inputs=wire.encode(inputs), changes=[wire.encode(one) for one in part]
            )
            output = answer.results.get(OUTPUT)
            if answer.kind != "results" or not isinstance(output, np.ndarray) or len(output) != len(part):
                return None
            found.append(output)
        # A package that gives other shapes, or no numbers, for other values computes nothing that has a slope.
        if len({output.shape[1:] for output in found}) != 1 or any(output.dtype.kind not in "biuf" for output in found):
            return None
        return np.concatenate(found)


def watched(ask: Ask, results: Sequence[Result], seed: int) -> Mapping[str, Trace]:
    """Which functions of the package each case calls, by the case's name.

    Of cases that are right, those are watched that are made of parts which wrong ones are made of, too. Where one case
    alone is wrong, nothing can follow from it, and it is watched only for how a call that raised was made.
    """
    wrong = [result.name for result in results if result.outcome in WRONG]
    if len(wrong) < 2 and not any(result.call for result in results):
        return {}
    parts = {part for name in wrong for part in _parts(name)}
    traces = {}
    for result in results:
        is_right = result.outcome is Outcome.AGREES
        is_of_use = result.name in wrong or (len(wrong) > 1 and is_right and _parts(result.name) <= parts)
        if not is_of_use or not 0 < result.seconds <= _LONGEST_WATCHED_S:
            continue
        inputs = wire.encode(drawn(CASES[result.name], seed))
        answer = ask(ask="run", case=result.name, inputs=inputs, trace=True)
        if answer.kind == "results":
            delivered = set(yardstick.expected(CASES[result.name], seed)[0].values) - CASES[result.name].optional
            has_gradients = any(map(is_gradient, delivered))
            branches = branches_of(answer.called)
            traces[result.name] = Trace(
                frozenset(branches) - {SITUATION},
                answer.message,
                has_gradients,
                _parts(result.name),
                answer.call,
                frozenset().union(*branches.values()),
            )
    return traces


def _parts(name: str) -> frozenset[str]:
    """What a case is made of beside tensors and their methods."""
    return frozenset(part for part in CASES[name].needs if part.partition(".")[0] not in _BASIS)
