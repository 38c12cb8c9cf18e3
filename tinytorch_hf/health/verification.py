"""Every file against the catalog, every adapter against the fingerprint."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision
from tinytorch_hf.data import loaders, text_loaders
from tinytorch_hf.data.content_hash import fingerprints
from tinytorch_hf.errors import MissingExtraError, TinyTorchHFError
from tinytorch_hf.files import on_hub, python_functions, store, talks
from tinytorch_hf.files.splits import Split


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
        yield Check(name, "everything", Outcome.SKIPPED, store.not_found(dataset, store.folder(dataset)))
        return
    for file in dataset.files:
        yield _check(name, f"file {file.name}", lambda file=file: _file(dataset, file))  # type: ignore[misc]
    if dataset is catalog.TINYTALKS:
        yield _check(name, "texts", _talks_texts)
        yield _check(name, "rules", _talks_rules)
    for subject, read_back in _adapters(name).items():
        yield _check(name, subject, lambda read_back=read_back: _same(name, read_back()))  # type: ignore[misc]


def is_here(name: str) -> bool:
    """Whether all files of a dataset are on this machine, good or not: in the installation or in the cache."""
    if name == catalog.TINYPY.name:
        return python_functions.is_built()
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
    n_bytes = len(store.read(dataset, file))
    return f"{n_bytes} bytes, " + (f"sha256 {file.sha256[:16]}" if file.sha256 else f"md5 {file.md5[:16]}")


def _same(name: str, splits: Mapping[str, Split]) -> str:
    found, expected = fingerprints(name, splits)
    if found != expected:
        raise TinyTorchHFError(f"other numbers: fingerprint {found}, it should be {expected}")
    served = tuple(next(iter(splits.values())).columns)
    if len(served) < len(catalog.info(name).columns):
        return f"fingerprint {found[:16]} of {', '.join(served)}"
    return f"fingerprint {found[:16]}"


def _talks_texts() -> str:
    """The milestones' text files hold the pairs of the source, in its order."""
    dataset = catalog.TINYTALKS
    splits: dict[str, str | None] = {f"splits/{split.name}.txt": split.name for split in dataset.splits}
    for file in dataset.other_files:
        path = store.folder(dataset) / file.name
        found = talks.parse_text(store.read(dataset, file), path)
        # The one text that is not a split's holds all pairs.
        if found != text_loaders.load_tinytalks(splits.get(file.name)):
            raise TinyTorchHFError(f"{path} holds other pairs than the source of TinyTalks")
    return f"the same {len(text_loaders.load_tinytalks())} pairs as the source"


def _talks_rules() -> str:
    from tinytorch_hf.health import talks_rules

    broken = {rule: whats for rule, whats in talks_rules.violations(text_loaders.talks_pairs()).items() if whats}
    if broken:
        raise TinyTorchHFError("; ".join(f"{rule}: {whats[0]}" for rule, whats in broken.items()))
    return f"all {len(talks_rules.RULES)} kept"


def _adapters(name: str) -> dict[str, Callable[[], Mapping[str, Split]]]:
    """Every road to the data, by the name a user knows it under."""
    dataset = catalog.info(name)
    holds_images = dataset.columns[0].name == "images"
    roads: dict[str, Callable[[], Mapping[str, Split]]] = {"numpy load": lambda: loaders.load(name)}
    if holds_images:
        roads["torch tensors"] = lambda: _torch_tensors(name)
    roads[f"torch {dataset.title}"] = lambda: _torch_class(name)
    if holds_images:
        roads["tinytorch DataLoader"] = lambda: _tinytorch(name)
    if on_hub.has(name):
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

    with tempfile.TemporaryDirectory() as out:
        # Building already compares every configuration with the curated files; the default is shown here.
        folder = parquet.build(name, Path(out))
        return parquet.read_back(name, folder, as_hf.config_names(name)[0])
