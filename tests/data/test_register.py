"""Specification of tinytorch_hf.data.register: folders of the user's, held against their facts and written."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle
import shutil
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinytorch_hf
from tinytorch_hf import catalog, fingerprint, load, register, write_dataset
from tinytorch_hf.catalog import DESCRIPTION, Archive, DataFile, DatasetInfo, Downloaded, Folder, registry
from tinytorch_hf.catalog.description import read_description
from tinytorch_hf.errors import (
    CorruptFileError,
    DescriptionError,
    GitLFSPointerError,
    InvalidArgumentError,
    MissingFileError,
    StorageError,
    TinyTorchHFError,
    UnknownNameError,
)
from tinytorch_hf.formats.npz import write_npz

Arrays = dict[str, Any]
Damage = Callable[[Path], object]

NAME = "my_shapes"


@pytest.fixture(autouse=True)
def nothing_stays_registered() -> Iterator[None]:
    """What a test registers is forgotten."""
    before = registered()
    yield
    for name in registered() - before:
        catalog.forget(name)


def registered() -> set[str]:
    """The names that were registered; `names` would also look through all packages that are installed."""
    return set(registry._registered)


def shapes(n_samples: int, first: int = 0) -> Arrays:
    """Drawings of three classes, with a column of named numbers and one of plain ones; all differ."""
    numbers = np.arange(first, first + n_samples)
    images = np.zeros((n_samples, 5, 4), np.uint8)
    images[np.arange(n_samples), numbers % 5, numbers % 4] = 255
    images[:, 0, 0] = numbers
    size = (numbers % 2 + 1).astype(np.int16)
    return {"images": images, "labels": numbers % 3, "size": size, "score": (numbers / 100).astype(np.float32)}


def write_shapes(folder: Path, name: str = NAME, **changes: Any) -> DatasetInfo:
    """A folder with a good dataset, and a file that holds no split; not registered."""
    facts: Any = {"summary": "Drawings.", "license": "CC0-1.0", "source": "code", "classes": ("line", "cross", "dot")}
    write_dataset(folder, {"train": shapes(6), "test": shapes(3, 6)}, name=name, **{**facts, **changes})
    catalog.forget(name)
    values = described(folder)
    values["columns"][2] |= {"names": ["small", "large"], "lowest": 1}
    (folder / "LICENSE").write_text("CC0", encoding="utf-8")
    values["other_files"] = [file_facts(folder, "LICENSE")]
    describe(folder, values)
    return read_description(folder)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good folder, which tests copy."""
    folder = tmp_path_factory.mktemp("good") / "shapes"
    write_shapes(folder)
    return folder


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    """A good folder, free to be damaged."""
    return shutil.copytree(good, tmp_path / "shapes")


def described(folder: Path) -> Any:
    """The values in a folder's ``dataset.json``."""
    return json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))


def describe(folder: Path, values: Any) -> None:
    """Write them."""
    (folder / DESCRIPTION).write_text(json.dumps(values), encoding="utf-8")


def file_facts(folder: Path, name: str) -> dict[str, Any]:
    """What a description says of a file that is there."""
    data = (folder / name).read_bytes()
    return {"name": name, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def state(place: str, value: Any) -> Damage:
    """Another value in ``dataset.json``."""

    def damage(folder: Path) -> None:
        values = described(folder)
        *way, last = (int(step) if step.isdigit() else step for step in place.split("."))
        holder = values
        for step in way:
            holder = holder[step]
        holder[last] = value
        describe(folder, values)

    return damage


def store(data: bytes, name: str = "train.npz") -> Damage:
    """Another content of a file, of which ``dataset.json`` states size and hash."""

    def damage(folder: Path) -> None:
        (folder / name).write_bytes(data)
        values = described(folder)
        for files in (values["other_files"], *(split["files"] for split in values["splits"])):
            files[:] = [file_facts(folder, file["name"]) for file in files]
        describe(folder, values)

    return damage


def arrays(**changes: Any) -> Damage:
    """Other columns in the file of the training split; None takes one out."""
    columns = {**shapes(6), **changes}
    return store(write_npz({name: column for name, column in columns.items() if column is not None}))


def put(name: str, make: Damage) -> Damage:
    """Something else where a file was."""

    def damage(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return damage


def objects() -> bytes:
    """An archive of NumPy's whose images are pickled objects."""
    import io

    stream = io.BytesIO()
    np.savez(stream, images=np.array([{"a": 1}] * 6, dtype=object), labels=np.zeros(6, np.int64))
    return stream.getvalue()


# --- what is in the files -------------------------------------------------------------------------------------------

DAMAGES: dict[str, tuple[Damage, type[TinyTorchHFError], str, str]] = {
    # what happened: the damage, the error, the field that it names, words of the message
    "a file is missing": (
        lambda folder: (folder / "test.npz").unlink(),
        *(MissingFileError, "splits[1].files[0].name", "Put it there."),
    ),
    "a licence is missing": (
        lambda folder: (folder / "LICENSE").unlink(),
        *(MissingFileError, "other_files[0].name", "LICENSE is missing"),
    ),
    "a folder in its place": (
        put("train.npz", lambda path: path.mkdir()),
        *(DescriptionError, "splits[0].files[0].name", "train.npz is not a file. Write the name of one."),
    ),
    "a pipe in its place": (put("train.npz", os.mkfifo), DescriptionError, "splits[0].files[0].name", "is not a file"),
    "a link in a circle": (
        put("train.npz", lambda path: path.symlink_to("train.npz")),
        *(StorageError, "splits[0].files[0].name", "Too many levels of symbolic links"),
    ),
    "a link out of the folder": (
        put("train.npz", lambda path: path.symlink_to("/etc/hostname")),
        *(DescriptionError, "splits[0].files[0].name", "is a link that leads out of the folder. Copy the file"),
    ),
    "a file as a folder": (
        state("splits.0.files.0.name", "train.npz/x"),
        *(StorageError, "splits[0].files[0].name", "Not a directory"),
    ),
    "a name that no system takes": (
        state("splits.0.files.0.name", "x" * 300),
        *(StorageError, "splits[0].files[0].name", "File name too long"),
    ),
    "a Git-LFS pointer": (
        lambda folder: (folder / "train.npz").write_bytes(
            b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n"
        ),
        *(GitLFSPointerError, "", "Get the file itself with `git lfs pull`."),
    ),
    "another size": (
        lambda folder: (folder / "train.npz").write_bytes(b"x"),
        *(
            DescriptionError,
            "splits[0].files[0].size_bytes",
            "train.npz has 1 bytes. Write 1, or put back the right file",
        ),
    ),
    "another size of a large file": (
        lambda folder: (folder / "LICENSE").write_bytes(b"x" * 2000),
        *(DescriptionError, "other_files[0].size_bytes", "LICENSE has 2000 bytes. Write 2000"),
    ),
    "another content": (
        lambda folder: (folder / "LICENSE").write_bytes(b"xxx"),
        *(DescriptionError, "other_files[0].sha256", f'Write "{hashlib.sha256(b"xxx").hexdigest()}", or put'),
    ),
    "fewer samples": (
        state("splits.0.n_samples", 5),
        DescriptionError,
        "splits[0].n_samples",
        "6 samples in train.npz",
    ),
    "more samples": (state("splits.1.n_samples", 10**9), DescriptionError, "splits[1].n_samples", "Write 3."),
    "another shape": (
        state("columns.0.shape", [4, 5]),
        *(DescriptionError, "columns[0].shape", "images in train.npz has the shape [5, 4]. Write [5, 4]."),
    ),
    "another dtype": (
        state("columns.3.dtype", "float64"),
        *(DescriptionError, "columns[3].dtype", 'score in train.npz is float32. Write "float32".'),
    ),
    "another name": (
        state("columns.3.name", "scores"),
        *(DescriptionError, "columns[3].name", "has no column scores, but images, labels, size, score. Write these."),
    ),
    "a column too many": (
        arrays(**{"more": np.zeros(6)}),
        *(DescriptionError, "columns", "train.npz also has more. Add it here, or take it out of the file."),
    ),
    "a column too few": (arrays(score=None), DescriptionError, "columns[3].name", "has no column score"),
    "columns of different lengths": (
        arrays(score=np.zeros(5, np.float32)),
        *(DescriptionError, "splits[0].files", "different lengths: images 6, labels 6, size 6, score 5."),
    ),
    "a number in place of a column": (
        arrays(score=np.float32(0.5)),
        *(DescriptionError, "splits[0].files", "score in train.npz is one value. Store a column of them."),
    ),
    "no samples": (
        store(write_npz(shapes(0))),
        *(DescriptionError, "splits[0].files", "train.npz holds no samples of train. Store some there."),
    ),
    "a label above the classes": (
        arrays(labels=np.arange(6)),
        *(DescriptionError, "classes", "labels has values from 0 to 5, but 0 to 2 have names."),
    ),
    "a label below 0": (arrays(labels=np.arange(6) - 1), DescriptionError, "classes", "values from -1 to 4"),
    "a number without a name": (
        arrays(size=np.arange(6, dtype=np.int16)),
        *(DescriptionError, "columns[2].names", "size has values from 0 to 5, but 1 to 2 have names."),
    ),
    "values out of the range": (
        state("value_range", [0, 100]),
        *(DescriptionError, "value_range", "has the range [0, 255], not [0, 100]. Write that."),
    ),
    "another fingerprint": (state("fingerprint", "0" * 64), DescriptionError, "fingerprint", "the files hold other"),
    "the same samples twice": (
        lambda folder: (
            state("splits.1.files", described(folder)["splits"][0]["files"])(folder),
            state("splits.1.n_samples", 6)(folder),
        ),
        *(DescriptionError, "splits[1].files", "test holds the samples of train. Name its own files."),
    ),
    "objects in place of arrays": (
        store(objects()),
        *(DescriptionError, "splits[0].files", "pickled objects, text and records are never read"),
    ),
    "no archive at all": (store(b"PK"), DescriptionError, "splits[0].files", "The decoder npz reads NumPy's archive"),
    "an empty file": (store(b""), DescriptionError, "splits[0].files", "The decoder npz reads"),
    "a built-in dataset's name": (
        state("name", "tinydigits"),
        *(DescriptionError, "name", "tinydigits is the name of a built-in dataset. Write another name."),
    ),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_what_does_not_hold_is_refused(what: str, folder: Path) -> None:
    """Naming the file, the field and what to write; nothing is registered, and nothing else is touched."""
    damage, kind, field, words = DAMAGES[what]
    damage(folder)
    before = registered()

    with pytest.raises(kind) as refusal:
        register(folder)

    message = str(refusal.value)
    assert words in message and message.isprintable()
    assert str(folder) in message
    assert not field or f"{folder / DESCRIPTION}, {field}" in message
    assert "tinytorch-hf export" not in message
    assert registered() == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may read everything")
@pytest.mark.parametrize("name", [DESCRIPTION, "train.npz"])
def test_what_may_not_be_read_is_reported(name: str, folder: Path) -> None:
    """With the system's reason."""
    (folder / name).chmod(0)

    with pytest.raises(StorageError, match=f"{name} cannot be read.*Permission denied"):
        register(folder)


@pytest.mark.parametrize(("value", "low", "high"), [(1.5, 0, 1.5), (-0.25, -0.25, 1), (float("nan"), 0, 1)])
def test_images_of_floats_lie_between_0_and_1(value: float, low: float, high: float, tmp_path: Path) -> None:
    """All of them, whatever range is stated: when they are registered and when they are loaded."""
    images = np.linspace(0, 1, 4 * 9, dtype=np.float32).reshape(4, 3, 3)
    facts: Any = {"name": NAME, "summary": "x", "license": "x", "source": "x", "classes": "ab"}
    folder = write_dataset(
        tmp_path / "x", {"all": {"images": images, "labels": np.arange(4) % 2}}, **facts
    ).provider.path
    images[1, 1, 1] = value
    values = described(Path(folder))
    data = write_npz({"images": images, "labels": np.arange(4) % 2})
    (Path(folder) / "all.npz").write_bytes(data)
    values["splits"][0]["files"] = [file_facts(Path(folder), "all.npz")]
    del values["fingerprint"]
    describe(Path(folder), {**values, "value_range": [low, high]})

    with pytest.raises(DescriptionError, match=r"columns\[0\]: in all.npz images in float32 must be from 0 to 1"):
        register(folder)
    with pytest.raises(CorruptFileError, match=r"all\.npz: images in float32 must be from 0 to 1"):
        load(Path(folder))


# --- decoders -------------------------------------------------------------------------------------------------------

_IMAGES = np.arange(2 * 3 * 32 * 32, dtype=np.uint32).astype(np.uint8).reshape(2, 3, 32, 32)


def _idx(array: Any) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def _line(**values: Any) -> bytes:
    return (json.dumps(values) + "\n").encode("ascii")


_PAIR = {"question": "Who?", "answer": "Me."}
_FUNCTION = {"signature": "def f(x):", "docstring": "Say x.", "body": "    return x", "n_lines": 3}
_COLUMNS = {
    "images": {"images": ("uint8", [3, 32, 32]), "labels": ("int64", [])},
    "pairs": {"question": ("str", []), "answer": ("str", [])},
    "talks": {name: ("int64", []) for name in ("id", "level", "dialogue", "turn")}
    | {name: ("str", []) for name in ("topic", "question", "answer", "formula", "source")},
    "source": {name: ("int64" if name == "n_lines" else "str", []) for name in _FUNCTION},
    "functions": {name: ("int64" if name == "n_lines" else "str", []) for name in ("module", "name", *_FUNCTION)},
    "text": {"text": ("str", [])},
}
# For each decoder: the kind, columns, how many samples, and files that it reads.
FILES: dict[str, tuple[str, str, int, list[bytes]]] = {
    "npz": ("images", "images", 2, [write_npz({"images": _IMAGES, "labels": np.arange(2)})]),
    "pickle": ("images", "images", 2, [pickle.dumps({"images": _IMAGES, "labels": np.arange(2)})]),
    "idx": ("images", "images", 2, [_idx(_IMAGES), _idx(np.arange(2, dtype=np.uint8))]),
    "cifar_batches": ("images", "images", 2, [pickle.dumps({"data": _IMAGES.reshape(2, -1), "labels": [0, 1]}, 2)]),
    "json_lines": ("pairs", "pairs", 1, [_line(**_PAIR)]),
    "question_answer_text": ("pairs", "pairs", 1, [b"Q: Who?\nA: Me.\n"]),
    "question_answer_lines": (
        *("pairs", "talks", 1),
        [
            _line(
                **{"id": 1, "level": 1, "topic": "me", "dialogue": 0, "turn": 0, "split": "train"},
                **_PAIR,
                formula="",
                source="",
            )
        ],
    ),
    "function_lines": ("source text", "functions", 1, [_line(module="a", name="f", **_FUNCTION)]),
    "text": ("plain text", "text", 2, [b"one\n", "zwei ß".encode()]),
}


def write_files(folder: Path, decoder: str, of: str = "") -> Path:
    """A folder described as the decoder reads it, with the files of this decoder or of another one."""
    kind, columns, n_samples, _ = FILES[decoder]
    files = [(f"{number}.bin", data) for number, data in enumerate(FILES[of or decoder][3])]
    folder.mkdir()
    for name, data in files:
        (folder / name).write_bytes(data)
    split = {"name": "train", "n_samples": n_samples, "files": [file_facts(folder, name) for name, _ in files]}
    values = {
        **{"schema": 1, "name": NAME, "summary": "x", "version": "1", "license": "x", "source": "x"},
        **{"kind": kind, "decoder": decoder, "splits": [split]},
        "columns": [{"name": name, "dtype": d, "shape": s} for name, (d, s) in _COLUMNS[columns].items()],
        **({"classes": ["a", "b"]} if kind == "images" else {}),
    }
    describe(folder, values)
    return folder


def test_every_decoder_is_for_some_kind() -> None:
    """And the files of each are tried below."""
    assert {decoder for facts in catalog.KINDS.values() for decoder in facts.decoders} == set(catalog.DECODERS)
    assert set(FILES) == set(catalog.DECODERS)


@pytest.mark.parametrize("decoder", FILES)
def test_a_folder_may_hold_files_of_every_decoder(decoder: str, tmp_path: Path) -> None:
    """Registered and loaded, column by column."""
    dataset = register(write_files(tmp_path / "x", decoder))
    train = load(dataset, "train")

    assert list(train) == list(_COLUMNS[FILES[decoder][1]]) and len(train) == FILES[decoder][2]
    if dataset.kind == "images":
        assert np.array_equal(train["images"], _IMAGES) and train["labels"].tolist() == [0, 1]
    elif dataset.kind == "pairs":
        assert (train["question"].item(), train["answer"].item()) == ("Who?", "Me.")
    elif dataset.kind == "source text":
        assert train["body"].item() == "    return x"
    else:
        assert train["text"].tolist() == ["one\n", "zwei ß"]
    assert dataset.fingerprint == fingerprint(NAME)


@pytest.mark.parametrize("decoder", FILES)
def test_files_of_another_decoder_are_refused(decoder: str, tmp_path: Path) -> None:
    """Every pair of a decoder and files that it does not read, but texts: every text is one."""
    for of in FILES:
        fits = {decoder, *({"json_lines", "question_answer_text"} if decoder == "text" else ())}
        if of in fits or (decoder == "text" and len(FILES[of][3]) == 1):
            continue
        folder = write_files(tmp_path / of, decoder, of)
        with pytest.raises(DescriptionError, match=r"splits\[0\]\.files|columns"):
            register(folder)
        with pytest.raises(CorruptFileError):
            load(folder)


def test_one_file_may_hold_several_splits_where_its_lines_say_which(tmp_path: Path) -> None:
    """Of a split that no line is of, it holds no samples."""
    folder = write_files(tmp_path / "x", "question_answer_lines")
    line = FILES["question_answer_lines"][3][0]
    (folder / "0.bin").write_bytes(line + line.replace(b'"id": 1', b'"id": 2').replace(b"train", b"test"))
    file, values = file_facts(folder, "0.bin"), described(folder)
    values["splits"] = [{"name": name, "n_samples": 1, "files": [file]} for name in ("train", "test")]
    describe(folder, values)

    assert {name: split["id"].tolist() for name, split in load(register(folder)).items()} == {"train": [1], "test": [2]}
    values["splits"][1]["name"] = "val"
    describe(folder, values)
    with pytest.raises(DescriptionError, match=r"splits\[1\]\.files: 0\.bin holds no samples of val\. Store some"):
        register(folder)


def test_idx_numbers_are_bytes_that_the_dtype_keeps(tmp_path: Path) -> None:
    """A column of bytes is not squeezed into another dtype, and there is a file for each column."""
    folder = write_files(tmp_path / "x", "idx")
    values = described(folder)
    (folder / "2.bin").write_bytes(_idx(np.array([100, 200], np.uint8)))
    values["splits"][0]["files"].append(file_facts(folder, "2.bin"))
    describe(folder, values)
    with pytest.raises(DescriptionError, match="one of 3 files, but IDX has a file for each column: images, labels"):
        register(folder)

    for dtype, fits in (("uint8", True), ("int64", True), ("float32", True), ("int8", False), ("bool", False)):
        describe(folder, {**values, "columns": [*values["columns"], {"name": "weight", "dtype": dtype}]})
        if fits:
            assert load(register(folder), "train")["weight"].tolist() == [100, 200]
        else:
            with pytest.raises(DescriptionError, match=r"columns\[2\]\.dtype: weight in 0\.bin is uint8"):
                register(folder)


def test_samples_of_several_files_are_one_after_the_other(folder: Path) -> None:
    """If their columns agree in dtype and shape."""
    values = described(folder)
    parts = {"a.npz": write_npz(shapes(4)), "b.npz": write_npz(shapes(2, 4))}
    parts["c.npz"] = write_npz({**shapes(2, 4), "score": np.zeros(2, np.float64)})
    for name, data in parts.items():
        (folder / name).write_bytes(data)
    del values["fingerprint"]

    for second in ("c.npz", "b.npz"):
        values["splits"][0]["files"] = [file_facts(folder, name) for name in ("a.npz", second)]
        describe(folder, values)
        if second == "c.npz":
            with pytest.raises(DescriptionError, match=r"c\.npz has other columns than \S+a\.npz"):
                register(folder)
    train = load(register(folder), "train")
    assert all(np.array_equal(train[name], column) for name, column in shapes(6).items())


class _Evil:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


def test_a_pickle_that_runs_code_runs_nothing(tmp_path: Path) -> None:
    """It is refused with what it asked for; a name with an escape in it is not printed as it is."""
    folder, marker = write_files(tmp_path / "x", "pickle"), tmp_path / "it ran"
    for data, asked in (
        (pickle.dumps({"images": _Evil(marker), "labels": np.arange(2)}), "posix.mkdir|nt.mkdir"),
        (b"cbuiltins\n\x1b[2Jeval\n.", r"builtins\.\\x1b\[2Jeval"),
    ):
        (folder / "0.bin").write_bytes(data)
        state("splits.0.files.0", file_facts(folder, "0.bin"))(folder)
        with pytest.raises(DescriptionError, match=rf"splits\[0\]\.files: .*asks for ({asked}) ") as refusal:
            register(folder)
        assert str(refusal.value).isprintable()
        with pytest.raises(CorruptFileError, match=f"asks for ({asked}) "):
            load(folder)
    assert not marker.exists()


def test_the_name_of_a_column_is_printed_with_care(tmp_path: Path) -> None:
    """A pickle may have any text for a name."""
    folder = write_files(tmp_path / "x", "pickle")
    (folder / "0.bin").write_bytes(pickle.dumps({"images": _IMAGES, "labels": np.arange(2), "\x1b[2J": np.arange(2)}))
    state("splits.0.files.0", file_facts(folder, "0.bin"))(folder)

    with pytest.raises(DescriptionError, match=r"columns: 0\.bin also has \\x1b\[2J\. Add it here") as refusal:
        register(folder)
    assert str(refusal.value).isprintable()


# --- names and places -----------------------------------------------------------------------------------------------


def test_a_registered_dataset_is_known_by_its_name(folder: Path) -> None:
    """Registering is idempotent, whatever stands for the dataset; the facts have the fingerprint of the content."""
    values = described(folder)
    del values["fingerprint"]
    describe(folder, values)
    dataset = register(folder)

    assert NAME in registered() and catalog.info(NAME) is dataset
    assert register(folder) == register(str(folder)) == register(dataset) == dataset
    assert dataset.fingerprint == fingerprint(NAME) == fingerprint(folder) == fingerprint(dataset)
    assert len(load(NAME, "train")) == 6
    assert NAME in registered() and catalog.names().count(NAME) == 1


def test_a_folder_that_was_changed_is_registered_anew(folder: Path) -> None:
    """What was known of it before is replaced."""
    before = register(folder)
    arrays(labels=np.zeros(6, np.int64))(folder)
    values = described(folder)
    describe(folder, {key: value for key, value in values.items() if key != "fingerprint"} | {"version": "1.1.0"})

    with pytest.raises(CorruptFileError, match=r"write its new size_bytes and sha256 into \S+dataset\.json"):
        load(NAME)
    after = register(folder)

    assert catalog.info(NAME) == after != before and after.version == "1.1.0"
    assert not load(NAME, "train")["labels"].any()


def test_two_folders_of_one_name_are_refused(folder: Path, tmp_path: Path) -> None:
    """Unless the first one is gone; a second way to the same folder is the same folder."""
    other = shutil.copytree(folder, tmp_path / "other")
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    register(folder)

    assert register(tmp_path / "link").provider == Folder(str(tmp_path / "link"))
    with pytest.raises(InvalidArgumentError, match=rf"Another dataset is registered as {NAME}, from \S+link\. Choose"):
        register(other)
    shutil.rmtree(folder)
    assert register(other).provider == Folder(str(other))


def test_a_path_may_stand_for_a_dataset(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pathlib.Path, or as a str with a separator; nothing is registered by it. A bare word is a name."""
    monkeypatch.chdir(folder.parent)
    monkeypatch.setenv("HOME", str(folder.parent))

    for path in (folder, Path(folder.name), str(folder), f".{os.sep}{folder.name}", f"~{os.sep}{folder.name}"):
        assert len(load(path, "test")) == 3  # type: ignore[call-overload]
    assert NAME not in registered()
    with pytest.raises(UnknownNameError, match=r"For the folder of this name, write '\./shapes'"):
        load(folder.name)  # type: ignore[call-overload]


@pytest.mark.parametrize("call", [load, register, catalog.info, fingerprint], ids=lambda call: call.__name__)
def test_what_is_no_folder_of_a_dataset_is_refused(call: Any, folder: Path, tmp_path: Path) -> None:
    """Whatever is wrong with the path, and with the name that is in the folder."""
    with pytest.raises(DescriptionError, match=r"nothing/dataset\.json: there is no such file"):
        call(tmp_path / "nothing")
    with pytest.raises(DescriptionError, match=r"there is no such file\. Give the folder of a dataset"):
        call(folder / DESCRIPTION)
    with pytest.raises(InvalidArgumentError, match="there is a NUL in it"):
        call(Path("a/b\0"))
    with pytest.raises(InvalidArgumentError, match="a home folder that is not known"):
        call("~nobody-is-called-this/x")
    state("name", "mnist")(folder)
    with pytest.raises(DescriptionError, match=r"dataset\.json, name: mnist is the name of a built-in dataset\."):
        call(folder)


def test_register_takes_a_bare_word_for_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing else that it could mean; what is not a path is refused."""
    monkeypatch.chdir(folder.parent)

    assert register(folder.name).name == NAME
    with pytest.raises(InvalidArgumentError, match="not as 3"):
        register(3)  # type: ignore[arg-type]


def test_a_damaged_file_is_found_when_it_is_loaded(folder: Path) -> None:
    """The advice is for a folder of the user's."""
    dataset = register(folder)
    (folder / "train.npz").write_bytes((folder / "train.npz").read_bytes()[:-1])
    with pytest.raises(CorruptFileError, match=r"Put the registered file back, or write its new size_bytes"):
        load(NAME)
    (folder / "train.npz").unlink()
    with pytest.raises(MissingFileError, match=r"train\.npz is missing, which \S+dataset\.json names\. Put it back\."):
        load(dataset)


def test_facts_made_in_code_are_held_against_the_files(folder: Path, tmp_path: Path) -> None:
    """As those of a ``dataset.json``, which need not be there."""
    facts = read_description(folder)
    (folder / DESCRIPTION).unlink()

    assert register(replace(facts, fingerprint="")) == facts == catalog.info(NAME)
    assert len(load(NAME, "test")) == 3
    wrong = replace(facts, splits=(replace(facts.splits[0], n_samples=7), facts.splits[1]))
    with pytest.raises(DescriptionError, match=rf"The facts of {NAME}, splits\[0\]\.n_samples: there are 6 samples"):
        register(wrong)
    with pytest.raises(InvalidArgumentError, match="tinymnist is the name of a built-in dataset"):
        register(replace(facts, name="tinymnist"))
    with pytest.raises(DescriptionError, match="splits: it is empty"):
        register(replace(facts, splits=()))


def test_facts_of_files_that_are_downloaded_are_registered_before(folder: Path, tmp_path: Path) -> None:
    """The files are asked for when they are loaded; carried here on a stick, they are the dataset."""
    facts, stick = read_description(folder), tmp_path / "stick"
    stick.mkdir()
    archives = []
    for split in facts.splits:
        data = gzip.compress((folder / split.files[0].name).read_bytes(), mtime=0)
        (stick / f"{split.files[0].name}.gz").write_bytes(data)
        file = DataFile(f"{split.files[0].name}.gz", len(data), hashlib.sha256(data).hexdigest())
        archives.append(Archive(file, "shapes", (f"https://example.invalid/{file.name}",)))
    dataset = register(replace(facts, provider=Downloaded(tuple(archives), "shapes"), other_files=()))

    assert catalog.info(NAME) is dataset
    with pytest.raises(MissingFileError, match=f"Run `tinytorch-hf download {NAME}"):
        tinytorch_hf.fingerprint(replace(dataset, provider=Downloaded(tuple(archives), "nowhere")))
    from tinytorch_hf.acquire import provision

    provision.provide(dataset, tmp_path / "root", stick)
    assert fingerprint(load(dataset, root=tmp_path / "root")) == facts.fingerprint


# --- writing --------------------------------------------------------------------------------------------------------

FACTS: Any = {"name": NAME, "summary": "Samples.", "license": "CC0-1.0", "source": "this test"}
WITH_CLASSES: Any = {**FACTS, "classes": ["line", "cross", "dot"]}


def colours(n_samples: int) -> Arrays:
    """Images in colour, of floats."""
    images = np.linspace(0, 1, n_samples * 3 * 2 * 2, dtype=np.float32).reshape(n_samples, 3, 2, 2)
    return {"images": images, "labels": np.arange(n_samples) % 3}


def plain(*texts: str) -> Arrays:
    """Texts with a number and a mark."""
    numbers = np.arange(len(texts))
    return {"text": np.array(texts), "n": numbers - 1, "marked": numbers > 0, "x": numbers / np.float32(3)}


WRITTEN: dict[str, tuple[dict[str, Arrays], Any]] = {
    "images": ({"train": shapes(6), "test": shapes(3, 6)}, WITH_CLASSES),
    "colours": ({"all": colours(5)}, {**WITH_CLASSES, "title": "Colours", "version": "2.0", "namespace": "me"}),
    "texts": ({"train": plain("a", "b\nü", "\x1b[31m"), "val": plain("long one", "")}, FACTS),
    "pairs": (
        {"train": {"answer": ["yes", "no"], "question": ["a?", "b?"], "level": [1, 0]}},
        {**FACTS, "names": {"level": ["easy", "hard"]}, "descriptions": {"answer": "what is right"}},
    ),
    "functions": ({"train": {name: [value] for name, value in _FUNCTION.items()}}, FACTS),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_what_is_written_is_what_is_read(what: str, tmp_path: Path) -> None:
    """The same facts and the same numbers, byte for byte the same files each time, and registered."""
    splits, facts = WRITTEN[what]
    dataset = write_dataset(tmp_path / "a", splits, **facts)

    assert catalog.info(NAME) is dataset and read_description(tmp_path / "a") == dataset
    for split, columns in splits.items():
        loaded = load(NAME, split)
        assert set(loaded) == set(columns)
        for name, column in columns.items():
            assert np.array_equal(loaded[name], column) and loaded[name].dtype.kind == np.asarray(column).dtype.kind
    for key, value in facts.items():
        if key not in ("names", "descriptions", "classes"):
            assert getattr(dataset, key) == value
    shutil.rmtree(tmp_path / "a")
    write_dataset(tmp_path / "b", splits, **facts)
    again = write_dataset(tmp_path / "b" / ".." / "c", splits, **{**facts, "name": "again"})
    assert [file.sha256 for file in again.files] == [file.sha256 for file in dataset.files]
    assert again.fingerprint == dataset.fingerprint


def test_named_columns_are_described(tmp_path: Path) -> None:
    """The kind's columns come first, whatever the order of the arrays."""
    dataset = write_dataset(tmp_path / "a", WRITTEN["pairs"][0], **WRITTEN["pairs"][1])

    assert [column.name for column in dataset.columns] == ["question", "answer", "level"]
    assert dataset.column("answer").description == "what is right"
    assert (dataset.column("level").names, dataset.value_range) == (("easy", "hard"), (0, 1))


_LABELS = np.arange(6) % 3
BAD_ARRAYS: list[tuple[Mapping[str, Any], Any, str]] = [
    ({}, {}, "There is no split"),
    ({"train": {}}, {}, "no kind of dataset has the columns"),
    ({"train": {"pictures": shapes(6)["images"]}}, {}, "Those of a kind are: images, labels; question, answer;"),
    ({"train": {**shapes(6), "labels": _LABELS[:5]}}, {}, "must have equal lengths: images 6, labels 5"),
    ({"train": {**shapes(6), "labels": 3}}, {}, "labels of split 'train' is one value"),
    ({"train": {**shapes(6), "labels": [[1], [2, 3]]}}, {}, "labels of train is not an array"),
    ({"train": {**shapes(6), "labels": [None] * 6}}, {}, "labels of train is object; a column is one of bool, int8"),
    ({"train": {**shapes(6), "score": np.zeros(6, np.float16)}}, {}, "score of train is float16"),
    ({"train": {**shapes(6), "score": np.zeros(6, complex)}}, {}, "score of train is complex128"),
    ({"train": {**shapes(6), "score": np.zeros(6, "M8[s]")}}, {}, r"score of train is datetime64\[s\]"),
    ({"train": shapes(6), "test": {**shapes(3), "more": _LABELS[:3]}}, {}, "The split test has other columns"),
    ({"train": shapes(6), "test": {**shapes(3), "score": _LABELS[:3]}}, {}, "score of test differs from the first"),
    ({"train": shapes(0)}, {}, r"splits\[0\]\.n_samples: it is 0"),
    ({"../train": shapes(6)}, {}, r'splits\[0\]\.name: it is "\.\./train"'),
    ({"train": shapes(6), "Train": shapes(3)}, {}, r'splits\[1\]\.name: "Train" occurs twice'),
    ({3: shapes(6)}, {}, r"splits\[0\]\.name: it is 3\. Write a text"),
    ({"train": {**shapes(6), "labels": _LABELS.astype(np.uint8)}}, {}, "labels of train is uint8, not int64"),
    ({"train": {**shapes(6), "labels": np.arange(6)}}, {}, "classes: in train labels has values from 0 to 5"),
    ({"train": {**shapes(6), "images": np.zeros((6, 5, 4))}}, {}, "images must be stored as uint8, 0 to 255"),
    ({"train": {**shapes(6), "images": np.zeros((6, 5, 4, 3), "u1")}}, {}, r"in colour \[3, height, width\]"),
    ({"train": {**colours(6), "images": colours(6)["images"] * 2}}, {}, "must be from 0 to 1"),
    ({"train": {**colours(6), "images": colours(6)["images"] * np.nan}}, {}, "must be from 0 to 1"),
    ({"train": {**shapes(6), "file": np.array(list("abcdef"))}}, {}, "files of images hold no texts"),
    ({"train": {"text": np.array([["a", "b"]])}}, {"classes": ()}, r"text of plain text has one value per sample"),
    ({"train": {"text": ["a\ud800", "b"]}}, {"classes": ()}, "text has half of a character"),
    ({"train": {"text": ["a"], "x": [float("inf")]}}, {"classes": (), "name": "3"}, 'name: it is "3"'),
    ({"train": shapes(6)}, {"name": "tinydigits"}, "tinydigits is .* built-in dataset"),
    ({"train": shapes(6)}, {"name": None}, "name: it is null"),
    ({"train": shapes(6)}, {"classes": ()}, "classes: there are labels"),
    ({"train": shapes(6)}, {"classes": [0, 1, 2]}, r"classes\[0\]: it is 0\. Write a text"),
    ({"train": shapes(6)}, {"classes": np.arange(3)}, "An argument does not have the documented type"),
    ({"train": shapes(6)}, {"license": ""}, "license: it is empty"),
    ({"train": shapes(6)}, {"summary": "\x1b[2J"}, "summary: it has the control character"),
    ({"train": shapes(6)}, {"descriptions": {"lables": "x"}}, "There is no column lables to describe"),
    ({"train": shapes(6)}, {"names": {"score": ["x"]}}, r"columns\[3\]\.names: score does not have one whole number"),
]


@pytest.mark.parametrize("case", BAD_ARRAYS, ids=lambda case: case[2][:40])
def test_nothing_is_written_unless_all_is_right(case: tuple[Mapping[str, Any], Any, str], tmp_path: Path) -> None:
    """The error says what is wrong; no file stays and nothing is registered."""
    splits, changes, said = case
    before = registered()

    with pytest.raises((InvalidArgumentError, DescriptionError), match=said):
        write_dataset(tmp_path / "x", splits, **{**WITH_CLASSES, **changes})

    assert registered() == before
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", [DESCRIPTION, "train.npz", "test.npz"])
def test_files_that_are_there_stay(name: str, tmp_path: Path) -> None:
    """Whosever they are, also where they are links that lead nowhere."""
    (tmp_path / name).write_text("mine", encoding="utf-8")

    with pytest.raises(StorageError, match=f"{name} exists already. Remove it, or choose another folder."):
        write_dataset(tmp_path, WRITTEN["images"][0], **WITH_CLASSES)

    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


def test_a_name_that_is_taken_leaves_no_files(folder: Path, tmp_path: Path) -> None:
    """The dataset that has it goes on to be known."""
    register(folder)

    with pytest.raises(InvalidArgumentError, match=f"Another dataset is registered as {NAME}"):
        write_dataset(tmp_path / "new", WRITTEN["images"][0], **WITH_CLASSES)

    assert list((tmp_path / "new").iterdir()) == []
    assert len(load(NAME, "train")) == 6


# --- anything at all ------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.sampled_from([*FILES]), st.integers(0, 10_000), st.binary(max_size=4), st.integers(0, 4))
def test_no_bytes_of_a_file_raise_anything_but_our_errors(
    tmp_path_factory: pytest.TempPathFactory, decoder: str, start: int, inserted: bytes, n_cut: int
) -> None:
    """Some bytes are put in the place of others, and size and hash are stated as they are then."""
    folder = tmp_path_factory.mktemp("any") / "x"
    write_files(folder, decoder)
    data = (folder / "0.bin").read_bytes()
    start %= len(data)
    (folder / "0.bin").write_bytes(data[:start] + inserted + data[start + n_cut :])
    state("splits.0.files.0", file_facts(folder, "0.bin"))(folder)
    try:
        dataset = register(folder)
    except TinyTorchHFError as error:
        assert str(error).isprintable()
    else:
        assert fingerprint(load(dataset)) == dataset.fingerprint
    finally:
        catalog.forget(NAME)
        shutil.rmtree(folder.parent)
