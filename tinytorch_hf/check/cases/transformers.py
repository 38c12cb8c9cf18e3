"""MLP and TransformerBlock, on what embeddings make of TinyTalks."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from tinytorch_hf.check.cases.activations import gelu_erf, gelu_sigmoid, gelu_tanh
from tinytorch_hf.check.cases.attention import looks_ahead
from tinytorch_hf.check.cases.layer_norm import norm, norm_weights
from tinytorch_hf.check.cases.multi_head import (
    PARAMETERS,
    forward_of,
    masked,
    multi_head,
    no_look_ahead,
    projection_inputs,
    sequence_inputs,
)
from tinytorch_hf.check.inputs import features, weights
from tinytorch_hf.check.modes import in_evaluation
from tinytorch_hf.check.naming import by_name
from tinytorch_hf.check.operation import InTorch, layer
from tinytorch_hf.judging.case import Case, Draw, Inputs
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

Gelu = Callable[[Judge, Any], Any]
_FORMS: dict[Gelu, str] = {gelu_sigmoid: "SIGMOID", gelu_erf: "EXACT", gelu_tanh: "TANH"}
# Hidden features of a block's MLP, as a multiple of the width.
_RATIO = 4


def _mlp_weights(draw: Draw, width: int, hidden: int, prefix: str = "") -> dict[str, Any]:
    return {
        f"{prefix}linear1.weight": weights(draw, width, hidden),
        f"{prefix}linear1.bias": weights(draw, hidden),
        f"{prefix}linear2.weight": weights(draw, hidden, width),
        f"{prefix}linear2.bias": weights(draw, width),
    }


_MLP = ("linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias")


def _mlp_inputs(draw: Draw) -> Inputs:
    x = features(draw, draw.size(3), draw.size(5), draw.size(7))
    return {"x": x, **_mlp_weights(draw, x.shape[-1], draw.size(11))}


def _mlp(judge: Judge, v: Any, x: Any, gelu: Gelu, prefix: str = "") -> Any:
    hidden = gelu(judge, x @ v[f"{prefix}linear1.weight"] + v[f"{prefix}linear1.bias"])
    return hidden @ v[f"{prefix}linear2.weight"] + v[f"{prefix}linear2.bias"]


def in_each_gelu(compute: Callable[[Judge, Any, Gelu], Any]) -> tuple[InTorch, list[InTorch]]:
    """The course's form of GELU is what is right first; the others are right, too."""
    return _with_form(compute, gelu_sigmoid), [_with_form(compute, gelu) for gelu in (gelu_erf, gelu_tanh)]


def _with_form(compute: Callable[[Judge, Any, Gelu], Any], gelu: Gelu) -> InTorch:
    return lambda judge, v: compute(judge, v, gelu)


def in_mixed_gelus(compute: Callable[[Judge, Any, Gelu], Any]) -> dict[str, InTorch]:
    """The mistake of one form forward with another's gradient, by its code."""
    return {
        f"GELU-{_FORMS[forward]}-{_FORMS[backward]}": _with_form(compute, _mixed(forward, backward))
        for forward, backward in itertools.permutations(_FORMS, 2)
    }


def _mixed(forward: Gelu, backward: Gelu) -> Gelu:
    def gelu(judge: Judge, x: Any) -> Any:
        slope = backward(judge, x)
        return forward(judge, x).detach() + slope - slope.detach()

    return gelu


def block_weights(draw: Draw, width: int, prefix: str = "") -> dict[str, Any]:
    """All parameters of a TransformerBlock."""
    return {
        **projection_inputs(draw, width, f"{prefix}attention."),
        **norm_weights(draw, width, f"{prefix}ln1."),
        **norm_weights(draw, width, f"{prefix}ln2."),
        **_mlp_weights(draw, width, _RATIO * width, f"{prefix}mlp."),
    }


BLOCK = (
    *(f"attention.{path}" for path in PARAMETERS),
    *(f"{norm}.{kind}" for norm in ("ln1", "ln2") for kind in ("gamma", "beta")),
    *(f"mlp.{path}" for path in _MLP),
)


def _block_inputs(draw: Draw) -> Inputs:
    values = sequence_inputs(draw)
    return {**values, **block_weights(draw, values["x"].shape[-1])}


def block(judge: Judge, v: Any, x: Any, mask: Any, gelu: Gelu, prefix: str = "", **wrong: Any) -> Any:
    """TransformerBlock; ``wrong`` changes its attention into a mistake."""
    x = x + multi_head(judge, v, norm(judge, v, x, f"{prefix}ln1."), mask, f"{prefix}attention.", **wrong)
    return x + _mlp(judge, v, norm(judge, v, x, f"{prefix}ln2."), gelu, f"{prefix}mlp.")


def _post_norm(judge: Judge, v: Any, mask: Any) -> Any:
    """Normalization after each sum, as in the first transformers."""
    x = norm(judge, v, v["x"] + multi_head(judge, v, v["x"], mask, "attention."), "ln1.")
    return norm(judge, v, x + _mlp(judge, v, x, gelu_sigmoid, "mlp."), "ln2.")


def _without_residuals(judge: Judge, v: Any, mask: Any) -> Any:
    x = multi_head(judge, v, norm(judge, v, v["x"], "ln1."), mask, "attention.")
    return _mlp(judge, v, norm(judge, v, x, "ln2."), gelu_sigmoid, "mlp.")


def _normalized_residuals(judge: Judge, v: Any, mask: Any) -> Any:
    """What is added is the normalized input instead of the input."""
    x = norm(judge, v, v["x"], "ln1.")
    x = norm(judge, v, x + multi_head(judge, v, x, mask, "attention."), "ln2.")
    return x + _mlp(judge, v, x, gelu_sigmoid, "mlp.")


def _one_residual(judge: Judge, v: Any, mask: Any, kept: str) -> Any:
    """The input is added to what one of both gives, and not to the other."""
    attended = multi_head(judge, v, norm(judge, v, v["x"], "ln1."), mask, "attention.")
    x = v["x"] + attended if kept == "attention" else attended
    hidden = _mlp(judge, v, norm(judge, v, x, "ln2."), gelu_sigmoid, "mlp.")
    return x + hidden if kept == "mlp" else hidden


def _one_norm(judge: Judge, v: Any, mask: Any) -> Any:
    """ln1 in both places."""
    x = v["x"] + multi_head(judge, v, norm(judge, v, v["x"], "ln1."), mask, "attention.")
    return x + _mlp(judge, v, norm(judge, v, x, "ln1."), gelu_sigmoid, "mlp.")


def _block_case(name: str, is_masked: bool) -> Case:
    def mask(v: Any) -> Any:
        return v["mask"] if is_masked else None

    def compute(judge: Judge, v: Any, gelu: Gelu) -> Any:
        return block(judge, v, v["x"], mask(v), gelu)

    right, also_right = in_each_gelu(compute)
    mistakes: dict[str, InTorch] = {
        "BLOCK-POST-NORM": lambda judge, v: _post_norm(judge, v, mask(v)),
        "BLOCK-NO-RESIDUAL": lambda judge, v: _without_residuals(judge, v, mask(v)),
        "BLOCK-NO-RESIDUAL-MLP": lambda judge, v: _one_residual(judge, v, mask(v), "attention"),
        "BLOCK-NO-RESIDUAL-ATTENTION": lambda judge, v: _one_residual(judge, v, mask(v), "mlp"),
        "BLOCK-RESIDUAL-NORMALIZED": lambda judge, v: _normalized_residuals(judge, v, mask(v)),
        "BLOCK-ONE-NORM": lambda judge, v: _one_norm(judge, v, mask(v)),
        **in_mixed_gelus(compute),
    }
    if not is_masked:
        mistakes["ALWAYS-CAUSAL"] = lambda judge, v: block(judge, v, v["x"], v["mask"], gelu_sigmoid)
        mistakes["ALWAYS-CAUSAL-TANH"] = lambda judge, v: block(judge, v, v["x"], v["mask"], gelu_tanh)
        mistakes["ALWAYS-CAUSAL-EXACT"] = lambda judge, v: block(judge, v, v["x"], v["mask"], gelu_erf)
    if is_masked:
        mistakes["MASK-IGNORED"] = lambda judge, v: block(judge, v, v["x"], None, gelu_sigmoid)
        mistakes["MASK-EXCHANGED"] = lambda judge, v: block(judge, v, v["x"], mask(v), gelu_sigmoid, exchanged=True)
        mistakes["MASK-UNIFORM-ALLOWED"] = lambda judge, v: block(
            judge, v, v["x"], mask(v), gelu_sigmoid, absorbed=True
        )
        mistakes["MASK-UNIFORM-ALL"] = lambda judge, v: block(judge, v, v["x"], None, gelu_sigmoid, absorbed=True)
    return layer(
        name,
        "transformers",
        ("Tensor", "TransformerBlock"),
        _block_inputs,
        by_name(_new_block, BLOCK),
        right,
        parameters=BLOCK,
        call=lambda student, built, v: (
            masked(student, "TransformerBlock", forward_of(built), v) if is_masked else forward_of(built)(v["x"], None)
        ),
        also_right=also_right,
        mistakes=mistakes,
    )


def _new_block(student: Student, values: Inputs) -> Any:
    return in_evaluation(student.part("TransformerBlock")(values["x"].shape[-1], values["heads"]))


def _mlp_of(judge: Judge, v: Any, gelu: Gelu) -> Any:
    return _mlp(judge, v, v["x"], gelu)


_mlp_right, _mlp_also_right = in_each_gelu(_mlp_of)

CASES = (
    layer(
        "mlp",
        "transformers",
        ("Tensor", "MLP"),
        _mlp_inputs,
        by_name(lambda student, v: in_evaluation(student.part("MLP")(*v["linear1.weight"].shape)), _MLP),
        _mlp_right,
        parameters=_MLP,
        also_right=_mlp_also_right,
        mistakes={
            "MLP-RELU": lambda judge, v: _mlp(judge, v, v["x"], lambda judge, x: judge.F.relu(x)),
            "MLP-NO-ACTIVATION": lambda judge, v: _mlp(judge, v, v["x"], lambda _, x: x),
            **in_mixed_gelus(_mlp_of),
        },
    ),
    _block_case("transformer-block", is_masked=False),
    _block_case("transformer-block-causal", is_masked=True),
    Case(
        "transformer-block-no-look-ahead",
        "transformers",
        ("Tensor", "TransformerBlock"),
        _block_inputs,
        # With weights of its own: whether it looks ahead does not depend on them.
        lambda student, values: no_look_ahead(
            student, "TransformerBlock", forward_of(_new_block(student, values)), values
        ),
        lambda *_: {},
        claims=looks_ahead("LOOKS-AHEAD", "x"),
    ),
)
