"""Specification of what no machine may change: the bytes of a set, with the oldest NumPy and the newest."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from array_source import cut

from tinytorch_hf import catalog
from tinytorch_hf.curation.making import made
from tinytorch_hf.curation.planning import Plan
from tinytorch_hf.curation.reducing import Engine
from tinytorch_hf.curation.sources.opening import Opened
from tinytorch_hf.curation.wish import Wish

NAME = "pinned_bars"
PINNED = {
    "selection.csv": "4860f49052bc6e38deaa25726871b8fa8f30383ead6c38dec19116927f583d7a",
    "train.npz": "6b62cf20d76e7d12adfaa2bf47fc993cb4284383e68acc182672443e85d58ea4",
    "test.npz": "b9a6559ed502f1969146e859d2ee3d8fd2cb1af07201442d2abe915e0526a561",
}


@pytest.fixture(autouse=True)
def forgotten():  # type: ignore[no-untyped-def]
    """No other test finds the set in the catalogue."""
    yield
    catalog.forget(NAME)


def bars(n_per_class: int = 40) -> tuple[np.ndarray, list[str]]:
    """Bright bars at one of three places, under noise that no generator of a release draws."""
    n = 3 * n_per_class
    noise = np.arange(n * 64, dtype=np.int64) * 7919 % 104_729 % 120
    images = noise.reshape(n, 8, 8)
    for number, image in enumerate(images):
        image[2 * (number % 3) + 1 : 2 * (number % 3) + 3] += 130
    return images.astype(np.uint8), [("left", "mid", "right")[number % 3] for number in range(n)]


def test_every_numpy_gives_these_bytes(tmp_path: Path) -> None:
    """They stand here, so that nox holds the oldest and the newest release against them."""
    plan = Plan(
        Opened(cut(*bars(), 3)),
        tmp_path / "out",
        Wish(6, 2, 8, 0.995, is_proven=False),
        {"name": NAME, "license": "MIT"},
    )
    folder = made(plan, engine=Engine(1)).folder
    assert {name: sha256((folder / name).read_bytes()).hexdigest() for name in PINNED} == PINNED
