"""A Hub that can be written to, for tests of publishing: reading is the mirror's, writing is here.

It speaks what `huggingface_hub` sends when it creates repositories, branches and tags and commits files, by
value or through Git LFS. Whatever it is told to refuse it refuses.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tinytorch_hf.hub.contents import Snapshot, StoredFile, content_hash, identity
from tinytorch_hf.mirror import answers, protocol
from tinytorch_hf.mirror.repositories import Repository

TOKEN, READ_TOKEN = "hf_thisTokenMustNeverBeShown", "hf_thisOneMayOnlyRead"

API, DATA = "/api/datasets/{namespace}/{name}", "/datasets/{namespace}/{name}"


class WritableHub:
    """A Hub in memory, its files in a folder.

    Attributes
    ----------
    repositories
        What is there, by id.
    refusals
        Status to answer with, by a part of the path.
    large
        Suffixes of files that go through Git LFS.
    before_commit
        Called before a commit is looked at: what someone else does meanwhile.
    writes
        Method and path of every request that wrote.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repositories: dict[str, Repository] = {}
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.repositories.clear()
        self.private: set[str] = set()
        self.refusals: dict[str, int] = {}
        self.large: tuple[str, ...] = ()
        self.before_commit: Callable[[], Any] = lambda: None
        self.writes: list[str] = []

    def server(self) -> uvicorn.Server:
        """The server, ready to run."""
        writing = {
            "/api/repos/create": self._create,
            "/api/validate-yaml": self._validate_yaml,
            f"{API}/preupload/{{revision}}": self._preupload,
            f"{API}/commit/{{revision}}": self._commit,
            f"{API}/branch/{{branch}}": self._branch,
            f"{API}/tag/{{revision}}": self._tag,
            f"{DATA}.git/info/lfs/objects/batch": self._lfs_batch,
        }
        app = Starlette(
            routes=[
                Route("/api/whoami-v2", self._whoami),
                Route("/lfs/{oid}", self._lfs_put, methods=["PUT"]),
                Route(f"{API}/tree/{{revision}}", self._tree),
                *(Route(path, answer, methods=["POST"]) for path, answer in writing.items()),
                *protocol.routes(self.repositories),
            ],
            middleware=[Middleware(BaseHTTPMiddleware, dispatch=self._guard)],
        )
        config = uvicorn.Config(app, http="h11", loop="asyncio", ws="none", lifespan="off", log_level="error")
        return uvicorn.Server(config)

    def put(self, repo_id: str, branch: str, files: dict[str, bytes]) -> str:
        """Make a branch hold these files, as a commit of someone else's; returns the commit."""
        stored = {path: self._store(data) for path, data in files.items()}
        return self._set_branch(repo_id, branch, stored)

    def files(self, repo_id: str, branch: str = "main") -> dict[str, bytes]:
        """Content of every file of a branch."""
        snapshot = self.repositories[repo_id].branches[branch]
        return {path: file.place.read_bytes() for path, file in snapshot.files.items()}

    async def _guard(self, request: Request, answer: Callable[[Request], Any]) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        path = request.url.path
        for part, status in self.refusals.items():
            if part in path:
                return answers.error(status, f"refused with {status} as the test wants it")
        if token not in ("", TOKEN, READ_TOKEN):
            return answers.error(401, "Invalid credentials in Authorization header")
        if any(f"/{repo_id}" in path for repo_id in self.private) and not token:
            return answers.error(401, "Repository not found", "RepoNotFound")
        is_writing = request.method not in {"GET", "HEAD"} and "/paths-info/" not in path
        if is_writing and not path.startswith("/lfs/"):
            if token != TOKEN:
                return answers.error(403 if token else 401, "You have no right to write here.")
            self.writes.append(f"{request.method} {path}")
        response: Response = await answer(request)
        return response

    async def _whoami(self, request: Request) -> Response:
        if "Authorization" not in request.headers:
            return answers.error(401, "Invalid username or password.")
        return JSONResponse({"type": "user", "name": "maintainer", "orgs": [{"name": "tinytorch"}]})

    async def _create(self, request: Request) -> Response:
        asked = await request.json()
        repo_id = f"{asked['organization']}/{asked['name']}"
        if repo_id in self.repositories:
            return answers.error(409, "You already created this dataset repo")
        assert asked["type"] == "dataset"
        if asked.get("private") or asked.get("visibility") == "private":
            self.private.add(repo_id)
        self.put(repo_id, "main", {".gitattributes": b"*.parquet filter=lfs\n"})
        return JSONResponse({"url": f"{request.base_url}datasets/{repo_id}", "name": repo_id})

    async def _validate_yaml(self, request: Request) -> Response:
        asked = await request.json()
        assert asked["repoType"] == "dataset" and asked["content"].startswith("---\n")
        return JSONResponse({"errors": [], "warnings": []})

    async def _preupload(self, request: Request) -> Response:
        files = [
            {"path": path, "uploadMode": "lfs" if path.endswith(self.large) else "regular", "shouldIgnore": False}
            for path in (file["path"] for file in (await request.json())["files"])
        ]
        return JSONResponse({"files": files})

    async def _commit(self, request: Request) -> Response:
        self.before_commit()
        repo_id, branch = _repo_id(request), request.path_params["revision"]
        header, *operations = (json.loads(line) for line in (await request.body()).splitlines())
        snapshot = self.repositories[repo_id].branches[branch]
        if header["value"].get("parentCommit") not in (None, snapshot.commit):
            return answers.error(412, "A commit has happened since. Please refresh and try again.")
        files = dict(snapshot.files)
        for operation in operations:
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = self._store(base64.b64decode(value["content"]))
            elif operation["key"] == "lfsFile":
                files[value["path"]] = self._store((self.folder / value["oid"]).read_bytes())
            else:
                assert operation["key"] == "deletedFile"
                del files[value["path"]]
        commit = self._set_branch(repo_id, branch, files)
        return JSONResponse({"commitUrl": f"{request.base_url}datasets/{repo_id}/commit/{commit}", "commitOid": commit})

    async def _branch(self, request: Request) -> Response:
        repository, branch = self.repositories[_repo_id(request)], request.path_params["branch"]
        if branch in repository.branches:
            return answers.error(409, "Reference already exists")
        branches = {**repository.branches, branch: repository.main}
        self.repositories[repository.id] = replace(repository, branches=branches)
        return JSONResponse({})

    async def _tag(self, request: Request) -> Response:
        repository, tag = self.repositories[_repo_id(request)], (await request.json())["tag"]
        if tag in repository.tags:
            return answers.error(409, "Reference already exists")
        snapshot = repository.at(request.path_params["revision"])
        assert snapshot is not None
        self.repositories[repository.id] = replace(repository, tags={**repository.tags, tag: snapshot})
        return JSONResponse({})

    async def _lfs_batch(self, request: Request) -> Response:
        objects = [
            {**wanted, "actions": {"upload": {"href": f"{request.base_url}lfs/{wanted['oid']}"}}}
            for wanted in (await request.json())["objects"]
        ]
        return JSONResponse({"transfer": "basic", "objects": objects})

    async def _lfs_put(self, request: Request) -> Response:
        data = await request.body()
        assert hashlib.sha256(data).hexdigest() == request.path_params["oid"]
        self._store(data)
        return Response()

    async def _tree(self, request: Request) -> Response:
        """Every file; of the large ones the Hub gives the SHA-256, and the Git name of a pointer."""
        snapshot = self.repositories[_repo_id(request)].at(request.path_params["revision"])
        assert snapshot is not None
        entries: list[dict[str, Any]] = []
        for path, file in snapshot.files.items():
            entry = {"type": "file", "path": path, "size": file.size_bytes, "oid": file.git_sha1}
            if self.large and path.endswith(self.large):
                pointer = {"oid": file.sha256, "size": file.size_bytes, "pointerSize": 130}
                entry |= {"oid": "f" * 40, "lfs": pointer}
            entries.append(entry)
        return JSONResponse(entries)

    def _store(self, data: bytes) -> StoredFile:
        sha256 = hashlib.sha256(data).hexdigest()
        place = self.folder / sha256
        if not place.exists():
            place.write_bytes(data)
        git_sha1 = hashlib.sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
        return StoredFile(place, len(data), git_sha1, sha256, identity(place.stat()))

    def _set_branch(self, repo_id: str, branch: str, files: dict[str, StoredFile]) -> str:
        before = self.repositories.get(repo_id, Repository(repo_id, {}))
        parent = before.branches[branch].commit if branch in before.branches else ""
        content = parent + content_hash(files)
        commit = hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()
        branches = {**before.branches, branch: Snapshot(commit, dict(sorted(files.items())))}
        self.repositories[repo_id] = replace(before, branches=branches)
        return commit


def _repo_id(request: Request) -> str:
    return "{namespace}/{name}".format_map(request.path_params)
