"""Specification of docs.tools.citations: every dataset says how its version is cited, by the facts of the catalog."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from datetime import date
from typing import Any

import pytest
import yaml
from conftest import CHECKOUT

from docs.tools import citations
from tinytorch_hf import catalog
from tinytorch_hf.files import folders

EACH = pytest.mark.parametrize("name", catalog.built_in_names())


def _written(name: str) -> str:
    folder = folders.shipped("datasets") / catalog.info(name).folder_name
    return (folder / citations.FILE_NAME).read_text(encoding="utf-8")


@EACH
def test_the_file_in_its_folder_is_that_of_the_catalog(name: str) -> None:
    """Another version or another fingerprint asks for `python -m docs.tools.cards`."""
    assert _written(name) == citations.citation(catalog.info(name), CHECKOUT)


@EACH
def test_the_file_keeps_the_rules_of_its_form(name: str) -> None:
    """Those of version 1.2.0: what is needed, the types of works, days, and how persons and entities are named."""
    found: dict[str, Any] = yaml.safe_load(_written(name))
    known = {
        *("cff-version", "message", "type", "title", "abstract", "authors", "version", "date-released", "license"),
        *("license-url", "keywords", "identifiers", "references"),
    }
    authors = [*found["authors"], *(author for entry in found.get("references", []) for author in entry["authors"])]

    assert found.keys() <= known
    assert (found["cff-version"], found["type"]) == ("1.2.0", "dataset")
    assert all(isinstance(found[key], str) and found[key] for key in ("message", "title", "version"))
    assert str(date.fromisoformat(found["date-released"])) == found["date-released"]
    assert all(author.keys() in ({"name"}, {"family-names", "given-names"}) for author in authors)
    assert all({"type", "title", "authors"} <= entry.keys() for entry in found.get("references", []))
    assert {entry["type"] for entry in found.get("references", [])} <= {"article", "data", "manual", "report"}
    assert len(set(found.get("keywords", []))) == len(found.get("keywords", []))


@EACH
def test_version_source_and_content_are_told(name: str) -> None:
    """By version and fingerprint; the source is that of the catalog, if it is not the project's own work."""
    dataset, found = catalog.info(name), yaml.safe_load(_written(name))

    assert (found["title"], found["version"], found["date-released"]) == (
        dataset.title,
        dataset.version,
        dataset.published,
    )
    assert [entry["value"] for entry in found.get("identifiers", [])] == [dataset.fingerprint] * bool(
        dataset.fingerprint
    )
    assert bool(found.get("references")) == ("creativecommons" not in dataset.source_url)
    for entry in found.get("references", []):
        assert entry["title"].lower() in dataset.citation.lower()


def test_a_licence_that_nobody_states_is_not_claimed() -> None:
    """And one that the form is too old for is given by its page."""
    licences = {name: yaml.safe_load(_written(name)) for name in catalog.built_in_names()}

    assert not {"license", "license-url"} & licences["cifar10"].keys()
    assert licences["shakespeare"]["license-url"].endswith("/CC-PDM-1.0")
    assert licences["tinydigits"]["license"] == "CC-BY-4.0"


@pytest.mark.parametrize(
    ("creator", "authors"),
    [
        (
            "Y. LeCun, C. Cortes and C. J. C. Burges",
            [("LeCun", "Y."), ("Cortes", "C."), ("Burges", "C. J. C.")],
        ),
        ("A. Karpathy", [("Karpathy", "A.")]),
        ("A school in Bern", "A school in Bern"),
        ("The maths and physics teachers", "The maths and physics teachers"),
    ],
)
def test_persons_are_told_from_entities(creator: str, authors: list[tuple[str, str]] | str) -> None:
    """Persons are those of whom initials and a family name are written; all, or it is one entity."""
    dataset = catalog.info("tinydigits")
    found = yaml.safe_load(citations.citation(_by(dataset, creator), CHECKOUT))["authors"]

    if isinstance(authors, str):
        assert found == [{"name": authors}]
    else:
        assert found == [{"family-names": family, "given-names": given} for family, given in authors]


def _by(dataset: catalog.DatasetInfo, creator: str) -> catalog.DatasetInfo:
    return dataclasses.replace(dataset, creator=creator)


def test_cffconvert_takes_all_of_them() -> None:
    """Where it is installed; `nox -s workflows` has it."""
    program = shutil.which("cffconvert")
    if program is None:
        pytest.skip("cffconvert is not installed; nox -s workflows installs it")
    paths = [CHECKOUT / "CITATION.cff", *sorted((CHECKOUT / "datasets").glob("*/CITATION.cff"))]
    for path in paths:
        done = subprocess.run([program, "--validate", "-i", path], capture_output=True, text=True, check=False)
        assert re.search("are valid according to schema version 1.2.0", done.stdout), f"{path}: {done.stderr}"
