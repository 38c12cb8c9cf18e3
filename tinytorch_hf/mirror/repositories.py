"""What a mirror serves: the built datasets, and the sub-folders of an instructor's own folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DESCRIPTION, DatasetInfo
from tinytorch_hf.errors import InvalidArgumentError, MissingFileError, StorageError
from tinytorch_hf.files import folders
from tinytorch_hf.hub.contents import Snapshot, tag_of, take_snapshot

# What Hugging Face's clients accept as a namespace or a name.
_VALID_NAME = re.compile(r"(?!.*(--|\.\.))(?!.*\.git$)[A-Za-z0-9_]([A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")


@dataclass(frozen=True)
class Repository:
    """A dataset repository as the Hub's protocol sees it.

    Attributes
    ----------
    id
        Namespace and name, such as ``tinytorch/tinydigits``.
    branches, tags
        Snapshots by name; there is a branch ``main``.
    dataset
        Facts of the dataset, or None for files that somebody put there.
    modified
        When it was last changed.
    """

    id: str
    branches: Mapping[str, Snapshot]
    tags: Mapping[str, Snapshot] = field(default_factory=dict)
    dataset: DatasetInfo | None = None
    modified: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    @property
    def main(self) -> Snapshot:
        """The snapshot that is served when no revision is named."""
        return self.branches["main"]

    def at(self, revision: str) -> Snapshot | None:
        """The snapshot of a branch, a tag or a commit, or None."""
        by_name = {**self.tags, **self.branches}
        by_commit = {snapshot.commit: snapshot for snapshot in by_name.values()}
        return by_name.get(revision.removeprefix("refs/heads/")) or by_commit.get(revision)


def built(name: catalog.Dataset | str, out: Path, repo_id: str = "") -> Repository:
    """Build a dataset into a folder and give it as a repository, tagged with its version.

    There is a branch ``script`` of those that have a loading script, for releases of `datasets` before 4.

    ``repo_id`` is the name under which it is served; "" for the dataset's own.

    Raises
    ------
    UnknownNameError, InvalidArgumentError, MissingFileError, CorruptFileError, StorageError
        As `tinytorch_hf.hub.parquet.build`.
    MissingExtraError
        A library that builds them is missing.
    """
    from tinytorch_hf.hub import parquet, scripted

    dataset = catalog.info(name)
    repo_id = repo_id or dataset.repo_id
    snapshot = take_snapshot(parquet.build(dataset, out, repo_id))
    branches = {"main": snapshot}
    script = scripted.write(dataset, out / f"{dataset.name}.script", repo_id) if scripted.is_for(dataset) else None
    if script is not None:
        branches[scripted.BRANCH] = script
    return Repository(repo_id, branches, {tag_of(dataset.version): snapshot}, dataset=dataset)


def own(folder: Path, out: Path | None = None) -> list[Repository]:
    """The sub-folders of an instructor's folder: ``course/words`` is the sub-folder ``words`` of ``course``.

    Hidden sub-folders and links that lead out of the folder are left out.

    Parameters
    ----------
    folder
        The instructor's folder.
    out
        Where sub-folders with ``dataset.json`` are built as any dataset is, so that `load_dataset` reads them and they
        have a page with samples; None to serve the files that are there.

    Raises
    ------
    DescriptionError, CorruptFileError
        A ``dataset.json`` is bad, or a file that it names is damaged.
    MissingFileError
        There is no such folder.
    InvalidArgumentError
        It holds no sub-folder, or a name is none that Hugging Face's clients accept.
    StorageError
        The folder or a file in it cannot be read.
    """
    root = folders.expanded(folder).resolve()
    if not root.is_dir():
        raise MissingFileError(f"{folder} is not a folder. Give one that holds a sub-folder for each dataset.")
    try:
        candidates = [path for path in sorted(root.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror or error}.") from error
    datasets = [path for path in candidates if path.resolve().is_relative_to(root)]
    if not datasets:
        raise InvalidArgumentError(f"{folder} holds no sub-folder. Each dataset needs one, such as {folder}/words.")
    for name in (root.name, *(path.name for path in datasets)):
        if not _VALID_NAME.fullmatch(name):
            raise InvalidArgumentError(
                f"{name!r} in {folder} cannot be a dataset's name on the Hub: letters, digits, '-', '_' and '.' may "
                "stand in it, neither '--' nor '..', and '-' or '.' neither first nor last. Rename the folder."
            )
    return [_own(path, f"{root.name}/{path.name}", out) for path in datasets]


def _own(folder: Path, repo_id: str, out: Path | None) -> Repository:
    if out is None or not (folder / DESCRIPTION).is_file():
        return Repository(repo_id, {"main": take_snapshot(folder)})
    # In a folder of its own: it may be called as another dataset that is served.
    return built(folder, out / "own" / folder.name, repo_id)


def by_id(repositories: Iterable[Repository]) -> dict[str, Repository]:
    """Repositories by their id.

    Raises
    ------
    InvalidArgumentError
        Two have the same.
    """
    result: dict[str, Repository] = {}
    for repository in repositories:
        if repository.id in result:
            raise InvalidArgumentError(f"{repository.id} is there twice. Rename one of the folders.")
        result[repository.id] = repository
    return result
