"""The mirror as an ASGI application: the Hub's protocol, the pages, and what holds for every request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tinytorch_hf._version import __version__
from tinytorch_hf.mirror import accounts, answers, croissants, exports, pages, protocol, viewer_api
from tinytorch_hf.mirror.archives import Archives
from tinytorch_hf.mirror.questions import Desk
from tinytorch_hf.mirror.repositories import Repository


def create(repositories: Mapping[str, Repository], archived: Archives) -> Starlette:
    """The application that serves repositories, by id, and archives, by path."""

    async def status_json(_request: Request) -> Response:
        return JSONResponse(status(repositories, archived))

    desk = Desk(repositories)
    application = Starlette(
        routes=[
            *protocol.routes(repositories),
            *viewer_api.routes(desk),
            *exports.routes(desk, repositories),
            *croissants.routes(desk),
            *accounts.routes(repositories),
            _archive_route(archived),
            Route("/status.json", status_json),
            *pages.routes(repositories, archived),
        ],
        middleware=[Middleware(_OneSlash), Middleware(_ReadOnly)],
        exception_handlers={HTTPException: _no_route},
    )
    # A redirect would repeat whatever host the request claims; addresses are as they are.
    application.router.redirect_slashes = False
    return application


def status(repositories: Mapping[str, Repository], archived: Archives) -> dict[str, Any]:
    """What is served, for programs."""
    return {
        "status": "ok",
        "version": __version__,
        "datasets": {
            repository.id: {
                "commit": repository.main.commit,
                "files": len(repository.main.files),
                "size_bytes": repository.main.size_bytes,
            }
            for repository in repositories.values()
        },
        "archives": {path: {"size_bytes": file.size_bytes, "sha256": file.sha256} for path, file in archived.items()},
    }


def _archive_route(archived: Archives) -> Route:
    async def archive(request: Request) -> Response:
        # What was found when the mirror started is looked up; no path of a request reaches the disk.
        stored = archived.get("/archives/{dataset}/{file}".format_map(request.path_params))
        if stored is None:
            return answers.error(404, "The mirror has no such archive.")
        return await answers.file(request, stored)

    return Route("/archives/{dataset}/{file}", archive)


async def _no_route(request: Request, problem: Exception) -> Response:
    code = problem.status_code if isinstance(problem, HTTPException) else 500
    if "text/html" in request.headers.get("Accept", ""):
        return pages.not_found("There is no such page here.")
    return answers.error(code, "The mirror has nothing at this address.")


class _OneSlash:
    """Takes doubled slashes for one: an HF_ENDPOINT that ends in a slash makes clients ask for ``//api``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "//" in scope.get("path", ""):
            scope = {**scope, "path": re.sub("//+", "/", scope["path"])}
        await self._app(scope, receive, send)


class _ReadOnly:
    """Refuses whatever would write; reading by POST is one route of the protocol."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_reading = scope["method"] in ("GET", "HEAD") or (
            scope["method"] == "POST" and "/paths-info/" in scope["path"]
        )
        answer = self._app if is_reading else answers.error(405, "This mirror is read-only.", Allow="GET, HEAD")
        if not scope["query_string"].isascii():
            # Clients write escapes; the library decodes other bytes in one place and fails at them in another.
            answer = answers.error(400, "The query of an address is ASCII; write other characters as escapes, %C3%A9.")
        await answer(scope, receive, send)
