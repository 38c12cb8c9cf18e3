"""Specification of one request: proxies, certificates, redirects and credentials, and what is left of a former try."""

from __future__ import annotations

import os
import ssl
import sys
from base64 import b64encode
from pathlib import Path

import faulty_server as faults
import pytest
from faulty_server import serving_faults
from small_dataset import PACKED, PATIENCE, small

from tinytorch_hf.acquire.reasons import Failure
from tinytorch_hf.acquire.transfer import transfer
from tinytorch_hf.errors import StorageError

pytest.importorskip("requests", reason="downloads need the extra `download`")

# Made with openssl; it names localhost and 127.0.0.1.
CERTIFICATE = Path(__file__).with_name("localhost.pem")

SIZE = len(PACKED)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and certificates of the machine that runs the tests play no part."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    """Where the file grows."""
    return tmp_path / "letters.part"


def reason(url: str, partial: Path) -> str:
    """Why there is no file; "" if it is there."""
    try:
        transfer(f"{url}/letters.gz", partial, SIZE, PATIENCE)
    except Failure as failure:
        return failure.reason
    assert partial.read_bytes() == PACKED
    return ""


def secured() -> ssl.SSLContext:
    """What a server with the certificate needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_used(partial: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """Its user name and password are for it alone, and the server's for the server."""
    with serving_faults(PACKED, faults.good) as proxy:
        monkeypatch.setenv(variable, proxy.address.replace("//", "//you:other@"))
        assert reason("http://me:secret@far.away.invalid", partial) == ""
    (exchange,) = proxy.exchanges
    assert exchange.path == "http://far.away.invalid/letters.gz"
    assert exchange.headers["proxy-authorization"] == f"Basic {b64encode(b'you:other').decode()}"
    assert exchange.headers["authorization"] == f"Basic {b64encode(b'me:secret').decode()}"


@pytest.mark.parametrize("exempt", ["127.0.0.1", "far.invalid, 127.0.0.1", "127.0.0.0/8", "*"])
def test_no_proxy_names_who_is_asked_directly(partial: Path, monkeypatch: pytest.MonkeyPatch, exempt: str) -> None:
    """Hosts, networks or everyone."""
    with serving_faults(PACKED, faults.torn_at_once) as proxy, serving_faults(PACKED, faults.good) as server:
        monkeypatch.setenv("http_proxy", proxy.address)
        monkeypatch.setenv("no_proxy", exempt)
        assert reason(server.address, partial) == ""
    assert proxy.exchanges == []


@pytest.mark.parametrize("proxy", ["ftp://you:secret@127.0.0.1", "http://"])
def test_a_proxy_that_is_no_address_is_told(partial: Path, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """It is not taken for a fault of the server's address."""
    monkeypatch.setenv("http_proxy", proxy)

    assert reason("http://far.away.invalid", partial) == "the proxy's address is not an http or https address"


def test_a_server_that_cannot_prove_who_it_is_gives_nothing(partial: Path) -> None:
    """The reason says how a network's own certificate is made known."""
    with serving_faults(PACKED, faults.good, secured_by=secured()) as server:
        why = reason(server.address, partial)
    assert why == (
        "no secure connection: certificate verify failed: self-signed certificate; "
        "if your network has its own certificate, name its file in REQUESTS_CA_BUNDLE"
    )
    assert server.exchanges == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environment_names_certificates_to_trust(
    partial: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """And a connection that breaks is resumed, secured as it was."""
    monkeypatch.setenv(variable, str(CERTIFICATE))
    with serving_faults(PACKED, faults.cut(5000), faults.good, secured_by=secured()) as server:
        assert reason(server.address, partial) == f"the connection broke, after 5000 of {SIZE} bytes"
        assert reason(server.address, partial) == ""
    assert server.firsts == [0, 5000]


def test_certificates_that_are_not_there_are_told(
    partial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them nobody is trusted, and nobody is asked."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))

    why = reason("https://127.0.0.1:9", partial)

    assert why == "no secure connection: REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names no file or folder"


def test_a_password_is_for_its_host_alone(partial: Path) -> None:
    """A redirect within the host takes it along, one to another does not."""
    with serving_faults(PACKED, faults.good) as other:
        away = faults.says("302 Found", Location=f"{other.address}/there")
        with serving_faults(PACKED, faults.says("301 Moved Permanently", Location="/x"), away) as first:
            assert reason(first.address.replace("//", "//me:se%3Acret@"), partial) == ""
    sent = [exchange.headers.get("authorization") for exchange in (*first.exchanges, *other.exchanges)]
    expected = f"Basic {b64encode(b'me:se:cret').decode()}"
    assert sent == [expected, expected, None]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("404 \x1b[31mPay here\x1b[0m", "it answered 404 Not Found"),
        ("599 \x1b]0;title\x07", "it answered 599"),
        ("299 \x1b[2J", "it answered 299"),
    ],
)
def test_words_of_a_server_are_not_repeated(partial: Path, status: str, expected: str) -> None:
    """They could be orders to the terminal, or advice that is not ours."""
    with serving_faults(PACKED, faults.says(status)) as server:
        assert reason(server.address, partial) == expected


def test_a_redirect_may_be_written_in_any_letters(partial: Path) -> None:
    """As servers do that put UTF-8 into headers."""
    location = "/zwölf letters".encode().decode("latin-1")
    with serving_faults(PACKED, faults.says("302 Found", Location=location), faults.good) as server:
        assert reason(server.address, partial) == ""
    assert server.exchanges[1].path == "/zw%C3%B6lf%20letters"


@pytest.mark.skipif(sys.platform == "win32", reason="links need permissions there, and there are no named pipes")
@pytest.mark.parametrize("kind", ["symbolic link", "dangling symbolic link", "hard link", "folder", "named pipe"])
@pytest.mark.parametrize("n_bytes", [100, SIZE, SIZE + 1])
def test_what_is_no_beginning_of_a_download_is_left_alone(tmp_path: Path, kind: str, n_bytes: int) -> None:
    """Neither it nor the file it leads to is changed, whatever its size, and no server is asked."""
    precious = tmp_path / "precious"
    precious.write_bytes(bytes(n_bytes))
    with serving_faults(PACKED, faults.good) as server:
        case = small(tmp_path, server.address)
        case.partial.parent.mkdir()
        put = {
            "symbolic link": lambda: case.partial.symlink_to(precious),
            "dangling symbolic link": lambda: case.partial.symlink_to(tmp_path / "nowhere"),
            "hard link": lambda: os.link(precious, case.partial),
            "folder": case.partial.mkdir,
            "named pipe": lambda: os.mkfifo(case.partial),
        }
        put[kind]()
        before = case.partial.lstat()
        with pytest.raises(StorageError, match=f"is a {kind.removeprefix('dangling ')}, in the place of"):
            case.fetch()
    assert (case.partial.lstat().st_ino, case.partial.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert precious.read_bytes() == bytes(n_bytes)
    assert not (tmp_path / "nowhere").exists()
    assert server.exchanges == []
