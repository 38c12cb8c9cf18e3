"""The part of the Hub's protocol that clients need to find, list and read datasets.

Written for what `datasets` 2.21 to 5.2 and `huggingface_hub` 0.24 to 2.4 ask for, as measured; the Hub's own
description is at https://huggingface.co/docs/hub/api
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tinytorch_hf.hub.contents import Snapshot
from tinytorch_hf.mirror import answers
from tinytorch_hf.mirror.repositories import Repository

Repositories = Mapping[str, Repository]

_ENTRIES_PER_PAGE = 1000
_MAX_BODY_BYTES = 1 << 20
_BODY_TIMEOUT_S = 30


def routes(repositories: Repositories) -> list[Route]:
    """Routes of the protocol over repositories by id; the mapping is looked into at every request."""

    def with_repository(answer: Callable[[Request, Repository], Awaitable[Response]]) -> Any:
        async def endpoint(request: Request) -> Response:
            repository_id = "{namespace}/{name}".format_map(request.path_params)
            repository = repositories.get(repository_id)
            if repository is None:
                return answers.error(404, f"There is no dataset {repository_id} here.", "RepoNotFound")
            return await answer(request, repository)

        return endpoint

    async def listing(request: Request) -> Response:
        return _list(request, repositories)

    api, data = "/api/datasets/{namespace}/{name}", "/datasets/{namespace}/{name}"
    at_revision = {
        f"{data}/resolve/{{revision}}/{{path:path}}": (_resolve, "GET"),
        f"{api}/revision/{{revision:path}}": (_info, "GET"),
        f"{api}/tree/{{revision}}": (_tree, "GET"),
        f"{api}/tree/{{revision}}/{{path:path}}": (_tree, "GET"),
        f"{api}/paths-info/{{revision:path}}": (_paths_info, "POST"),
        api: (_info, "GET"),
    }
    return [
        Route("/api/datasets", listing),
        Route(f"{api}/refs", with_repository(_refs)),
        *(Route(path, with_repository(_with_snapshot(a)), methods=[m]) for path, (a, m) in at_revision.items()),
    ]


def _with_snapshot(answer: Callable[[Request, Repository, Snapshot], Awaitable[Response]]) -> Any:
    async def endpoint(request: Request, repository: Repository) -> Response:
        revision = request.path_params.get("revision", "main")
        snapshot = repository.at(revision)
        if snapshot is None:
            return answers.error(404, f"{repository.id} has no revision {revision}.", "RevisionNotFound")
        return await answer(request, repository, snapshot)

    return endpoint


async def _resolve(request: Request, repository: Repository, snapshot: Snapshot) -> Response:
    # What was found when the mirror started is looked up by its exact name; no path of a request reaches the disk.
    stored = snapshot.files.get(request.path_params["path"])
    if stored is None:
        path, commit = request.path_params["path"], snapshot.commit
        return answers.error(404, f"{repository.id} has no file {path}.", "EntryNotFound", X_Repo_Commit=commit)
    return await answers.file(request, stored, X_Repo_Commit=snapshot.commit)


def _list(request: Request, repositories: Repositories) -> Response:
    query = request.query_params
    if "filter" in query:
        return answers.error(400, "This mirror finds datasets by author and search only.")
    limit = query.get("limit", "")
    found = [
        description(repository, repository.main)
        for repository in repositories.values()
        if query.get("author") in (None, repository.id.split("/")[0])
        and all(word.lower() in repository.id.lower() for word in query.getlist("search"))
    ]
    return JSONResponse(found[: int(limit)] if limit.isascii() and limit.isdigit() and len(limit) < 10 else found)


def description(repository: Repository, snapshot: Snapshot) -> dict[str, Any]:
    """What the Hub's API says of a dataset."""
    return {
        "_id": snapshot.commit[:24],
        "id": repository.id,
        "author": repository.id.split("/")[0],
        "sha": snapshot.commit,
        "lastModified": repository.modified.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "private": False,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "siblings": [
            {"rfilename": path, "size": file.size_bytes, "blobId": file.git_sha1}
            for path, file in snapshot.files.items()
        ],
    }


async def _info(_request: Request, repository: Repository, snapshot: Snapshot) -> Response:
    return JSONResponse(description(repository, snapshot))


async def _refs(_request: Request, repository: Repository) -> Response:
    def named(kind: str, snapshots: Mapping[str, Snapshot]) -> list[dict[str, str]]:
        return [
            {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": snapshot.commit}
            for name, snapshot in snapshots.items()
        ]

    branches, tags = named("heads", repository.branches), named("tags", repository.tags)
    return JSONResponse({"branches": branches, "converts": [], "tags": tags, "pullRequests": []})


async def _tree(request: Request, repository: Repository, snapshot: Snapshot) -> Response:
    folder = request.path_params.get("path", "").strip("/")
    entries = _entries(repository, snapshot)
    if folder and entries.get(folder, {}).get("type") != "directory":
        message = f"{repository.id} has no folder {folder}."
        return answers.error(404, message, "EntryNotFound", X_Repo_Commit=snapshot.commit)
    recursive = _is_true(request.query_params.get("recursive"))
    below = [entry for path, entry in entries.items() if _is_below(path, folder, recursive)]
    cursor = request.query_params.get("cursor", "0")
    start = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 10 else 0
    headers = {"X-Repo-Commit": snapshot.commit}
    if start + _ENTRIES_PER_PAGE < len(below):
        next_page = request.url.include_query_params(cursor=start + _ENTRIES_PER_PAGE)
        headers["Link"] = f'<{next_page}>; rel="next"'
    page = below[start : start + _ENTRIES_PER_PAGE]
    return JSONResponse(_without_commits(page, _is_true(request.query_params.get("expand"))), headers=headers)


async def _paths_info(request: Request, repository: Repository, snapshot: Snapshot) -> Response:
    body = await _body(request)
    if isinstance(body, Response):
        return body
    try:
        fields = _fields(request, body)
    except (ValueError, RecursionError):
        return answers.error(400, "The body is neither a form nor JSON.")
    paths = [str(path).strip("/") for path in fields.get("paths", [])]
    entries = _entries(repository, snapshot)
    found = [entries[path] for path in dict.fromkeys(paths) if path in entries]
    return JSONResponse(_without_commits(found, _is_true(fields.get("expand", [""])[0])))


def _fields(request: Request, body: bytes) -> dict[str, list[Any]]:
    """Fields of a form or of a JSON object, each a list."""
    if not request.headers.get("Content-Type", "").startswith("application/json"):
        return {**parse_qs(body.decode("utf-8"), max_num_fields=10_000)}
    values = json.loads(body)
    if not isinstance(values, dict):
        raise ValueError("not an object")
    return {name: value if isinstance(value, list) and value else [value] for name, value in values.items()}


async def _body(request: Request) -> bytes | Response:
    """The body of a request, or the answer to one that is too long, too slow, or breaks off."""
    body = b""
    try:
        with anyio.fail_after(_BODY_TIMEOUT_S):
            async for piece in request.stream():
                body += piece
                if len(body) > _MAX_BODY_BYTES:
                    return answers.error(413, f"A request may have {_MAX_BODY_BYTES} bytes.", Connection="close")
    except TimeoutError:
        return answers.error(408, "The request did not arrive in time.", Connection="close")
    except ClientDisconnect:
        return Response(status_code=400)
    return body


def _entries(repository: Repository, snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """Files and folders by path, as the Hub's API describes them."""
    commit = {
        "id": snapshot.commit,
        "title": "What the mirror serves",
        "date": repository.modified.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    entries: dict[str, dict[str, Any]] = {
        path: {"type": "directory", "oid": oid, "size": 0, "path": path, "lastCommit": commit}
        for path, oid in snapshot.folders().items()
    }
    for path, file in snapshot.files.items():
        size = file.size_bytes
        entries[path] = {"type": "file", "oid": file.git_sha1, "size": size, "path": path, "lastCommit": commit}
    return dict(sorted(entries.items()))


def _without_commits(entries: list[dict[str, Any]], expand: bool) -> list[dict[str, Any]]:
    return [{key: value for key, value in entry.items() if expand or key != "lastCommit"} for entry in entries]


def _is_below(path: str, folder: str, recursive: bool) -> bool:
    rest = path.removeprefix(f"{folder}/") if folder else path
    return (not folder or rest != path) and (recursive or "/" not in rest)


def _is_true(value: Any) -> bool:
    return str(value).lower() in ("1", "true")
