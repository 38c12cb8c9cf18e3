"""Specification of the benchmarks: they run, and compare like with like. Their figures are for people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import hub_loading, loading, torch_loading, training
from benchmarks.timing import report
from tinytorch_hf import load, load_tinydigits
from tinytorch_hf.hub import parquet


def test_the_report_gives_ratios() -> None:
    """Against the baseline that is named."""
    assert report("title", {"a": 0.002, "b": 0.004}, "a").splitlines()[2].split() == ["b", "4.000", "ms", "2.00", "x"]


def test_both_roads_of_the_loading_benchmark_give_the_same_arrays() -> None:
    """A bare pickle.load is what it is compared with."""
    train, _ = loading.bare_pickle_load()

    assert np.array_equal(train["images"], load_tinydigits()[0])
    assert loading.scikit_learn().images.shape == (1797, 8, 8)
    assert 0 < loading.first_load_seconds(loading.OUR_FIRST_LOAD, n_processes=1) < 60


@pytest.mark.parametrize(("dataset", "model_name"), training.TASKS)
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

    for name, road in torch_loading.roads(tmp_path).items():
        batches = [tuple(batch.values()) if isinstance(batch, dict) else batch for batch in road()]
        pixels = torch.cat([torch.as_tensor(batch[0]).flatten().float() for batch in batches])
        assert len(pixels) == 784_000, name
        assert np.isclose(float(pixels.double().sum()) / (255 if pixels.max() > 1 else 1), ink), name
        assert sorted(torch.cat([torch.as_tensor(batch[1]).flatten() for batch in batches]).tolist()) == labels, name


def test_both_classes_of_the_single_samples_are_walked_through(tmp_path: Path) -> None:
    """1000 samples each."""
    assert {len(list(road())) for road in torch_loading.single_samples(tmp_path).values()} == {1000}
