"""Specification of the benchmarks: they run, and compare like with like. Their figures are for people."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from seeds import examples

from benchmarks import (
    bridge,
    cold,
    growth,
    hub_loading,
    installed,
    loading,
    many_digits,
    memory,
    plots,
    results,
    tinify,
    torch_loading,
    training,
    verdicts,
)
from benchmarks.timing import Table, as_markdown, as_text
from docs.tools import blocks
from docs.tools.cards import documents
from tinytorch_hf import load, load_tinydigits
from tinytorch_hf.curation.mapping import Reading, facts_of
from tinytorch_hf.curation.sources.opening import open_source
from tinytorch_hf.hub import parquet


def test_ratios_are_of_measurements_of_the_same_turn() -> None:
    """A turn in which the machine was slow for all of them changes no ratio."""
    table = Table("n", "Title", "a", {"a": [0.001, 0.100, 0.001], "b": [0.002, 0.200, 0.003]})

    assert table.ratio("b") == pytest.approx((2.0, 2.0, 2.5))
    assert table.rows()[1] == ("b", "3 ms", "2.00", "2.00 to 2.50")
    assert as_text(table).splitlines()[2].split() == ["b", "3", "ms", "2.00", "x", "2.00", "to", "2.50"]
    assert as_markdown(table).splitlines()[-1] == "| b | 3 ms | 2.00 | 2.00 to 2.50 |"


def test_documents_show_what_was_measured_last(checkout: Path) -> None:
    """RESULTS.md and every table quoted elsewhere are those of results.json."""
    kept = results.load()
    stated = json.loads(results.RESULTS.read_text(encoding="utf-8"))["machine"]

    assert results.MARKDOWN.read_text(encoding="utf-8") == results.markdown(kept, stated)
    for document in documents():
        text = document.read_text(encoding="utf-8")
        assert blocks.fill(text, "measured-table", lambda _kind, name: results.table(name)) == text


def test_every_plot_is_there() -> None:
    """One for each picture that the tables give."""
    names = {*plots.BARS, *plots.LINES}

    assert {path.stem for path in plots.PLOTS.glob("*.png")} == names


def test_imports_are_measured_of_what_each_road_begins_with(tmp_path: Path) -> None:
    """Ours against the others'; those that take no time are run."""
    programs = list(cold.import_programs().values())

    for program in programs[:4]:
        cold.process(program, tmp_path)()
    for library in ("torch", "torchvision", "sklearn", "datasets"):
        assert any(program.split()[-1 if program == "pass" else 1].split(".")[0] == library for program in programs)


@pytest.mark.parametrize("road", examples([0, 1], [4]))
def test_roads_from_a_cold_process_end_with_a_batch(road: int, tmp_path: Path) -> None:
    """With NumPy alone, bare NumPy, and scikit-learn; a program that fails would be an error."""
    cold.process(list(cold.digits_programs(tmp_path).values())[road], tmp_path)()


@pytest.mark.parametrize(
    "arguments", examples([["compare", "perceptron"]], [line for _, line in verdicts.COMMANDS.values()])
)
def test_a_command_with_another_verdict_would_not_be_measured(arguments: list[str], tmp_path: Path) -> None:
    """The reference's is right, and nothing but its exit status 0 ends the program well."""
    cold.process(verdicts.program(arguments, "recorded"), tmp_path)()

    with pytest.raises(subprocess.CalledProcessError):
        cold.process(verdicts.program([arguments[0], "--only", "nothing"], "recorded"), tmp_path)()


def test_loading_needs_little_memory() -> None:
    """Every program runs; how much each takes is for people, and for the claim of 15 MB."""
    base, *peaks = (memory.peak_mb(program) for program in memory.programs().values())

    assert all(peak - base < 15 for peak in peaks)


def test_every_road_of_the_growth_benchmark_sees_all_samples() -> None:
    """Whatever the batch size."""
    assert {road() for road in growth.roads(growth.dataset(1500), 64).values()} == {1500}


def test_every_road_into_tinytorch_sees_all_samples() -> None:
    """By hand, through the bridge and through its own DataLoader."""
    assert (bridge.by_hand(), bridge.through_bridge(), bridge.through_reference()) == (1000, 1000, 1000)


def test_requirements_are_followed_with_their_extras() -> None:
    """pytest's own requirements are found, and theirs; what is asked for is not counted."""
    found = installed.closure("hypothesis")

    assert "sortedcontainers" in found and "hypothesis" not in found
    assert installed.size_mb("numpy") > 10


def test_both_roads_of_the_loading_benchmark_give_the_same_arrays() -> None:
    """A bare pickle.load is what it is compared with."""
    train, _ = loading.bare_pickle_load()

    assert np.array_equal(train["images"], load_tinydigits()[0])
    assert loading.scikit_learn().images.shape == (1797, 8, 8)
    assert 0 < loading.first_load_seconds(loading.OUR_FIRST_LOAD) < 60


@pytest.mark.parametrize(("dataset", "model_name"), examples(training.TASKS[:-1], training.TASKS[-1:]))
def test_both_sides_of_the_training_benchmark_compute_the_same(dataset: str, model_name: str) -> None:
    """The same loss at the end of an epoch, and of another."""
    ours, theirs = training.reference_epoch(dataset, model_name), training.torch_epoch(dataset, model_name)

    for _ in range(2):
        assert ours() == pytest.approx(theirs(), abs=1e-3)


def test_every_road_through_hugging_face_gives_all_samples(tmp_path: Path) -> None:
    """Whatever way is timed, the same number of rows arrives."""
    folder = parquet.build("tinytalks", tmp_path)

    for road in hub_loading.roads("tinytalks", "text", folder).values():
        assert {name: len(split) for name, split in road().items()} == {"train": 245, "val": 53, "test": 52}


def test_every_road_of_the_torch_benchmark_gives_the_same_epoch(tmp_path: Path) -> None:
    """All 1000 images and labels, whatever the batches look like."""
    train = load("tinymnist")["train"]
    ink, labels = train["images"].sum() / 255, sorted(train["labels"].tolist())

    for name, road in [*torch_loading.roads(tmp_path).items(), *torch_loading.large_batches().items()]:
        batches = [tuple(batch.values()) if isinstance(batch, dict) else batch for batch in road()]
        pixels = torch.cat([torch.as_tensor(batch[0]).flatten().float() for batch in batches])
        assert len(pixels) == 784_000, name
        assert np.isclose(float(pixels.double().sum()) / (255 if pixels.max() > 1 else 1), ink), name
        assert sorted(torch.cat([torch.as_tensor(batch[1]).flatten() for batch in batches]).tolist()) == labels, name


def test_both_classes_of_the_single_samples_are_walked_through(tmp_path: Path) -> None:
    """1000 samples each."""
    assert {len(list(road())) for road in torch_loading.single_samples(tmp_path).values()} == {1000}


def test_a_longer_source_begins_with_the_shorter_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every hundredth image is a copy of the one before it."""
    monkeypatch.setattr(many_digits, "_N_AT_ONCE", 200)
    train = load("tinymnist", "train")
    of = (train["images"], train["labels"])
    few, many = list(many_digits.parts(130, of=of)), list(many_digits.parts(250, of=of))

    assert [len(labels) for _, labels in many] == [200, 50]
    assert all(np.array_equal(one, other[:130]) for one, other in zip(few[0], many[0], strict=True))
    assert np.array_equal(many[0][0][99], many[0][0][98]) and many[0][1][99] == many[0][1][98]
    assert len(np.unique(many[0][0].reshape(200, -1), axis=0)) == 198


@pytest.mark.parametrize(
    "form", examples(["npz", "Parquet, PNG"], ["Parquet, bytes", "Parquet, lists", "WebDataset, PNG"])
)
def test_every_form_holds_the_same_images(form: str, tmp_path: Path) -> None:
    """As `tinify` reads it, with the same labels."""
    train = load("tinymnist", "train")
    of = (train["images"], train["labels"])
    ((images, labels),) = many_digits.parts(40, of=of)
    np.savez(tmp_path / "expected.npz", images=images, labels=labels)
    many_digits.write(tmp_path / "found", form, 40, of=of)
    found = []
    for place in (tmp_path / "expected.npz", tmp_path / "found"):
        source = open_source(place).source
        (shard,) = source.shards()
        facts = [facts_of(Reading(source, 28), piece) for piece in source.pieces(shard)]
        found.append([(one.digest.tolist(), [one.classes[code] for code in one.label]) for one in facts])

    assert found[0] == found[1]


@pytest.mark.skipif(sys.platform != "linux", reason="memory that processes share is told by Linux alone")
def test_what_a_run_takes_is_that_of_all_of_its_processes(tmp_path: Path) -> None:
    """A program that has another one do its work."""
    work = "import time; held = bytearray(60_000_000); held[::4096] = bytes([1]) * len(held[::4096]); time.sleep(0.5)"
    seconds, most_mb = tinify.measured(
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}], check=True)", [], tmp_path
    )

    assert seconds > 0 and 60 < most_mb < 200
    with pytest.raises(subprocess.CalledProcessError):
        tinify.measured("raise SystemExit(1)", [], tmp_path)
