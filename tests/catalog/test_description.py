"""Specification of tinytorch_hf.catalog.description: every way in which a dataset.json can be bad is refused."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DESCRIPTION, Archive, DataFile, DatasetInfo, Downloaded, Folder, Shipped
from tinytorch_hf.catalog.description import MOST_BYTES, checked, description_of, parse_description, read_description
from tinytorch_hf.catalog.fields import FIELDS, REQUIRED, fields_of
from tinytorch_hf.errors import DescriptionError, GitLFSPointerError, StorageError, TinyTorchHFError

Values = dict[str, Any]

IMAGES: Values = {
    "schema": 1,
    "name": "my_shapes",
    "title": "MyShapes",
    "summary": "Nine drawings of three shapes.",
    "version": "1.0.0",
    "kind": "images",
    "decoder": "npz",
    "splits": [
        {"name": "train", "n_samples": 6, "files": [{"name": "train.npz", "size_bytes": 900, "sha256": "a" * 64}]},
        {"name": "test", "n_samples": 3, "files": [{"name": "more/test.npz", "size_bytes": 800, "sha256": "b" * 64}]},
    ],
    "columns": [
        {"name": "images", "dtype": "uint8", "shape": [5, 4], "description": "0 paper to 255 ink"},
        {"name": "labels", "dtype": "int64", "shape": [], "description": "which shape"},
        {"name": "size", "dtype": "int16", "shape": [], "description": "", "names": ["small", "large"], "lowest": 1},
    ],
    "value_range": [0, 255],
    "classes": ["line", "cross", "dot"],
    "license": "CC0-1.0",
    "license_note": "Drawn for this test.",
    "source": "drawn by code",
    "source_url": "https://example.invalid/shapes",
    "citation": "A. Author (2026). Shapes.",
    "creator": "A. Learner",
    "other_files": [{"name": "LICENSE", "size_bytes": 10, "sha256": "c" * 64}],
    "fingerprint": "d" * 64,
    "namespace": "someone",
    "published": "2026-11-21",
    "languages": ["en", "de-CH"],
    "keywords": ["shapes", "first steps"],
}
TEXTS: Values = {
    **{key: IMAGES[key] for key in ("schema", "name", "summary", "version", "license", "source")},
    "kind": "pairs",
    "decoder": "json_lines",
    "splits": [{"name": "train", "n_samples": 2, "files": [{"name": "a.jsonl", "size_bytes": 9, "sha256": "a" * 64}]}],
    "columns": [{"name": "question", "dtype": "str"}, {"name": "answer", "dtype": "str"}],
}


PATH = Path("/data/my_shapes") / DESCRIPTION


def content(values: Any) -> bytes:
    """The content of a ``dataset.json`` with these values."""
    return values if isinstance(values, bytes) else json.dumps(values).encode("utf-8")


def written(folder: Path, values: Any) -> Path:
    """A folder with this ``dataset.json``: values, or a file's content."""
    folder.mkdir(exist_ok=True)
    (folder / DESCRIPTION).write_bytes(content(values))
    return folder


def changed(place: str, value: Any, values: Values = IMAGES) -> Values:
    """The values with another one at a place such as ``splits[1].files[0].name``; ``...`` takes the field out."""
    values = copy.deepcopy(values)
    *way, last = place.replace("[", ".[").split(".")
    holder: Any = values
    for step in way:
        holder = holder[int(step[1:-1])] if step.startswith("[") else holder[step]
    key = int(last[1:-1]) if last.startswith("[") else last
    if value is ...:
        del holder[key]
    else:
        holder[key] = value
    return values


def place_of(field: str) -> str:
    """A place where a field of the table stands in the values above."""
    for group, place in (("files[]", "splits[1].files[0]"), ("splits[]", "splits[1]"), ("columns[]", "columns[2]")):
        field = field.replace(f"{group}.", f"{place}.")
    return field


def refusal(values: Any, path: Path = PATH) -> str:
    """What is said of a bad description after the path of the file, in a line that a terminal shows as it is."""
    with pytest.raises(DescriptionError) as caught:
        parse_description(content(values), path)
    message = str(caught.value)
    assert message.isprintable() and message.endswith((".", "?"))
    assert message.startswith(str(path))
    return message.removeprefix(str(path)).removeprefix(", ")


@pytest.mark.parametrize("values", [IMAGES, TEXTS], ids=["every field", "required fields"])
def test_what_is_described_is_what_is_read_and_written_again(values: Values, tmp_path: Path) -> None:
    """Facts to JSON and back are the same facts, and say no more than was said."""
    dataset = read_description(written(tmp_path, values))
    again = description_of(dataset)

    assert dataset.provider == Folder(str(tmp_path))
    assert parse_description(again.encode("utf-8"), tmp_path / DESCRIPTION) == dataset
    assert set(json.loads(again)) <= {*values, "title", "value_range"}
    assert hash(dataset) == hash(read_description(tmp_path))


def test_every_field_reaches_the_facts(tmp_path: Path) -> None:
    """None of them is read and forgotten."""
    dataset = read_description(written(tmp_path, IMAGES))

    for key in fields_of(""):
        if key not in ("schema", "splits", "columns", "other_files", "value_range", "classes", "pixel_steps"):
            assert getattr(dataset, key) == (tuple(IMAGES[key]) if isinstance(IMAGES[key], list) else IMAGES[key])
    assert dataset.value_range == (0.0, 255.0) and dataset.classes == ("line", "cross", "dot")
    assert [split.n_samples for split in dataset.splits] == [6, 3]
    assert dataset.splits[1].files == (DataFile("more/test.npz", 800, "b" * 64),)
    assert dataset.other_files == (DataFile("LICENSE", 10, "c" * 64),)
    assert dataset.columns[0].shape == (5, 4)
    assert (dataset.columns[2].names, dataset.columns[2].lowest) == (("small", "large"), 1)


@pytest.mark.parametrize(
    ("values", "title", "value_range"),
    [
        (changed("value_range", ..., changed("title", ...)), "MyShapes", (0, 255)),
        (changed("value_range", ..., changed("columns[0].dtype", "float32")), "MyShapes", (0, 1)),
        (TEXTS, "MyShapes", (0, 0)),
    ],
    ids=["bytes", "floats", "texts"],
)
def test_what_is_left_out_follows_from_the_rest(
    values: Values, title: str, value_range: tuple[float, float], tmp_path: Path
) -> None:
    """The title from the name, the range from the dtype of images."""
    dataset = read_description(written(tmp_path, values))

    assert (dataset.title, dataset.value_range, dataset.namespace) == (title, value_range, dataset.namespace)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("published", "2026-02-30", 'published: it is "2026-02-30". Write a day such as 2026-11-21, or leave it out.'),
        ("published", "20261121", 'published: it is "20261121". Write a day such as 2026-11-21, or leave it out.'),
        ("languages", ["en", "English"], 'languages[1]: it is "English". Write a code such as en.'),
        ("keywords", [" rain"], 'keywords[0]: it is " rain". Write one or more words, without a line end.'),
    ],
)
def test_what_the_hub_searches_by_has_its_form(field: str, value: object, said: str) -> None:
    """A day of the calendar, codes of languages, words."""
    assert refusal(changed(field, value)) == said


def test_steps_are_those_of_grey_floats() -> None:
    """Elsewhere they mean nothing, and a shade of a PNG is a byte."""
    floats = changed("value_range", ..., changed("columns[0].dtype", "float32"))

    assert parse_description(content(changed("pixel_steps", 16, floats)), PATH).pixel_steps == 16
    assert refusal(changed("pixel_steps", 16)) == "pixel_steps: only grey images of floats have it. Leave it out."
    assert "Write a number from 1 to 255" in refusal(changed("pixel_steps", 256, floats))


def test_a_missing_field_is_named_with_what_to_write() -> None:
    """Its type and its meaning, as the documentation has them."""
    required = {field: kind for field, kind in FIELDS.items() if kind.default is REQUIRED}

    for field, kind in required.items():
        said = refusal(changed(place_of(field), ...))
        assert said == f"{place_of(field)}: it is missing. Write {kind.to_write}: {kind.meaning}."
    assert len(required) == 18


@pytest.mark.parametrize("field", FIELDS)
def test_a_value_of_another_type_is_named_with_what_to_write(field: str) -> None:
    """Nothing is converted: no number in quotes, no true for 1, no list of one for one."""
    kind = FIELDS[field]
    for value in ("1", 1, 1.5, True, None, [], {}, ["1"], [1], [1.5], [None], [True], [[]], [{}]):
        items = value if isinstance(value, list) and kind.is_list else [value]
        right_type = all(isinstance(item, kind.of) and not isinstance(item, bool) for item in items)
        if right_type and isinstance(value, list) == kind.is_list:
            continue
        said = refusal(changed(place_of(field), value))
        inside = "[0]" if kind.is_list and isinstance(value, list) else ""
        to_write = kind.item_to_write if inside else kind.to_write
        assert said.startswith(f"{place_of(field)}{inside}: it is "), value
        assert said.endswith(f". Write {to_write}."), value


def test_a_control_character_is_refused_and_never_printed() -> None:
    """In no text of the file; what is printed of it later needs no care."""
    for field, character in product(FIELDS, ("\x1b[31m", "\n", "\0", "\x9b", "\u202e", "\u2028", "\ud800")):
        if FIELDS[field].of == (str,):
            text = f"my{character}"
            value, inside = ([text], "[0]") if FIELDS[field].is_list else (text, "")
            said = refusal(changed(place_of(field), value))
            assert said.startswith(f"{place_of(field)}{inside}: it has the control character '\\"), (field, character)


def test_a_text_that_must_be_there_is_not_blank() -> None:
    """An empty licence is none."""
    for field, kind in FIELDS.items():
        if kind.of == (str,) and kind.default is REQUIRED:
            assert refusal(changed(place_of(field), "  ")).startswith(f"{place_of(field)}: it is empty. Write ")


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        ("licence", "Did you mean license?"),
        ("splits[0].n_sample", "Did you mean n_samples?"),
        ("columns[1].unit", "Known are name, dtype, shape, description, names, lowest."),
        ("splits[1].files[0].sha265", "Did you mean sha256?"),
        ("other_files[0].md5", "Known are name, size_bytes, sha256."),
        ("fin\x1bgerprint", "Did you mean fingerprint?"),
    ],
    ids=ascii,
)
def test_an_unknown_field_is_named_with_the_one_that_is_meant(place: str, hint: str) -> None:
    """A typing error would otherwise be a fact that is silently left out."""
    said = refusal(changed(place, "x"))

    assert said == f"{place.encode('unicode_escape').decode()}: there is no such field. {hint}"


# Each with the place of the value, the bad value, and words of the message; the field that it names is that place
# unless another one is given.
BAD_VALUES: list[tuple[str, Any, str] | tuple[str, Any, str, str]] = [
    ("schema", 0, "it is 0. This release reads version 1: write 1."),
    ("schema", 2, "it is 2. This release reads version 1: write 1."),
    ("name", "MyShapes", "small letters, digits and _"),
    ("name", "1shape", "beginning with a letter"),
    ("name", "my-shapes", 'it is "my-shapes"'),
    ("name", "../shapes", 'it is "../shapes"'),
    ("name", "a" * 65, "aaa..."),
    ("name", "schön", "small letters"),
    ("title", "My Shapes", "such as MyShapes"),
    ("title", "class", 'it is "class"'),
    ("title", "2D", "the name of a class"),
    ("title", "Schön", "the name of a class"),
    ("version", "1 0", "such as 1.0.0"),
    ("kind", "image", "Write one of these: images, pairs, source text, plain text."),
    ("kind", "pairs", "there is no column question, which every dataset of pairs has. Add it.", "columns"),
    ("decoder", "json", "Write one of these for images: npz, pickle, idx, cifar_batches."),
    ("decoder", "json_lines", 'it is "json_lines"'),
    ("license", "", "it is empty"),
    ("source_url", "javascript:alert(1)", "https:// or http://"),
    ("source_url", "https://example.invalid/a b", "https:// or http://"),
    ("fingerprint", "D" * 64, "64 hexadecimal digits, or leave it out"),
    ("namespace", "a/b", "a name on the Hub"),
    ("namespace", "", "a name on the Hub"),
    ("value_range", [], "it is not two numbers"),
    ("value_range", [0, 1, 2], "it is not two numbers"),
    ("value_range", [1, 0], "the lowest first"),
    ("value_range", [0, float("nan")], "it is NaN", "value_range[1]"),
    ("value_range", [float("-inf"), 0], "it is -Infinity", "value_range[0]"),
    ("value_range", [0, 10**400], "it is Infinity", "value_range[1]"),
    ("value_range", [0, 2**60], "at most 9007199254740992", "value_range[1]"),
    ("classes", [], "there are labels. Write what 0, 1, 2 ... stand for."),
    ("classes", ["a", "b", "a"], "one of them occurs twice"),
    ("classes", ["a", ""], "it is empty", "classes[1]"),
    ("columns", [], "there is no column images"),
    ("columns[1].name", "images", 'columns[1].name: "images" occurs twice'),
    ("columns[2].name", "Labels", "occurs twice"),
    ("columns[2].name", "a b", "letters, digits and _"),
    ("columns[2].name", "größe", "letters, digits and _"),
    ("columns[0].dtype", "object", "Write one of these: bool, int8, uint8"),
    ("columns[0].dtype", "float64", "uint8, 0 to 255, or as float32, 0 to 1"),
    ("columns[0].dtype", "int64", "uint8, 0 to 255, or as float32, 0 to 1"),
    ("columns[0].dtype", "str", "files of images hold no texts"),
    ("columns[1].dtype", "uint8", 'labels of images must be stored as int64. Then write "int64".'),
    ("columns[2].dtype", "float32", "size does not have one whole number per sample", "columns[2].names"),
    ("columns[0].shape", [], "Write [height, width], or in colour [3, height, width]."),
    ("columns[0].shape", [4, 5, 5], "it is [4, 5, 5]"),
    ("columns[0].shape", [5, 5, 3], "it is [5, 5, 3]"),
    ("columns[0].shape", [5, 0], "Write lengths from 1 on."),
    ("columns[0].shape", [-1, 5], "Write lengths from 1 on."),
    ("columns[0].shape", [2**70, 5], "it is 1.1805916207174113e+21", "columns[0].shape[0]"),
    ("columns[1].shape", [1], "labels of images has one value per sample. Write []."),
    ("columns[1].names", ["a"], "is written in classes"),
    ("columns[2].shape", [2], "size does not have one whole number per sample", "columns[2].names"),
    ("columns[2].names", ["a", "a"], "one of them occurs twice"),
    ("columns[2].names", [], "it needs names", "columns[2].lowest"),
    ("splits", [], "Write at least one split."),
    ("splits[1].name", "train", "occurs twice"),
    ("splits[1].name", "TRAIN", "occurs twice"),
    ("splits[1].name", "../test", "letters, digits and _"),
    ("splits[0].n_samples", 0, "it is 0. Write how many samples there are, at least 1."),
    ("splits[0].n_samples", -3, "it is -3"),
    ("splits[0].n_samples", 10**25, "it is 1e+25. Write a whole number."),
    ("splits[0].n_samples", 2**60, "at most 9007199254740992"),
    ("splits[0].files", [], "Write at least one file."),
    ("splits[0].files", IMAGES["splits"][0]["files"] * 2, "occurs twice", "splits[0].files[1].name"),
    ("splits[0].files[0].size_bytes", -1, "it is -1"),
    ("splits[0].files[0].sha256", "A" * 64, "in small letters"),
    ("splits[0].files[0].sha256", "a" * 63, "64 hexadecimal digits"),
    *(
        (place, path, "Write the path of a data file inside the folder, with /.")
        for place in ("splits[0].files[0].name", "other_files[0].name")
        for path in (
            *("../train.npz", "a/../../train.npz", "/etc/passwd", "a\\b.npz", "..\\train.npz", "C:/train.npz", "C:x"),
            *("a//b.npz", "./train.npz", "a/.", "train.npz/", ".", "..", "dataset.json", "Dataset.JSON", "\\\\host\\x"),
        )
    ),
]


@pytest.mark.parametrize("case", BAD_VALUES, ids=lambda case: f"{case[0]}={str(case[1])[:30]}")
def test_a_value_that_breaks_a_rule_is_named_with_what_to_write(case: tuple[Any, ...]) -> None:
    """The field, what it is, and what it should be."""
    place, value, words, *named = case

    said = refusal(changed(place, value))

    assert words in said
    assert said.startswith(f"{named[0] if named else place}: ")


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("columns[0].shape", [2], "columns[0].shape: question of pairs has one value per sample. Write []."),
        ("columns[0].dtype", "int64", 'columns[0].dtype: question of pairs must be stored as str. Then write "str".'),
        ("classes", ["a"], "classes: there is no column labels. Leave the classes out."),
        ("decoder", "npz", 'decoder: it is "npz". Write one of these for pairs: '),
        ("kind", "plain text", "columns: there is no column text"),
        ("columns[1].name", "text", "columns: there is no column answer"),
        ("columns[1].lowest", 1, "columns[1].lowest: it needs names"),
        ("columns[1].names", ["a"], "columns[1].names: answer does not have one whole number per sample"),
        (
            "columns",
            [*TEXTS["columns"], {"name": "place", "dtype": "float32", "shape": [2]}],
            "columns[2].shape: columns of pairs have one value per sample. Write [].",
        ),
        (
            "columns",
            [{"name": "images", "dtype": "uint8"}, {"name": "labels", "dtype": "int64"}, *TEXTS["columns"]],
            'kind: these columns are those of images. Write "images".',
        ),
    ],
)
def test_texts_have_rules_of_their_own(place: str, value: Any, said: str) -> None:
    """What a kind requires, and what its files can hold."""
    assert refusal(changed(place, value, TEXTS)).startswith(said)


def test_images_and_labels_stand_in_their_order() -> None:
    """As the tuples that adapters give have them."""
    swapped = [IMAGES["columns"][at] for at in (1, 0, 2)]

    assert refusal(changed("columns", swapped)) == "columns: images come first and labels second."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", ": line 1, column 1 is not JSON: Expecting value."),
        (b"{", ": line 1, column 2 is not JSON: "),
        (b'{"schema": 1,\n "name" "x"}', ": line 2, column 9 is not JSON: Expecting ':' delimiter."),
        (b"\xef\xbb\xbf{}", ": it begins with a byte order mark. Save it as UTF-8 without one."),
        (b'{"name": "\xff"}', ": byte 11 is not UTF-8. Save it as UTF-8."),
        ("{}".encode("utf-16"), ": byte 1 is not UTF-8. Save it as UTF-8."),
        (b"[1]", ": it must be an object in braces, { ... }."),
        (b"NaN", ": it must be an object in braces, { ... }."),
        (b'{"schema": 1, "schema": 1}', "schema: it occurs twice. Keep one of them."),
        (b'{"columns": [{"a\\u001b": 1, "a\\u001b": 1}]}', "a\\x1b: it occurs twice. Keep one of them."),
        (b"[" * 200_000, ": its lists and objects are nested too deeply."),
        (b'{"schema": ' + b"9" * 100_000 + b"}", "schema: it is Infinity. Write a whole number."),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_json_object_is_refused(data: bytes, said: str) -> None:
    """With the place of the first fault."""
    assert refusal(data).startswith(said)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """Whatever is in it."""
    written(tmp_path, b" " * (MOST_BYTES + 1))

    with pytest.raises(DescriptionError, match=f"dataset.json: it has {MOST_BYTES + 1} bytes; no description has over"):
        read_description(tmp_path)


def test_a_git_lfs_pointer_is_told_as_such(tmp_path: Path) -> None:
    """With the command that gets the file."""
    data = b"version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 9\n"

    with pytest.raises(GitLFSPointerError, match=r"dataset\.json is a Git-LFS pointer.*`git lfs pull`"):
        read_description(written(tmp_path, data))


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        (lambda path: None, "there is no such file. Give the folder of a dataset"),
        (lambda path: path.mkdir(), "this is not a file"),
        (os.mkfifo, "this is not a file"),
    ],
    ids=["nothing", "a folder", "a pipe"],
)
def test_a_folder_without_the_file_is_no_dataset(stands: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    """Nor is one with something else in its place, which would never end to be read."""
    stands(tmp_path / DESCRIPTION)

    with pytest.raises(DescriptionError, match=rf"dataset\.json: {said}"):
        read_description(tmp_path)


def test_what_cannot_be_read_is_reported(tmp_path: Path) -> None:
    """With the system's reason."""
    (tmp_path / DESCRIPTION).symlink_to(DESCRIPTION)

    with pytest.raises(StorageError, match=r"dataset\.json cannot be read: Too many levels of symbolic links\."):
        read_description(tmp_path)


@pytest.mark.parametrize("place", ["splits[0].files[0].name", "other_files[0].name"])
def test_a_link_must_not_lead_out_of_the_folder(place: str, tmp_path: Path) -> None:
    """Nor may a folder on the way; a link to a file inside is one more name of it."""
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    folder = written(tmp_path / "folder", IMAGES)
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    (folder / "in").symlink_to("train.npz")

    for name in ("out", "up/secret"):
        said = refusal(changed(place, name), folder / DESCRIPTION)
        assert said == f"{place}: {name} is a link that leads out of the folder. Copy the file into it."
    assert read_description(written(folder, changed(place, "in")))


# --- facts that were made in code -----------------------------------------------------------------------------------


def facts(**changes: Any) -> DatasetInfo:
    """Good facts, changed."""
    return replace(parse_description(content(IMAGES), PATH), **changes)


def test_facts_made_in_code_keep_the_same_rules() -> None:
    """Good ones come back as they are, with the folder's path absolute."""
    assert checked(facts()) == facts()
    assert checked(facts(provider=Folder("x"))).provider == Folder(str(Path("x").absolute()))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "My Shapes"}, r"The facts of My Shapes, name: it is \"My Shapes\"\. Write small letters"),
        ({"kind": "image"}, r", kind: it is \"image\"\. Write one of these: images"),
        ({"version": 1}, r", version: it is 1\. Write a text in quotes\."),
        ({"splits": ()}, r", splits: it is empty"),
        ({"splits": []}, r"not of the types that DatasetInfo states: unhashable type: 'list'"),
        ({"splits": ("train",)}, r"not of the types that DatasetInfo states"),
        ({"columns": None}, r"not of the types that DatasetInfo states"),
        ({"value_range": (0, float("nan"))}, r"not of the types that DatasetInfo states"),
        ({"value_range": (1, 0)}, r", value_range: it is not two numbers"),
        ({"other_files": (DataFile("../x", 1, "a" * 64),)}, r", other_files\[0\]\.name: it is \"\.\./x\""),
        ({"other_files": (DataFile("x", 1),)}, r", other_files\[0\]\.sha256: it is empty"),
        ({"provider": Shipped()}, r", provider: it is Shipped\. Write Folder or Downloaded\."),
        ({"rules": "tutor"}, r", rules: only built-in datasets have it\. Leave it out\."),
        ({"summary": "a\x1b[2Jb"}, r", summary: it has the control character '\\x1b'"),
    ],
)
def test_bad_facts_made_in_code_are_refused(changes: Values, said: str) -> None:
    """By the field's name, whatever is wrong."""
    with pytest.raises(DescriptionError, match=said):
        checked(facts(**changes))


def test_files_that_are_downloaded_may_have_an_md5_alone() -> None:
    """As CIFAR-10's have; where they come to lie is nobody's folder, so links there are no matter."""
    archive = Archive(DataFile("a.tar.gz", 9, "e" * 64), "", ("https://example.invalid/a.tar.gz",))
    splits = tuple(replace(split, files=(DataFile(split.name, 0, "", "f" * 32),)) for split in facts().splits)

    dataset = facts(provider=Downloaded((archive,), "shapes"), splits=splits)

    assert checked(dataset) == dataset
    assert checked(replace(catalog.CIFAR10, name="mine", fingerprint="", namespace="me")).name == "mine"


# --- anything at all ------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
PLACES = [
    *IMAGES,
    *(f"splits[{at}].{key}" for at in (0, 1) for key in fields_of("splits[]")),
    *(f"columns[{at}].{key}" for at in (0, 1, 2) for key in ("name", "dtype", "shape", "names", "lowest")),
    *(f"{file}.{key}" for file in ("splits[0].files[0]", "other_files[0]") for key in fields_of("files[]")),
]


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(PLACES), JSON | st.just(...), min_size=1, max_size=3), st.sampled_from([0, 1]))
def test_no_values_at_all_raise_anything_but_our_errors(changes: Values, indent: int) -> None:
    """What is read is facts that are written and read as the same again."""
    values = IMAGES
    for place, value in changes.items():
        try:
            values = changed(place, value, values)
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # the change before this one took the place away
    try:
        dataset = parse_description(json.dumps(values, indent=indent).encode("utf-8"), PATH)
    except TinyTorchHFError as error:
        assert str(error).isprintable()
    else:
        assert parse_description(description_of(dataset).encode("utf-8"), PATH) == dataset


@settings(max_examples=40)
@given(st.integers(0, 2000), st.binary(max_size=3), st.integers(0, 3))
def test_no_bytes_at_all_raise_anything_but_our_errors(start: int, inserted: bytes, n_cut: int) -> None:
    """A few bytes are put in the place of others, anywhere."""
    data = json.dumps(IMAGES).encode("utf-8")
    start %= len(data)
    try:
        parse_description(data[:start] + inserted + data[start + n_cut :], PATH)
    except TinyTorchHFError as error:
        assert str(error).isprintable()
