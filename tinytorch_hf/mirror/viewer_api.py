"""The API of the Hub's dataset viewer: splits, rows, sizes, facts, and pictures of the rows.

As https://huggingface.co/docs/dataset-viewer describes it, where it has a host of its own; here it has the mirror's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tinytorch_hf.mirror import answers, cells, viewer
from tinytorch_hf.mirror.questions import LARGEST_DIGITS, Desk, Question, RefusedError, in_path, in_query

ROWS_PER_PAGE = 100

# Nothing is computed in the background, so nothing is waited for.
DONE: dict[str, list[str]] = {"pending": [], "failed": []}

_FIRST_ROWS_BYTES = 1_000_000
_FILE_NAME = re.compile(r"(?:image|audio)(?P<place>(?:-[0-9]{1,6})*)")


def routes(desk: Desk) -> list[Route]:
    """Routes of the viewer's API."""
    by_name = {
        "/is-valid": _is_valid,
        "/splits": _splits,
        "/first-rows": _first_rows,
        "/rows": _rows,
        "/size": _size,
        "/info": _info,
    }
    asset = "/cached-assets/{namespace}/{name}/--/{revision}/--/{config}/{split}/{row}/{column:path}/{file}"
    return [
        *(Route(path, desk.endpoint(answer, in_query)) for path, answer in by_name.items()),
        Route(asset, desk.endpoint(_asset, in_path)),
    ]


def _is_valid(question: Question) -> Response:
    can_show = bool(viewer.splits(question.snapshot))
    no = dict.fromkeys(("search", "filter", "statistics"), False)
    return JSONResponse({"preview": can_show, "viewer": can_show, **no})


def _splits(question: Question) -> Response:
    found = viewer.splits(question.snapshot)
    named = [
        {"dataset": question.repository.id, "config": config, "split": split}
        for config in question.configs()
        for split in found[config]
    ]
    return JSONResponse({"splits": named, **DONE})


def _rows(question: Question) -> Response:
    offset, length = question.number("offset", 0), question.number("length", ROWS_PER_PAGE)
    if length > ROWS_PER_PAGE:
        message = f"Parameter 'length' must not be greater than {ROWS_PER_PAGE}"
        raise RefusedError(422, "InvalidParameter", message)
    table = question.table()
    return JSONResponse(
        {
            "features": _features(table),
            "rows": _written(question, table, offset, length),
            "num_rows_total": table.n_rows,
            "num_rows_per_page": ROWS_PER_PAGE,
            "partial": False,
        }
    )


def _first_rows(question: Question) -> Response:
    table = question.table()
    rows = _written(question, table, 0, ROWS_PER_PAGE)
    shown: list[dict[str, Any]] = []
    n_bytes = 0
    for row in rows:
        n_bytes += len(JSONResponse(row).body)
        if shown and n_bytes > _FIRST_ROWS_BYTES:
            break
        shown.append(row)
    about = {"dataset": question.repository.id, "config": table.config, "split": table.split}
    is_cut = len(shown) < len(rows) or any(row["truncated_cells"] for row in shown)
    return JSONResponse({**about, "features": _features(table), "rows": shown, "truncated": is_cut})


def _features(table: viewer.Table) -> list[dict[str, Any]]:
    return [
        {"feature_idx": number, "name": name, "type": feature}
        for number, (name, feature) in enumerate(table.features.items())
    ]


def _written(question: Question, table: viewer.Table, offset: int, length: int) -> list[dict[str, Any]]:
    """Rows as JSON, with the addresses of their pictures."""
    base = (
        f"{answers.endpoint(question.request)}/cached-assets/{question.repository.id}/--/{question.snapshot.commit}/--"
    )
    base += f"/{quote(table.config, '')}/{quote(table.split, '')}"
    result = []
    for index, row in enumerate(table.rows(offset, length), offset):
        written, cut = {}, []
        for name, value in row.items():
            feature = table.features.get(name)
            kind = "audio" if isinstance(feature, Mapping) and feature.get("_type") == "Audio" else "image"
            at = f"{base}/{index}/{quote(name, '')}/{kind}"
            written[name], is_cut = cells.cell(value, feature, at)
            cut += [name] if is_cut else []
        result.append({"row_idx": index, "row": written, "truncated_cells": cut})
    return result


def _asset(question: Question) -> Response:
    """A picture or a sound of a row."""
    asked = question.request.path_params
    match = _FILE_NAME.fullmatch(asked["file"])
    row = asked["row"]
    snapshot = question.repository.at(asked["revision"])
    is_number = row.isascii() and row.isdigit() and len(row) <= LARGEST_DIGITS
    if snapshot is not None and match is not None and is_number:
        table = viewer.table(snapshot, asked["config"], asked["split"])
        rows = table.rows(int(row), 1)
        place = tuple(map(int, match["place"].split("-")[1:]))
        found = cells.find(rows[0].get(asked["column"]), place) if rows else None
        content = found.get("bytes") if isinstance(found, Mapping) else None
        kind = cells.media_type(content) if isinstance(content, bytes) else ""
        if kind:
            headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=3600"}
            return Response(content, media_type=kind, headers=headers)
    raise RefusedError(404, "EntryNotFound", "There is no such picture or sound here.")


def _size(question: Question) -> Response:
    tables = question.tables()
    of_splits = [
        {"dataset": question.repository.id, "config": one.config, "split": one.split, **_measured([one], columns=True)}
        for one in tables
    ]
    of_configs = []
    for config in dict.fromkeys(one.config for one in tables):
        inside = [one for one in tables if one.config == config]
        original = {"num_bytes_original_files": sum(one.n_bytes for one in inside)}
        about = {"dataset": question.repository.id, "config": config}
        of_configs.append({**about, **original, **_measured(inside, columns=True)})
    original = {"num_bytes_original_files": sum(one.n_bytes for one in tables)}
    whole = {"dataset": question.repository.id, **original, **_measured(tables, columns=False)}
    named = "config" in question.request.query_params
    size = {"config": of_configs[0]} if named else {"dataset": whole, "configs": of_configs}
    return JSONResponse({"size": {**size, "splits": of_splits}, **DONE, "partial": False})


def _measured(tables: list[viewer.Table], *, columns: bool) -> dict[str, Any]:
    return {
        "num_bytes_parquet_files": sum(one.n_bytes for one in tables),
        "num_bytes_memory": sum(one.n_bytes_in_memory for one in tables),
        "num_rows": sum(one.n_rows for one in tables),
        **({"num_columns": len(tables[0].features)} if columns else {}),
        "estimated_num_rows": None,
    }


def _info(question: Question) -> Response:
    described = {config: _described(question, config) for config in question.configs()}
    if "config" in question.request.query_params:
        (only,) = described.values()
        return JSONResponse({"dataset_info": only, "partial": False})
    return JSONResponse({"dataset_info": described, **DONE, "partial": False})


def _described(question: Question, config: str) -> dict[str, Any]:
    """A configuration as `datasets.DatasetInfo` has it."""
    found = viewer.tables(question.snapshot, config)
    n_bytes = sum(one.n_bytes for one in found)
    n_bytes_in_memory = sum(one.n_bytes_in_memory for one in found)
    name = question.repository.id.partition("/")[2]
    splits = {
        one.split: {
            "name": one.split,
            "num_bytes": one.n_bytes_in_memory,
            "num_examples": one.n_rows,
            "dataset_name": name,
        }
        for one in found
    }
    return {
        **dict.fromkeys(("description", "citation", "homepage", "license"), ""),
        "features": dict(found[0].features),
        "builder_name": "parquet",
        "dataset_name": name,
        "config_name": config,
        "version": {"version_str": "0.0.0", "major": 0, "minor": 0, "patch": 0},
        "splits": splits,
        "download_size": n_bytes,
        "dataset_size": n_bytes_in_memory,
    }
