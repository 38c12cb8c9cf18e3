"""How a dataset is cited."""

from __future__ import annotations

import ast

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.files import folders


def citation(name: catalog.Dataset | str) -> str:
    """BibTeX of a dataset: what its loading script has, read without running it, or else made of the facts."""
    dataset = catalog.info(name)
    path = folders.loading_script(dataset)
    if path is None:
        return _entry(dataset)
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "CITATION":
            return str(ast.literal_eval(statement.value))
    raise CorruptFileError(f"The loading script of {dataset.name} has no CITATION.")


def own_entry(name: catalog.Dataset | str) -> str:
    """BibTeX of a dataset that was curated here, whatever its source is called; made of the facts."""
    dataset = catalog.info(name)
    digest = f", fingerprint {dataset.fingerprint[:16]}" if dataset.fingerprint else ""
    fields = {
        **_names(dataset),
        "version": escaped(dataset.version),
        "year": dataset.published[:4],
        "howpublished": "With the Python package tinytorch-hf",
        "note": f"Licence: {escaped(dataset.license)}{digest}",
    }
    return _written(f"tinytorch_{dataset.name}", fields)


def _entry(dataset: DatasetInfo) -> str:
    fields = {
        **_names(dataset),
        "note": f"Version {escaped(dataset.version)}. {escaped(dataset.citation or dataset.source)}",
        "url": dataset.source_url.replace("{", "%7B").replace("}", "%7D"),
    }
    return _written(dataset.name, fields)


def _names(dataset: DatasetInfo) -> dict[str, str]:
    """Who made it, and what it is called."""
    return {
        "author": f"{{{escaped(dataset.creator)}}}" if dataset.creator else "",
        "title": f"{{{escaped(dataset.title)}}}: {escaped(dataset.summary.rstrip('.'))}",
    }


def _written(key: str, fields: dict[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return "@misc{" + key + ",\n" + ",\n".join(lines) + "\n}\n"


_SPECIAL = str.maketrans(
    {
        **{character: f"\\{character}" for character in "#$%&_"},
        "{": "(",
        "}": ")",
        "\\": "/",
        "~": "\\textasciitilde{}",
        "^": "\\textasciicircum{}",
        "\n": " ",
    }
)


def escaped(text: str) -> str:
    """A text in which TeX sees no commands; braces, which BibTeX counts, become parentheses."""
    return text.translate(_SPECIAL)
