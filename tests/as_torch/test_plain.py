"""Specification of tinytorch_hf.as_torch.tensors, the road into torch that needs no torchvision."""

from __future__ import annotations

import pytest
import torch
from conftest import Run

from tinytorch_hf import as_torch, catalog, load
from tinytorch_hf.data.loaders import unit_range
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError

IMAGES = [name for name in catalog.shipped_names() if catalog.info(name).kind == "images"]


@pytest.mark.parametrize("name", IMAGES)
def test_a_split_is_a_tensor_dataset_of_exact_images(name: str) -> None:
    """Images (N, 1, height, width) float32 and labels (N,) int64."""
    for split, expected in load(name).items():
        images, labels = as_torch.tensors(name, split).tensors

        assert torch.equal(images, torch.from_numpy(unit_range(expected["images"])).unsqueeze(1))
        assert torch.equal(labels, torch.from_numpy(expected["labels"]))
        assert (images.dtype, labels.dtype) == (torch.float32, torch.int64)


def test_wrong_names_are_explained() -> None:
    """Dataset and split alike, and a dataset that has no images."""
    with pytest.raises(UnknownNameError, match="tinydigits"):
        as_torch.tensors("tinydigit")
    with pytest.raises(UnknownNameError, match="Known: train, test"):
        as_torch.tensors("tinydigits", "val")
    with pytest.raises(InvalidArgumentError, match=r"in PyTorch tinytorch_hf\.dataset_class\('tinytalks'\)"):
        as_torch.tensors("tinytalks")


def test_this_road_imports_torch_alone(run_with_torch: Run) -> None:
    """torchvision costs seconds, datasets one more; neither tensors nor texts, loader or subsets need them."""
    program = (
        "import sys\nfrom tinytorch_hf import as_torch\ndigits = as_torch.tensors('tinymnist')\n"
        "next(iter(as_torch.DataLoader(digits)))\nas_torch.TinyTalks(block_size=8)[0]\n"
        "as_torch.stratified_split(digits, [0.5, 0.5], 0)\n"
        "print([name for name in ('torchvision', 'datasets', 'PIL', 'pandas') if name in sys.modules])"
    )

    assert run_with_torch("-c", program).stdout == "[]\n"


def test_names_that_are_not_there_are_said() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="has no attribute 'TinyDigit'"):
        as_torch.TinyDigit  # noqa: B018 -- the access is what is tested
