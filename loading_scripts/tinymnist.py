"""TinyMNIST for Hugging Face Datasets: the definition of its features.

Configurations: ``default`` has the genuine MNIST image, ``array`` its pixels as float32, exactly the bytes divided by
255. Both have the label, the difficulty and the score it comes from, and the place in MNIST's official train split.
Releases of `datasets` before 4.0 can run this file as a loading script; later ones load the Parquet files that
were written with it.

Reads ``train.npz`` and ``test.npz`` from the repository's root. Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner
(1998), Gradient-based learning applied to document recognition, https://doi.org/10.1109/5.726791
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, ClassVar

import datasets
import numpy as np
from PIL import Image

FILES = {"train": "train.npz", "test": "test.npz"}

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
    is_array = config == "array"
    return datasets.Features(
        {
            **({"pixels": datasets.Array2D((28, 28), "float32")} if is_array else {"image": datasets.Image()}),
            "label": datasets.ClassLabel(names=[str(digit) for digit in range(10)]),
            "difficulty": datasets.ClassLabel(names=["easy", "medium", "hard"]),
            "score": datasets.Value("float32"),
            "source_index": datasets.Value("int64"),
        }
    )


def examples(path: str, _split: str, config: str) -> Iterator[dict[str, Any]]:
    """Samples of one file in order, as `features` describes them; a file holds one split."""
    with np.load(path, allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"]
        others = {name: arrays[name].tolist() for name in ("difficulty", "score", "source_index")}
    for position, (image, label) in enumerate(zip(images, labels)):  # noqa: B905 -- Python 3.8 has no strict
        if config == "array":
            pixels: dict[str, Any] = {"pixels": image.astype(np.float32) / np.float32(255)}
        else:
            pixels = {"image": {"bytes": to_png(image)}}
        yield {**pixels, "label": int(label), **{name: column[position] for name, column in others.items()}}


def to_png(image: np.ndarray[Any, Any]) -> bytes:
    """Encode bytes as an 8-bit greyscale PNG, which keeps them."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="PNG")
    return stream.getvalue()


class TinyMNIST(datasets.GeneratorBasedBuilder):
    """1000 training and 200 test images of MNIST, 28x28 pixels, balanced, chosen to represent many more."""

    VERSION = datasets.Version("1.0.0")
    BUILDER_CONFIGS: ClassVar[list[Any]] = [
        datasets.BuilderConfig("default", version=VERSION, description="PNG image, label, difficulty"),
        datasets.BuilderConfig("array", version=VERSION, description="float32 pixels, label, difficulty"),
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
        return [datasets.SplitGenerator(split, {"path": path, "split": split}) for split, path in paths.items()]

    def _generate_examples(self, path: str, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from enumerate(examples(path, split, self.config.name))
