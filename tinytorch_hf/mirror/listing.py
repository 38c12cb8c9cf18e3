"""What the API says of a dataset, and which datasets it lists: found by tag, author and words, sorted, in pages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tinytorch_hf.hub.contents import Snapshot
from tinytorch_hf.mirror import answers, cards
from tinytorch_hf.mirror.repositories import Repository

ENTRIES_PER_PAGE = 1000

_MAX_DIGITS = 9

# What may be asked for by "expand".
_EXPANDABLE = (
    *("author", "cardData", "citation", "createdAt", "description", "disabled", "downloads", "downloadsAllTime"),
    *("gated", "gitalyUid", "lastModified", "likes", "mainSize", "paperswithcode_id", "private", "resourceGroup"),
    *("sha", "siblings", "tags", "trendingScore", "usedStorage"),
)
_NOT_LISTED = ("siblings", "cardData")
_SORTS: Mapping[str, Callable[[Repository], Any]] = {
    **dict.fromkeys(("lastModified", "createdAt"), lambda repository: repository.modified),
    **dict.fromkeys(("downloads", "likes", "likes30d", "trendingScore"), lambda _: 0),
    "mainSize": lambda repository: repository.main.size_bytes,
    "id": lambda repository: repository.id,
}


class BadQueryError(ValueError):
    """A parameter has a value that the Hub refuses as well."""


def description(request: Request, repository: Repository, snapshot: Snapshot) -> dict[str, Any]:
    """What the API says of one dataset; BadQueryError for what cannot be expanded."""
    whole = _whole(repository, snapshot, blobs=is_true(request.query_params.get("blobs")))
    return _chosen(whole, _expanded(request))


def _whole(repository: Repository, snapshot: Snapshot, *, blobs: bool = False) -> dict[str, Any]:
    card = cards.of(snapshot)
    modified = timestamp(repository)
    about = repository.dataset.summary if repository.dataset else card.description
    return {
        # The Hub's own number of a repository: it stays when the files change.
        "_id": hashlib.sha256(repository.id.encode()).hexdigest()[:24],
        "id": repository.id,
        "author": repository.id.split("/")[0],
        "sha": snapshot.commit,
        "lastModified": modified,
        "createdAt": modified,
        "private": False,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "downloadsAllTime": 0,
        "likes": 0,
        "trendingScore": 0,
        "description": about,
        "tags": cards.tags(card, snapshot.files),
        "cardData": dict(card.data),
        "mainSize": repository.main.size_bytes,
        "usedStorage": repository.main.size_bytes,
        "siblings": [
            {"rfilename": path, **({"size": file.size_bytes, "blobId": file.git_sha1} if blobs else {})}
            for path, file in snapshot.files.items()
        ],
    }


def _chosen(whole: dict[str, Any], expanded: frozenset[str]) -> dict[str, Any]:
    """What was asked for: everything, or what names it and the fields that were expanded."""
    return {key: value for key, value in whole.items() if not expanded or key in ("_id", "id") or key in expanded}


def _expanded(request: Request) -> frozenset[str]:
    query = request.query_params
    fields = [*query.getlist("expand"), *query.getlist("expand[]")]
    if not set(fields) <= set(_EXPANDABLE):
        # Word for word as the Hub says it: clients read the list.
        raise BadQueryError(f'"expand" must be one of [{", ".join(_EXPANDABLE)}]')
    return frozenset(fields)


def timestamp(repository: Repository) -> str:
    """When a repository was last changed, as the API writes it."""
    return repository.modified.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def found(request: Request, repositories: Mapping[str, Repository]) -> Response:
    """The datasets that a query finds, a page of them.

    ``filter`` is a tag; of several, a dataset has all. ``search`` is words that stand in the name.
    """
    query = request.query_params
    try:
        expanded = _expanded(request)
        chosen = _sorted([one for one in repositories.values() if _fits(one, request)], query)
        page, headers = pages(request, chosen, ENTRIES_PER_PAGE)
    except BadQueryError as bad:
        return answers.error(400, str(bad))
    wants_everything = is_true(query.get("full"))
    listed = [_chosen(_whole(repository, repository.main), expanded) for repository in page]
    for one in listed:
        for key in () if wants_everything or expanded else _NOT_LISTED:
            one.pop(key)
    return JSONResponse(listed, headers=headers)


def _fits(repository: Repository, request: Request) -> bool:
    query = request.query_params
    name = repository.id.lower()
    words = [word for text in query.getlist("search") for word in text.lower().split()]
    wanted = query.getlist("filter")
    return (
        query.get("author", "").lower() in ("", repository.id.split("/")[0].lower())
        and not is_true(query.get("gated"))
        and all(word in name for word in words)
        and (not wanted or set(wanted) <= set(cards.tags(cards.of(repository.main), repository.main.files)))
    )


def _sorted(chosen: list[Repository], query: Mapping[str, str]) -> list[Repository]:
    sort = query.get("sort")
    if not sort:
        return chosen
    if sort not in _SORTS:
        raise BadQueryError(f"Datasets are not sorted by {sort[:50]!r}. Known: {', '.join(_SORTS)}.")
    return sorted(chosen, key=_SORTS[sort], reverse=query.get("direction", "-1") == "-1")


def pages(request: Request, entries: list[Any], most: int) -> tuple[list[Any], dict[str, str]]:
    """A page of entries, and the headers that name the next; BadQueryError for a limit that is none."""
    limit = request.query_params.get("limit") or str(most)
    if not is_number(limit) or int(limit) == 0:
        raise BadQueryError(f"limit is a whole number from 1 on, not {limit[:50]!r}.")
    cursor = request.query_params.get("cursor", "0")
    start = int(cursor) if is_number(cursor) else 0
    stop = start + min(int(limit), most)
    headers = {"X-Total-Count": str(len(entries))}
    if stop < len(entries):
        query = urlencode([*((k, v) for k, v in request.query_params.multi_items() if k != "cursor"), ("cursor", stop)])
        # Names of folders in the path may hold what no header holds.
        headers["Link"] = f'<{answers.endpoint(request)}{quote(request.scope["path"])}?{query}>; rel="next"'
    return entries[start:stop], headers


def is_number(text: str) -> bool:
    """Whether a text is a whole number of a sensible size."""
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS


def is_true(value: Any) -> bool:
    """Whether a parameter says yes."""
    return str(value).lower() in ("1", "true")
