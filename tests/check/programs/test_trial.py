"""Specification of what is said of packages with faults that only programs show."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import Install
from generations import GENERATION_C
from imitated import MATRICES, SCALAR
from programs_here import asking, printed_by, tried_here

from tinytorch_hf.judging.results import Outcome, Result
from tinytorch_hf.student.finding import found
from tinytorch_hf.student.mapping import FrameworkMap

HEADER = "import numpy as np\nfrom tinytorch_hf.reference import Tensor\n"
# Each is right for the sizes and the single uses that a test would try.
FAULTS = {
    "small products": (
        "_matmul = Tensor.matmul\n"
        "def matmul(a, b):\n"
        "    if a.shape == (2, 2):\n        return _matmul(a.transpose(), b)\n"
        "    return _matmul(a, b)\n"
        "Tensor.matmul = matmul\n",
        ["products"],
    ),
    "sums of one row": (
        "_sum = Tensor.sum\n"
        "def sum(a, axis=None, keepdims=False):\n"
        "    made = _sum(a, axis, keepdims)\n"
        "    return made * 2 if keepdims and a.shape[axis or 0] == 2 else made\n"
        "Tensor.sum = sum\n",
        ["reductions"],
    ),
    "what is added to itself": (
        "_add = Tensor.__add__\nTensor.__add__ = lambda a, b: _add(a, Tensor(b.data)) if a is b else _add(a, b)\n",
        ["operators"],
    ),
    "clipping": (
        "def _keep(self, g):\n"
        "    self.grad = np.asarray(g if self.grad is None else self.grad + g, dtype=np.float32)\n"
        "Tensor._keep = _keep\n",
        ["operators", "shapes"],
    ),
}


KEPT = "import numpy as np\nfrom tinytorch_hf.reference import {} as _{}, Tensor\n"
# Each is right in every single call.
LATER_FAULTS = {
    "a table that is read once": (
        "core/embeddings.py",
        "from tinytorch_hf.reference import PositionalEncoding\n" + KEPT.format("Embedding", "Embedding") + "\n"
        "class Embedding(_Embedding):\n"
        "    rows = None\n"
        "    def forward(self, ids):\n"
        "        made = super().forward(ids)\n"
        "        self.rows = self.weight.data if self.rows is None else self.rows\n"
        "        made.data = self.rows[ids.data.astype(int)]\n"
        "        return made\n"
        "    __call__ = forward\n",
        "training",
    ),
    "attention of a tensor to itself": (
        "core/attention.py",
        "from tinytorch_hf.reference import MultiHeadAttention, scaled_dot_product_attention as _attention, Tensor\n"
        "def scaled_dot_product_attention(Q, K, V, mask=None):\n"
        "    return _attention(Q, K, Tensor(V.data) if V is Q else V, mask)\n",
        "sequences",
    ),
    "a mask that is kept": (
        "core/attention.py",
        "from tinytorch_hf.reference import scaled_dot_product_attention\n"
        + KEPT.format("MultiHeadAttention", "MultiHeadAttention")
        + "class MultiHeadAttention(_MultiHeadAttention):\n"
        "    mask = None\n"
        "    def forward(self, x, mask=None):\n"
        "        self.mask = self.mask if mask is None else mask\n"
        "        fits = self.mask is not None and self.mask.shape[-1] == x.shape[1]\n"
        "        return super().forward(x, self.mask if fits else None)\n"
        "    __call__ = forward\n",
        "sequences",
    ),
    "training after evaluation": (
        "core/spatial.py",
        "from tinytorch_hf.reference import AvgPool2d, Conv2d, MaxPool2d\n"
        + KEPT.format("BatchNorm2d", "BatchNorm2d")
        + "class BatchNorm2d(_BatchNorm2d):\n"
        "    def eval(self):\n"
        "        self.train = lambda: self\n"
        "        return super().eval()\n",
        "training",
    ),
    "a velocity that is forgotten": (
        "core/optimizers.py",
        "from tinytorch_hf.reference import Adam, AdamW\n" + KEPT.format("SGD", "SGD") + "class SGD(_SGD):\n"
        "    def zero_grad(self):\n"
        "        super().zero_grad()\n"
        "        self._velocity.clear()\n",
        "training",
    ),
}


@pytest.mark.usefixtures("fresh_reference")
@pytest.mark.parametrize("fault", LATER_FAULTS)
def test_a_fault_between_calls_is_found_and_printed(fault: str, install: Install) -> None:
    """A table, masks, modes and what optimizers keep: the lines print what they say they print."""
    file, text, family = LATER_FAULTS[fault]
    install({**GENERATION_C, file: text})

    found = tried_here(n=600 if family == "sequences" else 400, families=[family])[family]

    assert found.outcome is Outcome.DIFFERS
    assert "from tinytorch.core" in found.snippet
    compare_printed(found.snippet)


@pytest.mark.usefixtures("fresh_reference")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_between_operations_is_found_and_printed(fault: str, install: Install) -> None:
    """The program is short; run by a student it prints what it says it prints."""
    text, families = FAULTS[fault]
    install({**GENERATION_C, "core/tensor.py": HEADER + text})

    found = tried_here(n=300, families=families)

    wrong = [result for result in found.values() if result.outcome is Outcome.DIFFERS]
    assert wrong
    snippet = wrong[0].snippet
    assert "from tinytorch_hf.reference.tensor import Tensor" in snippet
    assert len(snippet.splitlines()) <= 11, snippet
    compare_printed(snippet)


def compare_printed(snippet: str) -> None:
    """Hold what lines print, when they are run, against what they say of it."""
    said = re.findall(r"# yours: (.*), PyTorch: (.*)", snippet)
    shown = printed_by(re.sub(r"print\((.*)\)  #", r"print(\1.tolist())  #", snippet))
    assert len(said) == len(shown) > 0
    for (yours, right), printed in zip(said, shown, strict=True):
        np.testing.assert_allclose(np.array(eval(printed)), np.array(eval(yours)), rtol=1e-3, atol=1e-4)  # noqa: S307
        assert yours != right


@pytest.mark.usefixtures("fresh_reference")
def test_a_crash_is_found_with_its_place(install: Install) -> None:
    """It counts as one of the battery's does."""
    text = (
        "_sub = Tensor.__sub__\n"
        "def sub(a, b):\n"
        "    if getattr(b, 'shape', None) == () != a.shape:\n        raise IndexError('no axis')\n"
        "    return _sub(a, b)\n"
        "Tensor.__sub__ = sub\n"
    )
    install({**GENERATION_C, "core/tensor.py": HEADER + text})

    found = tried_here(n=300, families=["operators", "shapes"])

    crashed = [result for result in found.values() if result.outcome is Outcome.CRASHES]
    assert crashed
    assert "IndexError: no axis" in crashed[0].detail
    assert crashed[0].where.endswith("tensor.py:6")


@pytest.mark.usefixtures("fresh_reference")
def test_what_the_battery_has_named_is_no_second_accusation(install: Install) -> None:
    """A program with such an operation follows from it."""
    text = FAULTS["small products"][0]
    install({**GENERATION_C, "core/tensor.py": HEADER + text})
    battery = [Result("tensor-matmul", "tensor", Outcome.DIFFERS, "it is off")]

    found = tried_here(n=300, families=["products"], battery=battery)["products"]

    assert (found.outcome, found.follows) == (Outcome.DIFFERS, ("tensor-matmul",))


def test_what_the_battery_has_named_and_is_wrong_alone_is_not_used(install: Install) -> None:
    """So that what is left is tried; where the battery has said nothing, it is found."""
    install({**GENERATION_C, "core/activations.py": "class ReLU:\n    def __call__(self, x):\n        return x + 1\n"})
    battery = [Result("relu", "activations", Outcome.DIFFERS, "it is off")]

    assert tried_here(n=160, families=["layers"], battery=battery)["layers"].outcome is Outcome.AGREES
    assert tried_here(n=160, families=["layers"])["layers"].outcome is Outcome.DIFFERS


def test_what_is_not_built_is_missing(install: Install) -> None:
    """A family without anything to be made of, and gradients where there is no autograd."""
    tensor = (
        "import numpy as np\n"
        "class Tensor:\n"
        "    def __init__(self, data):\n        self.data = np.array(getattr(data, 'data', data), dtype=np.float32)\n"
        "    def __add__(self, other):\n        return Tensor(self.data + getattr(other, 'data', other))\n"
        "    def __mul__(self, other):\n        return Tensor(self.data * getattr(other, 'data', other))\n"
        "    def backward(self, gradient=None):\n        pass\n"
    )
    install({"__init__.py": "", "core/tensor.py": tensor})

    found = tried_here(n=30, families=["operators", "images"])

    assert (found["operators"].outcome, found["images"].outcome) == (Outcome.MISSING, Outcome.MISSING)
    assert "backward is not implemented yet" in found["operators"].detail
    assert "Conv2d" in found["images"].detail


@pytest.mark.usefixtures("fresh_reference")
def test_another_meaning_in_another_framework_is_no_fault(install: Install) -> None:
    """What one operation alone does otherwise there may be meant; in a TinyTorch it is not."""
    text = "Tensor.transpose = lambda a, first=0, second=1: a * 1\n"
    install({**GENERATION_C, "core/tensor.py": HEADER + text})
    mapped = FrameworkMap(names={"Tensor": "tinytorch.core.tensor.Tensor"})

    assert tried_here(n=60, families=["shapes"])["shapes"].outcome is Outcome.DIFFERS
    assert tried_here(mapped, n=60, families=["shapes"])["shapes"].outcome is Outcome.AGREES


@pytest.mark.parametrize(("source", "slope"), [(MATRICES, "1"), (SCALAR, "1 - out.value**2")], ids=["zeros", "scalar"])
def test_gradients_are_forgotten_and_halved_as_a_framework_keeps_them(
    source: str, slope: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may be zeros at first, to which others are added, or be gathered from many single numbers."""
    name = f"other_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(source.replace("SLOPE", f"({slope})"))
    monkeypatch.syspath_prepend(tmp_path)
    inferred = found(asking(FrameworkMap(name)), FrameworkMap(name)).framework_map

    assert tried_here(inferred, n=300, families=["operators"])["operators"].outcome is Outcome.AGREES
