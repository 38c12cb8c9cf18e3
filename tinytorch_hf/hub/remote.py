"""A dataset repository on the Hub as it is now, and what can be done to it; every error says what to do next."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinytorch_hf import shown
from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError, NetworkError, NotAskedError
from tinytorch_hf.hub.contents import StoredFile

try:
    import huggingface_hub
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants
    from huggingface_hub.utils import HFValidationError, RepositoryNotFoundError, validate_repo_id
except ImportError as error:
    raise MissingExtraError(error.name or "huggingface_hub", "hf", error) from error

THE_HUB = "https://huggingface.co"
_XET_SWITCH = "HF_HUB_DISABLE_XET"


@dataclass(frozen=True)
class RemoteFile:
    """A file on the Hub; ``sha256`` is known of large ones only."""

    size_bytes: int
    git_sha1: str
    sha256: str | None

    def holds(self, local: StoredFile) -> bool:
        """Whether its content is that of a local file."""
        return local.git_sha1 == self.git_sha1 if self.sha256 is None else local.sha256 == self.sha256


@dataclass(frozen=True)
class RemoteState:
    """What a repository holds: commits of branches and tags, the files of those that were asked for."""

    private: bool
    branches: Mapping[str, str]
    tags: Mapping[str, str]
    files: Mapping[str, Mapping[str, RemoteFile]]
    card: str


class Remote:
    """A dataset repository on the Hub, or on the server that HF_ENDPOINT names.

    The token is the one that `hf auth login` stored or that HF_TOKEN holds. It is sent, and never shown. Nothing is
    asked before something is wanted; then the token is asked for first.

    Raises
    ------
    InvalidArgumentError
        ``repo_id`` is none, such as a name without a namespace.
    """

    def __init__(self, repo_id: str) -> None:
        _check_id(repo_id)
        self.repo_id = repo_id
        self._token = huggingface_hub.get_token()
        shown.hide(self._token or "")
        # False sends none, not even one that turns up later.
        self._api = HfApi(token=self._token or False)
        self._is_known = False

    @property
    def endpoint(self) -> str:
        """The server, as everybody may read it, also in what is published: without user name and password."""
        return shown.without_user(str(self._api.endpoint))

    @property
    def has_token(self) -> bool:
        """Whether a token was found."""
        return bool(self._token)

    def why_not_asked(self) -> str:
        """Why the server cannot be asked, in a few words; "" if it answers.

        Raises
        ------
        NetworkError
            It answers, and does not accept the token or refuses to show the repository.
        """
        try:
            self.state()
        except NotAskedError as error:
            return error.reason
        return ""

    def _check_token(self) -> None:
        """Raise NetworkError if there is a token and the server does not accept it; asks once."""
        if self._token and not self._is_known:
            with self._explaining("Your token could not be checked"):
                self._api.whoami()
        self._is_known = True

    def require_token(self) -> None:
        """Raise NetworkError unless there is a token to write with."""
        if not self._token:
            raise NetworkError(
                "There is no token for the Hub. Make one with write access at "
                f"{self.endpoint}/settings/tokens, then run `hf auth login`, or put it into HF_TOKEN."
            )
        self._check_token()

    def state(self, *revisions: str) -> RemoteState | None:
        """What the repository holds, with the files of these branches and tags; None if it does not exist.

        Raises
        ------
        NotAskedError
            The server cannot be reached.
        NetworkError
            It does not accept the token, or refuses.
        """
        self._check_token()
        with self._explaining(f"{self.repo_id} could not be looked at"):
            try:
                info = self._api.repo_info(self.repo_id, repo_type="dataset")
            except RepositoryNotFoundError:
                return None
            refs = self._api.list_repo_refs(self.repo_id, repo_type="dataset")
            branches = {ref.name: ref.target_commit for ref in refs.branches}
            tags = {ref.name: ref.target_commit for ref in refs.tags}
            known = {name: {**tags, **branches}[name] for name in revisions if name in {**tags, **branches}}
            files = {name: self._files(commit) for name, commit in known.items()}
            card = self._text("README.md", branches["main"]) if "README.md" in files.get("main", {}) else ""
        return RemoteState(bool(info.private), branches, tags, files, card)

    def _files(self, commit: str) -> dict[str, RemoteFile]:
        entries: Any = self._api.list_repo_tree(self.repo_id, repo_type="dataset", revision=commit, recursive=True)
        return {
            entry.path: RemoteFile(entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else None)
            for entry in entries
            if hasattr(entry, "blob_id")
        }

    def _text(self, path: str, commit: str) -> str:
        downloaded = self._api.hf_hub_download(self.repo_id, path, repo_type="dataset", revision=commit)
        return Path(downloaded).read_text(encoding="utf-8")

    def create(self, *, private: bool) -> None:
        """Create the repository."""
        with self._explaining(f"{self.repo_id} could not be created"):
            self._api.create_repo(self.repo_id, repo_type="dataset", private=private)

    def create_branch(self, branch: str) -> None:
        """Make a branch that holds what main holds."""
        with self._explaining(f"The branch {branch} of {self.repo_id} could not be created"):
            self._api.create_branch(self.repo_id, repo_type="dataset", branch=branch)

    def commit(self, branch: str, parent: str, add: Mapping[str, Path], remove: tuple[str, ...], message: str) -> str:
        """Add and remove files in one commit, if the branch still stands at ``parent``; returns the new commit."""
        operations = [
            *(CommitOperationAdd(path_in_repo=path, path_or_fileobj=str(place)) for path, place in add.items()),
            *(CommitOperationDelete(path_in_repo=path) for path in remove),
        ]
        with self._explaining(f"{self.repo_id} could not be written to"), _plain_storage(self.endpoint):
            info = self._api.create_commit(
                self.repo_id,
                operations,
                commit_message=message,
                repo_type="dataset",
                revision=branch,
                parent_commit=parent,
            )
        return str(info.oid)

    def tag(self, name: str, commit: str) -> None:
        """Give a commit a name that stays."""
        with self._explaining(f"The tag {name} of {self.repo_id} could not be made"):
            self._api.create_tag(self.repo_id, repo_type="dataset", tag=name, revision=commit)

    def download(self, commit: str, folder: Path) -> None:
        """Put the files of a commit into a folder."""
        with self._explaining(f"{self.repo_id} could not be downloaded"):
            self._api.snapshot_download(self.repo_id, repo_type="dataset", revision=commit, local_dir=str(folder))

    @contextlib.contextmanager
    def _explaining(self, what: str) -> Iterator[None]:
        """Turn whatever the Hub's client raises into a NetworkError without the token."""
        try:
            with _no_progress_bars():
                yield
        except Exception as error:
            message = f"{what}. {_explanation(error, self.repo_id, self.endpoint)}"
            # With the token as it is now: the message is kept longer than it.
            message = shown.shown(message)
            status, _ = _answer(error)
            # A busy server has told as much as one that is not there.
            if status == 0 or status >= 500:
                raise NotAskedError(message, _reason(status, self.endpoint)) from None
            raise NetworkError(message) from None


def _check_id(repo_id: str) -> None:
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise InvalidArgumentError(f"{repo_id!r} is no repository's id: {error}") from None
    if "/" not in repo_id:
        raise InvalidArgumentError(f"{repo_id!r} lacks a namespace: write it as NAMESPACE/{repo_id}.")


def _explanation(error: BaseException, repo_id: str, endpoint: str) -> str:
    status, answer = _answer(error)
    explanations = {
        401: f"{endpoint} does not accept your token. Make a new one at {endpoint}/settings/tokens and run "
        "`hf auth login`; a token in HF_TOKEN comes before the stored one.",
        403: f"Your token may not do this: it needs write access to {repo_id}. Check the namespace and the token's "
        f"rights at {endpoint}/settings/tokens.",
        409: f"{endpoint} says that it exists already. Run it again to see what is there now.",
        412: "Somebody else committed meanwhile. Nothing was written in this step; run it again to see what changed.",
    }
    if status in explanations:
        return explanations[status]
    if status:
        return f"{endpoint} answered with status {status}: {answer}"
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set, which forbids the network. Unset it, then run it again."
    return f"{endpoint} gave no answer that could be used ({type(error).__name__}: {error}). Are you connected?"


def _reason(status: int, endpoint: str) -> str:
    if status:
        return f"{endpoint} answered with status {status}"
    return "HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else f"{endpoint} gave no answer"


def _answer(error: BaseException | None) -> tuple[int, str]:
    """Status and message of the server's answer that an error, or what caused it, carries; 0 if there is none."""
    while error is not None:
        response: Any = getattr(error, "response", None)
        if response is not None:
            return int(response.status_code), str(error).strip().splitlines()[-1]
        error = error.__cause__
    return 0, ""


@contextlib.contextmanager
def _plain_storage(endpoint: str) -> Iterator[None]:
    """Upload without Xet to a server that is not the Hub: newer clients would otherwise try nothing else."""
    if endpoint == THE_HUB:
        yield
        return
    # Some releases look at the constant, others at the variable.
    before = getattr(constants, _XET_SWITCH, False), os.environ.get(_XET_SWITCH)
    setattr(constants, _XET_SWITCH, True)
    os.environ[_XET_SWITCH] = "1"
    try:
        yield
    finally:
        setattr(constants, _XET_SWITCH, before[0])
        del os.environ[_XET_SWITCH]
        if before[1] is not None:
            os.environ[_XET_SWITCH] = before[1]


@contextlib.contextmanager
def _no_progress_bars() -> Iterator[None]:
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    were_off = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not were_off:
            enable_progress_bars()
