"""Image datasets with the interface of torchvision's MNIST and CIFAR10."""

from __future__ import annotations

from typing import ClassVar

from tinytorch_hf import catalog
from tinytorch_hf.as_torch.image_dataset import OneSplitImages, TrainTestImages


class TinyDigits(TrainTestImages):
    """Handwritten digits in 8x8 pixels, with the interface of torchvision's MNIST.

    A sample is ``(image, label)``: a PIL image of mode "F" and an int from 0 to 9. Its pixels are exact multiples of
    1/16 in [0, 1], and 1 is white. ``ToTensor()`` and ``v2.ToImage()`` make (1, 8, 8) float32 of it with the same
    values, and ``np.asarray`` gives them; crop, flip and pad keep them, resize and rotate work on them, with a
    ``fill`` in [0, 1]. Converted, saved or shown, by ``Grayscale(3)`` and ``v2.RGB()`` for example, the image is in
    bytes, ``rint(255 * pixel)``; so it is for transforms of colour and contrast, after which pixels are bytes divided
    by 255. See `tinytorch_hf.as_torch.unit_image.UnitImage`.

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


class TinyMNIST(TrainTestImages):
    """1000 + 200 genuine MNIST images, chosen to represent many more, with the interface of torchvision's MNIST.

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


class Digits8x8(OneSplitImages):
    """All 1797 digits that TinyDigits was drawn from, in their original order; there is one split, so no ``train``.

    Samples are those of `TinyDigits`: PIL images of mode "F" with exact multiples of 1/16, which look as they should.

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


class MNIST(TrainTestImages):
    """All of MNIST, with the interface of torchvision's class over the same files.

    Samples are those of `TinyMNIST`.

    Parameters
    ----------
    root
        A folder in which ``MNIST/raw/`` is looked for, where torchvision puts it; None for the cache.
    train
        The 60,000 training samples, or the 10,000 test samples.
    transform, target_transform
        As for `TinyDigits`.
    download
        Get verified files first if they are not there, 12 MB.

    Attributes
    ----------
    data
        All images, (N, 28, 28) uint8.
    targets, classes, class_to_idx
        As for `TinyDigits`.

    Raises
    ------
    RuntimeError
        As for `TinyDigits`, and where they could not be downloaded.

    References
    ----------
    As for `TinyMNIST`.
    """

    dataset_name = "mnist"


class CIFAR10(TrainTestImages):
    """All of CIFAR-10, with the interface of torchvision's class over the same files.

    A sample is ``(image, label)``: a PIL image of mode "RGB", 32x32, and an int from 0 to 9. ``ToTensor()`` makes
    (3, 32, 32) float32 of it, exactly the stored bytes divided by 255.

    Parameters
    ----------
    root
        A folder in which ``cifar-10-batches-py/`` is looked for, where torchvision puts it; None for the cache.
    train
        The 50,000 training samples, or the 10,000 test samples.
    transform, target_transform
        As for `TinyDigits`.
    download
        Get verified files first if they are not there, 170 MB.

    Attributes
    ----------
    data
        All images, (N, 32, 32, 3) uint8, an ndarray as torchvision has it.
    targets
        All labels, a list of int.
    classes
        "airplane" to "truck".
    class_to_idx
        The label of each class.

    Raises
    ------
    RuntimeError
        As for `MNIST`.

    References
    ----------
    A. Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images, Technical report, University of
    Toronto.
    """

    dataset_name = "cifar10"
    classes: ClassVar[list[str]] = list(catalog.CIFAR10.classes)


class TinyCIFAR(TrainTestImages):
    """2000 + 400 photographs of CIFAR-10, balanced, with the interface of torchvision's CIFAR10.

    Samples are those of `CIFAR10`. The files are cut from CIFAR-10 the first time, if it is under the root or in the
    cache; then CIFAR-10 is no longer needed.

    Parameters
    ----------
    root
        A folder in which ``tinycifar/`` is looked for; None for the cache.
    train
        The 2000 training samples, or the 400 test samples.
    transform, target_transform
        As for `TinyDigits`.
    download
        Download CIFAR-10 first, 170 MB, if neither it nor TinyCIFAR is there.

    Attributes
    ----------
    data, targets, classes, class_to_idx
        As for `CIFAR10`.
    difficulty
        (N,) int64: 0 easy, 1 medium, 2 hard. See `by_difficulty`.

    Raises
    ------
    RuntimeError
        As for `MNIST`.

    References
    ----------
    As for `CIFAR10`.
    """

    dataset_name = "tinycifar"
    classes: ClassVar[list[str]] = list(catalog.CIFAR10.classes)
