"""Which transforms give the same numbers on all images at once as on one image after the other."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch

from tinytorch_hf.data.loaders import unit_range

_PIXEL_TYPES = (torch.uint8, torch.float32)


def as_pixels(data: Any) -> torch.Tensor | None:
    """Images as `on_all_images` takes them, sharing their memory; None if they are of another kind."""
    if isinstance(data, np.ndarray) and data.dtype in (np.uint8, np.float32) and data.flags.c_contiguous:
        # PyTorch warns of memory that it must not write to.
        data = torch.from_numpy(data) if data.flags.writeable else None
    if not isinstance(data, torch.Tensor) or data.dtype not in _PIXEL_TYPES or data.device.type != "cpu":
        return None
    in_colour = data.ndim == 4 and data.shape[3] == 3 and data.dtype == torch.uint8
    return data if data.ndim == 3 or in_colour else None


def on_all_images(images: torch.Tensor, transform: Any) -> torch.Tensor | None:
    """What a transform makes of every image, where that can be said without applying it to each.

    Parameters
    ----------
    images
        (N, height, width), uint8 or float32, or (N, height, width, 3) uint8; they are not changed.
    transform
        None for float32 in [0, 1]; or one of torchvision's ``ToTensor``, ``PILToTensor`` and ``ToImage``,
        alone or followed by ``ToDtype``, ``ConvertImageDtype``, ``ToPureTensor`` and ``Normalize``. These work on
        each pixel for itself and draw nothing at random, so all images at once give the same bits.

    Returns
    -------
    Tensor or None
        (N, 1 or 3, height, width), of the class and dtype that the transform gives a single image; it may share
        memory with ``images``. None if the transform has to see each image.
    """
    stacked = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()
    if transform is None:
        return _unit_range(stacked)
    v1, v2 = _torchvision()
    if v1 is None:
        return None
    first, *others = steps(transform) or [None]
    pixelwise = _classes(v1, v2, "Normalize", "ConvertImageDtype", "ToDtype", "ToPureTensor")
    if not all(type(step) in pixelwise for step in others):
        return None
    if type(first) in _classes(v1, v2, "ToTensor"):
        if torch.get_default_dtype() is not torch.float32:
            return None
        everything = _unit_range(stacked)
    elif type(first) in _classes(v1, v2, "PILToTensor"):
        everything = stacked
    elif v2 is not None and type(first) is v2.ToImage:
        everything = sys.modules["torchvision.tv_tensors"].Image(stacked)
    else:
        return None
    # Normalize(inplace=True) would write into the dataset.
    everything = everything.clone() if others else everything
    for step in others:
        everything = step(everything)
    return everything


def _unit_range(images: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(unit_range(images.numpy())) if images.dtype == torch.uint8 else images


def _classes(v1: Any, v2: Any, *names: str) -> list[type]:
    """The classes of these names in both generations of torchvision's transforms."""
    return [getattr(module, name) for module in (v1, v2) for name in names if hasattr(module, name)]


def _torchvision() -> tuple[Any, Any]:
    """Both generations of torchvision's transforms, None where they are not imported: then none can be met."""
    return sys.modules.get("torchvision.transforms"), sys.modules.get("torchvision.transforms.v2")


def steps(transform: Any) -> list[Any]:
    """A transform as the single steps that it is composed of, in order; none for None."""
    if transform is None:
        return []
    if type(transform) not in _classes(*_torchvision(), "Compose"):
        return [transform]
    return [step for part in transform.transforms for step in steps(part)]
