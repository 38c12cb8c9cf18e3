"""Specification of downloads: whatever servers do, the end is a good file or a clear error."""

from __future__ import annotations

import re
import socket
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faulty_server as faults
import pytest
from faulty_server import Answer, serving_faults
from small_dataset import PACKED, PATIENCE, UNPACKED, described, small

from tinytorch_hf import catalog
from tinytorch_hf.acquire import fetch, places, plan
from tinytorch_hf.catalog import Archive, Downloaded, SplitInfo
from tinytorch_hf.errors import NetworkError, StorageError

pytest.importorskip("requests", reason="downloads need the extra `download`")

SIZE = len(PACKED)
OTHER = bytes(SIZE)
PAGE = b"<html>Please log in</html>"


def outcome(root: Path, *answers: Answer) -> tuple[str, list[int], int]:
    """How a download from one server ends: "", or what is wrong with it; first byte of each request; bytes sent."""
    with serving_faults(PACKED, *answers) as server:
        case = small(root, server.address)
        try:
            assert case.fetch() == [case.archive, case.unpacked]
            assert case.is_whole()
            reason = ""
        except NetworkError as error:
            assert case.nothing_is_trusted()
            reason = str(error).split(f"{server.address}/letters.gz: ")[1].split("\n")[0]
    return reason, server.firsts, server.sent


def test_a_file_that_is_not_packed_is_downloaded_into_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once, and it takes no more room than it has bytes."""
    file = described("letters", UNPACKED)
    with serving_faults(UNPACKED, faults.good) as server:
        archive = Archive(file, "plain", (f"{server.address}/letters",))
        dataset = replace(
            catalog.MNIST, splits=(SplitInfo("train", 1, (file,)),), provider=Downloaded((archive,), "plain")
        )

        steps = plan.plan(dataset, tmp_path)
        assert fetch.fetch(dataset, tmp_path, steps, PATIENCE) == [tmp_path / "plain" / "letters"]

        assert plan.needed_bytes(steps) == len(UNPACKED)
        assert (tmp_path / "plain" / "letters").read_bytes() == UNPACKED
        assert plan.plan(dataset, tmp_path) == []
    assert server.firsts == [0]


def test_a_good_server_is_asked_once(tmp_path: Path) -> None:
    """And what it sent is there, packed and unpacked; asked again, nothing is done."""
    with serving_faults(PACKED, faults.good) as server:
        case = small(tmp_path, server.address)
        assert case.fetch() == [case.archive, case.unpacked]
        assert case.is_whole()
        assert plan.plan(case.dataset, tmp_path) == []
    assert (server.firsts, server.sent) == ([0], SIZE)
    headers = server.exchanges[0].headers
    assert headers["accept-encoding"] == "identity"
    assert headers["user-agent"].startswith("tinytorch-hf/")


@pytest.mark.parametrize("tenth", range(10))
def test_a_connection_that_ends_early_is_resumed(tmp_path: Path, tenth: int) -> None:
    """Not a byte is sent twice."""
    n_bytes = SIZE * tenth // 10

    assert outcome(tmp_path, faults.cut(n_bytes), faults.good) == ("", [0, n_bytes], SIZE)


@pytest.mark.parametrize("tenth", range(10))
def test_without_range_a_cut_off_download_begins_anew(tmp_path: Path, tenth: int) -> None:
    """The server sends all of it again, and the file is good."""
    n_bytes = SIZE * tenth // 10
    answers = [faults.without_range(answer) for answer in (faults.cut(n_bytes), faults.good)]

    reason, _, sent = outcome(tmp_path, *answers)

    assert (reason, sent) == ("", n_bytes + SIZE)


def test_a_server_that_ends_every_connection_early_is_asked_as_long_as_something_comes(tmp_path: Path) -> None:
    """Ten tenths, ten requests."""
    reason, firsts, sent = outcome(tmp_path, faults.cut(-(-SIZE // 10)))

    assert (reason, len(firsts), sent) == ("", 10, SIZE)


def test_a_server_that_never_gets_further_is_given_up(tmp_path: Path) -> None:
    """After two more tries; 900 bytes are less than a hundredth of the file."""
    reason, firsts, _ = outcome(tmp_path, faults.cut(300))

    assert firsts == [0, 300, 600]
    assert reason == f"the connection broke, after 900 of {SIZE} bytes"


def test_a_body_whose_end_nothing_announced_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    """It is asked for again, twice."""
    reason, firsts, _ = outcome(tmp_path, faults.without_length(300))

    assert len(firsts) == 3
    assert reason == f"the connection ended, after 300 of {SIZE} bytes"


@pytest.mark.parametrize(
    ("first", "requests"),
    [
        (faults.says("500 Internal Server Error"), 2),
        (faults.says("503 Service Unavailable", PAGE), 2),
        (faults.says("429 Too Many Requests"), 2),
        (faults.torn_at_once, 2),
        (faults.reset(50_000), 2),
        (faults.stall(0), 2),
        (faults.stall(50_000), 2),
        (faults.without_length(50_000), 2),
        (faults.without_length(SIZE), 1),
        (faults.chunked, 1),
        (faults.gzipped, 1),
        (faults.mislabelled, 1),
        (faults.damaged_gzip, 2),
        (faults.nonsense, 2),
    ],
)
def test_what_may_pass_ends_well(tmp_path: Path, first: Answer, requests: int) -> None:
    """The server has one bad moment, or a harmless oddity."""
    reason, firsts, _ = outcome(tmp_path, first, faults.good)

    assert (reason, len(firsts)) == ("", requests)


@pytest.mark.parametrize(
    ("answer", "requests", "expected"),
    [
        (faults.without_range(faults.stall(50_000)), 3, f"nothing came for 0.5 s, after 50000 of {SIZE} bytes"),
        (faults.without_range(faults.reset(50_000)), 3, "the connection broke: "),
        (faults.says("404 Not Found", PAGE), 1, "it answered 404 Not Found"),
        (faults.says("403 Forbidden"), 1, "it answered 403 Forbidden"),
        (faults.says("304 Not Modified"), 1, "it answered 304 Not Modified"),
        (faults.says("204 No Content"), 1, "it answered 204 No Content"),
        (faults.says("500 Internal Server Error"), 3, "it answered 500 Internal Server Error"),
        (faults.says("302 Found", Location="/again"), 31, "it redirects without end"),
        (faults.says("302 Found", Location="file:///etc/passwd"), 1, "this, or where it leads to, is no http"),
        (faults.says("200 OK", PAGE, Content_Type="text/html"), 1, "it offers 26 bytes (a web page, as the login page"),
        (faults.announcing(SIZE - 1), 1, f"it offers {SIZE - 1} bytes instead of {SIZE}"),
        (faults.announcing(SIZE + 1), 1, f"it offers {SIZE + 1} bytes instead of {SIZE}"),
        (faults.other(OTHER), 1, "what came is not the published file"),
        (faults.other(PACKED[:-1] + b"x"), 1, "what came is not the published file"),
        (faults.stall(0), 3, "nothing came for 0.5 s"),
        (faults.torn_at_once, 3, "the connection broke"),
        (faults.drip(), 1, "it is too slow: "),
        (faults.damaged_gzip, 3, "what it sent is damaged"),
        (faults.nonsense, 3, "the connection broke"),
    ],
)
def test_what_does_not_pass_is_a_clear_reason(tmp_path: Path, answer: Answer, requests: int, expected: str) -> None:
    """Tried again only where that may help, and nothing is left that seems to be the file."""
    reason, firsts, _ = outcome(tmp_path, answer)

    assert reason.startswith(expected)
    assert len(firsts) == requests


@pytest.mark.parametrize("length", ["", "abc", "-5", "9" * 5000])
def test_a_length_that_is_no_number_does_no_harm(tmp_path: Path, length: str) -> None:
    """It is as if none were announced."""
    assert outcome(tmp_path, faults.announcing(length)) == ("", [0], SIZE)


def test_an_endless_body_is_left_after_as_many_bytes_as_the_file_has(tmp_path: Path) -> None:
    """What the operating system had in its buffers aside."""
    reason, firsts, sent = outcome(tmp_path, faults.endless)

    assert (reason, firsts) == ("what came is not the published file", [0])
    assert sent < 10 * 10**6


@pytest.mark.parametrize(
    "headers", [{}, {"Content_Length": 200 * 10**6}, {"Transfer_Encoding": "chunked"}, {"Content_Encoding": "gzip"}]
)
def test_a_body_behind_a_redirect_is_not_read(tmp_path: Path, headers: dict[str, object]) -> None:
    """Another page of 200 MB, or one that never ends, in whatever form."""
    piece = b"f4240" + faults.CRLF + bytes(10**6) + faults.CRLF

    def long_redirect(exchange: faults.Exchange, content: bytes) -> None:
        exchange.head("302 Found", Location="/letters.gz", **headers)
        for _ in range(200):
            exchange.body(piece)

    reason, firsts, sent = outcome(tmp_path, long_redirect, faults.good)

    assert (reason, len(firsts)) == ("", 2)
    assert sent < 10 * 10**6


@pytest.mark.parametrize(
    "second",
    [
        faults.wrong_range(f"bytes 0-{SIZE - 1}/{SIZE}"),
        faults.wrong_range(f"bytes 5000-{SIZE - 1}/{SIZE + 1}"),
        faults.wrong_range("bytes"),
        faults.says("416 Range Not Satisfiable"),
        faults.says("206 Partial Content"),
    ],
)
def test_a_server_that_cannot_go_on_sends_it_from_the_start(tmp_path: Path, second: Answer) -> None:
    """At once, and without a Range header."""
    assert outcome(tmp_path, faults.cut(5000), second, faults.good)[:2] == ("", [0, 5000, 0])


def test_a_server_that_goes_on_need_not_say_how_long_the_whole_is(tmp_path: Path) -> None:
    """HTTP lets it write a star instead."""
    second = faults.wrong_range(f"bytes 5000-{SIZE - 1}/*")

    assert outcome(tmp_path, faults.cut(5000), second) == ("", [0, 5000], SIZE)


def test_a_wrong_beginning_is_thrown_away_and_fetched_anew_once(tmp_path: Path) -> None:
    """Its bytes came from elsewhere; the second time all of them are this server's."""
    with serving_faults(PACKED, faults.good) as server:
        case = small(tmp_path, server.address)
        case.partial.parent.mkdir()
        case.partial.write_bytes(OTHER[:5000])
        case.fetch()
    assert case.is_whole()
    assert server.firsts == [5000, 0]


def test_a_server_that_is_wrong_twice_is_not_asked_a_third_time(tmp_path: Path) -> None:
    """The partial file is gone, too, so that it spoils no other place."""
    reason, firsts, _ = outcome(tmp_path, faults.cut(5000), faults.other(OTHER))

    assert (reason, firsts) == ("what came is not the published file", [0, 5000, 0])
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("content", [PACKED, OTHER, PACKED + b"more"])
def test_a_process_that_was_killed_before_the_end_left_all_bytes(tmp_path: Path, content: bytes) -> None:
    """If they are right, nobody is asked; otherwise they are thrown away."""
    with serving_faults(PACKED, faults.good) as server:
        case = small(tmp_path, server.address)
        case.partial.parent.mkdir()
        case.partial.write_bytes(content)
        case.fetch()
    assert case.is_whole()
    assert server.firsts == ([] if content == PACKED else [0])


def test_places_are_tried_in_turn_and_what_has_come_is_kept(tmp_path: Path) -> None:
    """The second goes on where the first stopped."""
    with (
        serving_faults(PACKED, faults.cut(50_000), faults.says("404 Not Found")) as first,
        serving_faults(PACKED, faults.good) as second,
    ):
        case = small(tmp_path, first.address, second.address)
        case.fetch()
    assert case.is_whole()
    assert (first.firsts, second.firsts) == ([0, 50_000], [50_000])


def test_the_mirror_is_asked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the path that a mirror serves; the official host is not needed."""
    with serving_faults(PACKED, faults.good) as mirror, serving_faults(PACKED, faults.good) as official:
        monkeypatch.setenv(places.MIRROR_VARIABLE, f"{mirror.address}/")
        case = small(tmp_path, official.address)
        case.fetch()
    assert case.is_whole()
    assert [exchange.path for exchange in mirror.exchanges] == ["/archives/small/letters.gz"]
    assert official.exchanges == []


def unused_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def test_the_last_error_lists_every_place_and_what_to_do_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused, unknown, not secure, not found; without the mirror's password, in text and traceback."""
    look_up = socket.getaddrinfo

    def unknown(host: str, *more: Any, **options: Any) -> Any:
        # A real look-up fails, too, but some networks take many seconds for it.
        if host == "no.such.host.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with serving_faults(PACKED, faults.cut(7000), faults.says("404 Not Found")) as server:
        secure = server.address.replace("http:", "https:")
        refused = f"http://127.0.0.1:{unused_port()}"
        monkeypatch.setenv(places.MIRROR_VARIABLE, refused.replace("//", "//teacher:secret@"))
        case = small(tmp_path, server.address, secure, "http://no.such.host.invalid")
        with pytest.raises(NetworkError) as caught:
            case.fetch()
    text = str(caught.value)
    lines = [line.strip() for line in text.splitlines()]
    assert lines[0] == "letters.gz of Small could not be downloaded. These were tried:"
    assert lines[1] == f"{refused.replace('//', '//***@')}/archives/small/letters.gz: no connection: Connection refused"
    assert lines[2] == f"{server.address}/letters.gz: it answered 404 Not Found"
    assert lines[3].startswith(f"{secure}/letters.gz: no secure connection: ")
    assert lines[4] == "http://no.such.host.invalid/letters.gz: no connection: Name or service not known"
    assert lines[5] == "7000 bytes that came are kept; running it again goes on from there."
    assert f"`tinytorch-hf download small --from FILE --root {tmp_path}`" in text
    assert "secret" not in text and "teacher" not in text
    assert caught.value.__cause__ is None and caught.value.__context__ is None


@pytest.mark.parametrize(
    "mirror", ["nonsense", "http://", "http://[::1", "ftp://u:secret@h/x", "http://a b/", "http://..x"]
)
def test_a_mirror_that_is_no_address_is_told_and_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: str
) -> None:
    """The official host still gives the file; if it does not, the error says what is wrong with the mirror."""
    monkeypatch.setenv(places.MIRROR_VARIABLE, mirror)
    with serving_faults(PACKED, faults.says("404 Not Found"), faults.good) as server:
        case = small(tmp_path, server.address)
        with pytest.raises(NetworkError, match=r"no (http|connection)|could not be understood") as caught:
            case.fetch()
        assert "secret" not in str(caught.value)
        case.fetch()
    assert case.is_whole()


def test_a_proxy_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one the environment names; its password is not shown when it refuses."""
    with serving_faults(PACKED, faults.says("407 Proxy Authentication Required"), faults.good) as proxy:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy.address.replace("//", "//me:secret@"))
        case = small(tmp_path, "http://far.away.invalid")
        with pytest.raises(NetworkError, match="407 Proxy Authentication Required") as caught:
            case.fetch()
        case.fetch()
    assert case.is_whole()
    assert "secret" not in str(caught.value)
    assert [exchange.path for exchange in proxy.exchanges] == ["http://far.away.invalid/letters.gz"] * 2


def test_a_proxy_that_is_not_there_is_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the server behind it."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{unused_port()}")

    with pytest.raises(NetworkError, match="the proxy gave no connection: Connection refused") as caught:
        small(tmp_path, "http://far.away.invalid").fetch()
    assert "secret" not in str(caught.value)


def test_a_damaged_file_is_unpacked_again_without_a_download(tmp_path: Path) -> None:
    """A good archive needs no network; a damaged one is replaced."""
    with serving_faults(PACKED, faults.good) as server:
        case = small(tmp_path, server.address)
        case.fetch()
        case.unpacked.write_bytes(b"damaged")
        assert case.fetch() == [case.unpacked]
        case.unpacked.unlink()
        case.archive.write_bytes(OTHER)
        assert case.fetch() == [case.archive, case.unpacked]
    assert case.is_whole()
    assert server.firsts == [0, 0]


def test_it_says_before_what_how_large_from_where_and_whereto(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error, without a password."""
    with serving_faults(PACKED, faults.good) as server:
        case = small(tmp_path, server.address.replace("//", "//me:secret@"))
        case.fetch()
    out, err = capsys.readouterr()
    assert out == ""
    host = server.address.removeprefix("http://")
    assert err == (
        f"Small: 0.1 MB are downloaded from {host} into {tmp_path / 'small'}; "
        "unpacking included, up to 0 MB of disk space are needed.\n"
    )


def test_on_a_terminal_the_progress_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """How much of the file is there, from where a former download stopped; nothing of it stays in the end."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with serving_faults(PACKED, faults.cut(50_000), faults.good) as server:
        small(tmp_path, server.address).fetch()
    err = capsys.readouterr().err
    assert re.search(r"letters\.gz.*50%.*50\.0k/100k", err)
    assert err.endswith("\r")


def test_too_little_space_is_noticed_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is downloaded."""
    steps = plan.plan(catalog.MNIST, tmp_path)
    monkeypatch.setattr(plan.shutil, "disk_usage", lambda folder: SimpleNamespace(total=10**9, free=66_000_000))

    with pytest.raises(StorageError, match=r"has 66 MB free, but up to 67 MB are needed\. Free some space"):
        fetch.fetch(catalog.MNIST, tmp_path, steps)
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_that_tells_no_size_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network file systems say 0 of everything."""
    monkeypatch.setattr(plan.shutil, "disk_usage", lambda folder: SimpleNamespace(total=0, free=0))

    plan.check_space(plan.plan(catalog.MNIST, tmp_path))
