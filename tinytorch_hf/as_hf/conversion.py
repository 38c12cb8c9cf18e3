"""Datasets for Hugging Face: in-process `DatasetDict`s, and the exact arrays back from any of them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.data.loaders import as_stored, unit_range
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, MissingExtraError, UnknownNameError
from tinytorch_hf.files import folders, on_hub, store, talks
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array

try:
    from datasets import Dataset, DatasetDict
    from PIL import Image as _pillow  # noqa: F401 -- the loading scripts need it
except ImportError as error:
    raise MissingExtraError(error.name or "datasets", "hf", error) from error


def loading_script(name: str) -> ModuleType:
    """Import a dataset's loading script, the one place where its Hub features are defined.

    Raises
    ------
    UnknownNameError
        No such dataset.
    InvalidArgumentError
        The dataset has none.
    """
    on_hub.names([name])
    module_name = f"tinytorch_hf_loading_scripts_{name}"
    if module_name not in sys.modules:
        path = folders.shipped("loading_scripts") / f"{name}.py"
        spec = importlib.util.spec_from_file_location(module_name, path)
        assert spec is not None and spec.loader is not None  # noqa: S101 -- a .py path always has both
        module = importlib.util.module_from_spec(spec)
        # Pickling the builder, as `datasets` does to fingerprint it, looks its module up by name.
        sys.modules[module_name] = module
        spec.loader.exec_module(module)
    return sys.modules[module_name]


def builder_class(name: str) -> Any:
    """The `datasets.GeneratorBasedBuilder` of a dataset."""
    return getattr(loading_script(name), catalog.info(name).title)


def config_names(name: str) -> list[str]:
    """Names of a dataset's configurations, the default first."""
    return [config.name for config in builder_class(name).BUILDER_CONFIGS]


def load(name: str, config: str | None = None) -> Any:
    """A dataset as a `datasets.DatasetDict`, in memory, without network or cache.

    Parameters
    ----------
    name
        A dataset's name.
    config
        For images: "default" has ``image`` (PNG, for the eye), "array" has ``pixels`` (exact float32); both have
        ``label``, and for TinyMNIST ``difficulty``, ``score`` and ``source_index``. For TinyTalks: "pair" has
        ``question``, ``answer``, ``level``, ``id``, ``topic``, ``dialogue`` and ``turn``, "text" has ``text`` and
        ``level``. None for the first of them.

    Raises
    ------
    UnknownNameError
        No such dataset or configuration.
    MissingFileError, CorruptFileError, StorageError
        A file of the installation is not there, is damaged, or cannot be read.
    """
    dataset = catalog.info(name)
    known = config_names(name)
    config = known[0] if config is None else config
    if config not in known:
        raise UnknownNameError(f"configuration of {name} named", config, known)
    script = loading_script(name)
    features = script.features(config)
    splits = {}
    for split in dataset.splits:
        # Every dataset on the Hub has one file a split.
        (file,) = split.files
        store.read(dataset, file)
        examples = script.examples(folders.folder(dataset) / file.name, split.name, config)
        splits[split.name] = Dataset.from_list(list(examples), features=features, split=split.name)
    return DatasetDict(splits)


def to_numpy(name: str, splits: Mapping[str, Any]) -> dict[str, Split]:
    """The exact arrays behind a `DatasetDict` of any configuration, however it was loaded.

    Parameters
    ----------
    name
        The dataset's name.
    splits
        What `load_dataset` or `load` gave.

    Returns
    -------
    dict of str to Split
        The same columns, dtypes and values as `tinytorch_hf.load(name)`, as far as the configuration carries
        them: TinyTalks' "text" gives level, question and answer.

    Raises
    ------
    UnknownNameError
        No such dataset.
    InvalidArgumentError
        A split or a column is not there, a split is empty, or it is that of another dataset.
    CorruptFileError
        Pixels or texts are not as the loading script writes them.
    """
    expected = [split.name for split in catalog.info(name).splits]
    if not isinstance(splits, Mapping) or not set(expected) <= set(splits):
        got = f"one with {', '.join(map(str, splits))}" if isinstance(splits, Mapping) else f"a {type(splits).__name__}"
        raise InvalidArgumentError(
            f"to_numpy takes a DatasetDict with {name}'s splits, {', '.join(expected)}, as load_dataset gives it "
            f"without split=; got {got}."
        )
    return {split: _to_split(name, split, splits[split]) for split in expected}


def _to_split(name: str, split_name: str, table: Any) -> Split:
    dataset = catalog.info(name)
    columns = {column: table[column] for column in table.column_names if column not in _ENCODED}
    if dataset.columns[0].name == "images":
        _check_there(name, table, "label")
        _check_there(name, table, "image", "pixels")
        labels = np.asarray(columns.pop("label"), dtype=np.int64)
        columns.update(as_stored(dataset, split_name, _images(dataset, table), labels).columns)
    else:
        _check_there(name, table, "level")
        columns["level"] = _levels(table)
    if "text" in table.column_names:
        pairs = talks.parse_text("".join(table["text"]).encode("utf-8"), Path(f"the texts of {split_name}"))
        columns["question"], columns["answer"] = zip(*pairs, strict=True)
    served = [column for column in dataset.columns if column.name in columns]
    return Split(split_name, {c.name: np.asarray(columns[c.name]).astype(c.dtype) for c in served})


def _check_there(name: str, table: Any, *one_of: str) -> None:
    if not set(one_of) & set(table.column_names):
        raise InvalidArgumentError(
            f"to_numpy needs the column {' or '.join(one_of)} of {name}; there are {', '.join(table.column_names)}."
        )


# Columns that hold the catalog's in another form.
_ENCODED = ("image", "pixels", "text", "level")


def _images(dataset: catalog.DatasetInfo, table: Any) -> Array:
    """Pixels as float32 in [0, 1]."""
    if not table.num_rows:
        raise InvalidArgumentError(f"to_numpy was given a split of {dataset.name} without samples.")
    if "pixels" in table.column_names:
        pixels: Array = np.stack(table.with_format("numpy", columns=["pixels"])[:]["pixels"])
        _check_shape(dataset, pixels)
        return pixels
    shades = np.stack([np.asarray(image) for image in table["image"]])
    _check_shape(dataset, shades)
    if dataset.columns[0].dtype == "uint8":
        return unit_range(shades)
    sixteenths: Array = loading_script(dataset.name).from_shades(shades)
    if not np.array_equal(np.rint(sixteenths * 255), shades):
        raise CorruptFileError(
            f"Images of {dataset.name} have shades that its loading script does not write; something changed them."
        )
    return sixteenths


def _check_shape(dataset: catalog.DatasetInfo, images: Array) -> None:
    expected = dataset.columns[0].shape
    if images.shape[1:] != expected:
        raise InvalidArgumentError(
            f"Images of {dataset.name} have the shape {expected}, these {images.shape[1:]}; is it another dataset?"
        )


def _levels(table: Any) -> list[int]:
    """Each sample's level, which its class's name starts with."""
    numbers = [int(name.split()[0]) for name in table.features["level"].names]
    return [numbers[stored] for stored in table["level"]]
