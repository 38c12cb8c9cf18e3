"""Datasets as pictures, PNG or SVG, drawn by matplotlib: what is in them, from easy to hard, and as a map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import texts
from tinytorch_hf.data.loaders import load, unit_range
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.reports.plot import figure, require, written
from tinytorch_hf.shown import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# They differ in lightness, too, so that they can be told apart in grey.
_OF_SPLITS = ("#0550ae", "#e08a2e", "#57606a", "#9fc3ea")
_N_BINS = 40
_N_SHOWN = 12
_MOST_CLASSES = 10
_MOST_BARS = 20


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
    parts = [part for part in (_balance, _difficulty, _spread) if part is not _difficulty or _has(splits, "difficulty")]
    is_pictured = dataset.kind == "images"
    drawn = figure(4.4 * len(parts), 5.2 if is_pictured else 3.4)
    upper, lower = drawn.subfigures(2, 1, height_ratios=(3, 1.5)) if is_pictured else (drawn, None)
    for part, axes in zip(parts, upper.subplots(1, len(parts), squeeze=False)[0], strict=True):
        part(axes, dataset, splits)
    if lower is not None:
        _mean_images(lower, dataset, splits)
    drawn.suptitle(_plain(f"{dataset.title} {dataset.version}"))
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
    if dataset.kind != "images" or "score" not in split.columns:
        raise InvalidArgumentError(f"{dataset.title} has no images with a score of difficulty.")
    labels = np.unique(split["labels"])[:_MOST_CLASSES]
    drawn = figure(0.62 * _N_SHOWN + 1, 0.66 * len(labels) + 0.6)
    for row, label in zip(drawn.subplots(len(labels), _N_SHOWN, squeeze=False), labels, strict=True):
        of_class = np.flatnonzero(split["labels"] == label)
        ordered = of_class[np.argsort(split["score"][of_class], kind="stable")]
        chosen = ordered[np.linspace(0, len(ordered) - 1, _N_SHOWN).astype(int)]
        for axes, index in zip(row, chosen, strict=True):
            _image(axes, split["images"][index])
        row[0].set_ylabel(_plain(_short(dataset.classes[label])), rotation=0, ha="right", va="center")
    drawn.suptitle("from easy to hard")
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
    for label in np.unique(split["labels"])[:_MOST_CLASSES]:
        of_class = points[split["labels"] == label]
        marker = f"${label}$" if label < _MOST_CLASSES else "o"
        axes.scatter(
            *of_class.T, s=26, marker=marker, color=_colour(int(label)), label=_plain(_short(dataset.classes[label]))
        )
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
    drawn = figure(5.6, 5)
    axes = drawn.subplots()
    axes.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            dark = count > counts.max() / 2
            axes.text(column, row, count, ha="center", va="center", fontsize=7, color="white" if dark else "black")
    names = [_plain(_short(name)) for name in dataset.classes]
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("named")
    axes.set_ylabel("true")
    right = np.trace(counts) / max(counts.sum(), 1)
    axes.set_title(f"nearest class mean: {right:.1%} right")
    return written(drawn, path)


def _has(splits: Mapping[str, Split], column: str) -> bool:
    return all(column in split.columns for split in splits.values())


def _balance(axes: Axes, dataset: DatasetInfo, splits: Mapping[str, Split]) -> None:
    """Samples of each class, level or genre; where there are none, or too many to read, of each split."""
    column = "labels" if dataset.kind == "images" else dataset.counted
    titles = _titles(dataset, column, splits)
    if not 0 < len(titles) <= _MOST_BARS:
        axes.bar(list(splits), [len(split) for split in splits.values()], color=_OF_SPLITS[0])
        axes.set_title("samples of each split")
        return
    counts = {name: [int((split[column] == value).sum()) for value in titles] for name, split in splits.items()}
    _bars(axes, list(titles.values()), counts)
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


def _difficulty(axes: Axes, _dataset: DatasetInfo, splits: Mapping[str, Split]) -> None:
    levels = list(catalog.DIFFICULTIES)
    counts = {
        name: [int((split["difficulty"] == level).sum()) for level in range(len(levels))]
        for name, split in splits.items()
    }
    _bars(axes, levels, counts)
    axes.set_title("difficulty")


def _bars(axes: Axes, titles: list[str], counts: Mapping[str, list[int]]) -> None:
    width = 0.8 / len(counts)
    for number, (name, count) in enumerate(counts.items()):
        left = np.arange(len(titles)) - 0.4 + (number + 0.5) * width
        axes.bar(left, count, width, label=name, color=_OF_SPLITS[number % len(_OF_SPLITS)])
    turned: dict[str, Any] = {"rotation": 45, "ha": "right"} if len(titles) > 4 else {}
    axes.set_xticks(range(len(titles)), [_plain(_short(title)) for title in titles], **turned)
    if len(counts) > 1:
        axes.legend(frameon=False)


def _spread(axes: Axes, dataset: DatasetInfo, splits: Mapping[str, Split]) -> None:
    """How often a pixel has each value, on a logarithmic scale; or how long the texts are."""
    for number, (name, split) in enumerate(splits.items()):
        colour = _OF_SPLITS[number % len(_OF_SPLITS)]
        if dataset.kind == "images":
            values: Any = unit_range(split["images"]).ravel()
        else:
            values = [len(text) for text in texts.texts_of(dataset.kind, split)]
        axes.hist(values, _N_BINS, histtype="step", color=colour, label=name)
    if dataset.kind == "images":
        axes.set_yscale("log")
    axes.set_title("values of pixels" if dataset.kind == "images" else "characters of a text")
    if len(splits) > 1:
        axes.legend(frameon=False)


def _mean_images(part: Any, dataset: DatasetInfo, splits: Mapping[str, Split]) -> None:
    split = splits[dataset.splits[0].name]
    images, labels = unit_range(split["images"]), np.unique(split["labels"])[:_MOST_CLASSES]
    for axes, label in zip(part.subplots(1, len(labels), squeeze=False)[0], labels, strict=True):
        _image(axes, images[split["labels"] == label].mean(axis=0))
        axes.set_title(_plain(_short(dataset.classes[label])), fontsize=8)
    part.suptitle("mean image of each class", fontsize=9)


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
    """(N, 2) coordinates along the first two principal components; signs so that the largest weight is positive."""
    centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    first = directions[:2]
    signs = np.sign(first[np.arange(len(first)), np.abs(first).argmax(axis=1)])
    found: Array = centred @ (first * signs[:, None]).T
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


def _short(name: str) -> str:
    """The name of a class without its number, such as "five" for "5 - five"."""
    return name.rpartition(" - ")[2]


def _plain(text: str) -> str:
    """A dollar sign would begin a formula."""
    return printable(text).replace("$", r"\$")
