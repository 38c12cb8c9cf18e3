"""Publish a dataset: first decide what would change on the Hub, then, if it is wanted, do it and read it back."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError
from tinytorch_hf.files import folders
from tinytorch_hf.hub import parquet, scripted, tagged
from tinytorch_hf.hub.contents import Snapshot, StoredFile, tag_of, take_snapshot
from tinytorch_hf.hub.gaps import gaps
from tinytorch_hf.hub.remote import THE_HUB, Remote, RemoteFile, RemoteState

MAIN, SCRIPT = "main", scripted.BRANCH

# The Hub makes it with the repository; it says which files are large.
_NOT_OURS = (".gitattributes",)


class Kind(Enum):
    """What happens to a file."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    SAME = "same"


@dataclass(frozen=True)
class Change:
    """A file of the repository and what happens to it; ``size_bytes`` is the new size, or that of what goes."""

    kind: Kind
    path: str
    size_bytes: int


@dataclass(frozen=True)
class BranchPlan:
    """A branch: the commit it stands at, None where it does not exist, and what happens to its files."""

    branch: str
    parent: str | None
    changes: tuple[Change, ...]

    @property
    def paths_to_add(self) -> tuple[str, ...]:
        """Files to upload."""
        return tuple(c.path for c in self.changes if c.kind in (Kind.ADDED, Kind.CHANGED))

    @property
    def paths_to_remove(self) -> tuple[str, ...]:
        """Files to remove."""
        return tuple(c.path for c in self.changes if c.kind is Kind.REMOVED)


@dataclass(frozen=True)
class Plan:
    """What publishing would do; nothing of it is done yet.

    ``not_asked`` says why the server could not be asked; then the plan is that for a repository that does not exist.
    """

    dataset: DatasetInfo
    repo_id: str
    creates: bool
    private: bool
    branches: tuple[BranchPlan, ...]
    card_diff: str
    tag: str
    makes_tag: bool
    not_asked: str = ""


def check_allowed(name: catalog.Dataset | str, *, is_confirmed: bool = True) -> None:
    """Raise InvalidArgumentError with the reason if a dataset is not published with this package, or not yet.

    ``is_confirmed`` says whether a person has confirmed what the facts ask to be confirmed.
    """
    dataset = catalog.info(name)
    if dataset.not_to_publish:
        raise InvalidArgumentError(f"{dataset.name} is not published from here: {dataset.not_to_publish}")
    documents = folders.documents(dataset)
    for path in [documents / companion for companion in parquet.COMPANIONS] if documents else ():
        open_ones = gaps(path)
        if open_ones:
            raise InvalidArgumentError(
                f"{path} has {len(open_ones)} gaps that a person has to fill before {dataset.name} is "
                f"published. The first: {open_ones[0]}"
            )
    if dataset.to_confirm and not is_confirmed:
        raise InvalidArgumentError(
            f"Before {dataset.name} is published, a person has to confirm that {dataset.to_confirm}. If it is so, add "
            "--confirmed."
        )


def prepare(
    name: catalog.Dataset | str,
    repo_id: str,
    folder: Path,
    *,
    script: bool,
    remote: Remote | None = None,
    asks: bool = True,
) -> dict[str, Snapshot]:
    """Write what belongs on each branch into a folder.

    ``main`` holds the built dataset, whose Croissant names its files on the server by the tag of the version; if the
    repository ``remote`` has that tag, with the same numbers, its files are taken. ``script`` holds the loading script
    and the curated files it reads, for releases of `datasets` before 4. Unless it ``asks``, the repository is not
    looked at.

    Raises
    ------
    UnknownNameError, MissingFileError, CorruptFileError, StorageError
        As `tinytorch_hf.hub.parquet.build`.
    InvalidArgumentError
        The dataset is not to be published, or has no loading script and one is asked for.
    NetworkError
        The repository cannot be read.
    """
    dataset = catalog.info(name)
    check_allowed(dataset)
    if script and folders.loading_script(dataset) is None:
        raise InvalidArgumentError(
            f"{dataset.name} has no loading script. Leave --script out: every release of datasets loads the Parquet "
            "files."
        )
    files_at = f"{remote.endpoint if remote else THE_HUB}/datasets/{repo_id}/resolve/{tag_of(dataset.version)}/"
    built = parquet.build(dataset, folder / MAIN, repo_id, files_at)
    if remote is not None and asks:
        tagged.keep(dataset, built, remote, files_at)
    branches = {MAIN: take_snapshot(built)}
    scripted_files = scripted.write(dataset, folder / SCRIPT, repo_id) if script else None
    if scripted_files is not None:
        branches[SCRIPT] = scripted_files
    return branches


def changes(local: Mapping[str, StoredFile], remote: Mapping[str, RemoteFile]) -> tuple[Change, ...]:
    """What has to happen to remote files so that they are the local ones, in the order of their paths."""
    kinds = dict.fromkeys(local, Kind.ADDED)
    for path, file in remote.items():
        if path in local:
            kinds[path] = Kind.SAME if file.holds(local[path]) else Kind.CHANGED
        elif path not in _NOT_OURS:
            kinds[path] = Kind.REMOVED
    sizes = {path: file.size_bytes for path, file in remote.items()}
    sizes |= {path: file.size_bytes for path, file in local.items()}
    return tuple(Change(kind, path, sizes[path]) for path, kind in sorted(kinds.items()))


def card_diff(remote: str, local: str) -> str:
    """Unified difference between the card on the Hub and the one to publish; empty if there is none."""
    lines = difflib.unified_diff(
        remote.splitlines(), local.splitlines(), "README.md on the Hub", "README.md to publish", lineterm=""
    )
    return "\n".join(lines)


def plan(
    name: catalog.Dataset | str, remote: Remote, local: Mapping[str, Snapshot], *, private: bool, not_asked: str = ""
) -> Plan:
    """Decide what publishing would do; without asking, for the reason ``not_asked``, what it does to nothing.

    Raises
    ------
    InvalidArgumentError
        The repository exists and is public, but a private one was asked for.
    CorruptFileError
        The tag of this version exists and holds other numbers.
    NetworkError
        The Hub cannot be read.
    """
    dataset = catalog.info(name)
    tag = tag_of(dataset.version)
    state = None if not_asked else remote.state(*local, tag)
    if state is not None and private and not state.private:
        raise InvalidArgumentError(
            f"{remote.repo_id} exists and is public; --private is for new repositories. Change it in its settings "
            f"at {remote.endpoint}/datasets/{remote.repo_id}/settings, or leave --private out."
        )
    if state is not None and tag in state.tags:
        _check_tag(dataset, tag, remote, state, local[MAIN])
    return Plan(
        dataset=dataset,
        repo_id=remote.repo_id,
        creates=state is None,
        private=private if state is None else state.private,
        branches=tuple(_branch_plan(branch, snapshot, state) for branch, snapshot in local.items()),
        card_diff=card_diff(state.card if state else "", _text(local[MAIN].files["README.md"])),
        tag=tag,
        makes_tag=state is None or tag not in state.tags,
        not_asked=not_asked,
    )


def _branch_plan(branch: str, snapshot: Snapshot, state: RemoteState | None) -> BranchPlan:
    if state is None or branch not in state.branches:
        return BranchPlan(branch, None, changes(snapshot.files, {}))
    return BranchPlan(branch, state.branches[branch], changes(snapshot.files, state.files[branch]))


def _text(file: StoredFile) -> str:
    return file.place.read_text(encoding="utf-8")


def _check_tag(dataset: DatasetInfo, tag: str, remote: Remote, state: RemoteState, local: Snapshot) -> None:
    """A tag stands for numbers: the card around them may change, and Parquet of other libraries has other bytes."""
    if all(change.kind is Kind.SAME for change in changes(local.files, state.files[tag])):
        return
    try:
        _check_numbers(dataset, remote, state.tags[tag])
    except CorruptFileError as error:
        raise CorruptFileError(
            f"{remote.repo_id} has a tag {tag} with other content, and the files of a version never change: {error} "
            "Give the dataset a new version."
        ) from None


def _check_numbers(dataset: DatasetInfo, remote: Remote, commit: str) -> None:
    """Raise CorruptFileError unless the commit, downloaded, gives the curated numbers in every configuration."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) / dataset.name
        remote.download(commit, folder)
        for config in as_hf.config_names(dataset):
            try:
                found, expected = parquet.fingerprints(dataset, folder, config)
            except Exception as error:
                # Whatever is there, the library cannot read it as this dataset.
                raise CorruptFileError(f"its configuration {config} cannot be loaded ({error}).") from error
            if found != expected:
                raise CorruptFileError(f"its configuration {config} has the fingerprint {found}, not {expected}.")


def describe(plan: Plan, endpoint: str) -> str:
    """A plan for people: files with sizes, the card's difference, the tag; and what is not known."""
    kind = "private" if plan.private else "public"
    if plan.not_asked:
        lines = [
            f"{plan.repo_id} at {endpoint}: not asked, because {plan.not_asked}.",
            "Not known: whether it exists and is public, which of its files stay, change or are removed, how its card "
            f"differs, whether the tag {plan.tag} is there with other numbers, and whether you may write.",
            f"This is what a new repository, {kind}, would get:",
        ]
    else:
        lines = [f"{plan.repo_id} at {endpoint}: {'new' if plan.creates else 'exists'}, {kind}"]
    for branch in plan.branches:
        lines += ["", f"branch {branch.branch}: {f'at commit {branch.parent[:12]}' if branch.parent else 'new'}"]
        lines += [f"  {c.kind.value:<8} {c.size_bytes:>11,}  {c.path}" for c in branch.changes]
    lines += ["", f"tag {plan.tag}: {'new' if plan.makes_tag else 'exists with the same numbers and stays'}"]
    lines += ["", plan.card_diff or "README.md: no difference"]
    return "\n".join(lines)


def carry_out(plan: Plan, remote: Remote, local: Mapping[str, Snapshot]) -> Iterator[str]:
    """Do what a plan says; gives a line for each step that is done.

    Files are uploaded in one commit a branch, downloaded again and compared; the tag is made last.

    Raises
    ------
    NetworkError
        There is no token or no right, the Hub cannot be reached, or somebody else committed meanwhile.
    CorruptFileError
        What was downloaded again is not what was uploaded.
    """
    remote.require_token()
    if plan.creates:
        remote.create(private=plan.private)
        yield f"created {plan.repo_id}"
    for branch in plan.branches:
        commit = _push(plan, branch, remote, local[branch.branch])
        yield f"{branch.branch}: commit {commit}"
        if branch.branch == MAIN:
            _check_numbers(plan.dataset, remote, commit)
            yield "downloaded again: every configuration has the curated fingerprint"
            if plan.makes_tag:
                remote.tag(plan.tag, commit)
                yield f"tag {plan.tag}: {commit}"
        else:
            _check_bytes(remote, commit, local[branch.branch])
            yield "downloaded again: every file has its SHA-256"


def _push(plan: Plan, branch: BranchPlan, remote: Remote, local: Snapshot) -> str:
    """Bring a branch to its planned state in one commit; returns the commit it then stands at."""
    parent = branch.parent
    if parent is None:
        # The Hub starts a repository with a commit of its own, and a branch with what main holds.
        if branch.branch != MAIN:
            remote.create_branch(branch.branch)
        state = remote.state(branch.branch)
        if state is None or branch.branch not in state.branches:
            raise CorruptFileError(f"{plan.repo_id} has no branch {branch.branch} after it was created.")
        parent = state.branches[branch.branch]
        branch = BranchPlan(branch.branch, parent, changes(local.files, state.files[branch.branch]))
    if not branch.paths_to_add and not branch.paths_to_remove:
        return parent
    add = {path: local.files[path].place for path in branch.paths_to_add}
    return remote.commit(
        branch.branch, parent, add, branch.paths_to_remove, f"{plan.dataset.name} {plan.dataset.version}"
    )


def _check_bytes(remote: Remote, commit: str, local: Snapshot) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        remote.download(commit, Path(scratch))
        downloaded = take_snapshot(Path(scratch)).files
    for path, file in local.files.items():
        if path not in downloaded or downloaded[path].sha256 != file.sha256:
            raise CorruptFileError(f"{path} of {remote.repo_id} at {commit} is not what was uploaded.")
