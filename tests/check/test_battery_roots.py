"""Specification of what `check` calls a fault of its own and what it lists under another, by planted faults."""

from __future__ import annotations

import pytest
from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C

from tinytorch_hf.judging.results import Outcome

# Faults of the reference itself, so that whatever is built on a part has its fault, as in a student's package.
FAULTS = {
    "gelu": (
        "core/activations.py",
        "from tinytorch_hf.reference import GELU as _GELU, Tensor as _Tensor\n"
        "_gelu = _GELU.forward\n"
        "_GELU.forward = lambda self, x: _Tensor.from_operation(_gelu(self, x).data, (x,), lambda g: (g * 0.7,))\n",
    ),
    "relu": (
        "core/activations.py",
        "from tinytorch_hf.reference import ReLU as _ReLU, Tensor as _Tensor\n"
        "_ReLU.forward = lambda self, x: _Tensor.from_operation(x.data * (x.data > 0), (x,), lambda g: (g,))\n",
    ),
    "layer-norm": (
        "core/transformers.py",
        "from tinytorch_hf.reference import LayerNorm as _LayerNorm\n"
        "_norm = _LayerNorm.forward\n"
        "_LayerNorm.forward = lambda self, x: _norm(self, x) * 1.5\n",
    ),
    "adam": (
        "core/optimizers.py",
        "from tinytorch_hf.reference import Adam as _Adam\n"
        "_change = _Adam.change\n"
        "_Adam.change = lambda self, *arguments: _change(self, *arguments) * 2\n",
    ),
    "mul": (
        "core/tensor.py",
        "from tinytorch_hf.reference import Tensor as _Tensor\n"
        "_mul = _Tensor.__mul__\n"
        "_Tensor.__mul__ = _Tensor.__rmul__ = lambda a, b: _Tensor(_mul(a, b).data)\n",
    ),
}
MODULES = ("activations", "layers", "optimizers", "training", "transformers")
BLOCKS = {"transformer-block", "transformer-block-causal", "gpt"}


def faults(install: Install, *names: str, only: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """The wrong cases of a package with these faults, and what each follows from."""
    files = dict(GENERATION_C)
    for name in names:
        file, text = FAULTS[name]
        files[file] += text
    install(files)
    return {name: result.follows for name, result in wrong(check_here(only=only)).items()}


def roots(found: dict[str, tuple[str, ...]]) -> set[str]:
    """Those that follow from nothing."""
    return {name for name, follows in found.items() if not follows}


def test_what_is_made_of_gelu_follows_from_gelu(install: Install, fresh_reference: None) -> None:
    """MLP, both blocks and GPT; and they are wrong all the same."""
    found = faults(install, "gelu", only=MODULES)

    assert roots(found) == {"gelu"}
    assert {name for name, follows in found.items() if follows == ("gelu",)} >= {"mlp", *BLOCKS}


def test_what_needs_a_product_follows_from_the_product(install: Install, fresh_reference: None) -> None:
    """Losses, normalization and attention as well as the cases about gradients."""
    found = faults(install, "mul")

    assert roots(found) == {"gradient-mul"}
    assert len(found) > 10


@pytest.mark.parametrize(
    ("names", "expected"),
    [(("relu", "adam"), {"relu-at-zero", "adam"}), (("gelu", "layer-norm"), {"gelu", "layer-norm"})],
)
def test_independent_faults_stay_roots(
    names: tuple[str, ...], expected: set[str], install: Install, fresh_reference: None
) -> None:
    """Neither hides the other; what is built on both follows from both."""
    found = faults(install, *names, only=MODULES)

    assert expected <= roots(found)
    if "gelu" in names:
        assert found["mlp"] == ("gelu",)
        assert all(set(found[name]) == expected for name in BLOCKS)


def test_a_consequence_counts_for_the_exit_status(install: Install, fresh_reference: None) -> None:
    """Only the listing changes."""
    install({**GENERATION_C, "core/activations.py": GENERATION_C["core/activations.py"] + FAULTS["gelu"][1]})

    report = check_here(only=["gelu", "mlp"])

    assert [result.outcome for result in report.results] == [Outcome.DIFFERS] * 2
    assert report.status == 1
