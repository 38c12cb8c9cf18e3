"""The command that shows samples: images as characters or as a PNG, texts as they are read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tinytorch_hf import catalog
from tinytorch_hf.cli import terminal
from tinytorch_hf.cli.options import OK
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.shown import printable

if TYPE_CHECKING:
    from tinytorch_hf.files.splits import Split
    from tinytorch_hf.formats.arrays import Array

# Of one text.
_LINES_SHOWN = 40


def show(options: argparse.Namespace) -> int:
    """Print samples of a split, or write pictures of them."""
    from tinytorch_hf.data import loaders, pictures
    from tinytorch_hf.files import store

    dataset = catalog.info(options.name)
    split = loaders.load_split(dataset.name, dataset.splits[0].name if options.split is None else options.split)
    if options.png and dataset.kind != "images":
        raise InvalidArgumentError(f"{dataset.title} holds texts, of which there is no picture. Leave --png out.")
    if options.png:
        store.write(options.png, pictures.png(pictures.contact_sheet(split)))
        print(f"wrote {options.png}: the first ten samples of every class of {dataset.name}'s {split.name} split")
        return OK
    wrong = [index for index in options.index or () if not 0 <= index < len(split)]
    if wrong:
        raise UnknownNameError(
            f"sample of {dataset.name}'s {split.name} split numbered", wrong[0], [f"0 to {len(split) - 1}"]
        )
    if dataset.kind == "images":
        _print_images(dataset, split, options.index)
    else:
        _print_texts(dataset, split, options.index)
    print(_legend(dataset, split))
    return OK


def _legend(dataset: catalog.DatasetInfo, split: Split) -> str:
    """What the numbers in brackets are, and how to see others."""
    others = [other.name for other in dataset.splits if other.name != split.name]
    more = f", --split {' or '.join(others)} takes those of another split" if others else ""
    return terminal.wrapped(
        "",
        f"[N] is the number of a sample in {dataset.name}'s split {split.name}, 0 to {len(split) - 1}. "
        f"--index N shows that sample{more}.",
    )


def _print_images(dataset: catalog.DatasetInfo, split: Split, wanted: list[int] | None) -> None:
    from tinytorch_hf.data import pictures

    indices = wanted or _first_of_each(split["labels"])
    captions = [printable(f"[{index}] {dataset.classes[split['labels'][index]]}") for index in indices]
    print(f"{pictures.ascii_images(split['images'][indices], captions, terminal.columns())}\n")


def _print_texts(dataset: catalog.DatasetInfo, split: Split, wanted: list[int] | None) -> None:
    from tinytorch_hf.data import texts

    has_classes = bool(dataset.classes) and "labels" in split
    is_counted = bool(dataset.counted) and bool(dataset.column(dataset.counted).names)
    groups = "labels" if has_classes else dataset.counted if is_counted else ""
    for index in wanted or (_first_of_each(split[groups]) if groups else range(min(3, len(split)))):
        notes = [f"{groups} {split[groups][index]}"] if groups else []
        notes = [dataset.classes[split["labels"][index]]] if has_classes else notes
        others = (c.name for c in dataset.columns if c.dtype == "str" and c.name not in dataset.texts)
        shown = ", ".join(filter(None, [*notes, *(str(split[name][index]) for name in others)]))
        print(terminal.wrapped(f"[{index}] ", shown))
        lines = texts.conversation(dataset.kind, split, index).rstrip("\n").split("\n")
        for line in lines[:_LINES_SHOWN]:
            is_wrapped = line[:3] in ("Q: ", "A: ")
            print(terminal.wrapped(line[:3], line[3:]) if is_wrapped else printable(line))
        if len(lines) > _LINES_SHOWN:
            print(f"... {len(lines) - _LINES_SHOWN} more lines")
        print()


def _first_of_each(values: Array) -> list[int]:
    """Position of the first sample of each class or level."""
    import numpy as np

    first: list[int] = np.unique(values, return_index=True)[1].tolist()
    return first
