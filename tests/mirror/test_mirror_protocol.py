"""Specification of the mirror's protocol, request by request, as any HTTP client sees it."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import ODD_NAMES, Mirror, ask, serving, write_course

from tinytorch_hf.mirror import listing, repositories, server

D, A = "/datasets/tinytorch/tinydigits", "/api/datasets/tinytorch/tinydigits"
LICENSE = f"{D}/resolve/main/LICENSE"


def as_json(mirror: Mirror, path: str, **options: Any) -> Any:
    """Body of a good answer."""
    answer = ask(mirror.address, path, **options)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def content(mirror: Mirror, path: str) -> bytes:
    """What the file behind a path of TinyDigits holds."""
    return mirror.repositories["tinytorch/tinydigits"].main.files[path].place.read_bytes()


def test_every_file_of_every_dataset_is_served(mirror: Mirror) -> None:
    """With its ETag, size and commit; HEAD says the same without the file."""
    for repository in mirror.repositories.values():
        for path, file in repository.main.files.items():
            address = f"/datasets/{repository.id}/resolve/main/{quote(path)}"
            got, head = ask(mirror.address, address), ask(mirror.address, address, "HEAD")
            assert (got.status, got.body) == (200, file.place.read_bytes())
            assert got.headers["etag"] == f'"{file.git_sha1}"'
            assert got.headers["x-repo-commit"] == repository.main.commit
            assert got.headers["content-length"] == str(file.size_bytes)
            assert (head.status, head.body) == (200, b"")
            assert {**head.headers, "date": ""} == {**got.headers, "date": ""}


@pytest.mark.parametrize("revision", ["main", "v1.0.0", "refs%2Fheads%2Fmain", "COMMIT"])
def test_a_file_is_found_under_every_name_of_its_revision(mirror: Mirror, revision: str) -> None:
    """Branch, tag, full reference, commit."""
    revision = revision.replace("COMMIT", mirror.repositories["tinytorch/tinydigits"].main.commit)
    if "%2F" in revision:
        assert as_json(mirror, f"{A}/revision/{revision}")["sha"] == as_json(mirror, A)["sha"]
    else:
        assert ask(mirror.address, f"{D}/resolve/{revision}/LICENSE").body == content(mirror, "LICENSE")


@pytest.mark.parametrize(
    ("header", "part"), [("bytes=0-9", slice(0, 10)), ("bytes=-7", slice(-7, None)), ("bytes=800-", slice(800, None))]
)
def test_a_part_of_a_file(mirror: Mirror, header: str, part: slice) -> None:
    """206, and where it stands in the whole."""
    whole = content(mirror, "LICENSE")
    answer = ask(mirror.address, LICENSE, headers={"Range": header})

    assert (answer.status, answer.body) == (206, whole[part])
    start, stop, _ = part.indices(len(whole))
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole)}"
    assert answer.headers["content-length"] == str(stop - start)


def test_a_part_that_does_not_exist(mirror: Mirror) -> None:
    """416 with the size; what is no range gives the whole file."""
    size = len(content(mirror, "LICENSE"))
    answer = ask(mirror.address, LICENSE, headers={"Range": f"bytes={size}-"})
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{size}")

    for header in ("bytes=x", "bytes=1-0", "bytes=0-0,2-2", "bytes=" + "0-1," * 2000):
        assert ask(mirror.address, LICENSE, headers={"Range": header}).status == 200


def test_a_client_that_has_the_file_does_not_get_it_again(mirror: Mirror) -> None:
    """304 for its ETag; a range only of the version the client has."""
    etag = ask(mirror.address, LICENSE, "HEAD").headers["etag"]

    known = ask(mirror.address, LICENSE, headers={"If-None-Match": f'"x", W/{etag}'})
    assert (known.status, known.body, known.headers["etag"]) == (304, b"", etag)
    assert ask(mirror.address, LICENSE, headers={"If-None-Match": '"x"'}).status == 200
    assert ask(mirror.address, LICENSE, headers={"Range": "bytes=0-1", "If-Range": etag}).status == 206
    assert ask(mirror.address, LICENSE, headers={"Range": "bytes=0-1", "If-Range": '"x"'}).status == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/datasets/tinytorch/nothing/resolve/main/LICENSE", "RepoNotFound"),
        ("/api/datasets/tinytorch/nothing", "RepoNotFound"),
        (f"{D}/resolve/v9/LICENSE", "RevisionNotFound"),
        (f"{A}/revision/refs%2Fpr%2F1", "RevisionNotFound"),
        (f"{A}/tree/v9", "RevisionNotFound"),
        (f"{D}/resolve/main/tinydigits.py", "EntryNotFound"),
        (f"{D}/resolve/main/.huggingface.yaml", "EntryNotFound"),
        (f"{D}/resolve/main/dataset_infos.json", "EntryNotFound"),
        (f"{D}/resolve/main/", "EntryNotFound"),
        (f"{D}/resolve/main/data", "EntryNotFound"),
        (f"{A}/tree/main/LICENSE", "EntryNotFound"),
        (f"{A}/tree/main/nothing", "EntryNotFound"),
    ],
)
def test_what_is_not_there_is_said_as_the_hub_says_it(mirror: Mirror, path: str, code: str) -> None:
    """404 with the code from which clients make their own errors, in GET and HEAD."""
    answer = ask(mirror.address, path)

    assert (answer.status, answer.headers["x-error-code"]) == (404, code)
    assert json.loads(answer.body)["error"] == answer.headers["x-error-message"]
    assert ask(mirror.address, path, "HEAD").headers["x-error-code"] == code


def test_the_description_of_a_dataset(mirror: Mirror) -> None:
    """The same alone and by revision: commit and files; nothing about scans or Xet, which clients would follow."""
    alone = as_json(mirror, A)

    assert alone == as_json(mirror, f"{A}/revision/main") == as_json(mirror, f"{A}/revision/{alone['sha']}")
    main = mirror.repositories["tinytorch/tinydigits"].main
    assert (alone["id"], alone["author"], alone["sha"]) == ("tinytorch/tinydigits", "tinytorch", main.commit)
    assert [sibling["rfilename"] for sibling in alone["siblings"]] == list(main.files)
    sized = as_json(mirror, f"{A}?blobs=true")["siblings"]
    assert {sibling["rfilename"]: (sibling["size"], sibling["blobId"]) for sibling in sized} == {
        path: (file.size_bytes, file.git_sha1) for path, file in main.files.items()
    }


def test_datasets_are_found_by_author_and_words(mirror: Mirror) -> None:
    """Whatever is no number of datasets is refused, as the Hub does."""

    def ids(query: str) -> set[str]:
        return {dataset["id"] for dataset in as_json(mirror, f"/api/datasets?{query}")}

    assert ids("") == set(mirror.repositories)
    assert ids("author=course") == {"course/odd", "course/words"}
    assert ids("search=TinyDig") == {"tinytorch/tinydigits"}
    assert ids("search=o&search=words") == {"course/words"}
    assert ids("author=nobody") == set()
    assert len(as_json(mirror, "/api/datasets?limit=1")) == 1
    for wrong in ("limit=x", "limit=-1", f"limit={'9' * 5000}", "limit=0", "sort=size", "expand=everything"):
        answer = ask(mirror.address, f"/api/datasets?{wrong}")
        assert (answer.status, list(json.loads(answer.body))) == (400, ["error"])


def test_branches_and_tags(mirror: Mirror) -> None:
    """With the commits they stand at; the one that the Hub makes of Parquet files, too."""
    commit = mirror.repositories["tinytorch/tinydigits"].main.commit
    converted = as_json(mirror, f"{A}/revision/refs%2Fconvert%2Fparquet")["sha"]

    assert as_json(mirror, f"{A}/refs") == {
        "branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": commit}],
        "converts": [{"name": "parquet", "ref": "refs/convert/parquet", "targetCommit": converted}],
        "tags": [{"name": "v1.0.0", "ref": "refs/tags/v1.0.0", "targetCommit": commit}],
    }
    assert as_json(mirror, f"{A}/refs?include_prs=1")["pullRequests"] == []


def folders_of(paths: Iterable[str]) -> set[str]:
    """Every folder that a path passes through."""
    return {str(folder) for path in paths for folder in PurePosixPath(path).parents} - {"."}


def test_the_tree(mirror: Mirror) -> None:
    """One level or all, from the root or a folder, with the last commit where it is asked for."""
    files = mirror.repositories["tinytorch/tinydigits"].main.files

    def paths(query: str) -> set[str]:
        return {entry["path"] for entry in as_json(mirror, f"{A}/tree/main{query}")}

    assert paths("?recursive=True") == {*files, *folders_of(files)}
    assert paths("") == {path.split("/")[0] for path in files}
    assert paths("/data") == {"data/array", "data/default"}
    assert paths("/data%2Farray?recursive=1") == {path for path in files if path.startswith("data/array/")}
    (entry,) = (entry for entry in as_json(mirror, f"{A}/tree/main") if entry["path"] == "LICENSE")
    size = len(content(mirror, "LICENSE"))
    assert entry == {"type": "file", "oid": files["LICENSE"].git_sha1, "size": size, "path": "LICENSE"}
    assert all("lastCommit" in entry for entry in as_json(mirror, f"{A}/tree/main?expand=true"))


def test_a_long_tree_comes_in_pages(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each names the next; a nonsensical page is the first."""
    monkeypatch.setattr(listing, "ENTRIES_PER_PAGE", 4)
    seen, path = [], f"{A}/tree/main?recursive=true"
    while path:
        answer = ask(mirror.address, path)
        seen += [entry["path"] for entry in json.loads(answer.body)]
        link = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
        path = link.removeprefix(mirror.address)

    assert seen == sorted(
        {*mirror.repositories["tinytorch/tinydigits"].main.files, "data", "data/array", "data/default"}
    )
    assert len(as_json(mirror, f"{A}/tree/main?cursor=-1")) == 4


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json"])
def test_paths_info(mirror: Mirror, content_type: str) -> None:
    """Files and folders that are there; of the rest nothing. Clients send a form, newer ones JSON."""
    paths = ["LICENSE", "/data/", "nothing", "LICENSE"]
    body = json.dumps({"paths": paths}) if "json" in content_type else urlencode({"paths": paths}, doseq=True)

    found = as_json(
        mirror,
        f"{A}/paths-info/main",
        method="POST",
        body=body.encode(),
        headers={"Content-Type": content_type},
    )

    assert [(entry["path"], entry["type"]) for entry in found] == [("LICENSE", "file"), ("data", "directory")]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"\xff" * 10, "application/json", 400),
        (b"\xff" * 10, "application/x-www-form-urlencoded", 400),
        (b"&".join([b"a=b"] * 20_000), "application/x-www-form-urlencoded", 400),
        (b"x" * (2 << 20), "application/x-www-form-urlencoded", 413),
        (b'{"paths": [[], null, 1]}', "application/json", 200),
        (b"", "text/plain", 200),
    ],
)
def test_odd_bodies(mirror: Mirror, body: bytes, content_type: str, status: int) -> None:
    """Too long, or not what it says it is: a clear answer, and nothing is kept in memory beyond the limit."""
    answer = ask(mirror.address, f"{A}/paths-info/main", "POST", body, {"Content-Type": content_type})

    assert answer.status == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "MOVE"])
@pytest.mark.parametrize("path", ["/", "/api/repos/create", f"{A}/commit/main", f"{LICENSE}", "/nothing"])
def test_nothing_can_be_written(mirror: Mirror, method: str, path: str) -> None:
    """405, and that the mirror is read-only."""
    answer = ask(mirror.address, path, method)

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert b"read-only" in answer.body


SECRETS = ["../secret.txt", "../../course/../secret.txt", "/etc/passwd", "..\\secret.txt", "....//secret.txt"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("encode", ["as it is", "once", "all", "twice", "overlong", "dots"])
def test_no_spelling_of_a_path_leaves_the_folder(mirror: Mirror, secret: str, encode: str) -> None:
    """Every encoding of dots, slashes and backslashes, in every place of the address where a path stands."""
    (mirror.course.parent / "secret.txt").write_text("secret", encoding="utf-8")
    percent = "".join(f"%{byte:02x}" for byte in secret.encode())
    spelled = {
        "as it is": secret,
        "once": quote(secret, safe=""),
        "all": percent,
        "twice": percent.replace("%", "%25"),
        "overlong": secret.replace("/", "%c0%af").replace(".", "%c0%ae"),
        "dots": secret.replace("..", "%2e%2e"),
    }[encode]
    for prefix in (
        "/datasets/course/words/resolve/main/",
        "/datasets/course/words/resolve/",
        "/api/datasets/course/words/tree/main/",
        "/datasets/course/",
        "/pictures/",
        "/",
    ):
        answer = ask(mirror.address, prefix + spelled)
        assert answer.status == 404, (prefix, answer)
        assert answer.body != b"secret" and b"root:" not in answer.body


@settings(max_examples=60)
@given(path=st.text(st.sampled_from("./\\%25eEfF0cC~\0\r\n;?#&ab"), max_size=30))
def test_whatever_path_is_asked_for_the_server_answers(mirror: Mirror, path: str) -> None:
    """With a file that is really there, or with 404; never with an error of its own."""
    answer = ask(mirror.address, f"/datasets/course/words/resolve/main/{quote(path, safe='/%')}")

    assert answer.status == 404


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_served_when_they_are_really_there(mirror: Mirror, name: str) -> None:
    """Spaces, question marks, quotes, other alphabets, and percent signs that are no encoding."""
    answer = ask(mirror.address, f"/datasets/course/odd/resolve/main/{quote(name)}")

    assert answer.body.decode() == f"content of {name}"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("segments", [1000, 80_000])
def test_a_path_of_very_many_segments(mirror: Mirror, segments: int) -> None:
    """Not found, like any other path that names nothing."""
    for start in ("/", "/datasets/course/words/resolve/main/", "/api/datasets/course/words/tree/main/", "/datasets/"):
        for segment in ("a/", "a//", "./", "../"):
            assert ask(mirror.address, start + segment * segments).status == 404


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(20_000)) + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 5_000_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_request_is_refused(mirror: Mirror, request_bytes: bytes) -> None:
    """Huge or malformed headers, another protocol: 400 or a closed connection; the server lives on."""
    assert raw(mirror, request_bytes)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 405", b"")

    assert ask(mirror.address, LICENSE).status == 200


def raw(mirror: Mirror, request: bytes) -> bytes:
    """What comes back for bytes that no library would send."""
    parts = urlsplit(mirror.address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError:
            # The server has seen enough and closed while we were still talking.
            return b""


def test_a_host_header_from_nowhere_does_no_harm(mirror: Mirror) -> None:
    """In the API as on the pages."""
    for host in ("x", "a b", "<b>", "[::1", "x" * 5000, "\u00e9"):
        assert ask(mirror.address, f"{A}/tree/main", headers={"Host": host}).status in (200, 400)


@pytest.fixture
def own_mirror(tmp_path: Path) -> Any:
    """A mirror whose folder may be damaged."""
    course = write_course(tmp_path / "course")
    with serving(server.server(repositories.by_id(repositories.own(course)))) as address:
        yield Mirror(address, {}, course)


WORDS = "/datasets/course/words/resolve/main/train.jsonl"


def test_a_folder_that_disappears_while_served(own_mirror: Mirror) -> None:
    """A clear answer for its files; the other datasets and the pages go on."""
    shutil.rmtree(own_mirror.course / "words")

    answer = ask(own_mirror.address, WORDS)
    assert (answer.status, answer.headers["x-error-code"]) == (404, "RepoNotFound")
    assert "changed after the mirror was started" in answer.headers["x-error-message"]
    assert ask(own_mirror.address, "/datasets/course/words").status == 200
    assert ask(own_mirror.address, "/datasets/course/odd/resolve/main/%252e%252e.txt").status == 200


def test_a_commit_never_serves_other_bytes(own_mirror: Mirror, tmp_path: Path) -> None:
    """Clients keep what they have under its commit: a file that was written to is refused, not served."""
    path = own_mirror.course / "words" / "train.jsonl"
    good = path.read_bytes()

    path.write_bytes(good.replace(b"a", b"z"))
    assert ask(own_mirror.address, WORDS).status == 404
    path.unlink()
    (tmp_path / "secret").write_bytes(good)
    path.symlink_to(tmp_path / "secret")
    assert ask(own_mirror.address, WORDS).status == 404
    path.unlink()
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
        assert ask(own_mirror.address, WORDS).status == 404
