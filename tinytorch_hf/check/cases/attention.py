"""Attention, with and without the mask that hides the future."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import features, weights
from tinytorch_hf.check.operation import InTorch, layer, operation
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

BATCH, LENGTH, WIDTH, HEADS = 2, 6, 8, 2
CAUSAL = np.tril(np.ones((1, LENGTH, LENGTH), dtype=np.float32))
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "out_proj")
PARAMETERS = tuple(f"{name}.{kind}" for name in PROJECTIONS for kind in ("weight", "bias"))


def attend(judge: Judge, q: Any, k: Any, v: Any, mask: Any, scale: float | None = None, dim: int = -1) -> Any:
    """The weighted values, and the weights."""
    scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -math.inf)
    attention = judge.torch.softmax(scores, dim)
    return attention @ v, attention


def _inputs(draw: Draw) -> Inputs:
    return {**{name: features(draw, BATCH, LENGTH, WIDTH) for name in "QKV"}, "mask": CAUSAL}


def _attention(masked: bool) -> Any:
    def run(student: Student, v: Any) -> Any:
        mask = student.tensor(v["mask"]) if masked else None
        return student.part("scaled_dot_product_attention")(v["Q"], v["K"], v["V"], mask)[0]

    return run


def _attention_in_torch(masked: bool, **wrong: Any) -> InTorch:
    return lambda judge, v: attend(judge, v["Q"], v["K"], v["V"], v["mask"] if masked else None, **wrong)[0]


def _weights(student: Student, values: Inputs) -> Results:
    tensors = [student.tensor(values[name]) for name in ("Q", "K", "V", "mask")]
    return {"attention weights": student.array(student.part("scaled_dot_product_attention")(*tensors)[1])}


def _weights_in_torch(judge: Judge, values: Inputs) -> Results:
    tensors = [judge.tensor(values[name]) for name in ("Q", "K", "V", "mask")]
    return {"attention weights": judge.array(attend(judge, *tensors)[1])}


def _uniform(_: Judge, v: Any) -> Any:
    """The mask multiplies scores that then are all alike."""
    allowed = v["mask"].expand(BATCH, -1, -1)
    return (allowed / allowed.sum(-1, keepdim=True)) @ v["V"] + 0 * (v["Q"].sum() + v["K"].sum())


def _multiplied(judge: Judge, v: Any) -> Any:
    scores = v["Q"] @ v["K"].transpose(-2, -1) / math.sqrt(WIDTH) * v["mask"]
    return judge.torch.softmax(scores, -1) @ v["V"]


def _reversed_mask(judge: Judge, v: Any) -> Any:
    return attend(judge, v["Q"], v["K"], v["V"], v["mask"].transpose(-2, -1))[0]


def _flat(_: Judge, v: Any) -> Any:
    return v["V"].mean(-2, keepdim=True).expand_as(v["V"]) + 0 * (v["Q"].sum() + v["K"].sum())


def _mistakes(masked: bool) -> dict[str, InTorch]:
    mistakes = {
        "ATTENTION-SCALE-D": _attention_in_torch(masked, scale=1 / WIDTH),
        "ATTENTION-NO-SCALE": _attention_in_torch(masked, scale=1.0),
        "ATTENTION-SOFTMAX-QUERIES": _attention_in_torch(masked, dim=-2),
    }
    if masked:
        mistakes |= {
            "MASK-IGNORED": _attention_in_torch(masked=False),
            "MASK-REVERSED": _reversed_mask,
            "MASK-MULTIPLIES": _multiplied,
            "MASK-UNIFORM-ALLOWED": _uniform,
            "MASK-UNIFORM-ALL": _flat,
        }
    return mistakes


def perturbed(values: Any, position: int) -> Any:
    """The same sequence with other vectors after a position."""
    changed = values.copy()
    changed[:, position + 1 :] = changed[:, position + 1 :] * -1 + 3
    return changed


def _no_look_ahead(student: Student, values: Inputs) -> Results:
    """What comes before a change must not notice it."""
    mask = student.tensor(values["mask"])
    position = LENGTH // 2
    outputs = []
    for change in (False, True):
        tensors = [student.tensor(perturbed(values[name], position) if change else values[name]) for name in "QKV"]
        found, _ = student.part("scaled_dot_product_attention")(*tensors, mask)
        outputs.append(student.array(found))
    return no_look_ahead(outputs, position)


def no_look_ahead(outputs: list[Any], position: int) -> Results:
    """Compare the outputs of a sequence and of the same with another end."""
    before, after = outputs
    moved = np.abs(before - after).max(axis=(0, 2)) / np.abs(before).max()
    # Far above rounding and far below what a look at the changed vectors does.
    return {
        "no position sees a later one": bool((moved[: position + 1] < 1e-4).all()),
        "later positions see what changed": bool((moved[position + 1 :] > 1e-4).all()),
    }


def projection_inputs(draw: Draw, prefix: str = "") -> dict[str, Any]:
    """Weights and biases of a MultiHeadAttention."""
    drawn: dict[str, Any] = {}
    for name in PROJECTIONS:
        drawn[f"{prefix}{name}.weight"] = weights(draw, WIDTH, WIDTH)
        drawn[f"{prefix}{name}.bias"] = weights(draw, WIDTH)
    return drawn


def _multi_head_inputs(draw: Draw) -> Inputs:
    return {"x": features(draw, BATCH, LENGTH, WIDTH), "mask": CAUSAL, **projection_inputs(draw)}


def multi_head(judge: Judge, v: Any, x: Any, mask: Any, prefix: str = "", **wrong: Any) -> Any:
    """MultiHeadAttention; ``wrong`` changes it into a mistake."""
    scale = wrong.get("scale")

    def project(name: str, values: Any) -> Any:
        return values @ v[f"{prefix}{name}.weight"] + v[f"{prefix}{name}.bias"]

    def heads(values: Any) -> Any:
        if wrong.get("interleaved"):
            return values.reshape(*values.shape[:2], -1, HEADS).permute(0, 3, 1, 2)
        if wrong.get("not_transposed"):
            return values.reshape(values.shape[0], HEADS, values.shape[1], -1)
        return values.reshape(*values.shape[:2], HEADS, -1).transpose(1, 2)

    q, k, values = (heads(project(name, x)) for name in PROJECTIONS[:3])
    attended, _ = attend(judge, q, k, values, None if mask is None else mask[:, None], scale)
    return project("out_proj", attended.transpose(1, 2).reshape(x.shape))


def _multi_head_case(name: str, masked: bool) -> Case:
    def in_torch(**wrong: Any) -> InTorch:
        hidden = masked and not wrong.pop("unmasked", False)
        return lambda judge, v: multi_head(judge, v, v["x"], v["mask"] if hidden else None, **wrong)

    mistakes = {
        "ATTENTION-SCALE-EMBED-DIM": in_torch(scale=1 / math.sqrt(WIDTH)),
        "ATTENTION-SCALE-D": in_torch(scale=HEADS / WIDTH),
        "HEADS-NOT-TRANSPOSED": in_torch(not_transposed=True),
        "HEADS-INTERLEAVED": in_torch(interleaved=True),
        **({"MASK-IGNORED": in_torch(unmasked=True)} if masked else {}),
    }
    return layer(
        name,
        "attention",
        ("Tensor", "MultiHeadAttention"),
        _multi_head_inputs,
        lambda student, _: student.part("MultiHeadAttention")(WIDTH, HEADS),
        in_torch(),
        parameters=PARAMETERS,
        call=lambda student, attention, v: attention.forward(v["x"], student.tensor(v["mask"]) if masked else None),
        mistakes=mistakes,
    )


def _multi_head_no_look_ahead(student: Student, values: Inputs) -> Results:
    attention = student.part("MultiHeadAttention")(WIDTH, HEADS)
    student.load(attention, {path: values[path] for path in PARAMETERS})
    position = LENGTH // 2
    return no_look_ahead(
        [
            student.array(attention.forward(student.tensor(x), student.tensor(values["mask"])))
            for x in (values["x"], perturbed(values["x"], position))
        ],
        position,
    )


_SCALED = ("Tensor", "scaled_dot_product_attention")

CASES = (
    operation(
        "attention",
        "attention",
        _SCALED,
        _inputs,
        _attention(masked=False),
        _attention_in_torch(masked=False),
        leaves=("Q", "K", "V"),
        mistakes=_mistakes(masked=False),
    ),
    operation(
        "attention-causal",
        "attention",
        _SCALED,
        _inputs,
        _attention(masked=True),
        _attention_in_torch(masked=True),
        leaves=("Q", "K", "V"),
        mistakes=_mistakes(masked=True),
    ),
    Case("attention-weights", "attention", _SCALED, _inputs, _weights, _weights_in_torch),
    Case("attention-no-look-ahead", "attention", _SCALED, _inputs, _no_look_ahead, lambda *_: {}),
    _multi_head_case("multi-head-attention", masked=False),
    _multi_head_case("multi-head-attention-causal", masked=True),
    Case(
        "multi-head-no-look-ahead",
        "attention",
        ("Tensor", "MultiHeadAttention"),
        _multi_head_inputs,
        _multi_head_no_look_ahead,
        lambda *_: {},
    ),
)
