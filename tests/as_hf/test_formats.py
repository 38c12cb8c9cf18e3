"""Specification of tinytorch_hf.as_hf.decoding: the exact columns, however a table was formatted or changed."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import datasets
import numpy as np
import pytest
from datasets import ClassLabel, Image, IterableDatasetDict, Value

from tinytorch_hf import as_hf
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import content_hash
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError

Splits = Any


def streamed(splits: Splits) -> Splits:
    """The same, sample by sample."""
    return IterableDatasetDict({name: rows.to_iterable_dataset(num_shards=2) for name, rows in splits.items()})


def undecoded(splits: Splits) -> Splits:
    """Pictures as the bytes that are stored."""
    return splits.cast_column("image", Image(decode=False)) if "image" in splits["train"].column_names else splits


def some_columns(splits: Splits) -> Splits:
    """Formatted in place, with one column shown and the others kept."""
    splits.set_format("numpy", columns=["label"] if "label" in splits["train"].column_names else None)
    return splits


FORMS: dict[str, Callable[[Splits], Splits]] = {
    **{
        form: (lambda splits, form=form: splits.with_format(form))  # type: ignore[misc]
        for form in ("numpy", "pandas", "arrow", *(name for name in ("torch", "polars") if find_spec(name)))
    },
    "some columns": some_columns,
    "undecoded": undecoded,
    "streamed": streamed,
    "undecoded and streamed": lambda splits: streamed(undecoded(splits)),
    "streamed through map": lambda splits: streamed(splits).map(lambda row: {"n": 1}),
    "of many pieces": lambda splits: datasets.DatasetDict({name: _pieces(rows) for name, rows in splits.items()}),
    "streamed as numpy": lambda splits: streamed(splits).with_format("numpy"),
    "selected": lambda splits: datasets.DatasetDict(
        {name: rows.select(range(len(rows) - 1, -1, -1)).sort("place_of") for name, rows in _numbered(splits).items()}
    ),
    "structures": lambda splits: _without_features(undecoded(splits)),
}


def _pieces(rows: datasets.Dataset) -> datasets.Dataset:
    """The same samples from tables of different sizes, one of them in another order that is turned back."""
    cuts = [0, 1, 4, len(rows)]
    pieces = [rows.select(range(first, last)) for first, last in itertools.pairwise(cuts)]
    backwards = range(len(pieces[-1]) - 1, -1, -1)
    pieces[-1] = pieces[-1].select(backwards).select(backwards)
    return datasets.concatenate_datasets(pieces)


def _numbered(splits: Splits) -> Splits:
    return {name: rows.add_column("place_of", list(range(len(rows)))) for name, rows in splits.items()}


def _without_features(splits: Splits) -> Splits:
    """As Parquet gives it that lost what the library writes of features: structures, lists and numbers."""
    plain = {name: datasets.Dataset.from_list([dict(row) for row in rows]) for name, rows in splits.items()}
    return datasets.DatasetDict(plain)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["own_images", "own_colours", "own_pairs", "own_texts", "own_functions"])
def test_every_form_gives_the_exact_columns(name: str, form: str, own: dict[str, DatasetInfo]) -> None:
    """Of each configuration that holds them, with dtypes and shapes."""
    dataset = own[name]
    for config in as_hf.config_names(dataset):
        if (name, config) != ("own_functions", "text"):
            given = FORMS[form](as_hf.load(dataset, config))
            assert content_hash.fingerprint(as_hf.to_numpy(dataset, given)) == dataset.fingerprint


def test_formats_of_what_ships_are_read_too() -> None:
    """Sixteenths from their shades, levels from their names."""
    for name in ("tinydigits", "tinytalks"):
        for form in ("numpy", "streamed"):
            found, expected = as_hf.fingerprints(name, FORMS[form](as_hf.load(name)))
            assert found == expected


def test_some_samples_are_those_samples(own: dict[str, DatasetInfo]) -> None:
    """In the order they were given in; so that a share of a class is the same in both libraries."""
    dataset = own["own_images"]
    whole = as_hf.to_numpy(dataset, as_hf.load(dataset))
    chosen = {
        "select": lambda rows: rows.select([5, 2, 2]),
        "shuffle": lambda rows: rows.shuffle(seed=3),
        "shard": lambda rows: rows.shard(2, 1, contiguous=False),
    }
    for choose in chosen.values():
        given = datasets.DatasetDict({name: choose(rows) for name, rows in as_hf.load(dataset).items()})
        numbers = datasets.Dataset.from_dict({"n": range(len(whole["train"]))})
        some = as_hf.to_numpy(dataset, given)["train"]

        for column, values in some.items():
            np.testing.assert_array_equal(values, whole["train"][column][choose(numbers)["n"]])


def test_a_transform_is_refused(own: dict[str, DatasetInfo]) -> None:
    """What it gives is not what is stored; the error says how to have that."""
    transformed = as_hf.load(own["own_texts"]).with_transform(lambda rows: {"text": [t.upper() for t in rows["text"]]})

    with pytest.raises(InvalidArgumentError, match=r"own_texts has a transform.*with_format\(None\)"):
        as_hf.to_numpy(own["own_texts"], transformed)
    assert as_hf.to_numpy(own["own_texts"], transformed.with_format(None))


def test_classes_are_read_by_their_names(own: dict[str, DatasetInfo]) -> None:
    """Whatever place a name has in the table's own list, and names alone; what is no class of it is refused."""
    dataset = own["own_colours"]
    loaded = as_hf.load(dataset)
    names = loaded["train"].features["label"].names
    turned = loaded.map(lambda row: {"label": 2 - row["label"]}).cast_column("label", ClassLabel(names=names[::-1]))
    spelled = loaded.cast_column("label", Value("string")).map(lambda row: {"label": names[int(row["label"])]})
    other = loaded.cast_column("label", ClassLabel(names=["red", "green", "violet"]))

    for given in (turned, spelled, loaded.cast_column("label", Value("int64"))):
        assert content_hash.fingerprint(as_hf.to_numpy(dataset, given)) == dataset.fingerprint
    for wrong in (other, loaded.cast_column("label", Value("int64")).map(lambda row: {"label": row["label"] + 1})):
        with pytest.raises(InvalidArgumentError, match="label of own_colours is one of red, green, blue"):
            as_hf.to_numpy(dataset, wrong)


def pictures(splits: Splits, change: Callable[[Any], Any]) -> Splits:
    """With every picture of the test split changed and stored as PNG."""

    def changed(row: dict[str, Any]) -> dict[str, Any]:
        stream = io.BytesIO()
        change(row["image"]).save(stream, "PNG")
        return {"image": {"bytes": stream.getvalue(), "path": None}}

    return datasets.DatasetDict({**splits, "test": splits["test"].map(changed)})


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda image: image.convert("P"), "of Pillow's mode P"),
        (lambda image: image.convert("1"), "of Pillow's mode 1"),
        (lambda image: image.convert("RGB"), r"have the shape \(6, 9\), these \(3, 6, 9\)"),
        (lambda image: image.resize((6, 9)), r"have the shape \(6, 9\), these \(9, 6\)"),
    ],
)
def test_pictures_of_another_form_are_not_misread(
    own: dict[str, DatasetInfo], change: Callable[[Any], Any], refusal: str
) -> None:
    """Of a palette the numbers would be positions in it."""
    with pytest.raises(InvalidArgumentError, match=refusal):
        as_hf.to_numpy(own["own_images"], pictures(as_hf.load(own["own_images"]), change))


def test_values_that_a_column_cannot_hold_are_refused(own: dict[str, DatasetInfo]) -> None:
    """Not rounded, not cut: missing ones, floats where whole numbers are, more digits than a float32 has."""
    images = own["own_images"]
    loaded = as_hf.load(images)
    arrays = as_hf.load(own["own_floats"])
    lists = datasets.DatasetDict(
        {
            name: datasets.Dataset.from_list(
                [{**row, "pixels": (np.array(row["pixels"]) / 3).tolist()} for row in rows]
            )
            for name, rows in arrays.items()
        }
    )
    missing = loaded.map(lambda row: {"weight": None})
    halves = loaded.cast_column("light", Value("float64")).map(lambda row: {"light": row["light"] + 0.5})
    long = loaded.remove_columns("place").map(lambda row: {"place": [[1 << 20] * 4]})
    texts = as_hf.load(own["own_texts"]).map(lambda row, i: {"text": i}, with_indices=True, remove_columns="text")
    broken = loaded.cast_column("image", Image(decode=False)).map(lambda row: {"image": {"bytes": b"x", "path": None}})

    for dataset, given, problem, refusal in (
        (images, missing, InvalidArgumentError, "weight of own_images has a sample without a value"),
        (images, halves, InvalidArgumentError, "light of own_images is one of low, mid, high"),
        (images, long, CorruptFileError, "place of own_images has values that are not int16"),
        (images, broken, CorruptFileError, "image of own_images has a picture that cannot be read"),
        (own["own_texts"], texts, CorruptFileError, "text of own_texts has values that are no texts"),
        (own["own_floats"], lists, CorruptFileError, "images of own_floats has values that are not float32"),
    ):
        with pytest.raises(problem, match=refusal):
            as_hf.to_numpy(dataset, given)


def test_what_is_no_table_is_refused(own: dict[str, DatasetInfo]) -> None:
    """Such as a DataFrame in each split's place."""
    frames = {name: rows.to_pandas() for name, rows in as_hf.load(own["own_texts"]).items()}

    with pytest.raises(InvalidArgumentError, match="the split train of own_texts is a DataFrame"):
        as_hf.to_numpy(own["own_texts"], frames)


def test_columns_that_are_not_needed_may_be_gone_and_others_there(own: dict[str, DatasetInfo]) -> None:
    """What was taken out is left out, what was added is not served."""
    fewer = as_hf.load(own["own_images"]).remove_columns(["weight", "light"]).map(lambda row: {"bright": True})

    assert list(as_hf.to_numpy(own["own_images"], fewer)["train"]) == ["images", "labels", "place", "sharp"]
