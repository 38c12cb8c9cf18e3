"""Damage: bytes that were genuine once, changed at random, and values of JSON that nobody would write."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

# Lengths and counts at which readers err: nothing, one too many, the ends of their types, and far too much.
_EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)
_WORDS = (
    *(b"\0", b"\n", b"\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"', b"\\", b"..", b"/", b"%00"),
    *(b"PK\3\4", b"PK\1\2", b"PK\5\6", b"\x93NUMPY", b"\x1f\x8b", b"BZh9", b"version https://git-lfs", b"ustar"),
    *(b"NaN", b"1e999", b"-1", b"99999999999999999999", b"\\ud800", b"null", b"[[[[", b'{"a":1,"a":1}', b"\x1b[31m"),
    *(b"!!python/object/apply:os.getcwd []", b"&a [*a, *a]", b"---\n", b"Q: ", b"A: ", b"\x80\x05", b"\x85", b"\x94"),
)


def damaged(rng: random.Random, seeds: Sequence[bytes], longest: int) -> bytes:
    """One of some genuine files with a few changes: bits, cuts, repeats, splices, lengths, and words with a meaning."""
    data = bytearray(rng.choice(seeds)[:longest])
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 9))):
        if not data:
            data += rng.randbytes(rng.randrange(9))
        rng.choice(_CHANGES)(rng, data, seeds)
    return bytes(data[:longest])


def _place(rng: random.Random, data: bytearray) -> int:
    # Headers are at the beginning or at the end.
    where = rng.randrange(3)
    n = len(data)
    return (
        rng.randrange(n) if where == 0 or n < 200 else rng.randrange(100) if where == 1 else n - 1 - rng.randrange(100)
    )


def _flip(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    if data:
        data[_place(rng, data)] ^= 1 << rng.randrange(8)


def _set(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    if data:
        data[_place(rng, data)] = rng.randrange(256)


def _cut(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    if data:
        at = _place(rng, data)
        del data[at : at + rng.choice((1, 2, 8, 64, len(data)))]


def _repeat(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    if data:
        at = _place(rng, data)
        data[at:at] = data[at : at + rng.choice((1, 4, 40, 400))] * rng.choice((1, 2, 50))


def _splice(rng: random.Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    other = rng.choice(seeds)
    start = rng.randrange(len(other) + 1)
    at = _place(rng, data) if data else 0
    data[at : at + rng.choice((0, 8, 100))] = other[start : start + rng.choice((4, 30, 300))]


def _length(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    form = rng.choice(("<B", "<H", "<I", "<Q", ">I", ">H"))
    size = struct.calcsize(form)
    if len(data) >= size:
        at = min(_place(rng, data), len(data) - size)
        (value,) = struct.unpack_from(form, data, at)
        edge = rng.choice((*_EDGES, value + 1, value - 1, value * 2)) % 256**size
        struct.pack_into(form, data, at, edge)


def _word(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    at = _place(rng, data) if data else 0
    data[at : at + rng.choice((0, 0, 1, 4))] = rng.choice(_WORDS)


def _swell(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    if rng.random() < 0.1:
        at = _place(rng, data) if data else 0
        data[at:at] = rng.choice((b"[", b"9", b"(", b"{", b"\x85", b"\n", b" ", b'{"a":', b"- ")) * 20_000


_CHANGES: tuple[Callable[[random.Random, bytearray, Sequence[bytes]], None], ...] = (
    *(_flip, _set, _cut, _repeat, _splice, _length, _word, _swell),
)


def odd_value(rng: random.Random, depth: int = 0) -> Any:
    """A value of JSON that a reader did not ask for."""
    kinds: list[Callable[[], Any]] = [
        lambda: rng.choice((None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**30, 1e308, -0.0, 0.1)),
        lambda: rng.choice((float("nan"), float("inf"), 10**400, -(10**20))),
        lambda: rng.choice(
            ("", " ", "..", "../../x", "/etc/passwd", "a" * 5000, "\0", "\x1b[2J", "\ud800", "\u202e", "é")
        ),
        lambda: rng.choice(("train", "uint8", "str", "O", "1.0.0", "https://user:word@host/", "C:\\x", "CON", "a\nb")),
        lambda: [odd_value(rng, depth + 1) for _ in range(rng.choice((0, 1, 2, 70)) if depth < 3 else 0)],
        lambda: {
            str(odd_value(rng, 9))[:50]: odd_value(rng, depth + 1) for _ in range(rng.randrange(4) if depth < 3 else 0)
        },
        lambda: _nested(rng.choice(([], {})), rng.choice((5, 50, 70, 300))),
    ]
    return rng.choice(kinds)()


def _nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value] if isinstance(value, list) else {"a": value}
    return value


def odd_json(rng: random.Random, genuine: Any) -> bytes:
    """Genuine JSON in which some values, anywhere, are others, left out, twice, or of another name."""
    values = json.loads(json.dumps(genuine))
    for _ in range(rng.choice((1, 1, 2, 4))):
        values = _changed(rng, values)
    text = json.dumps(values, ensure_ascii=rng.random() < 0.8)
    if rng.random() < 0.1:
        text = text.replace("{", '{"schema": 1, ', rng.randrange(1, 3))
    return text.encode("utf-8", "surrogatepass")


def _changed(rng: random.Random, value: Any) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.9:
        changed: Any = {**value}
        key = rng.choice([*value])
        way = rng.randrange(8)
        if way == 0:
            del changed[key]
        elif way == 1:
            changed[str(odd_value(rng, 9))[:60]] = odd_value(rng)
        else:
            changed[key] = _changed(rng, value[key])
    elif isinstance(value, list) and value and rng.random() < 0.9:
        changed = [*value]
        at, way = rng.randrange(len(value)), rng.randrange(8)
        if way == 0:
            del changed[at]
        elif way == 1:
            changed.append(value[at])
        else:
            changed[at] = _changed(rng, value[at])
    elif isinstance(value, str) and value and rng.random() < 0.4:
        at = rng.randrange(len(value))
        odd = rng.choice(("", "\0", "/", "..", " ", "é", "\ud800", value))
        changed = value[:at] + odd + value[at + rng.randrange(2) :]
    else:
        changed = odd_value(rng)
    return changed
