"""What the image classes share: torchvision's contract for a sample, and whole batches at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision
from tinytorch_hf.as_torch.contract import Transform
from tinytorch_hf.as_torch.gather import Kept, as_rows, take
from tinytorch_hf.as_torch.transforms import as_pixels, on_all_images, steps
from tinytorch_hf.data.loaders import load_split
from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError
from tinytorch_hf.formats.arrays import Array

try:
    from torchvision.datasets import VisionDataset
except (ImportError, RuntimeError, OSError):
    # A torchvision that was built for another torch fails with any of these, and is as good as none.
    from tinytorch_hf.as_torch.contract import SampleDataset as VisionDataset

_MODES = {np.dtype(np.uint8): "L", np.dtype(np.float32): "F"}


class ImageDataset(VisionDataset):  # pyright: ignore[reportGeneralTypeIssues] -- one of two bases
    """What the image classes share; a subclass names its dataset and chooses the split."""

    dataset_name: str
    classes: ClassVar[list[str]] = list(catalog.DIGIT_CLASSES)
    data: Any
    targets: Any

    def __init__(
        self,
        root: str | Path | None,
        split: str,
        transform: Transform | None,
        target_transform: Transform | None,
        download: bool,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        if download:
            self.download()
        columns = load_split(self.dataset_name, split, root, can_download=True)
        self._set(columns["images"], columns["labels"])
        if "difficulty" in columns.columns:
            self.difficulty = torch.from_numpy(columns["difficulty"])
        self._on_all_images = Kept()
        self._label_tensor = Kept()

    def _set(self, images: Array, labels: Array) -> None:
        """Keep images and labels in the form of torchvision's class: tensors, as its MNIST has them."""
        self.data = torch.from_numpy(images)
        self.targets = torch.from_numpy(labels)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """One sample, ``(image, label)``, transformed.

        Raises
        ------
        IndexError
            There is no such sample. Negative indices count from the end.
        """
        pixels = self.data.numpy() if isinstance(self.data, torch.Tensor) else self.data
        image = _pil_image(pixels[index])
        label = self.targets[index]
        if isinstance(label, torch.Tensor):
            label = int(label)
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label

    def __getitems__(self, indices: list[int]) -> list[tuple[Any, Any]]:
        """Several samples, the same as one by one; PyTorch's DataLoader asks for a batch in this way."""
        found = self._tensors() if self.transform is not None else None
        if found is not None:
            rows = as_rows(indices)
            # Of these images alone: to transform all would take memory that nobody asked for.
            images = on_all_images(take(found[0], rows), self.transform)
            if images is not None:
                labels = take(found[1], rows).tolist()
                each = images.as_subclass(torch.Tensor)
                return [(image.as_subclass(type(images)), label) for image, label in zip(each, labels, strict=True)]
        return [self[index] for index in indices]

    def sample_tensors(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """All images (N, channels, height, width) and labels (N,), if a batch of samples is some of their rows.

        It is where there is no transform, which here means float32 in [0, 1], or one that works on each
        pixel for itself, such as ``ToTensor()``. None where each image has to be transformed on its own.
        """
        found = self._tensors()
        if found is None:
            return None
        pixels, labels = found
        # The steps, not their composition, which may be given another step at any time.
        sources = (self.data, torch.get_default_dtype(), self.transform is None, *steps(self.transform))
        images = self._on_all_images.get(sources, lambda: self._transformed(pixels))
        return None if images is None else (images, labels)

    def _transformed(self, pixels: torch.Tensor) -> torch.Tensor | None:
        images = on_all_images(pixels, self.transform)
        return None if images is None else images.as_subclass(torch.Tensor)

    def _tensors(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Pixels as they are kept and labels, if these are all that a sample is made of besides the transform."""
        if type(self).__getitem__ is not ImageDataset.__getitem__ or self.target_transform is not None:
            return None
        pixels, labels = as_pixels(self.data), self._labels()
        return None if pixels is None or labels is None else (pixels, labels)

    def _labels(self) -> torch.Tensor | None:
        # Users put other things in their place, as they do with torchvision's classes.
        if isinstance(self.targets, torch.Tensor):
            return self.targets
        if not isinstance(self.targets, list) or not all(type(label) is int for label in self.targets):
            return None
        labels: torch.Tensor = self._label_tensor.get((self.targets,), lambda: torch.tensor(self.targets))
        return labels

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class, by its name."""
        return {name: label for label, name in enumerate(self.classes)}

    def download(self) -> None:
        """Put verified files under the root, or into the cache; leaves good files alone, repairs bad ones.

        What ships with the package needs no network, and without a root nothing is done: the bundled files are used.

        Raises
        ------
        StorageError
            A file could not be written.
        NetworkError
            It could not be downloaded.
        """
        provision.provide(catalog.info(self.dataset_name), self.root)


def _pil_image(pixels: Array) -> Any:
    """A PIL image of the same values; Pillow is not needed before the first sample is."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("PIL", "torch", error) from error

    mode = _MODES.get(pixels.dtype)
    if mode is None or pixels.ndim != 2:
        return Image.fromarray(pixels)
    # The same as fromarray, without its search for the mode; the bytes are the image's own.
    return Image.frombuffer(mode, pixels.shape[::-1], pixels.tobytes(), "raw", mode, 0, 1)


class TrainTestImages(ImageDataset):
    """Images in two splits; arguments stand where torchvision's classes have them."""

    def __init__(
        self,
        root: str | Path | None = None,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        if isinstance(train, str):
            raise InvalidArgumentError(f"train is True or False, not {train!r}. For the test split, give train=False.")
        self.train = train
        super().__init__(root, "train" if train else "test", transform, target_transform, download)

    def extra_repr(self) -> str:
        """Which split this is."""
        return f"Split: {'Train' if self.train else 'Test'}"


def _let_torchvision_wrap() -> None:
    """Make `torchvision.datasets.wrap_dataset_for_transforms_v2` know these classes, as it knows MNIST.

    For image classification it changes nothing, so that without it passing v2 transforms to the class is
    the same. torchvision has no public way to say so.
    """
    try:
        from torchvision.tv_tensors import _dataset_wrapper as wrapper
    except (ImportError, RuntimeError, OSError):
        return
    wrapper.WRAPPER_FACTORIES.register(ImageDataset)(wrapper.classification_wrapper_factory)


_let_torchvision_wrap()
