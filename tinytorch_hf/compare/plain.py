"""What a request and its answer carry, as plain values and arrays by name: models, settings, lists of weights."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tinytorch_hf.compare.layers import Layer, Part, Residual
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.formats.arrays import Array


def of_model(model: Model) -> dict[str, Any]:
    """A model as JSON knows it."""
    return dataclasses.asdict(model)


def to_model(values: Mapping[str, Any]) -> Model:
    """The inverse of `of_model`."""
    return Model(values["title"], values["input_axes"], tuple(map(to_part, values["parts"])), values["loss"])


def of_part(part: Part) -> dict[str, Any]:
    """A part of a model as JSON knows it."""
    return dataclasses.asdict(part)


def to_part(values: Mapping[str, Any]) -> Part:
    """A part of a model, out of what it is in `of_model`."""
    if "layers" in values:
        return Residual(values["name"], tuple(map(_layer, values["layers"])))
    return _layer(values)


def _layer(values: Mapping[str, Any]) -> Layer:
    return Layer(values["name"], values["kind"], tuple(values["arguments"]))


def of_settings(settings: Settings) -> dict[str, Any]:
    """Settings as JSON knows them."""
    return dataclasses.asdict(settings)


def to_settings(values: Mapping[str, Any]) -> Settings:
    """The inverse of `of_settings`."""
    return Settings(**values)


def flat(weights: Weights) -> list[Array]:
    """The values of all layers in one list."""
    return [value for layer in weights for value in layer]


def of_layers(model: Model, values: Iterable[Any]) -> list[list[Any]]:
    """One list for each layer, from one value for each parameter; the inverse of `flat`."""
    remaining = iter(values)
    return [[next(remaining) for _ in layer.parameters] for layer in model.layers]


def numbered(what: str, values: Iterable[Any]) -> dict[str, Any]:
    """Values under a name of their own each, which `wire` can encode."""
    return {f"{what} {number}": value for number, value in enumerate(values)}


def digest(inputs: Any, targets: Any) -> str:
    """SHA-256 of a batch's content: shapes, and values as float32; nothing where these are not numbers.

    Whole numbers of data are small enough to be exact in float32, which every tensor of TinyTorch is made of.
    """
    content = hashlib.sha256()
    for values in (np.asarray(inputs), np.asarray(targets)):
        if values.dtype.kind not in "biuf":
            return ""
        content.update(repr(values.shape).encode())
        # A negative zero is a zero.
        content.update(np.ascontiguousarray(values, dtype="<f4") + np.float32(0))
    return content.hexdigest()
