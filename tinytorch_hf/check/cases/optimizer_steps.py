"""How the cases of optimizers run: in TinyTorch, in PyTorch, and by a rule that has one thing wrong.

Parameters have names; each has its start and the gradients of all steps among the inputs. Gradients are set by hand,
so that nothing but the update is judged. What comes out is what each step changes in each parameter.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import features, weights
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results, RunTorch
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.judging.updates import NOT_FINITE, RIGHT, VARIANTS, Rule, Settings, Updates, mistakes
from tinytorch_hf.judging.yardstick import CHANGE
from tinytorch_hf.student.view import Student, UntriedError

NEVER = 1_000_000
"""A step that does not come."""

SHAPES: Mapping[str, tuple[int, ...]] = {"matrix": (5, 3), "vector": (7,), "single": (1,)}


@dataclass(frozen=True)
class Plan:
    """What a case of an optimizer does.

    Attributes
    ----------
    part, arguments
        The optimizer, and what it is given beside its parameters.
    left_out
        Arguments that only PyTorch is given, as TinyTorch has them by default.
    shapes
        Of the parameters, by name; lengths above 1 are others in the second draw.
    optimizers
        The names of each optimizer's parameters; one optimizer that has all by default.
    n_steps, shown
        How many steps there are, and which of them are judged, counted from 0; all by default.
    scale
        Standard deviation of the gradients.
    first_step
        For parameters that have no gradient at first: the step from which on they have one, counted from 0.
    zero_steps
        Steps in which every gradient is 0.
    """

    part: str
    arguments: Mapping[str, Any]
    left_out: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = dataclasses.field(default_factory=lambda: SHAPES)
    optimizers: Sequence[Sequence[str]] = ()
    n_steps: int = 5
    shown: tuple[int, ...] = ()
    scale: float = 0.1
    first_step: Mapping[str, int] = dataclasses.field(default_factory=dict)
    zero_steps: tuple[int, ...] = ()

    @property
    def settings(self) -> Settings:
        """The optimizer's arguments as rules take them."""
        return Settings(**{**self.arguments, **self.left_out})

    @property
    def groups(self) -> Sequence[Sequence[str]]:
        """The names of each optimizer's parameters."""
        return self.optimizers or [list(self.shapes)]

    def draw(self, draw: Draw) -> Inputs:
        """Starts and gradients of the parameters."""
        inputs: dict[str, Any] = {}
        for name, shape in self.shapes.items():
            lengths = tuple(draw.size(length) if length > 1 else 1 for length in shape)
            inputs[f"start of {name}"] = weights(draw, *lengths, fan_in=4)
            drawn = features(draw, self.n_steps, int(np.prod(lengths))).reshape(self.n_steps, *lengths)
            drawn[list(self.zero_steps)] = 0.0
            inputs[f"gradients of {name}"] = drawn * np.float32(self.scale)
        return inputs

    def gradient(self, inputs: Inputs, name: str, step: int) -> Array | None:
        """The gradient of a parameter in a step; None as long as it has none."""
        gradient: Array = inputs[f"gradients of {name}"][step]
        return gradient if step >= self.first_step.get(name, 0) else None


def change_of(name: str, step: int) -> str:
    """What the change of a parameter in a step is called among the results."""
    return f"{CHANGE} of {name} in step {step + 1}"


# Takes the number of a step, computes it, and gives the values of all parameters by name.
Step = Callable[[int], Mapping[str, Array]]


def changes(plan: Plan, inputs: Inputs, step: Step) -> Results:
    """What each step changes in each parameter; the values themselves where their shape is another one."""
    results: Results = {}
    before = {name: inputs[f"start of {name}"].astype(np.float64) for name in plan.shapes}
    for number in range(plan.n_steps):
        for name, after in step(number).items():
            same_shape = after.shape == before[name].shape
            if not plan.shown or number in plan.shown:
                results[change_of(name, number)] = after - before[name] if same_shape else after
            before[name] = after
    return results


def parameters_of(student: Student, inputs: Inputs, names: Iterable[str]) -> dict[str, Any]:
    """Parameters in TinyTorch, each with memory of its own: a tensor may keep the array that it is given."""
    return {name: student.tensor(inputs[f"start of {name}"].copy(), gradient=True) for name in names}


def in_tinytorch(plan: Plan) -> Callable[[Student, Inputs], Results]:
    """The steps in TinyTorch."""

    def run(student: Student, inputs: Inputs) -> Results:
        parameters = parameters_of(student, inputs, plan.shapes)
        if student.is_mapped and any(student.kept(parameters[name]) is not None for name in plan.first_step):
            raise UntriedError("its tensors have a gradient from the beginning, of zeros, and never none")
        optimizers = [
            student.part(plan.part)([parameters[name] for name in names], **plan.arguments) for names in plan.groups
        ]

        def step(number: int) -> Mapping[str, Array]:
            for name, parameter in parameters.items():
                gradient = plan.gradient(inputs, name, number)
                if gradient is not None:
                    student.set_gradient(parameter, gradient)
            for optimizer in optimizers:
                optimizer.step()
            return {name: student.array(value).astype(np.float64) for name, value in parameters.items()}

        return changes(plan, inputs, step)

    return run


def in_torch(plan: Plan) -> RunTorch:
    """The steps in PyTorch."""

    def run(judge: Judge, inputs: Inputs) -> Results:
        parameters = {name: judge.tensor(inputs[f"start of {name}"], gradient=True) for name in plan.shapes}
        chosen = getattr(judge.torch.optim, plan.part)
        arguments = {**plan.arguments, **plan.left_out}
        optimizers = [chosen([parameters[name] for name in names], **arguments) for names in plan.groups]

        def step(number: int) -> Mapping[str, Array]:
            for name, parameter in parameters.items():
                gradient = plan.gradient(inputs, name, number)
                parameter.grad = None if gradient is None else judge.tensor(gradient)
            for optimizer in optimizers:
                optimizer.step()
            return {name: judge.array(value).copy() for name, value in parameters.items()}

        return changes(plan, inputs, step)

    return run


def by_rule(plan: Plan, rule: Rule, shares_memory: bool = False) -> RunTorch:
    """The steps by a rule, in the judge's precision; a rule is arithmetic, for which NumPy is as good as PyTorch.

    Parameters
    ----------
    plan, rule
        What is done, and how it is computed.
    shares_memory
        Whether all optimizers of the plan keep what they keep in one place.
    """

    def run(judge: Judge, inputs: Inputs) -> Results:
        return changes(plan, inputs, stepper(plan, inputs, rule, shares_memory, judge.precision))

    return run


def stepper(plan: Plan, inputs: Inputs, rule: Rule, shares_memory: bool = False, precision: str = "float64") -> Step:
    """The steps of a plan by a rule, in a precision of NumPy's."""
    values: dict[str, Array] = {name: inputs[f"start of {name}"].astype(precision) for name in plan.shapes}
    memory: dict[int, dict[str, Any]] = {}
    chosen = [Updates(rule, plan.settings, memory if shares_memory else None) for _ in plan.groups]

    def step(number: int) -> Mapping[str, Array]:
        for updates, names in zip(chosen, plan.groups, strict=True):
            gradients = [plan.gradient(inputs, name, number) for name in names]
            arrived = [None if gradient is None else gradient.astype(precision) for gradient in gradients]
            values.update(zip(names, updates.step([values[name] for name in names], arrived), strict=True))
        return {name: value.astype(np.float64) for name, value in values.items()}

    return step


def case(
    name: str,
    plan: Plan,
    also: Mapping[str, RunTorch] | None = None,
    also_right: Sequence[Rule] = (),
    only: Sequence[str] = (),
    counts: str = "",
) -> Case:
    """A case of an optimizer: PyTorch's steps are right, and every mistake is tried that has an effect here.

    Parameters
    ----------
    name, plan
        What it is called, and what it does.
    also
        Mistakes that this case alone can show; they are tried first.
    also_right
        Rules of other definitions.
    only
        Codes of the mistakes that are tried; all by default.
    counts
        What Adam's t counts in the mistakes that are not about that; see `Rule`.
    """
    rules = mistakes(plan.part, plan.settings)
    if counts:
        usual = RIGHT[plan.part].counts
        rules = {
            code: dataclasses.replace(rule, counts=counts) if rule.counts == usual else rule
            for code, rule in rules.items()
        }
    wrong = {code: by_rule(plan, rule) for code, rule in rules.items() if not only or code in only}
    other = {
        code: [by_rule(plan, dataclasses.replace(rules[code], **change))]
        for code, change in VARIANTS.items()
        if code in wrong
    }
    return Case(
        name,
        "optimizers",
        ("Tensor", plan.part),
        plan.draw,
        in_tinytorch(plan),
        in_torch(plan),
        also_right=[by_rule(plan, rule) for rule in also_right],
        mistakes={**(also or {}), **wrong},
        variants=other,
        claims=lambda inputs, results: _finite(plan, inputs, results),
    )


def _finite(plan: Plan, inputs: Inputs, results: Results) -> list[Claim]:
    """That every parameter stays finite; where one does not, the places tell of some mistakes."""
    if all(np.isfinite(results[name]).all() for name in results if name.startswith(CHANGE)):
        return []
    for code, change in NOT_FINITE.items():
        rule = dataclasses.replace(RIGHT[plan.part], **change)
        with np.errstate(all="ignore"):
            wrong = changes(plan, inputs, stepper(plan, inputs, rule))
        if rule.is_adaptive and all(np.allclose(results[name], wrong[name], 1e-3, equal_nan=True) for name in wrong):
            return [Claim("every parameter stays finite", False, code)]
    return [Claim("every parameter stays finite", False)]
