"""Optimizers as they are used: parameters of any kind, gradients reset or left as they are, a changed rate."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.optimizer_steps import SHAPES, Plan, in_tinytorch, parameters_of
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Claim, Inputs, Results
from tinytorch_hf.judging.updates import RIGHT, Settings, Updates
from tinytorch_hf.student.view import Student, UnbuiltError

Run = Callable[[Student, Inputs], Results]
Claims = Callable[[Inputs, Results], list[Claim]]

_ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "SGD": {"lr": 0.2, "momentum": 0.9, "weight_decay": 0.1},
    "Adam": {"lr": 0.05, "weight_decay": 0.1},
    "AdamW": {"lr": 0.05, "weight_decay": 0.1},
}
_N_STEPS = 5
# Where decay and momentum do not matter: not every framework has them.
_RATE = {"SGD": 0.2, "Adam": 0.05, "AdamW": 0.05}
# As TinyTorch's documentation states them; PyTorch's SGD has another rate.
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "SGD": {"lr": 0.01, "momentum": 0.0, "weight_decay": 0.0},
    "Adam": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
    "AdamW": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
}
# How parameters may be handed over; a generator can be walked through once.
_KINDS: Mapping[str, Callable[[list[Any]], Iterable[Any]]] = {
    "list": list,
    "tuple": tuple,
    "generator": lambda parameters: (parameter for parameter in parameters),
}


def _case(name: str, part: str, run: Run, claims: Claims) -> Case:
    return Case(name, "optimizers", ("Tensor", part), _plan(part).draw, run, lambda *_: {}, claims=claims)


def _plan(part: str) -> Plan:
    return Plan(part, _ARGUMENTS[part], n_steps=_N_STEPS)


def _zero_grad(part: str) -> Case:
    """After zero_grad, nothing is left in any parameter; one without a gradient is no trouble."""

    def run(student: Student, inputs: Inputs) -> Results:
        parameters = parameters_of(student, inputs, SHAPES)
        optimizer = student.part(part)(list(parameters.values()), lr=_RATE[part])
        for name in ("matrix", "single"):
            student.set_gradient(parameters[name], inputs[f"gradients of {name}"][0])
        # A second time there is nothing to forget any more.
        for _ in range(2):
            getattr(optimizer, student.conventions.zero_grad)()
        left = {name: student.gradient(parameter) for name, parameter in parameters.items()}
        return {f"left in {name}": np.zeros(0) if value is None else value for name, value in left.items()}

    def claims(_: Inputs, results: Results) -> list[Claim]:
        left = [name for name in SHAPES if np.any(results[f"left in {name}"])]
        seen = f"{' and '.join(left)} kept their gradients" if left else ""
        return [Claim("zero_grad forgets the gradients", not left, "OPTIMIZER-ZERO-GRAD", seen=seen)]

    return _case(f"{part.lower()}-zero-grad", part, run, claims)


def _keeps_gradients(part: str) -> Case:
    """A step reads gradients and leaves them as they are: they add up over calls of backward, and others read them."""

    def run(student: Student, inputs: Inputs) -> Results:
        parameters = parameters_of(student, inputs, SHAPES)
        optimizer = student.part(part)(list(parameters.values()), **_ARGUMENTS[part])
        for name, parameter in parameters.items():
            student.set_gradient(parameter, inputs[f"gradients of {name}"][0])
        # The second step finds what the first one keeps.
        for _ in range(2):
            optimizer.step()
        left = {name: student.gradient(parameter) for name, parameter in parameters.items()}
        return {f"left in {name}": np.zeros(0) if value is None else value for name, value in left.items()}

    def claims(inputs: Inputs, results: Results) -> list[Claim]:
        changed = []
        for name in SHAPES:
            given, left = inputs[f"gradients of {name}"][0], results[f"left in {name}"]
            # To reset the gradients in step() is another habit, and none that makes a number wrong.
            if left.any() and not np.array_equal(left, given):
                changed.append(name)
        seen = f"it changes those of {', '.join(changed)}"
        return [
            Claim("step() leaves the gradients as they are", not changed, "OPTIMIZER-CHANGES-GRADIENT", seen=seen),
            Claim(
                "step() resets the gradients, which PyTorch leaves to zero_grad()",
                all(results[f"left in {name}"].any() for name in SHAPES),
                is_note=True,
            ),
        ]

    return _case(f"{part.lower()}-keeps-gradients", part, run, claims)


def _own_memory(part: str) -> Case:
    """What it remembers is its own: gradients may be written over where they are, as those that reset them do."""
    # Decay would make another array of the gradient.
    arguments = {name: value for name, value in _ARGUMENTS[part].items() if name != "weight_decay"}

    def steps(student: Student, inputs: Inputs, way: str) -> Results:
        parameters = parameters_of(student, inputs, SHAPES)
        optimizer = student.part(part)(list(parameters.values()), **arguments)
        for step in range(3):
            for name, parameter in parameters.items():
                given = inputs[f"gradients of {name}"][step]
                if way != "in place" or not _written_over(partial(student.gradient, parameter), given):
                    student.set_gradient(parameter, given.copy())
            optimizer.step()
        return {f"{way}: {name}": student.array(parameter).copy() for name, parameter in parameters.items()}

    def run(student: Student, inputs: Inputs) -> Results:
        ways = ("anew", "in place", "anew, later")
        return {name: value for way in ways for name, value in steps(student, inputs, way).items()}

    def claims(_: Inputs, results: Results) -> list[Claim]:
        def unlike_the_first(way: str) -> list[str]:
            # Where gradients were reset in between, the arrays that are written over may be of another precision.
            pairs = {name: (results[f"anew: {name}"], results[f"{way}: {name}"]) for name in SHAPES}
            return [
                name for name, pair in pairs.items() if not np.allclose(*pair, rtol=1e-4, atol=1e-6, equal_nan=True)
            ]

        # One that goes on where another has stopped gives other steps in any way.
        shared, other = unlike_the_first("anew, later"), unlike_the_first("in place")
        seen = f"{' and '.join(shared or other)} would get other steps"
        what = "what the optimizer remembers of a gradient stays when the next one is written over it"
        return [
            Claim(
                "a new optimizer begins anew, whatever others did before",
                not shared,
                "OPTIMIZER-STATE-SHARED",
                seen=seen,
            ),
            Claim(what, bool(shared) or not other, "OPTIMIZER-KEEPS-THE-GRADIENT", seen=seen),
        ]

    return _case(f"{part.lower()}-own-memory", part, run, claims)


def _written_over(held: Callable[[], Array | None], given: Array) -> bool:
    """Whether the gradient that is there could be written over; what is handed out may be a copy of it."""
    before = held()
    if before is None or not before.flags.writeable or before.size != given.size:
        return False
    np.copyto(before, given.reshape(before.shape), casting="unsafe")
    after = held()
    return after is not None and np.array_equal(after.ravel(), given.ravel())


def _given(part: str) -> Case:
    """Parameters come as a list, a tuple or a generator; PyTorch takes any of them."""

    def one(student: Student, inputs: Inputs, kind: str) -> Results:
        parameters = parameters_of(student, inputs, SHAPES)
        try:
            optimizer = student.part(part)(_KINDS[kind](list(parameters.values())), **_ARGUMENTS[part])
            for name, parameter in parameters.items():
                student.set_gradient(parameter, inputs[f"gradients of {name}"][0])
            optimizer.step()
        except NotImplementedError:
            raise
        except Exception as error:
            if kind == "list":
                raise
            return {f"{kind} refused": f"{type(error).__name__}: {error}"[:200]}
        return {f"{kind}: {name}": student.array(parameter) for name, parameter in parameters.items()}

    def run(student: Student, inputs: Inputs) -> Results:
        # What else than a list an optimizer takes is another framework's own choice.
        results: Results = {"kind of framework": "another" if student.is_mapped else "a TinyTorch"}
        for kind in _KINDS:
            results.update(one(student, inputs, kind))
        return results

    def claims(_: Inputs, results: Results) -> list[Claim]:
        made = []
        for kind in _KINDS:
            if f"{kind} refused" in results:
                made.append(Claim(f"parameters that come as a {kind} are refused", False, is_note=True))
                continue
            # Whether the update itself is right is told by other cases.
            same = all(np.array_equal(results[f"{kind}: {name}"], results[f"list: {name}"]) for name in SHAPES)
            seen = "they are not updated as those of a list are"
            is_note = results["kind of framework"] == "another"
            made.append(Claim(f"parameters may be given as a {kind}", same, "OPTIMIZER-GENERATOR", is_note, seen=seen))
        return made

    return _case(f"{part.lower()}-parameters-given", part, run, claims)


def _rate(part: str) -> Case:
    """TinyTorch's schedules set ``optimizer.lr``; where that is another attribute, it is worth a note."""
    later = 0.01

    def run(student: Student, inputs: Inputs) -> Results:
        parameter = parameters_of(student, inputs, ["matrix"])["matrix"]
        optimizer = student.part(part)([parameter], lr=_RATE[part])
        results: Results = {}
        for step in range(2):
            student.set_gradient(parameter, inputs["gradients of matrix"][step])
            optimizer.step()
            results[f"matrix after step {step + 1}"] = student.array(parameter).copy()
            optimizer.lr = later
        return results

    def after(inputs: Inputs, second_rate: float) -> Array:
        # AdamW decays without being asked to; what is beside lr does not matter here, as long as it is the same.
        settings = Settings(_RATE[part], weight_decay=0.01 if part == "AdamW" else 0.0)
        updates = Updates(RIGHT[part], settings)
        value: Any = inputs["start of matrix"].astype(np.float64)
        for step in range(2):
            (value,) = updates.step([value], [inputs["gradients of matrix"][step].astype(np.float64)])
            updates.settings = dataclasses.replace(settings, lr=second_rate)
        changed: Array = value
        return changed

    def claims(inputs: Inputs, results: Results) -> list[Claim]:
        found = results["matrix after step 2"]
        # Only the one mistake: whatever else is wrong with the step is told by other cases.
        keeps = np.allclose(found, after(inputs, _RATE[part]), rtol=1e-4, atol=1e-6)
        return [Claim("setting the optimizer's lr between two steps has no effect", not keeps, is_note=True)]

    return _case(f"{part.lower()}-rate-changed", part, run, claims)


def _defaults(part: str) -> Case:
    """Without arguments, an optimizer has those that TinyTorch's documentation states."""
    without, with_all = (in_tinytorch(Plan(part, given, n_steps=_N_STEPS)) for given in ({}, _DEFAULTS[part]))

    def run(student: Student, inputs: Inputs) -> Results:
        if student.is_mapped:
            return {"not judged": "TinyTorch's defaults are those of no other framework"}
        # What fails with all arguments, too, is no matter of the defaults.
        found = with_all(student, inputs)
        try:
            found |= {f"{name}, by default": value for name, value in without(student, inputs).items()}
        except (UnbuiltError, NotImplementedError):
            raise
        except Exception as error:
            found["raised by default"] = f"{type(error).__name__}: {error}"[:200]
        return {**found, "stated": _stated(student.part(part))}

    def claims(_: Inputs, results: Results) -> list[Claim]:
        if "not judged" in results:
            return []
        if "raised by default" in results:
            seen = f"without arguments it ends in {results['raised by default']}, and with these it does not"
            return [_of_defaults(part, False, seen, _others(part, results["stated"]))]
        # Whether the steps are right is told by other cases.
        steps = [name for name in results if f"{name}, by default" in results]
        same = bool(steps) and all(np.array_equal(results[name], results[f"{name}, by default"]) for name in steps)
        seen = "without arguments the parameters change in another way than with these"
        probable = _others(part, results["stated"]) or _larger(part, results, steps)
        return [_of_defaults(part, same, seen, probable)]

    return _case(f"{part.lower()}-defaults", part, run, claims)


def _of_defaults(part: str, holds: bool, seen: str, probable: str) -> Claim:
    stated = ", ".join(f"{name}={value}" for name, value in _DEFAULTS[part].items())
    return Claim(f"the defaults are {stated}", holds, "DEFAULT-ARGUMENT", seen=seen, addition=probable)


def _stated(part: Any) -> list[list[str]]:
    """Names and values of the default arguments that an optimizer's signature states."""
    try:
        parameters = inspect.signature(part).parameters
    except (TypeError, ValueError):
        return []
    return [[name, repr(entry.default)] for name, entry in parameters.items() if entry.default is not entry.empty]


def _others(part: str, stated: Any) -> str:
    """The defaults that are not TinyTorch's."""
    others = []
    for name, text in stated:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            continue
        right = _DEFAULTS[part].get(name, value)
        if isinstance(value, int | float | tuple) and value != right:
            others.append(f"{name}={value} instead of {right}")
    return " and ".join(others)


def _larger(part: str, results: Results, steps: Sequence[str]) -> str:
    """By how much all steps are larger, if by one factor, as of another learning rate."""
    own = np.concatenate([np.ravel(results[f"{name}, by default"]) for name in steps]) if steps else np.zeros(0)
    right = np.concatenate([np.ravel(results[name]) for name in steps]) if steps else np.zeros(0)
    if own.shape != right.shape or not right.any():
        return ""
    factor = float(own @ right / (right @ right))
    if not np.allclose(own, factor * right, rtol=1e-2, atol=1e-3 * float(np.abs(factor * right).max())):
        return ""
    rate = _DEFAULTS[part]["lr"]
    return f"all steps are {factor:.3g} times as large, as if lr were {factor * rate:.3g} instead of {rate}"


CASES = tuple(
    make(part)
    for part in ("SGD", "Adam", "AdamW")
    for make in (_defaults, _zero_grad, _keeps_gradients, _own_memory, _given, _rate)
)
