"""A DataLoader that gathers a whole batch at once where PyTorch's would build it from single samples."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from copy import copy
from typing import Any, TypeVar

import numpy as np
import torch
from torch.utils.data import default_collate
from torch.utils.data._utils.collate import collate as collate_by_type
from torch.utils.data._utils.collate import default_collate_fn_map

from tinytorch_hf.as_torch.gather import Kept, take, whole_tensors
from tinytorch_hf.as_torch.order import rows_of_batches
from tinytorch_hf.data.loaders import unit_range
from tinytorch_hf.errors import InvalidArgumentError

Sample_co = TypeVar("Sample_co", covariant=True)


class DataLoader(torch.utils.data.DataLoader[Sample_co]):
    """PyTorch's DataLoader, many times faster for datasets that are tensors in memory.

    It takes every argument of `torch.utils.data.DataLoader` and yields the same batches in the same order, for
    the same ``generator`` or global seed. A batch of this package's image classes is ``[images, labels]``: images
    (B, channels, height, width), float32 in [0, 1] where the dataset has no transform or ``ToTensor()``, and labels
    (B,) int64.

    Batches are gathered at once from this package's classes, from a TensorDataset, and from a Subset of
    these, in this process and with the default ``collate_fn``, unless a transform has to see each image on its own.
    Everything else goes PyTorch's way, to the same result. A batch has the structure of a sample: a namedtuple, an
    OrderedDict, whatever is within them.

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
        ``device`` or ``batch_transforms`` beside a ``collate_fn``, whose batches could be anything. While iterating: an
        index that is not a whole number, such as one of a boolean mask.
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

    def __iter__(self) -> Any:
        batches = self._gathered()
        if batches is None:
            batches = super().__iter__()
            if self.device is None and self.batch_transforms is None:
                return batches
            if self.device is not None:
                batches = _Batches((_moved(batch, self.device) for batch in batches), batches)
        if self.batch_transforms is not None:
            transforms = self.batch_transforms
            batches = _Batches((_like(batch, transforms(*batch)) for batch in batches), batches)
        return batches

    def _gathered(self) -> _Batches | None:
        """Batches gathered from whole tensors; None where that cannot be done."""
        if self.num_workers or self.pin_memory or self.timeout or self.collate_fn is not collate:
            return None
        found = whole_tensors(self.dataset)
        if found is None:
            return None
        tensors, rows = found
        if self.device is not None:
            tensors = self._on_device.get(tensors, lambda: [tensor.to(self.device) for tensor in tensors])
        order = rows_of_batches(self.batch_sampler)
        # PyTorch draws a seed for its workers here, even without any; what is drawn after it must stay the same.
        torch.empty((), dtype=torch.int64).random_(generator=self.generator)
        return _Batches(_taken(tensors, rows, order), self.batch_sampler)


class _Batches(Iterator[Any]):
    """An iterator over batches that knows how many there are in all, as PyTorch's does."""

    def __init__(self, batches: Iterator[Any], sized: Any) -> None:
        self._batches = batches
        self._sized = sized

    def __next__(self) -> Any:
        return next(self._batches)

    def __len__(self) -> int:
        return len(self._sized)


def _taken(
    tensors: tuple[torch.Tensor, ...], rows: torch.Tensor | None, order: Iterator[torch.Tensor]
) -> Iterator[list[torch.Tensor]]:
    device = tensors[0].device
    for indices in order:
        chosen = indices if rows is None else take(rows, indices)
        there = chosen if chosen.device == device else chosen.to(device)
        yield [take(tensor, there) for tensor in tensors]


def collate(samples: list[Any]) -> Any:
    """PyTorch's default_collate, to which a PIL image is a tensor (channels, height, width), float32 in [0, 1].

    Wherever it stands in a sample: in a tuple, a namedtuple, a dict, or alone. Types that were added to PyTorch's
    ``default_collate_fn_map`` are collated as that says.
    """
    # Where there are PIL images, Pillow has been imported.
    pillow = sys.modules.get("PIL.Image")
    if pillow is None:
        return default_collate(samples)
    return collate_by_type(samples, collate_fn_map={pillow.Image: _collate_pil, **default_collate_fn_map})


def _collate_pil(images: list[Any], **_: Any) -> torch.Tensor:
    batch: torch.Tensor = default_collate([_from_pil(image) for image in images])
    return batch


def _from_pil(image: Any) -> torch.Tensor:
    pixels = unit_range(np.array(image))
    return torch.from_numpy(pixels[np.newaxis] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0))


def _moved(batch: Any, device: torch.device) -> Any:
    """The tensors of a batch on a device, whatever the batch's structure, which stays the same."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, MutableMapping):
        # A defaultdict, for example, is not made of its items alone.
        moved = copy(batch)
        moved.update((name, _moved(part, device)) for name, part in batch.items())
        return moved
    if isinstance(batch, Mapping):
        make: Any = type(batch)
        return make({name: _moved(part, device) for name, part in batch.items()})
    if isinstance(batch, (list, tuple)):
        return _like(batch, [_moved(part, device) for part in batch])
    return batch


def _like(batch: Any, parts: Any) -> Any:
    """Parts in the form of a batch: a namedtuple of its class, a tuple, or a list."""
    if isinstance(batch, tuple):
        return type(batch)(*parts) if hasattr(batch, "_fields") else tuple(parts)
    return list(parts)
