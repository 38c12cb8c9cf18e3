"""The folder of a set: everything is written into a folder beside it, checked, and renamed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from tinytorch_hf import _version, catalog
from tinytorch_hf.catalog import DESCRIPTION, DatasetInfo
from tinytorch_hf.curation import content, datasheet, recipe
from tinytorch_hf.curation.findings import Findings
from tinytorch_hf.curation.licences import may_be_packed
from tinytorch_hf.curation.lots import hexadecimal
from tinytorch_hf.curation.recipe import Place, Recipe, Row
from tinytorch_hf.data.register import register
from tinytorch_hf.errors import MissingExtraError, StorageError
from tinytorch_hf.files import store
from tinytorch_hf.hub import pictures

BASELINES = "baselines.json"
"""What judges reached after the set, and after subsets that were drawn by chance."""

_LIBRARIES = ("numpy", "pillow", "datasets", "scikit-learn")


def write(out: Path, findings: Findings) -> DatasetInfo | None:
    """Write what was found.

    Parameters
    ----------
    out
        The folder that comes to be. It must not be there yet.
    findings
        What was found.

    Returns
    -------
    DatasetInfo or None
        The set's facts, registered; None where its licence does not let content be packed.

    Raises
    ------
    StorageError
        The folder is there already, or cannot be written; nothing half-written stays.
    InvalidArgumentError, DescriptionError
        What the user says of the set breaks a rule: the message names the field.
    """
    rows, samples = _chosen(findings)
    wish, is_images = findings.wish, findings.kind == "images"
    facts = {
        "summary": _summary(findings),
        "source": findings.source,
        "license": "not stated",
        "classes": list(findings.pool.classes),
        **findings.facts,
    }
    made_of = Recipe(
        findings.source,
        findings.kind,
        findings.shards,
        wish.size if is_images else 0,
        findings.columns,
        {**asdict(wish.parameters), "min_cosine": findings.choice.min_cosine, "n_candidates": wish.candidates},
        facts,
    )
    documents = {
        datasheet.FILE_NAME: datasheet.text(findings).encode("utf-8"),
        BASELINES: (json.dumps(datasheet.baselines(findings.proof), indent=1) + "\n").encode("utf-8"),
    }
    return write_folder(out, made_of, rows, _places(findings, rows), samples, documents)


def write_folder(
    out: Path,
    made_of: Recipe,
    rows: Sequence[Row],
    places: Sequence[Place],
    samples: Mapping[str, Any],
    documents: Mapping[str, bytes],
) -> DatasetInfo | None:
    """Write the folder of a set.

    Parameters
    ----------
    out
        The folder. It must not be there yet.
    made_of
        How the set was made; the hashes of its files and the versions of libraries are filled in.
    rows, places
        Of all splits, in the order of the files.
    samples
        Each row's sample by its digest.
    documents
        What else is in the folder, by the file's name.
    """
    if os.path.lexists(out):
        raise StorageError(f"{out} exists already. Choose another folder, or remove it.")
    temporary = out.with_name(f"{out.name}{store.PARTIAL_SUFFIX}")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        dataset = content.written(temporary, made_of.kind, rows, samples, made_of.facts)
        catalog.forget(dataset.name)
        files = {file.name: file.sha256 for file in dataset.files}
        made_of = replace(made_of, files=files, versions=_versions())
        is_packed = may_be_packed(dataset.license)
        if is_packed:
            with contextlib.suppress(MissingExtraError, ImportError):
                store.write(temporary / pictures.FILE_NAME, _picture(temporary))
        else:
            for name in [*files, DESCRIPTION]:
                (temporary / name).unlink()
        store.write(temporary / recipe.SELECTION, recipe.selection_bytes(rows))
        store.write(temporary / recipe.PLACES, recipe.places_bytes(places))
        store.write(temporary / recipe.RECIPE, made_of.as_bytes())
        for name, data in documents.items():
            store.write(temporary / name, data)
        _rename(temporary, out)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        if "name" in made_of.facts:
            catalog.forget(made_of.facts["name"])
        raise
    return register(out) if is_packed else None


def _picture(folder: Path) -> bytes:
    """The first samples of a set that lies in a folder, as a PNG."""
    dataset = register(folder)
    try:
        return pictures.samples_png(dataset)
    finally:
        catalog.forget(dataset.name)


def _rename(temporary: Path, out: Path) -> None:
    try:
        temporary.rename(out)
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror or error}.") from error


def _chosen(findings: Findings) -> tuple[list[Row], dict[str, Any]]:
    """The rows of all splits in the order of the files, and their samples by digest."""
    pool, choice = findings.pool, findings.choice
    rows: list[Row] = []
    samples: dict[str, Any] = {}
    for split in content.SPLITS:
        positions = getattr(choice, split).tolist()
        found = recipe.rows_of(pool, positions, split, choice.level, choice.score)
        rows += found
        for row, one in zip(found, positions, strict=True):
            samples[row.digest] = pool.texts[one] if pool.images is None else pool.images[one]
    return rows, samples


def _places(findings: Findings, rows: Sequence[Row]) -> list[Place]:
    """Where each row's sample lies; of equal ones that whose place comes first."""
    facts = findings.summary.candidates
    wanted = {row.digest for row in rows}
    found: dict[str, Place] = {}
    for digest, shard, row in zip(facts.digest, facts.shard.tolist(), facts.row.tolist(), strict=True):
        name = hexadecimal(digest)
        if name in wanted:
            found[name] = Place(name, facts.shards[shard], row)
    return [found[row.digest] for row in rows]


def _summary(findings: Findings) -> str:
    wish, n_classes = findings.wish, len(findings.pool.classes)
    what = "texts" if findings.kind == "texts" else f"images of {wish.size}x{wish.size} pixels"
    return f"{(wish.n_train + wish.n_test) * n_classes} {what} in {n_classes} classes, chosen from {findings.source}."


def _versions() -> dict[str, str]:
    found = {"tinytorch-hf": _version.__version__, "python": sys.version.split()[0]}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
