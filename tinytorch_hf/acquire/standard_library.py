"""Takes TinyPy's functions out of the standard library of the Python that runs this.

Everything here depends on the library's sources alone: not on the machine, the hash seed, or the order in which a
file system lists files.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import hashlib
import inspect
import sys
import sysconfig
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tinytorch_hf.acquire.clones import without_clones
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import MissingFileError
from tinytorch_hf.files import sums
from tinytorch_hf.files.python_functions import (
    MAX_LINES,
    MAX_WIDTH,
    MIN_LINES,
    Function,
    is_printable_ascii,
    n_lines_of,
    source_of,
)
from tinytorch_hf.formats import json_lines

# Characters in a line; beyond are mostly tables and messages.
# Families with more functions are for training only, so that val and test hold many families.
MAX_HELD_OUT_FAMILY = 60

# What some distributions leave out, split off, or adapt to their system; releases there would differ.
_LEFT_OUT = {
    *("tkinter", "turtle", "turtledemo", "idlelib"),
    *("curses", "dbm", "sqlite3", "ctypes"),
    *("lib2to3", "distutils", "ensurepip", "venv", "msilib", "pydoc_data", "test"),
    *("site", "sysconfig", "_sysconfig", "_bootsubprocess"),
    *("_aix_support", "_android_support", "_apple_support", "_ios_support", "_osx_support"),
}
_TESTS = {"test", "tests", "idle_test"}

# Modules that are parts or twins of another one; they are of its family.
_RELATIVES = {
    "abc": ("_py_abc",),
    "asyncore": ("asynchat", "smtpd"),
    "bdb": ("pdb",),
    "cgi": ("cgitb",),
    "code": ("codeop", "_pyrepl"),
    "collections": ("_collections_abc",),
    "compileall": ("py_compile",),
    "datetime": ("_pydatetime", "_strptime"),
    "decimal": ("_pydecimal",),
    "dis": ("opcode", "_opcode_metadata"),
    "gzip": ("_compression", "bz2", "lzma"),
    "html": ("_markupbase",),
    "importlib": ("imp",),
    "io": ("_pyio",),
    "os": ("genericpath", "ntpath", "posixpath"),
    "pickle": ("_compat_pickle", "pickletools"),
    "profile": ("cProfile", "pstats"),
    "re": ("sre_compile", "sre_constants", "sre_parse"),
    "threading": ("_threading_local",),
    "tokenize": ("token",),
    "urllib": ("nturl2path",),
    "wave": ("aifc", "chunk", "sndhdr", "sunau"),
    "weakref": ("_weakrefset",),
}
_FAMILY_OF = {relative: family for family, relatives in _RELATIVES.items() for relative in relatives}


def build(dataset: DatasetInfo) -> dict[str, bytes]:
    """Content of a dataset's files: for each split a function a line, chosen by `functions`.

    Raises
    ------
    MissingFileError
        As for `functions`.
    """
    chosen = functions({split.name: split.n_samples for split in dataset.splits})
    return {file.name: json_lines.encode(chosen[split.name]) for split in dataset.splits for file in split.files}


def functions(n_in_split: Mapping[str, int]) -> dict[str, list[Function]]:
    """Take functions out of the standard library, so many for "train", "val" and "test".

    No two of them are clones, and every family of modules is in one split. Functions stand in an order drawn by
    lot, that of the SHA-256 of their texts, so that the first ones of a split are a fair sample of it.

    Raises
    ------
    MissingFileError
        This Python has too few sources of its library; some distributions deliver it compiled.
    """
    found = sorted(candidates(), key=_lot)
    chosen = [found[position] for position in without_clones([_code(function) for function in found])]
    split_of = _draw_families(Counter(family(function.module) for function in chosen), n_in_split)
    splits = {
        split: [function for function in chosen if split_of[family(function.module)] == split][:n]
        for split, n in n_in_split.items()
    }
    for split, n in n_in_split.items():
        if len(splits[split]) < n:
            raise MissingFileError(
                f"The standard library of this Python ({sums.release()}, in {library_folder()}) has too few sources: "
                f"{len(splits[split])} functions of the {n} that are needed for {split}. "
                "Use a Python that has them, such as one from python.org."
            )
    return splits


def _lot(function: Function) -> bytes:
    return hashlib.sha256(source_of(function).encode("ascii")).digest()


def _code(function: Function) -> str:
    return f"{function.signature}\n{function.body}"


def family(module: str) -> str:
    """The family of a module, which is never divided among splits: its top-level package and that one's relatives."""
    top = module.partition(".")[0]
    return _FAMILY_OF.get(top, top)


def _draw_families(n_functions: Counter[str], n_in_split: Mapping[str, int]) -> dict[str, str]:
    """The split of each family: lots are drawn until test is full, then until val is; all others are for training."""
    split_of = dict.fromkeys(n_functions, "train")
    lots = sorted(n_functions, key=lambda name: hashlib.sha256(name.encode("ascii")).digest())
    drawn = iter([name for name in lots if n_functions[name] <= MAX_HELD_OUT_FAMILY])
    for split in ("test", "val"):
        n = 0
        while n < n_in_split[split] and (name := next(drawn, None)) is not None:
            split_of[name] = split
            n += n_functions[name]
    return split_of


def candidates() -> Iterator[Function]:
    """Every function and method of the standard library that TinyPy may hold, clones included."""
    for module, path in modules():
        # Old escapes in literals are the library's affair.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(path.read_bytes(), str(path))
            for qualified_name, node in _definitions(tree.body):
                # Every statement starts a line; writing out what is too long anyway would take half the time.
                if _n_statements(node.body) < MAX_LINES:
                    function = normal_form(module, qualified_name, node)
                    if function is not None and _may_be_held(function):
                        yield function


def modules() -> list[tuple[str, Path]]:
    """Dotted name and file of each module that is searched, in the order of the names."""
    library = library_folder()
    found = []
    for top in sys.stdlib_module_names - _LEFT_OUT:
        for path in [library / f"{top}.py", *(library / top).rglob("*.py")]:
            parts = path.relative_to(library).with_suffix("").parts
            if path.is_file() and not _TESTS.intersection(parts) and not top.startswith("_sysconfigdata"):
                found.append((".".join(parts).removesuffix(".__init__"), path))
    return sorted(found)


def library_folder() -> Path:
    """Where the sources of the standard library are."""
    return Path(sysconfig.get_path("stdlib"))


_AnyDef = ast.FunctionDef | ast.AsyncFunctionDef


def _definitions(statements: Sequence[ast.stmt], prefix: str = "") -> Iterator[tuple[str, _AnyDef]]:
    """Functions and methods with their names, also below conditions; not those inside of other functions."""
    for statement in statements:
        if isinstance(statement, _AnyDef):
            yield prefix + statement.name, statement
        else:
            inner = f"{prefix}{statement.name}." if isinstance(statement, ast.ClassDef) else prefix
            for block in _blocks(statement):
                yield from _definitions(block, inner)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of statements below a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def _n_statements(statements: Sequence[ast.stmt]) -> int:
    return sum(1 + sum(map(_n_statements, _blocks(statement))) for statement in statements)


def normal_form(module: str, name: str, node: _AnyDef) -> Function | None:
    """A definition as a record, formatted as `ast.unparse` does; None if it has nothing but a docstring."""
    docstring = ast.get_docstring(node, clean=False)
    statements = node.body if docstring is None else node.body[1:]
    if not statements:
        return None
    bare = copy.copy(node)
    bare.body = [ast.Pass()]
    signature = ast.unparse(bare).removesuffix("\n    pass")
    bare.body = statements
    body = ast.unparse(bare)[len(signature) + 1 :]
    function = Function(module, name, signature, clean(docstring or ""), body, n_lines=0)
    return dataclasses.replace(function, n_lines=n_lines_of(function))


def clean(docstring: str) -> str:
    """A docstring without the indentation of its lines, spaces at their ends, and blank lines around it."""
    return "\n".join(line.rstrip() for line in inspect.cleandoc(docstring).split("\n")).strip("\n")


def _may_be_held(function: Function) -> bool:
    source = source_of(function)
    if not MIN_LINES <= function.n_lines <= MAX_LINES or not is_printable_ascii(source):
        return False
    if max(map(len, source.split("\n"))) > MAX_WIDTH:
        return False
    try:
        compile(source, function.name, "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True
