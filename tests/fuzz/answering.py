"""What a student's process may send, and what anybody may ask a mirror for."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import mutations
import numpy as np
from reading import Target

from tinytorch_hf.student import wire
from tinytorch_hf.student.answers import Answer, AnswerError, parse
from tinytorch_hf.student.process import _opened

NONCE = "0123456789abcdef"


def targets(scratch: Path) -> list[Target]:
    """The answers of a student's process, and the requests to a mirror."""
    return [_answers(), *_requests(scratch)]


def _answers() -> Target:
    results = {"x": np.arange(6.0).reshape(2, 3), "n": 3, "deep": [[1.5, None], "a"], "bad": float("nan")}
    answers = [
        Answer("results", results=results, where="a.py:3", notes=("a",), called=("f",)),
        Answer("crash", message="ZeroDivisionError: \ud800", where="b.py:1", expression="1/0", call="f()"),
        Answer("opened", package="p 1.0", location="/p", found=True),
    ]
    genuine = [{"nonce": NONCE, "answer": answer.as_json()} for answer in answers]

    def make(rng: random.Random) -> bytes:
        if rng.random() < 0.3:
            return mutations.damaged(rng, [json.dumps(one).encode() for one in genuine], 2**16)
        message = json.loads(json.dumps(rng.choice(genuine)))
        if rng.random() < 0.4:
            content = rng.randbytes(rng.choice((0, 4, 8, 24)))
            array = {
                "dtype": rng.choice(("<f4", "f8", "|O8", "U1", ">i2", "f99", "b1", "<c8", "V4", "f", "M8", 4, None)),
                "shape": rng.choice(
                    ([], [1], [2, 1], [0, 2**62], [-1], [10**30], "12", [1.5], None, [1] * 70, {"1": 1})
                ),
                "base64": rng.choice((base64.b64encode(content).decode(), "=", "é", None, 3)),
            }
            message["answer"]["results"] = {"x": array}
            return json.dumps(message).encode()
        odd = mutations.odd_json(rng, message["answer"])
        return b'{"nonce": "' + NONCE.encode() + b'", "answer": ' + odd + b"}"

    def read(line: bytes) -> None:
        answer = _opened(line, NONCE)
        # Whoever got through is shown and kept.
        json.dumps(answer.as_json(), allow_nan=False)
        repr(answer).encode("utf-8", "backslashreplace")
        parse(json.loads(json.dumps(answer.as_json())))
        wire.decode(wire.encode(answer.results))

    return Target("answer of a student's process", make, read, (AnswerError, wire.WireError))


def _requests(scratch: Path) -> list[Target]:
    try:
        import starlette  # noqa: F401
    except ImportError:
        return []
    from tinytorch_hf.data.register import register
    from tinytorch_hf.hub.contents import take_snapshot
    from tinytorch_hf.mirror import app, repositories
    from tinytorch_hf.mirror.repositories import Repository

    course = scratch / "course"
    (course / "words" / "deep").mkdir(parents=True, exist_ok=True)
    (course / "words" / "train.jsonl").write_text('{"word": "a"}\n' * 3, "utf-8")
    (course / "words" / "deep" / "a b.txt").write_text("x" * 300, "utf-8")
    dataset = register(scratch / "described")
    served = [*repositories.own(course)]
    snapshot = take_snapshot(scratch / "described")
    served.append(Repository("course/fuzzed", {"main": snapshot}, {"v1.0.0": snapshot}, dataset=dataset))
    application = app.create(repositories.by_id(served), {})
    ids = ["course/fuzzed", *(repository.id for repository in served)]
    commit = snapshot.commit

    def make(rng: random.Random) -> dict[str, Any]:
        identifier = rng.choice(ids)
        revision = rng.choice(("main", "v1.0.0", "HEAD", commit, commit[:7], "refs%2Fheads%2Fmain", "script", "..", ""))
        file = rng.choice(("train.jsonl", "deep/a b.txt", "dataset.json", "train.npz", "README.md", "nothing", ""))
        path = rng.choice(_PATHS).format(id=identifier, rev=revision, file=file).encode()
        query = rng.choice(_QUERIES)
        body = rng.choice(
            (b"", b"paths=deep&expand=true", b'{"paths": ["deep"], "expand": true}', b'{"paths": {"a": 1}}')
        )
        headers = {
            "host": rng.choice(("localhost", "localhost:99999", "", "a b", "[::1", "\u00e9.example", "x" * 5000))
        }
        for name in rng.sample(sorted(_HEADERS), rng.randrange(4)):
            headers[name] = rng.choice(_HEADERS[name])
        if rng.random() < 0.5:
            path = mutations.damaged(rng, [path], 3000)
        if rng.random() < 0.5:
            query = mutations.damaged(rng, [query, *_QUERIES], 3000)
        if rng.random() < 0.3:
            body = mutations.damaged(rng, [body + b" "], 3000)
        if rng.random() < 0.3 and headers:
            name = rng.choice([*headers])
            headers[name] = mutations.damaged(rng, [headers[name].encode() or b"x"], 3000).decode("latin-1")
        return {
            "method": rng.choice(("GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "\u00e9")),
            "path": path,
            "query": query,
            "body": body,
            "headers": headers,
        }

    def read(request: Mapping[str, Any]) -> None:
        status, headers, body = asyncio.run(_asked(application, request))
        if not 200 <= status < 500:
            raise AssertionError(f"the answer has the status {status}")
        stated = dict(headers).get(b"content-length")
        if stated is not None and request["method"] != "HEAD" and status != 304 and int(stated) != len(body):
            raise AssertionError(f"{len(body)} bytes came, {stated!r} were announced")
        if any(b"\n" in value or b"\r" in value for _, value in headers):
            raise AssertionError("a header has several lines")

    return [Target("request to a mirror", make, read, ())]


_PATHS = (
    *("/", "/status.json", "/{id}", "/datasets/{id}", "/datasets/{id}/resolve/{rev}/{file}", "/datasets/{id}/viewer"),
    *("/datasets/{id}/raw/{rev}/{file}", "/api/datasets", "/api/datasets/{id}", "/api/datasets/{id}/revision/{rev}"),
    *("/api/datasets/{id}/tree/{rev}", "/api/datasets/{id}/tree/{rev}/{file}", "/api/datasets/{id}/paths-info/{rev}"),
    *("/api/datasets/{id}/refs", "/api/datasets/{id}/commits/{rev}", "/api/datasets/{id}/parquet", "/archives/{id}"),
    *("/api/datasets/{id}/croissant", "/rows", "/first-rows", "/splits", "/is-valid", "/info", "/size", "/statistics"),
    *("//api//datasets/{id}", "/api/models/{id}", "/api/whoami-v2", "/api/datasets/{id}/auth-check", "/style.css"),
    *("/datasets/{id}/resolve/{rev}/../{file}", "/datasets/{id}/resolve/{rev}/%2e%2e/{file}", "/favicon.ico"),
    *("/datasets/{id}/picture.png", "/datasets/{id}/samples.png", "/datasets/{id}/viewer.json"),
)
_QUERIES = (
    *(
        b"",
        b"split=train",
        b"split=train&page=2",
        b"page=99999999999999999999",
        b"page=-1",
        b"label=1&label=0",
        b"expand=1",
    ),
    *(b"recursive=true&expand=true", b"author=course&search=words", b"limit=0", b"limit=1e9", b"full=true&filter=a"),
    *(b"dataset=course/fuzzed&config=default&split=train&offset=0&length=2", b"dataset=course/fuzzed", b"dataset=%00"),
    *(b"dataset=course/fuzzed&config=default&split=train&offset=-5&length=99999999999", b"cursor=abc", b"language=en"),
    *(b"sort=downloads&direction=-1", b"task_categories=x", b"open=1", b"open=99999", b"n=\xff\xfe", b"%%%=%zz&&&==;"),
)
_HEADERS = {
    "range": (
        "bytes=0-5",
        "bytes=5-",
        "bytes=-5",
        "bytes=9-1",
        "bytes=0-0,2-3",
        "bytes=-",
        "bytes=99999999999999999999-",
        "x",
    ),
    "if-range": ('"a"', "Mon, 01 Jan 2026 00:00:00 GMT", ""),
    "if-none-match": ("*", '"a", W/"b"', "," * 3000),
    "accept": ("text/html", "*/*", ""),
    "content-type": ("application/json", "application/x-www-form-urlencoded", "application/json; charset=x"),
    "content-length": ("5", "-1", "99999999999999"),
    "accept-encoding": ("gzip", "identity"),
    "authorization": ("Bearer hf_x", "Basic \xff"),
    "x-forwarded-host": ("evil.example",),
    "x-forwarded-proto": ("javascript",),
}


async def _asked(application: Any, request: Mapping[str, Any]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """One request, as a server passes it on; what a server would refuse by itself reaches the application, too."""
    raw = request["path"]
    path = _unquoted(raw)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request["method"],
        "scheme": "http",
        "path": path,
        "raw_path": raw,
        "query_string": request["query"],
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in request["headers"].items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    pieces = [{"type": "http.request", "body": request["body"], "more_body": False}]
    status, headers, body = 0, [], b""

    async def receive() -> dict[str, Any]:
        if pieces:
            return pieces.pop()
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, headers, body
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message["headers"])
        else:
            body += message.get("body", b"")

    await asyncio.wait_for(application(scope, receive, send), 20)
    return status, headers, body


def _unquoted(raw: bytes) -> str:
    # As uvicorn does it.
    return unquote(raw.decode("ascii", "replace"))
