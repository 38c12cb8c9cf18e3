"""Datasets for Hugging Face: in-process `DatasetDict`s, and the exact arrays back from any of them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from tinytorch_hf import catalog, store
from tinytorch_hf.errors import MissingExtraError, UnknownNameError
from tinytorch_hf.loaders import Array, Split

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
    """
    catalog.info(name)
    module_name = f"tinytorch_hf_loading_scripts_{name}"
    if module_name not in sys.modules:
        path = store.shipped("loading_scripts") / f"{name}.py"
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


def load(name: str, config: str = "default") -> Any:
    """A dataset as a `datasets.DatasetDict`, in memory, without network or cache.

    Parameters
    ----------
    name
        A dataset's name.
    config
        For images: "default" has ``image`` (PNG, for the eye) and ``label``, "array" has ``pixels``
        (exact float32) and ``label``.

    Raises
    ------
    UnknownNameError
        No such dataset or configuration.
    MissingFileError, CorruptFileError, StorageError
        A file of the installation is not there, is damaged, or cannot be read.
    """
    dataset = catalog.info(name)
    if config not in config_names(name):
        raise UnknownNameError(f"configuration of {name} named", config, config_names(name))
    script = loading_script(name)
    features = script.features(config)
    splits = {}
    for split in dataset.splits:
        store.read(dataset, split.file)
        examples = script.examples(store.folder(dataset) / split.file.name, config)
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
        The same columns, dtypes and values as `tinytorch_hf.load(name)`.
    """
    return {split.name: _to_split(name, split.name, splits[split.name]) for split in catalog.info(name).splits}


def _to_split(name: str, split_name: str, table: Any) -> Split:
    columns = {"images": _images(name, table), "labels": np.asarray(table["label"], dtype=np.int64)}
    return Split(split_name, {c.name: columns[c.name].astype(c.dtype) for c in catalog.info(name).columns})


def _images(name: str, table: Any) -> Array:
    if "pixels" in table.column_names:
        return np.stack(table.with_format("numpy", columns=["pixels"])[:]["pixels"])
    shades: Array = loading_script(name).from_shades(np.stack([np.asarray(image) for image in table["image"]]))
    return shades
