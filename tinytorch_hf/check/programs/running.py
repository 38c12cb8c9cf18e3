"""Runs the statements of a program by a judge, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.interpret import seed_gradient
from tinytorch_hf.check.programs.layers import LAYERS, Made
from tinytorch_hf.check.programs.program import (
    BACKWARD,
    CALL,
    FORGET,
    MAKE,
    OPTIMIZER,
    SCALE,
    STEP,
    TENSOR,
    ZERO,
    Statement,
)
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.judge import Judge


@dataclass(frozen=True)
class Trained:
    """An optimizer on the judge's side.

    Attributes
    ----------
    arguments
        How it was made.
    parameters
        What it changes.
    optimizer
        The judge's own.
    """

    arguments: Mapping[str, Any]
    parameters: Sequence[Any]
    optimizer: Any


class Running:
    """What a judge has computed so far.

    Parameters
    ----------
    judge
        Computes.
    has_gradients
        Whether anything is passed back; without it, passes back, steps and the like do nothing.
    changed
        What becomes of the numbers of leaves and parameters before they are tensors; nothing by default.

    Attributes
    ----------
    values
        By name: tensors, layers as `layers.Made`, optimizers as `Trained`.
    """

    def __init__(
        self, judge: Judge, has_gradients: bool = True, changed: Callable[[Array], Array] = lambda array: array
    ) -> None:
        self._judge = judge
        self._has_gradients = has_gradients
        self._changed = changed
        self.values: dict[str, Any] = {}

    def run(self, one: Statement) -> Any:
        """Run one statement; gives its value, which is kept under its name."""
        if one.form in _EFFECTS:
            if self._has_gradients:
                _EFFECTS[one.form](self, one)
            return None
        made = _OTHERS[one.form](self, one) if one.form in _OTHERS else self._computed(one)
        self.values[one.name] = made
        return made

    def _tensor(self, given: Any, gradient: bool) -> Any:
        values = self._changed(np.array(given, dtype=np.float32))
        return self._judge.tensor(values, gradient and self._has_gradients)

    def _leaf(self, one: Statement) -> Any:
        if one.arguments.get("ids"):
            return self._judge.tensor(np.array(one.arguments["values"], dtype=np.int64))
        return self._tensor(one.arguments["values"], one.arguments["gradient"])

    def _layer(self, one: Statement) -> Made:
        given = one.arguments["values"].items()
        return Made(one.arguments, {path: self._tensor(value, True) for path, value in given})

    def _optimizer(self, one: Statement) -> Trained:
        parameters = [each for name in one.sources for each in self.values[name].parameters.values()]
        chosen = getattr(self._judge.torch.optim, one.arguments["part"])
        named = {key: tuple(each) if isinstance(each, list) else each for key, each in one.arguments["named"].items()}
        return Trained(one.arguments, parameters, chosen(parameters, lr=one.arguments["rate"], **named))

    def _computed(self, one: Statement) -> Any:
        operands = [self.values[each] if isinstance(each, str) else each for each in one.operands]
        if one.form != CALL:
            return FORMS[one.form].right(self._judge, operands, one.arguments)
        made, x = operands
        arguments = {**made.arguments, **one.arguments, "state": made.state}
        return definition(made)(self._judge, made.parameters, x, arguments)

    def _backward(self, one: Statement) -> None:
        output = self.values[one.sources[0]]
        if output.requires_grad:
            output.backward(self._judge.tensor(seed_gradient(tuple(output.shape), one.arguments["scale"])))

    def _zero(self, one: Statement) -> None:
        for name in one.sources:
            self.values[name].grad = None

    def _scale(self, one: Statement) -> None:
        for name in one.sources:
            given = self.values[name].grad
            self.values[name].grad = None if given is None else given * 0.5

    def _step(self, one: Statement) -> None:
        self.values[one.sources[0]].optimizer.step()

    def _forget(self, one: Statement) -> None:
        self.values[one.sources[0]].optimizer.zero_grad()


_OTHERS: dict[str, Callable[[Running, Statement], Any]] = {
    TENSOR: Running._leaf,
    MAKE: Running._layer,
    OPTIMIZER: Running._optimizer,
}
_EFFECTS: dict[str, Callable[[Running, Statement], None]] = {
    BACKWARD: Running._backward,
    ZERO: Running._zero,
    SCALE: Running._scale,
    STEP: Running._step,
    FORGET: Running._forget,
}


def definition(made: Made) -> Any:
    """The definition of a layer that its arguments ask for."""
    layer = LAYERS[made.arguments["part"]]
    return (layer.right, *layer.others)[made.arguments.get("definition", 0)]
