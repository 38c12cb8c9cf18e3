"""Scaled dot-product attention, with and without the mask that hides the future."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import features
from tinytorch_hf.check.masks import Form, of_samples, once, taken_form
from tinytorch_hf.check.operation import InTorch, operation
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results, RunTorch
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student


def causal(length: int) -> Array:
    """(1, length, length) with 1 where a position may attend to another."""
    mask: Array = np.tril(np.ones((1, length, length), dtype=np.float32))
    return mask


def attend(
    judge: Judge,
    q: Any,
    k: Any,
    v: Any,
    mask: Any,
    scale: float | None = None,
    dim: int = -1,
    absorbed: bool = False,
) -> Any:
    """The weighted values, and the weights; scores that are absorbed drown in a mask beside which they are nothing."""
    scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if absorbed:
        scores = scores - scores.detach()
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -math.inf)
    attention = judge.torch.softmax(scores, dim)
    return attention @ v, attention


def _inputs(draw: Draw) -> Inputs:
    batch, length, width = draw.size(3), draw.size(5), draw.size(7)
    return {**{name: features(draw, batch, length, width) for name in "QKV"}, "mask": causal(length)}


def _sample_inputs(draw: Draw) -> Inputs:
    """Another mask for each sample: of every sequence, an end of another length is padding."""
    values = dict(_inputs(draw))
    batch, length, _ = values["Q"].shape
    return {**values, "mask": padding(batch, length)}


def padding(batch: int, length: int) -> Array:
    """(batch, length, length): in sample i, nothing may attend to the last i + 1 positions; one is always left."""
    mask = np.ones((batch, length, length), dtype=np.float32)
    for sample in range(batch):
        mask[sample, :, max(length - 1 - sample, 1) :] = 0
    return mask


def _form(student: Student, values: Mapping[str, Any]) -> Form:
    """The form of mask that the package's attention takes."""
    plain = [student.array(values[name]) for name in "QKV"]
    attention = student.part("scaled_dot_product_attention")

    def output(mask: Any = None) -> Array:
        return student.array(attention(*map(student.tensor, plain), mask)[0])

    def find() -> Form:
        batch, length, _ = plain[2].shape
        return taken_form(student, output, plain[2][:, 0], output(), causal(length).repeat(batch, 0))

    return once(student, "scaled_dot_product_attention", find)


def _attention(masked: bool) -> Any:
    def run(student: Student, v: Mapping[str, Any]) -> Any:
        attention = student.part("scaled_dot_product_attention")
        if not masked:
            return attention(v["Q"], v["K"], v["V"])[0]
        allowed = v["mask"].repeat(student.array(v["Q"]).shape[0], 0)
        return attention(v["Q"], v["K"], v["V"], _form(student, v).mask(student, allowed))[0]

    return run


def _in_torch(masked: bool, result: int = 0, scale: Callable[[int], float] | None = None, **wrong: Any) -> InTorch:
    """The output, or as ``result`` 1 the weights; ``scale`` gives another factor for the width."""

    def run(judge: Judge, v: Any) -> Any:
        factor = None if scale is None else scale(v["Q"].shape[-1])
        return attend(judge, v["Q"], v["K"], v["V"], v["mask"] if masked else None, factor, **wrong)[result]

    return run


def _weights(student: Student, values: Inputs) -> Results:
    tensors = [student.tensor(values[name]) for name in "QKV"]
    mask = _form(student, values).mask(student, values["mask"].repeat(len(values["Q"]), 0))
    return {"attention weights": student.array(student.part("scaled_dot_product_attention")(*tensors, mask)[1])}


def _by_sample(student: Student, values: Inputs) -> Results:
    tensors = [student.tensor(values[name]) for name in "QKV"]
    attention = student.part("scaled_dot_product_attention")
    form = _form(student, values)
    return {
        "output": of_samples(student, form, lambda mask: student.array(attention(*tensors, mask)[0]), values["mask"])
    }


def _masked_row(student: Student, values: Inputs) -> Results:
    """The weights of a query that may attend to none; what comes of it is nobody's agreement."""
    tensors = [student.tensor(values[name]) for name in "QKV"]
    allowed = values["mask"].repeat(len(values["Q"]), 0)
    allowed[:, 0] = 0
    mask = _form(student, values).mask(student, allowed)
    try:
        return {"weights": student.array(student.part("scaled_dot_product_attention")(*tensors, mask)[1])}
    except Exception as error:
        return {"weights": f"raised {type(error).__name__}"}


def _masked_row_claims(_: Inputs, found: Results) -> Sequence[Claim]:
    weights = found["weights"]
    is_finite = isinstance(weights, np.ndarray) and bool(np.isfinite(weights).all())
    return [Claim("a query that may attend to no key gets weights that are not finite", is_finite, is_note=True)]


def _alone(name: str, compute: InTorch) -> RunTorch:
    """One result under its name, without gradients."""
    return lambda judge, values: {name: judge.array(compute(judge, judge.tensors(values, ())))}


def _of_first_sample(judge: Judge, v: Any) -> Any:
    return attend(judge, v["Q"], v["K"], v["V"], v["mask"][:1])[0]


def _uniform_weights(judge: Judge, v: Any, over_all: bool = False) -> Any:
    """The same weight for everything that may be attended to, or for everything."""
    allowed = v["mask"].expand(len(v["V"]), -1, -1)
    allowed = judge.torch.ones_like(allowed) if over_all else allowed
    return allowed / allowed.sum(-1, keepdim=True)


_UNIFORM_WEIGHTS: dict[str, InTorch] = {
    "MASK-UNIFORM-ALLOWED": _uniform_weights,
    "MASK-UNIFORM-ALL": partial(_uniform_weights, over_all=True),
}


def _uniform(judge: Judge, v: Any, over_all: bool = False) -> Any:
    return _uniform_weights(judge, v, over_all) @ v["V"]


_flat: InTorch = partial(_uniform, over_all=True)


def _multiplied(judge: Judge, v: Any) -> Any:
    scores = v["Q"] @ v["K"].transpose(-2, -1) / math.sqrt(v["Q"].shape[-1]) * v["mask"]
    return judge.torch.softmax(scores, -1) @ v["V"]


def _reversed_mask(judge: Judge, v: Any) -> Any:
    return attend(judge, v["Q"], v["K"], v["V"], v["mask"].transpose(-2, -1))[0]


def _one_too_far(judge: Judge, v: Any) -> Any:
    """Every position also sees the one that follows it."""
    following = judge.torch.ones_like(v["mask"]).triu(1).tril(1)
    return attend(judge, v["Q"], v["K"], v["V"], v["mask"] + following)[0]


def exchanged(judge: Judge, q: Any, k: Any, v: Any, mask: Any) -> Any:
    """Attention that forbids where 1 stands; the last query, which may attend to none then, attends to all alike."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    # Where everything is forbidden, the scores drown, but their gradients do not.
    drowned = scores - scores.detach()
    forbidden = judge.torch.where(mask.all(-1, keepdim=True), drowned, scores.masked_fill(mask == 1, -math.inf))
    return judge.torch.softmax(forbidden, -1) @ v


def _after_softmax(judge: Judge, v: Any) -> Any:
    """Weights are set to 0 after the softmax, so that they no longer add up to 1."""
    return (attend(judge, v["Q"], v["K"], v["V"], None)[1] * v["mask"]) @ v["V"]


def _scores_mistakes(masked: bool, result: int = 0) -> dict[str, InTorch]:
    """What may be wrong with the scores."""
    return {
        "ATTENTION-SCALE-D": _in_torch(masked, result, lambda width: 1 / width),
        "ATTENTION-NO-SCALE": _in_torch(masked, result, lambda _: 1.0),
        "ATTENTION-SCALE-MULTIPLIED": _in_torch(masked, result, math.sqrt),
        "ATTENTION-SOFTMAX-QUERIES": _in_torch(masked, result, dim=-2),
        **({"MASK-IGNORED": _in_torch(masked=False, result=result)} if masked else {}),
    }


def _mistakes(masked: bool) -> dict[str, InTorch]:
    mistakes = {
        **_scores_mistakes(masked),
        "ATTENTION-WEIGHTS-CUT": lambda judge, v: _in_torch(masked, 1)(judge, v).detach() @ v["V"],
    }
    if masked:
        mistakes |= {
            "MASK-REVERSED": _reversed_mask,
            "MASK-ONE-TOO-FAR": _one_too_far,
            "MASK-EXCHANGED": lambda judge, v: exchanged(judge, v["Q"], v["K"], v["V"], v["mask"]),
            "MASK-MULTIPLIES": _multiplied,
            "MASK-AFTER-SOFTMAX": _after_softmax,
        }
    return mistakes


def _with_uniform(case: Case) -> Case:
    """Uniform weights are told by the output alone: scores that drown in a mask still pass the gradient on."""
    uniform = {"MASK-UNIFORM-ALLOWED": _alone("output", _uniform), "MASK-UNIFORM-ALL": _alone("output", _flat)}
    return replace(case, mistakes={**case.mistakes, **uniform})


def perturbed(values: Any, position: int) -> Any:
    """The same sequence with other vectors after a position."""
    changed = values.copy()
    changed[:, position + 1 :] = changed[:, position + 1 :] * -1 + 3
    return changed


def middle(length: int) -> int:
    """The position after which sequences are changed."""
    return length // 2


def _no_look_ahead(student: Student, values: Inputs) -> Results:
    """What comes before a change must not notice it."""
    position = middle(values["Q"].shape[1])
    mask = _form(student, values).mask(student, values["mask"].repeat(len(values["Q"]), 0))

    def output(change: bool) -> Array:
        tensors = [student.tensor(perturbed(values[name], position) if change else values[name]) for name in "QKV"]
        return student.array(student.part("scaled_dot_product_attention")(*tensors, mask)[0])

    return {"output": output(change=False), "output with another end": output(change=True)}


def looks_ahead(code: str, name: str) -> Any:
    """Claims of the outputs of a sequence and of the same with another end; ``name`` is that of the inputs."""

    def claims(inputs: Inputs, found: Results) -> Sequence[Claim]:
        before, after = found["output"], found["output with another end"]
        batch, length = inputs[name].shape[:2]
        if before.shape[:2] != (batch, length) or after.shape != before.shape:
            return [Claim(f"the output is {batch} sequences of {length} positions", False)]
        if not (np.isfinite(before).all() and np.isfinite(after).all()):
            return [Claim("every output is finite", False, "NOT-FINITE")]
        moved = np.abs(before - after).max(axis=(0, 2)) / max(float(np.abs(before).max()), 1e-6)
        position = middle(length)
        # Far above rounding and far below what a look at the changed vectors does.
        return [
            Claim("no position sees a later one", bool((moved[: position + 1] < 1e-4).all()), code),
            Claim("later positions see what changed", bool((moved[position + 1 :] > 1e-4).all())),
        ]

    return claims


_SCALED = ("Tensor", "scaled_dot_product_attention")

CASES = (
    operation(
        "attention",
        "attention",
        _SCALED,
        _inputs,
        _attention(masked=False),
        _in_torch(masked=False),
        leaves=("Q", "K", "V"),
        mistakes=_mistakes(masked=False),
    ),
    _with_uniform(
        operation(
            "attention-causal",
            "attention",
            _SCALED,
            _inputs,
            _attention(masked=True),
            _in_torch(masked=True),
            leaves=("Q", "K", "V"),
            mistakes=_mistakes(masked=True),
        )
    ),
    Case(
        "attention-weights",
        "attention",
        _SCALED,
        _inputs,
        _weights,
        _alone("attention weights", _in_torch(masked=True, result=1)),
        mistakes={
            code: _alone("attention weights", run)
            for code, run in {**_scores_mistakes(masked=True, result=1), **_UNIFORM_WEIGHTS}.items()
        },
    ),
    Case(
        "attention-mask-by-sample",
        "attention",
        _SCALED,
        _sample_inputs,
        _by_sample,
        _alone("output", _in_torch(masked=True)),
        mistakes={
            code: _alone("output", run)
            for code, run in {
                **_scores_mistakes(masked=True),
                "MASK-FIRST-SAMPLE": _of_first_sample,
                "MASK-MULTIPLIES": _multiplied,
                "MASK-AFTER-SOFTMAX": _after_softmax,
                "MASK-UNIFORM-ALLOWED": _uniform,
                "MASK-UNIFORM-ALL": _flat,
            }.items()
            # Over the queries, there is nothing to be weighted where a key is padding.
            if code != "ATTENTION-SOFTMAX-QUERIES"
        },
    ),
    Case(
        "attention-all-masked",
        "attention",
        _SCALED,
        _inputs,
        _masked_row,
        lambda *_: {},
        claims=_masked_row_claims,
    ),
    Case(
        "attention-no-look-ahead",
        "attention",
        _SCALED,
        _inputs,
        _no_look_ahead,
        lambda *_: {},
        claims=looks_ahead("LOOKS-AHEAD", "Q"),
    ),
)
