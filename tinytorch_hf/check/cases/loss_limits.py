"""What losses make of arguments at the edge: columns of labels, certain probabilities, what PyTorch refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tinytorch_hf.check.cases.losses import (
    BINARY,
    CROSS_ENTROPY,
    MSE,
    binary,
    classification,
    loss_function,
    regression,
    targets_of,
)
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results
from tinytorch_hf.judging.mistakes import MISTAKES
from tinytorch_hf.student.view import Student

# Gives predictions and targets that PyTorch refuses, out of those that it takes.
Refused = Callable[[Inputs], Inputs]


def _attempted(student: Student, part: str, values: Inputs) -> Results:
    """The loss of arguments that may be refused: "loss", or "refused" with the error."""
    predictions = student.tensor(values["predictions"].copy())
    targets = targets_of(student, part)(values["targets"].copy())
    function = loss_function(student, part)
    try:
        loss = function(predictions, targets)
    except NotImplementedError:
        raise
    except Exception as error:
        # Whatever the error is: to refuse them is right.
        return {"refused": f"{type(error).__name__}: {error}"[:200]}
    return {"loss": student.array(loss)}


def _ask_for_the_usual(student: Student, part: str, values: Inputs) -> None:
    """Raise what the loss raises for arguments that it has to take: then no other error of it is a refusal."""
    predictions = student.tensor(values["predictions"].copy())
    loss_function(student, part)(predictions, targets_of(student, part)(values["targets"].copy()))


def _column_labels(student: Student, values: Inputs) -> Results:
    """Labels (batch, 1) are refused, or understood; a wrong loss without a word is worth a note."""
    _ask_for_the_usual(student, CROSS_ENTROPY, values)
    return _attempted(student, CROSS_ENTROPY, {**values, "targets": values["targets"][:, None]})


def _column_claims(inputs: Inputs, results: Results) -> list[Claim]:
    if "refused" in results:
        return []
    logits, labels = inputs["predictions"].astype(np.float64), inputs["targets"].astype(int)
    log_softmax = logits - logits.max(axis=1, keepdims=True)
    log_softmax -= np.log(np.exp(log_softmax).sum(axis=1, keepdims=True))
    loss = np.asarray(results["loss"], dtype=np.float64)
    each = -log_softmax[np.arange(len(labels)), labels].mean()
    every = -log_softmax[:, labels].mean()
    what, code = "labels of shape (batch, 1)", ""
    if loss.size == 1 and np.isclose(loss.item(), every, rtol=1e-4):
        code = "CE-COLUMN-LABELS"
        what = MISTAKES[code].sentence
    is_right = loss.size == 1 and bool(np.isclose(loss.item(), each, rtol=1e-4))
    return [Claim(f"{CROSS_ENTROPY} accepts what PyTorch refuses: {what}", is_right, code, is_note=True)]


def _certain_inputs(draw: Draw) -> Inputs:
    """Probabilities of exactly 0 and 1, right and wrong ones."""
    n = draw.size(5)
    predictions = np.arange(n) % 2
    targets = np.arange(n) // 2 % 2
    return {name: values.astype(np.float32)[:, None] for name, values in {"p": predictions, "y": targets}.items()}


def _certain(student: Student, values: Inputs) -> Results:
    predictions = student.tensor(values["p"].copy(), gradient=True)
    loss = loss_function(student, BINARY)(predictions, student.tensor(values["y"].copy()))
    results: Results = {"loss": student.array(loss)}
    if student.has_autograd:
        student.backward(loss)
        results["gradient of p"] = student.gradient(predictions)
    if not student.is_mapped:
        nearly = student.tensor(np.full((1, 1), _NEARLY, np.float32))
        other = loss_function(student, BINARY)(nearly, student.tensor(np.ones((1, 1), np.float32)))
        results["loss of nearly certain ones"] = student.array(other)
    return results


# Above 1e-7, from where TinyTorch's documentation keeps probabilities away.
_NEARLY = 1.2e-7


def _certain_claims(_: Inputs, results: Results) -> list[Claim]:
    """Which smaller number than 1e-7 keeps probabilities from 0 and 1 is free; loss and gradient have to be finite.

    A gradient that never arrives is told by the other cases of this loss.
    """
    claims = [Claim("the loss of certain predictions is finite", _is_finite(results["loss"]), "BCE-CERTAIN")]
    if results.get("gradient of p") is not None:
        claims.append(Claim("their gradient is finite", _is_finite(results["gradient of p"]), "BCE-CERTAIN"))
    if "loss of nearly certain ones" in results:
        found, right = float(np.ravel(results["loss of nearly certain ones"])[0]), float(-np.log(_NEARLY))
        what = f"the loss of {_NEARLY:g} where 1 is right is {right:.2f}, as in PyTorch"
        seen = f"it is {found:.2f}, as of {np.exp(-found):.1e}: clip to [1e-7, 1 - 1e-7], and no further"
        claims.append(Claim(what, bool(np.isclose(found, right, rtol=0.01)), seen=seen))
    return claims


def _is_finite(values: object) -> bool:
    return bool(np.isfinite(np.asarray(values, dtype=np.float64)).all())


def _refusals(name: str, part: str, inputs: Callable[[Draw], Inputs], refused: Mapping[str, Refused]) -> Case:
    """What PyTorch refuses may be accepted: that is worth a note, and no fault."""

    def run(student: Student, values: Inputs) -> Results:
        results: Results = {}
        _ask_for_the_usual(student, part, values)
        for what, change in refused.items():
            tried = _attempted(student, part, {**values, **change(values)})
            results[what] = tried.get("refused", tried.get("loss"))
        return results

    def claims(_: Inputs, results: Results) -> list[Claim]:
        return [
            Claim(f"{part} accepts what PyTorch refuses: {what}", isinstance(results[what], str), is_note=True)
            for what in refused
        ]

    return Case(name, "losses", ("Tensor", part), inputs, run, lambda *_: {}, claims=claims)


def _with_label(label: float) -> Refused:
    def change(values: Inputs) -> Inputs:
        labels = values["targets"].copy()
        labels[0] = label
        return {"targets": labels}

    return change


def _one_column_less(values: Inputs) -> Inputs:
    return {"targets": values["targets"][:, :-1]}


def _fewer(values: Inputs) -> Inputs:
    return {"targets": values["targets"][:-1]}


CASES = (
    Case(
        "cross-entropy-column-labels",
        "losses",
        ("Tensor", CROSS_ENTROPY),
        classification,
        _column_labels,
        lambda *_: {},
        claims=_column_claims,
    ),
    Case(
        "binary-cross-entropy-certain",
        "losses",
        ("Tensor", BINARY),
        _certain_inputs,
        _certain,
        lambda *_: {},
        claims=_certain_claims,
    ),
    _refusals("mse-refusals", MSE, regression, {"targets of another shape": _one_column_less}),
    _refusals(
        "cross-entropy-refusals",
        CROSS_ENTROPY,
        classification,
        {"a label of -1": _with_label(-1), "a label of 10 among 10 classes": _with_label(10), "too few labels": _fewer},
    ),
    _refusals(
        "binary-cross-entropy-refusals",
        BINARY,
        binary,
        {
            "targets (batch, 1) for more columns": lambda values: {"targets": values["targets"][:, :1]},
            "targets of another shape": _one_column_less,
        },
    ),
)
