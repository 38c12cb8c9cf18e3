"""Specification of tinytorch_hf.shown: what people see of texts and addresses that may be anybody's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_hf import shown
from tinytorch_hf.errors import MissingFileError, StorageError, TinyTorchHFError

# Userinfo as people type it into a variable, without quoting.
_USERS = st.text(st.characters(codec="utf-8"), min_size=1)


@given(
    scheme=st.sampled_from(["http://", "https://", "socks5h://", ""]),
    user=_USERS,
    password=_USERS.map(lambda text: f"SECRET{text}"),
    query=st.text().map(lambda text: f"?k=SECRET{text}"),
)
def test_an_address_is_shown_without_what_is_secret(scheme: str, user: str, password: str, query: str) -> None:
    """Whatever is in it; the host is what one wants to see."""
    text = shown.address(f"{scheme}{user}:{password}@host:80/path")
    assert "SECRET" not in text and text.isprintable()
    assert text.endswith("***@host:80/path")

    assert "SECRET" not in shown.address(f"{scheme}host:80/path{query}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://ann:pw@host/x and so on", "see https://***@host/x and so on"),
        ("https://example.org/a@b stays", "https://example.org/a@b stays"),
        ("GET /x?page=2&access_token=abc&n=1", "GET /x?page=2&access_token=***&n=1"),
        ("https://h/o?X-Amz-Signature=ab12&X-Amz-Expires=5", "https://h/o?X-Amz-Signature=***&X-Amz-Expires=5"),
        ("Illegal header value b'Bearer abcdefghijklmnop1'", "Illegal header value b'Bearer ***'"),
        ("{'Proxy-Authorization': 'Basic YW5uOnB3'}", "{'Proxy-Authorization': 'Basic ***'}"),
        ("the bearer tokens", "the bearer tokens"),
        ("hf_abcdefghijklmnopqrst is it", "hf_*** is it"),
        ("from hf_hub_download import x; key=5", "from hf_hub_download import x; key=5"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, expected: str) -> None:
    """And what only resembles one is not."""
    assert shown.without_secrets(text, ()) == expected


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("HF_TOKEN", "any thing", "any thing"),
        ("HUGGING_FACE_HUB_TOKEN", "quo\"ted'", "quo\"ted'"),
        ("TWINE_PASSWORD", "geheim", "geheim"),
        ("HTTPS_PROXY", "http://ann:p#w/d1@host:80", "p#w/d1"),
        ("all_proxy", "ann:p w d 1@host:80", "p w d 1"),
        ("HTTP_PROXY", "http://ann:p%23w1@host:80", "p#w1"),
        ("HF_ENDPOINT", "https://geheim@host", "geheim"),
        ("PIP_EXTRA_INDEX_URL", "https://host/a https://ann:geheim@host/b", "geheim"),
        ("TINYTORCH_HF_MIRROR", "http://host/?x=verysecret", "verysecret"),
        ("SOMETHING", "postgres://ann:geheim@host/db", "geheim"),
    ],
)
def test_what_the_environment_keeps_secret_is_hidden_in_every_form(name: str, value: str, secret: str) -> None:
    """As it is, quoted for an address, as Python and as JSON write it; but not inside of another word."""
    secrets = shown.secrets_of({name: value})

    for form in (secret, repr(secret), json.dumps(secret)):
        assert secret not in shown.without_secrets(f"it is {form}.", secrets)
        assert "***" in shown.without_secrets(f"it is {form}.", secrets)
    assert shown.without_secrets(f"un{secret}ly", secrets) == f"un{secret}ly"


@pytest.mark.parametrize("secret", ["on", "true", "1234", "test"])
def test_a_short_password_does_not_blank_innocent_words(secret: str) -> None:
    """In its address it is hidden all the same."""
    secrets = shown.secrets_of({"HTTP_PROXY": f"http://ann:{secret}@host"})

    assert shown.without_secrets(f'{{"a": {secret}}}', secrets) == f'{{"a": {secret}}}'
    assert shown.without_secrets(f"no http://ann:{secret}@host", secrets) == "no http://***@host"


@given(st.text(st.characters()))
def test_nothing_reaches_a_terminal_that_it_would_obey(text: str) -> None:
    """Control characters of both kinds, marks of direction, separators of lines, halves of characters."""
    assert shown.shown(text, keep="").isprintable()
    assert shown.guarded(text, ()).replace("\n", "").isprintable()


def test_every_error_of_the_package_shows_its_message_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is an error of the operating system as well, and outside of the command line."""
    monkeypatch.setenv("HF_ENDPOINT", "http://ann:geheim@host")
    for kind in (TinyTorchHFError, StorageError, MissingFileError):
        assert str(kind("a\x1b[2J geheim\u202e\nb")) == "a\\x1b[2J ***\\u202e\nb"


def test_a_sequence_of_ours_passes_and_nobody_else_can_send_one() -> None:
    """It is marked with what nobody outside the process knows; without a guard it is what it is."""
    assert shown.to_terminal("\x1b[1m") == "\x1b[1m"
    shown.guards(+1)
    try:
        sealed = shown.to_terminal("\x1b[1m")
    finally:
        shown.guards(-1)

    assert shown.guarded(f"{sealed}x\x1b[2J", ()) == "\x1b[1mx\\x1b[2J"
    assert shown.columns(f"{sealed}ab") == shown.columns("\x1b[31mab\x1b[0m") == 2
