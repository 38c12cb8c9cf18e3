"""MNIST for Hugging Face Datasets: the definition of its features.

Configurations: ``default`` has the image and its label, ``array`` the pixels as float32, exactly the bytes divided by
255, and the label. Releases of `datasets` before 4.0 can run this file as a loading script; later ones load the Parquet
files that were written with it.

Reads the four unpacked files of MNIST, such as ``train-images-idx3-ubyte``, from the folder it is in. Source: Y. LeCun,
L. Bottou, Y. Bengio and P. Haffner (1998), Gradient-based learning applied to document recognition,
https://doi.org/10.1109/5.726791
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import datasets
import numpy as np
from PIL import Image

FILES = {
    "train": ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
    "test": ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
}

CITATION = """\
@article{lecun1998gradient,
  author = {LeCun, Yann and Bottou, L{\\'e}on and Bengio, Yoshua and Haffner, Patrick},
  title = {Gradient-based learning applied to document recognition},
  journal = {Proceedings of the IEEE},
  volume = {86},
  number = {11},
  pages = {2278--2324},
  year = {1998},
  doi = {10.1109/5.726791}
}
"""


def features(config: str) -> Any:
    """Columns of one configuration, as `datasets.Features`."""
    label = datasets.ClassLabel(names=[str(digit) for digit in range(10)])
    if config == "array":
        return datasets.Features({"pixels": datasets.Array2D((28, 28), "float32"), "label": label})
    return datasets.Features({"image": datasets.Image(), "label": label})


def examples(paths: list[str], _split: str, config: str) -> Iterator[dict[str, Any]]:
    """Samples of two files, images and labels, in order, as `features` describes them."""
    images, labels = (read_idx(path) for path in paths)
    if len(images) != len(labels):
        raise ValueError(f"{paths[0]} has {len(images)} images, but {paths[1]} has {len(labels)} labels")
    for image, label in zip(images, labels):  # noqa: B905 -- Python 3.8 has no strict
        if config == "array":
            pixels: dict[str, Any] = {"pixels": image.astype(np.float32) / np.float32(255)}
        else:
            pixels = {"image": {"bytes": to_png(image)}}
        yield {**pixels, "label": int(label)}


def read_idx(path: str) -> np.ndarray[Any, Any]:
    """The bytes of an IDX file as an array: two zeros, 8 for bytes, the dimensions, the length of each, the values."""
    data = Path(path).read_bytes()
    if data[:3] != b"\0\0\x08" or len(data) < 4 + 4 * data[3]:
        raise ValueError(f"{path} is not an IDX file of bytes")
    shape = tuple(int.from_bytes(data[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(data[3]))
    array: np.ndarray[Any, Any] = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    return array.reshape(shape)


def to_png(image: np.ndarray[Any, Any]) -> bytes:
    """Encode bytes as an 8-bit greyscale PNG, which keeps them."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="PNG")
    return stream.getvalue()


class MNIST(datasets.GeneratorBasedBuilder):
    """All 60,000 training and 10,000 test images of MNIST, 28x28 pixels."""

    VERSION = datasets.Version("1.0.0")
    BUILDER_CONFIGS: ClassVar[list[Any]] = [
        datasets.BuilderConfig("default", version=VERSION, description="PNG image and label"),
        datasets.BuilderConfig("array", version=VERSION, description="float32 pixels and label"),
    ]
    DEFAULT_CONFIG_NAME = "default"

    def _info(self) -> Any:
        return datasets.DatasetInfo(
            description=self.__class__.__doc__,
            features=features(self.config.name),
            homepage="https://doi.org/10.1109/5.726791",
            license="CC-BY-SA-3.0",
            citation=CITATION,
        )

    def _split_generators(self, dl_manager: Any) -> list[Any]:
        paths = dl_manager.download(FILES)
        return [datasets.SplitGenerator(split, {"paths": some, "split": split}) for split, some in paths.items()]

    def _generate_examples(self, paths: list[str], split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from enumerate(examples(paths, split, self.config.name))
