"""Croissant: what a machine wants to know of a built folder, as JSON-LD.

References
----------
Croissant Format Specification 1.1, MLCommons, https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.catalog import DatasetInfo, SplitInfo
from tinytorch_hf.hub.citation import citation
from tinytorch_hf.hub.licences import spdx_page

FILE_NAME = "croissant.json"

# The context that the specification prescribes, without which its terms mean nothing.
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{
        term: f"cr:{term}"
        for term in (
            *("arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileObject"),
            *("fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5"),
            *("parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate"),
            *("separator", "source", "subField", "transform"),
        )
    },
}


def text(name: catalog.Dataset | str, folder: Path, repo_id: str = "") -> str:
    """The content of ``croissant.json`` for a built folder.

    Parameters
    ----------
    name
        As for `tinytorch_hf.load`.
    folder
        Where its Parquet files are, as `tinytorch_hf.hub.parquet.build` writes them.
    repo_id
        The repository that it is for; "" for the dataset's own.
    """
    dataset = catalog.info(name)
    description = _description(dataset, folder, repo_id or dataset.repo_id)
    return json.dumps(description, indent=2, ensure_ascii=False) + "\n"


def _description(dataset: DatasetInfo, folder: Path, repo_id: str) -> dict[str, Any]:
    parts = [(config, split) for config in as_hf.config_names(dataset) for split in dataset.splits]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": dataset.name,
        "alternateName": dataset.title,
        "description": dataset.summary,
        "version": dataset.version,
        "license": spdx_page(dataset.license) or dataset.license,
        "url": f"https://huggingface.co/datasets/{repo_id}",
        **({"isBasedOn": dataset.source_url} if dataset.source_url else {}),
        "citeAs": citation(dataset),
        "creator": {"@type": "sc:Organization", "name": dataset.creator or dataset.namespace},
        "distribution": [_file(folder, config, split) for config, split in parts],
        "recordSet": [_record_set(dataset, config, split) for config, split in parts],
    }


def _file(folder: Path, config: str, split: SplitInfo) -> dict[str, Any]:
    path = f"data/{config}/{split.name}-00000-of-00001.parquet"
    content = (folder / path).read_bytes()
    return {
        "@type": "cr:FileObject",
        "@id": f"file/{config}/{split.name}",
        "name": path,
        "contentUrl": path,
        "contentSize": f"{len(content)} B",
        "encodingFormat": "application/x-parquet",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _record_set(dataset: DatasetInfo, config: str, split: SplitInfo) -> dict[str, Any]:
    record_set = f"{config}/{split.name}"
    features = as_hf.features(dataset, config)
    return {
        "@type": "cr:RecordSet",
        "@id": record_set,
        "name": record_set,
        "description": f"The {split.n_samples} samples of the {split.name} split, configuration {config}.",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{record_set}/{column}",
                "name": column,
                **dict(_field(feature)),
                "source": {
                    "fileObject": {"@id": f"file/{record_set}"},
                    "extract": {"column": column},
                    # An image is stored as a structure of its bytes and a path.
                    **({"transform": {"jsonPath": "bytes"}} if feature.dtype == "PIL.Image.Image" else {}),
                },
            }
            for column, feature in features.items()
        ],
    }


_DATA_TYPES = {
    "PIL.Image.Image": "sc:ImageObject",
    "bool": "sc:Boolean",
    **dict.fromkeys(("float32", "float64"), "sc:Float"),
    **dict.fromkeys((f"{sign}int{bits}" for bits in (8, 16, 32, 64) for sign in ("", "u")), "sc:Integer"),
    "string": "sc:Text",
}


def _field(feature: Any) -> Iterator[tuple[str, Any]]:
    """What a feature of `datasets` is called in Croissant."""
    yield "dataType", _DATA_TYPES[feature.dtype]
    if hasattr(feature, "names"):
        yield "description", f"Position, from 0, in this list of classes: {', '.join(feature.names)}."
    if hasattr(feature, "shape"):
        yield "isArray", True
        yield "arrayShape", ",".join(map(str, feature.shape))
