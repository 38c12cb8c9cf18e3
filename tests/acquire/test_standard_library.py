"""TinyPy as it is built from the standard library of the Python that runs these tests."""

from __future__ import annotations

import ast
import hashlib
import runpy
import sysconfig
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision, standard_library
from tinytorch_hf.acquire.clones import are_clones, words
from tinytorch_hf.data import loaders, text_loaders
from tinytorch_hf.errors import CorruptFileError, MissingFileError, UnknownNameError
from tinytorch_hf.files import folders
from tinytorch_hf.files.python_functions import Function, source_of
from tinytorch_hf.formats import json_lines

Splits = dict[str, list[Function]]


@pytest.fixture(scope="module")
def splits(tinypy: str) -> Splits:
    """TinyPy's records."""
    found = {}
    for name, split in loaders.load(catalog.TINYPY).items():
        found[name] = [Function(*row) for row in zip(*(column.tolist() for column in split.values()), strict=True)]
    return found


def as_files(splits: Splits) -> dict[str, bytes]:
    """Content of the files of these records, by name."""
    return {f"{name}.jsonl": json_lines.encode(functions) for name, functions in splits.items()}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A standard library of the test's own, empty."""
    folder = tmp_path / "lib"
    folder.mkdir()
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(folder) if name == "stdlib" else None)
    return folder


def found(library: Path, code: str, module: str = "json") -> list[Function]:
    """What is found in a library with this one module."""
    (library / f"{module}.py").write_text(code, encoding="utf-8")
    return list(standard_library.candidates())


def test_there_are_as_many_as_the_catalog_says(splits: Splits) -> None:
    """4000, 500 and 500, whatever the release of Python."""
    assert {split: len(functions) for split, functions in splits.items()} == {"train": 4000, "val": 500, "test": 500}


def test_every_function_keeps_the_rules(splits: Splits) -> None:
    """3 to 25 lines of printable ASCII, at most 100 characters wide, one function that compiles alone."""
    for function in (function for functions in splits.values() for function in functions):
        source = source_of(function)
        lines = source.split("\n")
        (definition,) = ast.parse(source).body
        compile(source, "alone", "exec", dont_inherit=True)

        assert 3 <= len(lines) == function.n_lines <= 25, source
        assert source.isascii() and all(line.isprintable() and len(line) <= 100 for line in lines), source
        assert getattr(definition, "name", None) == function.name.rpartition(".")[2]


def test_the_formatting_is_the_normal_one(splits: Splits) -> None:
    """What a function's text is parsed and written to is the function, part by part."""
    for function in splits["test"]:
        (definition,) = ast.parse(source_of(function)).body
        assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef)
        assert standard_library.normal_form(function.module, function.name, definition) == function


def test_no_family_of_modules_is_in_two_splits(splits: Splits) -> None:
    """So nothing leaks from one split into another through what its neighbours share."""
    families = {split: {standard_library.family(f.module) for f in functions} for split, functions in splits.items()}

    assert sum(map(len, families.values())) == len(set.union(*families.values()))
    assert min(map(len, families.values())) >= 10
    assert all(
        count <= 60
        for split in ("val", "test")
        for count in Counter(standard_library.family(f.module) for f in splits[split]).values()
    )


def test_no_function_is_a_near_duplicate_of_another(splits: Splits) -> None:
    """All pairs of all splits are looked at, in another way than the selection does."""
    functions = [function for functions in splits.values() for function in functions]
    bags = [words(f"{function.signature}\n{function.body}") for function in functions]
    sizes = np.array([len(bag) for bag in bags])
    holders: dict[tuple[str, int], list[int]] = {}
    for position, bag in enumerate(bags):
        for word in bag:
            holders.setdefault(word, []).append(position)
    arrays = {word: np.array(positions) for word, positions in holders.items()}

    for position, bag in enumerate(bags):
        n_shared = np.bincount(np.concatenate([arrays[word] for word in bag]), minlength=len(bags))
        n_shared[position] = 0
        closest = int(np.argmax(n_shared / np.maximum(sizes, sizes[position])))
        assert not are_clones(n_shared[closest], max(sizes[closest], sizes[position])), functions[position]
    assert len({source_of(function) for function in functions}) == 5000


def test_every_function_is_where_its_module_and_name_say(splits: Splits) -> None:
    """In the library on this disk, by a search of another kind."""
    library = Path(sysconfig.get_path("stdlib"))
    for function in splits["val"]:
        path = library.joinpath(*function.module.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        assert f"def {function.name.rpartition('.')[2]}" in path.read_text(encoding="utf-8")


def test_the_order_is_drawn_by_lot(splits: Splits) -> None:
    """The first fifty functions of each split come from many modules."""
    for functions in splits.values():
        assert len({function.module for function in functions[:50]}) >= 10


def test_loaders_give_texts_and_columns(splits: Splits) -> None:
    """Sources for a lesson, columns for the rest; both from the cache."""
    assert text_loaders.load_tinypy("val") == [source_of(function) for function in splits["val"]]
    assert len(text_loaders.load_tinypy()) == 5000
    loaded = loaders.load("tinypy")
    assert [(name, len(split)) for name, split in loaded.items()] == [("train", 4000), ("val", 500), ("test", 500)]
    assert loaded["test"]["name"].tolist() == [function.name for function in splits["test"]]
    with pytest.raises(UnknownNameError, match="Known: train, val, test"):
        text_loaders.load_tinypy("dev")


def test_it_is_built_on_first_use_and_then_read(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, into the cache; and never into a root, unless that is asked for."""
    n_built = []
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(standard_library, "build", lambda _dataset: n_built.append(1) or as_files(splits))

    with pytest.raises(UnknownNameError):
        loaders.load_split("tinypy", "dev")
    assert not (tmp_path / "cache").exists()
    for _ in range(2):
        assert len(loaders.load_split("tinypy", "val")) == len(text_loaders.load_tinypy("val")) == 500
    assert n_built == [1]

    with pytest.raises(MissingFileError, match="tinytorch-hf download tinypy --root"):
        text_loaders.load_tinypy("val", tmp_path / "root")
    assert len(provision.provide(catalog.TINYPY, tmp_path / "root")) == 4
    assert provision.provide(catalog.TINYPY, tmp_path / "root") == []
    assert text_loaders.load_tinypy("val", tmp_path / "root") == text_loaders.load_tinypy("val")
    assert n_built == [1, 1]


def test_a_damaged_cache_is_an_error_until_it_is_provided_anew(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the user's is not replaced behind their back."""
    monkeypatch.setattr(standard_library, "build", lambda _dataset: as_files(splits))
    provision.provide(catalog.TINYPY, tmp_path)
    path = folders.folder(catalog.TINYPY, tmp_path) / "val.jsonl"
    path.write_bytes(path.read_bytes()[:-100])

    for load in (lambda: text_loaders.load_tinypy("val", tmp_path), lambda: loaders.load("tinypy", root=tmp_path)):
        with pytest.raises(CorruptFileError, match=r"val\.jsonl, line 500"):
            load()
    provision.provide(catalog.TINYPY, tmp_path)
    assert len(text_loaders.load_tinypy("val", tmp_path)) == 500


def test_functions_and_methods_are_taken_not_what_is_inside_of_them(library: Path) -> None:
    """Also below conditions and in inner classes; a method is dedented."""
    code = """
if a:
    def one(x):
        y = x
        return y
else:
    try:
        class C:
            class D:
                @staticmethod
                async def two(x):
                    def inner(x):
                        y = x
                        return y
                    return inner
    except E:
        pass
"""
    assert [(function.name, function.signature) for function in found(library, code)] == [
        ("one", "def one(x):"),
        ("C.D.two", "@staticmethod\nasync def two(x):"),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    return x",
        "def f(x):\n    '''Three\n\n    lines.\n    '''",
        "def f(x):\n" + "    x += 1\n" * 25,
        "def f(x):\n    y = x\n    return '\u00e4'",
        "def f(x):\n    '''A\\x07b.'''\n    return x",
        "def f(x):\n    nonlocal y\n    y = x",
        "def f(x):\n    y = x\n    return '" + "a" * 100 + "'",
    ],
    ids=["two lines", "docstring alone", "26 lines", "not ASCII", "bell", "does not compile alone", "wide"],
)
def test_what_breaks_a_rule_is_left_out(library: Path, code: str) -> None:
    """Each of these breaks one."""
    assert found(library, code) == []


def test_comments_go_and_the_docstring_is_cleaned(library: Path) -> None:
    """One formatting for all, with the docstring apart."""
    code = 'def f( x ):\n  # Why.\n  "Say \\\\ x.\\n\\n      More.  \\n    "\n  return {\n    "a": x}\n'

    (function,) = found(library, code)

    assert function == Function("json", "f", "def f(x):", "Say \\ x.\n\nMore.", "    return {'a': x}", 6)
    assert source_of(function) == 'def f(x):\n    """Say \\\\ x.\n\n    More.\n    """\n    return {\'a\': x}'


@pytest.mark.parametrize(
    "path",
    [
        *("test/support.py", "unittest/test/cases.py", "json/tests/cases.py", "idlelib/idle_test/cases.py"),
        *("tkinter/ttk.py", "distutils/core.py", "lib2to3/main.py", "ensurepip/__init__.py", "site.py"),
        *("_sysconfigdata__linux.py", "site-packages/json.py", "sitecustomize.py", "numpy/core.py"),
    ],
)
def test_what_distributions_leave_out_or_add_changes_nothing(library: Path, path: str) -> None:
    """Tests, split packages, files made when Python was built, and what was installed later."""
    code = "def f(x):\n    y = x\n    return y\n"
    (library / "json").mkdir()
    (library / "json" / "__init__.py").write_text(code, encoding="utf-8")
    (library / path).parent.mkdir(parents=True, exist_ok=True)
    (library / path).write_text(code, encoding="utf-8")

    assert [module for module, _ in standard_library.modules()] == ["json"]


def test_a_library_without_sources_is_explained(library: Path) -> None:
    """Some distributions deliver it compiled; the error says what was found and what to use."""
    with pytest.raises(MissingFileError, match=r"0 functions of the 4000 that are needed for train.*python\.org"):
        standard_library.build(catalog.TINYPY)


def test_relatives_are_one_family() -> None:
    """A package with all it holds, and the modules that are its twins."""
    assert standard_library.family("asyncio.base_events") == standard_library.family("asyncio") == "asyncio"
    assert standard_library.family("_pydecimal") == standard_library.family("decimal") == "decimal"


def test_the_recipe_prints_what_it_wrote(tinypy: str) -> None:
    """Size and SHA-256 of each file, as they lie in the cache."""
    folder = folders.folder(catalog.TINYPY)
    assert len(tinypy.splitlines()) == 4
    for line in tinypy.splitlines():
        name, size, unit, _, digest = line.split()
        data = (folder / name).read_bytes()
        assert (int(size), unit, digest) == (len(data), "bytes", hashlib.sha256(data).hexdigest())


def test_a_recipe_that_cannot_write_says_so(
    splits: Splits, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence and status 1; with a root to write to, four files and status 0."""
    main = runpy.run_path(str(checkout / catalog.TINYPY.recipe))["main"]
    monkeypatch.setattr(standard_library, "functions", lambda _sizes: splits)
    (tmp_path / "file").write_bytes(b"")

    assert main([str(tmp_path / "file")]) == 1
    assert "could not be written" in capsys.readouterr().err
    assert main([str(tmp_path / "root")]) == 0
    assert text_loaders.load_tinypy("test", tmp_path / "root") == text_loaders.load_tinypy("test")


def test_what_the_documents_say_is_what_the_code_does() -> None:
    """Numbers of the documents that are the same for every release."""
    folder = folders.shipped("datasets") / "tinypy"
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in ("README.md", "DATASHEET.md")}

    assert sum(split.n_samples for split in catalog.TINYPY.splits) == 5000
    for text in texts.values():
        for fact in ("5000", "3 to 25 lines", "100", "seven tenths"):
            assert fact in " ".join(text.split())
    assert "4000 to train on, 500 for val and 500 for test" in texts["README.md"]
    assert "train 4000, val 500, test 500" in texts["DATASHEET.md"]
    assert f"at most {standard_library.MAX_HELD_OUT_FAMILY} functions" in texts["DATASHEET.md"]


def test_it_is_used_from_memory_where_nothing_can_be_written(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a warning that says why; made once, whatever splits are asked for."""
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path / "file" / "cache"))
    n_built = []
    monkeypatch.setattr(standard_library, "build", lambda _dataset: n_built.append(1) or as_files(splits))
    monkeypatch.setattr(provision, "_in_memory", {})

    with pytest.warns(UserWarning, match="TinyPy is kept in memory.*could not be written.*TINYTORCH_HF_CACHE"):
        sources = text_loaders.load_tinypy("val")

    assert sources == [source_of(function) for function in splits["val"]]
    assert len(text_loaders.load_tinypy()) == 5000
    assert n_built == [1]
