"""Specification of the cases of datasets and loaders: each fault by its code, with how many of how many came."""

from __future__ import annotations

import planted_loaders
import pytest
from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C
from planted import Planted, assert_named, changed

LOADER = "core/dataloader.py"


@pytest.mark.parametrize("planted", planted_loaders.PLANTED, ids=lambda planted: planted.name)
def test_a_mistake_is_named(planted: Planted, install: Install) -> None:
    """In every operation that shows it, and by its code in the one that shows it best."""
    assert_named(planted, install)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"yield tuple(": "yield list("},
        {"random.shuffle(order)": "np.random.default_rng().shuffle(order)"},
        {"Tensor(tensor.data[index]) for tensor in": "tensor[index] for tensor in"},
    ],
    ids=["as TinyTorch's", "batches are lists", "NumPy shuffles", "tensors are indexed"],
)
def test_a_right_loader_is_not_accused(changes: dict[str, str], install: Install) -> None:
    """Whatever shuffles, and whatever holds a batch."""
    text = changed(planted_loaders.LOADER, changes)
    install({**GENERATION_C, LOADER: text})

    report = check_here(only=["dataloader"])

    assert {name: result.detail for name, result in wrong(report).items()} == {}
    assert {result.name: result.notes for result in report.results if result.notes} == {}


def test_a_loader_says_how_many_samples_came(install: Install) -> None:
    """As that is what someone looks for who lost some."""
    (planted,) = (planted for planted in planted_loaders.PLANTED if planted.code == "LOADER-LAST-BATCH")
    install(planted.package)

    detail = wrong(check_here(only=["loader-in-order"]))["loader-in-order"].detail

    assert detail.startswith('"first epoch: every sample comes once" is not true: 288 of 300 came')


def test_a_loader_without_a_length_has_a_note(install: Install) -> None:
    """It may be right all the same."""
    text = planted_loaders.LOADER
    head, tail = text.split("class DataLoader:")
    start, end = tail.index("    def __len__"), tail.index("    def __iter__")
    install({**GENERATION_C, LOADER: f"{head}class DataLoader:{tail[:start]}{tail[end:]}"})

    report = check_here(only=["loader-in-order"])

    assert wrong(report) == {}
    assert report.results[0].notes == ("the loader has no len()",)
