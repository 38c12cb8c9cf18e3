"""Croissant: what a machine wants to know of a built folder, as JSON-LD.

References
----------
Croissant Format Specification 1.1, MLCommons, https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
Croissant RAI Vocabulary 1.0, MLCommons, https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html
PROV-O: The PROV Ontology, W3C, https://www.w3.org/TR/prov-o/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.catalog import DatasetInfo, SplitInfo
from tinytorch_hf.hub import responsible
from tinytorch_hf.hub.citation import citation
from tinytorch_hf.hub.licences import spdx_page

FILE_NAME = "croissant.json"

VERSIONS = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
_SPLITS, _SPLIT_NAME = "splits", "splits/name"

# The context that the specification prescribes, without which its terms mean nothing.
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
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


def text(name: catalog.Dataset | str, folder: Path, repo_id: str = "", files_at: str = "") -> str:
    """The content of ``croissant.json`` for a built folder.

    Parameters
    ----------
    name
        As for `tinytorch_hf.load`.
    folder
        Where its Parquet files are, as `tinytorch_hf.hub.parquet.build` writes them.
    repo_id
        The repository that it is for; "" for the dataset's own.
    files_at
        The address below which the files are, at one revision of them, so that whoever has this text alone reads the
        records; "" for beside it.
    """
    dataset = catalog.info(name)
    description = _description(dataset, folder, repo_id or dataset.repo_id, files_at)
    return json.dumps(description, indent=2, ensure_ascii=False) + "\n"


def _description(dataset: DatasetInfo, folder: Path, repo_id: str, files_at: str) -> dict[str, Any]:
    known = responsible.answers(dataset)
    parts = [(config, split) for config in as_hf.config_names(dataset) for split in dataset.splits]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": VERSIONS,
        "name": dataset.name,
        "alternateName": dataset.title,
        "description": dataset.summary,
        "version": dataset.version,
        **({"datePublished": dataset.published} if dataset.published else {}),
        "keywords": [*dataset.keywords, "image" if dataset.kind == "images" else "text", "tinytorch"],
        **({"inLanguage": list(dataset.languages)} if dataset.languages else {}),
        "license": spdx_page(dataset.license) or dataset.license,
        # What is not published has no page but its source's.
        "url": dataset.source_url if dataset.not_to_publish else f"https://huggingface.co/datasets/{repo_id}",
        **({"isBasedOn": _source_page(dataset)} if _source_page(dataset) else {}),
        "citeAs": citation(dataset),
        "creator": {"@type": "sc:Organization", "name": dataset.creator or dataset.namespace},
        **responsible.terms(known),
        "prov:wasDerivedFrom": _sources(dataset),
        "prov:wasGeneratedBy": _making(dataset, known.get(responsible.HOW, "")),
        "distribution": [
            *(_file(folder, config, split, files_at) for config, split in parts),
            *(() if files_at else map(_file_set, as_hf.config_names(dataset))),
        ],
        "recordSet": [_split_set(dataset), *_record_sets(dataset, parts, files_at)],
    }


def _sources(dataset: DatasetInfo) -> list[dict[str, Any]]:
    """What it was made from: the source that the facts name."""
    page = _source_page(dataset)
    return [{**({"@id": page} if page else {}), "@type": "prov:Entity", "prov:label": dataset.source}]


def _source_page(dataset: DatasetInfo) -> str:
    """The page of the source, or "": what was written for the dataset itself has that of its licence, which is none."""
    return "" if dataset.source_url in dataset.license_note else dataset.source_url


def _making(dataset: DatasetInfo, how: str) -> list[dict[str, Any]]:
    """The work that made it of its source: who did it, with which program, and how, as far as that is written."""
    who = dataset.creator or dataset.namespace
    program = [{"@type": "prov:SoftwareAgent", "prov:label": dataset.recipe}] if dataset.recipe else []
    return [
        {
            "@type": "prov:Activity",
            "prov:label": f"{dataset.title} {dataset.version} was made",
            **({"description": how} if how else {}),
            "prov:wasAssociatedWith": [{"@type": "prov:Agent", "prov:label": who}, *program],
        }
    ]


def _split_set(dataset: DatasetInfo) -> dict[str, Any]:
    """The names of the splits, to which every other record set refers."""
    return {
        "@type": "cr:RecordSet",
        "@id": _SPLITS,
        "name": _SPLITS,
        "dataType": "cr:Split",
        "description": "The splits of the dataset.",
        "key": {"@id": _SPLIT_NAME},
        "field": [{"@type": "cr:Field", "@id": _SPLIT_NAME, "name": "name", "dataType": "sc:Text"}],
        "data": [{_SPLIT_NAME: split.name} for split in dataset.splits],
    }


def _file(folder: Path, config: str, split: SplitInfo, files_at: str) -> dict[str, Any]:
    path = f"data/{config}/{split.name}-00000-of-00001.parquet"
    content = (folder / path).read_bytes()
    return {
        "@type": "cr:FileObject",
        "@id": f"file/{config}/{split.name}",
        "name": path,
        "contentUrl": f"{files_at}{path}",
        "contentSize": f"{len(content)} B",
        "encodingFormat": "application/x-parquet",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _file_set(config: str) -> dict[str, Any]:
    """All files of a configuration, which lie beside the description."""
    return {
        "@type": "cr:FileSet",
        "@id": f"files/{config}",
        "name": f"files/{config}",
        "description": f"The Parquet files of configuration {config}, one for each split.",
        "encodingFormat": "application/x-parquet",
        "includes": f"data/{config}/*.parquet",
    }


def _record_sets(dataset: DatasetInfo, parts: list[tuple[str, SplitInfo]], files_at: str) -> Iterator[dict[str, Any]]:
    """What the records are: of a folder a set for each configuration, of files at an address one for each split, too.

    TensorFlow Datasets makes splits of records only where the files' paths say which split they are, and MLCommons'
    library looks at paths only in a folder or in a repository of Git's, not at single files that it downloads.
    """
    if files_at:
        for config, split in parts:
            name = f"{config}/{split.name}"
            description = f"The {split.n_samples} samples of the {split.name} split, configuration {config}."
            # A column of the dataset's may be called "split".
            of_split = {**_split_field(f"split/{name}"), "value": split.name}
            yield _record_set(dataset, config, name, description, {"fileObject": {"@id": f"file/{name}"}}, of_split)
        return
    n_samples = sum(split.n_samples for split in dataset.splits)
    # The longest first: what is looked for must not be found in the beginning of another.
    names = "|".join(sorted((split.name for split in dataset.splits), key=len, reverse=True))
    for config in as_hf.config_names(dataset):
        source = {"fileSet": {"@id": f"files/{config}"}}
        of_split = {
            **_split_field(f"{config}/split" if "split" not in as_hf.features(dataset, config) else f"split/{config}"),
            "source": {
                **source,
                "extract": {"fileProperty": "fullpath"},
                # The name alone fits as well, because what was found is looked for in itself again.
                "transform": {"regex": rf"^(?:data/{config}/)?({names})(?:-00000-of-00001\.parquet)?$"},
            },
        }
        description = f"The {n_samples} samples of all splits, configuration {config}."
        yield _record_set(dataset, config, config, description, source, of_split)


def _record_set(
    dataset: DatasetInfo, config: str, name: str, description: str, source: dict[str, Any], of_split: dict[str, Any]
) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": column,
                **dict(_field(feature)),
                "source": {
                    **source,
                    "extract": {"column": column},
                    # An image is stored as a structure of its bytes and a path.
                    **({"transform": {"jsonPath": "bytes"}} if feature.dtype == "PIL.Image.Image" else {}),
                },
            }
            for column, feature in as_hf.features(dataset, config).items()
        ]
        + [of_split],
    }


def _split_field(name: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": name,
        "name": "split",
        "description": "The split that the sample belongs to.",
        "dataType": "sc:Text",
        "references": {"field": {"@id": _SPLIT_NAME}},
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
