"""Specification of docs.tools.suite, stairs and matrix: what follows from the catalog, and what was measured."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from docs.tools import matrix, stairs, suite
from tinytorch_hf import catalog, write_dataset
from tinytorch_hf.files import folders
from tinytorch_hf.hub.citation import citation, escaped, own_entry
from tinytorch_hf.milestones.experiments.training import train
from tinytorch_hf.milestones.optimisation.matrix import EXPERIMENTS, by_model, problems

CURATED = pytest.mark.parametrize("name", [dataset.name for dataset in suite.curated()])


@CURATED
def test_every_curated_dataset_has_a_sample_next_steps_and_a_citation(name: str) -> None:
    """In its README, made by code."""
    dataset = catalog.info(name)
    text = (folders.shipped("datasets") / dataset.folder_name / "README.md").read_text(encoding="utf-8")

    assert "## Next steps" in text.splitlines()
    assert re.search(rf"^<!-- computed: samples? {name} -->$", text, re.M) and suite.sample(name).count("\n") > 5
    (cited,) = re.findall(
        rf"^<!-- computed: cit(?:e|ation) {name} -->\n(.*?)^<!-- /computed -->$", text, re.M | re.DOTALL
    )
    assert escaped(dataset.creator) in cited


@CURATED
def test_a_curated_dataset_is_cited_beside_its_source(name: str) -> None:
    """With its own key, creator and version; where its script cites both, that is what stands there."""
    dataset = catalog.info(name)
    own = own_entry(name)

    assert own.startswith(f"@misc{{tinytorch_{name},\n") and own.count("{") == own.count("}")
    assert f"version = {{{dataset.version}}}" in own and dataset.creator.replace("_", r"\_") in own
    assert escaped(dataset.creator) in suite.cite(name)
    if folders.loading_script(dataset):
        assert citation(name) in suite.cite(name)
    assert ("Its source:" in suite.cite(name)) is (own in suite.cite(name))


def test_samples_of_a_dataset_that_nobody_knows_are_drawn_too(tmp_path: Path) -> None:
    """The first image of each class, with its number."""
    images = np.zeros((4, 2, 3), np.uint8)
    images[3] = 255
    split = {"images": images, "labels": np.array([1, 1, 0, 0])}
    made = write_dataset(
        tmp_path / "own", {"train": split}, name="own", classes=["a", "b"], summary="S.", license="CC0-1.0", source="s"
    )

    drawn = suite.sample(str(made.provider.path) if isinstance(made.provider, catalog.Folder) else "")

    assert re.search(r"^\[2\] a +\[0\] b$", drawn, re.M)


def test_the_paragraph_counts_what_there_is() -> None:
    """Every curated dataset with its version, sizes and licence."""
    text = suite.paper("all").replace("\n", " ")

    assert text.startswith(f"The TinyTorch suite has {len(suite.curated())} datasets")
    for dataset in suite.curated():
        size = " + ".join(f"{split.n_samples:,}" for split in dataset.splits)
        assert f"{dataset.title} {dataset.version} ({size}" in text


def test_each_tiny_dataset_stands_beside_the_full_one_of_its_shape() -> None:
    """As the experiments have them, with the same model; what was not measured says so."""
    table = stairs.table("all")

    assert [(tiny.dataset, full.dataset) for tiny, full in stairs.steps()][:2] == [
        ("tinymnist", "mnist"),
        ("tinycifar", "cifar10"),
    ]
    for step in stairs.steps():
        for side in step:
            dataset = catalog.info(side.dataset)
            (row,) = re.findall(rf"^\| {dataset.title} \| .*$", table, re.M)
            assert f"| {dataset.splits[0].n_samples:,} |" in row
            if "not measured | not measured | not measured" in row:
                assert re.search(rf"^.*{dataset.title}.*: not measured", table, re.M)


def test_what_is_stated_of_a_tiny_dataset_is_what_training_gives() -> None:
    """The step that takes no time is trained again; rounding may move a few samples."""
    (tiny, _), *_ = stairs.steps()
    (stated,) = re.findall(
        rf"^\| {catalog.info(tiny.dataset).title} \|.*? accuracy ([\d.]+)% \| [^|]+ \|$", stairs.table("all"), re.M
    )

    assert 100 * train(tiny, stairs.SEED, lambda _line: None).value == pytest.approx(float(stated), abs=2)


def test_the_matrix_that_is_kept_has_every_model_and_no_problem() -> None:
    """And one that breaks a promise is not kept."""
    kept = matrix.kept()

    assert [rows[0].dataset for rows in by_model(kept)] == [dataset for dataset, _ in EXPERIMENTS]
    assert problems(kept) == []
    found = {name: catalog.info(name).fingerprint for name in matrix.measured_on()}
    assert matrix.measured_on() == found, "run `python -m docs.tools.matrix`"
    for row in kept.rows:
        assert f"| {row.level} | {row.size_bytes:,} |" in matrix.table("all")
    with pytest.raises(AssertionError, match="expected"):
        matrix.record(replace(kept, rows=(replace(kept.rows[0], value=0.1), *kept.rows[1:])))
