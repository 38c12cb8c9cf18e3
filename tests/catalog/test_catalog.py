"""Specification of tinytorch_hf.catalog, and one contract over every dataset in it."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf import catalog
from tinytorch_hf.data import content_hash, loaders
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.files import folders
from tinytorch_hf.files.splits import dtype_name

EVERY_DATASET = pytest.mark.parametrize("name", catalog.shipped_names())
WITH_DOCUMENTS = pytest.mark.parametrize("name", [name for name in catalog.names() if catalog.info(name).recipe])

# Gebru et al. (2021), by section: how many questions a datasheet has to answer at least.
QUESTIONS = {
    "Motivation": 4,
    "Composition": 16,
    "Collection process": 12,
    "Preprocessing, cleaning, labelling": 4,
    "Uses": 6,
    "Distribution": 7,
    "Maintenance": 8,
}


def documents(name: str) -> Path:
    """Folder of a dataset's documents, which ship whether its files do or not."""
    return folders.shipped("datasets") / catalog.info(name).folder_name


def test_the_names_are_those_of_the_shipped_datasets() -> None:
    """What the catalog lists is what the first release promises."""
    assert catalog.shipped_names() == ("tinydigits", "digits_8x8", "tinymnist", "tinytalks", "tinyshakespeare")


def test_info_of_an_unknown_name_suggests_the_right_one() -> None:
    """A typing error is answered with the name that was meant."""
    with pytest.raises(UnknownNameError, match="Did you mean 'tinydigits'"):
        catalog.info("tiny_digits")


@pytest.mark.parametrize("name", [None, 3, ["tinydigits"], ""])
def test_info_of_something_that_is_no_name_says_so(name: object) -> None:
    """A wrong type is a wrong name, not a crash."""
    with pytest.raises(UnknownNameError, match="There is no dataset"):
        catalog.info(name)  # type: ignore[arg-type]


@EVERY_DATASET
def test_the_facts_cannot_be_changed(name: str) -> None:
    """A frozen dataclass: nobody changes a hash by accident."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalog.info(name).version = "2"  # type: ignore[misc]


@EVERY_DATASET
def test_an_unknown_split_is_answered_with_the_known_ones(name: str) -> None:
    """The error lists the splits there are."""
    dataset = catalog.info(name)
    with pytest.raises(UnknownNameError, match=f"Known: {', '.join(split.name for split in dataset.splits)}"):
        dataset.split("validation")


@EVERY_DATASET
def test_the_files_have_the_stated_sizes_and_hashes(name: str) -> None:
    """Size and SHA-256 are measured again, without this package's own check."""
    dataset = catalog.info(name)

    for file in dataset.files:
        data = (folders.folder(dataset) / file.name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size_bytes, file.sha256)
    assert dataset.sha256 == {file.name: file.sha256 for file in dataset.files}


@EVERY_DATASET
def test_the_columns_have_the_stated_shapes_types_and_range(name: str) -> None:
    """Splits, columns, dtypes, shapes, range and classes are as the catalog says."""
    dataset = catalog.info(name)
    splits = loaders.load(name)

    assert [(split.name, split.n_samples) for split in dataset.splits] == [(s.name, len(s)) for s in splits.values()]
    for split in splits.values():
        assert list(split.columns) == [column.name for column in dataset.columns]
        for column in dataset.columns:
            assert dtype_name(split[column.name]) == column.dtype
            assert split[column.name].shape == (len(split), *column.shape)
        if dataset.classes:
            first = split[dataset.columns[0].name]
            assert (first.min(), first.max()) == dataset.value_range
            assert np.unique(split["labels"]).tolist() == list(range(len(dataset.classes)))


@pytest.mark.parametrize("name", ["tinydigits", "tinymnist"])
def test_the_classes_are_balanced(name: str) -> None:
    """Every class has as many samples as every other, in every split."""
    for split in loaders.load(name).values():
        assert len(set(np.bincount(split["labels"]))) == 1


@pytest.mark.parametrize("name", [name for name in catalog.shipped_names() if catalog.info(name).classes])
def test_no_image_occurs_twice(name: str) -> None:
    """Neither inside a split nor across splits, so nothing leaks from train to test."""
    images = np.concatenate([split["images"] for split in loaders.load(name).values()])

    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)


@EVERY_DATASET
def test_the_fingerprint_is_the_stated_one(name: str) -> None:
    """The catalog states the content hash that every adapter is held against."""
    assert content_hash.fingerprint(name) == catalog.info(name).fingerprint


@WITH_DOCUMENTS
def test_the_folder_has_its_documents_recipe_card_and_script(name: str, checkout: Path) -> None:
    """A dataset is not complete without provenance, licence, recipe and its face on the Hub."""
    dataset = catalog.info(name)
    folder = documents(name)

    for path in [
        folder / "README.md",
        folder / "DATASHEET.md",
        folder / "LICENSE",
        checkout / dataset.recipe,
    ]:
        assert path.is_file(), path


@EVERY_DATASET
def test_every_dataset_has_a_card_a_script_and_a_datasheet(name: str) -> None:
    """Its face on the Hub, or what stands for that on the machine of who builds it."""
    assert (folders.shipped("cards") / f"{name}.md").is_file()
    assert folders.loading_script(catalog.info(name))
    assert (documents(name) / "DATASHEET.md").is_file()


@WITH_DOCUMENTS
def test_the_datasheet_answers_every_question(name: str) -> None:
    """Each section of Datasheets for Datasets is there, and each question has an answer below it."""
    text = (documents(name) / "DATASHEET.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))

    for section, n_questions in QUESTIONS.items():
        questions = re.findall(r"^\*\*(.+\?)\*\*\n(.*)", sections[section], re.MULTILINE)
        assert len(questions) >= n_questions, (section, len(questions))
        for question, answer in questions:
            assert answer.strip() or "<!-- computed" in sections[section], question


@WITH_DOCUMENTS
def test_the_licence_is_stated_the_same_way_everywhere(name: str) -> None:
    """Catalog, licence file and card agree, and the source is named by its DOI."""
    dataset = catalog.info(name)
    licence = (documents(name) / "LICENSE").read_text(encoding="utf-8")

    assert re.sub(r"^CC-(.+)-([\d.]+)$", r"CC \1 \2", dataset.license) in licence
    card = (folders.shipped("cards") / f"{name}.md").read_text(encoding="utf-8")
    assert f"| Licence | {dataset.license}. {dataset.license_note} |\n" in card
    for text in (licence, dataset.citation):
        assert dataset.source_url in text


def test_tinydigits_states_its_true_source() -> None:
    """UCI optdigits through scikit-learn; no text claims that it is MNIST."""
    dataset = catalog.info("tinydigits")
    texts = [path.read_text(encoding="utf-8") for path in folders.folder(dataset).glob("*.md")]

    assert "UCI's Optical Recognition of Handwritten Digits" in dataset.source
    for text in texts:
        assert "UCI's Optical Recognition of Handwritten Digits" in text
        assert not re.search(r"(?<!not )(?<!call these images )downsampled (from )?MNIST", text)


def test_what_the_datasheet_of_tinydigits_derives_from_the_source_is_right() -> None:
    """120 of each digit, 597 left out: arithmetic in prose is checked as well."""
    text = (folders.folder(catalog.TINYDIGITS) / "DATASHEET.md").read_text(encoding="utf-8")
    n_per_class = sum(split.n_samples for split in catalog.TINYDIGITS.splits) // len(catalog.TINYDIGITS.classes)

    assert f"Of the 1797 images in the source's test part, {n_per_class} of each digit" in text
    assert f"The other {1797 - 10 * n_per_class} were left out" in text


def test_everything_shipped_stays_small_enough_for_git() -> None:
    """The files that recipes write or read, all datasets together: at most 1.4 MB, digests and plays 0.3 each."""
    folder = folders.shipped("datasets")
    data = [path for path in folder.rglob("*") if path.suffix in (".pkl", ".npz", ".csv", ".txt", ".jsonl", ".json")]

    assert len(data) >= sum(len(catalog.info(name).files) for name in catalog.shipped_names())
    assert sum(path.stat().st_size for path in data) <= 1_400_000
