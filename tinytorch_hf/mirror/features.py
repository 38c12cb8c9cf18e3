"""Features of a table as Hugging Face's library writes them in JSON: of a Parquet file's schema, and of a card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tinytorch_hf.mirror.cards import as_json

# A feature in JSON: {"dtype": "int64", "_type": "Value"}; of structures a dictionary of them.
Feature = Any

_METADATA = b"huggingface"
_VALUE_NAMES = {
    **{"halffloat": "float16", "float": "float32", "double": "float64"},
    **{"date32[day]": "date32", "date64[ms]": "date64"},
}
_NOT_VALUES = {"image": "Image", "audio": "Audio", "video": "Video", "pdf": "Pdf", "nifti": "Nifti"}
_LISTS = {"list": "List", "sequence": "List", "large_list": "LargeList"}


def features(schema: Any, card_features: Any = None) -> dict[str, Feature]:
    """Features by column.

    Parameters
    ----------
    schema
        The file's `pyarrow.Schema`; what Hugging Face's library wrote into its metadata counts.
    card_features
        The list under ``features`` in the card, which counts more where it is about the same columns.
    """
    for described in (_of_card(card_features), _of_metadata(schema.metadata or {})):
        if set(described) == set(schema.names):
            return {name: described[name] for name in schema.names}
    return {column.name: _of_type(column.type) for column in schema}


def of_config(card: Mapping[str, Any], config: str) -> Any:
    """The list under ``features`` in a card for a configuration, or None."""
    infos = card.get("dataset_info")
    for info in infos if isinstance(infos, list) else [infos]:
        if isinstance(info, dict) and (not isinstance(infos, list) or info.get("config_name") == config):
            return info.get("features")
    return None


def _of_metadata(metadata: Mapping[bytes, bytes]) -> dict[str, Feature]:
    try:
        found = as_json(json.loads(metadata[_METADATA])["info"]["features"])
    except (KeyError, ValueError, TypeError, RecursionError):
        return {}
    is_good = isinstance(found, dict) and all(isinstance(feature, (dict, list)) for feature in found.values())
    return found if is_good else {}


def _of_type(kind: Any) -> Feature:
    """What an Arrow type is called there."""
    import pyarrow as pa

    if isinstance(kind, pa.BaseExtensionType):
        return _of_type(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return _of_type(kind.value_type)
    if pa.types.is_struct(kind):
        return {field.name: _of_type(field.type) for field in kind}
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        length = {"length": kind.list_size} if pa.types.is_fixed_size_list(kind) else {}
        return {"feature": _of_type(kind.value_type), **length, "_type": "List"}
    if pa.types.is_large_list(kind):
        return {"feature": _of_type(kind.value_type), "_type": "LargeList"}
    return {"dtype": _VALUE_NAMES.get(str(kind), str(kind)), "_type": "Value"}


def _of_card(listed: Any) -> dict[str, Feature]:
    """Features from the way in which a card writes them; none where one of them cannot be read."""
    try:
        return {str(one["name"]): _of_yaml(one) for one in listed}
    except (TypeError, KeyError, ValueError, AttributeError):
        return {}


def _of_yaml(one: Any) -> Feature:
    kind, inner = next((key, value) for key, value in one.items() if key != "name")
    if kind == "dtype" and isinstance(inner, str):
        return {"_type": _NOT_VALUES[inner]} if inner in _NOT_VALUES else {"dtype": inner, "_type": "Value"}
    if kind == "dtype":
        return _of_yaml(inner)
    if kind == "struct":
        return {str(field["name"]): _of_yaml(field) for field in inner}
    if kind in _LISTS:
        return _list_of_yaml(inner, _LISTS[kind])
    if kind == "class_label":
        names = inner["names"]
        # "0": cat, "1": dog
        ordered = [names[key] for key in sorted(names, key=int)] if isinstance(names, dict) else names
        return {"names": [str(name) for name in ordered], "_type": "ClassLabel"}
    # array2_d: {shape: [8, 8], dtype: float32} is Array2D.
    return {**inner, "_type": "".join(part.capitalize() for part in kind.split("_"))}


def _list_of_yaml(inner: Any, kind: str) -> Feature:
    """A list of values; of structures a structure of lists, which is how they are stored."""
    if isinstance(inner, list):
        return {str(field["name"]): {"feature": _of_yaml(field), "_type": kind} for field in inner}
    return {"feature": _of_yaml({"dtype": inner} if isinstance(inner, str) else inner), "_type": kind}
