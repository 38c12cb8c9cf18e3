"""Datasets as pictures, PNG or SVG, drawn by matplotlib: what is in them, from easy to hard, and as a map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import samples, texts
from tinytorch_hf.data.loaders import load, unit_range
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.reports.plot import as_written, figure, require, written
from tinytorch_hf.shown import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# They differ in lightness, too, so that they can be told apart in grey.
_OF_SPLITS = ("#0550ae", "#e08a2e", "#57606a", "#9fc3ea")
_N_BINS = 40
_N_SHOWN = 12
# What can still be read: classes as rows, colours or small images, and as bars or cells.
_MOST_CLASSES = 10
_MOST_BARS = 20
# Characters of a name: where there is room beside a picture, and above one of ten.
_LONG, _SHORT = 20, 10


def of_statistics(dataset: DatasetInfo, path: Path) -> bytes:
    """How many samples there are of each class and difficulty, how values or lengths are spread, and mean images.

    Parameters
    ----------
    dataset
        Any that is on this machine.
    path
        The file that the picture is for; its ending says in which form it is drawn.

    Raises
    ------
    InvalidArgumentError, MissingExtraError
        As for `plot.require`.
    MissingFileError, CorruptFileError
        The dataset is not here, or is damaged.
    """
    require(path)
    splits = load(dataset)
    parts = [_balance, *([_difficulty] if _is_counted(dataset, "difficulty") else []), _spread]
    is_pictured = dataset.kind == "images"
    drawn = figure(4.4 * len(parts), 5.2 if is_pictured else 3.4)
    upper, lower = drawn.subfigures(2, 1, height_ratios=(3, 1.5)) if is_pictured else (drawn, None)
    for part, axes in zip(parts, upper.subplots(1, len(parts), squeeze=False)[0], strict=True):
        part(axes, dataset, splits)
    if lower is not None:
        _mean_images(lower, dataset, splits)
    drawn.suptitle(as_written(f"{dataset.title} {dataset.version}"))
    return written(drawn, path)


def of_difficulty(dataset: DatasetInfo, path: Path) -> bytes:
    """A row of images for each class, from the easiest to the hardest of the first split, at equal steps.

    Raises
    ------
    InvalidArgumentError
        It has no images, or no difficulty.
    """
    require(path)
    split = load(dataset)[dataset.splits[0].name]
    if dataset.kind != "images" or "score" not in split or split["score"].ndim != 1:
        raise InvalidArgumentError(f"{dataset.title} has no images with a score of difficulty.")
    labels, shown = _first_classes(split, _MOST_CLASSES)
    drawn = figure(0.62 * _N_SHOWN + 1, 0.66 * len(labels) + 0.6)
    for row, label in zip(drawn.subplots(len(labels), _N_SHOWN, squeeze=False), labels, strict=True):
        of_class = np.flatnonzero(split["labels"] == label)
        ordered = of_class[np.argsort(split["score"][of_class], kind="stable")]
        chosen = ordered[np.linspace(0, len(ordered) - 1, _N_SHOWN).astype(int)]
        for axes, index in zip(row, chosen, strict=True):
            _image(axes, split["images"][index])
        row[0].set_ylabel(_name(dataset.classes[label], _LONG), rotation=0, ha="right", va="center")
    drawn.suptitle(f"from easy to hard{shown}")
    return written(drawn, path)


def of_map(dataset: DatasetInfo, path: Path) -> bytes:
    """The first split's images as points, where the two directions lie in which they differ most, coloured by class.

    The directions are the first two principal components of the pixels, which `numpy.linalg.svd` gives.

    Raises
    ------
    InvalidArgumentError
        It has no images.
    """
    require(path)
    if dataset.kind != "images":
        raise InvalidArgumentError(f"{dataset.title} has no images.")
    split = load(dataset)[dataset.splits[0].name]
    points = _components(unit_range(split["images"]).reshape(len(split), -1))
    drawn = figure(6.4, 5)
    axes = drawn.subplots()
    labels, shown = _first_classes(split, _MOST_CLASSES)
    for label in labels:
        of_class = points[split["labels"] == label]
        marker = f"${label}$" if label < _MOST_CLASSES else "o"
        axes.scatter(
            *of_class.T, s=26, marker=marker, color=_colour(int(label)), label=_name(dataset.classes[label], _LONG)
        )
    axes.set_title(f"where images differ most{shown}")
    axes.set_xlabel("first principal component")
    axes.set_ylabel("second principal component")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return written(drawn, path)


def of_confusions(dataset: DatasetInfo, path: Path) -> bytes:
    """What the nearest class mean confuses on the last split: the true class by row, the one that is named by column.

    It is the simplest model there is, so that what it confuses lies in the data: nothing is trained.

    Raises
    ------
    InvalidArgumentError
        It has no images, or only one split.
    """
    require(path)
    if dataset.kind != "images" or len(dataset.splits) < 2:
        raise InvalidArgumentError(f"{dataset.title} has no images, or nothing to test on.")
    splits = load(dataset)
    train, test = (splits[dataset.splits[end].name] for end in (0, -1))
    counts = _confusions(train, test, len(dataset.classes))
    right = np.trace(counts) / max(counts.sum(), 1)
    all_names = [_name(name, _LONG) for name in dataset.classes]
    names = all_names[:_MOST_BARS]
    counts = counts[: len(names), : len(names)]
    drawn = figure(5.6, 5)
    axes = drawn.subplots()
    axes.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            dark = count > counts.max() / 2
            axes.text(column, row, count, ha="center", va="center", fontsize=7, color="white" if dark else "black")
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("named")
    axes.set_ylabel("true")
    axes.set_title(f"nearest class mean: {right:.1%} right{_cut_note(len(names), len(all_names))}")
    return written(drawn, path)


def _is_counted(dataset: DatasetInfo, name: str) -> bool:
    """Whether it has a column of this name whose values have names."""
    return any(column.name == name and column.names for column in dataset.columns)


def _first_classes(split: Split, n: int) -> tuple[Array, str]:
    """The classes that are drawn, and a note if there are more."""
    labels = np.unique(split["labels"])
    return labels[:n], _cut_note(min(n, len(labels)), len(labels))


def _cut_note(n_shown: int, n: int) -> str:
    return f"\nthe first {n_shown} of {n} classes are shown" if n_shown < n else ""


def _balance(axes: Axes, dataset: DatasetInfo, splits: Mapping[str, Split]) -> None:
    """Samples of each class, level or genre; where there are none, or too many to read, of each split."""
    column = samples.group_of(dataset) or dataset.counted
    titles = _titles(dataset, column, splits)
    if not 0 < len(titles) <= _MOST_BARS:
        _bars(axes, list(splits), {"": [len(split) for split in splits.values()]})
        many = f"\n{len(titles)} classes are too many to draw" if column == "labels" else ""
        axes.set_title(f"samples of each split{many}")
        return
    _counts(axes, titles, column, splits)
    axes.set_title(f"samples of each {'class' if column == 'labels' else column}")


def _titles(dataset: DatasetInfo, column: str, splits: Mapping[str, Split]) -> dict[int, str]:
    """The values of a column that is counted, with what they are called."""
    if column == "labels":
        return dict(enumerate(dataset.classes))
    if not column:
        return {}
    described = dataset.column(column)
    values = np.unique(np.concatenate([split[column] for split in splits.values()])).tolist()
    names = dict(enumerate(described.names, start=described.lowest))
    return {value: names.get(value, str(value)) for value in values}


def _difficulty(axes: Axes, dataset: DatasetInfo, splits: Mapping[str, Split]) -> None:
    described = dataset.column("difficulty")
    _counts(axes, dict(enumerate(described.names, start=described.lowest)), described.name, splits)
    axes.set_title(described.name)


def _counts(axes: Axes, titles: Mapping[int, str], column: str, splits: Mapping[str, Split]) -> None:
    """How often each value of a column that has a title occurs in each split."""
    counts = {name: [int((split[column] == value).sum()) for value in titles] for name, split in splits.items()}
    _bars(axes, list(titles.values()), counts)


def _bars(axes: Axes, titles: list[str], counts: Mapping[str, list[int]]) -> None:
    width = 0.8 / len(counts)
    for number, (name, count) in enumerate(counts.items()):
        left = np.arange(len(titles)) - 0.4 + (number + 0.5) * width
        axes.bar(left, count, width, label=_name(name, _SHORT), color=_colour_of_split(number, len(counts)))
    turned: dict[str, Any] = {"rotation": 45, "ha": "right"} if len("".join(titles)) > _LONG else {}
    axes.set_xticks(range(len(titles)), [_name(title, _LONG) for title in titles], **turned)
    axes.set_xlim(-0.7, max(len(titles), 2) - 0.3)
    # Nobody counts half a sample; the legend has a place of its own above the bars.
    legend_rows = -(-len(counts) // 3) if len(counts) > 1 else 0
    axes.set_ylim(0, (1.05 + 0.12 * legend_rows) * max(1, *(max(count) for count in counts.values())))
    axes.yaxis.get_major_locator().set_params(integer=True)
    if len(counts) > 1:
        axes.legend(frameon=False, loc="upper center", ncols=min(len(counts), 3))


def _spread(axes: Axes, dataset: DatasetInfo, splits: Mapping[str, Split]) -> None:
    """How often a pixel has each value, on a logarithmic scale; or how long the texts are."""
    if dataset.kind == "images":
        values: dict[str, Any] = {name: unit_range(split["images"]).ravel() for name, split in splits.items()}
        edges = np.linspace(0, 1, _N_BINS + 1)
        axes.set_yscale("log")
        axes.set_title("values of pixels")
    else:
        values = {name: [len(text) for text in texts.texts_of(dataset.kind, split)] for name, split in splits.items()}
        edges = _edges([length for lengths in values.values() for length in lengths])
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_title("characters of a text")
    for number, (name, of_split) in enumerate(values.items()):
        colour = _colour_of_split(number, len(values))
        axes.hist(of_split, edges, histtype="step", color=colour, label=_name(name, _SHORT))
    if len(splits) > 1:
        axes.legend(frameon=False)


def _edges(lengths: list[int]) -> Array:
    """Where the bins of a histogram of whole numbers end: between numbers, as many in each bin."""
    low, high = min(lengths), max(lengths)
    step = -(-(high - low + 1) // _N_BINS)
    return np.arange(low, high + step + 1, step) - 0.5


def _mean_images(part: Any, dataset: DatasetInfo, splits: Mapping[str, Split]) -> None:
    split = splits[dataset.splits[0].name]
    images = unit_range(split["images"])
    labels, shown = _first_classes(split, _MOST_CLASSES)
    for axes, label in zip(part.subplots(1, len(labels), squeeze=False)[0], labels, strict=True):
        _image(axes, images[split["labels"] == label].mean(axis=0))
        axes.set_title(_name(dataset.classes[label], _SHORT if len(labels) > 5 else _LONG), fontsize=8)
    part.suptitle(f"mean image of each class{shown}", fontsize=9)


def _image(axes: Axes, image: Array) -> None:
    """Grey as ink on paper, colour as it is."""
    values = unit_range(image[None])[0]
    if values.ndim == 3:
        axes.imshow(values.transpose(1, 2, 0), interpolation="nearest")
    else:
        axes.imshow(values, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])


def _components(rows: Array) -> Array:
    """(N, 2) coordinates along the first two principal components; signs so that the largest weight is positive.

    Where there are fewer than two, as with one sample or one pixel, the others are 0.
    """
    centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    first = directions[:2]
    signs = np.sign(first[np.arange(len(first)), np.abs(first).argmax(axis=1)])
    found = np.zeros((len(rows), 2))
    found[:, : len(first)] = centred @ (first * signs[:, None]).T
    return found


def _confusions(train: Split, test: Split, n_classes: int) -> Array:
    known, asked = (unit_range(split["images"]).reshape(len(split), -1).astype(np.float64) for split in (train, test))
    labels = np.unique(train["labels"])
    means = np.stack([known[train["labels"] == label].mean(axis=0) for label in labels])
    distances = (means**2).sum(axis=1) - 2 * asked @ means.T
    counts = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(counts, (test["labels"], labels[distances.argmin(axis=1)]), 1)
    return counts


def _colour(number: int) -> str:
    return f"C{number % 10}"


def _colour_of_split(number: int, n: int) -> str:
    return _OF_SPLITS[number] if n <= len(_OF_SPLITS) else _colour(number)


def _name(name: str, n: int) -> str:
    """The name of a class without its number, such as "five" for "5 - five", in ``n`` characters at most."""
    short = printable(name.rpartition(" - ")[2])
    return as_written(short if len(short) <= n else f"{short[: n - 1]}…")
