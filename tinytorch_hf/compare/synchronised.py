"""Each step judged alone: TinyTorch starts every step from PyTorch's weights, and what differs first is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.compare import causes, gates, update_causes
from tinytorch_hf.compare.batches import Batch, Batches
from tinytorch_hf.compare.diagnosis import Diagnosis, of_cause
from tinytorch_hf.compare.divergence import Divergence, Finding, look_at
from tinytorch_hf.compare.isolation import Alone, Passed, parts_backward, run_alone, run_loss_alone
from tinytorch_hf.compare.judging_side import side_of
from tinytorch_hf.compare.layers import Residual
from tinytorch_hf.compare.listing import strange_listing, wrong_listing
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.package import Package
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.sides import Computed, Key, by_key
from tinytorch_hf.compare.snippets import Snippets
from tinytorch_hf.compare.student_side import StudentSide
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.cause import Cause

# The gradients that each parameter was updated with so far.
History = dict[Key, list[Array]]


@dataclass(frozen=True)
class Wrong:
    """What is wrong first: where, and how; ``operation`` and ``cause`` are what `Diagnosis.name` takes."""

    layer: str
    stage: str
    what: str
    finding: Finding
    operation: str
    cause: Cause | None = None
    is_named: bool = False


@dataclass(frozen=True)
class Computations:
    """One step on all three sides: the student's, PyTorch's, and PyTorch's in float64."""

    batch: Batch
    mine: Computed
    theirs: Computed
    exact: Computed


class Judge:
    """Runs steps on TinyTorch's side and on PyTorch's in float32 and float64, and compares everything.

    In each step: the forward pass part by part, the loss, every gradient from the last layer to the first, and
    then the optimizer's update, which is given PyTorch's gradients so that it is judged for itself. The yardstick
    is that of `judging.rounding`. Where rounding opened a gate on one side only, gradients cannot be compared in that
    step, and only the operations alone are.

    Attributes
    ----------
    computed
        The last step on all sides; None before the first.
    """

    def __init__(self, settings: Settings, model: Model, package: Package, weights: Weights | None = None) -> None:
        self._settings = settings
        self._model = model
        self._optimizer = optimizer_choice(settings.optimizer)
        weights = model.initial_weights(settings.seed) if weights is None else weights
        self._student = StudentSide(package, settings, model, weights)
        self._pytorch = side_of(settings, model, weights)
        self._truth = side_of(settings, model, weights, "float64")
        self._history: History = {}
        self._diagnosis = Diagnosis(package)
        self._snippets = Snippets(package, settings, model)
        self._kinds = {layer.name: layer.kind for layer in model.layers}
        self.computed: Computations | None = None

    def listing(self) -> Divergence | None:
        """What is wrong with the parameters() of the layers, before the first step."""
        divergence = wrong_listing(self._model, self._student.listings)
        return divergence and self._snippets.added_to(divergence)

    def step(self, number: int, batch: Batch, batches: Batches) -> Divergence | None:
        """Judge one step of the training; the first divergence in it, or None.

        Parameters
        ----------
        number
            Of the step, from 1.
        batch, batches
            What it is trained on, and the walk that it belongs to.

        Raises
        ------
        StudentCodeError
            The student's code raised an error, and nothing was wrong before that.
        """
        weights = self._pytorch.weights()
        self._truth.set_weights(weights)
        step = self._student.judged_step(weights, batch, batches)
        theirs, exact = (side.compute(batch.X, batch.y) for side in (self._pytorch, self._truth))
        computed = self.computed = Computations(batch, step.computed, theirs, exact)
        wrong = self._output(computed)
        if not wrong and step.failure:
            raise step.failure
        wrong = wrong or self._loss(computed) or self._gradients(computed, step.complaint)
        if wrong:
            return self._divergence(number, wrong)
        strange = strange_listing(self._model, step.strangers, number)
        if strange:
            return self._snippets.added_to(strange)
        wrong = self._update(theirs.gradients)
        return self._divergence(number, wrong) if wrong else None

    def _output(self, computed: Computations) -> Wrong | None:
        """The first part that gives something else than PyTorch's; a layer may fail because of what it was given."""
        for name, value in computed.mine.outputs.items():
            finding = look_at(value, computed.theirs.outputs[name], computed.exact.outputs[name])
            if finding is not None:
                cause = causes.of_finding(finding, len(computed.batch.X))
                return Wrong(name, "forward", "output", finding, self._kinds.get(name, "Residual"), cause)
        return None

    def _loss(self, computed: Computations) -> Wrong | None:
        """The loss of the batch."""
        value = computed.mine.loss
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.reshape(())
        finding = look_at(value, computed.theirs.loss, computed.exact.loss)
        if finding is None:
            return None
        cause = causes.of_finding(finding, computed.batch.y.size)
        return Wrong(self._model.loss, "loss", "value", finding, self._model.loss, cause)

    def _gradients(self, computed: Computations, complaint: str) -> Wrong | None:
        """Every parameter's gradient, from the last layer to the first."""
        mine, theirs, exact = (one.gradients for one in (computed.mine, computed.theirs, computed.exact))
        largest = max(float(np.abs(gradient).max()) for gradient in theirs.values())
        for key in reversed(theirs):
            finding = look_at(mine[key], theirs[key], exact[key], beside=largest)
            if finding is not None:
                return self._where_gradient_went_wrong(key, finding, computed, complaint)
        return None

    def _where_gradient_went_wrong(
        self, key: Key, finding: Finding, computed: Computations, complaint: str
    ) -> Wrong | None:
        earlier = self._history.get(key)
        if earlier and _is_left_over(finding, earlier[-1]):
            what = f"gradient with respect to {'.'.join(key)}"
            cause = Cause("OPTIMIZER-ZERO-GRAD")
            return Wrong(self._optimizer.class_name, "gradient", what, finding, "", cause, is_named=True)
        alone = self._loss_alone(computed) or self._parts_alone(key[0], computed)
        if alone is not None:
            return self._wrong_alone(alone, computed)
        if self._gates_differ(computed):
            return None
        cause = Cause("BACKWARD-RAISES", complaint) if complaint else Cause("BACKWARD-TRAVERSAL")
        return Wrong(key[0], "gradient", f"gradient with respect to {key[1]}", finding, "", cause)

    def _wrong_alone(self, alone: Alone, computed: Computations) -> Wrong:
        """What is wrong with an operation that was run alone, and what it looks like."""
        cause: Cause | None
        if alone.part is None:
            operation = self._model.loss
        else:
            operation = "Residual" if isinstance(alone.part, Residual) else alone.part.kind
        if alone.finding.kind == "missing":
            cause = Cause("BACKWARD-RAISES", alone.complaint) if alone.complaint else Cause("NO-GRADIENT")
        elif alone.part is None:
            cause = causes.of_finding(alone.finding, computed.batch.y.size)
        elif operation == "Residual":
            cause = Cause("RESIDUAL-NOT-ADDED")
        else:
            x, gradient = self._input_of(alone.layer, computed.theirs.outputs, computed), computed.theirs.arriving
            values = {key[1]: value for key, value in self._weights().items() if key[0] == alone.layer}
            candidates = causes.of_layer(operation, x, gradient[alone.layer], values).get(alone.quantity)
            cause = causes.of_finding(alone.finding, len(x), candidates)
        return Wrong(alone.layer, "gradient", alone.what, alone.finding, operation, cause)

    def _weights(self) -> dict[Key, Array]:
        return dict(by_key(self._model, self._pytorch.weights()))

    def _loss_alone(self, computed: Computations) -> Alone | None:
        outputs = computed.theirs.outputs[self._model.parts[-1].name]
        return run_loss_alone(outputs, computed.batch.y, self._student, self._pytorch, self._truth)

    def _parts_alone(self, owner: str, computed: Computations) -> Alone | None:
        for part in parts_backward(self._model.parts):
            gradient = computed.theirs.arriving.get(part.name)
            if gradient is not None:
                passed = Passed(self._input_of(part.name, computed.theirs.outputs, computed), gradient)
                alone = run_alone(part, passed, self._student, self._pytorch, self._truth)
                if alone is not None:
                    return alone
            if part.name == owner:
                return None
        return None

    def _gates_differ(self, computed: Computations) -> bool:
        mine, theirs = computed.mine.outputs, computed.theirs.outputs
        return any(
            gates.differ(
                layer,
                (self._input_of(layer.name, mine, computed), mine[layer.name]),
                (self._input_of(layer.name, theirs, computed), theirs[layer.name]),
            )
            for layer in self._model.layers
        )

    def _input_of(self, name: str, outputs: Mapping[str, Array], computed: Computations) -> Array:
        """What went into a part: the output of the one before it in the flow."""
        before = computed.batch.X
        for part in self._model.parts:
            if part.name == name:
                return before
            if isinstance(part, Residual):
                inner = before
                for layer in part.layers:
                    if layer.name == name:
                        return inner
                    inner = outputs[layer.name]
            before = outputs[part.name]
        raise KeyError(name)

    def _update(self, gradients: Mapping[Key, Array]) -> Wrong | None:
        """What the optimizers make of the same gradients."""
        before = self._weights()
        for key, gradient in gradients.items():
            self._history.setdefault(key, []).append(np.array(gradient))
        self._truth.take_gradients(self._pytorch)
        mine, failure = self._student.update([self._history[key][-1] for key in before])
        theirs, exact = self._pytorch.update(), self._truth.update()
        for key, value in mine.items():
            finding = look_at(value, theirs[key], exact[key], before[key])
            if finding is not None:
                return self._wrong_update(key, finding, mine, before)
        if failure:
            raise failure
        return None

    def _wrong_update(self, key: Key, finding: Finding, mine: Mapping[Key, Any], before: Mapping[Key, Array]) -> Wrong:
        given = {"lr": self._settings.lr, **self._optimizer.arguments}
        name, cause = self._optimizer.class_name, None
        if all(np.shape(value) == before[other].shape for other, value in mine.items()):
            histories = [self._history[other] for other in mine]
            cause = update_causes.of_update(name, list(mine.values()), list(before.values()), histories, given)
        what = f"{'.'.join(key)} after the step"
        return Wrong(name, "update", what, finding, self._settings.optimizer, cause)

    def _divergence(self, number: int, wrong: Wrong) -> Divergence:
        named = (
            of_cause(wrong.cause) if wrong.is_named else self._diagnosis.name(wrong.operation, wrong.stage, wrong.cause)
        )
        divergence = Divergence(
            number, wrong.layer, wrong.stage, wrong.what, wrong.finding, named.sentence, "", named.code, named.hint
        )
        return self._snippets.added_to(divergence)


def _is_left_over(finding: Finding, previous: Array) -> bool:
    """Whether a wrong gradient is the right one with that of the step before added."""
    if finding.kind != "wrong" or finding.found is None or finding.expected is None:
        return False
    rest = finding.found - finding.expected
    return bool(np.abs(rest - previous).max() <= 1e-3 * np.abs(previous).max())
