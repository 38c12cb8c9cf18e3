"""A PIL image of floats in [0, 1] that is a picture wherever it is looked at: 0 is black, 1 is white.

Pillow's own images of floats (mode "F") keep every float32, but to Pillow white is 255: what converts one of [0, 1]
makes it black, and what saves it, shows it or changes its colours refuses it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageColor

from tinytorch_hf.data.loaders import unit_range
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.formats.arrays import Array


class UnitMode(str):
    """The mode "F", told from that of other images: torchvision hands a mode on where it makes a new image."""

    __slots__ = ()


_MODE = UnitMode("F")


class UnitImage(Image.Image):
    """A PIL image of mode "F" whose pixels are float32, 0 for black and 1 for white.

    ``np.asarray``, ``ToTensor()``, ``PILToTensor()`` and ``v2.ToImage()`` give the very floats. What moves pixels or
    mixes them (crop, flip, pad, resize, rotate, copy, pickle) works on the floats and gives a UnitImage again. What
    needs bytes works on ``convert("L")``, which is ``rint(255 * pixel)``, as if the image had been stored so: other
    modes, files, what a notebook or a viewer shows. What gives bytes of one channel from them gives a UnitImage again,
    bytes divided by 255, so that images of a dataset stay alike whether or not a random transform was applied to them.

    What never asks the image gets its floats as they are: ``Image.fromarray(np.asarray(image))`` and
    ``ImageOps.expand(image)`` make an image of Pillow's own, and ImageTk shows one. Give these ``convert("L")``.
    """

    @property
    def mode(self) -> str:
        """Always "F"."""
        return _MODE

    def _new(self, im: Any) -> Any:
        """The image around pixels that Pillow has made from this one's."""
        return unit_image(super()._new(im), floats_only=True)

    def convert(self, mode: str | None = None, *args: Any, **options: Any) -> Any:
        """Another mode: the exact floats for "F", otherwise what Pillow makes of bytes."""
        if mode in (None, "F"):
            return self.copy()
        in_bytes = np.rint(np.clip(np.asarray(self), 0, 1) * 255).astype(np.uint8)
        picture = Image.fromarray(in_bytes)
        picture.info = dict(self.info)
        # Without arguments only, so that Pillow says what it has to say about others.
        return picture if mode == "L" and not (args or options) else picture.convert(mode, *args, **options)

    def save(self, fp: Any, format: str | None = None, **params: Any) -> None:
        """Write a file, in bytes."""
        following = params.get("append_images")
        if following is not None:
            params["append_images"] = [
                image.convert("L") if isinstance(image, UnitImage) else image for image in following
            ]
        self.convert("L").save(fp, format, **params)

    def transform(self, *args: Any, **options: Any) -> Any:
        """As Pillow's, for floats."""
        return unit_image(super().transform(*args, **options), floats_only=True)

    def filter(self, filter: Any) -> Any:
        """As Pillow's: on floats where it can, on bytes where it cannot."""
        try:
            return super().filter(filter)
        except ValueError:
            return unit_image(self.convert("L").filter(filter))

    def point(self, lut: Any, mode: str | None = None) -> Any:
        """As Pillow's: tables are for bytes, functions for floats.

        Raises
        ------
        InvalidArgumentError
            A function of pixels is not of the only kind that Pillow applies to floats.
        """
        if isinstance(lut, Image.ImagePointHandler):
            return lut.point(self)
        if not callable(lut):
            return unit_image(self.convert("L").point(lut, mode))
        function: Any = lut
        try:
            return super().point(function, mode)
        except TypeError as error:
            raise InvalidArgumentError(
                "This image's pixels are floats in [0, 1], to which Pillow applies only functions of the form "
                '`pixel * scale + offset`. For any function of bytes, use image.convert("L").point(...).'
            ) from error

    def quantize(self, *args: Any, **options: Any) -> Any:
        """As Pillow's, of bytes."""
        return self.convert("L").quantize(*args, **options)

    def paste(self, im: Any, *args: Any, **options: Any) -> None:
        """As Pillow's: white of another image, or by name, is 1; a number is the float itself."""
        if isinstance(im, str):
            shade: Any = ImageColor.getcolor(im, "L")
            im = shade / 255
        elif isinstance(im, Image.Image) and im.mode != "F":
            im = unit_image(im.convert("L"))
        super().paste(im, *args, **options)

    def putalpha(self, alpha: Any) -> None:  # noqa: ARG002 -- Pillow's name for it
        """There is no transparency of floats.

        Raises
        ------
        InvalidArgumentError
            Always.
        """
        raise InvalidArgumentError(
            'An image of floats has no alpha channel. Convert it first: image.convert("LA") or image.convert("RGBA").'
        )


def from_pixels(pixels: Array) -> UnitImage:
    """The image of pixels (height, width) float32 in [0, 1], which it copies."""
    # The same as fromarray, without its search for the mode.
    image: Any = Image.frombuffer("F", pixels.shape[::-1], pixels.tobytes(), "raw", "F", 0, 1)
    # All of an image is in its attributes, whose names differ between releases of Pillow.
    image.__class__ = UnitImage
    picture: UnitImage = image
    return picture


def unit_image(result: Any, floats_only: bool = False) -> Any:
    """What an operation on a UnitImage has made, as a UnitImage if it is an image of one channel.

    Parameters
    ----------
    result
        An image that nobody else has, of floats in [0, 1] or of bytes; anything else comes back as it is.
    floats_only
        Leave an image of bytes as it is, too.
    """
    if not isinstance(result, Image.Image) or isinstance(result, UnitImage):
        return result
    if result.mode == "F":
        result.__class__ = UnitImage
    elif result.mode == "L" and not floats_only:
        in_bytes, result = result, from_pixels(unit_range(np.asarray(result)))
        result.info = in_bytes.info
    return result
