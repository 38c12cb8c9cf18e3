"""A zip file that Gradescope takes as an autograder: the scripts, the rubric, and what is to be installed.

References
----------
Autograder Specifications: https://gradescope-autograders.readthedocs.io/en/latest/specs/
Best practices (another user, source and results out of its reach):
https://gradescope-autograders.readthedocs.io/en/latest/best_practices/
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

from tinytorch_hf._version import __version__
from tinytorch_hf.errors import InvalidArgumentError, StorageError
from tinytorch_hf.files import store
from tinytorch_hf.grading.formats import gradescope
from tinytorch_hf.grading.journal import Journal
from tinytorch_hf.grading.rubric import Rubric, Seeds

RUBRIC = "rubric.json"
SCRIPTS = ("run_autograder", "setup.sh")

_FILES = Path(__file__).parent / "gradescope_files"
_WHEEL = re.compile(r"tinytorch_hf-[0-9][\w.!+]*-py3-none-any\.whl")
_UNFINISHED = (
    "The grader was ended before it was done: it took more memory or more time than Gradescope gives, or it could not "
    "start. Hand it in again; if that does not help, tell your instructor."
)
# The first moment that a zip file can state, so that the same content gives the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)


def write(path: Path, rubric: Rubric, wheel: Path | None = None) -> None:
    """Write the zip file.

    Raises
    ------
    InvalidArgumentError
        ``wheel`` is none of tinytorch-hf's.
    StorageError
        A file cannot be read or written.
    """
    store.write(path, written(rubric, wheel))


def written(rubric: Rubric, wheel: Path | None = None) -> bytes:
    """The bytes of the zip file, the same ones for the same rubric and wheel.

    Parameters
    ----------
    rubric
        Its hidden seeds go into it as they are. Where they are to be drawn, each submission is given others.
    wheel
        The wheel of tinytorch-hf that is to be installed; by default this version, from the package index.

    Raises
    ------
    InvalidArgumentError, StorageError
        As for `write`.
    """
    files = {name: (_FILES / name).read_bytes().replace(b"\r\n", b"\n") for name in SCRIPTS}
    files[RUBRIC] = rubric_json(rubric)
    files["unfinished.json"] = gradescope.as_json(gradescope.ungradable(_UNFINISHED))
    requirement = f"tinytorch-hf=={__version__}"
    if wheel is not None:
        files[wheel.name] = _wheel(wheel)
        requirement = f"./{wheel.name}"
    files["requirements.txt"] = f"{requirement}\nnumpy>=1.24\n".encode()
    stream = io.BytesIO()
    # Not compressed: what zlib makes of it depends on its version.
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system = 3  # Unix, so that the scripts can be run
            entry.external_attr = (0o100755 if name in SCRIPTS else 0o100644) << 16
            archive.writestr(entry, files[name])
    return stream.getvalue()


def with_seeds(rubric: Rubric) -> Rubric:
    """The rubric with hidden seeds that are drawn now, if it has none of its own: the same ones for a whole class."""
    hidden = Journal(None).seeds(rubric.seeds)
    return replace(rubric, seeds=Seeds(rubric.seeds.shown, hidden, 0))


def rubric_json(rubric: Rubric) -> bytes:
    """A rubric as the file that `tinytorch_hf.grading.rubric_file` reads; in JSON, which every Python can read."""
    values = {
        "title": rubric.title,
        "required": rubric.required,
        "allowed_imports": rubric.allowed_imports,
        "credit_consequences": rubric.credit_consequences,
        "item": [asdict(item) for item in rubric.items],
        "limits": asdict(rubric.limits),
        "seeds": {"shown": rubric.seeds.shown, "hidden": rubric.seeds.hidden or rubric.seeds.to_draw},
    }
    return json.dumps(values, indent=2, ensure_ascii=False).encode() + b"\n"


def _wheel(path: Path) -> bytes:
    if not _WHEEL.fullmatch(path.name):
        raise InvalidArgumentError(
            f"{path} is not a wheel of tinytorch-hf, whose name is like tinytorch_hf-{__version__}-py3-none-any.whl. "
            "In a checkout, `python -m build --wheel` writes one into dist."
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise InvalidArgumentError(f"{path} is damaged: a wheel is a zip file. Build it again.")
    return data
