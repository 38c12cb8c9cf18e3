"""MLP, TransformerBlock and GPT, on what embeddings make of TinyTalks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.activations import gelu_erf, gelu_sigmoid, gelu_tanh
from tinytorch_hf.check.cases.attention import (
    BATCH,
    CAUSAL,
    HEADS,
    LENGTH,
    WIDTH,
    multi_head,
    no_look_ahead,
    perturbed,
    projection_inputs,
)
from tinytorch_hf.check.cases.attention import PARAMETERS as PROJECTION_PARAMETERS
from tinytorch_hf.check.cases.layer_norm import norm, norm_weights
from tinytorch_hf.check.inputs import features, talks, weights
from tinytorch_hf.check.operation import InTorch, layer
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

HIDDEN = 4 * WIDTH
N_LAYERS, LONGEST = 2, 12
Gelu = Callable[[Judge, Any], Any]


def _mlp_weights(draw: Draw, prefix: str) -> dict[str, Any]:
    return {
        f"{prefix}linear1.weight": weights(draw, WIDTH, HIDDEN),
        f"{prefix}linear1.bias": weights(draw, HIDDEN),
        f"{prefix}linear2.weight": weights(draw, HIDDEN, WIDTH),
        f"{prefix}linear2.bias": weights(draw, WIDTH),
    }


_MLP = ("linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias")


def _mlp(judge: Judge, v: Any, x: Any, gelu: Gelu, prefix: str = "") -> Any:
    hidden = gelu(judge, x @ v[f"{prefix}linear1.weight"] + v[f"{prefix}linear1.bias"])
    return hidden @ v[f"{prefix}linear2.weight"] + v[f"{prefix}linear2.bias"]


def _in_each_gelu(compute: Callable[[Judge, Any, Gelu], Any]) -> tuple[InTorch, list[InTorch]]:
    """The course's form of GELU is what is right first; the others are right, too."""

    def with_form(gelu: Gelu) -> InTorch:
        return lambda judge, v: compute(judge, v, gelu)

    return with_form(gelu_sigmoid), [with_form(gelu_erf), with_form(gelu_tanh)]


def _block_weights(draw: Draw, prefix: str = "") -> dict[str, Any]:
    return {
        **projection_inputs(draw, f"{prefix}attention."),
        **norm_weights(draw, f"{prefix}ln1."),
        **norm_weights(draw, f"{prefix}ln2."),
        **_mlp_weights(draw, f"{prefix}mlp."),
    }


_BLOCK = (
    *(f"attention.{path}" for path in PROJECTION_PARAMETERS),
    *(f"{norm}.{kind}" for norm in ("ln1", "ln2") for kind in ("gamma", "beta")),
    *(f"mlp.{path}" for path in _MLP),
)


def _block(judge: Judge, v: Any, x: Any, mask: Any, gelu: Gelu, prefix: str = "") -> Any:
    x = x + multi_head(judge, v, norm(judge, v, x, f"{prefix}ln1."), mask, f"{prefix}attention.")
    return x + _mlp(judge, v, norm(judge, v, x, f"{prefix}ln2."), gelu, f"{prefix}mlp.")


def _post_norm(judge: Judge, v: Any, mask: Any) -> Any:
    """Normalization after each sum, as in the first transformers."""
    x = norm(judge, v, v["x"] + multi_head(judge, v, v["x"], mask, "attention."), "ln1.")
    return norm(judge, v, x + _mlp(judge, v, x, gelu_sigmoid, "mlp."), "ln2.")


def _without_residuals(judge: Judge, v: Any, mask: Any) -> Any:
    x = multi_head(judge, v, norm(judge, v, v["x"], "ln1."), mask, "attention.")
    return _mlp(judge, v, norm(judge, v, x, "ln2."), gelu_sigmoid, "mlp.")


def _block_case(name: str, masked: bool) -> Case:
    def mask(v: Any) -> Any:
        return v["mask"] if masked else None

    right, also_right = _in_each_gelu(lambda judge, v, gelu: _block(judge, v, v["x"], mask(v), gelu))
    mistakes: dict[str, InTorch] = {
        "BLOCK-POST-NORM": lambda judge, v: _post_norm(judge, v, mask(v)),
        "BLOCK-NO-RESIDUAL": lambda judge, v: _without_residuals(judge, v, mask(v)),
    }
    if masked:
        mistakes["MASK-IGNORED"] = lambda judge, v: _block(judge, v, v["x"], None, gelu_sigmoid)
    return layer(
        name,
        "transformers",
        ("Tensor", "TransformerBlock"),
        lambda draw: {"x": features(draw, BATCH, LENGTH, WIDTH), "mask": CAUSAL, **_block_weights(draw)},
        lambda student, _: student.part("TransformerBlock")(WIDTH, HEADS),
        right,
        parameters=_BLOCK,
        call=lambda student, block, v: block.forward(v["x"], student.tensor(v["mask"]) if masked else None),
        also_right=also_right,
        mistakes=mistakes,
    )


_GPT = (
    "token_embedding.weight",
    "position_embedding.weight",
    *(f"blocks.{number}.{path}" for number in range(N_LAYERS) for path in _BLOCK),
    "ln_f.gamma",
    "ln_f.beta",
    "lm_head.weight",
)


def _gpt_inputs(draw: Draw) -> Inputs:
    tokens, _, vocab_size = talks(draw, BATCH, LENGTH)
    blocks: dict[str, Any] = {}
    for number in range(N_LAYERS):
        blocks |= _block_weights(draw, f"blocks.{number}.")
    return {
        "x": tokens,
        "token_embedding.weight": weights(draw, vocab_size, WIDTH, fan_in=1),
        "position_embedding.weight": weights(draw, LONGEST, WIDTH, fan_in=1),
        **blocks,
        **norm_weights(draw, "ln_f."),
        "lm_head.weight": weights(draw, WIDTH, vocab_size),
    }


def _new_gpt(student: Student, values: Mapping[str, Any]) -> Any:
    vocab_size = len(values["token_embedding.weight"])
    return student.part("GPT")(vocab_size, WIDTH, N_LAYERS, HEADS, LONGEST)


def _gpt(judge: Judge, v: Any, gelu: Gelu, masked: bool = True) -> Any:
    x = judge.F.embedding(v["x"], v["token_embedding.weight"]) + v["position_embedding.weight"][:LENGTH]
    mask = judge.tensor(CAUSAL) if masked else None
    for number in range(N_LAYERS):
        x = _block(judge, v, x, mask, gelu, f"blocks.{number}.")
    return norm(judge, v, x, "ln_f.") @ v["lm_head.weight"]


def _gpt_no_look_ahead(student: Student, values: Inputs) -> Results:
    gpt = _new_gpt(student, values)
    student.load(gpt, {path: values[path] for path in _GPT})
    position = LENGTH // 2
    other_end = values["x"].copy()
    # Every later character becomes another one.
    other_end[:, position + 1 :] = (other_end[:, position + 1 :] + 1) % len(values["token_embedding.weight"])
    outputs = [student.array(gpt(student.tensor(tokens))) for tokens in (values["x"], other_end)]
    return no_look_ahead(outputs, position)


def _block_no_look_ahead(student: Student, values: Inputs) -> Results:
    block = student.part("TransformerBlock")(WIDTH, HEADS)
    student.load(block, {path: values[path] for path in _BLOCK})
    position = LENGTH // 2
    mask = student.tensor(values["mask"])
    sequences = (values["x"], perturbed(values["x"], position))
    return no_look_ahead([student.array(block.forward(student.tensor(x), mask)) for x in sequences], position)


def _causal_mask(student: Student, _: Inputs) -> Results:
    mask = student.array(student.part("create_causal_mask")(LENGTH))
    return {"mask": mask.reshape(mask.shape[-2:]) if mask.size == LENGTH * LENGTH else mask}


_mlp_right, _mlp_also_right = _in_each_gelu(lambda judge, v, gelu: _mlp(judge, v, v["x"], gelu))
_gpt_right, _gpt_also_right = _in_each_gelu(_gpt)

CASES = (
    Case(
        "causal-mask",
        "transformers",
        ("Tensor", "create_causal_mask"),
        lambda _: {},
        _causal_mask,
        lambda *_: {"mask": CAUSAL[0].astype(np.float64)},
        mistakes={
            "CAUSAL-MASK-TRANSPOSED": lambda *_: {"mask": CAUSAL[0].T.astype(np.float64)},
            "CAUSAL-MASK-EXCHANGED": lambda *_: {"mask": 1 - CAUSAL[0].astype(np.float64)},
            "CAUSAL-MASK-NO-SELF": lambda *_: {"mask": CAUSAL[0].astype(np.float64) - np.eye(LENGTH)},
        },
    ),
    layer(
        "mlp",
        "transformers",
        ("Tensor", "MLP"),
        lambda draw: {"x": features(draw, BATCH, LENGTH, WIDTH), **_mlp_weights(draw, "")},
        lambda student, _: student.part("MLP")(WIDTH, HIDDEN),
        _mlp_right,
        parameters=_MLP,
        also_right=_mlp_also_right,
        mistakes={"MLP-RELU": lambda judge, v: _mlp(judge, v, v["x"], lambda judge, x: judge.F.relu(x))},
    ),
    _block_case("transformer-block", masked=False),
    _block_case("transformer-block-causal", masked=True),
    Case(
        "transformer-block-no-look-ahead",
        "transformers",
        ("Tensor", "TransformerBlock"),
        lambda draw: {"x": features(draw, BATCH, LENGTH, WIDTH), "mask": CAUSAL, **_block_weights(draw)},
        _block_no_look_ahead,
        lambda *_: {},
    ),
    layer(
        "gpt",
        "transformers",
        ("Tensor", "GPT"),
        _gpt_inputs,
        _new_gpt,
        _gpt_right,
        parameters=_GPT,
        x_is_leaf=False,
        also_right=_gpt_also_right,
        mistakes={"GPT-NO-MASK": lambda judge, v: _gpt(judge, v, gelu_sigmoid, masked=False)},
    ),
    Case("gpt-no-look-ahead", "transformers", ("Tensor", "GPT"), _gpt_inputs, _gpt_no_look_ahead, lambda *_: {}),
)
