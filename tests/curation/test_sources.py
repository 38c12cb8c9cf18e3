"""Specification of sources: one content, in whatever form it lies there, and what is said where it is not clear."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.curation.facts import Facts, merged
from tinytorch_hf.curation.mapping import Reading, facts_of, samples_of
from tinytorch_hf.curation.source import Source
from tinytorch_hf.curation.sources import values
from tinytorch_hf.curation.sources.opening import open_source, size_of
from tinytorch_hf.errors import InvalidArgumentError, MissingFileError

pytest.importorskip("pyarrow", reason="pyarrow is not installed")
import pyarrow as pa
import sources_on_disk as on_disk

IMAGES, LABELS = on_disk.samples()


def facts(source: Source, n_rows: int = 4) -> Facts:
    """What is known of all samples of a source of images of 8x8 or texts."""
    reading = Reading(source, 8, n_rows)
    pieces = [piece for shard in source.shards() for piece in source.pieces(shard)]
    return merged([facts_of(reading, piece) for piece in pieces]).in_order()


def content(source: Source) -> list[tuple[bytes, str]]:
    """The digest and the label of each sample."""
    found = facts(source)
    return [(digest.tobytes(), found.classes[code]) for digest, code in zip(found.digest, found.label, strict=True)]


class MapStyle:
    """Images and labels as torchvision's datasets give them."""

    classes = on_disk.CLASSES

    def __len__(self) -> int:
        return len(IMAGES)

    def __getitem__(self, place: int) -> tuple[Any, int]:
        return on_disk.Image.fromarray(IMAGES[place]), on_disk.CLASSES.index(LABELS[place])


EXPECTED = content(open_source(MapStyle()).source)


@pytest.mark.parametrize("form", on_disk.FORMS)
def test_the_same_samples_are_found_in_every_form(form: str, tmp_path: Path) -> None:
    """With their labels, at their places, and of the size that they have; any of them is read alone."""
    on_disk.FORMS[form](tmp_path, IMAGES, LABELS)
    source = open_source(tmp_path).source
    found = facts(source)

    assert content(source) == EXPECTED
    assert size_of(source) == 8
    # The last sample of each shard, again, by its place.
    for code, shard in enumerate(found.shards):
        last = np.flatnonzero(found.shard == code)[np.argmax(found.row[found.shard == code])]
        for piece in source.pieces(shard):
            if piece.stop is None or piece.stop > found.row[last]:
                ((place, sample),) = samples_of(Reading(source, 8), piece, found.row[[last]])
        assert place == found.row[last]
        assert sample.tobytes() in {image.tobytes() for image in IMAGES}
    assert all(len(source.sha256(shard)) == 64 for shard in source.shards())


def test_a_dataset_of_the_catalogue_is_a_source(tmp_path: Path) -> None:
    """By its name, its facts or its folder; its training split, unless another is asked for."""
    labels = [on_disk.CLASSES.index(label) for label in LABELS]
    columns = {"images": IMAGES, "labels": labels}
    other = {"images": IMAGES[::-1] // 2, "labels": labels}
    dataset = tinytorch_hf.write_dataset(
        tmp_path / "own",
        {"train": columns, "test": other},
        name="own_animals",
        summary="12 animals.",
        license="CC0-1.0",
        source="drawn",
        classes=on_disk.CLASSES,
    )
    try:
        for source in ("own_animals", dataset, tmp_path / "own"):
            opened = open_source(source)
            assert content(opened.source) == EXPECTED
            assert dict(opened.columns) == {"image": "images", "label": "labels", "split": "train"}
            assert opened.license == "CC0-1.0"
        assert len(facts(open_source("own_animals", split="all").source)) == 24
        assert size_of(open_source("own_animals", split="test").source) == 8
    finally:
        catalog.forget("own_animals")


def test_labels_of_bytes_are_texts(tmp_path: Path) -> None:
    """As old archives have them."""
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=np.array(LABELS).astype("S"))
    assert content(open_source(tmp_path, image="images", label="labels").source) == EXPECTED


TEXTS = {"one text": "sea", "another, with a comma": "hill", '01 "quoted"': "sea", "07": "hill"}


def _texts(folder: Path, form: str) -> None:
    if form == "folders":
        for number, (text, label) in enumerate(TEXTS.items()):
            (folder / label).mkdir(exist_ok=True)
            (folder / label / f"{number}.txt").write_text(f"{text}\n", encoding="utf-8")
    elif form == "Parquet":
        table = on_disk.pa.table({"text": list(TEXTS), "label": list(TEXTS.values())})
        on_disk.pa.parquet.write_table(table, folder / "a.parquet")
    elif form == "JSON lines":
        lines = [json.dumps({"text": text, "label": label}) for text, label in TEXTS.items()]
        (folder / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    elif form == "tar":
        members = {}
        for number, (text, label) in enumerate(TEXTS.items()):
            members |= {f"a/{number}.txt": text.encode(), f"a/{number}.json": json.dumps({"kind": label}).encode()}
        on_disk.write_tar(folder / "a.tar", members)
    else:
        separator = {"csv": ",", "tsv": "\t"}[form]
        with (folder / f"a.{form}").open("w", encoding="utf-8", newline="") as stream:
            writer = on_disk.csv.writer(stream, delimiter=separator)
            writer.writerows([("text", "label"), *TEXTS.items()])


@pytest.mark.parametrize("form", ["folders", "Parquet", "JSON lines", "tar", "csv", "tsv"])
def test_the_same_texts_are_found_in_every_form(form: str, tmp_path: Path) -> None:
    """Words stay as they are written: a text of digits is not a number."""
    _texts(tmp_path, form)
    source = open_source(tmp_path).source
    found: set[str] = set()
    for shard in source.shards():
        for piece in source.pieces(shard):
            for batch in source.batches(piece, None, 3):
                found |= {text.strip() for text in batch.samples}

    assert source.kind == "texts"
    assert found == set(TEXTS)
    assert facts(source).classes == ("hill", "sea")


def test_no_shard_takes_a_label_for_another_one(tmp_path: Path) -> None:
    """Numbers and words that look like numbers mean the same wherever they stand."""
    (tmp_path / "a.csv").write_text("text,label\nx,01\ny,02\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("text,label\nz,01\nu,two\n", encoding="utf-8")
    assert facts(open_source(tmp_path).source).classes == ("01", "02", "two")

    whole = tmp_path / "numbers"
    whole.mkdir()
    (whole / "a.jsonl").write_text('{"text": "x", "label": 1}\n{"text": "y", "label": 2}\n', encoding="utf-8")
    (whole / "b.jsonl").write_text('{"text": "z", "label": 1.0}\n{"text": "u", "label": "2"}\n', encoding="utf-8")
    (whole / "c.jsonl").write_text('{"text": "v", "label": 2.0}\n', encoding="utf-8")
    (whole / "b.jsonl").write_text('{"text": "z", "label": 1.0}\n', encoding="utf-8")
    assert facts(open_source(whole).source).classes == ("1", "2")


def test_the_training_split_is_read_where_names_tell_splits(tmp_path: Path) -> None:
    """Of files, of folders of classes, and of arrays; an exam that was held out stays untouched."""
    half = len(IMAGES) // 2
    for split, part in (("train", slice(half)), ("test", slice(half, None))):
        on_disk.write_parquet(tmp_path / f"{split}-00000-of-00001.parquet", on_disk.flat(IMAGES[part]), LABELS[part])
    assert open_source(tmp_path).source.shards() == ["train-00000-of-00001.parquet"]
    assert len(open_source(tmp_path, split="all").source.shards()) == 2
    with pytest.raises(
        InvalidArgumentError, match=r"has the splits test, train; there is no validation\. all is everything"
    ):
        open_source(tmp_path, split="validation")

    folders = tmp_path / "folders"
    for split in ("training", "val"):
        (folders / split).mkdir(parents=True)
        on_disk.in_folders(folders / split, IMAGES, LABELS)
    assert open_source(folders).source.shards() == ("training/cat", "training/dog", "training/owl")

    names = {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:3], "y_test": LABELS[:3]}
    np.savez(tmp_path / "keras.npz", **names)
    assert dict(open_source(tmp_path / "keras.npz").columns) == {"image": "x_train", "label": "y_train"}
    assert dict(open_source(tmp_path / "keras.npz", split="test").columns)["image"] == "x_test"


def test_images_of_several_sizes_stand_as_numbers_in_one_column(tmp_path: Path) -> None:
    """Each becomes an image for itself."""
    wide = np.zeros((8, 16), np.uint8)
    on_disk.write_parquet(tmp_path / "a.parquet", on_disk.pa.array([IMAGES[0].tolist(), wide.tolist()]), ["cat", "dog"])
    assert len(facts(open_source(tmp_path).source)) == 2


def test_a_list_of_rows_of_one_length_in_all_is_no_image(tmp_path: Path) -> None:
    """Lengths that only add up are found, and the row is named."""
    ragged = [[[1, 2, 3], [4]], [[1, 2], [3, 4]]]
    on_disk.write_parquet(tmp_path / "a.parquet", on_disk.pa.array(ragged), ["cat", "dog"])
    with pytest.raises(tinytorch_hf.TinyTorchHFError, match=r"a\.parquet, row 1: it has no image"):
        facts(open_source(tmp_path).source)


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"a": ["x"], "b": ["y"]}, {}, r"several columns may hold the samples: a, b\. Name one with --text"),
        ({"a": [b"x"], "b": [b"y"]}, {}, r"several columns may hold the samples: a, b\. Name one with --image"),
        ({"n": [1], "m": [2.0]}, {}, r"no column holds images or texts\. Its columns are n \(number\), m \(number\)"),
        ({"a": [b"x"]}, {}, r"no column may hold the labels\. It has no other columns\. Name it with --label"),
        (
            {"a": [b"x"], "n": [1], "m": [2]},
            {},
            r"several columns may hold the labels\. Its columns are n \(number\), m",
        ),
        ({"a": [b"x"], "n": [1]}, {"label": "no"}, r"has no column no\. Its columns are a \(image\), n \(number\)"),
        ({"a": [b"x"], "n": [1]}, {"image": "no"}, r"has no column no\. .* Name one with --image"),
        ({"a": [b"x"], "n": [1]}, {"image": "a", "text": "n"}, r"images or texts, not both"),
        ({"a": [b"x"], "n": [1]}, {"revision": "main"}, r"There is no revision to choose in .* Leave revision out"),
        ({"a": [b"x"], "n": [1]}, {"config": "main"}, r"There is no config to choose in the folder"),
    ],
)
def test_what_is_not_clear_is_asked(columns: dict[str, Any], options: Any, message: str, tmp_path: Path) -> None:
    """With what there is, and the option that says it."""
    on_disk.pa.parquet.write_table(on_disk.pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(InvalidArgumentError, match=message):
        open_source(tmp_path, **options)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """A path, a mistyped name; a folder with nothing that is read, or with two kinds of it."""
    for name in ("tinydigitz", str(tmp_path / "no.parquet"), "no/such.csv"):
        with pytest.raises(
            MissingFileError, match=r"is not there\. A source is a path, a dataset's name \(.*tinydigits"
        ):
            open_source(name)
    with pytest.raises(InvalidArgumentError, match="holds no supported files"):
        open_source(tmp_path)
    on_disk.in_folders(tmp_path, IMAGES, LABELS)
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
    with pytest.raises(
        InvalidArgumentError, match=r"holds tables or archives \(1: a\.npz\) and images \(12, such as cat/0\.png\)\."
    ):
        open_source(tmp_path)
    with pytest.raises(InvalidArgumentError, match=r"A int is not a source"):
        open_source(7)
    with pytest.raises(InvalidArgumentError, match=r"not pairs of a sample and its label"):
        open_source([IMAGES[0]])


_FROM_THE_HUB = """
import json
import re
from tinytorch_hf.curation.mapping import Reading, facts_of
from tinytorch_hf.curation.sources.opening import open_source, size_of

opened = open_source("tinytorch/tinydigits")
source = opened.source
(shard,) = source.shards()
reading = Reading(source, size_of(source))
found = [facts_of(reading, piece) for piece in source.pieces(shard)]
digests = sorted(row.tobytes().hex() for part in found for row in part.digest)
print(json.dumps([dict(opened.columns), shard, source.sha256(shard), source.n_rows(shard), digests]))
"""


@pytest.mark.longer
def test_a_dataset_of_the_hub_is_read_from_a_mirror_as_from_a_copy(
    mirror: Any, hub: Path, run_with_libraries: Any
) -> None:
    """Its training split, at a revision that is written down; the same hash and samples as the catalogue has."""
    done = run_with_libraries("-c", _FROM_THE_HUB, HF_ENDPOINT=mirror.address, HF_HUB_OFFLINE="0")
    assert done.returncode == 0, done.stderr
    columns, shard, sha256, n_rows, digests = json.loads(done.stdout)
    copy = open_source(hub / "tinydigits")

    assert re.fullmatch("[0-9a-f]{40}", columns.pop("revision"))
    assert columns == dict(copy.columns) == {"image": "image", "label": "label", "split": "train"}
    assert (copy.source.shards(), copy.source.sha256(shard)) == ([shard], sha256)
    for source in (copy.source, open_source("tinydigits").source):
        (name,) = source.shards()
        found = merged(facts_of(Reading(source, 8), piece) for piece in source.pieces(name))
        assert sorted(digest.tobytes().hex() for digest in found.digest) == digests
        assert source.n_rows(name) == n_rows == 1000


def test_loose_images_of_a_repository_are_read_as_folders_are(tmp_path: Path) -> None:
    """Those of the training split, with the same hashes; where labels stand in a table beside them, it is said."""
    pytest.importorskip("datasets", reason="datasets is not installed")
    (tmp_path / "here" / "train").mkdir(parents=True)
    on_disk.in_folders(tmp_path / "here" / "train", IMAGES, LABELS)
    folders = open_source(tmp_path / "here").source
    hashes = {shard: folders.sha256(shard) for shard in folders.shards()}
    copy = (tmp_path / "here").rename(tmp_path / "copy")
    (copy / "test").mkdir()
    on_disk.in_folders(copy / "test", IMAGES[:3] // 2, LABELS[:3])
    card = ("- split: train", "  path: train/**", "- split: test", "  path: test/**")
    lines = "".join(f"  {line}\n" for line in card)
    (copy / "README.md").write_text(f"---\nconfigs:\n- config_name: default\n  data_files:\n{lines}---\n")
    opened = open_source(copy)

    assert content(opened.source) == EXPECTED
    assert dict(opened.columns) == {"split": "train"}
    assert (opened.source.shards(), size_of(opened.source)) == (["train/cat", "train/dog", "train/owl"], 8)
    assert {shard: opened.source.sha256(shard) for shard in opened.source.shards()} == hashes
    with pytest.raises(InvalidArgumentError, match="There is no label to choose in"):
        open_source(copy, label="label")
    (copy / "train" / "metadata.csv").write_text("file_name,label\ncat/0.png,a\n", encoding="utf-8")
    with pytest.raises(InvalidArgumentError, match=r"has train/metadata\.csv beside its images; labels are read from"):
        open_source(copy)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            ConnectionError("no route"),
            r"no/such cannot be read: ConnectionError: no route\. If it is a path, it does not exist",
        ),
        (
            FileNotFoundError("no repository"),
            r"no/such cannot be opened: no repository\. If it is a path, it does not exist",
        ),
        (ValueError("Config name is missing: a, b"), r"cannot be opened: Config name is missing: a, b\."),
    ],
)
def test_a_repository_that_cannot_be_had_is_said(
    error: Exception, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what Hugging Face's library says, and what the user may have meant."""
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")

    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.setattr(datasets, "load_dataset_builder", fails)
    with pytest.raises(tinytorch_hf.TinyTorchHFError, match=message):
        open_source("no/such")


@pytest.mark.parametrize(
    ("array", "names", "expected"),
    [
        (pa.array([3, None, 3, 5]), None, ["3", None, "3", "5"]),
        (pa.array([1.0, 2.5, float("nan")]), None, ["1", "2.5", None]),
        (pa.array(["b", " ", "a "]), None, ["b", None, "a"]),
        (pa.array(["b", None, "a"]).dictionary_encode(), None, ["b", None, "a"]),
        (pa.array([True, False]), None, ["True", "False"]),
        (pa.array([1, 0, 2, -1, None]), ["cat", "dog"], ["dog", "cat", None, None, None]),
        (pa.nulls(2), None, [None, None]),
        (pa.array([7, 8, 9])[1:], None, ["8", "9"]),
    ],
    ids=["numbers", "floats", "texts", "dictionary", "truths", "names", "nothing", "a part"],
)
def test_labels_of_a_column_become_texts(array: Any, names: list[str] | None, expected: list[str | None]) -> None:
    """Each as it would alone, in one chunk or several."""
    for column in (pa.chunked_array([array]), pa.chunked_array([array[:1], array[1:]])):
        assert values.labels(column, names) == expected


def test_files_that_come_later_are_seen(tmp_path: Path) -> None:
    """A folder is listed once for all of its pieces, and again when it has changed."""
    images, labels = on_disk.samples(6)
    on_disk.in_folders(tmp_path, images, labels)
    (tmp_path / "cat" / ".hidden.png").write_bytes(b"")
    source = open_source(tmp_path).source
    before = [source.n_rows(shard) for shard in source.shards()]
    (tmp_path / "cat" / "9.PNG").write_bytes(on_disk.png(images[1]))
    os.utime(tmp_path / "cat", (1, 1))

    assert (before, [source.n_rows(shard) for shard in source.shards()]) == ([2, 2, 2], [3, 2, 2])
