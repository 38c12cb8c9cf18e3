"""Attention in several heads, with and without the mask that hides the future."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from tinytorch_hf.check.cases.attention import attend, causal, exchanged, looks_ahead, middle, padding, perturbed
from tinytorch_hf.check.inputs import features, weights
from tinytorch_hf.check.masks import Form, of_samples, once, taken_form
from tinytorch_hf.check.modes import in_evaluation
from tinytorch_hf.check.naming import by_name
from tinytorch_hf.check.operation import InTorch, layer
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results, RunTorch
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "out_proj")
PARAMETERS = tuple(f"{name}.{kind}" for name in PROJECTIONS for kind in ("weight", "bias"))


def sequence_inputs(draw: Draw) -> dict[str, Any]:
    """Sequences (batch, length, heads * size), the number of heads, and the causal mask."""
    batch, length, heads, size = (draw.size(n) for n in (4, 5, 2, 3))
    return {"x": features(draw, batch, length, heads * size), "heads": heads, "mask": causal(length)}


def projection_inputs(draw: Draw, width: int, prefix: str = "") -> dict[str, Any]:
    """Weights and biases of a MultiHeadAttention."""
    drawn: dict[str, Any] = {}
    for name in PROJECTIONS:
        drawn[f"{prefix}{name}.weight"] = weights(draw, width, width)
        drawn[f"{prefix}{name}.bias"] = weights(draw, width)
    return drawn


def _inputs(draw: Draw) -> Inputs:
    values = sequence_inputs(draw)
    return {**values, **projection_inputs(draw, values["x"].shape[-1])}


def _sample_inputs(draw: Draw) -> Inputs:
    values = _inputs(draw)
    batch, length, _ = values["x"].shape
    return {**values, "mask": padding(batch, length)}


def multi_head(judge: Judge, v: Any, x: Any, mask: Any, prefix: str = "", **wrong: Any) -> Any:
    """MultiHeadAttention; ``wrong`` changes it into a mistake."""
    heads = v["heads"]

    def project(name: str, values: Any) -> Any:
        return values @ v[f"{prefix}{name}.weight"] + v[f"{prefix}{name}.bias"]

    def split(values: Any) -> Any:
        if wrong.get("interleaved"):
            return values.reshape(*values.shape[:2], -1, heads).permute(0, 3, 1, 2)
        if wrong.get("not_transposed"):
            return values.reshape(values.shape[0], heads, values.shape[1], -1)
        return values.reshape(*values.shape[:2], heads, -1).transpose(1, 2)

    q, k, values = (split(project(name, x)) for name in PROJECTIONS[:3])
    mask = None if mask is None else mask[:, None]
    if wrong.get("exchanged"):
        attended = exchanged(judge, q, k, values, mask)
    else:
        attended = attend(judge, q, k, values, mask, wrong.get("scale"), absorbed=wrong.get("absorbed", False))[0]
    if not wrong.get("not_transposed_back"):
        attended = attended.transpose(1, 2)
    merged = attended.reshape(x.shape)
    return merged if wrong.get("no_projection") else project("out_proj", merged)


def forward_of(layer: Any) -> Callable[..., Any]:
    """What runs a layer: its forward, or the layer itself where it is only called."""
    run: Callable[..., Any] = getattr(layer, "forward", layer)
    return run


def mask_form(student: Student, part: str, block: Callable[..., Any], x: Any) -> Form:
    """The form of mask that a layer of attention takes, ``block(x, mask)``; ``part`` is its name."""
    plain = student.array(x)
    batch, length, _ = plain.shape

    def output(mask: Any = None) -> Array:
        return student.array(block(student.tensor(plain), mask))

    def find() -> Form:
        first = student.array(block(student.tensor(plain[:, :1]), None))[:, 0]
        return taken_form(student, output, first, output(), causal(length).repeat(batch, 0))

    return once(student, part, find)


def masked(student: Student, part: str, block: Callable[..., Any], v: Mapping[str, Any]) -> Any:
    """A layer of attention with the mask among the values, in the form that it takes."""
    allowed = v["mask"].repeat(v["x"].shape[0], 0)
    return block(v["x"], mask_form(student, part, block, v["x"]).mask(student, allowed))


def _case(name: str, is_masked: bool) -> Case:
    def in_torch(**wrong: Any) -> InTorch:
        hidden = is_masked and not wrong.pop("unmasked", False)
        return lambda judge, v: multi_head(judge, v, v["x"], v["mask"] if hidden else None, **wrong)

    def scaled(factor: Callable[[int, int], float]) -> InTorch:
        """The scores times a factor that depends on the width and the number of heads."""
        return lambda judge, v: in_torch(scale=factor(v["x"].shape[-1], v["heads"]))(judge, v)

    mistakes = {
        "ATTENTION-SCALE-EMBED-DIM": scaled(lambda width, _: 1 / math.sqrt(width)),
        "ATTENTION-SCALE-D": scaled(lambda width, heads: heads / width),
        "ATTENTION-NO-SCALE": scaled(lambda *_: 1.0),
        "HEADS-NOT-TRANSPOSED": in_torch(not_transposed=True),
        "HEADS-NOT-TRANSPOSED-BACK": in_torch(not_transposed_back=True),
        "HEADS-INTERLEAVED": in_torch(interleaved=True),
        "HEADS-NO-OUTPUT-PROJECTION": in_torch(no_projection=True),
        "HEADS-ONE": lambda judge, v: in_torch()(judge, {**v, "heads": 1}),
    }
    if not is_masked:
        mistakes["ALWAYS-CAUSAL"] = lambda judge, v: multi_head(judge, v, v["x"], v["mask"])
    if is_masked:
        mistakes |= {
            "MASK-IGNORED": in_torch(unmasked=True),
            "MASK-EXCHANGED": in_torch(exchanged=True),
            "MASK-UNIFORM-ALLOWED": in_torch(absorbed=True),
            "MASK-UNIFORM-ALL": in_torch(absorbed=True, unmasked=True),
        }
    return layer(
        name,
        "attention",
        ("Tensor", "MultiHeadAttention"),
        _inputs,
        by_name(_new, PARAMETERS),
        in_torch(),
        parameters=PARAMETERS,
        call=lambda student, attention, v: (
            masked(student, "MultiHeadAttention", forward_of(attention), v)
            if is_masked
            else forward_of(attention)(v["x"], None)
        ),
        mistakes=mistakes,
    )


def _new(student: Student, values: Inputs) -> Any:
    return in_evaluation(student.part("MultiHeadAttention")(values["x"].shape[-1], values["heads"]))


def _loaded(student: Student, values: Inputs) -> Any:
    attention = by_name(_new, PARAMETERS)(student, values)
    student.load(attention, {path: values[path] for path in PARAMETERS})
    return attention


def _by_sample(student: Student, values: Inputs) -> Results:
    attention = _loaded(student, values)
    x = student.tensor(values["x"])
    form = mask_form(student, "MultiHeadAttention", forward_of(attention), values["x"])
    return {
        "output": of_samples(student, form, lambda mask: student.array(forward_of(attention)(x, mask)), values["mask"])
    }


def _by_sample_in_torch(mask: Callable[[Any], Any] = lambda v: v["mask"], **wrong: Any) -> RunTorch:
    def run(judge: Judge, values: Inputs) -> Results:
        v = judge.tensors(values, ())
        return {"output": judge.array(multi_head(judge, v, v["x"], mask(v), **wrong))}

    return run


def no_look_ahead(student: Student, part: str, block: Callable[..., Any], values: Inputs) -> Results:
    """Outputs of a sequence and of the same with another end, both with the causal mask."""
    x = values["x"]
    mask = mask_form(student, part, block, x).mask(student, values["mask"].repeat(len(x), 0))
    before, after = (
        student.array(block(student.tensor(sequence), mask)) for sequence in (x, perturbed(x, middle(x.shape[1])))
    )
    return {"output": before, "output with another end": after}


_PARTS = ("Tensor", "MultiHeadAttention")

CASES = (
    _case("multi-head-attention", is_masked=False),
    _case("multi-head-attention-causal", is_masked=True),
    Case(
        "multi-head-mask-by-sample",
        "attention",
        _PARTS,
        _sample_inputs,
        _by_sample,
        _by_sample_in_torch(),
        mistakes={
            "HEADS-NOT-TRANSPOSED": _by_sample_in_torch(not_transposed=True),
            "HEADS-NOT-TRANSPOSED-BACK": _by_sample_in_torch(not_transposed_back=True),
            "HEADS-INTERLEAVED": _by_sample_in_torch(interleaved=True),
            "MASK-IGNORED": _by_sample_in_torch(lambda _: None),
            "ALWAYS-CAUSAL": _by_sample_in_torch(lambda v: (0 * v["mask"] + 1).tril()),
            "MASK-FIRST-SAMPLE": _by_sample_in_torch(lambda v: v["mask"][:1]),
            "MASK-EXCHANGED": _by_sample_in_torch(lambda v: 1 - v["mask"]),
            "MASK-UNIFORM-ALLOWED": _by_sample_in_torch(absorbed=True),
            "MASK-UNIFORM-ALL": _by_sample_in_torch(lambda _: None, absorbed=True),
        },
    ),
    Case(
        "multi-head-no-look-ahead",
        "attention",
        _PARTS,
        _inputs,
        lambda student, values: no_look_ahead(
            student, "MultiHeadAttention", forward_of(_loaded(student, values)), values
        ),
        lambda *_: {},
        claims=looks_ahead("LOOKS-AHEAD", "x"),
    ),
)
