"""Specification of tinytorch_hf.as_torch.torchvision_kernels: images of floats are known, all else is as before."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import transforms as v1
from torchvision.transforms import v2

from tinytorch_hf import TinyDigits
from tinytorch_hf.as_torch import torchvision_kernels
from tinytorch_hf.as_torch.unit_image import UnitImage

F1, F2 = v1.functional, v2.functional

# Functions that users call themselves; each makes a new image, or asks for bytes.
OF_FLOATS = {
    "v1 pad": (F1.pad, {"padding": [1, 2, 3, 4]}),
    "v1 pad, mirrored": (F1.pad, {"padding": [2], "padding_mode": "symmetric"}),
    "v1 gaussian_blur": (F1.gaussian_blur, {"kernel_size": [3, 5]}),
    "v1 elastic_transform": (F1.elastic_transform, {"displacement": torch.full((1, 8, 8, 2), 0.1)}),
    "v1 to_grayscale": (F1.to_grayscale, {}),
    "v2 pad": (F2.pad, {"padding": [1, 2, 3, 4]}),
    "v2 gaussian_blur": (F2.gaussian_blur, {"kernel_size": [3, 5]}),
    "v2 elastic": (F2.elastic, {"displacement": torch.full((1, 8, 8, 2), 0.1)}),
    "v2 erase": (F2.erase, {"i": 1, "j": 2, "h": 3, "w": 4, "v": torch.tensor(0.5)}),
    "v2 rgb_to_grayscale": (F2.rgb_to_grayscale, {}),
}
OF_BYTES: dict[str, tuple[Any, dict[str, Any]]] = {
    f"{generation} {name}": (getattr(functional, name), arguments)
    for generation, functional in (("v1", F1), ("v2", F2))
    for name, arguments in {
        "adjust_brightness": {"brightness_factor": 1.3},
        "adjust_contrast": {"contrast_factor": 0.6},
        "adjust_gamma": {"gamma": 0.7},
        "adjust_hue": {"hue_factor": 0.2},
        "adjust_saturation": {"saturation_factor": 0.3},
        "adjust_sharpness": {"sharpness_factor": 2.0},
        "autocontrast": {},
        "equalize": {},
        "invert": {},
        "posterize": {"bits": 2},
        "solarize": {"threshold": 100},
    }.items()
}


def digit() -> tuple[UnitImage, torch.Tensor]:
    """An image and its floats (1, 8, 8)."""
    dataset = TinyDigits()
    return dataset[3][0], dataset.data[3:4]


@pytest.mark.parametrize(("function", "arguments"), OF_FLOATS.values(), ids=OF_FLOATS)
def test_functions_that_make_an_image_anew_keep_the_floats(function: Any, arguments: dict[str, Any]) -> None:
    """The bits that they make of the exact tensor, in an image that is not black when it is converted."""
    image, floats = digit()

    result = function(image, **arguments)

    assert type(result) is UnitImage
    expected = floats if "gray" in function.__name__ else function(floats, **arguments)
    assert np.array_equal(np.asarray(result), expected[0].numpy())
    assert np.array_equal(np.asarray(v1.Grayscale(3)(result))[..., 2], np.rint(np.asarray(result) * 255))


@pytest.mark.parametrize(("function", "arguments"), OF_BYTES.values(), ids=OF_BYTES)
def test_functions_that_ask_for_bytes_get_them(function: Any, arguments: dict[str, Any]) -> None:
    """The result is what they make of Pillow's image of bytes, as floats."""
    image, _ = digit()

    result = function(image, **arguments)

    assert type(result) is UnitImage
    assert np.array_equal(np.asarray(result.convert("L")), np.asarray(function(image.convert("L"), **arguments)))


def outcome(function: Any, *arguments: Any) -> Any:
    """What a function gives, or how it refuses."""
    try:
        result = function(*arguments)
    except Exception as error:
        return type(error), str(error)
    return type(result), result.mode, result.tobytes()


def test_functions_treat_other_images_as_before() -> None:
    """What was replaced gives for images of bytes, colours and floats what the original gives, or raises the same."""
    replaced = [
        (name, function)
        for module in (F1, F1.F_pil)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__code__.co_filename == torchvision_kernels.__file__
    ]
    colours = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5

    assert len(replaced) == 13
    for name, function in replaced:
        original = function.__wrapped__
        assert inspect.signature(function) == inspect.signature(original)
        more = [1] * (len(inspect.signature(function).parameters) > 1 and name != "to_pil_image")
        for pixels in (colours, colours[..., 0], colours[..., 0] / np.float32(300)):
            given = pixels if name == "to_pil_image" else Image.fromarray(pixels)
            assert outcome(function, given, *more) == outcome(original, given, *more)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("transform", [v1.GaussianBlur(3), v1.Pad([1])])
def test_torchscript_compiles_transforms_as_before(transform: Any) -> None:
    """It compiles the source of functions, so that those which it compiles must stay torchvision's."""
    compiled = torch.jit.script(transform)

    assert compiled(torch.zeros(3, 8, 8, dtype=torch.uint8)).dtype == torch.uint8


def test_a_sample_of_several_parts_is_transformed_in_its_image() -> None:
    """The second generation takes images with their labels."""
    image, _ = digit()

    with torch.random.fork_rng(devices=[]):
        for transform in (v2.Pad(1), v2.RandomInvert(1.0), v2.AugMix()):
            result, label = transform(image, 7)
            assert (type(result), label) == (UnitImage, 7)


def test_a_worker_gives_the_same_images() -> None:
    """As images, by pickle, and as tensors, after a chain that would be black without."""
    chain = v1.Compose([v1.Pad(1), v2.RandomInvert(1.0), v1.GaussianBlur(3, 1.0), v1.Grayscale(3)])
    dataset = TinyDigits(train=False)
    dataset.data = dataset.data[:4]
    alone = [dataset[index][0] for index in range(4)]

    with torch.random.fork_rng(devices=[]):
        (served,) = DataLoader(dataset, batch_size=4, num_workers=1, collate_fn=list)
        dataset.transform = chain
        (seen,) = DataLoader(dataset, batch_size=4, num_workers=1, collate_fn=list)
        expected = [chain(image) for image in alone]

    assert [image for image, _ in served] == alone
    assert [image for image, _ in seen] == expected
    assert all(image.getextrema()[0][1] > 100 for image, _ in seen)


def test_an_image_that_travels_alone_brings_the_knowledge_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process may get images by pickle, and never a dataset."""
    taught: list[bool] = []
    monkeypatch.setattr(torchvision_kernels, "teach", lambda: taught.append(True))
    image, _ = digit()

    again = pickle.loads(pickle.dumps(image))

    assert taught == [True]
    assert again == image


def test_a_torchvision_that_cannot_be_taught_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later release may have none of what is taught: then black images have been announced."""
    from torchvision.transforms.v2.functional import _utils

    monkeypatch.setattr(torchvision_kernels, "_teach_first_generation", lambda transforms: None)
    monkeypatch.delattr(_utils, "_KERNEL_REGISTRY")

    with pytest.warns(RuntimeWarning, match=r"Put ToTensor\(\) or v2\.ToImage\(\) before them"):
        torchvision_kernels.teach.__wrapped__()
