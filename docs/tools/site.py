"""The pages of the site that code writes before each build: one for every mistake, the gallery, and Python's reference.

They are not kept in Git. Documents that stand elsewhere in the checkout, such as the change log, become pages, too; and
links that hold in the checkout are made to hold on the site.
"""

from __future__ import annotations

import math
import re
import shutil
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import tinytorch_hf
from docs.tools import gallery
from tinytorch_hf.files import store
from tinytorch_hf.judging.mistakes.explaining import Explanation, explanations
from tinytorch_hf.judging.mistakes.in_training import InTraining, in_training
from tinytorch_hf.reports import plot

# What each part of the reference is about, and the public names that belong there; tests hold it against the package.
REFERENCE: dict[str, tuple[str, ...]] = {
    "Load": (
        *("load", "download", "names", "info", "Split", "DatasetInfo", "fingerprint", "verify"),
        *("load_tinydigits", "load_digits_8x8", "load_tinymnist", "load_mnist", "load_tinycifar", "load_cifar10"),
        *("load_tinytalks", "load_tinypy", "load_tinyshakespeare", "load_shakespeare"),
    ),
    "PyTorch": (
        *("TinyDigits", "Digits8x8", "TinyMNIST", "MNIST", "TinyCIFAR", "CIFAR10"),
        *("TinyTalks", "TinyPy", "TinyShakespeare", "Shakespeare"),
        *("DataLoader", "dataset_class", "subset", "by_difficulty", "stratified_split"),
    ),
    "Judge a framework": ("check_package", "compare_training", "grade_submissions"),
    "Datasets of your own": ("register", "write_dataset", "tinify"),
    "Errors": ("TinyTorchHFError",),
}
MODULES = ("as_torch", "as_hf", "as_tinytorch", "milestones", "reference")
"""Modules that are public by themselves."""


COPIES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/RESULTS.md": "explanations/benchmarks.md",
    "datasets/PHILOSOPHY.md": "explanations/curation.md",
}
"""Documents of the checkout that are pages of the site, by their paths, with where they stand there."""

READING = """The snippets are written for the small reference that comes with this package.
`Tensor.from_operation(data, parents, backward)` makes a tensor that remembers its parents; `backward` takes the
gradient with respect to the result, and gives those with respect to the parents. `class Linear(Linear)` stands for the
class with one method changed. Write the same in your own Tensor's way."""
"""What has to be known to read a snippet."""

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")


def write(docs: Path) -> None:
    """Write all of them below the folder of the site's pages."""
    _fresh(docs / "mistakes", mistakes())
    _fresh(docs / "gallery", gallery.pages())
    store.write(docs / "reference" / "python.md", python().encode("utf-8"))
    for source, name in COPIES.items():
        text = (docs.parent / source).read_text(encoding="utf-8")
        store.write(docs / name, linked(text, docs.parent / source, docs).encode("utf-8"))


def linked(text: str, place: Path, docs: Path) -> str:
    """A document with links that hold on the site: to its pages and pictures; of others the words remain.

    Parameters
    ----------
    text
        Markdown.
    place
        Where it stands in the checkout, from where its links lead.
    docs
        The folder of the site's pages.
    """
    root = docs.parent

    def follow(link: re.Match[str]) -> str:
        mark, words, target, anchor = link.groups(default="")
        path = (place.parent / target).resolve()
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
        if name in COPIES:
            return f"[{words}](/{COPIES[name]}{anchor})"
        if path.is_relative_to(docs):
            return f"{mark}[{words}](/{path.relative_to(docs).as_posix()}{anchor})"
        return f"![{words}](/../{name})" if mark else words

    return _LINK.sub(follow, text)


def _fresh(folder: Path, files: Iterator[tuple[str, bytes]]) -> None:
    """A folder with these files and no others."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files:
        store.write(folder / name, content)


def mistakes() -> Iterator[tuple[str, bytes]]:
    """A page for each mistake, and the page that lists them by part of the course."""
    pages = explanations()
    lines = [
        "# Mistakes",
        "",
        "Every mistake that `check` and `compare` can name. A code never changes.",
        "",
        READING,
        "",
    ]
    for part, of_part in groupby(pages.values(), key=lambda page: page.part):
        lines += [f"## {part}", "", "| Code | What it is |", "| --- | --- |"]
        for page in of_part:
            lines.append(f"| [{page.mistake.code}]({page.mistake.code}.md) | {page.mistake.sentence} |")
            yield f"{page.mistake.code}.md", mistake(page).encode("utf-8")
            seen = in_training(page.mistake.code)
            if seen is not None and seen.shows:
                yield f"{page.mistake.code}.svg", curves(seen)
        lines.append("")
    yield "index.md", "\n".join(lines).encode("utf-8")


def mistake(page: Explanation) -> str:
    """The page of one mistake, in Markdown."""
    parts = [
        # The list of all leads to it; beside each page, a list of hundreds would help nobody.
        f"---\norphan: true\n---\n\n# {page.mistake.code}",
        f"[{page.part}](index.md). What is wrong: {page.mistake.sentence}.",
        page.why,
        "## Wrong",
        f"In `{page.file}`:",
        f"```python\n{page.wrong}```",
        "## Right",
        f"```python\n{page.right}```",
        page.mistake.hint,
        *_in_training(page),
        "## To find it",
        f"```text\ntinytorch-hf {page.command} --package PATH\n```",
    ]
    if page.known:
        parts += ["## Known problems", page.known]
    return "\n\n".join(parts) + "\n"


def _in_training(page: Explanation) -> list[str]:
    seen = in_training(page.mistake.code)
    if seen is None:
        return []
    parts = ["## In training", seen.sentence]
    if seen.shows:
        code = page.mistake.code
        parts += [f"![Loss of a training with {code} and without]({code}.svg)"]
    return parts


def curves(seen: InTraining) -> bytes:
    """The losses with a mistake and without, as SVG."""
    drawn = plot.figure(4.6, 2.8)
    axes = drawn.subplots()
    for name, losses, style in (("with the mistake", seen.losses, "o-"), ("right", seen.right, "s--")):
        values = [math.nan if loss is None else loss for loss in losses]
        axes.plot(range(1, len(values) + 1), values, style, label=name)
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    axes.set_xticks(range(1, len(seen.losses) + 1))
    axes.legend(frameon=False)
    return plot.written(drawn, Path("curves.svg"))


def python() -> str:
    """The reference of everything that is public, from the docstrings."""
    lines = ["# Python", "", "Everything that `dir(tinytorch_hf)` lists. Nothing is imported before it is used.", ""]
    for title, names in REFERENCE.items():
        lines += [f"## {title}", ""]
        for name in names:
            kind = "autoclass" if isinstance(getattr(tinytorch_hf, name), type) else "autofunction"
            members = ["   :members:"] if kind == "autoclass" else []
            lines += ["```{eval-rst}", f".. {kind}:: tinytorch_hf.{name}", *members, "```", ""]
    for name in MODULES:
        lines += [f"## tinytorch_hf.{name}", "", "```{eval-rst}", f".. automodule:: tinytorch_hf.{name}", "```", ""]
        module = getattr(tinytorch_hf, name)
        for member in _own(module.__name__, dir(module)):
            found = getattr(module, member)
            kind = "autoclass" if isinstance(found, type) else "autofunction"
            lines += ["```{eval-rst}", f".. {kind}:: tinytorch_hf.{name}.{member}", "   :no-index:", "```", ""]
    return "\n".join(lines)


def _own(module: str, names: list[str]) -> list[str]:
    """The functions and classes of a module that are ours and not shown above it."""
    shown = {name for names in REFERENCE.values() for name in names}
    found = {name: getattr(sys.modules[module], name, None) for name in names if name[0] != "_" and name not in shown}
    return [name for name, value in found.items() if callable(value) and value.__module__.startswith("tinytorch_hf")]
