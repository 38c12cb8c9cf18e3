"""Specification of how programs learn what a package has."""

from __future__ import annotations

import pytest
from conftest import Install
from generations import GENERATION_C
from programs_here import EVERYTHING, REFERENCE, asking

from tinytorch_hf.check.programs.asking import Asking
from tinytorch_hf.check.programs.available import available, named_by
from tinytorch_hf.check.programs.builder import Available
from tinytorch_hf.check.programs.probes import probes
from tinytorch_hf.judging.judges import judged_by
from tinytorch_hf.student.mapping import FrameworkMap

OPTIONAL = {".add", ".sub", ".mul", ".div", ".relu", ".sigmoid", ".tanh", "min"}


def found_in(framework_map: FrameworkMap, *wrong: str) -> Available:
    """What a package has, where the battery has named these cases."""
    with judged_by("recorded"):
        return available(Asking(asking(framework_map)), wrong, is_mapped=False)


def test_there_is_a_probe_for_everything() -> None:
    """And each is as short as can be."""
    assert probes().keys() == EVERYTHING.forms
    assert max(map(len, probes().values())) <= 9


def test_what_the_reference_has_is_found() -> None:
    """All but what the course does not ask for."""
    assert found_in(REFERENCE).forms == EVERYTHING.forms - OPTIONAL


def test_a_definition_is_the_one_that_fits(install: Install) -> None:
    """GELU has three; programs go by the package's own."""
    gelu = (
        "import math\nimport numpy as np\nfrom tinytorch_hf.reference import ReLU, Sigmoid, Softmax, Tanh, Tensor\n"
        "class GELU:\n"
        "    def forward(self, x):\n"
        "        c = math.sqrt(2 / math.pi)\n"
        "        return x * 0.5 * (1 + Tanh()((x + x * x * x * 0.044715) * c))\n"
        "    __call__ = forward\n"
    )
    install({**GENERATION_C, "core/activations.py": gelu})

    assert found_in(FrameworkMap()).definitions == {"GELU": 2}


def test_what_is_wrong_alone_is_not_used_once_it_is_named(install: Install) -> None:
    """Without the battery's word it is, so that it is found."""
    install({**GENERATION_C, "core/activations.py": "class ReLU:\n    def __call__(self, x):\n        return x + 1\n"})

    assert "ReLU" in found_in(FrameworkMap()).forms
    named = found_in(FrameworkMap(), "relu")
    assert "ReLU" not in named.forms
    assert "ReLU" in named.faulty


def test_a_layer_that_the_battery_calls_right_is_not_accused(install: Install) -> None:
    """It has to be told something that programs do not say."""
    install({**GENERATION_C, "core/activations.py": "class ReLU:\n    def __call__(self, x):\n        return x + 1\n"})

    with judged_by("recorded"):
        found = available(Asking(asking(FrameworkMap())), [], is_mapped=False, agreed=["relu"])

    assert "ReLU" not in found.forms | found.faulty


@pytest.mark.parametrize(
    ("form", "case"), [("+", "gradient-add"), ("mean", "gradient-mean-axis"), ("Conv2d", "conv2d-stride")]
)
def test_cases_are_named_by_what_programs_use(form: str, case: str) -> None:
    """So that a program follows from a fault that the battery has named."""
    assert named_by(probes()[form], ["gpt", case]) == (case,)
