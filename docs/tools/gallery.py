"""The gallery: a page for each dataset that is on this machine, with every picture drawn from its own samples.

``python -m docs.tools.gallery FOLDER`` writes it alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from docs.tools import suite, tables
from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data.loaders import load
from tinytorch_hf.data.pictures import contact_sheet, png
from tinytorch_hf.errors import InvalidArgumentError, MissingFileError
from tinytorch_hf.files import store
from tinytorch_hf.reports import data_plot

# Of a sample, in pixels of the screen, at most.
_SIDE = 42
# A picture's file, its heading, what is to be said of it, and what draws it.
PICTURES: tuple[tuple[str, str, str, Callable[[DatasetInfo, Path], bytes]], ...] = (
    (
        "statistics.svg",
        "What is in it",
        "`tinytorch-hf stats {name} --plot FILE` draws this picture.",
        data_plot.of_statistics,
    ),
    (
        "difficulty.png",
        "From easy to hard",
        "A row for each class: on the left the image that simple models find easiest, on the right the hardest.",
        data_plot.of_difficulty,
    ),
    (
        "confusions.svg",
        "What is confused",
        "Each test image is given the class whose mean image is nearest. Nothing is trained, so what is confused lies "
        "in the data.",
        data_plot.of_confusions,
    ),
    (
        "map.svg",
        "A map",
        "Each training image is a point. The axes are the first two principal components of the pixels; images that "
        "lie close look alike.",
        data_plot.of_map,
    ),
)


def pages() -> Iterator[tuple[str, bytes]]:
    """The files of the gallery by name: a page and its pictures for each dataset, and the page that lists them."""
    shown, absent = [], []
    for dataset in map(catalog.info, catalog.built_in_names()):
        try:
            load(dataset)
        except MissingFileError:
            absent.append(dataset)
            continue
        shown.append(dataset.name)
        yield from _files_of(dataset)
    lines = ["# Gallery", "", "Every dataset, drawn from its own samples.", ""]
    for name in shown:
        dataset = catalog.info(name)
        lines += [f"- [{dataset.title}]({name}.md): {dataset.summary}"]
    if absent:
        titles = ", ".join(dataset.title for dataset in absent)
        lines += ["", f"Not shown, because they were not on the machine that built this site: {titles}."]
    lines += ["", "```{toctree}", ":hidden:", "", *shown, "```", ""]
    yield "index.md", "\n".join(lines).encode("utf-8")


def _files_of(dataset: DatasetInfo) -> Iterator[tuple[str, bytes]]:
    parts = [f"# {dataset.title}", dataset.summary, tables.facts_table(dataset.name)]
    if dataset.kind == "images":
        file = f"{dataset.name}_samples.png"
        parts += ["## Samples", "The first ten of each class.", f"![Samples of {dataset.title}]({file})"]
        split = load(dataset)[dataset.splits[0].name]
        yield file, png(contact_sheet(split, scale=max(1, _SIDE // split["images"].shape[-1])))
    else:
        parts += ["## A sample", suite.sample(dataset.name)]
    for file, heading, said, draw in PICTURES:
        name = f"{dataset.name}_{file}"
        try:
            content = draw(dataset, Path(name))
        except InvalidArgumentError:
            continue  # It has no images, or no difficulty.
        parts += [f"## {heading}", said.format(name=dataset.name), f"![{heading}: {dataset.title}]({name})"]
        yield name, content
    yield f"{dataset.name}.md", ("\n\n".join(parts) + "\n").encode("utf-8")


if __name__ == "__main__":
    for file_name, content in pages():
        store.write(Path(sys.argv[1]) / file_name, content)
