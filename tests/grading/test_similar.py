"""Specification of likeness: code that is equal but for names is told to the instructor, what is short or blank not."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import ClassVar

import pytest
from blank import blank_reference
from handed_in import hand_in, own_package

from tinytorch_hf.grading.code_prints import CodePrint, code_prints
from tinytorch_hf.grading.similar import remarks_on

OWN = """
class Layer:
    def forward(self, x):
        total = x.data - x.data.max(axis=-1, keepdims=True)
        for step in range(self.steps):
            total = np.exp(total) / np.exp(total).sum(axis=-1, keepdims=True) + step
            if step > 3 and self.is_last:
                raise ValueError(f"too many: {step}")
        return total
"""


class Renamed(ast.NodeTransformer):
    """Gives every variable, argument and attribute of a few names another one."""

    names: ClassVar = {"x": "given", "out": "what_comes", "self": "this", "data": "values", "weight": "w"}

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Rename what the node holds as texts."""
        for field in ("id", "arg", "attr"):
            if isinstance(getattr(node, field, None), str):
                setattr(node, field, self.names.get(getattr(node, field), getattr(node, field)))
        return super().generic_visit(node)


def prints_of(folder: Path, text: str) -> set[str]:
    """The fingerprints of one file's functions."""
    return {one.hash for one in code_prints(hand_in(folder, {"a.py": text}, package="")) if not one.is_module}


def test_another_spelling_has_the_same_fingerprint(tmp_path: Path) -> None:
    """Names, comments, docstrings, annotations, texts of errors, and what numpy is called."""
    other = re.sub(r"\b(total|step|x)\b", r"my_\1", OWN).replace("np.", "numpy.").replace("too many", "oh no")
    other = other.replace("forward(self, my_x):", 'run(self, my_x: "Tensor") -> None:\n        """Run it."""  # so')

    first = prints_of(tmp_path / "a", f"import numpy as np\n{OWN}")

    assert len(first) == 1
    assert prints_of(tmp_path / "b", f"import numpy\n{other}") == first


@pytest.mark.parametrize(("old", "new"), [("np.exp", "np.tanh"), ("> 3", "> 4"), (" + step", " - step"), ("-1", "-2")])
def test_another_computation_has_another_fingerprint(tmp_path: Path, old: str, new: str) -> None:
    """A library's function, a number, an operator."""
    first = prints_of(tmp_path / "a", f"import numpy as np\n{OWN}")

    assert prints_of(tmp_path / "b", f"import numpy as np\n{OWN.replace(old, new)}").isdisjoint(first)


def test_a_renamed_copy_of_the_reference_is_told(tmp_path: Path) -> None:
    """With how much of it, and where."""
    files = {name: ast.unparse(Renamed().visit(ast.parse(text))) for name, text in own_package().items()}

    (remark,) = remarks_on({"ada": code_prints(hand_in(tmp_path / "ada", files))})["ada"]

    found = re.match(r"(\d+) of its (\d+) modules and (\d+) of its (\d+) longer functions are those of tinyt", remark)
    assert found
    # Renaming `out` has changed calls of NumPy here and there, too.
    assert int(found[1]) >= 0.8 * int(found[2])
    assert int(found[3]) >= 0.85 * int(found[4])
    assert "tinytorch_hf.reference, but for names and comments: tinytorch/" in remark


@pytest.mark.parametrize("body", ["pass", "raise NotImplementedError('your turn')", "return None"])
def test_what_is_blank_is_no_copy(tmp_path: Path, body: str) -> None:
    """A scaffold as the course hands it out, handed in by two."""
    prints = code_prints(hand_in(tmp_path, blank_reference(body)))

    assert remarks_on({"ada": prints, "bob": prints}) in ({}, {"ada": (), "bob": ()})


def made(name: str, count: int, first: int = 0) -> tuple[CodePrint, ...]:
    """Fingerprints of as many functions."""
    return tuple(CodePrint(f"{name} {number}", f"{name}.py: f{number}") for number in range(first, first + count))


def test_two_that_share_functions_are_told_of_each_other() -> None:
    """Three at least, and a fifth of the smaller one; not what most of the class has."""
    class_ = {f"s{number}": (*made("given", 9), *made(f"own {number}", 5)) for number in range(8)}
    for name, count in (("ada", 4), ("bob", 4), ("cyd", 2)):
        class_[name] = (*made("given", 9), *made(f"own {name}", 5), *made("theirs", count))

    remarks = remarks_on(class_)

    assert {name for name, said in remarks.items() if said} == {"ada", "bob"}
    assert remarks["ada"] == (
        "4 of its 18 longer functions are those of the submission bob, but for names and comments: theirs.py: f0, "
        "theirs.py: f1, theirs.py: f2 and 1 more",
    )


def test_what_many_share_is_told_without_naming_each() -> None:
    """So that the work grows as the class does."""
    class_ = {f"s{number}": made(f"own {number}", 5) for number in range(40)}
    for number in range(12):
        class_[f"s{number}"] += made("passed on", 4)

    remarks = remarks_on(class_)

    assert [name for name, said in remarks.items() if said] == [f"s{number}" for number in range(12)]
    assert {said[0].partition(",")[0] for said in remarks.values() if said} == {
        "4 of its 9 longer functions are those of more than 9 others"
    }
