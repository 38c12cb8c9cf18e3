"""Specification of tinytorch_hf.mirror.ranges: RFC 9110, sections 13 and 14."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_hf.mirror.ranges import UnsatisfiableRangeError, is_known, range_applies, requested_range

SIZES = st.integers(0, 1000)
POSITIONS = st.integers(0, 2000)


@given(first=POSITIONS, last=POSITIONS, size=SIZES)
def test_a_range_is_the_slice_it_names(first: int, last: int, size: int) -> None:
    """First and last byte included, cut at the end of the file; a backward range is none."""
    header = f"bytes={first}-{last}"
    if last < first:
        assert requested_range(header, size) is None
    elif first >= size:
        with pytest.raises(UnsatisfiableRangeError):
            requested_range(header, size)
    else:
        start, stop = requested_range(header, size) or (None, None)
        assert list(range(size))[start:stop] == [byte for byte in range(first, last + 1) if byte < size]


@given(length=POSITIONS, size=SIZES)
def test_a_suffix_range_is_the_end_of_the_file(length: int, size: int) -> None:
    """As many bytes as there are."""
    if min(length, size) == 0:
        with pytest.raises(UnsatisfiableRangeError):
            requested_range(f"bytes=-{length}", size)
    else:
        assert requested_range(f"bytes=-{length}", size) == (max(0, size - length), size)


@given(first=POSITIONS, size=SIZES)
def test_an_open_range_goes_to_the_end(first: int, size: int) -> None:
    """From a byte on."""
    if first >= size:
        with pytest.raises(UnsatisfiableRangeError):
            requested_range(f"bytes={first}-", size)
    else:
        assert requested_range(f"bytes={first}-", size) == (first, size)


@given(header=st.none() | st.text() | st.from_regex(r"(bytes|lines)?\s?=?[0-9, -]*-[0-9, -]*"), size=SIZES)
def test_whatever_is_sent_gives_a_part_of_the_file_the_whole_or_a_refusal(header: str | None, size: int) -> None:
    """Nothing else ever leaves the parser."""
    try:
        part = requested_range(header, size)
    except UnsatisfiableRangeError:
        return
    assert part is None or 0 <= part[0] < part[1] <= size


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "lines=0-1", "bytes=0-1,3-4", "bytes=--1"),
        *("bytes=0x1-2", "bytes=5-2", "bytes=1-1-1", "BYTES=0-1", "bytes=-1-", f"bytes={'9' * 5000}-"),
        "bytes=\N{ARABIC-INDIC DIGIT ONE}-",
    ],
)
def test_what_is_no_single_range_of_bytes_gives_the_whole_file(header: str) -> None:
    """The standard allows to ignore the header."""
    assert requested_range(header, 10) is None


@pytest.mark.parametrize(
    ("header", "known"),
    [(None, False), ('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False)],
)
def test_a_client_that_has_the_file_need_not_get_it(header: str | None, known: bool) -> None:
    """One of several ETags, weak or strong, or any."""
    assert is_known(header, '"a"') is known


@pytest.mark.parametrize(("header", "applies"), [(None, True), ('"a"', True), ('"b"', False), ('W/"a"', False)])
def test_a_range_of_another_version_does_not_count(header: str | None, applies: bool) -> None:
    """If-Range wants the very file the client has the beginning of."""
    assert range_applies(header, '"a"') is applies
