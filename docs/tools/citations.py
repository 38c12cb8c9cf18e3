"""``CITATION.cff`` of each dataset, in its folder below ``datasets``: this version of it, and what it was made from.

Made from the catalog's facts, and of sources from the entries of the checkout's own ``CITATION.cff``. ``python -m
docs.tools.cards`` writes them; a test fails when one is stale. The form: https://citation-file-format.github.io, 1.2.0.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.files import folders, store
from tinytorch_hf.hub.licences import NOT_STATED, spdx_page

FILE_NAME = "CITATION.cff"
# Identifiers of SPDX that are younger than the list in version 1.2.0 of the form.
_YOUNGER = frozenset({"CC-PDM-1.0"})
_PERSON = re.compile(r"((?:[A-Z]\. ?)+)(\S+)")


def write(checkout: Path) -> list[Path]:
    """Write the file of every dataset that is built in; returns those that were not as they should be."""
    changed = []
    for name in catalog.built_in_names():
        dataset = catalog.info(name)
        path = folders.shipped("datasets") / dataset.folder_name / FILE_NAME
        data = citation(dataset, checkout).encode("utf-8")
        if not path.is_file() or path.read_bytes() != data:
            store.write(path, data)
            changed.append(path)
    return changed


def citation(dataset: DatasetInfo, checkout: Path) -> str:
    """The text of the file for one dataset.

    Parameters
    ----------
    dataset
        Its facts.
    checkout
        The folder with the ``CITATION.cff`` that lists the sources of all datasets.
    """
    references = [entry for entry in _sources(checkout) if dataset.source_url == _address(entry)]
    message = "If you use this dataset, please cite it"
    content: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": f"{message} and its source." if references else f"{message}.",
        "type": "dataset",
        "title": dataset.title,
        "abstract": dataset.summary,
        "authors": _authors(dataset.creator),
        "version": dataset.version,
        "date-released": dataset.published,
        **_licence(dataset.license),
        "keywords": list(dataset.keywords),
        "identifiers": _identifiers(dataset),
        "references": references,
    }
    filled = {key: value for key, value in content.items() if value}
    text: str = yaml.safe_dump(filled, allow_unicode=True, sort_keys=False, width=110)
    return f"# Made by `python -m docs.tools.cards` from the catalog; change the facts there.\n{text}"


def _sources(checkout: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load((checkout / FILE_NAME).read_text(encoding="utf-8"))["references"]
    # Which datasets a source has is said for the whole package alone.
    return [{key: value for key, value in entry.items() if key != "notes"} for entry in entries]


def _address(entry: dict[str, Any]) -> str:
    return str(entry.get("url") or f"https://doi.org/{entry['doi']}")


def _authors(creator: str) -> list[dict[str, str]]:
    """Persons, where all are written as "C. J. C. Burges"; else one entity."""
    persons = [_PERSON.fullmatch(name) for name in re.split(r", | and ", creator)]
    if all(persons):
        return [{"family-names": person[2], "given-names": person[1].strip()} for person in persons if person]
    return [{"name": creator}]


def _licence(licence: str) -> dict[str, str]:
    if licence == NOT_STATED:
        return {}
    page = spdx_page(licence)
    return {"license-url": page} if licence in _YOUNGER and page else {"license": licence}


def _identifiers(dataset: DatasetInfo) -> list[dict[str, str]]:
    """The fingerprint, where it is the same for everybody; it tells this version from every other one."""
    if not dataset.fingerprint:
        return []
    what = "fingerprint of the content, as tinytorch_hf.fingerprint computes it"
    return [{"type": "other", "value": dataset.fingerprint, "description": what}]
