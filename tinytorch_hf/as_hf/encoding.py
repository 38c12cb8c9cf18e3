"""Columns as they are on the Hub: their features, and their values from a split of the catalog."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from datasets import Array2D, Array3D, Array4D, Array5D, ClassLabel, Features, Image, Value
from PIL import Image as pillow

from tinytorch_hf.as_hf.layout import Configuration, Form, HubColumn
from tinytorch_hf.catalog import Column, DatasetInfo
from tinytorch_hf.data.loaders import unit_range
from tinytorch_hf.data.texts import texts_of
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array

_MOST = np.iinfo(np.int64).max
_ARRAYS = {2: Array2D, 3: Array3D, 4: Array4D, 5: Array5D}


def features_of(configuration: Configuration) -> Features:
    """The features of a configuration; none of them is a list, which releases before 4 cannot read from Parquet."""
    return Features({column.name: _feature(column) for column in configuration.columns})


def _feature(held: HubColumn) -> Any:
    if held.form is Form.PICTURE:
        return Image()
    if held.form is Form.CLASS:
        return ClassLabel(names=list(held.names))
    if held.column is None:
        return Value("string")
    dtype = "float32" if held.form is Form.PIXELS else held.column.dtype.replace("str", "string")
    shape = array_shape(held.column)
    return _ARRAYS[len(shape)](shape, dtype) if shape else Value(dtype)


def array_shape(column: Column) -> tuple[int, ...]:
    """The shape of one sample on the Hub: a row of numbers is an array of one row there, as there is none of one."""
    return (1, *column.shape) if len(column.shape) == 1 else column.shape


def encoded(dataset: DatasetInfo, split: Split, configuration: Configuration) -> dict[str, Any]:
    """The columns of a configuration, from a split of the dataset."""
    return {column.name: _encoded(dataset, split, column) for column in configuration.columns}


def _encoded(dataset: DatasetInfo, split: Split, held: HubColumn) -> Any:
    if held.column is None:
        return texts_of(dataset.kind, split)
    values = split[held.column.name]
    if held.form is Form.PICTURE:
        return [{"bytes": png(shades), "path": None} for shades in shades_of(values)]
    if held.form is Form.PIXELS:
        values = unit_range(values)
    elif held.form is Form.CLASS:
        values = values.astype(np.int64) - held.column.lowest
    elif values.dtype == np.uint64 and not held.column.shape and values.max() > _MOST:
        raise InvalidArgumentError(
            f"{held.name} of {dataset.name} has numbers above {_MOST}, which Hugging Face's library cannot write."
        )
    return values.reshape(len(values), *array_shape(held.column)) if held.column.shape else values.tolist()


def shades_of(images: Array) -> Array:
    """Images as bytes, 0 to 255: those they are, or floats in [0, 1] spread over them and rounded."""
    if images.dtype == np.uint8:
        return images
    shades: Array = np.rint(images * 255).astype(np.uint8)
    return shades


def from_shades(shades: Array, steps: int) -> Array:
    """Decode `shades_of` of multiples of 1/steps in [0, 1], exactly, float32; at most 255 steps."""
    multiples: Array = np.rint(shades.astype(np.float64) * (steps / 255)).astype(np.float32)
    pixels: Array = multiples / np.float32(steps)
    return pixels


def png(shades: Array) -> bytes:
    """Encode (height, width) bytes as a greyscale PNG, (3, height, width) as one in colour; it keeps them."""
    stream = io.BytesIO()
    pillow.fromarray(shades if shades.ndim == 2 else np.ascontiguousarray(shades.transpose(1, 2, 0))).save(
        stream, "PNG"
    )
    return stream.getvalue()
