"""What is not on a mirror, said as the Hub says it: users and tokens, other kinds of repositories, discussions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tinytorch_hf.mirror import answers, cards
from tinytorch_hf.mirror.repositories import Repository

Repositories = Mapping[str, Repository]

_OTHER_KINDS = ("models", "spaces", "kernels", "buckets", "collections")


def routes(repositories: Repositories) -> list[Route]:
    """Routes behind those of the protocol and the viewer: they take what those leave."""

    async def auth_check(request: Request) -> Response:
        repository_id = "{namespace}/{name}".format_map(request.path_params)
        if repository_id not in repositories:
            return _no_repository(f"dataset {repository_id}")
        if "action" not in request.path_params:
            return JSONResponse({})
        if request.path_params["action"] == "write" and "Authorization" not in request.headers:
            return _who_are_you("Invalid username or password.")
        return answers.error(403, "This mirror is read-only.")

    def in_repository(answer: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            repository_id = "{namespace}/{name}".format_map(request.path_params)
            if repository_id not in repositories:
                return _no_repository(f"dataset {repository_id}")
            return JSONResponse(answer)

        return endpoint

    async def tags(_request: Request) -> Response:
        return JSONResponse(_tags_by_type(repositories))

    async def other_dataset(request: Request) -> Response:
        """An address below a dataset's that no route has."""
        repository_id = "/".join(request.path_params["rest"].split("/", 2)[:2])
        if repository_id in repositories:
            return answers.error(404, "The mirror has nothing at this address.")
        return _no_repository(f"dataset {repository_id}")

    async def file_of_other(request: Request) -> Response:
        named = request.path_params
        return _no_repository(f"{named['namespace']}/{named['name']}" if "namespace" in named else named["name"])

    api = "/api/datasets/{namespace}/{name}"
    nobody_talks = {"discussions": [], "count": 0, "start": 0, "numClosedDiscussions": 0}
    others = ("/{name}", "/{namespace}/{name}", "/spaces/{namespace}/{name}")
    return [
        *(Route(path, _whoami) for path in ("/api/whoami-v2", "/api/whoami")),
        Route(f"{api}/auth-check", auth_check),
        Route(f"{api}/auth-check/{{action}}", auth_check),
        Route(f"{api}/likers", in_repository([])),
        Route(f"{api}/discussions", in_repository(nobody_talks)),
        Route("/api/datasets-tags-by-type", tags),
        Route("/api/datasets/{rest:path}", other_dataset),
        *(Route(f"/api/{kind}", _none) for kind in _OTHER_KINDS),
        *(Route(f"/api/{kind}/{{rest:path}}", _no_other) for kind in _OTHER_KINDS),
        *(Route(f"{start}/{verb}/{{rest:path}}", file_of_other) for start in others for verb in ("resolve", "raw")),
    ]


def _no_repository(what: str) -> Response:
    return answers.error(404, f"There is no {what[:300]} here.", "RepoNotFound")


async def _whoami(request: Request) -> Response:
    is_named = "Authorization" in request.headers
    return _who_are_you("Invalid credentials in Authorization header" if is_named else "Invalid username or password.")


def _who_are_you(message: str) -> Response:
    """A mirror knows nobody: no token is good here."""
    return answers.error(401, message, WWW_Authenticate='Bearer realm="Authentication required", charset="UTF-8"')


async def _none(_request: Request) -> Response:
    """The list of what a mirror never has."""
    return JSONResponse([])


async def _no_other(request: Request) -> Response:
    kind = request.url.path.split("/")[2].removesuffix("s")
    return _no_repository(f"{kind} {'/'.join(request.path_params['rest'].split('/', 2)[:2])}")


def _tags_by_type(repositories: Repositories) -> dict[str, list[dict[str, str]]]:
    """Every tag of what is served, by what stands before its colon."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for repository in repositories.values():
        for tag in cards.tags(cards.of(repository.main), repository.main.files):
            kind, colon, label = tag.partition(":")
            kind, label = (kind, label) if colon else ("other", tag)
            found.setdefault(kind, {})[tag] = {"id": tag, "label": label, "type": kind}
    return {kind: list(entries.values()) for kind, entries in sorted(found.items())}
