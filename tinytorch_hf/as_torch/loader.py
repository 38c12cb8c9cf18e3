"""A DataLoader that gathers a whole batch at once where PyTorch's would build it from single samples."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import default_collate

from tinytorch_hf.as_torch.gather import Kept, as_rows, take, whole_tensors
from tinytorch_hf.data.loaders import unit_range
from tinytorch_hf.errors import InvalidArgumentError


class DataLoader(torch.utils.data.DataLoader):
    """PyTorch's DataLoader, many times faster for datasets that are tensors in memory.

    It takes every argument of `torch.utils.data.DataLoader` and yields the same batches in the same order, for
    the same ``generator`` or global seed. A batch of this package's image classes is ``[images, labels]``: images
    (B, channels, height, width), float32 in [0, 1] where the dataset has no transform or ``ToTensor()``, and labels
    (B,) int64.

    Batches are gathered at once from this package's classes, from a TensorDataset, and from a Subset of
    these, in this process and with the default ``collate_fn``, unless a transform has to see each image on its own.
    Everything else goes PyTorch's way, to the same result.

    Parameters
    ----------
    dataset, *args, **kwargs
        As for `torch.utils.data.DataLoader`.
    device
        Where batches are wanted. What batches are gathered from is moved there once and stays.
    batch_transforms
        Called as ``batch_transforms(images, labels)`` with each batch, on ``device``; it returns both. Any transform of
        `torchvision.transforms.v2` is one, CutMix and MixUp included; a random one draws once for a batch.

    Raises
    ------
    InvalidArgumentError
        ``device`` or ``batch_transforms`` beside a ``collate_fn``, whose batches could be anything.
    ValueError
        PyTorch's own, for arguments that exclude each other.
    """

    def __init__(
        self,
        dataset: Any,
        *args: Any,
        device: str | torch.device | None = None,
        batch_transforms: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dataset, *args, **kwargs)
        self.collate_fn: Any = collate if self.collate_fn is default_collate else self.collate_fn
        self.device = None if device is None else torch.device(device)
        self.batch_transforms = batch_transforms
        self._on_device = Kept()
        if self.collate_fn is not collate and (device is not None or batch_transforms is not None):
            raise InvalidArgumentError(
                "device and batch_transforms need batches of the default form. "
                "Leave out collate_fn and give a batch_size, or do this in your loop."
            )

    def __iter__(self) -> Iterator[Any]:
        batches = self._gathered()
        if batches is None:
            batches = super().__iter__()
            if self.device is not None:
                batches = (_moved(batch, self.device) for batch in batches)
        if self.batch_transforms is not None:
            batches = (list(self.batch_transforms(*batch)) for batch in batches)
        return batches

    def _gathered(self) -> Iterator[list[torch.Tensor]] | None:
        """Batches gathered from whole tensors; None where that cannot be done."""
        if self.num_workers or self.pin_memory or self.timeout or self.collate_fn is not collate:
            return None
        found = whole_tensors(self.dataset)
        if found is None:
            return None
        tensors, rows = found
        if self.device is not None:
            tensors = self._on_device.get(tensors, lambda: [tensor.to(self.device) for tensor in tensors])
        order = iter(self.batch_sampler)
        # PyTorch draws a seed for its workers here, even without any; what is drawn after it must stay the same.
        torch.empty((), dtype=torch.int64).random_(generator=self.generator)
        return _batches(tensors, rows, order)


def _batches(
    tensors: tuple[torch.Tensor, ...], rows: torch.Tensor | None, order: Iterator[Any]
) -> Iterator[list[torch.Tensor]]:
    device = tensors[0].device
    for indices in order:
        chosen = as_rows(indices)
        if rows is not None:
            chosen = take(rows, chosen)
        if chosen.device != device:
            chosen = chosen.to(device)
        yield [take(tensor, chosen) for tensor in tensors]


def collate(samples: list[Any]) -> Any:
    """PyTorch's default_collate, to which a PIL image is a tensor (channels, height, width), float32 in [0, 1]."""
    # Where there are PIL images, Pillow has been imported.
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(samples[0], tuple):
        samples = [
            tuple(_from_pil(part) if isinstance(part, pillow.Image) else part for part in sample) for sample in samples
        ]
    return default_collate(samples)


def _from_pil(image: Any) -> torch.Tensor:
    pixels = unit_range(np.array(image))
    return torch.from_numpy(pixels[np.newaxis] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0))


def _moved(batch: Any, device: torch.device) -> Any:
    """The tensors of a batch on a device, whatever the batch's structure."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {name: _moved(part, device) for name, part in batch.items()}
    if isinstance(batch, (list, tuple)):
        return [_moved(part, device) for part in batch]
    return batch
