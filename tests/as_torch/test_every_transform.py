"""Specification of images under every transform of torchvision: exact floats, exact bytes, or refused; never black."""

from __future__ import annotations

import contextlib
import copy
import enum
import io
import pickle
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms as v1
from torchvision import tv_tensors
from torchvision.transforms import v2

from tinytorch_hf import Digits8x8, TinyDigits, TinyMNIST
from tinytorch_hf.as_torch.unit_image import UnitImage
from tinytorch_hf.data.loaders import unit_range

# What a transform of an image of floats equals, bit for bit: the same transform ...
TENSOR = "of the exact float tensor"
FLOATS = "of Pillow's image of the same floats"
BYTES = "of Pillow's image of bytes, rint(255 * pixel)"
EITHER = "of one of Pillow's two images, whatever it drew"
# or it is refused, as it is for every PIL image.
REFUSED = "refused"

Row = tuple[Callable[[], Any], str]


def in_both(m: Any) -> dict[str, list[Row]]:
    """Transforms of both generations, each with what its result equals."""
    nearest, bilinear = m.InterpolationMode.NEAREST, m.InterpolationMode.BILINEAR
    return {
        "AugMix": [(m.AugMix, BYTES)],
        "AutoAugment": [(m.AutoAugment, EITHER), (lambda: m.AutoAugment(m.AutoAugmentPolicy.SVHN), EITHER)],
        "CenterCrop": [(lambda: m.CenterCrop(4), TENSOR), (lambda: m.CenterCrop((40, 41)), TENSOR)],
        "ColorJitter": [(lambda: m.ColorJitter(0.5, 0.5, 0.5, 0.2), BYTES)],
        "Compose": [(lambda: m.Compose([m.Pad(1), m.RandomHorizontalFlip(1.0)]), TENSOR)],
        "ElasticTransform": [(lambda: m.ElasticTransform(5.0, 1.0), TENSOR)],
        "FiveCrop": [(lambda: m.FiveCrop(3), TENSOR)],
        "GaussianBlur": [(lambda: m.GaussianBlur(3), TENSOR)],
        "Grayscale": [(m.Grayscale, TENSOR), (lambda: m.Grayscale(3), BYTES)],
        "Lambda": [(lambda: m.Lambda(lambda image: image), TENSOR)],
        "LinearTransformation": [(lambda: m.LinearTransformation(torch.eye(64), torch.zeros(64)), REFUSED)],
        "Normalize": [(lambda: m.Normalize([0.5], [0.5]), REFUSED)],
        "PILToTensor": [(m.PILToTensor, TENSOR)],
        "Pad": [
            (lambda: m.Pad([1, 2, 0, 3]), TENSOR),
            (lambda: m.Pad(2, padding_mode="edge"), TENSOR),
            (lambda: m.Pad(2, padding_mode="reflect"), TENSOR),
        ],
        "RandAugment": [(m.RandAugment, EITHER), (lambda: m.RandAugment(magnitude=25), EITHER)],
        "RandomAdjustSharpness": [(lambda: m.RandomAdjustSharpness(2, p=1.0), BYTES)],
        "RandomAffine": [(lambda: m.RandomAffine(30, (0.1, 0.1), (0.9, 1.1), 10, interpolation=bilinear), FLOATS)],
        "RandomApply": [(lambda: m.RandomApply([m.RandomInvert(1.0)]), EITHER)],
        "RandomAutocontrast": [(lambda: m.RandomAutocontrast(p=1.0), BYTES)],
        "RandomChoice": [(lambda: m.RandomChoice([m.Pad(1), m.RandomInvert(1.0)]), EITHER)],
        "RandomCrop": [(lambda: m.RandomCrop(5, padding=2), TENSOR)],
        "RandomEqualize": [(lambda: m.RandomEqualize(p=1.0), BYTES)],
        "RandomGrayscale": [(lambda: m.RandomGrayscale(p=1.0), TENSOR)],
        "RandomHorizontalFlip": [(lambda: m.RandomHorizontalFlip(p=1.0), TENSOR)],
        "RandomInvert": [(lambda: m.RandomInvert(p=1.0), BYTES)],
        "RandomOrder": [(lambda: m.RandomOrder([m.Pad(1), m.RandomInvert(1.0)]), BYTES)],
        "RandomPerspective": [(lambda: m.RandomPerspective(p=1.0), FLOATS)],
        "RandomPosterize": [(lambda: m.RandomPosterize(3, p=1.0), BYTES)],
        "RandomResizedCrop": [(lambda: m.RandomResizedCrop(6), FLOATS)],
        "RandomRotation": [
            (lambda: m.RandomRotation(30, nearest, expand=True), FLOATS),
            (lambda: m.RandomRotation(30, bilinear), FLOATS),
        ],
        "RandomSolarize": [(lambda: m.RandomSolarize(128, p=1.0), BYTES)],
        "RandomVerticalFlip": [(lambda: m.RandomVerticalFlip(p=1.0), TENSOR)],
        "Resize": [(lambda: m.Resize(12), FLOATS), (lambda: m.Resize(5, bilinear), FLOATS)],
        "TenCrop": [(lambda: m.TenCrop(3), TENSOR)],
        "ToTensor": [(m.ToTensor, TENSOR)],
        "TrivialAugmentWide": [(m.TrivialAugmentWide, EITHER)],
    }


FIRST = {
    **in_both(v1),
    "ConvertImageDtype": [(lambda: v1.ConvertImageDtype(torch.float32), REFUSED)],
    "RandomErasing": [(lambda: v1.RandomErasing(p=1.0), REFUSED)],
    "ToPILImage": [(v1.ToPILImage, REFUSED)],
}
SECOND = {
    **in_both(v2),
    # What is not for PIL images leaves them as they are.
    "ClampBoundingBoxes": [(v2.ClampBoundingBoxes, TENSOR)],
    "ClampKeyPoints": [(v2.ClampKeyPoints, TENSOR)],
    "ConvertBoundingBoxFormat": [(lambda: v2.ConvertBoundingBoxFormat("XYXY"), TENSOR)],
    "ConvertImageDtype": [(lambda: v2.ConvertImageDtype(torch.float32), TENSOR)],
    "CutMix": [(lambda: v2.CutMix(num_classes=10), REFUSED)],
    "GaussianNoise": [(v2.GaussianNoise, REFUSED)],
    "Identity": [(v2.Identity, TENSOR)],
    "JPEG": [(lambda: v2.JPEG(50), BYTES)],
    "MixUp": [(lambda: v2.MixUp(num_classes=10), REFUSED)],
    "RGB": [(v2.RGB, BYTES)],
    "RandomChannelPermutation": [(v2.RandomChannelPermutation, BYTES)],
    "RandomErasing": [(lambda: v2.RandomErasing(p=1.0), TENSOR)],
    "RandomIoUCrop": [(v2.RandomIoUCrop, REFUSED)],
    "RandomPhotometricDistort": [(lambda: v2.RandomPhotometricDistort(p=1.0), BYTES)],
    "RandomResize": [(lambda: v2.RandomResize(5, 12), FLOATS)],
    "RandomShortestSize": [(lambda: v2.RandomShortestSize(11), FLOATS)],
    "RandomZoomOut": [(lambda: v2.RandomZoomOut(p=1.0), TENSOR)],
    "SanitizeBoundingBoxes": [(v2.SanitizeBoundingBoxes, REFUSED)],
    "SanitizeKeyPoints": [(v2.SanitizeKeyPoints, REFUSED)],
    "ScaleJitter": [(lambda: v2.ScaleJitter((10, 10)), FLOATS)],
    "SetClampingMode": [(lambda: v2.SetClampingMode("soft"), TENSOR)],
    "ToDtype": [(lambda: v2.ToDtype(torch.float32, scale=True), TENSOR)],
    "ToImage": [(v2.ToImage, TENSOR)],
    "ToPILImage": [(v2.ToPILImage, TENSOR)],
    "ToPureTensor": [(v2.ToPureTensor, TENSOR)],
    "Transform": [(v2.Transform, REFUSED)],
    "UniformTemporalSubsample": [(lambda: v2.UniformTemporalSubsample(1), TENSOR)],
}
ROWS = {
    f"{generation.__name__.split('.')[-1]} {name} {number}": row
    for generation, table in ((v1, FIRST), (v2, SECOND))
    for name, rows in table.items()
    for number, row in enumerate(rows)
}
EVERY_ROW = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)


def with_data(dataset: Any, data: torch.Tensor) -> Any:
    """A dataset with other images."""
    dataset.data = data
    return dataset


OF_FLOATS = {
    "TinyDigits": TinyDigits(),
    "Digits8x8": Digits8x8(),
    # As a registered dataset may have them: any float32, not square.
    "a user's": with_data(TinyDigits(), torch.rand(20, 9, 7, generator=torch.Generator().manual_seed(0))),
}
IN_BYTES = {
    "TinyMNIST": TinyMNIST(train=False),
    # As CIFAR10 and TinyCIFAR have them.
    "in colour": with_data(
        TinyMNIST(), torch.randint(256, (20, 16, 16, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    ),
}


@contextlib.contextmanager
def drawing_from(seed: int) -> Iterator[None]:
    """Random numbers of torch and of the standard library from a seed; what they were before comes back."""
    before = random.getstate()
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed, which writes down for each device that is not there from where it was called.
        torch.default_generator.manual_seed(seed)
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(before)


def applied(transform: Any, image: Any, seed: int) -> list[Any]:
    """The images that a transform makes of one."""
    with drawing_from(seed):
        result = transform(image)
    return list(result) if isinstance(result, tuple) else [result]


def values(image: Any) -> np.ndarray[Any, Any]:
    """An image as (channels, height, width) float32 in [0, 1], whatever holds it."""
    if isinstance(image, torch.Tensor):
        return unit_range(image.numpy())
    pixels = unit_range(np.asarray(image))
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def to_bytes(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Floats as an image of bytes has them."""
    return np.rint(np.clip(pixels, 0, 1) * np.float32(255)).astype(np.uint8)


def same(images: list[Any], expected: list[Any]) -> bool:
    """Whether these are the same images, bit for bit."""
    return len(images) == len(expected) and all(map(np.array_equal, map(values, images), map(values, expected)))


def saved(image: Image.Image) -> Image.Image:
    """An image read back from its file."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return Image.open(stream)


# How an image is looked at: each as bytes, of one channel or three.
LOOKED_AT = {
    "Grayscale(3)": v1.Grayscale(3),
    "v2.RGB()": v2.RGB(),
    "convert('RGB')": lambda image: image.convert("RGB"),
    "convert('L')": lambda image: image.convert("L"),
    "saved": saved,
    "pickled": lambda image: pickle.loads(pickle.dumps(image)).convert("RGB"),
    "deeply copied": lambda image: copy.deepcopy(image).convert("RGB"),
    "in a Compose": v1.Compose([v2.Pad(0), v1.RandomApply([v1.Grayscale(3)], p=1.0), v1.ToTensor()]),
}


def expected_of(expectation: str, transform: Any, floats: np.ndarray[Any, Any], seed: int) -> list[list[Any]]:
    """What a transform of the image of these floats may be."""
    if expectation == TENSOR:
        return [applied(transform, to_exact_tensor(transform, floats), seed)]
    kinds = {FLOATS: [floats], BYTES: [to_bytes(floats)], EITHER: [floats, to_bytes(floats)]}
    possible = []
    for pixels in kinds[expectation]:
        # Pillow and torchvision refuse floats where only bytes can be meant.
        with contextlib.suppress(OSError, ValueError) if pixels is floats else contextlib.nullcontext():
            possible.append(applied(transform, Image.fromarray(pixels), seed))
    return possible


def to_exact_tensor(transform: Any, floats: np.ndarray[Any, Any]) -> Any:
    """Floats as a transform takes tensors; as Pillow's image where it makes one of these."""
    if isinstance(transform, (v1.ToTensor, v1.PILToTensor, v2.PILToTensor, v2.ToTensor, v2.ToPILImage)):
        return Image.fromarray(floats)
    return (tv_tensors.Image if isinstance(transform, v2.Transform) else torch.tensor)(floats[None])


@pytest.mark.parametrize(("generation", "table"), [(v1, FIRST), (v2, SECOND)], ids=["v1", "v2"])
def test_the_table_has_every_transform(generation: Any, table: dict[str, list[Row]]) -> None:
    """A transform that a new torchvision brings needs a row."""
    classes = {name for name, found in vars(generation).items() if isinstance(found, type) and name[0] != "_"}
    enums = {name for name in classes if issubclass(getattr(generation, name), enum.Enum)}

    assert set(table) == classes - enums


@EVERY_ROW
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_transform_of_an_image_of_floats_is_exact_or_of_bytes_or_refused(row: Row) -> None:
    """And its result, looked at in any way, is `rint(255 * pixel)`: nothing turns black."""
    make, expectation = row
    transform = make()
    for seed, (name, dataset) in enumerate(OF_FLOATS.items()):
        image, floats = dataset[seed][0], dataset.data[seed].numpy()
        if expectation == REFUSED:
            for refused in (image, Image.fromarray(to_bytes(floats))):
                with pytest.raises((TypeError, ValueError, NotImplementedError, AttributeError)):
                    applied(transform, refused, seed)
            continue

        images = applied(transform, image, seed)

        possible = expected_of(expectation, transform, floats, seed)
        assert any(same(images, expected) for expected in possible), name
        assert np.array_equal(values(image)[0], floats), "the image that went in is left as it was"
        for result in images[:2]:
            if isinstance(result, Image.Image):
                look_right(result)


def look_right(image: Image.Image) -> None:
    """One channel stays exact floats; looked at, it is bytes."""
    assert isinstance(image, UnitImage) == (len(image.getbands()) == 1)
    expected = to_bytes(values(image))[:1]
    for name, look in LOOKED_AT.items():
        found = to_bytes(values(look(image)))
        assert np.array_equal(found, np.broadcast_to(expected, (len(found), *expected.shape[1:]))), name


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("dataset", IN_BYTES.values(), ids=IN_BYTES)
def test_images_of_bytes_are_as_torchvision_alone_has_them(dataset: Any) -> None:
    """Of TinyMNIST and of datasets in colour: Pillow's own images, before and after, never black."""
    image = dataset[0][0]
    assert type(image) is Image.Image
    for name, (make, expectation) in ROWS.items():
        if expectation == REFUSED:
            continue
        for result in applied(make(), image, 0)[:2]:
            if isinstance(result, Image.Image):
                assert type(result) is Image.Image, name
                assert all(values(look(result)).any() == values(result).any() for look in LOOKED_AT.values()), name
