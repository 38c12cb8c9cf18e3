"""Specification of the fuzzer, in small, and of what it found: each finding by the bytes, or the road, that made it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import fuzz
import numpy as np
import pytest
import reading
import sources
from reading import Target

from tinytorch_hf.errors import CorruptFileError, RubricError, TinyTorchHFError
from tinytorch_hf.grading.unpacking import UngradableError


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    """All targets by name, with a folder for what they write."""
    return {target.name: target for target in fuzz.targets(tmp_path_factory.mktemp("fuzz"))}


def test_a_few_inputs_for_each_reader_find_nothing(targets: dict[str, Target]) -> None:
    """The session `fuzz` gives each thousands, and those of `tinify` some, too, which load large libraries."""
    quick = {name: target for name, target in targets.items() if not name.startswith("source")}
    assert len(quick) > 20
    problems = [fuzz.one(target, f"small/{name}/{n}") for name, target in quick.items() for n in range(3)]
    assert [problem for problem in problems if problem] == []


def test_what_is_no_error_of_the_package_is_a_finding() -> None:
    """With the input; and so is a refusal that says nothing."""

    def reader(data: bytes) -> None:
        if data == b"hostile":
            raise KeyError(data)
        raise CorruptFileError("")

    hostile = Target("a reader", lambda _rng: b"hostile", reader)
    assert "KeyError" in fuzz.one(hostile, "0")
    assert "b'hostile'" in fuzz.one(hostile, "0")
    assert "without a message" in fuzz.one(Target("a reader", lambda _rng: b"", reader), "0")
    assert fuzz.one(Target("a reader", lambda _rng: b"", len), "0") == ""


def _with_lzma(change: Callable[[bytes], bytes]) -> bytes:
    packed = reading._zip({"tinytorch/__init__.py": b"a = 1\n" * 50}, zipfile.ZIP_LZMA)
    start = packed.index(b"\x09\x04\x05\x00")
    return packed[:start] + change(packed[start : start + 16]) + packed[start + 16 :]


@pytest.mark.parametrize(
    "change", [lambda part: part[:4] + b"\xff" + part[5:], lambda part: part[:9] + b"\xff" * 7], ids=["options", "data"]
)
def test_a_submission_whose_lzma_is_damaged_is_refused(
    targets: dict[str, Target], change: Callable[[bytes], bytes]
) -> None:
    """Its error is of no other kind than its own."""
    with pytest.raises(UngradableError, match="cannot be unpacked"):
        targets["submission, zip"].read(_with_lzma(change))


def _offset_of_64_bits() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, archive.open("images.npy", "w", force_zip64=True) as member:
        member.write(reading._npy(reading.IMAGES))
    data = bytearray(stream.getvalue())
    place = data.index(b"PK\1\2") + 42
    data[place : place + 4] = b"\xff\xff\xff\xff"
    return bytes(data)


def _packed_with_lzma(members: dict[str, bytes]) -> bytes:
    return reading._zip(members, zipfile.ZIP_LZMA)


# Numbers that no text has: Python's own error for them is a SystemError.
_NO_CHARACTERS = np.array([0x110000, 0x7FFFFFFF], np.uint32).view("U1")


def _header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("latin-1")


@pytest.mark.parametrize(
    "data",
    [
        reading._zip({"images.npy": _header("{'descr 00, 'fortran_order'(\n"), "labels.npy": b""}, zipfile.ZIP_STORED),
        reading._zip({"images.npy": _header("(" * 5000), "labels.npy": b""}, zipfile.ZIP_STORED),
        reading._zip({"images.npy": _header("-" * 5000 + "1"), "labels.npy": b""}, zipfile.ZIP_DEFLATED),
        reading._zip({"images.npy": reading._npy(reading.IMAGES)}, zipfile.ZIP_LZMA).replace(
            b"\x5d\0\0\x80", b"\xff\0\0\x80"
        ),
        _offset_of_64_bits(),
        reading._zip({"images.npy": reading._npy(np.array([{}], object)), "labels.npy": b""}, zipfile.ZIP_STORED),
        *(
            reading._zip(
                {
                    "images.npy": reading._npy(_NO_CHARACTERS if is_text else reading.IMAGES),
                    "labels.npy": reading._npy(_NO_CHARACTERS),
                },
                packing,
            )
            for is_text in (True, False)
            for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        ),
    ],
    ids=[
        *("a header that is no Python", "brackets", "signs", "options of lzma", "an offset below zero", "objects"),
        *("texts", "packed texts", "labels", "packed labels"),
    ],
)
def test_a_damaged_archive_of_a_source_is_refused(targets: dict[str, Target], data: bytes) -> None:
    """Whatever NumPy and zipfile raise."""
    if "source, npz" not in targets:
        pytest.skip("pyarrow or Pillow is not installed")
    with pytest.raises(CorruptFileError, match=r"a\.npz"):
        targets["source, npz"].read(data)


def test_a_card_that_numbers_texts_does_no_harm(targets: dict[str, Target]) -> None:
    """It says that labels are numbers of classes, and the file has texts: they stand for themselves."""
    pytest.importorskip("datasets", reason="datasets is not installed")
    if "source, card of a copy" not in targets:
        pytest.skip("pyarrow or Pillow is not installed")
    targets["source, card of a copy"].read(sources.CARD)


def test_a_long_value_is_quoted_in_part(targets: dict[str, Target]) -> None:
    """A message that nobody can read is none."""
    from tinytorch_hf.files import talks

    pair = talks.Pair(1, 1, "a", 1, 1, "{" * 20_000, "q", "a", "", "")
    with pytest.raises(CorruptFileError, match=r"line 1: split is '\{{300,400}\.\.\.\. Get") as refused:
        targets["questions and answers, lines"].read(talks.to_jsonl([pair]))
    assert len(str(refused.value)) < 800


def test_a_long_name_is_quoted_in_part(targets: dict[str, Target]) -> None:
    """Of a field that no rubric has, too."""
    with pytest.raises(RubricError) as refused:
        targets["rubric, TOML"].read(b'title = "t"\n' + b"9" * 20_000 + b" = 3\n")
    assert len(str(refused.value)) < 3000


def test_many_and_long_names_of_columns_take_neither_time_nor_a_page(targets: dict[str, Target]) -> None:
    """Nor does a message act on a terminal."""
    if "source, CSV" not in targets:
        pytest.skip("pyarrow or Pillow is not installed")
    for head in (",".join(map(str, range(10_000))), "\x1b[2J" + "{" * 20_000 + ",b", "a,b,a"):
        with pytest.raises(TinyTorchHFError) as refused:
            targets["source, CSV"].read(f"{head}\n{','.join('0' * (head.count(',') + 1))}\n".encode())
        assert len(str(refused.value)) < 2500
        assert "\x1b" not in str(refused.value)


def test_a_query_of_bytes_that_are_no_text_is_a_bad_request(targets: dict[str, Target]) -> None:
    """On every address; a library that decodes it would end the answer with 500."""
    if "request to a mirror" not in targets:
        pytest.skip("starlette is not installed")
    for path in (b"/", b"/api/models/a/b", b"/api/datasets"):
        request = {"method": "GET", "path": path, "query": b"n=\xff\xfe", "body": b"", "headers": {"host": "x"}}
        targets["request to a mirror"].read(request)


def test_names_of_columns_that_are_no_text_are_refused(targets: dict[str, Target]) -> None:
    """In a CSV file and in Parquet, where they are read by another library."""
    if "source, parquet" not in targets:
        pytest.skip("pyarrow or Pillow is not installed")
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    pq.write_table(pa.table({"abcdefgh": ["a"], "label": ["b"]}), stream, store_schema=False)
    parquet = stream.getvalue().replace(b"abcdefgh", b"abcd\xa0fgh")
    for name, data in (("CSV", b"text,label\x80\na b,x\nc d,y\n"), ("parquet", parquet)):
        with pytest.raises(CorruptFileError, match="codec can't decode"):
            targets[f"source, {name}"].read(data)
