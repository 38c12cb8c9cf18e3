"""How a dataset is cited."""

from __future__ import annotations

import ast

from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.files import folders


def citation(name: str) -> str:
    """BibTeX of a dataset, read from its loading script without running it."""
    script = (folders.shipped("loading_scripts") / f"{name}.py").read_text(encoding="utf-8")
    for statement in ast.parse(script).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "CITATION":
            return str(ast.literal_eval(statement.value))
    raise CorruptFileError(f"The loading script of {name} has no CITATION.")
