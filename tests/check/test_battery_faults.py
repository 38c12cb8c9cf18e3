"""Specification of what `check` makes of errors: whose they are, at which expression, in which file and line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from battery import check_here
from conftest import Install
from generations import GENERATION_C, TRANSFORMERS

from tinytorch_hf.judging.results import Outcome, Result
from tinytorch_hf.reports import operations_table as table
from tinytorch_hf.student import expressions

RIGHT = "from tinytorch_hf.reference import GELU, ReLU as _R, Sigmoid, Softmax, Tanh, Tensor\n"


def relu(install: Install, body: str, head: str = "(self, x)", before: str = "") -> Result:
    """The result for a ReLU that is written so."""
    text = f"{RIGHT}{before}\nclass ReLU:\n    def forward{head}:\n        {body}\n"
    install({**GENERATION_C, "core/activations.py": text})
    (result,) = check_here(only=["relu"]).results
    return result


def test_a_crash_shows_the_whole_message_the_expression_and_the_place(install: Install) -> None:
    """What the package raised, in all of its lines; where in the package; and the call that led there."""
    result = relu(install, "raise ValueError('first line\\nsecond \\x1b[31mline')")

    assert result.outcome is Outcome.CRASHES
    assert result.detail == "ValueError: first line\nsecond \\x1b[31mline"
    assert result.expression == ""  # That it raises, the message says.
    assert result.call.startswith("ReLU().forward(x); x has the shape (")
    assert result.hint.startswith("That line is where it stopped, not necessarily where the fault is")
    assert Path(result.where.rpartition(":")[0]).name == "activations.py"
    rows = list(table.lines(check_here(only=["relu"])))
    # The rows before are more or fewer, as the path of the package is longer or shorter.
    first = next(number for number, row in enumerate(rows) if row.endswith("ValueError: first line"))
    assert rows[first + 1].strip() == "second \\x1b[31mline"
    assert rows[first + 2].strip() == "at tinytorch/core/activations.py:5"
    assert rows[first + 3].strip().startswith("called as ReLU().forward(x); x has the shape (")


@pytest.mark.parametrize(
    ("body", "before", "detail"),
    [
        ("return self.forward(x)", "", "RecursionError: maximum recursion depth exceeded"),
        ("raise SystemExit(3)", "", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "", "KeyboardInterrupt"),
        ("raise GeneratorExit", "", "GeneratorExit"),
        ("raise Odd", "class Odd(BaseException):\n    pass", "tinytorch.core.activations.Odd"),
        (
            "raise Odd",
            "class Odd(Exception):\n    def __str__(self):\n        raise SystemExit",
            "tinytorch.core.activations.Odd: <exception str() failed>",
        ),
        ("raise KeyError('x' * 10_000_000)", "", "KeyError: 'xxx"),
        (
            "import warnings; warnings.simplefilter('error'); warnings.warn('odd')",
            "",
            "UserWarning: odd",
        ),
    ],
)
def test_whatever_is_raised_is_a_crash_and_nothing_else(body: str, before: str, detail: str, install: Install) -> None:
    """Also what is not an Exception, what cannot be described, and what is longer than a message may be."""
    result = relu(install, body, before=before)

    assert result.outcome is Outcome.CRASHES
    assert result.detail.startswith(detail.removesuffix(": <exception str() failed>"))
    assert len(result.detail) <= 4000


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups came with Python 3.11")
def test_a_group_of_errors_says_which(install: Install) -> None:
    """A line for each of the first."""
    result = relu(install, "raise ExceptionGroup('several', [ValueError('one'), TypeError('two')])")

    assert result.detail.splitlines() == [
        "ExceptionGroup: several (2 sub-exceptions)",
        "  ValueError: one",
        "  TypeError: two",
    ]


def test_a_warning_is_no_error(install: Install) -> None:
    """Whatever the settings of the process or of the package."""
    result = relu(
        install,
        "warnings.warn('odd'); return _R()(x)",
        before="import warnings\nwarnings.simplefilter('error')",
    )

    assert result.outcome is Outcome.AGREES


@pytest.mark.parametrize("head", ["(self, x, slope)", "(self)", "(self, *, x)"])
def test_a_call_of_ours_that_does_not_fit_could_not_be_tried(head: str, install: Install) -> None:
    """With the signature that the function has; no more is known of it."""
    result = relu(install, "return _R()(x)", head)

    assert result.outcome is Outcome.UNTRIED
    assert result.detail.startswith("the call does not fit ReLU")
    assert head in result.detail or head.replace("self, ", "").replace("self", "") in result.detail


def test_the_constructors_call_is_ours_too(install: Install) -> None:
    """A layer that is built otherwise."""
    layers = (
        "from tinytorch_hf.reference import Dropout, Linear as _L, Sequential\n"
        "class Linear(_L):\n    def __init__(self, width):\n        super().__init__(width, width)\n"
    )
    install({**GENERATION_C, "core/layers.py": layers})

    (result,) = check_here(only=["linear"]).results

    assert result.outcome is Outcome.UNTRIED
    assert "Linear(width)" in result.detail
    assert (result.expression, result.call.partition("(")[0]) == ("", "Linear")


@pytest.mark.parametrize(
    ("body", "head"),
    [
        ("return self.other(x, 1)\n    def other(self, x):\n        return x", "(self, x)"),
        ("return len(3)", "(self, x)"),
        ("raise TypeError('forward() takes 1 positional argument but 2 were given')", "(self, x)"),
        ("return x.nothing", "(self, x)"),
    ],
)
def test_an_error_inside_the_package_is_a_crash_whatever_it_says(body: str, head: str, install: Install) -> None:
    """Only where the arguments of our own call cannot be bound is that call to blame."""
    assert relu(install, body, head).outcome is Outcome.CRASHES


TENSOR = (
    "from tinytorch_hf.reference import Tensor as _T\n"
    "class Tensor:\n"
    "    def __init__(self, data, requires_grad=False):\n"
    "        self.inner = _T(getattr(data, 'data', data), requires_grad)\n"
    "    data = property(lambda self: self.inner.data)\n"
    "    grad = property(lambda self: self.inner.grad)\n"
    "    requires_grad = property(\n        lambda self: self.inner.requires_grad,\n"
    "        lambda self, on: setattr(self.inner, 'requires_grad', on),\n    )\n"
    "    def backward(self, *gradient):\n        self.inner.backward(*gradient)\n"
    "    def __mul__(self, other):\n        return _of(self.inner * getattr(other, 'inner', other))\n"
    "    def __add__(self, other):\n        return _of(self.inner + getattr(other, 'inner', other))\n"
    "def _of(inner):\n    new = Tensor(0.0)\n    new.inner = inner\n    return new\n"
)


def test_an_operator_that_is_not_there_is_not_implemented_yet(install: Install) -> None:
    """With the expression that needs it."""
    install({"__init__.py": "", "core/tensor.py": TENSOR})

    results = {result.name: result for result in check_here(only=["tensor", "autograd"]).results}

    assert results["gradient-add"].outcome is Outcome.AGREES
    lacking = [result for result in results.values() if "needs Tensor.__" in result.detail]
    assert lacking
    assert {result.outcome for result in lacking} == {Outcome.MISSING}
    assert all(result.detail.startswith("not implemented yet: `") for result in lacking)
    assert any(result.detail.endswith("needs Tensor.__sub__") for result in lacking)
    assert not any(result.outcome is Outcome.CRASHES for result in results.values())


@pytest.mark.parametrize("knows_columns", [True, False])
def test_an_expression_is_found_with_and_without_columns(
    knows_columns: bool, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.10 knows the line alone."""
    if not knows_columns:
        monkeypatch.setattr(expressions, "_position", lambda _: None)

    result = relu(install, "return _R()(x)", "(self)")

    assert result.outcome is Outcome.UNTRIED
    assert "ReLU().forward(x" in result.call


def test_a_library_that_is_not_installed_is_one_sentence(install: Install) -> None:
    """With what to install; for the whole package, and for one module of it."""
    install({**GENERATION_C, "__init__.py": "import no_such_library.parts\n"})
    whole = check_here()
    rows = list(table.lines(whole))

    assert whole.status == 1
    assert len(rows) <= 10
    assert " ".join(" ".join(rows).split()).count("pip install no_such_library") == 1


def test_a_library_that_one_module_needs_is_one_line(install: Install) -> None:
    """The other modules are judged."""
    install({**GENERATION_C, "core/losses.py": "import sklearnx\n", "core/spatial.py": "import optimizers\n"})

    report = check_here(only=["losses", "relu", "spatial"])
    rows = "\n".join(table.lines(report, width=1000)).split("  crashes  ")[1:]

    assert {result.outcome for result in report.results if result.module != "activations"} == {Outcome.CRASHES}
    assert len(rows) == 2
    assert "so crash mse, " in rows[0]
    assert "it needs the library sklearnx, which is not installed here" in rows[0]
    # Nothing to install, then: that name on the package index is a stranger's.
    assert "import tinytorch.core.optimizers instead" in rows[1]


EVERYTHING = (
    "__version__ = '0.1.0'\nfrom .core.tensor import Tensor\nfrom .core.activations import ReLU as ReLU, Sigmoid\n"
    "from .core.layers import *\nfrom .data.loader import DataLoader, TensorDataset\n"
    "from .core.optimizers import SGD\nfrom .core.transformer import GPT\n"
)


def test_an_init_that_imports_what_is_not_there_yet_stops_nothing(install: Install) -> None:
    """What is there is judged; the report says how it was imported."""
    files = {name: text for name, text in GENERATION_C.items() if name not in ("core/optimizers.py", "core/losses.py")}
    core = "from .tensor import Tensor\nfrom .losses import MSELoss\n"
    install({**files, "__init__.py": EVERYTHING, "core/__init__.py": core})

    report = check_here(only=["tensor", "activations", "losses", "linear", "sgd", "gpt"])

    outcomes = {result.name: result.outcome for result in report.results}
    assert outcomes["tensor-matmul"] is outcomes["relu"] is outcomes["linear"] is outcomes["gpt"] is Outcome.AGREES
    assert outcomes["mse"] is outcomes["sgd"] is Outcome.MISSING
    assert report.package == "tinytorch 0.1.0"
    assert report.status == 3
    (note,) = report.notes
    assert note.startswith("importing tinytorch as a whole fails (ModuleNotFoundError: No module named 'tinytorch.")


@pytest.mark.parametrize(
    "optimizers",
    ["", "raise NotImplementedError('module 06')\n", "from tinytorch.core.training import step\n"],
    ids=["empty", "says so", "needs a later module"],
)
def test_an_init_that_imports_a_module_that_is_not_built_stops_nothing(optimizers: str, install: Install) -> None:
    """However that module shows it."""
    install({**GENERATION_C, "__init__.py": EVERYTHING, "core/optimizers.py": optimizers})

    report = check_here(only=["relu", "sgd"])

    assert [result.outcome for result in report.results] == [Outcome.AGREES, Outcome.MISSING]


def test_an_init_that_calls_what_is_not_built_stops_nothing(install: Install) -> None:
    """As it does with `enable_autograd()`."""
    autograd = "def enable_autograd():\n    pass\n"
    init = "from .core.autograd import enable_autograd\nprint(enable_autograd() + 1)\n"
    install({**GENERATION_C, "__init__.py": init, "core/autograd.py": autograd})

    assert check_here(only=["relu"]).results[0].outcome is Outcome.AGREES


def test_names_come_from_where_the_init_says(install: Install) -> None:
    """Under the name that it gives them, in packages of any layout."""
    flat = {
        "__init__.py": "from .engine import Value as Tensor\nfrom .nn import Relu as ReLU\nfrom . import later\n",
        "engine.py": "from tinytorch_hf.reference import Tensor as Value\n",
        "nn.py": "from tinytorch import Tensor\nfrom tinytorch_hf.reference import ReLU as Relu\n",
    }
    install(flat)

    assert check_here(only=["relu", "tensor-matmul"]).is_clean


@pytest.mark.parametrize("fault", ["1 / 0\n", "def f(:\n", "from tinytorch.core.losses import MSELoss\n"])
def test_a_module_that_is_wrong_is_not_called_unbuilt(fault: str, install: Install) -> None:
    """Nor are modules that import each other in a circle."""
    install({**GENERATION_C, "core/losses.py": fault, "__init__.py": "from .core.losses import MSELoss\n"})

    assert {result.outcome for result in check_here(only=["mse", "relu"]).results} == {Outcome.CRASHES}


def test_a_part_of_the_package_is_missing_and_its_users_too(install: Install) -> None:
    """What imports a module that is not there cannot be there either."""
    transformers = f"from tinytorch.core.attention import MultiHeadAttention\n{TRANSFORMERS}"
    files = {name: text for name, text in GENERATION_C.items() if name != "core/attention.py"}
    install({**files, "core/transformers.py": transformers})

    report = check_here(only=["gpt", "relu"])

    assert [result.outcome for result in report.results] == [Outcome.AGREES, Outcome.MISSING]
    assert report.status == 3


def changed(install: Install, file: str, part: str, lines: str) -> dict[str, Result]:
    """What is found in a package of which one class differs from the reference's by what a subclass of it changes."""
    text = f"\nfrom tinytorch_hf.reference import {part} as _{part}\nclass {part}(_{part}):\n{lines}"
    install({**GENERATION_C, file: GENERATION_C[file] + text})
    only = {"Adam": ["adam", "adam-betas", "adam-defaults"], "TransformerBlock": ["transformer-block"]}
    return {result.name: result for result in check_here(only=only.get(part, ["layer-norm"])).results}


def test_a_crash_shows_the_expression_of_the_file_and_the_call_as_a_student_writes_it(install: Install) -> None:
    """With the arguments it had, the defaults it was left, and no code of ours."""
    found = changed(
        install, "core/optimizers.py", "Adam", "    def step(self):\n        self.lr = 1 / (len(self.params) * 0)\n"
    )

    assert found["adam"].expression == "1 / (len(self.params) * 0)"
    assert found["adam"].call.startswith("Adam(params, lr=0.05).step(); by default betas=(0.9, 0.999), eps=1e-08")


def test_where_only_the_defaults_crash_they_are_the_root(install: Install) -> None:
    """Though smaller cases crash as well; and the default is named."""
    lines = (
        "    def __init__(self, params, lr=0.001, betas=(0.9, 1.998), eps=1e-8, weight_decay=0.0):\n"
        "        super().__init__(params, lr, betas, eps, weight_decay)\n"
    )
    found = changed(install, "core/optimizers.py", "Adam", lines)

    assert found["adam-betas"].outcome is Outcome.AGREES
    assert found["adam"].follows == ("adam-defaults",)
    root = found["adam-defaults"]
    assert (root.code, root.follows, root.outcome) == ("DEFAULT-ARGUMENT", (), Outcome.DIFFERS)
    assert root.cause == "a default argument is not TinyTorch's (betas=(0.9, 1.998) instead of (0.9, 0.999))"
    assert "without arguments it ends in ValueError" in root.detail


def test_another_learning_rate_is_told_by_the_steps(install: Install) -> None:
    """Where the signature says nothing."""
    lines = (
        "    def __init__(self, params, lr=None, **others):\n        super().__init__(params, lr or 0.002, **others)\n"
    )
    found = changed(install, "core/optimizers.py", "Adam", lines)

    assert "all steps are 2 times as large, as if lr were 0.002 instead of 0.001" in found["adam-defaults"].cause


def test_a_parameter_of_another_shape_is_a_difference_and_no_crash(install: Install) -> None:
    """It says how the layer was built, and what it was left to choose."""
    lines = (
        "    def __init__(self, embed_dim, num_heads, mlp_ratio=5):\n"
        "        super().__init__(embed_dim, num_heads, mlp_ratio)\n"
    )
    result = changed(install, "core/transformers.py", "TransformerBlock", lines)["transformer-block"]

    assert (result.outcome, result.code, result.expression) == (Outcome.DIFFERS, "PARAMETER-SHAPE", "")
    assert result.detail == "mlp.linear1.weight has the shape (6, 30) where TinyTorch's has (6, 24)"
    assert result.call == "TransformerBlock(6, 2); by default mlp_ratio=5"


@pytest.mark.parametrize(("eps", "code"), [("+ 2e-5", "AS-EPS"), ("- 1e-5", "NORM-EPS-SIGN"), ("+ 1e-5", "")])
def test_what_is_off_by_as_much_as_eps_is_told_so(eps: str, code: str, install: Install) -> None:
    """Another eps, and eps that is subtracted."""
    forward = (
        "    def forward(self, x):\n"
        "        centred = x - x.mean(-1, keepdims=True)\n"
        "        variance = (centred * centred).mean(-1, keepdims=True)\n"
        "        return centred / _root(variance {}) * self.gamma + self.beta\n"
        "def _root(x):\n"
        "    root = np.sqrt(x.data)\n"
        "    return _LayerNorm.Tensor.from_operation(root, (x,), lambda g: (g / (2 * root),))\n"
        "import numpy as np\n"
        "from tinytorch_hf.reference import Tensor\n"
        "_LayerNorm.Tensor = Tensor\n"
    )

    found = changed(install, "core/transformers.py", "LayerNorm", forward.format(eps))

    assert found["layer-norm"].code == code


def test_axes_say_how_they_are_wrong(install: Install) -> None:
    """Other axes by default; an axis that is kept, with a note on what is accepted all the same."""
    lines = (
        "    def transpose(self, a=-3, b=-1):\n        return super().transpose(a, b)\n"
        "    def mean(self, axis=None, keepdims=True):\n        return super().mean(axis, keepdims)\n"
    )
    text = f"\nfrom tinytorch_hf.reference import Tensor as _Tensor\nclass Tensor(_Tensor):\n{lines}"
    install({**GENERATION_C, "core/tensor.py": GENERATION_C["core/tensor.py"] + text})

    results = {result.name: result for result in check_here(only=["tensor-mean", "tensor-transpose"]).results}

    assert results["tensor-transpose"].code == "TRANSPOSE-DEFAULT-REVERSES"
    assert results["tensor-mean"].code == "AXIS-KEPT"
    assert results["tensor-mean"].notes == ("a.mean() has the shape (1, 1, 1), where PyTorch gives ()",)


def test_a_name_that_this_python_lacks_is_one_sentence(install: Install) -> None:
    """A package that is made for a newer Python has no fault by that."""
    install({**GENERATION_C, "core/losses.py": "from itertools import batched_later\n"})

    (result,) = check_here(only=["mse"]).results

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert result.detail == (
        f"it needs itertools.batched_later, which Python {version} does not have: "
        "run it with the Python that it is made for"
    )


@pytest.mark.parametrize(
    ("text", "case", "code"),
    [
        ("Tensor.__add__ = lambda s, o: s.data + getattr(o, 'data', o)\n", "tensor-numbers", "NOT-A-TENSOR"),
        (
            "_div = Tensor.__truediv__\nTensor.__truediv__ = lambda s, o: _div(s, o + 1e-7)\n",
            "tensor-arithmetic",
            "DIVISION-EPS",
        ),
    ],
)
def test_a_fault_of_arithmetic_is_named(
    text: str, case: str, code: str, install: Install, fresh_reference: None
) -> None:
    """An array that comes back instead of a tensor; a small number that is added to a divisor."""
    install({**GENERATION_C, "core/tensor.py": f"from tinytorch_hf.reference import Tensor\n{text}"})

    (result,) = check_here(only=[case]).results

    assert (result.outcome, result.code) == (Outcome.DIFFERS, code)
