"""Specification of built folders of datasets without a card and a script of their own: users', and those on demand."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import datasets
import pytest
import yaml
from own_datasets import MAKERS

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError
from tinytorch_hf.hub import card, parquet, usage
from tinytorch_hf.reference import CharTokenizer, Tensor

EVERY_DATASET = pytest.mark.parametrize("name", list(MAKERS))


def facts(name: str, own: dict[str, DatasetInfo]) -> DatasetInfo:
    """Facts of a small dataset, or else of a built-in one."""
    return own.get(name) or catalog.info(name)


@EVERY_DATASET
def test_the_library_loads_the_exact_numbers(
    name: str, own: dict[str, DatasetInfo], own_hub: Path, tmp_path: Path
) -> None:
    """Every configuration, with the features that the facts give; streamed, too."""
    dataset = facts(name, own)
    for config in as_hf.config_names(dataset):
        loaded = datasets.load_dataset(str(own_hub / name), config, cache_dir=str(tmp_path))
        assert loaded[dataset.splits[0].name].features == as_hf.features(dataset, config)
        found, expected = as_hf.fingerprints(dataset, loaded)
        assert found == expected
        if name in MAKERS:
            streams = datasets.load_dataset(str(own_hub / name), config, streaming=True)
            assert as_hf.fingerprints(dataset, streams)[0] == expected


@EVERY_DATASET
def test_a_built_folder_is_whole(name: str, own: dict[str, DatasetInfo], own_hub: Path) -> None:
    """Card, picture, Croissant, one shard a split and configuration."""
    dataset = facts(name, own)
    files = {path.relative_to(own_hub / name).as_posix() for path in (own_hub / name).rglob("*") if path.is_file()}
    shards = {
        f"data/{config}/{split.name}-00000-of-00001.parquet"
        for config in as_hf.config_names(dataset)
        for split in dataset.splits
    }

    assert files == {"README.md", "samples.png", "croissant.json", *shards}


@EVERY_DATASET
def test_the_card_is_made_from_the_facts(name: str, own: dict[str, DatasetInfo], own_hub: Path) -> None:
    """Its YAML is what the Hub wants; its prose has summary, columns, licence, source and citation; links lead on."""
    dataset = facts(name, own)
    _, header, prose = (own_hub / name / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    said: Any = yaml.safe_load(header)

    assert said["pretty_name"] == dataset.title and "tinytorch" in said["tags"]
    assert [config["config_name"] for config in said["configs"]] == as_hf.config_names(dataset)
    assert [config.get("default", False) for config in said["configs"]][:1] == [True]
    infos = said["dataset_info"] if isinstance(said["dataset_info"], list) else [said["dataset_info"]]
    for info in infos:
        assert {s["name"]: s["num_examples"] for s in info["splits"]} == {s.name: s.n_samples for s in dataset.splits}
    for text in (dataset.summary, dataset.license, dataset.source, dataset.version, "@misc{"):
        assert text in prose
    fields = prose.split("## Fields")[1]
    for config in as_hf.config_names(dataset):
        assert f"Configuration `{config}`" in fields
        assert all(f"`{column}`" in fields for column in as_hf.features(dataset, config))
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", prose):
        assert (own_hub / name / target).is_file()


@EVERY_DATASET
def test_its_croissant_is_valid(
    name: str, own: dict[str, DatasetInfo], own_hub: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As MLCommons' own library reads it, with no advice but for the date of a publication."""
    mlcroissant = pytest.importorskip("mlcroissant")
    found = mlcroissant.Dataset(jsonld=str(own_hub / name / "croissant.json"))
    described = json.loads((own_hub / name / "croissant.json").read_text(encoding="utf-8"))

    assert found.metadata.ctx.issues.errors == set()
    assert {line for line in found.metadata.ctx.issues.warnings if "datePublished" not in line} == set()
    dataset = facts(name, own)
    assert (described["name"], described["creator"]["name"]) == (name, dataset.creator or dataset.namespace)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("own_images", ("image-classification", "cc0-1.0", "n<1K")),
        ("own_texts", ("text-classification", "cc0-1.0", "n<1K")),
        ("own_pairs", ("text-generation", "cc0-1.0", "n<1K")),
        ("cifar10", ("image-classification", "unknown", "n<1K")),
    ],
)
def test_task_licence_and_size_are_the_hubs_words(
    name: str, expected: tuple[str, str, str], own: dict[str, DatasetInfo], own_hub: Path
) -> None:
    """Told from kind, labels, the facts' licence and the number of samples."""
    said: Any = yaml.safe_load((own_hub / name / "README.md").read_text(encoding="utf-8").split("---\n")[1])

    assert (said["task_categories"][0], said["license"], said["size_categories"][0]) == expected


def student_package() -> dict[str, ModuleType]:
    """Modules of a student's package with what the lines of a card ask for."""
    modules = {name: ModuleType(name) for name in ("tinytorch", "tinytorch.core")}
    for name, content in (("tensor", Tensor), ("tokenization", CharTokenizer)):
        module = modules[f"tinytorch.core.{name}"] = ModuleType(f"tinytorch.core.{name}")
        setattr(module, content.__name__, content)
    return modules


@pytest.mark.parametrize("name", ["own_images", "own_floats", "own_pairs", "own_texts"])
def test_the_lines_of_a_card_run(
    name: str, own: dict[str, DatasetInfo], own_hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the folder stands in for the Hub: the library itself, NumPy, PyTorch, TinyTorch."""
    pytest.importorskip("torch")
    blocks = re.findall(r"```python\n(.*?)```", "\n".join(usage.blocks(own[name], f"hub/{name}")), re.DOTALL)
    (tmp_path / "hub").symlink_to(own_hub)
    monkeypatch.chdir(tmp_path)
    for module, content in student_package().items():
        monkeypatch.setitem(sys.modules, module, content)

    assert len(blocks) == 4
    left: dict[str, Any] = {}
    for block in blocks:
        exec(block, left)  # noqa: S102 -- what a reader copies
    if own[name].kind == "images":
        assert left["images"].data.shape[1:] == own[name].column("images").shape and len(left["labels"].data) == 24
    else:
        assert len(left["texts"]) == 24 and len(left["ids"]) > 24


def test_what_the_facts_say_ends_no_paragraph_and_no_entry(own: dict[str, DatasetInfo]) -> None:
    """Line ends, braces and TeX's own characters in a summary stay text, in YAML, Markdown and BibTeX."""
    odd = replace(own["own_texts"], summary="50% {of}\n\n---\n# all_#", source="a\\b", citation="", license="my own\n1")
    made = card.made(odd, "me/odd")
    _, header, prose = made.split("---\n", 2)
    entry = prose.split("```bibtex\n")[1]

    assert yaml.safe_load(header)["license_name"] == "my-own-1"
    assert "\n50% {of} --- # all_#\n" in prose
    assert "title = {{OwnTexts}: 50\\% (of)  --- \\# all\\_\\#}" in entry.replace("   ", "  ")
    assert entry.count("{") == entry.count("}")


def test_a_licence_of_the_users_goes_with_the_data(own: dict[str, DatasetInfo], tmp_path: Path) -> None:
    """As does a datasheet, which the card then links to."""
    folder = tmp_path / "own_texts"
    shutil.copytree(own["own_texts"].provider.path, folder)  # type: ignore[union-attr]
    (folder / "LICENSE").write_text("mine", encoding="utf-8")
    (folder / "DATASHEET.md").write_text("how it was made", encoding="utf-8")

    built = parquet.build(replace(catalog.info(folder), license="Mine-1.0"), tmp_path / "out")

    assert (built / "LICENSE").read_text(encoding="utf-8") == "mine"
    text = (built / "README.md").read_text(encoding="utf-8")
    assert "license_link: LICENSE\n" in text and "(DATASHEET.md)" in text


def test_a_dataset_that_cannot_be_built_leaves_nothing(own: dict[str, DatasetInfo], tmp_path: Path) -> None:
    """With our own reason, not the library's that generating failed."""
    colours = own["own_colours"]
    twice = replace(colours, columns=(*colours.columns, replace(colours.columns[1], name="label")))
    damaged = tuple(replace(file, sha256="0" * 64) for file in colours.splits[0].files)
    other = replace(colours, splits=(replace(colours.splits[0], files=damaged), colours.splits[1]))

    for wrong, problem in ((twice, InvalidArgumentError), (other, CorruptFileError)):
        with pytest.raises(problem):
            parquet.build(wrong, tmp_path / "out")
    assert not (tmp_path / "out").exists()
