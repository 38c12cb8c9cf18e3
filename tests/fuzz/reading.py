"""Every reader of files, with genuine files to damage."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import pickle
import pickletools
import random
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutations
import numpy as np

from tinytorch_hf.catalog import description
from tinytorch_hf.errors import TinyTorchHFError

Make = Callable[[random.Random], bytes]
PATH = Path("some/file")
IMAGES = np.arange(2 * 64, dtype=np.uint8).reshape(2, 8, 8)
LABELS = np.array([1, 0])


@dataclass(frozen=True)
class Target:
    """Something that reads what may be hostile.

    ``make`` makes an input, ``read`` reads it; what ``read`` raises beside ``refusals`` is a finding.
    """

    name: str
    make: Callable[[random.Random], Any]
    read: Callable[[Any], object]
    refusals: tuple[type[Exception], ...] = (TinyTorchHFError,)


def damaged(*seeds: bytes, longest: int = 2**16) -> Make:
    """Makes damage of genuine files."""
    return lambda rng: mutations.damaged(rng, seeds, longest)


def _odd(*genuine: Any) -> Make:
    """Values that are odd, or a text that is damaged."""
    texts = [json.dumps(one).encode() for one in genuine]

    def make(rng: random.Random) -> bytes:
        if rng.random() < 0.75:
            return mutations.odd_json(rng, rng.choice(genuine))
        return mutations.damaged(rng, texts, 2**16)

    return make


def targets(scratch: Path) -> list[Target]:
    """All readers of files; those that read folders use one of their own in ``scratch``."""
    return [
        *_formats(),
        *_texts(),
        *_described(scratch),
        *_archives(scratch),
        *_submissions(scratch),
    ]


def _npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def _formats() -> list[Target]:
    from tinytorch_hf.formats.cifar import read_cifar_batch
    from tinytorch_hf.formats.idx import read_idx
    from tinytorch_hf.formats.npz import read_npz, write_npz
    from tinytorch_hf.formats.pickles import read_pickle
    from tinytorch_hf.judging import records

    arrays = {"images": IMAGES.astype(np.float32) / 16, "labels": LABELS}
    pickles = [pickle.dumps(arrays, protocol=protocol) for protocol in range(6)]
    pickles += [pickle.dumps({"a": np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2)}, 5)]
    batches = [
        pickle.dumps({b"data": np.zeros((2, 3072), np.uint8), b"labels": [3, 9], b"x": None}, protocol)
        for protocol in (2, 5)
    ]
    archives = [
        *(
            _npz(**arrays),
            write_npz(arrays),
            write_npz(arrays, packed=False),
            _npz(a=np.array(["b"]), c=np.zeros(1, "c8")),
        ),
        _zip({"a.npy": _npy(IMAGES)}, zipfile.ZIP_DEFLATED),
    ]
    written = records.written({"cases": ["a"]}, {"x": LABELS}, "2.0")
    idx = b"\x00\x00\x08\x03\x00\x00\x00\x02\x00\x00\x00\x08\x00\x00\x00\x08" + IMAGES.tobytes()
    return [
        Target("pickle", damaged(*pickles), lambda data: read_pickle(data, PATH)),
        Target("pickle, opcodes", _opcodes(pickles), lambda data: read_pickle(data, PATH)),
        Target("CIFAR-10 batch", damaged(*batches), lambda data: read_cifar_batch(data, PATH)),
        Target("IDX", damaged(idx, b"\x00\x00\x08\x01\x00\x00\x00\x02ab"), lambda data: read_idx(data, PATH)),
        Target("npz", _npz_inputs(archives), lambda data: read_npz(data, PATH)),
        Target("records of answers", _records_inputs(written), lambda data: _with_file(data, ".npz", records.read)),
    ]


def _opcodes(pickles: Sequence[bytes]) -> Make:
    """Pickles whose opcodes are those of genuine ones, in another order, some many times."""
    parts = []
    for data in pickles:
        found = [position for _opcode, _argument, position in pickletools.genops(data)]
        parts += [data[start:end] for start, end in itertools.pairwise([*found, len(data)])]

    def make(rng: random.Random) -> bytes:
        some = [rng.choice(parts) for _ in range(rng.randrange(1, 60))]
        some[rng.randrange(len(some))] *= rng.choice((1, 1, 1, 20, 5000))
        genuine = rng.choice(pickles)
        kept = genuine[: rng.randrange(len(genuine))] if rng.random() < 0.5 else b""
        return kept + b"".join(some) + rng.choice((b".", b"s.", b"u.", b"R.", b"b.", b""))

    return make


def _npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array))
    return stream.getvalue()


def _zip(members: dict[str, bytes], packing: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _npz_inputs(seeds: Sequence[bytes]) -> Make:
    members = [_npy(IMAGES), _npy(LABELS), _npy(np.zeros((0, 3), ">f4", order="F"))]

    def make(rng: random.Random) -> bytes:
        if rng.random() < 0.5:
            return mutations.damaged(rng, seeds, 2**16)
        # Damage inside a sound archive.
        packing = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
        return _zip({rng.choice(("a.npy", "b c.npy", "a")): mutations.damaged(rng, members, 2**14)}, packing)

    return make


def _records_inputs(written: bytes) -> Make:
    from tinytorch_hf.formats.npz import write_npz

    def make(rng: random.Random) -> bytes:
        if rng.random() < 0.5:
            return mutations.damaged(rng, [written], 2**16)
        about = mutations.odd_json(rng, {"version": 1, "torch": "2.0", "command": "x"})
        return write_npz({"about": np.frombuffer(about, np.uint8), "x": LABELS}, packed=False)

    return make


def _with_file(data: bytes, suffix: str, read: Callable[[Path], object]) -> None:
    place = _SCRATCH[0] / f"file{suffix}"
    place.write_bytes(data)
    read(place)


# Set by `targets`, so that readers of paths have a place.
_SCRATCH: list[Path] = [Path()]


def _texts() -> list[Target]:
    from tinytorch_hf.files import python_functions, sums, talks
    from tinytorch_hf.formats import json_lines
    from tinytorch_hf.formats.texts import read_text, text_column

    pair = {name: "a" if of is str else 1 for name, of in json_lines.field_types(talks.Pair).items()}
    pair["split"] = "train"
    function = {name: "a" if of is str else 1 for name, of in json_lines.field_types(python_functions.Function).items()}
    columns = {"text": "str", "label": "int64", "score": "float32", "flag": "bool", "byte": "uint8"}
    record = {"text": "a\u00e9", "label": 3, "score": 0.5, "flag": True, "byte": 255}

    def lines(genuine: dict[str, Any]) -> Make:
        text = json.dumps(genuine).encode() + b"\n"

        def make(rng: random.Random) -> bytes:
            if rng.random() < 0.5:
                return mutations.damaged(rng, [text * 3], 2**16)
            return text + mutations.odd_json(rng, genuine) + b"\n"

        return make

    talk = b"Q: a b\nA: c\n\nQ: d\nA: e\nQ: f\nA: g\n\n"
    of_sums = sums.encode({"a.txt": b"1", "b.txt": b"2"})
    return [
        Target("questions and answers, lines", lines(pair), lambda data: talks.parse_jsonl(data, PATH)),
        Target("questions and answers, text", damaged(talk), lambda data: talks.parse_text(data, PATH)),
        Target("functions", lines(function), lambda data: python_functions.parse(data, PATH)),
        Target("JSON lines", lines(record), lambda data: json_lines.read_columns(data, PATH, columns)),
        Target("text", damaged(talk, "é\n".encode()), lambda data: text_column([read_text(data, PATH)], PATH)),
        Target("sums", damaged(of_sums), lambda data: sums.parse(data, PATH, ["a.txt", "b.txt"], "Again.")),
    ]


def _described(scratch: Path) -> list[Target]:
    from tinytorch_hf.acquire import selection
    from tinytorch_hf.curation import recipe
    from tinytorch_hf.curation import work as curation_work
    from tinytorch_hf.data.register import write_dataset
    from tinytorch_hf.files import folders
    from tinytorch_hf.grading import journal
    from tinytorch_hf.grading.rubric_file import parse_rubric
    from tinytorch_hf.student import mapping

    _SCRATCH[0] = scratch
    made = scratch / "described"
    shutil.rmtree(made, ignore_errors=True)
    write_dataset(
        made,
        {"train": {"images": IMAGES, "labels": LABELS}},
        name="fuzzed",
        summary="Two images.",
        license="CC0-1.0",
        source="made here",
        classes=["a", "b"],
    )
    facts = json.loads((made / "dataset.json").read_text("utf-8"))
    of_set = folders.shipped("datasets") / "tinymnist"
    recipe_ = json.loads((of_set / "recipe.json").read_text("utf-8"))
    rows = (of_set / "selection.csv").read_bytes()[:2000]
    places = (of_set / "places.csv").read_bytes()[:2000]
    rubric = {
        "title": "t",
        "required": ["tensor"],
        "item": [{"name": "tensor", "points": 3}, {"name": "layers", "points": 7.5}],
        "limits": {"processes": 3, "seconds": 10},
        "seeds": {"shown": [1], "hidden": 2},
    }
    toml = b'title = "t"\n[[item]]\nname = "tensor"\npoints = 3\n[limits]\nprocesses = 3\n[seeds]\nhidden = 2\n'
    map_ = {"package": "p", "style": "tensors", "conventions": {"data": "data"}, "parts": {"Linear": "p.layers.Linear"}}
    book = {"schema": journal.SCHEMA, "seeds": {"drawn": [1], "hidden": [1]}}

    def in_folder(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
        folder = scratch / f"of_{name}"
        folder.mkdir(exist_ok=True)

        def reading(data: bytes) -> object:
            (folder / name).write_bytes(data)
            return read(folder)

        return reading

    return [
        Target("dataset.json", _odd(facts), lambda data: description.parse_description(data, made / "dataset.json")),
        Target("recipe.json", _odd(recipe_), in_folder("recipe.json", recipe.read_recipe)),
        Target("selection.csv", damaged(rows), in_folder("selection.csv", selection.read_selection)),
        Target("places.csv", damaged(places), in_folder("places.csv", selection.read_places)),
        Target("rubric, JSON", _odd(rubric), lambda data: parse_rubric(data, Path("r.json"))),
        Target("rubric, TOML", damaged(toml), lambda data: parse_rubric(data, Path("r.toml"))),
        Target("map of a framework", _odd(map_), lambda data: _with_file(data, ".json", mapping.read_map)),
        Target("gradebook", _odd(book), in_folder(journal.BOOK, journal._book_in)),
        Target("plan of a run", _odd({"a": {"b": 1}}), lambda data: _with_file(data, ".json", curation_work._read)),
    ]


def _archives(scratch: Path) -> list[Target]:
    from tinytorch_hf.acquire import unpack
    from tinytorch_hf.catalog import DataFile

    contents = {"a": b"a" * 3000, "b": bytes(range(256)) * 8}
    files = [DataFile(name, len(data), "0" * 64) for name, data in contents.items()]
    out = scratch / "unpacked"

    def tar(contents: dict[str, bytes]) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for name, data in contents.items():
                member = tarfile.TarInfo(f"place/{name}")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return stream.getvalue()

    packed = tar(contents)

    def make(rng: random.Random) -> bytes:
        if rng.random() < 0.4:
            return mutations.damaged(rng, [gzip.compress(packed)], 2**16)
        return gzip.compress(mutations.damaged(rng, [packed], 2**16), 1)

    def read(data: bytes) -> None:
        _with_file(data, ".tar.gz", lambda path: unpack.unpack(path, files, out, member_folder="place"))

    def read_gz(data: bytes) -> None:
        _with_file(data, ".gz", lambda path: unpack.unpack(path, files[:1], out))

    return [
        Target("tar.gz of a dataset", make, read),
        Target("gz of a dataset", damaged(gzip.compress(contents["a"])), read_gz),
    ]


def _submissions(scratch: Path) -> list[Target]:
    from tinytorch_hf.grading import submissions
    from tinytorch_hf.grading.unpacking import UngradableError

    members = {
        "tinytorch/__init__.py": b"",
        "tinytorch/core/tensor.py": b"class Tensor: pass\n",
        "r\u00e9.txt": b"x" * 99,
    }
    seeds = [_zip(members, packing) for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)]
    seeds.append(_zip({"inside.zip": seeds[0]}, zipfile.ZIP_STORED))
    names = (
        "../x.py",
        "/x.py",
        "a/../../x",
        "a" * 300,
        "a/" * 60 + "x",
        "C:\\x",
        "a\0b",
        "tinytorch",
        ".",
        "a\\b",
        "\x1b[2J",
    )

    def make(rng: random.Random) -> bytes:
        if rng.random() < 0.6:
            return mutations.damaged(rng, seeds, 2**16)
        some = {rng.choice(names): rng.randbytes(20) for _ in range(rng.randrange(1, 4))}
        return _zip({**some, **(members if rng.random() < 0.7 else {})}, rng.choice((0, 8, 12, 14)))

    def read(data: bytes) -> None:
        def prepare(path: Path) -> None:
            with submissions.prepared(path):
                pass

        _with_file(data, ".zip", prepare)

    return [Target("submission, zip", make, read, (TinyTorchHFError, UngradableError))]
