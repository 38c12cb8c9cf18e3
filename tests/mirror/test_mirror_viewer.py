"""Specification of the mirror's viewer: rows, features and sizes of Parquet files, whoever wrote them."""

from __future__ import annotations

import datetime
import decimal
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from serving import Answer, Mirror, ask, serving

from tinytorch_hf import load
from tinytorch_hf.errors import CorruptFileError, StorageError, UnknownNameError
from tinytorch_hf.hub.contents import take_snapshot
from tinytorch_hf.mirror import cells, server, viewer
from tinytorch_hf.mirror.repositories import Repository

ID = "tinytorch/tinydigits"
IMAGES = {"dataset": ID, "config": "default", "split": "train"}


def png(shade: int, size: tuple[int, int] = (4, 3), kind: str = "PNG") -> bytes:
    """A picture of one shade."""
    stream = io.BytesIO()
    Image.new("L", size, shade).save(stream, kind)
    return stream.getvalue()


def seen(mirror: Mirror, path: str, **query: Any) -> Any:
    """Body of a good answer."""
    answer = asked(mirror, path, **query)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def asked(mirror: Mirror, path: str, **query: Any) -> Answer:
    """Any answer."""
    return ask(mirror.address, f"{path}?{urlencode(query)}")


def test_rows_are_the_curated_samples(mirror: Mirror) -> None:
    """Any part of them, with their features; pictures under addresses that the mirror serves."""
    curated = load("tinydigits", "train")
    rows = seen(mirror, "/rows", **IMAGES, offset=990, length=100)

    assert (rows["num_rows_total"], rows["num_rows_per_page"], rows["partial"]) == (1000, 100, False)
    assert [row["row_idx"] for row in rows["rows"]] == list(range(990, 1000))
    assert [row["row"]["label"] for row in rows["rows"]] == curated["labels"][990:].tolist()
    assert rows["features"][0] == {"feature_idx": 0, "name": "image", "type": {"_type": "Image"}}
    picture = rows["rows"][3]["row"]["image"]
    assert (picture["height"], picture["width"]) == (8, 8)
    answer = ask(mirror.address, picture["src"].removeprefix(mirror.address))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    pixels = np.asarray(Image.open(io.BytesIO(answer.body)))
    np.testing.assert_array_equal((pixels.astype(int) + 8) >> 4, (curated["images"][993] * 16).astype(int))


def test_first_rows_are_the_first_hundred(mirror: Mirror) -> None:
    """As those of the rows; of a small split all."""
    first = seen(mirror, "/first-rows", **IMAGES)

    assert first["rows"] == seen(mirror, "/rows", **IMAGES)["rows"]
    assert (first["dataset"], first["config"], first["split"], first["truncated"]) == (ID, "default", "train", False)
    texts = {"dataset": "tinytorch/tinytalks", "config": "pair", "split": "val"}
    questions = [row["row"]["question"] for row in seen(mirror, "/first-rows", **texts)["rows"]]
    assert questions == load("tinytalks", "val")["question"].tolist()


def test_what_there_is(mirror: Mirror) -> None:
    """Splits, sizes, facts and files, of all configurations or of one."""
    splits = [(config, split) for config in ("default", "array") for split in ("train", "test")]
    found = seen(mirror, "/splits", dataset=ID)
    assert [(one["config"], one["split"]) for one in found["splits"]] == splits and found["pending"] == []
    assert len(seen(mirror, "/splits", dataset=ID, config="array")["splits"]) == 2
    assert (
        seen(mirror, "/is-valid", dataset=ID)["viewer"]
        and not seen(mirror, "/is-valid", dataset="course/odd")["viewer"]
    )

    size = seen(mirror, "/size", dataset=ID)["size"]
    assert size["dataset"]["num_rows"] == 2400 and [one["num_rows"] for one in size["splits"]] == [1000, 200] * 2
    files = mirror.repositories[ID].main.files
    assert size["splits"][0]["num_bytes_parquet_files"] == files["data/default/train-00000-of-00001.parquet"].size_bytes
    assert seen(mirror, "/size", dataset=ID, config="array")["size"]["config"]["num_columns"] == 2

    info = seen(mirror, "/info", dataset=ID)["dataset_info"]
    assert datasets.Features.from_dict(info["array"]["features"])["pixels"] == datasets.Array2D((8, 8), "float32")
    assert info["default"]["splits"]["test"]["num_examples"] == 200
    assert seen(mirror, "/info", dataset=ID, config="array")["dataset_info"] == info["array"]


def test_where_the_parquet_files_are(mirror: Mirror) -> None:
    """By the viewer's list and by the API's addresses, with the bytes behind them, in parts, too."""
    listed = seen(mirror, "/parquet", dataset=ID, config="default")
    assert {one["split"]: one["size"] for one in listed["parquet_files"]} == {
        split: mirror.repositories[ID].main.files[f"data/default/{split}-00000-of-00001.parquet"].size_bytes
        for split in ("train", "test")
    }
    api = f"/api/datasets/{ID}/parquet"
    every = seen(mirror, api)
    assert list(every) == ["default", "array"] and seen(mirror, f"{api}/array") == every["array"]
    assert seen(mirror, f"{api}/array/test") == every["array"]["test"]
    (address,) = every["default"]["train"]
    whole = ask(mirror.address, address.removeprefix(mirror.address)).body
    assert whole == ask(mirror.address, listed["parquet_files"][0]["url"].removeprefix(mirror.address)).body
    part = ask(mirror.address, address.removeprefix(mirror.address), headers={"Range": "bytes=0-3"})
    assert (part.status, part.body) == (206, b"PAR1")
    for wrong in (
        f"{api}/nothing",
        f"{api}/array/nothing",
        f"{api}/array/test/1.parquet",
        f"{api}/array/test/x.parquet",
    ):
        assert ask(mirror.address, wrong).status == 404


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/rows", {**IMAGES, "offset": "-1"}, 422, "InvalidParameter"),
        ("/rows", {**IMAGES, "offset": "x"}, 422, "InvalidParameter"),
        ("/rows", {**IMAGES, "offset": "1.5"}, 422, "InvalidParameter"),
        ("/rows", {**IMAGES, "length": "-1"}, 422, "InvalidParameter"),
        ("/rows", {**IMAGES, "length": "101"}, 422, "InvalidParameter"),
        ("/rows", {**IMAGES, "length": "9" * 5000}, 422, "InvalidParameter"),
        ("/rows", {**IMAGES, "length": "\u0663"}, 422, "InvalidParameter"),
        ("/rows", {**IMAGES, "config": "nothing"}, 404, "ConfigNotFoundError"),
        ("/rows", {**IMAGES, "split": "nothing"}, 404, "SplitNotFoundError"),
        ("/rows", {"dataset": ID}, 422, "MissingRequiredParameter"),
        ("/rows", {}, 422, "MissingRequiredParameter"),
        ("/first-rows", {**IMAGES, "split": ""}, 422, "MissingRequiredParameter"),
        ("/splits", {"dataset": ""}, 422, "MissingRequiredParameter"),
        ("/splits", {"dataset": "a/b"}, 404, "RepoNotFound"),
        ("/splits", {"dataset": "course/odd"}, 404, "DataFilesNotFoundError"),
        ("/size", {"dataset": ID, "config": "nothing"}, 404, "ConfigNotFoundError"),
        ("/info", {"dataset": ID, "config": "<b>\n"}, 404, "ConfigNotFoundError"),
        ("/parquet", {"dataset": "../../etc/passwd"}, 404, "RepoNotFound"),
    ],
)
def test_questions_that_have_no_answer(
    mirror: Mirror, path: str, query: dict[str, str], status: int, code: str
) -> None:
    """Get the status, the code and the JSON of the Hub's viewer."""
    answer = asked(mirror, path, **query)

    assert (answer.status, answer.headers["x-error-code"]) == (status, code)
    assert list(json.loads(answer.body)) == ["error"]


@pytest.mark.parametrize("offset", [1000, 10**14, 10**4000])
def test_rows_behind_the_last_are_none(mirror: Mirror, offset: int) -> None:
    """However far behind; and none are given where none are wanted."""
    assert seen(mirror, "/rows", **IMAGES, offset=offset)["rows"] == []
    assert seen(mirror, "/rows", **IMAGES, length=0)["rows"] == []


@pytest.mark.parametrize(
    "rest",
    ["x/--/default/train/0/image/image", "main/--/default/train/1000/image/image",
     "main/--/default/train/-1/image/image", "main/--/default/train/0/label/image",
     "main/--/default/train/0/image/image-0", "main/--/x/train/0/image/image",
     "main/--/default/train/0/nothing/image", "main/--/default/train/0/image/LICENSE"],
)  # fmt: skip
def test_pictures_that_are_not_there(mirror: Mirror, rest: str) -> None:
    """Not found, whatever the address names instead."""
    assert ask(mirror.address, f"/cached-assets/{ID}/--/{rest}").status == 404
    assert ask(mirror.address, f"/cached-assets/{ID}/--/main/--/default/train/0/image/image").status == 200


TABLE = {
    "text": ["a" * 60_000, "b", None],
    "number": [float("nan"), 2.5, float("-inf")],
    "when": [datetime.datetime(2026, 1, 2), None, datetime.datetime(1970, 1, 1)],
    "exact": [decimal.Decimal("1.10"), None, decimal.Decimal("2.00")],
    "bytes": [b"\x00\xff", b"", None],
    "list": [[1, 2], [], None],
    "struct": [{"a": 1, "b": ["x"]}, None, {"a": None, "b": []}],
    "photo": [{"bytes": png(1, (5, 2), "JPEG"), "path": "a"}, {"bytes": b"<script>", "path": None}, None],
    "photos": [[{"bytes": png(2), "path": None}, {"bytes": png(3), "path": None}], [], None],
}
CARD = """---
configs:
- config_name: mine
  data_files: part*.parquet
dataset_info:
  config_name: mine
  features:
  - {name: text, dtype: string}
  - {name: number, dtype: float64}
  - {name: when, dtype: "timestamp[us]"}
  - {name: exact, dtype: "decimal128(3, 2)"}
  - {name: bytes, dtype: binary}
  - {name: list, list: int64}
  - name: struct
    struct: [{name: a, dtype: int64}, {name: b, sequence: string}]
  - {name: photo, dtype: image}
  - {name: photos, sequence: image}
---
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """A mirror of a folder with Parquet files of many groups of rows that this library did not write."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    table = pa.table(TABLE)
    pq.write_table(table, folder / "part-1.parquet", row_group_size=2)
    pq.write_table(table.slice(1), folder / "part-2.parquet", row_group_size=1)
    (folder / "bad.parquet").write_bytes(b"PAR1 and nothing more PAR1")
    repository = Repository("me/own", {"main": take_snapshot(folder)})
    with serving(server.server({repository.id: repository})) as address:
        yield Mirror(address, {repository.id: repository}, folder)


MINE = {"dataset": "me/own", "config": "mine", "split": "train"}


@pytest.mark.parametrize(("offset", "length"), [(0, 100), (0, 1), (1, 3), (2, 2), (3, 1), (4, 9), (5, 1)])
def test_rows_of_several_files_and_groups(own: Mirror, offset: int, length: int) -> None:
    """Are counted through, wherever they are cut."""
    expected = ["a" * 50_000, "b", None, "b", None][offset : offset + length]
    answer = seen(own, "/rows", **MINE, offset=offset, length=length)

    assert [row["row"]["text"] for row in answer["rows"]] == expected
    assert answer["num_rows_total"] == 5


def test_values_of_every_kind_are_json(own: Mirror) -> None:
    """Numbers that are none are null, dates and decimals text, bytes base64; what was cut is named."""
    first, second, third = (row["row"] for row in seen(own, "/rows", **MINE, length=3)["rows"])

    assert [row["number"] for row in (first, second, third)] == [None, 2.5, None]
    assert (first["when"], first["exact"], first["bytes"]) == ("2026-01-02 00:00:00", "1.10", "AP8=")
    assert (first["list"], second["list"], third["list"]) == ([1, 2], [], None)
    assert (first["struct"], second["struct"]) == ({"a": 1, "b": ["x"]}, None)
    rows = seen(own, "/first-rows", **MINE)
    assert [row["truncated_cells"] for row in rows["rows"]] == [["text"], [], [], [], []] and rows["truncated"]
    expected = datasets.Features._from_yaml_list(CARD_FEATURES).to_dict()
    assert {one["name"]: one["type"] for one in rows["features"]} == json.loads(json.dumps(expected))


CARD_FEATURES: Any = __import__("yaml").safe_load(CARD.split("---")[1])["dataset_info"]["features"]


def test_pictures_in_lists_and_what_is_no_picture(own: Mirror) -> None:
    """Each has an address; bytes that are no picture are never served as anything."""
    first, second = (row["row"] for row in seen(own, "/rows", **MINE, length=2)["rows"])

    assert (first["photo"]["width"], first["photo"]["height"]) == (5, 2)
    shades = []
    for picture in first["photos"]:
        answer = ask(own.address, picture["src"].removeprefix(own.address))
        shades.append(Image.open(io.BytesIO(answer.body)).getpixel((0, 0)))
    assert shades == [2, 3]
    answer = ask(own.address, first["photo"]["src"].removeprefix(own.address))
    assert (answer.headers["content-type"], answer.headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
    assert ask(own.address, second["photo"]["src"].removeprefix(own.address)).status == 404


@pytest.mark.parametrize("path", ["/api/datasets/me/own/croissant"])
def test_croissant_of_files_that_have_none(own: Mirror, path: str) -> None:
    """Names every file with its hash, and every column that it has a word for."""
    described = seen(own, path)

    assert [file["name"] for file in described["distribution"]] == ["part-1.parquet", "part-2.parquet"]
    assert described["distribution"][0]["contentUrl"].startswith(f"{own.address}/datasets/me/own/resolve/")
    assert described["distribution"][0]["sha256"] == own.repositories["me/own"].main.files["part-1.parquet"].sha256
    assert [field["name"] for field in described["recordSet"][0]["field"]] == ["text", "number", "photo"]


def test_croissant_of_a_built_dataset(mirror: Mirror) -> None:
    """Says what its own says; its records are made for whoever has it alone, with addresses at which the files are."""
    described = seen(mirror, f"/api/datasets/{ID}/croissant")
    own = json.loads(mirror.repositories[ID].main.files["croissant.json"].place.read_text(encoding="utf-8"))

    records = {"distribution", "recordSet"}
    assert {k: v for k, v in described.items() if k not in records} == {
        k: v for k, v in own.items() if k not in records
    }
    ids = {one["@id"] for one in described["recordSet"]}
    assert ids == {f"{config}/{split}" for config in ("array", "default") for split in ("train", "test")}
    for file in described["distribution"]:
        assert len(ask(mirror.address, file["contentUrl"].removeprefix(mirror.address)).body) == int(
            file["contentSize"].removesuffix(" B")
        )


def written(folder: Path, table: pa.Table, **options: Any) -> viewer.Table:
    """A table of one file."""
    pq.write_table(table, folder / "train.parquet", **options)
    return viewer.table(take_snapshot(folder), "default", "train")


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"a": pa.array(["x"]).dictionary_encode(), "b": pa.array([1.5], pa.float16())}),
        pa.table({"a": pa.array([datetime.date(2026, 1, 1)]), "b": pa.array([[1]], pa.list_(pa.int8(), 1))}),
        pa.table({"a": pa.array(["x"], pa.large_string()), "b": pa.array([[b"x"]], pa.large_list(pa.binary()))}),
        pa.table({"a": pa.array([{"x": {"y": [True]}}])}),
        datasets.Dataset.from_dict({"a": [0], "b": [[[1.0]]]}, features=datasets.Features(
            {"a": datasets.ClassLabel(names=["one"]), "b": datasets.Array2D((1, 1), "float32")})).data.table,
    ],
)  # fmt: skip
def test_features_are_those_of_the_library(table: pa.Table, tmp_path: Path) -> None:
    """From what it wrote into the file, or from the types of the columns."""
    found = written(tmp_path, table)

    expected = datasets.Features.from_arrow_schema(pq.read_schema(tmp_path / "train.parquet")).to_dict()
    assert found.features == json.loads(json.dumps(expected))
    (row,) = found.rows(0, 1)
    assert list(row) == table.column_names


@pytest.mark.parametrize(
    "metadata",
    [b"{", b"[" * 10_000, b"null", b'{"info": {"features": []}}', b'{"info": {"features": {"b": {}}}}', b"\xff",
     b'{"info": {"features": {"a": 1}}}'],
)  # fmt: skip
def test_metadata_that_makes_no_sense_is_passed_over(metadata: bytes, tmp_path: Path) -> None:
    """The types of the columns count then."""
    table = pa.table({"a": [1]}).replace_schema_metadata({b"huggingface": metadata})

    assert written(tmp_path, table).features == {"a": {"dtype": "int64", "_type": "Value"}}


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    """Are named, with what is wrong; and so are names that are not there, and files that changed."""
    for content in (b"", b"PAR1", b"PAR1" + b"\xff" * 100 + b"PAR1", png(1)):
        (tmp_path / "train.parquet").write_bytes(content)
        with pytest.raises(CorruptFileError, match=r"train\.parquet is no Parquet file"):
            viewer.table(take_snapshot(tmp_path), "default", "train")
    table = written(tmp_path, pa.table({"a": list(range(1000))}))
    with pytest.raises(UnknownNameError, match="no split 'x'"):
        viewer.table(take_snapshot(tmp_path), "default", "x")
    with pytest.raises(UnknownNameError, match="no configuration 'x'"):
        viewer.tables(take_snapshot(tmp_path), "x")
    (tmp_path / "train.parquet").write_bytes(b"other")
    with pytest.raises(StorageError, match="changed after the mirror was started"):
        table.rows(0, 1)


def test_groups_of_rows_beyond_every_measure_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file can unpack to any size, by compression or by naming one long value often: it is not tried."""
    same = pa.table({"a": ["x" * 1000] * 10_000})
    table = written(tmp_path, same, use_dictionary=False)
    monkeypatch.setattr(viewer, "_MAX_GROUP_BYTES", 100_000)
    with pytest.raises(CorruptFileError, match="smaller groups"):
        table.rows(0, 1)

    table = written(tmp_path, same)
    assert table.n_bytes_in_memory < 10_000
    monkeypatch.setattr(viewer, "_MAX_ROWS_BYTES", 50_000)
    assert len(table.rows(100, 40)) == 40
    with pytest.raises(CorruptFileError, match="fewer at once"):
        table.rows(0, 100)


def test_a_cell_has_an_end() -> None:
    """Of long lists and of deep ones the beginning is shown."""
    many, is_cut = cells.cell(list(range(100_000)), None, "")
    assert (len(many), is_cut) == (cells.MAX_ITEMS, True)
    deep: Any = 1
    for _ in range(1000):
        deep = [deep]
    shown, is_cut = cells.cell(deep, None, "")
    assert is_cut and str(shown).count("[") < 100
