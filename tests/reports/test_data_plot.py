"""Specification of tinytorch_hf.reports.data_plot: datasets as pictures, also those of a user's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib.figure
import numpy as np
import own_datasets
import pytest

from tinytorch_hf import catalog, write_dataset
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.cli import PROBLEM, USAGE, main
from tinytorch_hf.data import loaders
from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError
from tinytorch_hf.reports import data_plot, plot

Figure = matplotlib.figure.Figure
Draw = Callable[[DatasetInfo, Path], bytes]
EVERY = (data_plot.of_statistics, data_plot.of_difficulty, data_plot.of_map, data_plot.of_confusions)


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Figure]]:
    """The figures that were drawn, which are not put into files: what matplotlib writes is its own matter."""
    seen: list[Figure] = []
    monkeypatch.setattr(data_plot, "written", lambda figure, _path: seen.append(figure) or b"")
    yield seen


def texts_of(figure: Figure) -> list[str]:
    """Everything that can be read in a figure, titles of axes and parts first."""
    import matplotlib.text

    return [found.get_text() for found in figure.findobj(matplotlib.text.Text) if found.get_text()]


def bars(axes: Any) -> list[list[int]]:
    """The heights of the bars of each split."""
    return [[round(bar.get_height()) for bar in bars] for bars in axes.containers]


def noise(n: int, n_classes: int, shape: tuple[int, ...] = (4, 4), **columns: Any) -> dict[str, Any]:
    """Images of noise, whose labels take turns."""
    images = np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)
    return {"images": images, "labels": np.arange(n) % n_classes, **columns}


def made(folder: Path, *splits: dict[str, Any], **facts: Any) -> DatasetInfo:
    """A dataset of a user's own, known as long as the test needs it."""
    name = "odd"
    by_name = dict(zip(("train", "test"), splits, strict=False))
    dataset = write_dataset(
        folder / name, by_name, name=name, summary="A test made it.", license="CC0-1.0", source="a test", **facts
    )
    catalog.forget(name)
    return dataset


@pytest.mark.parametrize("make", [own_datasets.image_set, own_datasets.colour_set, own_datasets.float_set])
def test_statistics_of_images_are_bars_a_histogram_and_mean_images(
    make: Callable[[Path], DatasetInfo], tmp_path: Path, figures: list[Figure]
) -> None:
    """In grey and in colour: bars for each class and split, and a mean image for each class."""
    dataset = make(tmp_path)

    data_plot.of_statistics(dataset, Path("x.svg"))

    axes = figures[0].get_axes()
    labels = {split.name: loaders.load(dataset, split.name)["labels"] for split in dataset.splits}
    n_classes = len(dataset.classes)
    assert bars(axes[0]) == [np.bincount(one, minlength=n_classes).tolist() for one in labels.values()]
    assert [axes[i].get_title() for i in (0, 1)] == ["samples of each class", "values of pixels"]
    pictured = [one for one in axes if one.images]
    assert [one.get_title() for one in pictured] == [name.rpartition(" - ")[2] for name in dataset.classes]
    images = loaders.unit_range(loaders.load(dataset, "train")["images"])
    mean = images[labels["train"] == 1].mean(axis=0)
    shown = np.asarray(pictured[1].images[0].get_array())
    np.testing.assert_allclose(shown, mean if mean.ndim == 2 else mean.transpose(1, 2, 0), rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "title"),
    [
        (own_datasets.text_set, "samples of each class"),
        (own_datasets.pair_set, "samples of each difficulty"),
        (own_datasets.function_set, "samples of each n_lines"),
    ],
)
def test_statistics_of_texts_are_bars_and_lengths(
    make: Callable[[Path], DatasetInfo], title: str, tmp_path: Path, figures: list[Figure]
) -> None:
    """Counted by what their kind is counted by; each bin of lengths holds as many whole numbers as any other."""
    data_plot.of_statistics(make(tmp_path), Path("x.svg"))

    axes = figures[0].get_axes()
    assert (axes[0].get_title(), axes[-1].get_title()) == (title, "characters of a text")
    assert [sum(of_split) for of_split in bars(axes[0])] == [24, 9]
    assert not [one for one in axes if one.images]


@pytest.mark.parametrize(("low", "high"), [(1, 1), (1, 40), (1, 41), (7, 1007)])
def test_bins_end_between_whole_numbers(low: int, high: int) -> None:
    """At most forty, of one width, and every length lies in one."""
    edges = data_plot._edges([low, high])

    assert edges[0] < low and edges[-1] > high and len(edges) - 1 <= 40
    assert set(np.diff(edges)) == {edges[1] - edges[0]} and all(edges % 1 == 0.5)


def test_difficulty_has_the_names_that_the_dataset_gives_it(tmp_path: Path, figures: list[Figure]) -> None:
    """Whatever their number is."""
    columns = noise(8, 3, difficulty=np.arange(8) % 4)
    dataset = made(tmp_path, columns, classes=["a", "b", "c"], names={"difficulty": list("wxyz")})

    data_plot.of_statistics(dataset, Path("x.svg"))

    axes = figures[0].get_axes()[1]
    assert axes.get_title() == "difficulty"
    assert [label.get_text() for label in axes.get_xticklabels()] == list("wxyz")
    assert bars(axes) == [[2, 2, 2, 2]]


def test_one_sample_of_one_class_can_be_drawn(tmp_path: Path, figures: list[Figure]) -> None:
    """In a map it is the middle; there is nothing to confuse it with."""
    dataset = made(tmp_path, noise(1, 1), classes=["only"])

    data_plot.of_statistics(dataset, Path("x.svg"))
    data_plot.of_map(dataset, Path("x.svg"))

    assert bars(figures[0].get_axes()[0]) == [[1]]
    assert np.asarray(figures[1].get_axes()[0].collections[0].get_offsets()).tolist() == [[0, 0]]
    with pytest.raises(InvalidArgumentError, match="nothing to test on"):
        data_plot.of_confusions(dataset, Path("x.svg"))


def test_forty_classes_are_cut_with_a_sentence(tmp_path: Path, figures: list[Figure]) -> None:
    """What cannot be read is not drawn, and the picture says so; long names are cut."""
    names = [f"{number} is the number of a class with a long name" for number in range(40)]
    dataset = made(tmp_path, noise(80, 40), noise(40, 40), classes=names)

    for draw in (data_plot.of_statistics, data_plot.of_map, data_plot.of_confusions):
        draw(dataset, Path("x.svg"))

    statistics, scattered, confused = figures
    assert "samples of each split\n40 classes are too many to draw" in texts_of(statistics)
    assert "mean image of each class\nthe first 10 of 40 classes are shown" in texts_of(statistics)
    assert any(text.endswith("\nthe first 10 of 40 classes are shown") for text in texts_of(scattered))
    assert any(text.endswith("\nthe first 20 of 40 classes are shown") for text in texts_of(confused))
    assert max(len(text) for figure in figures for text in texts_of(figure) if text.startswith("1 is")) == 20


def test_a_dollar_sign_is_no_formula_and_a_control_character_is_seen(tmp_path: Path) -> None:
    """Names are anybody's; the picture is drawn whatever is in them, with no warning of a missing letter."""
    dataset = made(tmp_path, noise(3, 3), noise(3, 3), classes=["$\\frac{1}{", "a_b^c$", "日本 <b>"])

    drawn = data_plot.of_confusions(dataset, Path("x.png"))

    assert drawn.startswith(b"\x89PNG")
    assert plot.as_written("$x\x1b") == r"\$x\x1b"


def test_from_easy_to_hard_is_the_order_of_the_score(
    tmp_path: Path, figures: list[Figure], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In each class, at equal steps from the lowest to the highest, also of few samples; too many classes are cut."""
    monkeypatch.setattr(data_plot, "_MOST_CLASSES", 2)
    score = np.array([5, 1, 9, 4, 2, 9, 3, 6, 9], np.float32)
    dataset = made(tmp_path, noise(9, 3, score=score), classes=["a", "b", "c"])
    images = loaders.unit_range(loaders.load(dataset, "train")["images"])

    data_plot.of_difficulty(dataset, Path("x.svg"))

    rows = np.array([np.asarray(axes.images[0].get_array()) for axes in figures[0].get_axes()]).reshape(2, 12, 4, 4)
    for row, ordered in zip(rows, ([6, 3, 0], [1, 4, 7]), strict=True):
        np.testing.assert_array_equal(row, images[ordered][np.linspace(0, 2, 12).astype(int)])
    assert "from easy to hard\nthe first 2 of 3 classes are shown" in texts_of(figures[0])


def test_a_map_keeps_the_distances_of_points_on_a_plane(tmp_path: Path, figures: list[Figure]) -> None:
    """Two pixels are their own two directions, so that nothing is lost; each class has its own colour."""
    dataset = made(tmp_path, noise(12, 3, (1, 2)), classes=["a", "b", "c"])
    split = loaders.load(dataset, "train")
    pixels = loaders.unit_range(split["images"]).reshape(12, 2)

    data_plot.of_map(dataset, Path("x.svg"))

    groups = figures[0].get_axes()[0].collections
    for label, group in enumerate(groups):
        points, own = np.asarray(group.get_offsets()), pixels[split["labels"] == label]
        np.testing.assert_allclose(
            np.linalg.norm(points[0] - points, axis=1), np.linalg.norm(own[0] - own, axis=1), atol=1e-6
        )
    assert len({tuple(group.get_facecolor()[0]) for group in groups}) == 3


def test_what_the_nearest_mean_confuses_is_counted(tmp_path: Path, figures: list[Figure]) -> None:
    """The true class by row, the named one by column, also where the training split lacks a class."""

    def levels(*values: int) -> Any:
        return np.array(values, np.uint8).reshape(-1, 1, 1).repeat(2, axis=2)

    train = {"images": levels(0, 10, 200, 220), "labels": np.array([0, 0, 2, 2])}
    test = {"images": levels(0, 190, 100, 255), "labels": np.array([0, 0, 1, 2])}
    dataset = made(tmp_path, train, test, classes=["a", "b", "c"])

    data_plot.of_confusions(dataset, Path("x.svg"))

    axes = figures[0].get_axes()[0]
    assert np.asarray(axes.images[0].get_array()).tolist() == [[1, 0, 1], [1, 0, 0], [0, 0, 1]]
    assert axes.get_title() == "nearest class mean: 50.0% right"


@pytest.mark.parametrize("draw", EVERY[1:])
def test_what_a_dataset_lacks_is_said(draw: Draw, tmp_path: Path) -> None:
    """Texts have no map, and images without a score no order."""
    with pytest.raises(InvalidArgumentError, match="OwnTexts has no images"):
        draw(own_datasets.text_set(tmp_path / "texts"), Path("x.svg"))


def test_a_score_that_is_no_number_gives_no_order(tmp_path: Path) -> None:
    """Nor does the absence of one."""
    for number, columns in enumerate((noise(4, 2), noise(4, 2, score=np.zeros((4, 2))))):
        with pytest.raises(InvalidArgumentError, match="no images with a score"):
            data_plot.of_difficulty(made(tmp_path / str(number), columns, classes=["a", "b"]), Path("x.svg"))


def test_more_splits_than_colours_still_differ(tmp_path: Path, figures: list[Figure]) -> None:
    """Up to ten."""
    dataset = write_dataset(
        tmp_path / "odd",
        {name: noise(2, 2) for name in "abcdefg"},
        name="odd",
        summary="A test made it.",
        license="CC0-1.0",
        source="a test",
        classes=["x", "y"],
    )
    catalog.forget("odd")

    data_plot.of_statistics(dataset, Path("x.svg"))

    assert len({of_split[0].get_facecolor() for of_split in figures[0].get_axes()[0].containers}) == 7


@pytest.mark.parametrize("draw", EVERY)
def test_a_wrong_ending_is_refused_before_anything_is_loaded(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a machine without matplotlib."""
    monkeypatch.setattr(data_plot, "load", None)
    with pytest.raises(InvalidArgumentError, match=r"a \.png or \.svg file, and not x\.pdf"):
        draw(catalog.info("tinydigits"), Path("x.pdf"))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match="plot"):
        draw(catalog.info("tinydigits"), Path("x.png"))


def test_the_command_refuses_before_it_measures(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`stats --plot`: nothing is loaded, printed or written; a good name gives the picture and says where."""
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as nothing:
        nothing.setattr(loaders, "load", None)
        assert main(["stats", "tinydigits", "--plot", "x.jpg"]) == USAGE
        nothing.setitem(sys.modules, "matplotlib.figure", None)
        assert main(["stats", "tinydigits", "--plot", "x.svg"]) == PROBLEM
    captured = capsys.readouterr()
    assert not captured.out and "not x.jpg" in captured.err and "[plot]" in captured.err
    assert not list(tmp_path.iterdir())

    made(tmp_path, noise(3, 3), classes=["a", "b", "c"])
    assert main(["stats", str(tmp_path / "odd"), "--plot", "x.svg"]) == 0
    catalog.forget("odd")
    captured = capsys.readouterr()
    assert captured.out.startswith("train\n") and captured.err == "The plot was written to x.svg.\n"
    assert (tmp_path / "x.svg").read_bytes().rstrip().endswith(b"</svg>")
    assert plot.SUFFIXES == (".png", ".svg")
