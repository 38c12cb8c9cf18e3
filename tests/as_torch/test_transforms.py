"""Specification of tinytorch_hf.as_torch.transforms: all images at once, only where each alone gives the same bits."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torchvision
from conftest import Run
from torchvision.transforms import v2

from tinytorch_hf import TinyDigits, TinyMNIST
from tinytorch_hf.as_torch.transforms import on_all_images

v1 = torchvision.transforms

PIXELWISE = {
    "v1 ToTensor": v1.ToTensor(),
    "v1 Compose(ToTensor)": v1.Compose([v1.ToTensor()]),
    "v1 Normalize": v1.Compose([v1.ToTensor(), v1.Normalize((0.1307,), (0.3081,))]),
    "v1 Normalize in place": v1.Compose([v1.ToTensor(), v1.Normalize((0.1307,), (0.3081,), inplace=True)]),
    "v1 PILToTensor": v1.PILToTensor(),
    "v1 ConvertImageDtype": v1.Compose([v1.PILToTensor(), v1.ConvertImageDtype(torch.float32)]),
    "v2 ToImage": v2.ToImage(),
    "v2 ToDtype": v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]),
    "v2 unscaled": v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32)]),
    "v2 nested": v2.Compose(
        [v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]), v2.Normalize([0.5], [0.5])]
    ),
    "v2 Normalize in place": v2.Compose(
        [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.5], inplace=True)]
    ),
    "v2 PILToTensor": v2.Compose([v2.PILToTensor(), v2.ToDtype(torch.float16, scale=True)]),
    "v2 ToPureTensor": v2.Compose([v2.ToImage(), v2.ToPureTensor()]),
    "v1 and v2": v1.Compose([v1.ToTensor(), v2.Normalize([0.5], [0.5])]),
}


class ToTensorAndMore(v1.ToTensor):
    """A subclass may do anything."""


OTHERS = {
    "a function": lambda image: image,
    "random": v1.Compose([v1.RandomCrop(28), v1.ToTensor()]),
    "random after": v1.Compose([v1.ToTensor(), v1.RandomErasing()]),
    "spatial": v2.Compose([v2.ToImage(), v2.Resize(4), v2.ToDtype(torch.float32)]),
    "subclass": ToTensorAndMore(),
    "nothing": v1.Compose([]),
    "no tensor": v2.Compose([v2.Normalize([0.5], [0.5])]),
    "Sequential": torch.nn.Sequential(v2.ToImage()),
}


@pytest.mark.parametrize("dataset_class", [TinyDigits, TinyMNIST])
@pytest.mark.parametrize("transform", PIXELWISE.values(), ids=PIXELWISE)
def test_all_images_at_once_are_each_image_alone(dataset_class: Any, transform: Any) -> None:
    """Bits, dtype and class of tensor; and the images that went in are left as they were."""
    dataset = dataset_class(train=False, transform=transform)
    before = dataset.data.clone()

    at_once = on_all_images(dataset.data, transform)

    assert at_once is not None
    assert torch.equal(dataset.data, before)
    for index in range(0, 200, 7):
        alone, _ = dataset[index]
        assert (type(alone), alone.dtype) == (type(at_once), at_once.dtype)
        assert torch.equal(alone, at_once[index])


@pytest.mark.parametrize("transform", OTHERS.values(), ids=OTHERS)
def test_what_must_see_each_image_is_left_to_do_so(transform: Any) -> None:
    """Anything random, spatial, or not known to work on each pixel for itself."""
    assert on_all_images(TinyMNIST().data, transform) is None


def test_without_a_transform_images_are_float32_in_unit_range() -> None:
    """Bytes divided by 255; floats as they are, without a copy."""
    digits, mnist = TinyDigits().data, TinyMNIST().data

    floats = on_all_images(digits, None)
    scaled = on_all_images(mnist, None)

    assert floats is not None
    assert scaled is not None
    assert (floats.shape, floats.data_ptr()) == ((1000, 1, 8, 8), digits.data_ptr())
    assert (scaled.dtype, float(scaled.max())) == (torch.float32, 1.0)
    assert torch.equal((scaled * 255).round().to(torch.uint8).squeeze(1), mnist)


def test_another_default_dtype_is_followed() -> None:
    """ToTensor() divides bytes in torch's default dtype, so that batches cannot come from float32."""
    torch.set_default_dtype(torch.float64)
    try:
        assert on_all_images(TinyMNIST().data, v1.ToTensor()) is None
        assert TinyMNIST(transform=v1.ToTensor()).__getitems__([0])[0][0].dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_looking_at_a_transform_imports_nothing(run_with_torch: Run) -> None:
    """A transform of torchvision's can only come from where torchvision was imported."""
    program = (
        "import sys, torch\nfrom tinytorch_hf.as_torch.transforms import on_all_images\n"
        "print(on_all_images(torch.zeros(2, 3, 3), lambda image: image), 'torchvision' in sys.modules)"
    )

    assert run_with_torch("-c", program).stdout == "None False\n"
