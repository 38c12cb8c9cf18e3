"""Specification of masks: whatever form of mask a package takes, it is judged with that, and not for it."""

from __future__ import annotations

import numpy as np
import pytest
from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C

from tinytorch_hf import reference
from tinytorch_hf.check.masks import Form, own_form, style_of
from tinytorch_hf.judging.results import Outcome
from tinytorch_hf.student.view import Student

HEADER = """import numpy as np
from tinytorch_hf.reference import Tensor, Softmax
from tinytorch_hf.reference import MultiHeadAttention as _Heads, scaled_dot_product_attention as _right
"""
# What is added to the scores, for each style of mask.
STYLES = {
    "1 may": "(1 - m) * np.float32(-1e9)",
    "1 may not": "m * np.float32(-1e9)",
    "added": "m",
}
# A right causal mask in each style.
MASKS = {
    "1 may": "np.tri(n)",
    "1 may not": "1 - np.tri(n)",
    "added -inf": "np.triu(np.full((n, n), -np.inf), 1)",
    "added -1e9": "np.triu(np.full((n, n), -1e9), 1)",
}
# What a multi-head attention makes of a mask of the shape that it takes, and of no other.
SHAPES = {
    "(L, L)": "assert m.ndim == 2",
    "(1, L, L)": "assert m.ndim == 3 and len(m) == 1",
    "(B, L, L)": "assert m.ndim == 3 and len(m) == len(x.data); m = m[:, None]",
    "(B, 1, L, L)": "assert m.ndim == 4 and len(m) == len(x.data)",
}


def package(style: str, mask: str = "", shape: str = "m = m.reshape(-1, 1, *m.shape[-2:])") -> dict[str, str]:
    """A package whose attention takes masks of a style and shape, and which makes them so, or makes none."""
    attention = (
        f"{HEADER}def scaled_dot_product_attention(Q, K, V, mask=None):\n"
        "    scores = Q.matmul(K.transpose()) * (1 / np.sqrt(Q.shape[-1]))\n"
        "    if mask is not None:\n"
        f"        m = np.asarray(getattr(mask, 'data', mask), np.float32)\n        scores = scores + {STYLES[style]}\n"
        "    weights = Softmax()(scores)\n    return weights.matmul(V), weights\n"
        "class MultiHeadAttention(_Heads):\n    def forward(self, x, mask=None):\n"
        "        n, seq, _ = x.shape\n"
        "        if mask is not None:\n"
        f"            m = np.asarray(getattr(mask, 'data', mask), np.float32)\n            {shape}\n"
        "            mask = Tensor(m)\n"
        "        q, k, v = (self._split_heads(p(x)) for p in (self.q_proj, self.k_proj, self.v_proj))\n"
        "        y, _ = scaled_dot_product_attention(q, k, v, mask)\n"
        "        return self.out_proj(y.transpose(1, 2).reshape(n, seq, self.embed_dim))\n"
    )
    blocks = "from tinytorch_hf.reference import MLP, LayerNorm, TransformerBlock as _Block, GPT as _GPT\n" + HEADER
    blocks += (
        "from .attention import MultiHeadAttention\n"
        "class TransformerBlock(_Block):\n    def __init__(self, *sizes):\n"
        "        super().__init__(*sizes)\n        self.attention = MultiHeadAttention(*sizes)\n"
    )
    made = f"def create_causal_mask(n):\n    return Tensor(({mask})[None])\n" if mask else ""
    return {**GENERATION_C, "core/attention.py": attention, "core/transformers.py": blocks + made}


MODULES = (
    "attention",
    "causal-mask",
    "transformer-block",
    "transformer-block-causal",
    "transformer-block-no-look-ahead",
)


@pytest.mark.parametrize(
    ("style", "mask"),
    [
        ("1 may", "1 may"),
        ("1 may not", "1 may not"),
        ("added", "added -inf"),
        ("added", "added -1e9"),
    ],
)
def test_a_package_that_takes_the_masks_it_makes_has_no_finding(style: str, mask: str, install: Install) -> None:
    """Whether 1 says that a position may attend, that it may not, or numbers are added to the scores."""
    install(package(style, MASKS[mask]))

    report = check_here(only=MODULES)

    assert wrong(report) == {}
    assert report.count(Outcome.AGREES) == len(report.results)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("style", ["1 may", "added"])
def test_every_shape_of_mask_is_tried(style: str, shape: str, install: Install) -> None:
    """Before the package makes masks itself; what cannot be tried without a mask for each sample is not a fault."""
    install(package(style, shape=SHAPES[shape]))

    report = check_here(only=MODULES)

    assert wrong(report) == {}
    untried = {result.name for result in report.results if result.outcome is Outcome.UNTRIED}
    assert untried == (set() if shape.startswith("(B") else {"multi-head-mask-by-sample"})


@pytest.mark.parametrize(
    ("style", "mask", "code"),
    [
        ("1 may", "1 may not", "CAUSAL-MASK-EXCHANGED"),
        ("1 may", "added -inf", "CAUSAL-MASK-FORM"),
        ("1 may", "added -1e9", "CAUSAL-MASK-FORM"),
    ],
)
def test_a_mask_that_the_packages_attention_does_not_take_is_the_masks_fault(
    style: str, mask: str, code: str, install: Install
) -> None:
    """And the attention, which takes TinyTorch's, is right."""
    install(package(style, MASKS[mask]))

    assert {name: result.code for name, result in wrong(check_here(only=MODULES)).items()} == {"causal-mask": code}


def test_an_attention_that_takes_other_masks_than_tinytorchs_which_the_package_makes_is_at_fault(
    install: Install,
) -> None:
    """The mask itself is right."""
    install(package("1 may not", MASKS["1 may"]))

    found = wrong(check_here(only=["attention-causal", "causal-mask"]))

    assert {name: result.code for name, result in found.items()} == {"attention-causal": "MASK-EXCHANGED"}


def test_nothing_but_the_form_is_taken_from_the_packages_mask(install: Install) -> None:
    """A mask of its own that is wrong makes no attention wrong."""
    install(package("added", "np.triu(np.full((n, n), -np.inf), 2)"))

    assert set(wrong(check_here(only=MODULES))) == {"causal-mask"}


def test_a_query_that_may_attend_to_none_is_worth_a_note_at_most(install: Install) -> None:
    """PyTorch itself gives no numbers then."""
    install(package("added", MASKS["added -inf"]))

    (result,) = check_here(only=["attention-all-masked"]).results

    assert result.outcome is Outcome.AGREES
    assert result.notes == ("a query that may attend to no key gets weights that are not finite",)


def test_the_style_of_a_mask_is_read_from_its_values() -> None:
    """Also of one that is wrong: transposed, or without the position itself."""
    right = np.tri(4)

    assert style_of(right) == style_of(right.T) == style_of(np.tri(4, k=-1)) == (1.0, 0.0)
    assert style_of(1 - right) == (0.0, 1.0)
    assert style_of((1 - right) * -7.0) == (0.0, -7.0)


def test_a_mask_of_a_package_may_be_a_bare_array(install: Install) -> None:
    """Then arrays are given to its attention."""
    parts = {"create_causal_mask": np.tri, "Tensor": reference.Tensor}

    assert own_form(Student(parts.get), 3) == Form("(L, L)", is_array=True)
    assert own_form(Student({"Tensor": reference.Tensor}.get), 3) is None
