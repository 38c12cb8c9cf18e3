"""Which samples stand for a split, and what is said of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.files.splits import Split

_UNGROUPED = 3


def group_of(dataset: DatasetInfo) -> str:
    """The column whose values put samples into groups: classes, or levels that have names; "" for none."""
    if dataset.classes and any(column.name == "labels" for column in dataset.columns):
        return "labels"
    return dataset.counted if dataset.counted and dataset.column(dataset.counted).names else ""


def chosen(dataset: DatasetInfo, split: Split, indices: Sequence[int] | None = None) -> list[int]:
    """The samples to show: those that were asked for, or the first of each group, or where there are none the first.

    Raises
    ------
    UnknownNameError
        The split has no sample of such a number.
    """
    if indices:
        wrong = [index for index in indices if not 0 <= index < len(split)]
        if wrong:
            raise UnknownNameError(
                f"sample of {dataset.name}'s {split.name} split numbered", wrong[0], [f"0 to {len(split) - 1}"]
            )
        return list(indices)
    group = group_of(dataset)
    if not group:
        return list(range(min(_UNGROUPED, len(split))))
    first: list[int] = np.unique(split[group], return_index=True)[1].tolist()
    return first


def words(dataset: DatasetInfo, split: Split, index: int) -> str:
    """What is known of a sample beside its content, such as its class, or its level and where it comes from."""
    group = group_of(dataset)
    notes = [_value_name(dataset, group, int(split[group][index]))] if group else []
    others = (c.name for c in dataset.columns if c.dtype == "str" and c.name not in dataset.texts)
    return ", ".join(filter(None, [*notes, *(str(split[name][index]) for name in others)]))


def _value_name(dataset: DatasetInfo, group: str, value: int) -> str:
    if group == "labels":
        return dataset.classes[value]
    column = dataset.column(group)
    return f"{group} {column.hub_names[value - column.lowest]}"
