"""Where a dataset's Parquet files are: by configuration and split, as the Hub and its viewer say it."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.mirror import answers, viewer
from tinytorch_hf.mirror.questions import Desk, Question, RefusedError, Repositories, in_path, in_query
from tinytorch_hf.mirror.viewer_api import DONE


def routes(desk: Desk, repositories: Repositories) -> list[Route]:
    """Routes of the addresses, and of the files behind them."""
    which_path = desk.endpoint(_path, in_path)

    async def one_file(request: Request) -> Response:
        # Its path is found by the same rules; its bytes are served as those of any file.
        found: Response = await which_path(request)
        if found.status_code != 200:
            return found
        snapshot = repositories[in_path(request)].main
        stored = snapshot.files[bytes(found.body).decode()]
        return await answers.file(request, stored, X_Repo_Commit=snapshot.commit)

    api = "/api/datasets/{namespace}/{name}/parquet"
    levels = (api, f"{api}/{{config}}", f"{api}/{{config}}/{{split}}")
    return [
        Route("/parquet", desk.endpoint(_parquet, in_query)),
        Route(f"{api}/{{config}}/{{split}}/{{number}}.parquet", one_file),
        *(Route(path, desk.endpoint(_addresses, in_path)) for path in levels),
    ]


def _files(question: Question) -> list[tuple[str, str, int, str]]:
    """Configuration, split, number and path of every Parquet file."""
    found = viewer.splits(question.snapshot)
    return [
        (config, split, number, path)
        for config in question.configs()
        for split, paths in found[config].items()
        for number, path in enumerate(paths)
    ]


def _parquet(question: Question) -> Response:
    config = question.request.query_params.get("config")
    files = [
        {
            "dataset": question.repository.id,
            "config": config,
            "split": split,
            "url": _address(question, path),
            "filename": path.rpartition("/")[2],
            "size": question.snapshot.files[path].size_bytes,
        }
        for config, split, _, path in _files(question)
    ]
    about = {} if config is None else {"features": dict(viewer.tables(question.snapshot, config)[0].features)}
    return JSONResponse({"parquet_files": files, **about, **DONE, "partial": False})


def _address(question: Question, path: str) -> str:
    return f"{answers.endpoint(question.request)}/datasets/{question.repository.id}/resolve/main/{quote(path)}"


def _addresses(question: Question) -> Response:
    """Addresses by configuration and split, or those of the ones that the path names."""
    base = f"{answers.endpoint(question.request)}/api/datasets/{question.repository.id}/parquet"
    result: dict[str, dict[str, list[str]]] = {}
    for config, split, number, _ in _files(question):
        address = f"{base}/{quote(config, '')}/{quote(split, '')}/{number}.parquet"
        result.setdefault(config, {}).setdefault(split, []).append(address)
    asked = question.request.path_params
    if "config" not in asked:
        return JSONResponse(result)
    found = result[asked["config"]]
    if "split" not in asked:
        return JSONResponse(found)
    if asked["split"] not in found:
        raise UnknownNameError("split", asked["split"], found)
    return JSONResponse(found[asked["split"]])


def _path(question: Question) -> Response:
    """The path of the Parquet file that the address names by its number, for this module alone."""
    asked = question.request.path_params
    for _, split, number, path in _files(question):
        if (split, str(number)) == (asked["split"], asked["number"]):
            return Response(path)
    raise RefusedError(404, "EntryNotFound", f"{question.repository.id} has no such Parquet file.")
