"""What the image classes share: torchvision's contract for a sample, and whole batches at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision
from tinytorch_hf.as_torch import pickling
from tinytorch_hf.as_torch.contract import Transform
from tinytorch_hf.as_torch.gather import Kept, take
from tinytorch_hf.as_torch.indices import as_row, as_rows
from tinytorch_hf.as_torch.pickling import Files
from tinytorch_hf.as_torch.transforms import as_pixels, on_all_images, steps
from tinytorch_hf.catalog import Dataset
from tinytorch_hf.data.loaders import load_split
from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError
from tinytorch_hf.formats.arrays import Array

try:
    from torchvision.datasets import VisionDataset
except (ImportError, RuntimeError, OSError):
    # A torchvision that was built for another torch fails with any of these, and is as good as none.
    from tinytorch_hf.as_torch.contract import SampleDataset as VisionDataset


class ImageDataset(VisionDataset):  # pyright: ignore[reportGeneralTypeIssues] -- one of two bases
    """What the image classes share; a subclass names its dataset and chooses the split."""

    dataset_name: ClassVar[Dataset | str]
    classes: ClassVar[list[str]] = list(catalog.DIGIT_CLASSES)
    data: Any
    targets: Any
    difficulty: torch.Tensor

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
        self.__dict__.update(self._read(split, root, can_download=True))
        self._files = Files(type(self)._read, root, split)
        self._on_all_images = Kept()
        self._label_tensor = Kept()

    @classmethod
    def _read(cls, split: str, root: str | Path | None, *, can_download: bool = False) -> dict[str, Any]:
        """The attributes that come from files; unpickling has no argument ``download`` that could be advised."""
        columns = load_split(cls.dataset_name, split, root, can_download=can_download)
        data, targets = cls._formed(columns["images"], columns["labels"])
        read = {"data": data, "targets": targets}
        if "difficulty" in columns.columns:
            read["difficulty"] = torch.from_numpy(columns["difficulty"])
        return read

    @staticmethod
    def _formed(images: Array, labels: Array) -> tuple[Any, Any]:
        """Images and labels as torchvision keeps them: tensors, as its MNIST; in colour as its CIFAR10."""
        if images.ndim == 4:
            return np.ascontiguousarray(images.transpose(0, 2, 3, 1)), labels.tolist()
        return torch.from_numpy(images), torch.from_numpy(labels)

    __reduce_ex__ = pickling.reduced
    __copy__ = pickling.copied
    __deepcopy__ = pickling.deepcopied

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """One sample, ``(image, label)``, transformed.

        Raises
        ------
        IndexError
            There is no such sample. Negative indices count from the end.
        InvalidArgumentError
            The index is not a whole number.
        """
        row = as_row(index)
        pixels = self.data.numpy() if isinstance(self.data, torch.Tensor) else self.data
        image = _pil_image(pixels[row])
        label = self.targets[row]
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

    if pixels.ndim == 2 and pixels.dtype.kind == "f":
        from tinytorch_hf.as_torch.unit_image import from_pixels

        return from_pixels(pixels.astype(np.float32, copy=False))
    if pixels.ndim == 2 and pixels.dtype == np.uint8:
        # The same as fromarray, without its search for the mode; the bytes are the image's own.
        return Image.frombuffer("L", pixels.shape[::-1], pixels.tobytes(), "raw", "L", 0, 1)
    try:
        return Image.fromarray(pixels)
    except TypeError as error:
        raise InvalidArgumentError(
            f"Pillow has no images of {pixels.dtype} pixels in the shape {pixels.shape}. "
            "Take the pixels from the dataset's `data`, or put uint8 pixels there."
        ) from error


class OneSplitImages(ImageDataset):
    """Images of a dataset with one split, so that there is nothing to choose."""

    def __init__(
        self,
        root: str | Path | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        split = catalog.info(self.dataset_name).splits[0].name
        super().__init__(root, split, transform, target_transform, download)


class SplitImages(ImageDataset):
    """Images in splits of any name; by default the first."""

    def __init__(
        self,
        root: str | Path | None = None,
        split: str | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        dataset = catalog.info(self.dataset_name)
        self.split = dataset.splits[0].name if split is None else dataset.split(split).name
        super().__init__(root, self.split, transform, target_transform, download)

    def extra_repr(self) -> str:
        """Which split this is."""
        return f"Split: {self.split.capitalize()}"


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


def _let_torchvision_know() -> None:
    """Make torchvision know images of floats, and `wrap_dataset_for_transforms_v2` these classes, as it knows MNIST.

    For image classification wrapping changes nothing, so that without it passing v2 transforms to the class is
    the same. torchvision has no public interface for that.
    """
    try:
        from torchvision.tv_tensors import _dataset_wrapper as wrapper
    except (ImportError, RuntimeError, OSError):
        return
    from tinytorch_hf.as_torch.torchvision_kernels import teach

    wrapper.WRAPPER_FACTORIES.register(ImageDataset)(wrapper.classification_wrapper_factory)
    teach()


_let_torchvision_know()
