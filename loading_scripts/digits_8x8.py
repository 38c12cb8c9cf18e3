"""Digits8x8 for Hugging Face Datasets: the definition of its features and of how pixels become PNG.

Configurations: ``default`` has an image and its label, ``array`` the exact pixels as float32 and the label.
Releases of `datasets` before 4.0 can run this file as a loading script; later ones load the Parquet files that
were written with it.

Reads ``digits_8x8.npz`` from the repository's root. Source: E. Alpaydin and C. Kaynak (1998), Optical Recognition
of Handwritten Digits, UCI Machine Learning Repository, https://doi.org/10.24432/C50P49
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, ClassVar

import datasets
import numpy as np
from PIL import Image

FILES = {"full": "digits_8x8.npz"}

CITATION = """\
@misc{alpaydin1998optdigits,
  author = {Alpaydin, E. and Kaynak, C.},
  title = {Optical Recognition of Handwritten Digits},
  year = {1998},
  publisher = {UCI Machine Learning Repository},
  doi = {10.24432/C50P49}
}
"""


def features(config: str) -> Any:
    """Columns of one configuration, as `datasets.Features`."""
    label = datasets.ClassLabel(names=[str(digit) for digit in range(10)])
    if config == "array":
        return datasets.Features({"pixels": datasets.Array2D((8, 8), "float32"), "label": label})
    return datasets.Features({"image": datasets.Image(), "label": label})


def examples(path: str, _split: str, config: str) -> Iterator[dict[str, Any]]:
    """Samples of the file in order, as `features` describes them; it holds one split."""
    with np.load(path, allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    for image, label in zip(images, labels):  # noqa: B905 -- Python 3.8 has no strict
        pixels = {"pixels": image} if config == "array" else {"image": {"bytes": to_png(image)}}
        yield {**pixels, "label": int(label)}


def to_png(image: np.ndarray[Any, Any]) -> bytes:
    """Encode pixels k/16 as an 8-bit greyscale PNG whose shades spread over 0..255, so that it can be seen."""
    stream = io.BytesIO()
    Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(stream, format="PNG")
    return stream.getvalue()


def from_shades(shades: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Decode the shades of `to_png` to the exact pixels k/16, float32."""
    sixteenths: np.ndarray[Any, Any] = (shades.astype(np.int64) + 8) >> 4
    pixels: np.ndarray[Any, Any] = sixteenths.astype(np.float32) / np.float32(16)
    return pixels


class Digits8x8(datasets.GeneratorBasedBuilder):
    """All 1797 images of handwritten digits that TinyDigits was drawn from, 8x8 pixels, in one file."""

    VERSION = datasets.Version("1.0.0")
    BUILDER_CONFIGS: ClassVar[list[Any]] = [
        datasets.BuilderConfig("default", version=VERSION, description="PNG image and label"),
        datasets.BuilderConfig("array", version=VERSION, description="exact float32 pixels and label"),
    ]
    DEFAULT_CONFIG_NAME = "default"

    def _info(self) -> Any:
        return datasets.DatasetInfo(
            description=self.__class__.__doc__,
            features=features(self.config.name),
            homepage="https://doi.org/10.24432/C50P49",
            license="CC-BY-4.0",
            citation=CITATION,
        )

    def _split_generators(self, dl_manager: Any) -> list[Any]:
        paths = dl_manager.download(FILES)
        return [datasets.SplitGenerator(split, {"path": path, "split": split}) for split, path in paths.items()]

    def _generate_examples(self, path: str, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from enumerate(examples(path, split, self.config.name))
