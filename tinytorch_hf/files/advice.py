"""What to say of a file that is missing or damaged: only what helps, for this dataset and this call."""

from __future__ import annotations

from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.catalog import Built, CutFrom, DatasetInfo, Folder, Shipped
from tinytorch_hf.files.folders import base, folder


def repair(dataset: DatasetInfo, root: str | Path | None, *, can_download: bool = False) -> str:
    """What to do about a damaged file."""
    if dataset.is_shipped and root is None:
        return "The file belongs to the installation: reinstall tinytorch-hf."
    if isinstance(dataset.provider, Folder) and root is None:
        return f"Put the registered file back, or write its new size_bytes and sha256 into {_description(dataset)}."
    return how_to_get(dataset, root, can_download=can_download)


def _description(dataset: DatasetInfo) -> Path:
    return folder(dataset) / catalog.DESCRIPTION


def not_found(dataset: DatasetInfo, path: Path, root: str | Path | None = None, *, can_download: bool = False) -> str:
    """What to say of a dataset if ``path`` is missing: where it was looked for, and how to get it."""
    missing = f"{dataset.title} was not found: there is no {path}"
    if dataset.is_shipped and root is None:
        return f"{path} is missing from the installation. Reinstall tinytorch-hf."
    if isinstance(dataset.provider, Folder) and root is None:
        return f"{path} is missing, which {_description(dataset)} names. Put it back."
    right = _root_above(dataset, path, root)
    if right is not None:
        return f"{missing}, but {folder(dataset, right) / path.name} is there: give the root above it, {right}."
    older = [
        release.version
        for release in dataset.earlier
        if any((folder(dataset, root) / file.name).is_file() for file in release.files if file.name != path.name)
    ]
    if older:
        return (
            f"{folder(dataset, root)} holds {dataset.title} {older[-1]}, an earlier version; this tinytorch-hf reads "
            f"{dataset.title} {dataset.version}. {how_to_get(dataset, root, can_download=can_download)}"
        )
    nor = f", nor is there {catalog.info(dataset.cut_from).title} to cut it from" if dataset.cut_from else ""
    return f"{missing}{nor}. {how_to_get(dataset, root, can_download=can_download)}"


def _root_above(dataset: DatasetInfo, path: Path, root: str | Path | None) -> Path | None:
    """The right root where the one that was given is the dataset's own folder, or a folder on the way to it."""
    if root is None:
        return None
    given = base(root).absolute()
    on_the_way = folder(dataset, root).relative_to(base(root)).parts
    for depth in range(1, len(on_the_way) + 1):
        if given.parts[-depth:] == on_the_way[:depth] and given.joinpath(*on_the_way[depth:], path.name).is_file():
            return given.parents[depth - 1]
    return None


def how_to_get(dataset: DatasetInfo, root: str | Path | None = None, *, can_download: bool = False) -> str:
    """What to do to get a dataset: what to type, how large it is, where it goes."""
    there = "" if root is None else f" --root {root}"
    command = f"`tinytorch-hf download {dataset.name}{there}`"
    advice = f"You can use download=True, or run {command}." if can_download else f"Run {command}."
    if isinstance(dataset.provider, Folder):
        return f"Leave root out: {dataset.title} is in {dataset.provider.path}."
    if isinstance(dataset.provider, Shipped):
        return f"{advice} This puts it there, without a network. Or leave root out for the bundled files."
    if isinstance(dataset.provider, CutFrom):
        source = catalog.info(dataset.cut_from)
        return (
            f"{advice} This downloads {source.title} ({catalog.download_cost(source)}) into {base(root)} and cuts "
            f"{dataset.title} from it; then {source.title} is no longer needed."
        )
    if isinstance(dataset.provider, Built):
        return f"{advice} This builds it into {base(root)}."
    return f"{advice} This downloads it ({catalog.download_cost(dataset)}) into {base(root)}."
