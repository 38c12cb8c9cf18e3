"""What every dataset's page has beside its facts: a sample to look at and how to cite it; and the suite in a paragraph.

All of it follows from the catalog and the files, so that a new dataset has it at once.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections import Counter

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.acquire import selection
from tinytorch_hf.acquire.standard_library import normal_form
from tinytorch_hf.catalog import Built, CutFrom, DatasetInfo
from tinytorch_hf.data import loaders, pictures, texts
from tinytorch_hf.files import folders
from tinytorch_hf.files.python_functions import source_of
from tinytorch_hf.hub.citation import citation, escaped, own_entry
from tinytorch_hf.milestones.optimisation.matrix import cross_entropy

WIDTH = 118
_PIXEL_ROWS = 20
_KINDS: dict[str, str] = {
    "images": "images",
    "pairs": "question-answer pairs",
    "source text": "functions in Python",
    "plain text": "texts",
}


def sample(name: str) -> str:
    """A few samples as text.

    Of what is made on the user's machine, nothing is passed on. What is cut from another dataset is shown by how many
    of each class are easy, medium and hard; functions by one of this package, in the form that the others have.
    """
    dataset = catalog.info(name)
    if isinstance(dataset.provider, CutFrom):
        return _chosen(dataset)
    if isinstance(dataset.provider, Built):
        return _function()
    return _images(dataset) if dataset.kind == "images" else _texts(dataset)


def _images(dataset: DatasetInfo) -> str:
    split = loaders.load_split(dataset, dataset.splits[0].name)
    height, width = split["images"].shape[-2:]
    n_shown = (WIDTH + 2) // (2 * width + 2) * max(1, _PIXEL_ROWS // height)
    labels, first = np.unique(split["labels"], return_index=True)
    captions = [f"[{index}] {dataset.classes[label]}" for label, index in zip(labels, first, strict=True)]
    drawn = pictures.ascii_images(split["images"][first[:n_shown]], captions[:n_shown], WIDTH)
    return _block(f"{drawn}\n\n[N] is a sample's number in `{split.name}`.")


def _texts(dataset: DatasetInfo) -> str:
    split = loaders.load_split(dataset, dataset.splits[0].name)
    chosen = range(1)
    if dataset.counted:
        chosen = np.unique(split[dataset.counted], return_index=True)[1].tolist()
    shown = [texts.texts_of(dataset.kind, split[index : index + 1])[0].rstrip() for index in chosen]
    lines = [line for text in shown for line in (*text.splitlines()[:12], "")]
    return _block("\n".join(part for line in lines for part in (textwrap.wrap(line, WIDTH) or [""])).rstrip())


def _chosen(dataset: DatasetInfo) -> str:
    """A bar for each class of what was selected, by difficulty."""
    marks = ".+#"
    rows = selection.read_selection(selection.folder_of(dataset))
    counted = Counter((row.label, row.difficulty) for row in rows)
    width = max(map(len, dataset.classes))
    bars = [
        f"{title:<{width}}  "
        + "".join(mark * round(counted[title, level] / 4) for level, mark in enumerate(marks))
        + f"  {', '.join(str(counted[title, level]) for level in range(len(marks)))}"
        for title in dataset.classes
    ]
    legend = ", ".join(f"{mark} {word}" for mark, word in zip(marks, catalog.DIFFICULTIES, strict=True))
    return _block("\n".join([*bars, "", f"Each mark stands for four images: {legend}."]))


def _function() -> str:
    (node,) = ast.parse(inspect.getsource(cross_entropy)).body
    if not isinstance(node, ast.FunctionDef):
        raise TypeError(f"{cross_entropy} is not a function.")
    made = normal_form(cross_entropy.__module__, cross_entropy.__name__, node)
    if made is None:
        raise TypeError(f"{cross_entropy} has no body.")
    return f"```python\n{source_of(made)}\n```"


def _block(text: str) -> str:
    return f"```text\n{text}\n```"


def cite(name: str) -> str:
    """How to cite a curated dataset, and its source where that is another's."""
    dataset = catalog.info(name)
    scripted = citation(name) if folders.loading_script(dataset) else ""
    if escaped(dataset.creator) in scripted:
        return f"```bibtex\n{scripted}```"
    own = f"The dataset:\n\n```bibtex\n{own_entry(dataset)}```"
    if not scripted:
        return f"{own}\n\nIts source: {dataset.citation}"
    return f"{own}\n\nIts source:\n\n```bibtex\n{scripted}```"


def curated() -> list[DatasetInfo]:
    """The datasets that were made here: those with a recipe of their own."""
    return [dataset for dataset in map(catalog.info, catalog.built_in_names()) if dataset.recipe]


def paper(_scope: str) -> str:
    """A paragraph on the suite that may stand in a paper as it is."""
    made = curated()
    shipped = [dataset for dataset in made if dataset.is_shipped]
    n_bytes = sum(file.size_bytes for dataset in shipped for file in dataset.files)
    n_test = [dataset.splits[-1].n_samples for dataset in made if len(dataset.splits) > 1]
    text = (
        f"The TinyTorch suite has {len(made)} datasets for teaching: {'; '.join(map(_told, made))}. "
        f"{len(shipped)} of them ship with the package, {n_bytes / 1000:,.0f} kB together; the others are cut from "
        "their source, or built, on the user's machine. A recipe rebuilds each of them from a named source, the same "
        "bytes on every machine (functions of Python's library differ with its release); each has a datasheet and "
        "fixed splits. NumPy, PyTorch, Hugging Face and TinyTorch get the same numbers, which a hash of the content "
        "shows. The sets are there to tell whether code is right, and not to "
        f"compare methods: their test splits have {min(n_test)} to {max(n_test)} samples."
    )
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _told(dataset: DatasetInfo) -> str:
    size = " + ".join(f"{split.n_samples:,}" for split in dataset.splits)
    licence = f"licence {dataset.license}" if dataset.license[:1].islower() else dataset.license
    return f"{dataset.title} {dataset.version} ({size} {_KINDS[dataset.kind]}, {licence})"
