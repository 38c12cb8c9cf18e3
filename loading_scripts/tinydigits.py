"""TinyDigits for Hugging Face Datasets: the definition of its features and of how pixels become PNG.

Configurations: ``default`` has an image and its label, ``array`` the exact pixels as float32 and the label.
Releases of `datasets` before 4.0 can run this file as a loading script; later ones load the Parquet files that
were written with it.

Reads ``train.pkl`` and ``test.pkl`` from the repository's root. Source: E. Alpaydin and C. Kaynak (1998),
Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, https://doi.org/10.24432/C50P49
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import datasets
import numpy as np
from PIL import Image

FILES = {"train": "train.pkl", "test": "test.pkl"}

CITATION = """\
@misc{alpaydin1998optdigits,
  author = {Alpaydin, E. and Kaynak, C.},
  title = {Optical Recognition of Handwritten Digits},
  year = {1998},
  publisher = {UCI Machine Learning Repository},
  doi = {10.24432/C50P49}
}
"""

_REBUILD_ARRAY = np.zeros(0).__reduce__()[0]

# All that a pickled dictionary of arrays asks for. NumPy 2 renamed numpy.core to numpy._core.
_ADMITTED = {
    "numpy.ndarray": np.ndarray,
    "numpy.dtype": np.dtype,
    "numpy.core.multiarray._reconstruct": _REBUILD_ARRAY,
    "numpy._core.multiarray._reconstruct": _REBUILD_ARRAY,
}


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that admits NumPy arrays and nothing that could run code."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        name = f"{module_name}.{global_name}"
        if name not in _ADMITTED:
            raise pickle.UnpicklingError(f"{name} has no place in a dataset")
        return _ADMITTED[name]


def features(config: str) -> Any:
    """Columns of one configuration, as `datasets.Features`."""
    label = datasets.ClassLabel(names=[str(digit) for digit in range(10)])
    if config == "array":
        return datasets.Features({"pixels": datasets.Array2D((8, 8), "float32"), "label": label})
    return datasets.Features({"image": datasets.Image(), "label": label})


def examples(path: str, _split: str, config: str) -> Iterator[dict[str, Any]]:
    """Samples of one file in order, as `features` describes them; a file holds one split."""
    with Path(path).open("rb") as stream:
        arrays = _ArraysOnly(stream).load()
    for image, label in zip(arrays["images"], arrays["labels"]):  # noqa: B905 -- Python 3.8 has no strict
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


class TinyDigits(datasets.GeneratorBasedBuilder):
    """1000 training and 200 test images of handwritten digits, 8x8 pixels, balanced over the ten digits."""

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
