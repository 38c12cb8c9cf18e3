"""Specification of docs.tools.tables: each kind of computed part states what the data hold."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hub_scripts import loading_script

from docs.tools import tables
from tinytorch_hf import catalog, load, load_digits_8x8
from tinytorch_hf.catalog import fields
from tinytorch_hf.data import statistics
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.files import folders


def cells(table: str) -> list[list[str]]:
    """The rows of a Markdown table, without its header."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


@pytest.mark.parametrize("name", catalog.shipped_names())
def test_the_statistics_have_a_column_for_each_split(name: str) -> None:
    """For images, for bytes and for texts; the first row counts the samples."""
    table = tables.statistics_table(name)

    assert table.splitlines()[0] == f"| Statistic | {' | '.join(split.name for split in catalog.info(name).splits)} |"
    assert cells(table)[0] == ["samples", *(str(split.n_samples) for split in catalog.info(name).splits)]


def test_the_statistics_of_texts_are_those_of_describe() -> None:
    """Levels in order, lengths in characters."""
    measured = statistics.statistics(load("tinytalks"))["val"]
    rows = {row[0]: row[2] for row in cells(tables.statistics_table("tinytalks"))}

    assert rows["samples of levels 1, 2, 3, 4, 5"] == "8, 15, 7, 15, 8"
    assert rows["characters of questions and answers"] == str(measured["n_characters"])
    assert rows["longest question"] == str(measured["longest_question"])
    assert rows["mean characters of an answer"] == f"{measured['mean_answer']:.1f}"


def test_the_statistics_of_bytes_are_in_their_own_unit() -> None:
    """TinyMNIST's pixels go to 255."""
    rows = {row[0]: row[1] for row in cells(tables.statistics_table("tinymnist"))}

    assert (rows["lowest pixel"], rows["highest pixel"]) == ("0", "255")


def test_facts_of_texts_have_no_range_and_no_classes() -> None:
    """Those of images have."""
    assert not re.search("Range|Classes", tables.facts_table("tinytalks"))
    assert re.search("Range", tables.facts_table("tinymnist")) and re.search("Classes", tables.facts_table("tinymnist"))


def test_difficulty_is_counted_and_its_scores_lie_within_the_bounds() -> None:
    """Easy up to 1/4, medium up to 1/2, hard above."""
    train = load("tinymnist")["train"]

    for level, (low, high) in enumerate(((0, 0.25), (0.25, 0.5), (0.5, 1))):
        _, n_train, scores, *_ = cells(tables.difficulty_table("tinymnist"))[level]
        assert int(n_train) == int((train["difficulty"] == level).sum())
        assert all(low <= float(score) <= high for score in scores.split(" to "))


def test_the_nearest_neighbour_is_counted_as_one_by_one() -> None:
    """The table's first row, found again image by image; mixing the writers makes it easier."""
    images, labels = load_digits_8x8()
    points = images.reshape(len(images), -1).astype(np.float64)
    n_right = 0
    for fold in np.array_split(np.arange(len(points)), 10):
        others = np.setdiff1d(np.arange(len(points)), fold)
        for index in fold:
            nearest = others[((points[others] - points[index]) ** 2).sum(axis=1).argmin()]
            n_right += int(labels[nearest] == labels[index])

    (_, given), (_, shuffled) = cells(tables.neighbours_table("digits_8x8"))
    assert given == f"{n_right / len(points):.1%}"
    assert float(given.rstrip("%")) < float(shuffled.rstrip("%"))


@pytest.mark.parametrize(("kind", "name"), [("quality", "tinymnist"), ("judge", "tinytalks")])
def test_what_a_benchmark_measured_is_quoted_from_the_datasheet(kind: str, name: str) -> None:
    """Word for word, from its beginning."""
    datasheet = (folders.folder(catalog.info(name)) / "DATASHEET.md").read_text(encoding="utf-8")

    quoted = tables.KINDS[kind](name)

    assert f"<!-- measured: {kind} -->\n{quoted}" in datasheet
    assert quoted.endswith("|")


def test_a_part_that_was_not_measured_is_named(tmp_path: Path) -> None:
    """With the datasheet that lacks it."""
    with pytest.raises(CorruptFileError, match=r"DATASHEET\.md has no part <!-- measured: quality -->"):
        tables.measured_part("quality", 1, "tinytalks")


@pytest.mark.parametrize("name", catalog.shipped_names())
def test_the_citation_is_the_scripts(name: str) -> None:
    """Read without running it, and valid BibTeX as far as braces go."""
    citation = tables.citation(name)

    assert citation == loading_script(name).CITATION
    assert re.match(r"@\w+\{\w+,\n", citation) and citation.count("{") == citation.count("}")
    assert tables.citation_block(name) == f"```bibtex\n{citation}```"


def test_the_fields_of_a_description_are_told_with_type_default_and_meaning() -> None:
    """A row for each; what must be there is needed, and a default is written as in JSON."""
    rows = {row[0]: row[1:] for row in cells(tables.fields_table("description"))}

    assert list(rows) == [f"`{place}`" for place in fields.FIELDS]
    assert all(len(row) == 3 and all(row) for row in rows.values())
    assert rows["`name`"][:2] == ["text", "needed"]
    assert [rows[f"`{place}`"][1] for place in ("classes", "citation", "columns[].lowest")] == ["`[]`", '`""`', "`0`"]


def test_kinds_and_decoders_are_told() -> None:
    """Each kind with its columns, each decoder of a kind with what it reads."""
    kinds = {row[0]: row[1:] for row in cells(tables.kinds_table("description"))}
    decoders = {row[0] for row in cells(tables.decoders_table("description"))}

    assert list(kinds) == list(catalog.KINDS)
    assert kinds["pairs"][0] == "`question` str, `answer` str"
    assert {name for _, names in kinds.values() for name in names.split(", ")} == decoders
