"""What a mirror serves: the built datasets, and the sub-folders of an instructor's own folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import InvalidArgumentError, StorageError
from tinytorch_hf.hub.contents import Snapshot, content_hash, hash_file, tag_of, take_snapshot
from tinytorch_hf.mirror.folder import Found, contents, survey


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

    What cannot be served is left out, as `tinytorch_hf.mirror.folder` says it.

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
    MissingFileError, InvalidArgumentError, StorageError
        As `tinytorch_hf.mirror.folder.survey`; or a file cannot be read.
    """
    found, _left_out = survey(folder)
    return [_as_files(one) if out is None or not one.is_described else own_built(one, out) for one in found]


def own_built(found: Found, out: Path) -> Repository:
    """A sub-folder with ``dataset.json``, built as any dataset is; raises as `built`, and `DescriptionError`."""
    # In a folder of its own: it may be called as another dataset that is served.
    return built(found.place, out / "own" / found.place.name, found.id)


def _as_files(found: Found) -> Repository:
    try:
        files = {path: hash_file(place) for path, place in contents(found).files.items()}
    except OSError as error:
        raise StorageError(f"{found.place} cannot be read: {error}.") from error
    return Repository(found.id, {"main": Snapshot(content_hash(files), files)})


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
