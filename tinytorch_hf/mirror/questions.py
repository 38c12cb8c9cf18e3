"""Questions about a dataset's tables: what a request names, and what it gets where that is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from tinytorch_hf.errors import CorruptFileError, StorageError, UnknownNameError
from tinytorch_hf.hub.contents import Snapshot
from tinytorch_hf.mirror import answers, viewer
from tinytorch_hf.mirror.repositories import Repository

Repositories = Mapping[str, Repository]
# Gives the id of the repository that a request is about.
WhichOne = Callable[[Request], str]

# Rows are unpacked in memory: of many clients at once, these are served, the others wait.
_READERS = 4
LARGEST_DIGITS = 15


class RefusedError(Exception):
    """What a request gets instead of an answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True)
class Question:
    """A request about a dataset."""

    request: Request
    repository: Repository

    @property
    def snapshot(self) -> Snapshot:
        """The files that are served when no revision is named: the viewer shows no other."""
        return self.repository.main

    def parameter(self, name: str) -> str:
        """A parameter that must be there."""
        value = self.request.query_params.get(name, "")
        if not value:
            raise RefusedError(422, "MissingRequiredParameter", f"Parameter '{name}' is required")
        return value

    def number(self, name: str, default: int) -> int:
        """A parameter that is a number from 0 on."""
        text = self.request.query_params.get(name, str(default))
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            raise RefusedError(422, "InvalidParameter", f"Parameter '{name}' must be integer")
        if text.startswith("-"):
            raise RefusedError(422, "InvalidParameter", f"Parameter '{name}' must be positive")
        return int(digits) if len(digits) <= LARGEST_DIGITS else 10**LARGEST_DIGITS

    def configs(self) -> list[str]:
        """The configuration that is asked for, or all of them."""
        found = viewer.splits(self.snapshot)
        if not found:
            message = f"{self.repository.id} has no Parquet files of which rows could be shown."
            raise RefusedError(404, "DataFilesNotFoundError", message)
        config = self.request.path_params.get("config") or self.request.query_params.get("config")
        if config is None:
            return list(found)
        if config not in found:
            raise UnknownNameError("configuration", config, found)
        return [config]

    def tables(self) -> list[viewer.Table]:
        """Tables of these configurations; of one split where it is named."""
        found, split = viewer.splits(self.snapshot), self.request.query_params.get("split")
        configs = self.configs()
        wanted = [(config, one) for config in configs for one in found[config] if split in (None, one)]
        if split is not None and not wanted:
            raise UnknownNameError("split", split, found[configs[0]])
        return [viewer.table(self.snapshot, config, one) for config, one in wanted]

    def table(self) -> viewer.Table:
        """The one table that must be named."""
        config, split = self.parameter("config"), self.parameter("split")
        self.configs()
        return viewer.table(self.snapshot, config, split)


class Desk:
    """Answers questions about repositories, a few at a time, in threads."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories
        self._limiter: anyio.CapacityLimiter | None = None

    def endpoint(self, answer: Callable[[Question], Response], which: WhichOne) -> Any:
        """What Starlette calls with a request; errors become the Hub's answers."""

        async def endpoint(request: Request) -> Response:
            if self._limiter is None:
                # It belongs to the event loop that serves.
                self._limiter = anyio.CapacityLimiter(_READERS)
            response: Response = await anyio.to_thread.run_sync(
                self._answer, answer, which, request, limiter=self._limiter
            )
            return response

        return endpoint

    def _answer(self, answer: Callable[[Question], Response], which: WhichOne, request: Request) -> Response:
        try:
            repository_id = which(request)
            repository = self._repositories.get(repository_id)
            if repository is None:
                return answers.error(404, f"There is no dataset {repository_id[:200]} here.", "RepoNotFound")
            response = answer(Question(request, repository))
        except RefusedError as refused:
            return answers.error(refused.status, refused.message, refused.code)
        except UnknownNameError as unknown:
            is_split = str(unknown).startswith("There is no split")
            return answers.error(404, str(unknown), f"{'Split' if is_split else 'Config'}NotFoundError")
        except (CorruptFileError, StorageError) as problem:
            return answers.error(500, str(problem), "UnexpectedError")
        response.headers["X-Revision"] = repository.main.commit
        return response


def in_query(request: Request) -> str:
    """The repository that the parameter ``dataset`` names."""
    dataset = request.query_params.get("dataset", "")
    if not dataset:
        raise RefusedError(422, "MissingRequiredParameter", "Parameter 'dataset' is required")
    return dataset


def in_path(request: Request) -> str:
    """The repository that the address names."""
    return "{namespace}/{name}".format_map(request.path_params)
