"""CIFAR-10 for Hugging Face Datasets: the definition of its features.

Configurations: ``default`` has the photograph and its label, ``array`` the pixels as float32, exactly the bytes divided
by 255, and the label. Releases of `datasets` before 4.0 can run this file as a loading script; later ones load the
Parquet files that were written with it.

Reads ``data_batch_1`` to ``data_batch_5`` and ``test_batch``, as they are in the archive's python version, from the
folder it is in. Source: A. Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images, Technical report,
University of Toronto, https://www.cs.toronto.edu/~kriz/cifar.html
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

FILES = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}

CITATION = """\
@techreport{krizhevsky2009learning,
  author = {Krizhevsky, Alex},
  title = {Learning Multiple Layers of Features from Tiny Images},
  institution = {University of Toronto},
  year = {2009},
  url = {https://www.cs.toronto.edu/~kriz/cifar.html}
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
    label = datasets.ClassLabel(
        names=["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    )
    if config == "array":
        return datasets.Features({"pixels": datasets.Array3D((3, 32, 32), "float32"), "label": label})
    return datasets.Features({"image": datasets.Image(), "label": label})


def examples(paths: list[str], _split: str, config: str) -> Iterator[dict[str, Any]]:
    """Samples of some batches, one after the other, as `features` describes them."""
    for path in paths:
        with Path(path).open("rb") as stream:
            # Python 2 wrote them: its texts are bytes.
            batch = _ArraysOnly(stream, encoding="bytes").load()
        images = batch[b"data"].reshape(-1, 3, 32, 32)
        for image, label in zip(images, batch[b"labels"]):  # noqa: B905 -- Python 3.8 has no strict
            if config == "array":
                pixels: dict[str, Any] = {"pixels": image.astype(np.float32) / np.float32(255)}
            else:
                pixels = {"image": {"bytes": to_png(image)}}
            yield {**pixels, "label": int(label)}


def to_png(image: np.ndarray[Any, Any]) -> bytes:
    """Encode bytes, (3, height, width), as a PNG in colour, which keeps them."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0))).save(stream, format="PNG")
    return stream.getvalue()


class CIFAR10(datasets.GeneratorBasedBuilder):
    """All 50,000 training and 10,000 test images of CIFAR-10, 32x32 pixels in colour."""

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
            homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
            license="not stated",
            citation=CITATION,
        )

    def _split_generators(self, dl_manager: Any) -> list[Any]:
        paths = dl_manager.download(FILES)
        return [datasets.SplitGenerator(split, {"paths": some, "split": split}) for split, some in paths.items()]

    def _generate_examples(self, paths: list[str], split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from enumerate(examples(paths, split, self.config.name))
