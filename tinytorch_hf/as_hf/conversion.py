"""Datasets for Hugging Face: in-process `DatasetDict`s, and the exact arrays back from any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinytorch_hf import catalog
from tinytorch_hf.data.content_hash import fingerprint
from tinytorch_hf.data.content_hash import fingerprints as exact_fingerprints
from tinytorch_hf.data.loaders import load_split
from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError
from tinytorch_hf.files.splits import Split

try:
    from datasets import Dataset, DatasetDict, Features
    from PIL import Image as _pillow  # noqa: F401 -- pictures are encoded with it
except ImportError as error:
    raise MissingExtraError(error.name or "datasets", "hf", error) from error

from tinytorch_hf.as_hf import decoding, encoding, layout


def config_names(name: catalog.Dataset | str) -> list[str]:
    """Names of a dataset's configurations, the default first."""
    return [configuration.name for configuration in layout.configurations(catalog.info(name))]


def features(name: catalog.Dataset | str, config: str | None = None) -> Features:
    """The features of one configuration, by default of the first."""
    return encoding.features_of(layout.configuration(catalog.info(name), config))


def load(name: catalog.Dataset | str, config: str | None = None) -> Any:
    """A dataset as a `datasets.DatasetDict`, in memory, without network or cache.

    Parameters
    ----------
    name
        As for `tinytorch_hf.load`.
    config
        Which of the configurations that its kind has; None for the first of them. Images: "default" has ``image``
        (PNG, for the eye), "array" has ``pixels`` (exact float32); floats that no PNG can hold exactly have "array"
        and then "preview", whose ``image`` is rounded. Questions and answers: "pair" has a column each, "text" has
        ``text``. Source text: "function" and "text". Plain text: "text". Labels are called ``label``; other columns
        are called as in the dataset, and "text" has those whose values have names.

    Raises
    ------
    UnknownNameError
        No such dataset or configuration.
    InvalidArgumentError
        A name or a shape in the dataset cannot be on the Hub.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    dataset = catalog.info(name)
    wanted = layout.configuration(dataset, config)
    return DatasetDict({split.name: _table(dataset, split.name, wanted) for split in dataset.splits})


def _table(dataset: catalog.DatasetInfo, split_name: str, wanted: layout.Configuration) -> Dataset:
    columns = encoding.encoded(dataset, load_split(dataset, split_name), wanted)
    return Dataset.from_dict(columns, features=encoding.features_of(wanted), split=split_name)


def to_numpy(name: catalog.Dataset | str, splits: Mapping[str, Any]) -> dict[str, Split]:
    """The exact arrays behind a `DatasetDict` of any configuration, however it was loaded.

    Parameters
    ----------
    name
        As for `tinytorch_hf.load`.
    splits
        What `load_dataset` or `load` gave: with any format, with pictures decoded or not, in memory or streamed. Of
        one that was selected, shuffled or filtered, the samples that are there, in their order.

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
        A split or a column is not there, a split is empty, has a transform, or is that of another dataset; or the
        configuration does not carry the columns exactly: "preview", and "text" of source text.
    CorruptFileError
        Pixels, texts or other values are not as they are on the Hub.
    """
    dataset = catalog.info(name)
    return {
        split: decoding.split_of(dataset, split, decoding.plain_table(dataset, split, table))
        for split, table in _given(dataset, splits).items()
    }


def _given(dataset: catalog.DatasetInfo, splits: Mapping[str, Any]) -> dict[str, Any]:
    expected = [split.name for split in dataset.splits]
    if not isinstance(splits, Mapping) or not set(expected) <= set(splits):
        got = f"one with {', '.join(map(str, splits))}" if isinstance(splits, Mapping) else f"a {type(splits).__name__}"
        raise InvalidArgumentError(
            f"to_numpy takes a DatasetDict with {dataset.name}'s splits, {', '.join(expected)}, as load_dataset gives "
            f"it without split=; got {got}."
        )
    return {split: splits[split] for split in expected}


def fingerprints(name: catalog.Dataset | str, splits: Mapping[str, Any]) -> tuple[str, str]:
    """Fingerprint of what a `DatasetDict` of any configuration holds, and what it should be.

    They are those of the catalog's columns. Where a configuration does not carry these exactly, they are those of
    its own columns, whose pictures are compared pixel by pixel.

    Raises
    ------
    UnknownNameError, InvalidArgumentError, MissingFileError, CorruptFileError, StorageError
        As for `to_numpy` and `load`.
    """
    dataset = catalog.info(name)
    tables = {split: decoding.plain_table(dataset, split, t) for split, t in _given(dataset, splits).items()}
    configuration = decoding.configuration_of(dataset, next(iter(tables.values())))
    if configuration.is_exact:
        found = {split: decoding.split_of(dataset, split, table) for split, table in tables.items()}
        return exact_fingerprints(dataset, found)
    expected = {split: decoding.plain_table(dataset, split, _table(dataset, split, configuration)) for split in tables}
    served, right = (
        fingerprint({split: decoding.hub_split(dataset, split, table, configuration) for split, table in some.items()})
        for some in (tables, expected)
    )
    return served, right
