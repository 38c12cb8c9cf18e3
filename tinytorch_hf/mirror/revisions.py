"""Revisions as addresses name them: branches, tags, commits, ``HEAD`` and full references, with or without a path."""

from __future__ import annotations

from tinytorch_hf.hub.contents import Snapshot
from tinytorch_hf.mirror import viewer
from tinytorch_hf.mirror.repositories import Repository

_HEAD = "HEAD"
_CONVERTED = "refs/convert/parquet"


def split(repository: Repository, rest: str) -> tuple[str, str]:
    """The revision at the beginning of an address, and the path behind it.

    Slashes of a revision arrive as slashes, however the client wrote them, so the names that there are decide:
    ``refs/convert/parquet/default`` is a folder of that reference. What begins with ``refs`` and is unknown has three
    parts, as the Hub has it; any other unknown revision has one.
    """
    names = {*repository.branches, *repository.tags}
    known = (*names, *(f"refs/heads/{n}" for n in names), *(f"refs/tags/{n}" for n in names), _CONVERTED)
    fitting = [name for name in known if rest == name or rest.startswith(f"{name}/")]
    n_parts = 3 if rest.startswith("refs/") else 1
    revision = max(fitting, key=len) if fitting else "/".join(rest.split("/", 3)[:n_parts])
    return revision, rest[len(revision) + 1 :]


def at(repository: Repository, revision: str) -> Snapshot | None:
    """The snapshot of a revision, or None."""
    if revision == _CONVERTED:
        converted = viewer.converted(repository.main)
        return converted if converted.files else None
    if revision.startswith("refs/tags/"):
        return repository.tags.get(revision.removeprefix("refs/tags/"))
    found = repository.at("main" if revision == _HEAD else revision)
    if found is None and len(revision) == len(repository.main.commit):
        converted = viewer.converted(repository.main)
        return converted if converted.commit == revision and converted.files else None
    return found
