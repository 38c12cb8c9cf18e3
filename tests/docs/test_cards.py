"""Specification of docs.tools.cards: what documents state is what code computes."""

from __future__ import annotations

import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import datasets
import pytest
import yaml
from conftest import Run
from generations import GENERATION_B, write_package
from seeds import n_seeds

from benchmarks import baselines
from docs.tools import cards
from tinytorch_hf import as_hf, catalog
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.files import folders
from tinytorch_hf.hub import cache, card, responsible
from tinytorch_hf.hub.licences import hub_licence

ON_HUB = catalog.shipped_names()
EVERY_DATASET = pytest.mark.parametrize("name", catalog.built_in_names())
EVERY_DOCUMENT = pytest.mark.parametrize("path", cards.documents(), ids=lambda path: f"{path.parent.name}/{path.name}")


def card_header(name: str) -> dict[str, object]:
    """The YAML of a card: what a person wrote and what the facts say."""
    header: dict[str, object] = yaml.safe_load(card.complete(catalog.info(name)).split("---\n")[1])
    return header


@EVERY_DOCUMENT
def test_no_computed_part_is_stale(path: Path) -> None:
    """If this fails, run `python -m docs.tools.cards`."""
    text = path.read_text(encoding="utf-8")

    assert cards.refresh(text) == text


@EVERY_DOCUMENT
def test_every_part_is_closed(path: Path) -> None:
    """A part without its end would swallow the prose below it."""
    text = path.read_text(encoding="utf-8")

    for kind in ("computed", "measured"):
        starts, ends = re.findall(rf"^<!-- {kind}: ", text, re.MULTILINE), re.findall(rf"^<!-- /{kind} -->", text, re.M)
        assert len(starts) == len(ends)


def test_computed_parts_are_replaced_and_nothing_else() -> None:
    """The prose around them stays to the letter."""
    text = "before\n<!-- computed: files tinydigits -->\nold\n<!-- /computed -->\nafter 264,255\n"

    fresh = cards.refresh(text)

    assert fresh.startswith("before\n<!-- computed: files tinydigits -->\n| File | Bytes | SHA-256 |\n")
    assert fresh.endswith("|\n<!-- /computed -->\nafter 264,255\n")
    assert "old" not in fresh
    assert "| `train.pkl` | 264,255 | `2542936" in fresh


def test_an_unknown_kind_is_explained() -> None:
    """A typing error in a marker must not leave a part stale for ever."""
    with pytest.raises(UnknownNameError, match="Did you mean 'statistics'"):
        cards.refresh("<!-- computed: statistic tinydigits -->\n<!-- /computed -->")


def test_the_documents_are_found() -> None:
    """README, card, and the dataset's own documents."""
    names = {f"{path.parent.name}/{path.name}" for path in cards.documents()}

    assert {"cards/tinydigits.md", "tinydigits/README.md", "tinydigits/DATASHEET.md"} < names
    assert any(name.endswith("/README.md") and "tinydigits" not in name for name in names)


def allowed(resource: str) -> set[str]:
    """The values that a list which `datasets` carries allows."""
    values = json.loads((files("datasets.utils") / "resources" / f"{resource}.json").read_text(encoding="utf-8"))
    return set(values)


@EVERY_DATASET
def test_a_card_uses_the_values_the_hub_knows(name: str) -> None:
    """Licence, sizes, languages and the rest come from the catalog and the lists that `datasets` carries."""
    header: Any = card_header(name)
    creators = json.loads((files("datasets.utils") / "resources" / "creators.json").read_text(encoding="utf-8"))

    assert set(header["size_categories"]) <= allowed("size_categories")
    assert set(header.get("language", [])) <= allowed("languages")
    assert set(header.get("multilinguality", [])) <= allowed("multilingualities")
    assert set(header["annotations_creators"]) <= set(creators["annotations"])
    assert set(header.get("language_creators", [])) <= set(creators["language"])
    dataset = catalog.info(name)
    assert header.items() >= hub_licence(dataset.license, dataset.source_url).items()
    assert header.get("language", []) == list(dataset.languages)
    assert set(dataset.keywords) < set(header["tags"])
    assert header["pretty_name"] == catalog.info(name).title
    assert [source.split("|")[0] for source in header["source_datasets"]] in (["original"], ["extended"])
    assert "tinytorch" in header["tags"]


@EVERY_DATASET
def test_a_cards_tasks_suit_the_data(name: str) -> None:
    """Images are classified and speak no language; texts are generated, in English."""
    header: Any = card_header(name)

    kind = catalog.info(name).kind
    if kind == "images":
        assert header["task_categories"] == ["image-classification"]
        assert header["task_ids"] == ["multi-class-image-classification"]
        assert "language" not in header
    elif kind == "source text":
        assert (header["task_categories"], header["task_ids"]) == (["text-generation"], ["language-modeling"])
        assert header["language"] == ["en"]
    else:
        answers = catalog.info(name).kind == "pairs"
        assert header["task_categories"] == ["text-generation", *(["question-answering"] if answers else [])]
        assert header["task_ids"] == ["language-modeling", *(["open-domain-qa"] if answers else [])]
        assert header["language"] == ["en"]


@EVERY_DATASET
def test_a_card_tells_all_that_a_reader_needs(name: str) -> None:
    """Every section, the picture, the datasheet, the computed parts, and the three frameworks."""
    text = (folders.shipped("cards") / f"{name}.md").read_text(encoding="utf-8")

    sections = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert sections == [
        *("Use it", "Fields", "Splits", "How it was curated", "Statistics"),
        *("What to expect", "Difficulty", "Responsible use", "Citation"),
    ]
    parts = set(re.findall(r"^<!-- (?:computed|measured): (\S+ \S+) -->$", text, re.MULTILINE))
    assert {f"{kind} {name}" for kind in ("card", "usage", "columns", "responsible", "citation")} <= parts
    if catalog.info(name).is_shipped:
        expectation = text.split("## What to expect")[1].split("## Difficulty")[0]
        assert re.search(r"^\| .*\d", expectation, re.MULTILINE)
    for words in (
        f'load_dataset("tinytorch/{name}"',
        f"from tinytorch_hf import {catalog.info(name).title}",
        f"load_{name}",
        *("In PyTorch", "torch.utils.data", "In TinyTorch", "from tinytorch.core"),
    ):
        assert words in text
    assert "![" in text and "(DATASHEET.md)" in text


@EVERY_DATASET
def test_a_cards_fields_are_the_scripts(name: str) -> None:
    """None is missing from its section."""
    text = (folders.shipped("cards") / f"{name}.md").read_text(encoding="utf-8")
    fields = text.split("## Fields")[1].split("## Splits")[0]

    for config in as_hf.config_names(name):
        assert f"Configuration `{config}`:" in fields
        for column in as_hf.features(name, config):
            assert f"`{column}`" in fields


@EVERY_DATASET
def test_what_a_person_says_of_a_dataset_stands_once(name: str) -> None:
    """In the datasheet, with an answer to every question; the card has the same words, and no note to its makers."""
    known = responsible.answers(catalog.info(name))
    text = (folders.shipped("cards") / f"{name}.md").read_text(encoding="utf-8")

    assert tuple(known) == responsible.QUESTIONS
    for question, answer in known.items():
        assert len(answer) > 40 and f"**{question.title}.** {answer}\n" in text
    assert re.match(r"(Yes|No)\. ", known[responsible.SYNTHETIC])
    documents = folders.documents(catalog.info(name))
    assert documents
    for said in (text, *(path.read_text(encoding="utf-8") for path in documents.iterdir() if path.suffix == ".md")):
        assert not re.search(r"has to (be )?confirm|person's\s+confirmation|before (this|the) \w+ is published", said)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *((name, ("UCI", "CC BY 4.0", "scikit-learn", "BSD")) for name in ("tinydigits", "digits_8x8")),
        *((name, ("authors", "CC BY-SA 3.0", "the Hub's card", "MIT")) for name in ("tinymnist", "mnist")),
    ],
)
def test_a_licence_of_which_two_things_are_told_is_stated_with_both(name: str, words: tuple[str, ...]) -> None:
    """In the facts, so that every document has it, and among the limits; publishing asks for confirmation."""
    dataset = catalog.info(name)
    known = {question.term: answer for question, answer in responsible.answers(dataset).items()}

    for word in words:
        assert word in f"{dataset.license} {dataset.license_note}"
        assert word in known["rai:dataLimitations"]
        assert word in dataset.to_confirm or dataset.not_to_publish


def test_what_cards_tell_to_run_runs(
    run_with_libraries: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkout: Path
) -> None:
    """Every Python block of every card of what ships, in one process without network, with a cache and a TinyTorch."""
    cards_blocks = {
        f"{name}, block {number}": block
        for name in ON_HUB
        for number, block in enumerate(
            re.findall(
                r"^```python\n(.*?)^```",
                (folders.shipped("cards") / f"{name}.md").read_text(encoding="utf-8"),
                re.MULTILINE | re.DOTALL,
            ),
            start=1,
        )
    }
    assert len(cards_blocks) == 5 * len(ON_HUB)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf-home" / "datasets")
    cache.prepare(ON_HUB)

    program = "".join(f"print({where!r}, flush=True)\nexec({block!r}, {{}})\n" for where, block in cards_blocks.items())
    student = write_package(tmp_path / "student", GENERATION_B)
    path = os.pathsep.join([str(student), str(checkout)])
    done = run_with_libraries("-c", program, HF_HUB_OFFLINE="1", PYTHONPATH=path)

    assert (done.returncode, done.stdout.splitlines()) == (0, list(cards_blocks)), done.stderr


@EVERY_DATASET
def test_the_size_category_is_the_true_one(name: str) -> None:
    """Counted, not guessed."""
    n_samples = sum(split.n_samples for split in catalog.info(name).splits)
    category = "n<1K" if n_samples < 1000 else "1K<n<10K" if n_samples < 10_000 else "10K<n<100K"

    assert card_header(name)["size_categories"] == [category]


@EVERY_DATASET
def test_a_cards_configurations_are_the_scripts(name: str) -> None:
    """Names and splits, with the default marked."""
    configs = card_header(name)["configs"]

    assert [config["config_name"] for config in configs] == as_hf.config_names(name)  # type: ignore[attr-defined]
    for config in configs:  # type: ignore[attr-defined]
        assert [file["split"] for file in config["data_files"]] == [s.name for s in catalog.info(name).splits]
        assert config.get("default", False) == (config is configs[0])  # type: ignore[index]
        for file in config["data_files"]:
            assert file["path"] == f"data/{config['config_name']}/{file['split']}-*.parquet"


@EVERY_DATASET
def test_a_card_has_no_sizes_of_its_own(name: str) -> None:
    """They depend on the libraries that write the files, so building states them."""
    assert "dataset_info" not in card_header(name)


@pytest.mark.parametrize("lr", [Settings("tinydigits").lr, baselines.MILESTONE_LR])
def test_the_accuracies_in_the_documents_are_those_that_training_gives(lr: float) -> None:
    """Measured again; another machine's rounding may move a sample or two out of 200.

    What is stated is of ten seeds: those that are run lie in the range, and the others could make up the mean.
    """
    measured = baselines.accuracies("tinydigits", lr, n_seeds(1, at_most=baselines.N_SEEDS))
    n_others = baselines.N_SEEDS - len(measured[0])
    cell = r"(\d+\.\d) \((\d+\.\d) to (\d+\.\d)\)"
    stated = [
        [tuple(map(float, row[:3])), tuple(map(float, row[3:]))]
        for path in cards.documents()
        for row in re.findall(rf"^\| {lr:g} \| {cell} \| {cell} \|$", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]

    assert len(stated) == 3
    for sides in stated:
        for (mean, lowest, highest), values in zip(sides, measured, strict=True):
            assert lowest - 0.5 <= min(values) <= max(values) <= highest + 0.5
            least, most = ((sum(values) + n_others * value) / baselines.N_SEEDS for value in (lowest, highest))
            assert least - 0.5 <= mean <= most + 0.5


def test_the_readmes_example_is_what_the_command_prints(checkout: Path) -> None:
    """All but the release of PyTorch and the last digits of rounding."""
    text = (checkout / "README.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- measured: compare tinydigits -->\n(.*?)\n<!-- /measured -->", text, re.DOTALL)
    assert block

    def stable(printed: str) -> str:
        return re.sub(r"PyTorch    \S+|at most \S+ over|\d+\.\d%", "*", printed)

    assert stable(block[1]) == stable(baselines.compare("tinydigits"))
    assert "verdict    the reference agrees" in block[1]
