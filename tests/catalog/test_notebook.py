"""Specification of tinytorch_hf.catalog.notebook: what a notebook shows of datasets and splits."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import own_datasets
import pytest

from tinytorch_hf import catalog, load
from tinytorch_hf.files.splits import Split


def cells(html: str) -> list[list[str]]:
    """The table's rows; it is well-formed, so that nothing of it leaves the table."""
    return [[cell.text or "" for cell in row] for row in ElementTree.fromstring(html).iter("tr")]  # noqa: S314 -- ours


@pytest.mark.parametrize("name", catalog.built_in_names())
def test_every_dataset_is_a_table_of_its_facts(name: str) -> None:
    """With what a reader asks for first; what is not known has no row."""
    dataset = catalog.info(name)

    rows = dict(cells(dataset._repr_html_()))

    assert rows["what it is"] == dataset.summary
    assert rows["licence"].startswith(f"{dataset.license}.")
    assert all(rows.values()) and ("classes" in rows) == bool(dataset.classes)


def test_a_split_is_a_table_of_its_columns(tmp_path: Path) -> None:
    """The first values of those that hold one value a sample."""
    split = load(own_datasets.image_set(tmp_path), "test")

    assert cells(split._repr_html_())[:3] == [
        ["column", "dtype", "shape", "begins with"],
        ["images", "uint8", "[9, 6, 9]", ""],
        ["labels", "int64", "[9]", "0, 1, 0, 1, …"],
    ]


def test_words_are_never_markup() -> None:
    """Nor is a control character acted upon; long texts are cut."""
    texts = np.array(["<script>x</script>\x1b&amp;", "a" * 100])

    html = Split("<b>", {"<i>": texts})._repr_html_()

    assert not re.search(r"<(script|b|i)>", html)
    assert cells(html)[1] == ["<i>", "<U100", "[2]", r"<script>x</script>\x1b&amp;, " + "a" * 23 + "…"]
