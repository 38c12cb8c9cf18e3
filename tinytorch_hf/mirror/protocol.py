"""The part of the Hub's protocol that clients need to find, list and read datasets.

Written for what `datasets` 2.14 to 5.2, `huggingface_hub` 0.24 to 2.4 and huggingface.js 2.15 ask for, as measured;
the Hub's own description is at https://huggingface.co/docs/hub/api
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tinytorch_hf.hub.contents import Snapshot
from tinytorch_hf.mirror import answers, listing, revisions, viewer
from tinytorch_hf.mirror.listing import is_true
from tinytorch_hf.mirror.repositories import Repository

Repositories = Mapping[str, Repository]

# About what the text has that stands in Git for a large file.
_POINTER_BYTES = 134
_MAX_BODY_BYTES = 1 << 20
_BODY_TIMEOUT_S = 30
_COMMIT_TITLE = "What the mirror serves"
_TEXTS = (".md", ".txt", ".json", ".jsonl", ".csv", ".tsv", ".yaml", ".yml", ".py", ".bib", ".xml")


def routes(repositories: Repositories) -> list[Route]:
    """Routes of the protocol over repositories by id; the mapping is looked into at every request."""

    def with_repository(answer: Callable[[Request, Repository], Awaitable[Response]]) -> Any:
        async def endpoint(request: Request) -> Response:
            repository_id = "{namespace}/{name}".format_map(request.path_params)
            repository = repositories.get(repository_id)
            if repository is None:
                return answers.error(404, f"There is no dataset {repository_id} here.", "RepoNotFound")
            try:
                return await answer(request, repository)
            except listing.BadQueryError as bad:
                return answers.error(400, str(bad))

        return endpoint

    async def listed(request: Request) -> Response:
        return listing.found(request, repositories)

    api, data = "/api/datasets/{namespace}/{name}", "/datasets/{namespace}/{name}"
    at_revision = {
        f"{data}/resolve/{{rest:path}}": (_resolve, "GET"),
        f"{data}/raw/{{rest:path}}": (_raw, "GET"),
        f"{api}/revision/{{rest:path}}": (_info, "GET"),
        f"{api}/tree/{{rest:path}}": (_tree, "GET"),
        f"{api}/treesize/{{rest:path}}": (_tree_size, "GET"),
        f"{api}/commits/{{rest:path}}": (_commits, "GET"),
        f"{api}/paths-info/{{rest:path}}": (_paths_info, "POST"),
        api: (_info, "GET"),
    }
    return [
        Route("/api/datasets", listed),
        Route(f"{api}/refs", with_repository(_refs)),
        *(Route(path, with_repository(_with_snapshot(a)), methods=[m]) for path, (a, m) in at_revision.items()),
    ]


def _with_snapshot(answer: Callable[[Request, Repository, Snapshot], Awaitable[Response]]) -> Any:
    async def endpoint(request: Request, repository: Repository) -> Response:
        revision, path = revisions.split(repository, request.path_params.get("rest", "main"))
        snapshot = revisions.at(repository, revision)
        if snapshot is None:
            return answers.error(404, f"{repository.id} has no revision {revision}.", "RevisionNotFound")
        request.scope["path_in_repository"] = path
        return await answer(request, repository, snapshot)

    return endpoint


def _path(request: Request) -> str:
    """What a request names inside the repository."""
    return str(request.scope["path_in_repository"])


async def _resolve(request: Request, repository: Repository, snapshot: Snapshot) -> Response:
    # What was found when the mirror started is looked up by its exact name; no path of a request reaches the disk.
    path = _path(request)
    stored = snapshot.files.get(path)
    if stored is None:
        message = f"{repository.id} has no file {path}."
        return answers.error(404, message, "EntryNotFound", X_Repo_Commit=snapshot.commit)
    name = quote(path.rpartition("/")[2])
    disposition = f"inline; filename*=UTF-8''{name}"
    return await answers.file(request, stored, X_Repo_Commit=snapshot.commit, Content_Disposition=disposition)


async def _raw(request: Request, repository: Repository, snapshot: Snapshot) -> Response:
    """The file as Git has it: nothing here is in LFS, so the same bytes; a browser shows texts."""
    answer = await _resolve(request, repository, snapshot)
    name = _path(request).rpartition("/")[2]
    if answer.status_code < 300 and ("." not in name or name.lower().endswith(_TEXTS)):
        answer.headers["Content-Type"] = "text/plain; charset=utf-8"
    return answer


async def _info(request: Request, repository: Repository, snapshot: Snapshot) -> Response:
    return JSONResponse(listing.description(request, repository, snapshot))


async def _refs(request: Request, repository: Repository) -> Response:
    def named(kind: str, snapshots: Mapping[str, Snapshot]) -> list[dict[str, str]]:
        return [
            {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": snapshot.commit}
            for name, snapshot in snapshots.items()
        ]

    branches, tags = named("heads", repository.branches), named("tags", repository.tags)
    parquet = viewer.converted(repository.main)
    converts = named("convert", {"parquet": parquet} if parquet.files else {})
    # Nobody can ask for a change of what is served.
    asked: dict[str, Any] = {"pullRequests": []} if is_true(request.query_params.get("include_prs")) else {}
    return JSONResponse({"branches": branches, "converts": converts, "tags": tags, **asked})


async def _commits(request: Request, repository: Repository, snapshot: Snapshot) -> Response:
    """A snapshot has no past: there is the one commit that it is."""
    commit: dict[str, Any] = {
        "id": snapshot.commit,
        "title": _COMMIT_TITLE,
        "message": "",
        "authors": [{"user": repository.id.split("/")[0], "avatar": ""}],
        "date": listing.timestamp(repository),
    }
    if "formatted" in [*request.query_params.getlist("expand[]"), *request.query_params.getlist("expand")]:
        commit["formatted"] = {"title": _COMMIT_TITLE, "message": ""}
    page, headers = listing.pages(request, [commit], listing.ENTRIES_PER_PAGE)
    return JSONResponse(page if request.query_params.get("p", "0") == "0" else [], headers=headers)


async def _tree(request: Request, repository: Repository, snapshot: Snapshot) -> Response:
    folder = _path(request).strip("/")
    entries = _entries(repository, snapshot)
    if folder and entries.get(folder, {}).get("type") != "directory":
        message = f"{repository.id} has no folder {folder}."
        return answers.error(404, message, "EntryNotFound", X_Repo_Commit=snapshot.commit)
    recursive = is_true(request.query_params.get("recursive"))
    below = [entry for path, entry in entries.items() if _is_below(path, folder, recursive)]
    page, headers = listing.pages(request, below, listing.ENTRIES_PER_PAGE)
    expand = is_true(request.query_params.get("expand"))
    return JSONResponse(_without_commits(page, expand), headers={**headers, "X-Repo-Commit": snapshot.commit})


async def _tree_size(request: Request, repository: Repository, snapshot: Snapshot) -> Response:
    """Bytes of all files below a folder."""
    folder = _path(request).strip("/")
    if folder and folder not in snapshot.folders():
        message = f"{repository.id} has no folder {folder}."
        return answers.error(404, message, "EntryNotFound", X_Repo_Commit=snapshot.commit)
    inside = [file.size_bytes for path, file in snapshot.files.items() if _is_below(path, folder, recursive=True)]
    return JSONResponse({"path": f"/{folder}", "size": sum(inside)})


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
    return JSONResponse(_without_commits(found, is_true(fields.get("expand", [""])[0])))


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
        "title": _COMMIT_TITLE,
        "date": listing.timestamp(repository),
    }
    entries: dict[str, dict[str, Any]] = {
        path: {"type": "directory", "oid": oid, "size": 0, "path": path, "lastCommit": commit}
        for path, oid in snapshot.folders().items()
    }
    for path, file in snapshot.files.items():
        size = file.size_bytes
        entries[path] = {"type": "file", "oid": file.git_sha1, "size": size, "path": path, "lastCommit": commit}
        if file.etag:
            # What is not kept by Git's name has, as on the Hub, the hash of its content beside it.
            entries[path]["lfs"] = {"oid": file.sha256, "size": size, "pointerSize": _POINTER_BYTES}
    return dict(sorted(entries.items()))


def _without_commits(entries: list[dict[str, Any]], expand: bool) -> list[dict[str, Any]]:
    return [{key: value for key, value in entry.items() if expand or key != "lastCommit"} for entry in entries]


def _is_below(path: str, folder: str, recursive: bool) -> bool:
    rest = path.removeprefix(f"{folder}/") if folder else path
    return (not folder or rest != path) and (recursive or "/" not in rest)
