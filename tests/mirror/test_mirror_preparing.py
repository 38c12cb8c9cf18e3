"""Specification of tinytorch_hf.mirror.preparing: large files are listed at once, and served when they are hashed."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError
from serving import ask, serving

from tinytorch_hf.mirror import folder, preparing, server
from tinytorch_hf.mirror.preparing import Outcome, Shelf, Waiting

LARGE = "/datasets/course/films/resolve/main/large.bin"
CONTENT = bytes(range(256)) * 8


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is large here has 2 kB, and nobody waits for seconds."""
    monkeypatch.setattr(preparing, "LARGE_BYTES", len(CONTENT))
    monkeypatch.setattr(preparing, "_WAIT_S", 0.2)
    monkeypatch.setattr(preparing, "_LOOK_EVERY_S", 0.01)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A folder with a dataset of a small and of a large file."""
    (tmp_path / "course" / "films").mkdir(parents=True)
    (tmp_path / "course" / "films" / "train.jsonl").write_text('{"film": "a"}\n', encoding="utf-8")
    (tmp_path / "course" / "films" / "large.bin").write_bytes(CONTENT)
    return tmp_path / "course"


def shelf_of(course: Path) -> Shelf:
    """What is served of a folder, before anything large is hashed."""
    return Shelf({}, {one.id: folder.contents(one) for one in folder.survey(course)[0]})


def nothing(_one: Waiting, _outcome: Outcome) -> None:
    """Show no progress."""


@pytest.fixture
def held(course: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a mirror whose large file is being hashed for as long as a test wants, and what ends that."""
    shelf, may_go_on = shelf_of(course), threading.Event()
    hash_file = preparing.hash_file

    def slow(place: Path, on_bytes: Callable[[int], object] = int) -> object:
        on_bytes(1024)
        assert may_go_on.wait(30)
        return hash_file(place)

    monkeypatch.setattr(preparing, "hash_file", slow)
    thread = shelf.hash_rest(nothing)

    def finish() -> None:
        may_go_on.set()
        thread.join(30)

    with serving(server.server(shelf)) as address:
        yield address, finish
        finish()


def test_everything_but_the_large_file_is_there_at_once(held: tuple[str, Callable[[], None]], tmp_path: Path) -> None:
    """With real clients: what there is of it, its small files, and lists."""
    api = HfApi(endpoint=held[0])

    info = api.dataset_info("course/films", files_metadata=True)
    assert {file.rfilename: file.size for file in info.siblings or []} == {"train.jsonl": 14, "large.bin": 2048}
    assert len(list(api.list_repo_tree("course/films", repo_type="dataset"))) == 2
    got = hf_hub_download(
        "course/films", "train.jsonl", repo_type="dataset", endpoint=held[0], cache_dir=tmp_path / "cache"
    )
    assert Path(got).read_text(encoding="utf-8") == '{"film": "a"}\n'
    assert [one.id for one in api.list_datasets()] == ["course/films"]


def test_who_asks_for_the_large_file_waits_and_is_told_when_to_come_again(
    held: tuple[str, Callable[[], None]],
) -> None:
    """503 with Retry-After, for every request of the file and for no other; people get a page that comes back."""
    address, finish = held
    for path in (LARGE, LARGE.replace("/datasets", "//datasets"), LARGE.replace("resolve", "raw")):
        answer = ask(address, path, "HEAD")
        assert (answer.status, answer.headers["retry-after"]) == (503, "2"), path
    assert "large.bin is still being read: 0.0 of 0.0 GB" in json.loads(ask(address, LARGE).body)["error"]
    with pytest.raises(HfHubHTTPError, match="still being read"):
        get_hf_file_metadata(address + LARGE)
    page = ask(address, LARGE, headers={"Accept": "text/html"})
    assert page.status == 503 and b'http-equiv="refresh"' in page.body and b"still being read" in page.body
    assert b"still being read" in ask(address, "/datasets/course/films").body

    finish()
    answer = ask(address, LARGE)
    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.headers["etag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    assert b"still being read" not in ask(address, "/datasets/course/films").body


def test_who_waits_long_enough_gets_it(held: tuple[str, Callable[[], None]], monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same request."""
    monkeypatch.setattr(preparing, "_WAIT_S", 20.0)
    timer = threading.Timer(0.2, held[1])
    timer.start()

    assert ask(held[0], LARGE).body == CONTENT
    timer.join()


def test_hashing_changes_neither_the_commit_nor_the_name_in_it(course: Path) -> None:
    """Nor does a second start; the hash stands beside the name, as the Hub has it for large files."""
    shelf = shelf_of(course)
    before = shelf["course/films"].main
    seen: list[tuple[str, Outcome]] = []
    shelf.hash_rest(lambda one, outcome: seen.append((one.path, outcome))).join(30)
    after = shelf["course/films"].main

    assert before.commit == after.commit == shelf_of(course)["course/films"].main.commit
    assert before.files["large.bin"].git_sha1 == after.files["large.bin"].git_sha1
    assert after.files["large.bin"].sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert seen == [("large.bin", ""), ("large.bin", "ready")] and shelf.waiting == ()
    with serving(server.server(shelf)) as address:
        (large, _small) = HfApi(endpoint=address).list_repo_tree("course/films", repo_type="dataset")
    assert large.lfs and large.lfs.sha256 == hashlib.sha256(CONTENT).hexdigest()  # type: ignore[union-attr]


def test_the_smallest_is_hashed_first(course: Path) -> None:
    """So that as many as can be are ready soon; the time left counts those before."""
    (course / "films" / "larger.bin").write_bytes(CONTENT * 3)
    (course / "acts").mkdir()
    (course / "acts" / "middle.bin").write_bytes(CONTENT * 2)
    shelf = shelf_of(course)

    assert [one.path for one in shelf.waiting] == ["large.bin", "middle.bin", "larger.bin"]
    assert list(shelf) == ["course/acts", "course/films"]
    assert shelf.seconds_left(("course/films", "larger.bin")) >= shelf.seconds_left(("course/films", "large.bin")) > 0


def test_a_file_that_changes_or_goes_meanwhile_is_not_served(course: Path) -> None:
    """And how it ended is told; nobody waits for it any more."""
    (course / "films" / "gone.bin").write_bytes(CONTENT * 2)
    shelf = shelf_of(course)
    (course / "films" / "large.bin").write_bytes(b"other" * 1000)
    (course / "films" / "gone.bin").unlink()
    ended: dict[str, Outcome] = {}

    def note(one: Waiting, outcome: Outcome) -> None:
        ended[one.path] = outcome

    shelf.hash_rest(note).join(30)

    assert ended == {"large.bin": "changed", "gone.bin": "unreadable"} and shelf.waiting == ()
    with serving(server.server(shelf)) as address:
        for name in ended:
            assert ask(address, LARGE.replace("large.bin", name)).status == 404
        assert ask(address, LARGE.replace("large.bin", "train.jsonl")).status == 200


def test_a_file_that_cannot_be_read_is_left_out(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name and reason; the rest is served."""
    hash_file = preparing.hash_file

    def refuse(place: Path, on_bytes: Callable[[int], object] = int) -> object:
        if place.suffix == ".jsonl":
            raise PermissionError(13, "Permission denied")
        return hash_file(place, on_bytes)

    monkeypatch.setattr(preparing, "hash_file", refuse)
    shelf = shelf_of(course)

    assert list(shelf["course/films"].main.files) == ["large.bin"]
    (one,) = shelf.left_out
    assert (one.path, one.reason) == ("course/films/train.jsonl", "it cannot be read: Permission denied")
