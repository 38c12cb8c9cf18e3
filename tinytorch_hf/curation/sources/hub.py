"""Repositories as the Hub has them, there, on a mirror of it, or copied to this machine: which files hold a split.

Hugging Face's `datasets` resolves that, from the YAML of the card or from the names of the files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinytorch_hf.curation.sources import splits
from tinytorch_hf.curation.sources.files import Files, unreachable
from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError
from tinytorch_hf.shown import address

_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_IN_HUB = re.compile(r"hf://datasets/(?P<id>[^/@]+/[^/@]+)@(?P<revision>[^/]+)/(?P<path>.+)")
_CARD = "README.md"
# How many files a server is asked about at once.
_PATHS = 500


@dataclass(frozen=True)
class Repository:
    """What holds the wanted split of a repository.

    Attributes
    ----------
    files
        Its files, by their paths in the repository.
    classes
        What the labels' numbers stand for, by column, where the card says so.
    split
        Which split these are; "all" for all.
    revision
        The commit on a server; "" here.
    """

    files: Files
    classes: Mapping[str, Sequence[str]]
    split: str
    revision: str = ""


def is_id(source: str) -> bool:
    """Whether a text may be the identifier of a repository, such as ``owner/name``."""
    return _ID.fullmatch(source) is not None and ".." not in source


def is_copy(folder: Path) -> bool:
    """Whether a folder is the copy of a repository: its card begins with YAML that names files or features."""
    try:
        text = (folder / _CARD).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    head = text.partition("---")[2].partition("\n---")[0] if text.startswith("---") else ""
    return any(line.startswith(("configs:", "dataset_info:")) for line in head.splitlines())


def resolved(source: str, config: str | None, split: str | None, revision: str | None) -> Repository:
    """Which files hold a split of a repository.

    Parameters
    ----------
    source
        Its identifier, or the folder of a copy.
    config, split, revision
        Which of its configurations, which split, and which revision on the server.

    Raises
    ------
    InvalidArgumentError
        There is no such repository, configuration or split.
    NetworkError
        The server cannot be reached.
    MissingExtraError
        `datasets` is not installed.
    """
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError("datasets", "hf", error) from error
    try:
        builder = datasets.load_dataset_builder(source, config, revision=revision)
    except (ValueError, FileNotFoundError, RuntimeError, NotImplementedError) as error:
        # A repository that is not there is a FileNotFoundError; a script a RuntimeError.
        raise InvalidArgumentError(f"{source} cannot be opened: {_words(error)}. {_hint(source)}") from error
    except Exception as error:
        # Which exceptions there are hangs on the library's release and on the protocol.
        raise unreachable(source, error, _hint(source)) from error
    found = {str(name): [str(one) for one in some] for name, some in (builder.config.data_files or {}).items()}
    if not found:
        raise InvalidArgumentError(f"{source} has no data files.")
    wanted = splits.which(source, sorted(found), split)
    addresses = [one for name, some in sorted(found.items()) if wanted in (splits.ALL, name) for one in some]
    features = dict(builder.info.features or {})
    classes = {name: one.names for name, one in features.items() if isinstance(one, datasets.ClassLabel)}
    if Path(source).is_dir():
        root = Path(source).resolve()
        return Repository(Files({_below(root, one): one for one in addresses}), classes, wanted)
    return replace(_on_server(source, addresses, classes), split=wanted)


def _on_server(source: str, addresses: Sequence[str], classes: Mapping[str, Sequence[str]]) -> Repository:
    """Files on a server, with the hashes that it states."""
    from huggingface_hub import HfApi

    found = {match["path"]: match for match in map(_IN_HUB.fullmatch, addresses) if match}
    if len(found) != len(addresses):
        raise InvalidArgumentError(f"{source} has data files beside the repository, which are not read.")
    revision = next(iter(found.values()))["revision"]
    try:
        paths = list(found)
        infos = [
            info
            for start in range(0, len(paths), _PATHS)
            for info in HfApi().get_paths_info(
                source, paths[start : start + _PATHS], repo_type="dataset", revision=revision
            )
        ]
    except Exception as error:
        raise unreachable(source, error, _hint(source)) from error
    return Repository(
        Files(
            {path: match[0] for path, match in found.items()},
            {one.path: one.lfs.sha256 for one in infos if getattr(one, "lfs", None)},
            {one.path: one.size for one in infos if getattr(one, "size", None) is not None},
        ),
        classes,
        splits.ALL,
        revision,
    )


def _below(root: Path, address: str) -> str:
    path = Path(address)
    real = path.resolve()
    if root not in real.parents:
        raise InvalidArgumentError(f"{address} leads out of {root}; only files inside a source are read.")
    return path.relative_to(root).as_posix() if root in path.parents else real.relative_to(root).as_posix()


def _hint(source: str) -> str:
    endpoint = os.environ.get("HF_ENDPOINT")
    if Path(source).is_dir():
        return "Mend its README.md, or give the folder of its data files."
    return f"Asked was {address(endpoint)}, as HF_ENDPOINT says." if endpoint else "Is it a path? Then it is not there."


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
