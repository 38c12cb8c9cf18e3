"""TinyCIFAR for Hugging Face Datasets: the definition of its features.

Configurations: ``default`` has the genuine CIFAR-10 photograph, ``array`` its pixels as float32, exactly the bytes
divided by 255. Both have the label, the difficulty and the score it comes from, and the place in the same split of
CIFAR-10. Releases of `datasets` before 4.0 can run this file as a loading script; later ones load the Parquet files
that were written with it.

Reads ``train.npz`` and ``test.npz``, which ``tinytorch-hf download tinycifar`` cuts from CIFAR-10 on your machine, from
the folder it is in. Source: A. Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images, Technical
report, University of Toronto, https://www.cs.toronto.edu/~kriz/cifar.html
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
@techreport{krizhevsky2009learning,
  author = {Krizhevsky, Alex},
  title = {Learning Multiple Layers of Features from Tiny Images},
  institution = {University of Toronto},
  year = {2009},
  url = {https://www.cs.toronto.edu/~kriz/cifar.html}
}
"""


def features(config: str) -> Any:
    """Columns of one configuration, as `datasets.Features`."""
    is_array = config == "array"
    return datasets.Features(
        {
            **({"pixels": datasets.Array3D((3, 32, 32), "float32")} if is_array else {"image": datasets.Image()}),
            "label": datasets.ClassLabel(
                names=["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
            ),
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
    """Encode bytes, (3, height, width), as a PNG in colour, which keeps them."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0))).save(stream, format="PNG")
    return stream.getvalue()


class TinyCIFAR(datasets.GeneratorBasedBuilder):
    """2000 training and 400 test images of CIFAR-10, 32x32 pixels in colour, balanced over the ten classes."""

    VERSION = datasets.Version("2.0.0")
    BUILDER_CONFIGS: ClassVar[list[Any]] = [
        datasets.BuilderConfig("default", version=VERSION, description="PNG image, label, difficulty"),
        datasets.BuilderConfig("array", version=VERSION, description="float32 pixels, label, difficulty"),
    ]
    DEFAULT_CONFIG_NAME = "default"

    def _info(self) -> Any:
        return datasets.DatasetInfo(
            description=self.__class__.__doc__,
            features=features(self.config.name),
            homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
            license="not stated",
            citation=CITATION,
        )

    def _split_generators(self, dl_manager: Any) -> list[Any]:
        paths = dl_manager.download(FILES)
        return [datasets.SplitGenerator(split, {"path": path, "split": split}) for split, path in paths.items()]

    def _generate_examples(self, path: str, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from enumerate(examples(path, split, self.config.name))
