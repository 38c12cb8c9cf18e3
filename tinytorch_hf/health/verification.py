"""Every file against the catalog, every adapter against the fingerprint."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import loaders
from tinytorch_hf.data.content_hash import fingerprints
from tinytorch_hf.data.texts import texts
from tinytorch_hf.errors import MissingExtraError, TinyTorchHFError
from tinytorch_hf.files import advice, decode, folders, store
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array


class Outcome(Enum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """One check: what was looked at, how it ended, and what was seen."""

    dataset: str
    subject: str
    outcome: Outcome
    detail: str


def verify(name: str) -> list[Check]:
    """Check a dataset's files against the catalog and each adapter's numbers against its fingerprint.

    An adapter whose library is not installed is skipped, with the line that installs it; so is a dataset that is not
    on this machine, with what to type to get it.

    Raises
    ------
    UnknownNameError
        No such dataset.
    """
    return list(checks(name))


def checks(name: str) -> Iterator[Check]:
    """The checks of `verify`, one after the other as they end."""
    dataset = catalog.info(name)
    try:
        provision.provide_on_first_use(dataset)
    except TinyTorchHFError as error:
        yield Check(name, "first use", Outcome.FAILED, str(error))
        return
    if not dataset.is_shipped and not is_here(name):
        yield Check(name, "everything", Outcome.SKIPPED, advice.not_found(dataset, folders.folder(dataset)))
        return
    for file in dataset.files:
        yield _check(name, f"file {file.name}", partial(_file, dataset, file))
    if dataset.forms:
        yield _check(name, "texts", partial(_forms, dataset))
    if dataset.rules:
        yield _check(name, "rules", partial(RULES[dataset.rules], dataset))
    for subject, read_back in _adapters(name).items():
        yield _check(name, subject, partial(_same, name, read_back))


def is_here(name: str) -> bool:
    """Whether all files of a dataset are on this machine, good or not: in the installation or in the cache."""
    return store.is_there(catalog.info(name))


def _check(name: str, subject: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, subject, Outcome.OK, look())
    except MissingExtraError as error:
        return Check(name, subject, Outcome.SKIPPED, str(error))
    except TinyTorchHFError as error:
        return Check(name, subject, Outcome.FAILED, str(error))
    except ImportError as error:
        # A library is there, but one that it leans on does not import.
        return Check(name, subject, Outcome.FAILED, f"a library does not work here: {error}")


def _file(dataset: catalog.DatasetInfo, file: catalog.DataFile) -> str:
    n_bytes, known = len(store.read(dataset, file)), store.with_hash(dataset, file)
    return f"{n_bytes} bytes, " + (f"sha256 {known.sha256[:16]}" if known.sha256 else f"md5 {known.md5[:16]}")


def _same(name: str, read_back: Callable[[], Mapping[str, Split]]) -> str:
    splits = read_back()
    found, expected = fingerprints(name, splits)
    if found != expected:
        raise TinyTorchHFError(f"other numbers: fingerprint {found}, it should be {expected}")
    served = tuple(next(iter(splits.values())).columns)
    if len(served) < len(catalog.info(name).columns):
        return f"fingerprint {found[:16]} of {', '.join(served)}"
    return f"fingerprint {found[:16]}"


def _forms(dataset: DatasetInfo) -> str:
    """Files in another form hold the samples of the split that they are, or of all splits."""
    for form in dataset.forms:
        path = folders.folder(dataset) / form.file.name
        found = decode.read(dataset, form.split, {path: store.read(dataset, form.file)}, form.decoder)
        expected = _one_text(dataset, form.split) if form.decoder == "text" else _all_or_one(dataset, form.split)
        if any(not np.array_equal(column, expected[name]) for name, column in found.items()):
            raise TinyTorchHFError(f"{path} holds other samples than {dataset.title}")
    return f"the same {sum(split.n_samples for split in dataset.splits)} samples in {len(dataset.forms)} other files"


def _all_or_one(dataset: DatasetInfo, split_name: str) -> Mapping[str, Array]:
    """The columns of one split; without a name those of the file that holds them all."""
    if split_name:
        return loaders.load_split(dataset, split_name).columns
    (file,) = dataset.splits[0].files
    return decode.read(dataset, "", {folders.folder(dataset) / file.name: store.read(dataset, file)})


def _one_text(dataset: DatasetInfo, split_name: str) -> Mapping[str, Array]:
    """What a model reads of one split, or of all splits one after the other, as a file of text holds it."""
    names = [split_name] if split_name else [split.name for split in dataset.splits]
    return {"text": np.array(["".join(part for name in names for part in texts(dataset, name))])}


def _tutor(dataset: DatasetInfo) -> str:
    from tinytorch_hf.files import talks
    from tinytorch_hf.health import talks_rules

    (file,) = dataset.splits[0].files
    pairs = talks.parse_jsonl(store.read(dataset, file), folders.folder(dataset) / file.name)
    broken = {rule: whats for rule, whats in talks_rules.violations(pairs).items() if whats}
    if broken:
        raise TinyTorchHFError("; ".join(f"{rule}: {whats[0]}" for rule, whats in broken.items()))
    return f"all {len(talks_rules.RULES)} kept"


RULES: dict[str, Callable[[DatasetInfo], str]] = {"tutor": _tutor}
"""What checks the rules that a dataset's content keeps, by the name that the catalog uses."""


def _adapters(name: str) -> dict[str, Callable[[], Mapping[str, Split]]]:
    """Every road to the data, by the name a user knows it under."""
    dataset = catalog.info(name)
    holds_images = dataset.kind == "images"
    roads: dict[str, Callable[[], Mapping[str, Split]]] = {"numpy load": lambda: loaders.load(dataset)}
    if holds_images:
        roads["torch tensors"] = lambda: _torch_tensors(name)
    roads[f"torch {dataset.title}"] = lambda: _torch_class(name)
    roads["tinytorch DataLoader"] = lambda: _tinytorch(name)
    roads["Hugging Face in memory"] = lambda: _in_memory(name)
    roads["Hugging Face Parquet"] = lambda: _parquet(name)
    return roads


def _torch_tensors(name: str) -> Mapping[str, Split]:
    from tinytorch_hf.as_torch import read_back

    return read_back.from_tensors(name)


def _torch_class(name: str) -> Mapping[str, Split]:
    from tinytorch_hf.as_torch import read_back

    return read_back.from_class(name)


def _tinytorch(name: str) -> Mapping[str, Split]:
    from tinytorch_hf import as_tinytorch

    return as_tinytorch.read_back(name)


def _in_memory(name: str) -> Mapping[str, Split]:
    from tinytorch_hf import as_hf

    return as_hf.to_numpy(name, as_hf.load(name))


def _parquet(name: str) -> Mapping[str, Split]:
    from tinytorch_hf import as_hf
    from tinytorch_hf.hub import parquet

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as out:
        # Building already compares every configuration with the curated files; the default is shown here.
        folder = parquet.build(name, Path(out))
        return parquet.read_back(name, folder, as_hf.config_names(name)[0])
