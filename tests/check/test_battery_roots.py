"""Specification of what `check` calls a fault of its own and what it lists under another, by planted faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C

from tinytorch_hf import reference
from tinytorch_hf.judging.judges import judged_by
from tinytorch_hf.judging.results import Outcome, Report

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


@pytest.mark.longer
def test_what_needs_a_product_follows_from_the_product(install: Install, fresh_reference: None) -> None:
    """Losses, normalization and attention as well as the cases about gradients."""
    found = faults(install, "mul")

    assert roots(found) == {"gradient-mul"}
    assert len(found) > 10


@pytest.mark.longer
@pytest.mark.parametrize(
    ("names", "expected"),
    [(("relu", "adam"), {"relu-at-zero", "adam"}), (("gelu", "layer-norm"), {"gelu", "layer-norm-as-built"})],
)
def test_independent_faults_stay_roots(
    names: tuple[str, ...], expected: set[str], install: Install, fresh_reference: None
) -> None:
    """Neither hides the other; what is built on both follows from both."""
    found = faults(install, *names, only=MODULES)

    assert expected <= roots(found)
    if "gelu" in names:
        assert found["mlp"] == ("gelu",)
        assert all({"gelu", "layer-norm-as-built"} & set(found[name]) for name in BLOCKS)


def test_a_consequence_counts_for_the_exit_status(install: Install, fresh_reference: None) -> None:
    """Only the listing changes."""
    install({**GENERATION_C, "core/activations.py": GENERATION_C["core/activations.py"] + FAULTS["gelu"][1]})

    report = check_here(only=["gelu", "mlp"])

    assert [result.outcome for result in report.results] == [Outcome.DIFFERS] * 2
    assert report.status == 1


# Operations that are right whatever is wrong elsewhere; without some of these little can be told.
TENSORS = tuple(
    f"tensor-{name}"
    for name in ["arithmetic", "broadcasting", "indexing", "max", "mean", "numbers", "reshape", "sum", "transpose"]
)
GRADIENTS = tuple(
    f"gradient-{name}"
    for name in ["add", "sub", "mul", "div", "sum", "sum-axis", "mean", "mean-axis", "indexing", "matmul"]
)
USED_TWICE = (*GRADIENTS, *(f"gradient-{name}" for name in ["broadcast-column", "square", "many-diamonds"]), "mse")
MULTI_HEAD = ("multi-head-attention", "multi-head-mask-by-sample")

# One line of the reference, what it becomes, what is tried, and the one root with its code.
LINES = {
    "gradients of a tensor that is used twice overwrite each other": (
        ("autograd.py", "share if already is None else already + share", "share"),
        USED_TWICE,
        ("gradient-square", "BRANCH-LOST"),
    ),
    "the first of these gradients is kept": (
        ("autograd.py", "else already + share", "else already"),
        USED_TWICE,
        ("gradient-square", "BRANCH-LOST"),
    ),
    "broadcast gradients are averaged": (
        (
            "autograd.py",
            "gradient.sum(axis=(*range(added), *repeated)",
            "gradient.mean(axis=(*range(added), *repeated)",
        ),
        (*GRADIENTS, "gradient-matmul-broadcast", "gradient-broadcast-row", "layer-norm", "positional-encoding"),
        ("gradient-matmul-broadcast", "DIVISION-TWICE"),
    ),
    "no gradient flows, whatever the operation": (
        ("autograd.py", "if outgoing is None or", "if outgoing is not None or"),
        ("relu", "relu-at-zero", "tanh", "gradient-add", "gradient-mul", "gradient-reshape"),
        ("relu-at-zero", "NO-GRADIENT"),
    ),
    "Linear leaves its bias out": (
        ("layers.py", "if self.bias is not None:\n            y", "if self.bias == 0:\n            y"),
        (*TENSORS, "linear", "linear-on-sequences", *MULTI_HEAD, "mlp-with-sgd"),
        ("linear", "BIAS-NOT-ADDED"),
    ),
    "Linear goes on with the array that its weight had at first": (
        (
            "layers.py",
            "        y = rows.matmul(self.weight)",
            "        self.__dict__.setdefault('kept', self.weight.data)\n"
            "        y = rows.matmul(Tensor.from_operation(self.kept, (self.weight,), lambda g: (g,)))",
        ),
        ("linear", "relu", "cross-entropy", "sgd", "mlp-with-sgd", "mlp-with-adam"),
        ("mlp-with-sgd", "PARAMETERS-STALE"),
    ),
    "heads are split without transposing": (
        (
            "attention.py",
            "x.reshape(batch, seq, self.num_heads, self.head_dim).transpose(1, 2)",
            "x.reshape(batch, self.num_heads, seq, self.head_dim)",
        ),
        (*TENSORS, *MULTI_HEAD, "transformer-block-no-look-ahead"),
        ("multi-head-mask-by-sample", "HEADS-NOT-TRANSPOSED"),
    ),
    "the step of all optimizers goes uphill": (
        ("optimizers.py", "parameter.data - self.change", "parameter.data + self.change"),
        (*TENSORS, "sgd", "sgd-momentum", "adam", "adam-betas", "adamw"),
        ("sgd", "STEP-UPHILL"),
    ),
    "tensors are kept in float16": (
        ("tensor.py", "np.array(values, dtype=np.float32)", "np.array(values, dtype=np.float16)"),
        ("relu", "tanh", "tensor-sum", "mse", "dropout-training"),
        ("tensor-sum", "FLOAT16"),
    ),
    "gradients are kept in float16": (
        ("autograd.py", "self.grad = np.asarray(gradient, dtype=np.float32)", "self.grad = np.float16(gradient)"),
        ("relu-at-zero", "tanh", "gradient-add", "gradient-mul"),
        ("relu-at-zero", "FLOAT16"),
    ),
}


def edited(install: Install, *edits: tuple[str, str, str], only: tuple[str, ...]) -> Report:
    """What `check` finds in a copy of the reference in which lines are others."""
    folder = Path(reference.__file__).parent
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}
    for file, old, new in edits:
        assert old in files[file]
        files[file] = files[file].replace(old, new, 1)
    install({name: text.replace("tinytorch_hf.reference", "tinytorch") for name, text in files.items()})
    with judged_by("recorded"):
        return check_here(only=only)


@pytest.mark.parametrize("what", LINES)
def test_one_wrong_line_is_one_root(what: str, install: Install) -> None:
    """Whatever else is wrong is listed under it."""
    edit, only, root = LINES[what]

    report = edited(install, edit, only=only)

    assert [(result.name, result.code) for result in report.roots] == [root]
    assert len(wrong(report)) > 1


def test_two_wrong_lines_are_two_roots(install: Install) -> None:
    """Also where what one is in runs in cases of the other."""
    overwritten, *_ = LINES["gradients of a tensor that is used twice overwrite each other"]

    report = edited(
        install,
        overwritten,
        ("activations.py", "s = sigmoid(1.702 * x.data)", "s = sigmoid(1.6 * x.data)"),
        ("optimizers.py", "self.lr / (1 - beta1**n)", "self.lr"),
        only=(*USED_TWICE, "gelu", "gelu-large", "adam"),
    )

    assert {result.name for result in report.roots} == {"gradient-square", "gelu", "adam"}
    assert wrong(report)["mse"].follows == ("gradient-square",)


def test_a_larger_case_does_not_bring_two_faults_together(install: Install) -> None:
    """A block has both, and so all that both have in common."""
    report = edited(
        install,
        ("activations.py", "g * s * (1 + 1.702 * (x.data - y))", "g * s"),
        ("normalization.py", "return ((g - together) / deviation,)", "return (g / deviation,)"),
        only=(*TENSORS, *GRADIENTS, "linear", "gelu", "layer-norm", "layer-norm-more-axes", "mlp", "transformer-block"),
    )

    assert {result.name for result in report.roots} == {"gelu", "layer-norm"}
    assert {*wrong(report)["transformer-block"].follows} <= {"gelu", "layer-norm"}


def test_float64_is_no_fault(install: Install) -> None:
    """Nothing becomes wrong by it."""
    edit = ("tensor.py", "np.array(values, dtype=np.float32)", "np.array(values, dtype=np.float64)")

    assert not wrong(edited(install, edit, only=("relu", "linear", "mse")))
