"""TinyDigits, TinyMNIST and Digits8x8 with the interface of torchvision's MNIST."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from tinytorch_hf import catalog, provision
from tinytorch_hf.as_torch.contract import Transform
from tinytorch_hf.as_torch.gather import Kept, as_rows, take
from tinytorch_hf.as_torch.transforms import on_all_images, steps
from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError
from tinytorch_hf.loaders import load_split
from tinytorch_hf.splits import Array

try:
    from torchvision.datasets import VisionDataset
except (ImportError, RuntimeError, OSError):
    # A torchvision that was built for another torch fails with any of these, and is as good as none.
    from tinytorch_hf.as_torch.contract import SampleDataset as VisionDataset

_PIXEL_TYPES = (torch.uint8, torch.float32)
_MODES = {np.dtype(np.uint8): "L", np.dtype(np.float32): "F"}


class ImageDataset(VisionDataset):
    """What the image classes share; a subclass names its dataset and chooses the split."""

    dataset_name: str
    classes: ClassVar[list[str]] = list(catalog.DIGIT_CLASSES)

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
        columns = load_split(self.dataset_name, split, root)
        self.data = torch.from_numpy(columns["images"])
        self.targets = torch.from_numpy(columns["labels"])
        if "difficulty" in columns.columns:
            self.difficulty = torch.from_numpy(columns["difficulty"])
        self._on_all_images = Kept()

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """One sample, ``(image, label)``, transformed.

        Raises
        ------
        IndexError
            There is no such sample. Negative indices count from the end.
        """
        image = _pil_image(self.data.numpy()[index])
        label = int(self.targets[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label

    def __getitems__(self, indices: list[int]) -> list[tuple[Any, Any]]:
        """Several samples, the same as one by one; PyTorch's DataLoader asks for a batch in this way."""
        at_once = self._at_once() if self.transform is not None else None
        if at_once is None:
            return [self[index] for index in indices]
        everything, kind = at_once
        images, labels = (take(tensor, as_rows(indices)) for tensor in (everything, self.targets))
        return [(image.as_subclass(kind), label) for image, label in zip(images, labels.tolist(), strict=True)]

    def sample_tensors(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """All images (N, 1, height, width) and labels (N,), if a batch of samples is some of their rows.

        It is where there is no transform, which here means float32 in [0, 1], or one that works on each
        pixel for itself, such as ``ToTensor()``. None where each image has to be transformed on its own.
        """
        at_once = self._at_once()
        return None if at_once is None else (at_once[0], self.targets)

    def _at_once(self) -> tuple[torch.Tensor, type[torch.Tensor]] | None:
        """All images as the transform gives them, and the class of tensor that it gives a single one."""
        if type(self).__getitem__ is not ImageDataset.__getitem__ or self.target_transform is not None:
            return None
        # Users put other things in their place, as they do with torchvision's MNIST.
        if not isinstance(self.data, torch.Tensor) or not isinstance(self.targets, torch.Tensor):
            return None
        if self.data.ndim != 3 or self.data.dtype not in _PIXEL_TYPES or self.data.device.type != "cpu":
            return None
        # The steps, not their composition, which may be given another step at any time.
        sources = (self.data, torch.get_default_dtype(), self.transform is None, *steps(self.transform))
        at_once: tuple[torch.Tensor, type[torch.Tensor]] | None = self._on_all_images.get(sources, self._transform_all)
        return at_once

    def _transform_all(self) -> tuple[torch.Tensor, type[torch.Tensor]] | None:
        images = on_all_images(self.data, self.transform)
        return None if images is None else (images.as_subclass(torch.Tensor), type(images))

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class, by its name."""
        return {name: label for label, name in enumerate(self.classes)}

    def download(self) -> None:
        """Put verified files under the root; needs no network, leaves good files alone, repairs bad ones.

        Without a root there is nothing to do: the bundled files are used.

        Raises
        ------
        StorageError
            A file could not be written.
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


class _TrainTestImages(ImageDataset):
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


class TinyDigits(_TrainTestImages):
    """Handwritten digits in 8x8 pixels, with the interface of torchvision's MNIST.

    A sample is ``(image, label)``: a PIL image of mode "F", which keeps the pixels' exact multiples of 1/16 in
    [0, 1], and an int from 0 to 9. ``ToTensor()`` makes (1, 8, 8) float32 of it with the same values.

    Parameters
    ----------
    root
        None for the bundled files, or a folder in which ``tinydigits/`` is looked for.
    train
        The 1000 training samples, or the 200 test samples.
    transform
        Applied to the image; transforms of torchvision's v1 and v2 both work as they are.
    target_transform
        Applied to the label.
    download
        Put verified files under ``root`` first; needs no network. Good files are left alone.

    Attributes
    ----------
    data
        All images, (N, 8, 8) float32.
    targets
        All labels, (N,) int64.
    classes
        "0 - zero" to "9 - nine".
    class_to_idx
        The label of each class.

    Raises
    ------
    RuntimeError
        The files are not there and ``download`` is False, or they are damaged. All of this package's errors
        are RuntimeErrors.

    References
    ----------
    E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49
    """

    dataset_name = "tinydigits"


class TinyMNIST(_TrainTestImages):
    """1000 + 200 genuine MNIST images, chosen to stand for many more, with the interface of torchvision's MNIST.

    A sample is ``(image, label)``: a PIL image of mode "L", 28x28, and an int from 0 to 9. ``ToTensor()`` makes
    (1, 28, 28) float32 of it, exactly the stored bytes divided by 255.

    Parameters
    ----------
    root
        None for the bundled files, or a folder in which ``tinymnist/`` is looked for.
    train
        The 1000 training samples, or the 200 test samples.
    transform, target_transform, download
        As for `TinyDigits`.

    Attributes
    ----------
    data
        All images, (N, 28, 28) uint8.
    targets, classes, class_to_idx
        As for `TinyDigits`.
    difficulty
        (N,) int64: 0 easy, 1 medium, 2 hard. See `by_difficulty`.

    Raises
    ------
    RuntimeError
        As for `TinyDigits`.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998), Gradient-based learning applied to document
    recognition, Proceedings of the IEEE 86(11), https://doi.org/10.1109/5.726791
    """

    dataset_name = "tinymnist"


class Digits8x8(ImageDataset):
    """All 1797 digits that TinyDigits was drawn from, in their original order; there is one split, so no ``train``.

    Samples are those of `TinyDigits`.

    Parameters
    ----------
    root
        None for the bundled file, or a folder in which ``digits_8x8/`` is looked for.
    transform, target_transform, download
        As for `TinyDigits`.

    Attributes
    ----------
    data, targets, classes, class_to_idx
        As for `TinyDigits`.

    Raises
    ------
    RuntimeError
        As for `TinyDigits`.

    References
    ----------
    E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49
    """

    dataset_name = "digits_8x8"

    def __init__(
        self,
        root: str | Path | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, "full", transform, target_transform, download)


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
