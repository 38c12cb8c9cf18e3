"""What is said of a set, compared with the rules of ``dataset.json`` before hours are spent on it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tinytorch_hf import catalog
from tinytorch_hf.catalog import Column, DataFile, DatasetInfo, Folder, SplitInfo
from tinytorch_hf.catalog.description import checked
from tinytorch_hf.curation.options import option
from tinytorch_hf.curation.source import Kind
from tinytorch_hf.errors import InvalidArgumentError

_TEXTS = ("title", "license_note", "source_url", "citation")


def name_of(out: Path) -> str:
    """A name for the set in a folder."""
    name = re.sub(r"[^a-z0-9]+", "_", out.name.lower()).strip("_")
    return name if name[:1].isalpha() else f"tiny_{name}".rstrip("_")


def check(out: Path, kind: Kind, facts: Mapping[str, Any], classes: Sequence[str]) -> None:
    """Refuse what a ``dataset.json`` may not say.

    Parameters
    ----------
    out, kind, facts, classes
        As for `writing.write`.

    Raises
    ------
    DescriptionError
        A field breaks a rule: the message names it and what to write.
    InvalidArgumentError
        Another dataset has the name.
    """
    sample = Column("images", "uint8", (8, 8), "") if kind == "images" else Column("text", "str", (), "")
    said = {**dict.fromkeys(_TEXTS, ""), "summary": "to come", "source": "to come", **facts}
    dataset = DatasetInfo(
        **said,
        version="1.0.0",
        kind="images" if kind == "images" else "plain text",
        decoder="npz" if kind == "images" else "json_lines",
        provider=Folder(str(out)),
        splits=(SplitInfo("train", 1, (DataFile("train", 1, "0" * 64),)),),
        columns=(sample, Column("labels", "int64", (), "")),
        value_range=(0.0, 255.0 if kind == "images" else 0.0),
        classes=tuple(classes),
    )
    checked(dataset)
    name = facts["name"]
    if name in catalog.names():
        place = catalog.info(name).provider
        if not isinstance(place, Folder) or (Path(place.path).exists() and Path(place.path) != out):
            raise InvalidArgumentError(f"There is a dataset {name} already. Choose another name: {option('name')}.")
