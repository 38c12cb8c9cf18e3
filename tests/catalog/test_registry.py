"""Specification of tinytorch_hf.catalog.registry: names, and the datasets that other packages bring."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from conftest import Run

from tinytorch_hf import catalog, fingerprint, load, register, write_dataset
from tinytorch_hf.catalog.registry import ENTRY_POINTS, BuiltIn
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.files import decode

Bring = Callable[..., None]

NAME = "brought"


@pytest.fixture
def bring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bring]:
    """Install a package that brings a dataset: a module, and a dist-info with the entry point, as pip leaves them."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    before = set(sys.modules)

    def install(source: str, point: str = f"{NAME} = brings_one:DATASET", package: str = "brings-one") -> None:
        module = point.partition("=")[2].partition(":")[0].strip()
        (site / f"{module}.py").write_text(source, encoding="utf-8")
        info = site / f"{package.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\n{point}\n", encoding="utf-8")

    yield install
    catalog.forget(NAME)
    for name in set(sys.modules) - before:
        if name.startswith("brings"):
            del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a dataset with this name, which is not registered."""
    write_dataset(
        tmp_path / NAME,
        {"train": {"images": np.arange(16, dtype=np.uint8).reshape(4, 2, 2), "labels": np.arange(4) % 2}},
        **{"name": NAME, "summary": "Squares.", "license": "CC0-1.0", "source": "this test"},
        classes=("a", "b"),
    )
    catalog.forget(NAME)
    return tmp_path / NAME


def test_the_typed_names_are_the_built_in_ones() -> None:
    """So that a type checker knows each of them, in the catalog's order."""
    assert get_args(BuiltIn) == catalog.built_in_names()
    assert all(catalog.info(name).name == name for name in get_args(BuiltIn))


def test_every_decoder_that_the_catalog_explains_is_there() -> None:
    """And no other one."""
    assert list(decode.DECODERS) == list(catalog.DECODERS)


@pytest.mark.parametrize("given", ["a path", "a text", "facts", "a function", "a function that gives facts"])
def test_a_package_brings_a_dataset(given: str, bring: Bring, folder: Path) -> None:
    """By a folder's path, by facts, or by a function that gives either; it is listed without importing anything."""
    source = {
        "a path": f"from pathlib import Path\nDATASET = Path({str(folder)!r})",
        "a text": f"DATASET = {str(folder)!r}",
        "a function": f"def DATASET():\n    return {str(folder)!r}",
        "facts": f"from tinytorch_hf import info\nDATASET = info({str(folder)!r})",
        "a function that gives facts": f"from tinytorch_hf import info\nDATASET = lambda: info({str(folder)!r})",
    }
    bring(source[given])

    assert NAME in catalog.names() and "brings_one" not in sys.modules
    assert load(NAME, "train")["labels"].tolist() == [0, 1, 0, 1]  # type: ignore[call-overload]
    assert catalog.info(NAME) == catalog.info(folder) and catalog.names().count(NAME) == 1
    assert fingerprint(NAME) == catalog.info(folder).fingerprint  # type: ignore[arg-type]


def test_what_is_registered_comes_before_what_a_package_brings(bring: Bring, folder: Path) -> None:
    """Whether it was asked for before or not; the package is imported once, when it is."""
    bring(f"DATASET = {str(folder)!r}")
    assert catalog.info(NAME).version == "1.0.0"
    mine = replace(catalog.info(folder), version="mine")

    register(mine)

    assert catalog.info(NAME).version == "mine"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise OSError('no data here')", "it cannot be used: OSError: no data here"),
        ("", "it cannot be used: AttributeError: module 'brings_one' has no attribute 'DATASET'"),
        ("def DATASET(): raise KeyError(3)", "it cannot be used: KeyError: 3"),
        ("DATASET = 3", "gives a DatasetInfo or a folder's path, not int"),
        (f"DATASET = {NAME!r}", r"DescriptionError: \S*brought.dataset\.json: there is no such file"),
        ("DATASET = '/nowhere/at/all'", r"DescriptionError: /nowhere/at/all/dataset\.json: there is no such file"),
        (
            "from dataclasses import replace\nfrom tinytorch_hf import info\n"
            f"DATASET = replace(info('tinydigits'), name={NAME!r})",
            "DescriptionError: The facts of brought, provider: it is Shipped",
        ),
        (
            "import pathlib, json\nfolder = pathlib.Path({folder!r})\n"
            "values = json.loads((folder / 'dataset.json').read_text())\n"
            "(folder / 'dataset.json').write_text(json.dumps({{**values, 'name': 'other'}}))\nDATASET = folder",
            "The package brings-one brings brought, but the dataset is called other. Both must be the same",
        ),
    ],
    ids=["raises", "no attribute", "a function that raises", "a number", "a name", "no folder", "bad facts", "other"],
)
def test_a_package_that_brings_nothing_usable_is_named(source: str, said: str, bring: Bring, folder: Path) -> None:
    """With what it did; all other datasets are as usable as before."""
    bring(source.format(folder=str(folder)) if "{folder" in source else source)

    assert NAME in catalog.names()
    with pytest.raises(InvalidArgumentError, match=said) as refusal:
        catalog.info(NAME)
    assert "brings-one" in str(refusal.value)
    assert catalog.info("tinydigits").name == "tinydigits"


def test_two_packages_with_one_name_are_refused(bring: Bring, folder: Path) -> None:
    """Both are named; which one is meant is for the user to say."""
    bring(f"DATASET = {str(folder)!r}")
    bring(f"DATASET = {str(folder)!r}", f"{NAME} = brings_two:DATASET", "brings-two")

    assert catalog.names().count(NAME) == 1
    with pytest.raises(
        InvalidArgumentError,
        match=f"Several packages bring a dataset {NAME}: brings-one, brings-two. Uninstall all but one.",
    ):
        catalog.info(NAME)


def test_a_package_cannot_take_a_built_in_name(bring: Bring, folder: Path) -> None:
    """The name stands for what it always stood for, and the package is not imported."""
    bring(f"DATASET = {str(folder)!r}", "tinydigits = brings_one:DATASET")

    assert catalog.info("tinydigits") is catalog.TINYDIGITS
    assert catalog.names().count("tinydigits") == 1 and "brings_one" not in sys.modules


def test_a_mistyped_name_of_what_a_package_brings_is_suggested(bring: Bring, folder: Path) -> None:
    """As any other name is."""
    bring(f"DATASET = {str(folder)!r}")

    with pytest.raises(UnknownNameError, match=f"Did you mean '{NAME}'"):
        catalog.info("brougt")


def test_packages_are_looked_at_only_for_a_name_that_is_not_known(
    run_numpy_only: Run, bring: Bring, folder: Path
) -> None:
    """Looking takes longer than loading: neither a built-in name, nor a path, nor a registered one needs it."""
    program = (
        "import sys, tinytorch_hf\n"
        f"tinytorch_hf.load('tinydigits'), tinytorch_hf.info('mnist'), tinytorch_hf.load({str(folder)!r})\n"
        f"tinytorch_hf.register({str(folder)!r}), tinytorch_hf.load({NAME!r})\n"
        "before = 'importlib.metadata' in sys.modules\n"
        "tinytorch_hf.names()\n"
        "print(before, 'importlib.metadata' in sys.modules)"
    )
    done = run_numpy_only("-c", program)

    assert (done.stdout, done.stderr) == ("False True\n", "")
