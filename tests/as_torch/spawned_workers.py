"""Workers of torch's DataLoader that are spawned, each with its own torch, for `nox -s longer`."""

from __future__ import annotations

import torch
from test_images import served, to_tensor

from tinytorch_hf import TinyMNIST
from tinytorch_hf.data.loaders import unit_range


def test_spawned_workers_give_the_same() -> None:
    """The dataset travels by pickle; those that are forked from a server get it likewise."""
    dataset = TinyMNIST(train=False, transform=to_tensor)

    images, labels = served(dataset, num_workers=1, multiprocessing_context="spawn")

    assert torch.equal(images, torch.from_numpy(unit_range(dataset.data.numpy())))
    assert torch.equal(labels, dataset.targets)
