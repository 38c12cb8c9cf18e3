"""Map-style datasets, such as torchvision's: samples that are asked for by their place, and never all in memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.curation.batch import Batch, label_of
from tinytorch_hf.curation.source import Kind, Piece
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError
from tinytorch_hf.formats.arrays import Array

_ALL = "all"
# Modes of Pillow's images that an array holds as they are, and those that say more than one.
_AS_ARRAY = ("L", "RGB", "F", "I", "I;16", "I;16B", "I;16L")
_AS_FILE = ("1", "P", "LA", "RGBA")


@dataclass(frozen=True)
class MapStyle:
    """A dataset with a length that gives a sample and its label for each place; one shard, read as one piece.

    Attributes
    ----------
    name, kind
        As of every source.
    dataset
        Its samples are images (arrays, tensors or Pillow's) or texts; ``classes``, if it has them, name the labels.
    """

    name: str
    kind: Kind
    dataset: Any

    def shards(self) -> Sequence[str]:
        """As of every source."""
        return [_ALL]

    def sha256(self, shard: str) -> str:
        """As of every source: over samples and labels."""
        digest = hashlib.sha256(shard.encode())
        for batch in self.batches(Piece(_ALL), None, 1):
            sample, label = batch.samples[0], batch.labels[0]
            content = _bytes_of(sample)
            head = f"{len(label or '')} {label} {getattr(sample, 'dtype', '')} {np.shape(sample)} {len(content)} "
            digest.update(head.encode("utf-8", "surrogatepass") + content)
        return digest.hexdigest()

    def n_rows(self, shard: str) -> int | None:  # noqa: ARG002
        """As of every source."""
        return len(self.dataset)

    def n_bytes(self, shard: str) -> int | None:  # noqa: ARG002
        """As of every source: nobody knows."""
        return None

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As of every source."""
        n = len(self.dataset)
        return [Piece(shard, 0, n)] if n else []

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        for some in piece.runs(rows, len(self.dataset), n_rows):
            items = [self._item(int(place)) for place in some]
            yield Batch([sample for sample, _ in items], [label for _, label in items], some)

    def _item(self, place: int) -> tuple[Any, str | None]:
        try:
            sample, label = self.dataset[place]
        except (TypeError, ValueError) as error:
            raise CorruptFileError(
                f"{self.name}, row {place + 1}: it is not a pair of a sample and its label."
            ) from error
        if not isinstance(sample, str):
            sample = as_sample(sample)
        return sample, self._label(label)

    def _label(self, label: Any) -> str | None:
        value = label.item() if hasattr(label, "item") else label
        classes = getattr(self.dataset, "classes", None)
        if classes is None or isinstance(value, str) or value is None:
            return label_of(value)
        return str(classes[value]) if 0 <= value < len(classes) else None


def _bytes_of(sample: Any) -> bytes:
    if isinstance(sample, str):
        return sample.encode("utf-8", "surrogatepass")
    return sample if isinstance(sample, bytes) else bytes(sample.tobytes())


def of_map_style(dataset: Any) -> MapStyle:
    """A dataset in memory as a source.

    Raises
    ------
    InvalidArgumentError
        It has no length, no items, or its items are not pairs.
    """
    name = type(dataset).__name__
    if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")) or isinstance(dataset, (bytes, dict)):
        raise InvalidArgumentError(
            f"A {name} is not a source. Give a path, the name of a dataset, or a dataset whose items are pairs of a "
            "sample and its label, such as torchvision's."
        )
    if not len(dataset):
        raise InvalidArgumentError(f"The {name} that was given is empty.")
    try:
        sample, _ = dataset[0]
    except (TypeError, ValueError, KeyError):
        raise InvalidArgumentError(
            f"The items of the {name} that was given are not pairs of a sample and its label."
        ) from None
    return MapStyle(name, "texts" if isinstance(sample, str) else "images", dataset)


def as_sample(image: Any) -> Any:
    """An image of Pillow's, a tensor or an array as an array; of Pillow's with a palette or transparency, a file."""
    if hasattr(image, "numpy") and hasattr(image, "cpu"):
        image = image.cpu().numpy()
    mode = getattr(image, "mode", None)
    if mode in _AS_FILE:
        stream = io.BytesIO()
        image.save(stream, "PNG")
        return stream.getvalue()
    if isinstance(mode, str) and mode not in _AS_ARRAY:
        image = image.convert("RGB")
    return np.asarray(image)
