"""GPT on TinyTalks, and the mask that it makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.activations import gelu_sigmoid
from tinytorch_hf.check.cases.attention import causal, looks_ahead, middle
from tinytorch_hf.check.cases.embeddings import sinusoids
from tinytorch_hf.check.cases.layer_norm import norm, norm_weights
from tinytorch_hf.check.cases.transformers import BLOCK, Gelu, block, block_weights, in_each_gelu, in_mixed_gelus
from tinytorch_hf.check.inputs import features, talks, weights
from tinytorch_hf.check.masks import style_of
from tinytorch_hf.check.modes import in_evaluation
from tinytorch_hf.check.naming import by_name
from tinytorch_hf.check.operation import InTorch, layer
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.calls import arguments_of
from tinytorch_hf.student.view import Student, UntriedError

_N_LAYERS = 2
_GPT = (
    "token_embedding.weight",
    "position_embedding.weight",
    *(f"blocks.{number}.{path}" for number in range(_N_LAYERS) for path in BLOCK),
    "ln_f.gamma",
    "ln_f.beta",
    "lm_head.weight",
)


def _inputs(draw: Draw) -> Inputs:
    batch, length, longest, heads, size = (draw.size(n) for n in (4, 5, 11, 2, 3))
    tokens, _, vocab_size = talks(draw, batch, length)
    width = heads * size
    blocks: dict[str, Any] = {}
    for number in range(_N_LAYERS):
        blocks |= block_weights(draw, width, f"blocks.{number}.")
    head = weights(draw, width, vocab_size)
    return {
        "x": tokens,
        "heads": heads,
        # The same as the head's, so that both may be one matrix.
        "token_embedding.weight": head.T.copy(),
        "position_embedding.weight": weights(draw, longest, width, fan_in=1),
        **blocks,
        **norm_weights(draw, width, "ln_f."),
        "lm_head.weight": head,
    }


# What GPT's arguments are called, in TinyTorch's order, in TinyTorch and elsewhere.
_SIZES = (
    ("vocab_size", "n_vocab", "num_embeddings", "n_tokens"),
    ("embed_dim", "n_embd", "d_model", "emb_dim", "embedding_dim", "hidden_size", "n_embed", "dim"),
    ("num_layers", "n_layer", "n_layers", "depth"),
    ("num_heads", "n_head", "n_heads", "heads"),
    ("max_seq_len", "block_size", "max_len", "context_length", "n_ctx", "seq_len", "max_length"),
)


def _new(student: Student, values: Inputs) -> Any:
    (vocab_size, width), longest = values["token_embedding.weight"].shape, len(values["position_embedding.weight"])
    part, lengths = student.part("GPT"), (vocab_size, width, _N_LAYERS, values["heads"], longest)
    if not student.is_mapped:
        return in_evaluation(part(*lengths))
    known = arguments_of(part)
    spelt = [next((name for name in names if name in known), "") for names in _SIZES]
    if all(spelt):
        return in_evaluation(part(**dict(zip(spelt, lengths, strict=True))))
    if known[: len(lengths)] != [name or known[place] for place, name in enumerate(spelt[: len(known)])]:
        raise UntriedError(f"what GPT's arguments {', '.join(known)} mean cannot be told")
    return in_evaluation(part(*lengths))


def _positions(judge: Judge, v: Any, kind: str) -> Any:
    """The vectors of positions: learned ones; fixed, as they were given; or fixed sines and cosines."""
    table = v["position_embedding.weight"]
    if kind == "fixed":
        table = table.detach()
    if kind == "sinusoids":
        table = judge.tensor(sinusoids(*table.shape))
    return table[: v["x"].shape[1]]


def _gpt(
    judge: Judge,
    v: Any,
    gelu: Gelu,
    *,
    masked: bool = True,
    positions: str = "learned",
    last_norm: bool = True,
    **wrong: Any,
) -> Any:
    """GPT; ``wrong`` changes its attention into a mistake."""
    x = judge.F.embedding(v["x"], v["token_embedding.weight"])
    if positions:
        x = x + _positions(judge, v, positions)
    mask = judge.tensor(causal(x.shape[1])) if masked else None
    for number in range(_N_LAYERS):
        x = block(judge, v, x, mask, gelu, f"blocks.{number}.", **wrong)
    return (norm(judge, v, x, "ln_f.") if last_norm else x) @ v["lm_head.weight"]


def _tied(judge: Judge, v: Any, gelu: Gelu) -> Any:
    """Embedding and head are one matrix, which under both names shows the gradient of the whole."""
    head, table = v["lm_head.weight"], v["token_embedding.weight"]
    both = head + table.T - table.T.detach()
    return _gpt(judge, {**v, "lm_head.weight": both, "token_embedding.weight": both.T}, gelu)


def _no_look_ahead(student: Student, values: Inputs) -> Results:
    """With weights of its own: whether it looks ahead does not depend on them."""
    gpt = _new(student, values)
    tokens = values["x"]
    other_end = tokens.copy()
    behind = other_end[:, middle(tokens.shape[1]) + 1 :]
    # Every later character becomes another one.
    behind += 1
    behind %= len(values["token_embedding.weight"])
    before, after = (student.array(gpt(student.tensor(sequence))) for sequence in (tokens, other_end))
    return {"output": before, "output with another end": after}


def _mask_inputs(draw: Draw) -> Inputs:
    batch, length, width = draw.size(3), draw.size(5), draw.size(7)
    return {name: features(draw, batch, length, width) for name in "QKV"}


def _causal_mask(student: Student, values: Inputs) -> Results:
    """The mask, and what the package's own attention makes of it if there is one."""
    made = student.part("create_causal_mask")(values["Q"].shape[1])
    results: Results = {"mask": student.array(made)}
    try:
        attention = student.part("scaled_dot_product_attention")
        tensors = [student.tensor(values[name]) for name in "QKV"]
        results["attended"] = student.array(attention(*tensors, made)[0])
        results["attended to all"] = student.array(attention(*tensors)[0])
    except Exception:
        # It has cases of its own.
        results.pop("attended", None)
    return results


def _mask_claims(inputs: Inputs, found: Results) -> Sequence[Claim]:
    """Other forms than 1 and 0 are as good, if the package's own attention takes them."""
    length = inputs["Q"].shape[1]
    mask = np.asarray(found["mask"], dtype=np.float64)
    if mask.size != length * length:
        return [Claim(f"the mask is {length} by {length}", False)]
    mask = mask.reshape(length, length)
    right = causal(length)[0]
    may, may_not = style_of(mask)
    allowed = np.where(mask == may, 1.0, 0.0)
    is_right = bool((allowed == right).all()) and bool(np.isin(mask, (may, may_not)).all())
    if (may, may_not) != (1.0, 0.0) and is_right:
        code = "CAUSAL-MASK-EXCHANGED" if may_not == 1 else "CAUSAL-MASK-FORM"
        return [Claim("the package's attention takes the mask in this form", _is_taken(inputs, found, may_not), code)]
    return [
        Claim(
            "a position may attend to itself and to what precedes it, and to nothing else",
            is_right,
            _mask_code(mask, right),
        )
    ]


def _is_taken(inputs: Inputs, found: Results, may_not: float) -> bool:
    """Whether the first position sees itself alone, and the last one everything."""
    if "attended" not in found:
        # Without an attention to ask, numbers to be added are a form in use, and exchanged ones are not.
        return may_not < 0
    with_mask, free = found["attended"], found["attended to all"]
    return bool(
        np.allclose(with_mask[:, 0], inputs["V"][:, 0], atol=1e-3)
        and np.allclose(with_mask[:, -1], free[:, -1], atol=1e-3)
    )


def _mask_code(mask: Array, right: Array) -> str:
    known = {
        "CAUSAL-MASK-TRANSPOSED": right.T,
        "CAUSAL-MASK-EXCHANGED": 1 - right,
        "CAUSAL-MASK-NO-SELF": right - np.eye(len(right)),
        "MASK-ONE-TOO-FAR": np.tril(np.ones_like(right), 1),
        "CAUSAL-MASK-ALL": np.ones_like(right),
    }
    return next((code for code, wrong in known.items() if np.array_equal(mask, wrong)), "")


_right, _also_right = in_each_gelu(_gpt)


def _in_each_gelu(**others: Any) -> list[InTorch]:
    first, more = in_each_gelu(lambda judge, v, gelu: _gpt(judge, v, gelu, **others))
    return [first, *more]


_tied_first, _tied_more = in_each_gelu(_tied)

CASES = (
    Case(
        "causal-mask",
        "transformers",
        ("Tensor", "create_causal_mask"),
        _mask_inputs,
        _causal_mask,
        lambda *_: {},
        claims=_mask_claims,
    ),
    layer(
        "gpt",
        "transformers",
        ("Tensor", "GPT"),
        _inputs,
        # The last layer may have a bias, and does in some.
        by_name(_new, _GPT, zeroed=("lm_head.bias",)),
        _right,
        parameters=_GPT,
        x_is_leaf=False,
        is_open=True,
        also_right=[
            *_also_right,
            _tied_first,
            *_tied_more,
            *_in_each_gelu(positions="fixed"),
            *_in_each_gelu(positions="sinusoids"),
        ],
        mistakes={
            "GPT-NO-MASK": lambda judge, v: _gpt(judge, v, gelu_sigmoid, masked=False),
            "GPT-MASK-UNIFORM": lambda judge, v: _gpt(judge, v, gelu_sigmoid, absorbed=True),
            "GPT-NO-POSITIONS": lambda judge, v: _gpt(judge, v, gelu_sigmoid, positions=""),
            "GPT-NO-LAST-NORM": lambda judge, v: _gpt(judge, v, gelu_sigmoid, last_norm=False),
            "POSITION-CUT": lambda judge, v: _gpt(judge, v, gelu_sigmoid, positions="fixed"),
            **in_mixed_gelus(_gpt),
        },
    ),
    Case(
        "gpt-no-look-ahead",
        "transformers",
        ("Tensor", "GPT"),
        _inputs,
        _no_look_ahead,
        lambda *_: {},
        claims=looks_ahead("LOOKS-AHEAD", "x"),
    ),
)
