"""Specification of what the pages show of files without facts: rows as `load_dataset` reads them, in bounds."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import datasets
import pytest
from PIL import Image
from serving import Mirror, ask, serving
from test_mirror_pages import Page

from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.mirror import charts, glimpses, repositories, row_pages, rows, server
from tinytorch_hf.mirror.markup import document
from tinytorch_hf.mirror.repositories import Repository
from tinytorch_hf.mirror.rows import NoRowsError

COLOURS = {"blue": (0, 0, 255), "red": (255, 0, 0)}


def png(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> bytes:
    """A picture of one colour."""
    content = io.BytesIO()
    Image.new("RGB", size, colour).save(content, "PNG")
    return content.getvalue()


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    """A folder with files."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def write_course(folder: Path) -> None:
    """Sub-folders in every form that is read, and some that are not."""
    lines = "".join(
        f"n{number},{number % 2},{number / 8},{('cat', 'dog', 'owl')[number % 3]}\n" for number in range(90)
    )
    write(folder / "tables", {"train.csv": f"name,flag,score,kind\n{lines}", "test.csv": "name,flag,score,kind\n"})
    texts = [{"question": f"What is {n}? <b>", "meta": {"n": [n]}, "maybe": None if n % 2 else 1.5} for n in range(30)]
    write(folder / "lines", {"train.jsonl": "".join(f"{json.dumps(text)}\n" for text in texts)})
    pictures = {f"{c}/{n}.png": png(COLOURS[c]) for c in COLOURS for n in range(4 if c == "red" else 8)}
    write(folder / "pictures", {f"train/{name}": content for name, content in pictures.items()})
    write(folder / "pictures", {"test/red/0.png": png(COLOURS["red"])})
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["a", "b"])})
    table = {"image": [{"bytes": png((0, 255, 0)), "path": None}] * 3, "label": [0, 1, 0]}
    (folder / "parquet" / "data").mkdir(parents=True)
    made = datasets.Dataset.from_dict(table, features=features)
    made.to_parquet(str(folder / "parquet" / "data" / "train-00000-of-00001.parquet"))
    card = "---\nconfigs:\n- config_name: small\n  data_files: a.csv\n- config_name: large\n  data_files: b.csv\n---\n"
    write(folder / "configured", {"README.md": card, "a.csv": "x\n1\n", "b.csv": "y\n2\n3\n"})
    write(folder / "files", {"a.bin": "x"})


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """A mirror of them."""
    folder = tmp_path_factory.mktemp("rows") / "course"
    write_course(folder)
    own = repositories.by_id(repositories.own(folder))
    with serving(server.server(own)) as address:
        yield Mirror(address, own, folder)


def page(mirror: Mirror, name: str, query: str = "", status: int = 200) -> Page:
    """A sub-folder's page."""
    answer = ask(mirror.address, f"/datasets/course/{name}?{query}")
    assert answer.status == status, answer
    return Page(answer.body.decode())


def own(folder: Path, files: dict[str, str | bytes], name: str = "one") -> Repository:
    """A repository of files."""
    write(folder / "course" / name, files)
    return next(one for one in repositories.own(folder / "course") if one.id == f"course/{name}")


@pytest.mark.parametrize(
    ("name", "layout", "kinds", "n_rows"),
    [
        ("tables", {"default": ("train", "test")}, ["text", "number", "number", "text"], 90),
        ("lines", {"default": ("train",)}, ["text", "other", "number"], 30),
        ("pictures", {"default": ("train", "test")}, ["image", "class"], 12),
        ("parquet", {"default": ("train",)}, ["image", "class"], 3),
    ],
)
def test_rows_are_those_of_load_dataset(
    course: Mirror, name: str, layout: dict[str, tuple[str, ...]], kinds: list[str], n_rows: int
) -> None:
    """Its configurations, splits and columns, whatever the files are; pictures are left as they are."""
    repository = course.repositories[f"course/{name}"]
    part = rows.part(repository, *rows.first(repository))

    assert rows.layout(repository) == layout
    assert [column.kind for column in part.columns] == kinds
    assert (len(part.rows), part.n_rows, part.is_whole) == (n_rows, n_rows, True)


def test_a_page_shows_rows_charts_and_statistics_of_a_table(course: Mirror) -> None:
    """As a table, because all of it is short; chosen by the columns with few values."""
    shown = page(course, "tables")

    assert "90 rows, page 1 of 4." in shown.text and "n23" in shown.text and "n24" not in shown.text
    assert {"split", "by1", "by3"} == {select["name"] for select in shown.all("select")}
    # Of the names: none is missing, all ninety differ, the shortest has two letters.
    assert "Rows by kind" in shown.text and "nametext (numbers: its length)0902" in shown.text
    labels = [drawing["aria-label"] or "" for drawing in shown.all("svg") if drawing.get("role") == "img"]
    assert any(label.startswith("score, train: 90 values from 0 to 11.125") for label in labels)
    owls = page(course, "tables", "by3=2&page=2")
    assert "30 rows, page 2 of 2." in owls.text and "n89" in owls.text and "n88" not in owls.text
    links = [link["href"] or "" for link in owls.all("a") if "page=" in (link["href"] or "")]
    assert links == ["/datasets/course/tables?config=default&split=train&by3=2&page=1#samples"]


def test_a_page_shows_pictures_by_class(course: Mirror) -> None:
    """Small, from an address of their own; the classes of all splits are counted."""
    shown = page(course, "pictures", "by1=1")

    assert "4 rows, page 1 of 1." in shown.text and "red" in shown.text and "[8] red" in shown.text
    addresses = [image["src"] or "" for image in shown.all("img")]
    assert len(addresses) == 4 and all(address.startswith("/cells/course/pictures?") for address in addresses)
    picture = ask(course.address, addresses[0])
    assert picture.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(picture.body)) as image:
        assert image.convert("RGB").getpixel((0, 0)) == COLOURS["red"]
    assert "4 + 1" in shown.text and "8 + 0" in shown.text


def test_damaged_pictures_are_counted_and_named(tmp_path: Path) -> None:
    """Cut off in the middle, or no picture at all; the others are shown, and no icon stands for a broken one."""
    good = png(COLOURS["red"])
    files = {f"train/red/{number}.png": good for number in range(4)}
    damaged = {"train/red/4.png": good[:-30], "train/red/5.png": b"no picture"}
    repository = own(tmp_path, {**files, **damaged})

    shown = Page(document("x", *row_pages.body("/x", repository, {})))

    assert "The picture of row 4 is damaged." in shown.text and "The picture of row 5 is damaged." in shown.text
    assert "In the column image 2 pictures are damaged." in shown.text
    assert "imageimage02" in shown.text
    assert len(shown.all("img")) == 4


def test_a_page_of_a_beginning_says_that_it_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where rows are chosen among those that were looked at."""
    monkeypatch.setattr(rows, "MOST_ROWS", 60)
    lines = "".join(f"{number},{'ab'[number % 2]}\n" for number in range(100))
    repository = own(tmp_path, {"train.csv": f"number,kind\n{lines}"}, "long")

    def text(query: dict[str, str]) -> str:
        return Page(document("x", *row_pages.body("/x", repository, query))).text

    assert "The first 60 rows, page 1 of 3. Choices" in text({})
    assert "30 of the first 60 rows, page 1 of 2. Choices" in text({"by1": "1"})


def test_pictures_in_parquet_and_texts_in_cards(course: Mirror) -> None:
    """The one from the file's bytes; the other escaped, with what is no text as JSON."""
    (first, *_) = (image["src"] or "" for image in page(course, "parquet").all("img"))
    assert ask(course.address, first).body.startswith(b"\x89PNG")

    shown = page(course, "lines")
    assert "What is 3? <b>" in shown.text and shown.all("b") == [] and '{"n": [3]}' in shown.text
    assert "(nothing)" in shown.text


def test_configurations_can_be_chosen(course: Mirror) -> None:
    """Those of the card; the line to copy names one, because none is the default."""
    shown = page(course, "configured", "config=large")

    assert "2 rows, page 1 of 1." in shown.text
    assert "config" in {select["name"] for select in shown.all("select")}
    assert 'load_dataset("course/configured", "small")' in shown.text


def test_what_is_not_read_is_said(course: Mirror) -> None:
    """And is served as files all the same."""
    shown = page(course, "files")

    assert "No samples are shown: load_dataset finds no data" in shown.text
    assert any((link["href"] or "").endswith("/a.bin") for link in shown.all("a"))


@pytest.mark.parametrize(
    "query", ["split=nothing", "config=nothing", "page=0", "page=9", "page=x", "by3=x", "by3=-1", "by3=" + "9" * 999]
)
def test_a_wrong_choice_is_explained(course: Mirror, query: str) -> None:
    """404, and a way back."""
    assert page(course, "tables", query, 404).all("a")[0]["href"] == "/datasets/course/tables"


@pytest.mark.parametrize(
    "query",
    [
        *("", "config=default&split=train", "config=default&split=train&row=99", "config=x&split=train&row=0"),
        *("config=default&split=train&row=0&column=1", "config=default&split=train&row=0&column=x"),
    ],
)
def test_a_picture_that_is_not_there(course: Mirror, query: str) -> None:
    """404, of a row without one, a column that holds none, and a dataset that has none."""
    assert ask(course.address, f"/cells/course/tables?{query}").status == 404
    assert query.endswith("train") or ask(course.address, f"/cells/course/pictures?{query}").status == 404
    assert ask(course.address, f"/cells/course/nothing?{query}").status == 404


@pytest.mark.parametrize(
    "paths",
    [
        *("/etc/passwd", "../other/a.csv", "**/../../*", "https://example.org/a.csv", "~/a.csv", "C:\\a.csv"),
        *("zip://a::b", "\\\\host\\a.csv", [{"split": "train", "path": ["ok.csv", "/etc/passwd"]}], {"train": "../x"}),
    ],
)
def test_a_card_that_leads_out_of_the_folder_is_not_followed(paths: object, tmp_path: Path) -> None:
    """Neither to another folder nor to another machine; the page says where it would go."""
    card = f"---\nconfigs: {json.dumps([{'config_name': 'default', 'data_files': paths}])}\n---\n"

    with pytest.raises(NoRowsError, match=r"README\.md names .* which is not in the folder"):
        rows.layout(own(tmp_path, {"README.md": card, "ok.csv": "x\n1\n"}))


def test_a_card_with_endless_yaml_is_refused(tmp_path: Path) -> None:
    """Lists of lists of lists by name, in which every one stands ten times; and what is no YAML."""
    names = "\n".join(f"  - &l{n + 1} [{', '.join([f'*l{n}'] * 10)}]" for n in range(9))
    bomb = f"---\nconfigs:\n- data_files:\n  - &l0 [a]\n{names}\n---\n"

    with pytest.raises(NoRowsError, match="too many"):
        rows.layout(own(tmp_path, {"README.md": bomb, "ok.csv": "x\n1\n"}))
    with pytest.raises(NoRowsError, match="cannot be read"):
        rows.layout(own(tmp_path, {"README.md": "---\na: [\n---\n", "ok.csv": "x\n1\n"}, "two"))


def test_a_file_that_is_not_served_is_not_read(tmp_path: Path) -> None:
    """Such as a link out of the folder, which load_dataset would follow."""
    (tmp_path / "secret.csv").write_text("secret\n1\n", encoding="utf-8")
    folder = write(tmp_path / "course" / "one", {"a.txt": "x"})
    (folder / "train.csv").symlink_to(tmp_path / "secret.csv")
    (repository,) = repositories.own(tmp_path / "course")

    with pytest.raises(NoRowsError) as raised:
        rows.part(repository, *rows.first(repository))
    assert "which is not served" in str(raised.value) and str(tmp_path) not in str(raised.value)


def test_a_table_of_pictures_names_served_files_alone(tmp_path: Path) -> None:
    """Another file, wherever it is, is not opened."""
    (tmp_path / "secret.png").write_bytes(png(COLOURS["red"]))
    table = '{"file_name": "a.png", "x": 1}\n{"file_name": "../../secret.png", "x": 2}\n'
    repository = own(tmp_path, {"train/a.png": png(COLOURS["blue"]), "train/metadata.jsonl": table})
    try:
        config, split = rows.first(repository)
        part = rows.part(repository, config, split)
    except NoRowsError as problem:
        # Newer releases of the library refuse it themselves.
        assert "secret.png" in str(problem)
        return
    found = [
        row_pages.cell(repository, {"config": config, "split": split, "row": str(place), "column": "0"})
        for place in range(len(part.rows))
    ]
    assert found[0] and found[1:] == [None]


def test_no_script_is_run(tmp_path: Path) -> None:
    """One of the folder's name is what releases before 4 would run; newer ones refuse it."""
    script = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    try:
        rows.layout(own(tmp_path, {"one.py": script, "train.csv": "x\n1\n"}))
    except NoRowsError as problem:
        assert "one.py" in str(problem) or "script" in str(problem)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + bytes(100), png((0, 0, 0))[:60]])
def test_a_picture_that_is_none_is_no_error_of_the_server(content: bytes, tmp_path: Path) -> None:
    """The rest of the page is there and says that it is damaged; under its address nothing is found."""
    repository = own(tmp_path, {"train/a/0.png": content, "train/b/0.png": png(COLOURS["red"])})
    with serving(server.server({repository.id: repository})) as address:
        shown = Page(ask(address, "/datasets/course/one").body.decode())
        (image,) = (image["src"] or "" for image in shown.all("img"))
        damaged = image.replace("row=1", "row=0")
        assert "The picture of row 0 is damaged." in shown.text
        assert [ask(address, one).status for one in (image, damaged)] == [200, 404]


def test_only_so_much_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a table: by rows, and by bytes; the page says so. Of Parquet files, pages go on to the end."""
    monkeypatch.setattr(rows, "MOST_ROWS", 30)
    table = "".join(f"{number}\n" for number in range(100))
    repository = own(tmp_path, {"train.csv": f"x\n{table}"})
    part = rows.part(repository, "default", "train")
    assert (len(part.rows), part.n_rows, part.is_whole) == (30, 30, False)
    shown = document("", *row_pages.body("/", repository, {}))
    assert "Choices, charts and statistics are of the first 30 rows." in shown

    monkeypatch.setattr(rows, "_MOST_BYTES", 1000)
    long = own(tmp_path, {"train.jsonl": f"{json.dumps({'x': 'a' * 600})}\n" * 10}, "long")
    assert len(rows.part(long, "default", "train").rows) == 1

    (tmp_path / "course" / "all").mkdir()
    datasets.Dataset.from_dict({"x": list(range(100))}).to_parquet(str(tmp_path / "course" / "all" / "train.parquet"))
    all_rows = repositories.own(tmp_path / "course")[0]
    part = rows.part(all_rows, "default", "train")
    assert (part.n_rows, part.is_whole, part.at(20, 3), part.at(98, 9)) == (
        *(100, False),
        *([{"x": 20}, {"x": 21}, {"x": 22}], [{"x": 98}, {"x": 99}]),
    )
    assert "100 rows, page 5 of 5." in document("", *row_pages.body("/", all_rows, {"page": "5"}))


def test_the_front_page_shows_what_was_looked_at(course: Mirror) -> None:
    """Rows, columns and pictures; what nothing is known of has its files alone."""
    glimpses.look_at_all(course.repositories.values()).join(60)

    shown = Page(ask(course.address, "/").body.decode())
    assert "90 rows in train. Columns: name, flag, score, kind." in shown.text
    pictures = {image["src"] for image in shown.all("img")}
    assert pictures == {"/pictures/course/pictures.png", "/pictures/course/parquet.png"}
    for address in pictures:
        assert ask(course.address, address or "").headers["content-type"] == "image/jpeg"
    assert glimpses.known(course.repositories["course/files"]) is None


def test_an_unknown_part_is_named(course: Mirror) -> None:
    """With what there is."""
    with pytest.raises(UnknownNameError, match="Known: train, test"):
        rows.part(course.repositories["course/tables"], "default", quote("<x>"))


@pytest.mark.parametrize(
    "values",
    [
        *([], [1.0], [2, 2, 2], [float("nan"), float("inf")], [1e308, -1e308]),
        *([0, 1], [0.1, 0.2], [1, 10**300], [-5e-324, 5e-324], list(range(1000)), [float("nan"), 1.0, 2.0]),
    ],
)
def test_a_histogram_counts_every_number_once(values: list[float]) -> None:
    """Whatever they are; where there is nothing to be seen there is none."""
    drawn = charts.histogram("x", values)

    known = [value for value in values if abs(value) < 1e301]
    if len(set(known)) < 2:
        assert drawn is None
    else:
        assert drawn is not None and f"{len(known):,} values" in document("", drawn)


def test_many_values_are_counted_together() -> None:
    """Beyond those that a chart shows; the parts of a bar are as long as they are many."""
    counts = {f"v{number}": [1, 2] for number in range(charts.MOST_BARS + 10)}
    shown = document("", charts.counts("c", counts, ["a", "b"]))

    assert "10 more" in shown and "10 + 20" in shown and "v24<" not in shown
