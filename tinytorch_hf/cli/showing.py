"""The command that shows samples: images as characters, texts as they are read, both as a picture."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tinytorch_hf import catalog
from tinytorch_hf.cli import terminal
from tinytorch_hf.cli.options import OK
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.shown import printable

if TYPE_CHECKING:
    from pathlib import Path

    from tinytorch_hf.files.splits import Split

# Of one text.
_LINES_SHOWN = 40
# Of a picture: how large a pixel of an image is drawn at most, and how wide ten images may be.
_LARGEST_SCALE, _SCREEN = 6, 1800


def show(options: argparse.Namespace) -> int:
    """Print samples of a split, or write pictures of them."""
    from tinytorch_hf.data import loaders, pictures, samples, svg
    from tinytorch_hf.files import store

    dataset = catalog.info(options.name)
    for option, suffix in (("png", ".png"), ("svg", ".svg")):
        _require_ending(option, getattr(options, option), suffix)
    if options.png and dataset.kind != "images":
        drawn = f"`--svg {options.png.with_suffix('.svg')}` draws them"
        raise InvalidArgumentError(f"{dataset.title} holds texts, of which there is no PNG. {drawn}.")
    split = loaders.load_split(dataset.name, dataset.splits[0].name if options.split is None else options.split)
    chosen = samples.chosen(dataset, split, options.index)
    if options.png:
        sheet = (
            pictures.sheet_of(split, chosen, scale=_scale(split))
            if options.index
            else pictures.contact_sheet(split, scale=_scale(split))
        )
        store.write(options.png, pictures.png(sheet))
    if options.svg:
        store.write(options.svg, svg.samples_svg(dataset, split, options.index).encode("utf-8"))
    for path in filter(None, (options.png, options.svg)):
        print(f"wrote {path}: {_what(dataset, options.index)} of {dataset.name}'s {split.name} split")
    if options.png or options.svg:
        return OK
    if dataset.kind == "images":
        _print_images(dataset, split, chosen)
    else:
        _print_texts(dataset, split, chosen)
    print(_legend(dataset, split))
    return OK


def _require_ending(option: str, path: Path | None, suffix: str) -> None:
    """Refuse a name by which a program would take the file for something else; one without an ending is fine."""
    if path is not None and path.suffix.lower() not in ("", suffix):
        other = {".png": ".svg", ".svg": ".png"}[suffix]
        advice = f"--{other[1:]} {path.name}, or " if path.suffix.lower() == other else ""
        raise InvalidArgumentError(
            f"--{option} writes a {suffix} file, and not {path.name}. Give {advice}{path.with_suffix(suffix).name}."
        )


def _scale(split: Split) -> int:
    """Pixels of the picture along each side of a pixel of an image, so that ten images fit on a screen."""
    width: int = split["images"].shape[-1]
    return max(1, min(_LARGEST_SCALE, _SCREEN // (10 * width)))


def _what(dataset: catalog.DatasetInfo, indices: list[int] | None) -> str:
    """What a picture holds, in words."""
    from tinytorch_hf.data import samples

    if indices:
        return f"{'sample' if len(indices) == 1 else 'samples'} {', '.join(map(str, indices))}"
    if dataset.kind == "images":
        return "the first samples of every class"
    group = samples.group_of(dataset)
    return f"the first text of each {'class' if group == 'labels' else group}" if group else "the first texts"


def _legend(dataset: catalog.DatasetInfo, split: Split) -> str:
    """What the numbers in brackets are, and how to see others."""
    others = [other.name for other in dataset.splits if other.name != split.name]
    more = f", --split {' or '.join(others)} takes those of another split" if others else ""
    return terminal.wrapped(
        "",
        f"[N] is the number of a sample in {dataset.name}'s split {split.name}, 0 to {len(split) - 1}. "
        f"--index N shows that sample{more}.",
    )


def _print_images(dataset: catalog.DatasetInfo, split: Split, indices: list[int]) -> None:
    from tinytorch_hf.data import pictures

    captions = [printable(f"[{index}] {dataset.classes[split['labels'][index]]}") for index in indices]
    print(f"{pictures.ascii_images(split['images'][indices], captions, terminal.columns())}\n")


def _print_texts(dataset: catalog.DatasetInfo, split: Split, indices: list[int]) -> None:
    from tinytorch_hf.data import samples, texts

    for index in indices:
        print(terminal.wrapped(f"[{index}] ", samples.words(dataset, split, index)))
        lines = texts.conversation(dataset.kind, split, index).rstrip("\n").split("\n")
        for line in lines[:_LINES_SHOWN]:
            is_wrapped = line[:3] in ("Q: ", "A: ")
            print(terminal.wrapped(line[:3], line[3:]) if is_wrapped else printable(line))
        if len(lines) > _LINES_SHOWN:
            print(f"... {len(lines) - _LINES_SHOWN} more lines")
        print()
