"""Croissant of what is served: the repository's own file, or one made of its card and of its Parquet files.

Whoever has the answer alone reads the records: every address in it is whole, and names a commit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urljoin

from starlette.responses import Response
from starlette.routing import Route

from tinytorch_hf.hub import croissant
from tinytorch_hf.mirror import answers, cards, viewer
from tinytorch_hf.mirror.features import Feature
from tinytorch_hf.mirror.questions import Desk, Question, in_path

_MAX_BYTES = 10 << 20
_DATA_TYPES = {
    "bool": "sc:Boolean",
    **dict.fromkeys(("string", "large_string"), "sc:Text"),
    **dict.fromkeys(("float16", "float32", "float64"), "sc:Float"),
    **dict.fromkeys((f"{sign}int{bits}" for bits in (8, 16, 32, 64) for sign in ("", "u")), "sc:Integer"),
}


def routes(desk: Desk) -> list[Route]:
    """The route of the API."""
    return [Route("/api/datasets/{namespace}/{name}/croissant", desk.endpoint(_croissant, in_path))]


def _croissant(question: Question) -> Response:
    snapshot = question.snapshot
    base = f"{answers.endpoint(question.request)}/datasets/{question.repository.id}/resolve/{snapshot.commit}/"
    described = _own(question, base) or _made(question, base)
    text = json.dumps(described, ensure_ascii=False, allow_nan=False)
    return Response(text, media_type="application/ld+json")


def _own(question: Question, base: str) -> dict[str, Any] | None:
    """The repository's own description, with the addresses of its files made whole; None where there is none."""
    stored = question.snapshot.files.get(croissant.FILE_NAME)
    if stored is None or stored.size_bytes > _MAX_BYTES:
        return None
    stream = answers.open_unchanged(stored)
    if stream is None:
        return None
    with stream:
        try:
            # What is no number in JSON, such as NaN, makes it no description.
            described = json.loads(stream.read(_MAX_BYTES), parse_constant=_refuse)
        except (ValueError, RecursionError):
            return None
    if not isinstance(described, dict):
        return None
    files = described.get("distribution")
    for file in files if isinstance(files, list) else []:
        if isinstance(file, dict) and isinstance(file.get("contentUrl"), str):
            file["contentUrl"] = urljoin(base, file["contentUrl"])
        if isinstance(file, dict) and file.get("@type") == "cr:FileSet" and "containedIn" not in file:
            # What lies beside the description is out of reach of whoever has it alone.
            made = _made(question, base)
            return {**described, "distribution": made["distribution"], "recordSet": made["recordSet"]}
    return described


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _made(question: Question, base: str) -> dict[str, Any]:
    """A description of the Parquet files, which is what the Hub makes for a repository."""
    repository, snapshot = question.repository, question.snapshot
    card = cards.of(snapshot)
    tables = [table for config in question.configs() for table in viewer.tables(snapshot, config)]
    parts = [(table, number, path) for table in tables for number, path in enumerate(table.paths)]
    licence = card.data.get("license")
    return {
        "@context": croissant.CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": croissant.VERSIONS[0],
        "name": repository.id.partition("/")[2],
        "alternateName": repository.id,
        "description": card.description or f"The Parquet files of {repository.id}.",
        "keywords": cards.tags(card, snapshot.files),
        **({"license": licence} if isinstance(licence, str) else {}),
        "url": f"{answers.endpoint(question.request)}/datasets/{repository.id}",
        "creator": {"@type": "sc:Organization", "name": repository.id.partition("/")[0]},
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": f"file/{table.config}/{table.split}/{number}",
                "name": path,
                "contentUrl": f"{base}{quote(path)}",
                "contentSize": f"{snapshot.files[path].size_bytes} B",
                "encodingFormat": "application/x-parquet",
                "sha256": snapshot.files[path].sha256,
            }
            for table, number, path in parts
        ],
        "recordSet": [_record_set(table, number) for table, number, _ in parts],
    }


def _record_set(table: viewer.Table, number: int) -> dict[str, Any]:
    """The records of one file; a split of several has one for each."""
    place = f"{table.config}/{table.split}/{number}"
    name = place if len(table.paths) > 1 else place.rpartition("/")[0]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"Rows of the {table.split} split, configuration {table.config}.",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": column,
                **dict(_field(feature)),
                "source": {
                    "fileObject": {"@id": f"file/{place}"},
                    "extract": {"column": column},
                    # A picture is stored as a structure of its bytes and a path.
                    **({"transform": {"jsonPath": "bytes"}} if _kind(feature) == "Image" else {}),
                },
            }
            for column, feature in table.features.items()
            if dict(_field(feature))
        ],
    }


def _kind(feature: Feature) -> str:
    return str(feature.get("_type", "")) if isinstance(feature, Mapping) else ""


def _field(feature: Feature) -> Iterator[tuple[str, Any]]:
    """What a feature is called in Croissant; nothing for structures, and for values that it has no word for."""
    kind = _kind(feature)
    if kind == "Image":
        yield "dataType", "sc:ImageObject"
    elif kind == "ClassLabel":
        yield "dataType", "sc:Integer"
        yield "description", f"Position, from 0, in this list of classes: {', '.join(_texts(feature.get('names')))}."
    elif kind == "Value" and feature.get("dtype") in _DATA_TYPES:
        yield "dataType", _DATA_TYPES[feature["dtype"]]
    elif kind.startswith("Array") and feature.get("dtype") in _DATA_TYPES:
        yield "dataType", _DATA_TYPES[feature["dtype"]]
        yield "isArray", True
        yield "arrayShape", ",".join(_texts(feature.get("shape")))


def _texts(values: Any) -> list[str]:
    return list(map(str, values)) if isinstance(values, list) else []
