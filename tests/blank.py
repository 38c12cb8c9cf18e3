"""Writes packages in which every body is still to be written, as a course hands them out."""

from __future__ import annotations

import ast
from pathlib import Path

import tinytorch_hf.reference

# What bodies look like before someone writes them.
BODIES = ("pass", "'''Your turn.'''", "...", "return", "return None", "raise NotImplementedError('your turn')")


class _Emptied(ast.NodeTransformer):
    """Puts one body into all functions."""

    def __init__(self, body: str) -> None:
        self._body = body

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Replace the body; the signature and what is around it stay."""
        node.body = ast.parse(f"def f():\n    {self._body}\n").body[0].body  # type: ignore[attr-defined]
        return node


def blank_reference(body: str) -> dict[str, str]:
    """The files of the reference as a package called tinytorch, all of whose functions have this body."""
    folder = Path(tinytorch_hf.reference.__file__).parent
    return {path.name: emptied(path.read_text(encoding="utf-8"), body) for path in folder.glob("*.py")}


def emptied(text: str, body: str) -> str:
    """A module with this body in all of its functions."""
    tree = ast.parse(text.replace("tinytorch_hf.reference", "tinytorch"))
    return ast.unparse(_Emptied(body).visit(tree))


# Classes with the layout and the signatures of the course.
COURSE = {
    "__init__.py": "from .core.tensor import Tensor\nfrom .core.layers import Linear\n",
    "core/tensor.py": (
        "class Tensor:\n"
        "    def __init__(self, data, requires_grad=False):\n        x\n"
        "    def __add__(self, other):\n        x\n"
        "    def __mul__(self, other):\n        x\n"
        "    def matmul(self, other):\n        x\n"
        "    def backward(self, gradient=None):\n        x\n"
    ),
    "core/activations.py": (
        "from tinytorch.core.tensor import Tensor\n"
        "class ReLU:\n    def forward(self, x: Tensor) -> Tensor:\n        x\n    def __call__(self, x):\n        x\n"
    ),
    "core/layers.py": (
        "from tinytorch.core.tensor import Tensor\n"
        "class Layer:\n    def __call__(self, x):\n        x\n    def parameters(self):\n        x\n"
        "class Linear(Layer):\n"
        "    def __init__(self, in_features, out_features, bias=True):\n        x\n"
        "    def forward(self, x):\n        x\n"
    ),
    "core/losses.py": (
        "class MSELoss:\n    def __init__(self):\n        x\n    def forward(self, predictions, targets):\n        x\n"
        "    def __call__(self, predictions, targets):\n        x\n"
    ),
    "core/optimizers.py": (
        "class SGD:\n    def __init__(self, params, lr=0.01, momentum=0.0, weight_decay=0.0):\n        x\n"
        "    def step(self):\n        x\n    def zero_grad(self):\n        x\n"
    ),
}


def blank_course(body: str) -> dict[str, str]:
    """Part of the course's scaffold with this body in all functions."""
    return {name: emptied(text, body) if name.startswith("core/") else text for name, text in COURSE.items()}
