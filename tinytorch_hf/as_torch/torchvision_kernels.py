"""torchvision's operations on PIL images, taught to keep a UnitImage what it is.

Most need no lesson: they call methods of the image. Two kinds do. Some make a new image (`pad` and `gaussian_blur`,
for example), which is then one of Pillow's own, black wherever it is converted. Others (`invert`, `adjust_contrast`)
ask for bytes and refuse floats. No method of the image is called on these ways, so that only torchvision can know
better. Its second generation of transforms has a register of kernels for kinds of images. The first has none: there
the few functions are replaced by ones that treat every other image as before.
"""

from __future__ import annotations

import copyreg
import functools
import warnings
from collections.abc import Callable
from typing import Any

from tinytorch_hf.as_torch.unit_image import UnitImage, UnitMode, unit_image

Operation = Callable[..., Any]

_ON_BYTES = frozenset(
    {
        "adjust_brightness",
        "adjust_contrast",
        "adjust_gamma",
        "adjust_saturation",
        "adjust_sharpness",
        "autocontrast",
        "equalize",
        "invert",
        "permute_channels",
        "posterize",
        "solarize",
    }
)
# Of one channel they are that channel, exactly.
_GRAYSCALE = frozenset({"to_grayscale", "rgb_to_grayscale"})
# What the first generation does with bytes, and what it makes again; the rest are methods of the image.
_FIRST_GENERATION = (_ON_BYTES - {"permute_channels"}) | {"pad", "to_grayscale"}


@functools.cache
def teach() -> None:
    """Let both generations of torchvision's transforms know UnitImages; nothing where torchvision cannot be imported.

    Warns
    -----
    RuntimeWarning
        This torchvision is made so differently that it cannot be taught.
    """
    try:
        import torchvision
    except (ImportError, RuntimeError, OSError):
        return
    copyreg.pickle(UnitImage, _reduced)
    try:
        from torchvision.transforms import v2

        _teach_first_generation(torchvision.transforms)
        _teach_second_generation(v2)
    except (ImportError, AttributeError) as error:
        warnings.warn(
            f"torchvision {torchvision.__version__} is not known to this tinytorch_hf ({error}): its transforms of "
            "PIL images may refuse images of floats or make them black. Put ToTensor() or v2.ToImage() before them.",
            RuntimeWarning,
            stacklevel=2,
        )


def _reduced(image: UnitImage) -> tuple[Any, ...]:
    return _restored, (image.__getstate__(),)


def _restored(state: list[Any]) -> UnitImage:
    """An image from its pickle; a process that gets an image, but no dataset, learns what it has to know."""
    teach()
    image = UnitImage()
    image.__setstate__(state)
    return image


def _teach_first_generation(transforms: Any) -> None:
    functional = transforms.functional
    for name in sorted(_FIRST_GENERATION):
        setattr(functional.F_pil, name, _for_unit_images(name, getattr(functional.F_pil, name)))
    # gaussian_blur and elastic_transform, which TorchScript compiles and which therefore stay as they are, end with it.
    functional.to_pil_image = _keeping_the_mode(functional.to_pil_image)
    _give_bytes(transforms.AugMix)


def _teach_second_generation(v2: Any) -> None:
    from PIL import Image
    from torchvision.transforms.v2.functional import _utils

    for functional, kernels in _utils._KERNEL_REGISTRY.items():
        if Image.Image in kernels:
            kernels[UnitImage] = _for_unit_images(functional.__name__, kernels[Image.Image])
    _give_bytes(v2.AugMix)


def _for_unit_images(name: str, operation: Operation) -> Operation:
    """An operation on PIL images that does with a UnitImage what its name asks for."""

    @functools.wraps(operation)
    def for_any_image(*args: Any, **options: Any) -> Any:
        if not args or not isinstance(args[0], UnitImage):
            return operation(*args, **options)
        image, *others = args
        result = operation(image.convert("L") if name in _ON_BYTES else image, *others, **options)
        if name in _GRAYSCALE and result.mode == "L":
            return image.copy()
        return unit_image(result)

    return for_any_image


def _keeping_the_mode(to_pil_image: Operation) -> Operation:
    """``to_pil_image``, which gives a UnitImage where it is asked for the mode of one."""

    @functools.wraps(to_pil_image)
    def of_any_mode(pic: Any, mode: str | None = None) -> Any:
        image = to_pil_image(pic, mode)
        return unit_image(image) if isinstance(mode, UnitMode) else image

    return of_any_mode


def _give_bytes(transform_class: Any) -> None:
    """Let a transform that works on tensors of bytes inside have bytes, and give a UnitImage back."""
    call = transform_class.__call__

    @functools.wraps(call)
    def with_bytes(self: Any, *inputs: Any, **options: Any) -> Any:
        from torch.utils._pytree import tree_leaves, tree_map

        if not any(isinstance(part, UnitImage) for part in tree_leaves((inputs, options))):
            return call(self, *inputs, **options)
        inputs, options = tree_map(_in_bytes, (inputs, options))
        return tree_map(unit_image, call(self, *inputs, **options))

    transform_class.__call__ = with_bytes


def _in_bytes(part: Any) -> Any:
    return part.convert("L") if isinstance(part, UnitImage) else part
