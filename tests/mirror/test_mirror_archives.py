"""Specification of the archives that a mirror serves from its cache: verified at the start, and nothing else."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from serving import ask, serving

from tinytorch_hf import catalog
from tinytorch_hf.acquire import fetch, places, plan
from tinytorch_hf.catalog import Archive, DataFile, DatasetInfo, Downloaded, SplitInfo
from tinytorch_hf.cli import OK, PROBLEM, main
from tinytorch_hf.errors import MissingFileError
from tinytorch_hf.files import folders
from tinytorch_hf.mirror import archives, server

UNPACKED = b"hello world"
PACKED = gzip.compress(UNPACKED, mtime=0)
PATH = "/archives/words/words.gz"


def described(name: str, data: bytes) -> DataFile:
    """A file as the catalog states it."""
    return DataFile(name, len(data), hashlib.sha256(data).hexdigest())


WORDS = replace(
    catalog.MNIST,
    name="words",
    title="Words",
    splits=(SplitInfo("train", 1, (described("words", UNPACKED),)),),
    provider=Downloaded(
        (
            Archive(described("words.gz", PACKED), "words", ("http://127.0.0.1:1/words.gz",)),
            Archive(described("other.gz", b"other"), "words", ("http://127.0.0.1:1/other.gz",)),
        ),
        "words",
    ),
)


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with one good archive of a dataset, one damaged, and a file that is none."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(cache))
    names, info = catalog.names, catalog.info

    def with_words(name: str) -> DatasetInfo:
        return WORDS if name == "words" else info(name)

    monkeypatch.setattr(catalog, "names", lambda: (*names(), "words"))
    monkeypatch.setattr(catalog, "info", with_words)
    folder = folders.folder(WORDS)
    folder.mkdir(parents=True)
    (folder / "words.gz").write_bytes(PACKED)
    (folder / "other.gz").write_bytes(b"0ther")
    (folder / "words").write_bytes(UNPACKED)
    return folder


@pytest.fixture
def mirror(cached: Path) -> Iterator[str]:
    """Address of a mirror that serves what is in that cache."""
    with serving(server.server({}, archives.in_cache())) as address:
        yield address


def test_a_verified_archive_is_served_whole_and_in_parts(mirror: str) -> None:
    """GET, HEAD, Range; the size is announced."""
    whole, head = ask(mirror, PATH), ask(mirror, PATH, "HEAD")
    part = ask(mirror, PATH, headers={"Range": "bytes=5-"})

    assert (whole.status, whole.body, whole.headers["content-length"]) == (200, PACKED, str(len(PACKED)))
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(PACKED)))
    assert (part.status, part.body) == (206, PACKED[5:])
    assert part.headers["content-range"] == f"bytes 5-{len(PACKED) - 1}/{len(PACKED)}"
    assert "x-repo-commit" not in whole.headers


def test_nothing_else_is_served(mirror: str) -> None:
    """Not what is damaged, not what is unpacked, nothing of the disk."""
    for path in (
        "/archives/words/other.gz",
        "/archives/words/words",
        "/archives/words/",
        "/archives/words",
        "/archives/",
        "/archives/words/..%2fwords.gz",
        "/archives/words/../words/words",
        "/archives/words/%2e%2e/%2e%2e/words.gz",
        "/archives//words.gz",
        "/archives/mnist/words.gz",
        "/archives/words/words.gz%00",
        "//archives/words/words",
    ):
        answer = ask(mirror, path)

        assert answer.status == 404, path
        assert UNPACKED not in answer.body and PACKED not in answer.body, path


def test_nothing_can_be_written(mirror: str) -> None:
    """As everywhere in a mirror."""
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert ask(mirror, PATH, method, b"x").status == 405, method


def test_an_archive_that_changes_while_it_is_served_is_no_longer_served(mirror: str, cached: Path) -> None:
    """Its hash was that of the start."""
    (cached / "words.gz").write_bytes(PACKED[:-1] + b"x")

    assert ask(mirror, PATH).status == 404


def test_download_takes_it_from_there(mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable that the mirror prints, a student needs no other host."""
    monkeypatch.setenv(places.MIRROR_VARIABLE, mirror)
    dataset = replace(WORDS, provider=Downloaded(WORDS.archives[:1], WORDS.place))

    written = fetch.fetch(dataset, tmp_path, plan.plan(dataset, tmp_path))

    assert [path.read_bytes() for path in written] == [PACKED, UNPACKED]


def test_the_page_and_the_status_name_them(mirror: str) -> None:
    """With the line to copy."""
    page = ask(mirror, "/").body.decode()

    assert f"export TINYTORCH_HF_MIRROR={mirror}" in page
    assert f'<a href="{PATH}">words/words.gz</a><span>{len(PACKED)} bytes</span>' in page
    assert json.loads(ask(mirror, "/status.json").body)["archives"] == {
        PATH: {"size_bytes": len(PACKED), "sha256": hashlib.sha256(PACKED).hexdigest()}
    }


def test_without_archives_the_page_says_nothing_of_them() -> None:
    """Most mirrors have none."""
    with serving(server.server({})) as address:
        assert b"TINYTORCH_HF_MIRROR" not in ask(address, "/").body


def test_the_command_serves_what_is_there_or_what_was_asked_for(
    cached: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By name alone without anything of the Hub; a dataset of the Hub by name, without archives."""
    seen: list[Any] = []
    monkeypatch.setattr(server, "run", lambda served, archived, listening: seen.append((list(served), list(archived))))
    (cached / "other.gz").write_bytes(b"other")

    assert main(["hub", "mirror", "words", "--port", "0"]) == OK
    assert main(["hub", "mirror", "tinydigits", "--port", "0"]) == OK
    out = capsys.readouterr().out
    assert seen == [([], [PATH, "/archives/words/other.gz"]), (["tinytorch/tinydigits"], [])]
    assert f"serving archives/words/words.gz: {len(PACKED)} bytes\n" in out
    assert out.count("    export TINYTORCH_HF_MIRROR=http://127.0.0.1:") == 1


def test_a_dataset_asked_for_by_name_must_be_there_whole(cached: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error says how to get it."""
    with pytest.raises(
        MissingFileError, match=r"other\.gz is not there, or is damaged\. Run `tinytorch-hf download words`"
    ):
        archives.in_cache(["words"])
    assert main(["hub", "mirror", "mnist", "--port", "0"]) == PROBLEM
    assert "tinytorch-hf download mnist" in capsys.readouterr().err
