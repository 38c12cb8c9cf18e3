"""TinyPy's records and files: what is written comes back, and damage is named by file and line."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision
from tinytorch_hf.acquire.standard_library import clean
from tinytorch_hf.errors import CorruptFileError, MissingFileError, StorageError, TinyTorchHFError, UnknownNameError
from tinytorch_hf.files import folders, python_functions, store, sums
from tinytorch_hf.files.python_functions import Function, docstring_literal, source_of
from tinytorch_hf.files.splits import read_split
from tinytorch_hf.formats import json_lines

PATH = Path("somewhere/train.jsonl")
FUNCTION = Function("os", "f", "def f(a):", "Say a.\n\n  Twice.", "    print(a)\n    print(a)", 7)
LINE = json_lines.encode([FUNCTION])
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.just("\n") | st.sampled_from("\"\\' "))


def changed(**fields: object) -> bytes:
    """The line with some fields changed."""
    return json.dumps({**json.loads(LINE), **fields}).encode() + b"\n"


def parse(data: bytes) -> list[Function]:
    """Read lines as if from a file."""
    return python_functions.parse(data, PATH, "Build it again.")


def write(n_in_split: dict[str, int], root: Path) -> list[Path]:
    """Files with so many functions, all alike, under a root."""
    contents = {f"{split}.jsonl": json_lines.encode([FUNCTION] * n) for split, n in n_in_split.items()}
    return provision.write_built(catalog.TINYPY, contents, root)


def read(split: str, root: Path) -> list[Function]:
    """The records of one split, from its columns."""
    columns = read_split(catalog.TINYPY, split, root).values()
    return [Function(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A small release: as many functions as there should be, all alike."""
    files = write({split.name: split.n_samples for split in catalog.TINYPY.splits}, tmp_path)
    assert [path.name for path in files] == ["train.jsonl", "val.jsonl", "test.jsonl", "SHA256SUMS"]
    return files[0].parent


def test_a_functions_text_is_made_of_its_columns() -> None:
    """Signature, docstring, body; for a model with a blank line after it."""
    text = 'def f(a):\n    """Say a.\n\n      Twice.\n    """\n    print(a)\n    print(a)'

    assert source_of(FUNCTION) == text
    assert python_functions.head_of(FUNCTION) == text.partition("\n    print")[0]
    assert python_functions.text_of(FUNCTION) == f"{text}\n\n"
    assert source_of(dataclasses.replace(FUNCTION, docstring="")) == "def f(a):\n    print(a)\n    print(a)"
    assert python_functions.n_lines_of(FUNCTION) == len(text.split("\n"))


@given(PRINTABLE)
def test_any_docstring_can_be_read_out_of_the_text_again(text: str) -> None:
    """Quotes and backslashes wherever they stand; the cleaned docstring stays as it is."""
    docstring = clean(text)
    assume(docstring)

    source = f"def f():\n{docstring_literal(docstring)}\n    pass"

    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    assert clean(ast.get_docstring(definition, clean=False) or "") == ast.get_docstring(definition) == docstring


def test_functions_become_columns() -> None:
    """Texts and one number, in the order of the fields."""
    columns = python_functions.columns([FUNCTION, FUNCTION])

    assert list(columns) == ["module", "name", "signature", "docstring", "body", "n_lines"]
    assert columns["docstring"].tolist() == [FUNCTION.docstring] * 2
    assert (columns["n_lines"].dtype, columns["body"].dtype.kind) == (np.int64, "U")


def test_lines_round_trip() -> None:
    """What is written is read back unchanged."""
    assert parse(LINE * 2) == [FUNCTION, FUNCTION]


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (b"", "may be cut off"),
        (LINE[:-1], "may be cut off"),
        (LINE[: len(LINE) // 2] + b"\n", "not JSON"),
        (b"[" * 100_000 + b"\n", "nested too deeply"),
        (b"[1, 2]\n", "expected a JSON object, got list"),
        (b"{}\n", "expected an object with the fields module, name"),
        (changed(extra=1), "expected an object"),
        (changed(name=None), "name is None, not of type str"),
        (changed(n_lines=True), "n_lines is True, not of type int"),
        (changed(body="    caf\u00e9()"), "body has a character that is not printable ASCII"),
        (changed(docstring="a\tb"), "docstring has a character that is not printable ASCII"),
        (changed(body=""), "body is empty"),
        (changed(signature=""), "signature is empty"),
        (changed(n_lines=8), "n_lines is 8, the function has 7"),
        (changed(docstring="", body="    pass", n_lines=2), "3 to 25 are allowed"),
        (changed(docstring="", body="    a()\n" * 25, n_lines=27), "3 to 25 are allowed"),
        (changed(body="    " + "x" * 97), "a line or a name has 101 characters; 100 are allowed"),
        (changed(name="f" * 120_000), "a line or a name has 120000 characters"),
        (LINE.replace(b"\n", b"\r\n"), "Windows line end"),
        (LINE.replace(b"Say", b"S\xff"), "not UTF-8"),
        (LINE.replace(b"Say", "S\u00e4".encode()), "outside ASCII"),
    ],
)
def test_a_bad_line_is_named_with_its_problem(bad: bytes, problem: str) -> None:
    """File, line, what is wrong, and what to do."""
    prefix = b"" if not bad else LINE
    with pytest.raises(CorruptFileError, match=rf"train\.jsonl, line {1 + bool(prefix)}: .*{problem}.*Build it again"):
        parse(prefix + bad)


@given(data=st.binary(max_size=60), position=st.integers(0, len(LINE) - 1))
def test_whatever_a_file_holds_is_read_or_refused(data: bytes, position: int) -> None:
    """Never another error, and never a record that breaks the rules."""
    for content in (data, LINE[:position] + data + LINE[position:], LINE[:position] + data):
        try:
            functions = parse(content)
        except CorruptFileError:
            continue
        assert not any(map(python_functions.problem_of, functions))


def test_each_release_of_python_has_its_own_folder(built: Path) -> None:
    """Named after the implementation and the full release; sha256sum understands its sums."""
    lines = (built / "SHA256SUMS").read_text(encoding="ascii").splitlines()

    assert built.name == sums.release()
    assert built.parent.name == "tinypy"
    assert lines == [
        f"{hashlib.sha256((built / name).read_bytes()).hexdigest()}  {name}"
        for name in ("train.jsonl", "val.jsonl", "test.jsonl")
    ]


def test_what_was_written_is_read_back(built: Path) -> None:
    """Split by split."""
    for split in catalog.TINYPY.splits:
        assert read(split.name, built.parents[1]) == [FUNCTION] * split.n_samples
    with pytest.raises(UnknownNameError, match="Known: train, val, test"):
        read("dev", built.parents[1])


def test_a_folder_that_was_not_finished_is_not_taken_for_a_dataset(built: Path) -> None:
    """The sums come last; without them or a split, it is not there, and the error says what to type."""
    root = built.parents[1]
    for name in ("SHA256SUMS", "val.jsonl"):
        content = (built / name).read_bytes()
        assert store.is_there(catalog.TINYPY, root)
        (built / name).unlink()
        assert not store.is_there(catalog.TINYPY, root)
        with pytest.raises(MissingFileError, match=rf"{name}.*tinytorch-hf download tinypy"):
            read("val", root)
        (built / name).write_bytes(content)


@pytest.mark.parametrize(
    ("name", "damage", "problem"),
    [
        ("val.jsonl", lambda data: data.replace(b"Twice", b"twice", 1), r"val\.jsonl does not hold the published data"),
        ("val.jsonl", lambda data: data[:1000], r"val\.jsonl, line \d+: the file ends without a line end"),
        ("val.jsonl", lambda data: data[: data.index(b"\n") + 1], r"val\.jsonl does not hold the published data"),
        ("val.jsonl", lambda data: b"", r"val\.jsonl, line 1"),
        ("SHA256SUMS", lambda data: data[:70], r"SHA256SUMS, line \d"),
        ("SHA256SUMS", lambda data: b"", r"SHA256SUMS, line 1"),
        ("SHA256SUMS", lambda data: data + b"more\n", r"SHA256SUMS, line 4: expected no further line"),
        ("SHA256SUMS", lambda data: data.replace(b"val", b"vol"), r"SHA256SUMS, line 2: expected a SHA-256 in hex"),
    ],
)
def test_damage_is_named_by_file(built: Path, name: str, damage: Callable[[bytes], bytes], problem: str) -> None:
    """And the error says how to get a good copy."""
    (built / name).write_bytes(damage((built / name).read_bytes()))

    with pytest.raises(CorruptFileError, match=rf"(?s){problem}.*tinytorch-hf download tinypy"):
        read("val", built.parents[1])


def test_sums_that_fit_too_few_functions_are_not_enough(built: Path) -> None:
    """The number of functions is the catalog's."""
    write(dict.fromkeys(("train", "val", "test"), 1), built.parents[1])

    with pytest.raises(CorruptFileError, match=r"does not hold the columns.*\(4000,\).*\(1,\)"):
        read("train", built.parents[1])


@settings(max_examples=25)
@given(position=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_no_single_changed_byte_is_read(tmp_path_factory: pytest.TempPathFactory, position: int, byte: int) -> None:
    """Wherever it is, in a split or in the sums."""
    root = tmp_path_factory.getbasetemp() / "one_byte"
    if not store.is_there(catalog.TINYPY, root):
        write({split.name: split.n_samples for split in catalog.TINYPY.splits}, root)
    folder = folders.folder(catalog.TINYPY, root)
    for name in ("test.jsonl", "SHA256SUMS"):
        good = (folder / name).read_bytes()
        place = position % len(good)
        damaged = good[:place] + bytes([byte]) + good[place + 1 :]
        if damaged == good:
            continue
        try:
            (folder / name).write_bytes(damaged)
            # A sum that is not that of the split in hand is only looked at for its form.
            if name == "test.jsonl" or place >= good.index(b"val.jsonl\n") + len(b"val.jsonl\n"):
                with pytest.raises(CorruptFileError):
                    read("test", root)
        finally:
            (folder / name).write_bytes(good)


def test_what_the_system_refuses_is_reported(built: Path) -> None:
    """A folder where a file should be, or a file where a folder should be."""
    (built / "test.jsonl").unlink()
    (built / "test.jsonl").mkdir()
    with pytest.raises(StorageError, match="cannot be read"):
        read("test", built.parents[1])
    with pytest.raises(TinyTorchHFError, match="could not be written"):
        write({"test": 1}, built / "train.jsonl")
