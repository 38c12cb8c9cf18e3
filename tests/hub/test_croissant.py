"""Specification of tinytorch_hf.hub.croissant: what MLCommons' own library makes of the built folders."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from croissant_records import compare, record_sets

from docs.tools import tables
from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.hub import croissant

EVERY_DATASET = pytest.mark.parametrize("name", catalog.built_in_names())

Shelf = dict[str, Path]
HUB = "https://huggingface.co/datasets"


@functools.cache
def opened(folder: Path) -> Any:
    """A built folder's description, as MLCommons' library understands it."""
    import mlcroissant

    return mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))


def described(folder: Path) -> Any:
    """A built folder's description, as JSON."""
    return json.loads((folder / "croissant.json").read_text(encoding="utf-8"))


@EVERY_DATASET
def test_it_is_valid(name: str, shelf_hub: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    """No error and no advice."""
    with caplog.at_level(logging.WARNING):
        dataset = opened.__wrapped__(shelf_hub[name])

    assert dataset.metadata.ctx.issues.errors == set()
    assert dataset.metadata.ctx.issues.warnings == set()
    assert "@context" not in caplog.text


@EVERY_DATASET
def test_it_says_what_the_catalog_says(name: str, shelf_hub: Shelf) -> None:
    """Name, version, date, licence, source, keywords, language and citation."""
    metadata, said = opened(shelf_hub[name]).metadata, described(shelf_hub[name])
    dataset = catalog.info(name)

    assert (metadata.name, metadata.description, metadata.version) == (name, dataset.summary, dataset.version)
    is_spdx = " " not in dataset.license
    assert metadata.license == [f"https://spdx.org/licenses/{dataset.license}" if is_spdx else dataset.license]
    assert metadata.cite_as == tables.citation(name)
    (source,) = said["prov:wasDerivedFrom"]
    assert source["prov:label"] == dataset.source
    if "creativecommons.org" in dataset.source_url:
        # Nothing but its licence has a page.
        assert "@id" not in source and "isBasedOn" not in said
    else:
        assert said["isBasedOn"] == dataset.source_url == source["@id"]
    assert said["url"] == (dataset.source_url if dataset.not_to_publish else f"{HUB}/{dataset.repo_id}")
    assert said["datePublished"] == dataset.published != ""
    assert set(dataset.keywords) < set(metadata.keywords) and len(metadata.keywords) > 3
    assert tuple(said.get("inLanguage", ())) == dataset.languages


@EVERY_DATASET
def test_what_people_wrote_of_it_comes_from_the_datasheet(name: str, shelf_hub: Shelf) -> None:
    """Limits, biases, people, use and effects by the words of RAI 1.0; how it was made by those of PROV."""
    metadata, said = opened(shelf_hub[name]).metadata, described(shelf_hub[name])
    written = (shelf_hub[name] / "DATASHEET.md").read_text(encoding="utf-8").split("## Responsible use")[1]
    words = " ".join(written.split())

    assert set(metadata.conforms_to) == {
        "http://mlcommons.org/croissant/1.1",
        "http://mlcommons.org/croissant/RAI/1.0",
    }
    for term in ("dataLimitations", "dataBiases", "personalSensitiveInformation", "dataUseCases", "dataSocialImpact"):
        assert len(said[f"rai:{term}"]) > 40 and said[f"rai:{term}"] in words
    assert metadata.data_limitations == [said["rai:dataLimitations"]]
    assert said["rai:hasSyntheticData"] is ("synthetic?** Yes" in words)
    (activity,) = said["prov:wasGeneratedBy"]
    assert len(activity["description"]) > 40 and activity["description"] in words
    assert [agent["prov:label"] for agent in activity["prov:wasAssociatedWith"]] == [
        text for text in (catalog.info(name).creator, catalog.info(name).recipe) if text
    ]


@EVERY_DATASET
def test_records_refer_to_their_split(name: str, shelf_hub: Shelf, shelf: dict[str, DatasetInfo]) -> None:
    """One record set has the splits' names; every other has a field that is one of them."""
    splits, *others = described(shelf_hub[name])["recordSet"]

    assert splits["dataType"] == "cr:Split" and splits["key"] == {"@id": "splits/name"}
    assert [one["splits/name"] for one in splits["data"]] == [split.name for split in shelf[name].splits]
    for record_set in others:
        field = record_set["field"][-1]
        assert field["references"] == {"field": {"@id": "splits/name"}}
        config, pattern = record_set["@id"], re.compile(field["source"]["transform"]["regex"])
        for path in (shelf_hub[name] / "data" / config).iterdir():
            found = pattern.match(path.relative_to(shelf_hub[name]).as_posix())
            assert found and found[1] == path.name.partition("-")[0]


@EVERY_DATASET
def test_it_lists_every_parquet_file_with_its_hash(name: str, shelf_hub: Shelf) -> None:
    """And no other."""
    folder = shelf_hub[name]
    files = {file["contentUrl"]: file["sha256"] for file in described(folder)["distribution"] if "sha256" in file}

    assert files == {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (folder / "data").rglob("*.parquet")
    }


def test_records_are_of_one_split_where_it_is_asked_for(shelf_hub: Shelf) -> None:
    """As TensorFlow Datasets asks, which makes its splits so; its builder needs Apache Beam, and is tried by hand."""
    import mlcroissant

    for split in catalog.info("tinydigits").splits:
        # What is asked for is kept in the description, so each has one of its own.
        dataset = mlcroissant.Dataset(jsonld=str(shelf_hub["tinydigits"] / "croissant.json"))
        records = list(dataset.records("default", filters={"default/split": split.name}))
        assert len(records) == split.n_samples
        assert {record["default/split"] for record in records} == {split.name.encode()}


def test_in_what_is_published_files_are_named_by_address_and_version(shelf_hub: Shelf) -> None:
    """Each split has records of its own, from its file, so that whoever has the text alone reads them."""
    folder, at = shelf_hub["tinydigits"], "https://example.org/resolve/v1.0.0/"
    published, beside = json.loads(croissant.text("tinydigits", folder, files_at=at)), described(folder)

    files = {file["@id"]: file for file in published["distribution"]}
    assert [file["contentUrl"] for file in files.values()] == [
        f"{at}{file['contentUrl']}" for file in beside["distribution"] if "contentUrl" in file
    ]
    for record_set in published["recordSet"][1:]:
        *columns, split = record_set["field"]
        assert split["value"] == record_set["@id"].split("/")[1]
        assert {files[c["source"]["fileObject"]["@id"]]["name"].split("-")[0] for c in columns} == {
            f"data/{record_set['@id']}"
        }
    rest = {"distribution", "recordSet"}
    assert {k: v for k, v in published.items() if k not in rest} == {k: v for k, v in beside.items() if k not in rest}


def test_every_record_can_be_read_through_it(
    shelf: dict[str, DatasetInfo],
    shelf_hub: Shelf,
    own: dict[str, DatasetInfo],
    own_hub: Path,
    run_with_libraries: Run,
    tmp_path: Path,
) -> None:
    """Each field of each configuration and split of each dataset, with the curated values, without network.

    A thousand arrays of 28x28 take MLCommons' library seconds: these are read in `nox -s longer`.
    """
    datasets = {shelf_hub[name]: dataset for name, dataset in shelf.items()}
    datasets |= {own_hub / name: dataset for name, dataset in own.items()}
    wanted = {folder: (dataset, record_sets(dataset)) for folder, dataset in datasets.items()}
    wanted[shelf_hub["tinymnist"]][1].remove("array")

    compare(wanted, run_with_libraries, tmp_path)
