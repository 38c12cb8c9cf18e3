"""What a submission imports, read from its text: libraries that would do its work, and code that cannot be read.

Nothing of it is run or compiled here: it is split into words, which no text however odd can crash. What is put together
while it runs is heard there; see `tinytorch_hf.student.hearing`.
"""

from __future__ import annotations

import ast
import io
import os
import stat
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.shown import printable

FRAMEWORKS = frozenset(
    {
        *("torch", "torchvision", "torchaudio", "torchtext", "functorch", "torchgen", "torch_xla", "caffe2"),
        *("lightning", "pytorch_lightning", "fastai", "ignite", "timm", "transformers", "accelerate", "kornia"),
        *("tensorflow", "tensorflow_cpu", "keras", "tf_keras", "tflearn", "sonnet", "tflite_runtime"),
        *("jax", "jaxlib", "flax", "haiku", "equinox", "optax", "objax", "trax", "autograd", "pytensor", "aesara"),
        *("theano", "lasagne", "chainer", "cupy", "mxnet", "gluon", "paddle", "paddlepaddle", "mindspore", "oneflow"),
        *("tinygrad", "micrograd", "minitorch", "needle", "mlx", "nnabla", "dynet", "cntk", "megengine", "jittor"),
        *("onnxruntime", "onnx", "openvino", "tensorrt", "sklearn", "tangent", "casadi", "numba_mlir", "thinc"),
    }
)
"""Libraries that compute what is to be written: the names by which they are imported."""

_OURS = "tinytorch_hf"
# What says what is right, or computes it; what data are loaded with is open.
_CLOSED_NAMES = frozenset(
    {"reference", "judging", "check", "compare", "student", "grading", "milestones", "as_torch", "as_tinytorch", "cli"}
)
_CLOSED_BELOW = ("tinytorch_hf.data.tokenizer",)
_CALLS = frozenset({"__import__", "import_module", "find_spec", "load_module", "run_module", "run_path"})
# With these, code reaches what runs it, and could have it tell something else than it has seen.
_REACHES = frozenset(
    {
        *("_getframe", "currentframe", "f_back", "f_globals", "tb_frame", "get_objects", "get_referrers"),
        *("get_referents", "ctypes", "cffi", "addaudithook", "settrace", "setprofile", "__subclasses__", "__globals__"),
    }
)
_COMPILED = (".so", ".pyd", ".dll", ".dylib", ".pyc", ".pyo")
_MOST_FILES, _LARGEST = 2000, 1 << 20


@dataclass(frozen=True)
class Imports:
    """What was found: sentences.

    Attributes
    ----------
    violations
        Imports of libraries that do what is to be written.
    remarks
        What could not be read.
    """

    violations: tuple[str, ...]
    remarks: tuple[str, ...]


def withheld(allowed: Iterable[str]) -> frozenset[str]:
    """The libraries that may not be imported, where some are allowed after all."""
    return FRAMEWORKS - {name.partition(".")[0] for name in allowed}


def scan(folder: Path, allowed: Iterable[str] = (), own: Iterable[str] = ("tinytorch",)) -> Imports:
    """Look through all files of Python in a folder; links are not followed.

    What stands beside the package, such as a script that compares it with PyTorch, is worth a remark alone: where it is
    imported all the same, that is refused and told when it happens.

    Parameters
    ----------
    folder
        Where the submission is.
    allowed
        Libraries that it may import after all.
    own
        Names at the top level that are the package's own.
    """
    packages = frozenset(own)
    forbidden = withheld(allowed)
    violations: dict[str, None] = {}
    remarks: dict[str, None] = {}
    number = 0
    for path in _files(folder):
        shown = printable(path.relative_to(folder).as_posix())[:200]
        number += 1
        if number > _MOST_FILES:
            remarks["it has more files than are looked through"] = None
            break
        if path.suffix in _COMPILED:
            if "__pycache__" not in path.parts:
                remarks[f"{shown} is compiled code, which nobody can read"] = None
            continue
        if path.suffix not in (".py", ".pyw"):
            continue
        text = _text(path)
        if text is None:
            remarks[f"{shown} could not be looked through"] = None
            continue
        words, is_whole = _words(text)
        is_own = path.relative_to(folder).parts[0].partition(".")[0] in packages
        for line, name in _imported(words):
            if _is_forbidden(name, forbidden):
                kind = violations if is_own else remarks
                kind[f"{shown}, line {line}: it imports {printable(name)[:100]}"] = None
        for name in dict.fromkeys(word.string for word in words if is_own and word.string in _REACHES):
            remarks[f"{shown} uses {name}, with which code reaches what runs it: look at it"] = None
        for name in _replaced(words) if is_own else ():
            remarks[f"{shown} puts something of its own in the place of {name}: look at it"] = None
        if not is_whole:
            remarks[f"{shown} is no Python from some place on, and was looked through up to there"] = None
    return Imports(tuple(violations), tuple(remarks))


def _files(folder: Path) -> Iterator[Path]:
    """Every file below a folder, in order, without those behind links."""
    waiting = [folder]
    while waiting:
        inner = waiting.pop()
        try:
            entries = sorted(inner.iterdir())
        except OSError:
            continue
        for entry in entries:
            try:
                mode = entry.lstat().st_mode
            except OSError:
                continue
            if stat.S_ISDIR(mode):
                waiting.append(entry)
            elif stat.S_ISREG(mode):
                yield entry


def _text(path: Path) -> str | None:
    try:
        # What was a file may be something else by now, which would keep its reader waiting.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(number, "rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            return None
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return content.decode(encoding, "replace")
    except (OSError, SyntaxError, LookupError, ValueError):
        return None


def _is_forbidden(name: str, forbidden: frozenset[str]) -> bool:
    first, _, rest = name.partition(".")
    if first != _OURS:
        return first in forbidden
    return rest.partition(".")[0] in _CLOSED_NAMES or any(f"{name}.".startswith(f"{each}.") for each in _CLOSED_BELOW)


def _words(text: str) -> tuple[list[tokenize.TokenInfo], bool]:
    """The words of a text, and whether these are all."""
    words = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
                words.append(token)
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError, MemoryError):
        return words, False
    return words, True


def _imported(words: list[tokenize.TokenInfo]) -> Iterator[tuple[int, str]]:
    """The names of modules that a text imports, each with its line: by statements, and by calls with a text."""
    for place, token in enumerate(words):
        before = words[place - 1].string if place else ""
        line = token.start[0]
        if token.type == tokenize.STRING and _OURS in token.string:
            # As a key of sys.modules.
            named = _joined(words, place)
            if named.replace(".", "").isidentifier():
                yield line, named
        if token.type != tokenize.NAME:
            continue
        if token.string == "from" and _begins_a_statement(words, place):
            name, end = _dotted(words, place + 1)
            yield line, name
            if end < len(words) and words[end].string == "import":
                yield from ((line, f"{name}.{part}") for part, _ in _listed(words, end + 1))
        elif token.string == "import" and before != "." and _begins_a_statement(words, place):
            yield from ((line, name) for name, _ in _listed(words, place + 1))
        elif token.string in _CALLS and place + 1 < len(words) and words[place + 1].string == "(":
            name = _joined(words, place + 2)
            if name:
                yield line, name
        elif token.string == _OURS and before != ".":
            name, _ = _dotted(words, place)
            yield line, name


def _replaced(words: list[tokenize.TokenInfo]) -> Iterator[str]:
    """Names of NumPy's that something else is assigned to."""
    for place, word in enumerate(words[:-3]):
        if word.string in ("np", "numpy") and _begins_a_statement(words, place) and words[place + 3].string == "=":
            yield "".join(each.string for each in words[place : place + 3])


def _begins_a_statement(words: list[tokenize.TokenInfo], place: int) -> bool:
    return place == 0 or words[place - 1].type == tokenize.NEWLINE or words[place - 1].string in (";", ":")


def _dotted(words: list[tokenize.TokenInfo], place: int) -> tuple[str, int]:
    """A name with dots in it, and the place after it."""
    parts = []
    while place < len(words) and (words[place].type == tokenize.NAME or words[place].string in (".", "...")):
        if words[place].string in ("import", "as", "in", "if", "else", "and", "or", "is", "not", "for"):
            break
        parts.append(words[place].string)
        place += 1
    return "".join(parts), place


def _listed(words: list[tokenize.TokenInfo], place: int) -> Iterator[tuple[str, int]]:
    """The names behind ``import``."""
    while place < len(words) and words[place].type != tokenize.NEWLINE and words[place].string != ";":
        name, end = _dotted(words, place)
        if name:
            yield name, place
        # What follows ``as`` is a name of the submission's own.
        place = end + 2 if end < len(words) and words[end].string == "as" else max(end, place + 1)


def _joined(words: list[tokenize.TokenInfo], place: int) -> str:
    """The text that is given first in a call, put together where it is written in pieces."""
    parts = []
    while place < len(words) and (words[place].type == tokenize.STRING or words[place].string in ("+", "(")):
        if words[place].type == tokenize.STRING:
            try:
                value = ast.literal_eval(words[place].string)
            except (ValueError, SyntaxError):
                return ""
            if not isinstance(value, str):
                return ""
            parts.append(value)
        place += 1
    return "".join(parts)
