"""What the process of a package that is not trusted gives up before anything of the package runs; see `cell`.

What it could know of right results, files beyond what it needs, other processes, a network, and more than its share of
the machine. What the system itself takes away cannot be taken back; what only listens inside of Python can be got
around by code that is made for it, and is there to tell what was tried.
"""

from __future__ import annotations

import contextlib
import importlib
import linecache
import math
import os
import re
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tinytorch_hf.files.folders import shipped
from tinytorch_hf.student import forgetting, landlock, seccomp
from tinytorch_hf.student.hearing import Hearing
from tinytorch_hf.student.limits import Limits
from tinytorch_hf.student.search_path import OURS

# What is imported only when it is needed, while it still can be.
_LATER = ("tinytorch_hf.student.serving",)
# Where it is said what is right, and how to compute it.
_FORGOTTEN = tuple(
    f"tinytorch_hf.{name}" for name in ("check", "judging", "compare", "reference", "milestones", "data.tokenizer")
)
# What a package may use of this one: data. The tokenizer is what one operation of the course is about.
_OPEN = ("_lazy.py", "_shipped", "_version.py", "acquire", "catalog", "data", "errors.py", "files", "formats")
_CLOSED = OURS / "data" / "tokenizer.py"
_LIBRARIES = ("site-packages", "dist-packages")
# What the C library and Python look at wherever they run.
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/local/lib", "/usr/share/zoneinfo")
_SINGLE_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/dev/urandom", "/dev/random", "/dev/zero")
_IS_PYTHON = re.compile(r"python[\d.]*")
_READING = landlock.READ | landlock.LIST
# A busy thread more than the clock shows.
_CPU_BEYOND_S = 5
_THREADS = 32


def begin(settings: Mapping[str, Any], child: Any) -> None:
    """Confine this process, in which a module answers, and have it say what the system itself enforces."""
    held = confine(settings, [child.Session, child.main])
    serving: Any = sys.modules["tinytorch_hf.student.serving"]
    serving.READY["held"] = held


def confine(settings: Mapping[str, Any], keep: Sequence[Any]) -> list[str]:
    """Give it all up; what of it the system itself enforces: "files", "calls", "memory".

    Parameters
    ----------
    settings
        What `tinytorch_hf.student.cell.Cell.settings` gives.
    keep
        What is called of ours from now on.
    """
    for name in _LATER:
        importlib.import_module(name)
    limits = Limits(**settings["limits"])
    for file, (kept, gone) in forgetting.forget(keep, _FORGOTTEN).items():
        _remember_source(file, kept, gone)
    for name, module in list(sys.modules.items()):
        if name.startswith("tinytorch_hf.student."):
            _remember_source(str(module.__file__))
    withheld = frozenset(settings["withheld"]) | frozenset(settings["own"])
    closed = [path for folder in _library_folders() for path in _entries(folder) if _top(path) in withheld]
    hearing = Hearing(
        os.dup(2), settings["mark"], settings["withheld"], [*closed, *_rooms(is_open=False)], OURS, _library_folders()
    )
    scratch = Path(settings["scratch"])
    os.chdir(scratch)
    # Compiled code that a package brings may be of another source than the one beside it.
    sys.pycache_prefix = str(scratch / "pycache")
    sys.dont_write_bytecode = True
    held = ["memory"] if _limit(limits, counts_tasks=not settings["calls"] or limits.processes > 0) else []
    if settings["files"] and _is_alone() and landlock.restrict(*_rules(settings, scratch, withheld)):
        held.append("files")
    hearing.refuses_files = "files" not in held
    hearing.start()
    if settings["calls"] and seccomp.refuse(forks=limits.processes == 0, signals=limits.processes == 0):
        held.append("calls")
    return held


def _remember_source(file: str, kept: Iterable[int] = (), gone: Iterable[int] = ()) -> None:
    """Keep our own lines, by which calls that raise are told; without the functions that are gone, and all in them."""
    lines = linecache.getlines(file)
    for start in gone:
        # Up to the next line that begins something of its own.
        end = next((n for n in range(start, len(lines)) if lines[n][:1] not in " \t\n)]}"), len(lines))
        if not any(start <= line <= end for line in kept):
            lines[start - 1 : end] = ["\n"] * (end - start + 1)


def _is_alone() -> bool:
    """Whether this process has one thread; what the system takes away, it takes away from that which asks."""
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 -- it is not a folder on a disk
    except OSError:
        return False


def _rules(
    settings: Mapping[str, Any], scratch: Path, withheld: frozenset[str]
) -> tuple[int, Iterable[tuple[Path, int]]]:
    """What is given up, and where it is not."""
    changing = landlock.WRITE | landlock.CHANGES | landlock.REFER | landlock.TRUNCATE
    handled = landlock.EXECUTE | landlock.DEVICES | _READING | changing
    allowed = [(Path(folder), _READING) for folder in settings["folders"]]
    allowed += [(scratch, _READING | changing), (Path(os.devnull), landlock.READ | landlock.WRITE)]
    allowed += [(path, landlock.READ) for path in map(Path, _SINGLE_FILES)]
    allowed += [(path, _READING) for path in _rooms(is_open=True)]
    numpy: Any = sys.modules.get("numpy")
    allowed += [(Path(folder), _READING) for folder in getattr(numpy, "__path__", ())]
    for folder in (*_library_folders(), *_python_folders()):
        allowed.append((folder, landlock.LIST))
        allowed += [(path, _READING) for path in _entries(folder) if _top(path).removeprefix("lib") not in withheld]
    return handled, allowed


def _rooms(*, is_open: bool) -> Iterator[Path]:
    """What is open of this package, or what is not."""
    with contextlib.suppress(OSError):
        for path in OURS.iterdir():
            if path.name == "data":
                yield from (each for each in _entries(path) if (each == _CLOSED) is not is_open)
            elif (path.name in _OPEN) is is_open and path.name != "__init__.py":
                yield path
    if is_open:
        yield OURS / "__init__.py"
        with contextlib.suppress(OSError):
            yield shipped("datasets")


def _library_folders() -> list[Path]:
    """Where what is installed beside Python lies: on the path, and named as such folders are."""
    known = {*site.getsitepackages(), site.getusersitepackages()} if hasattr(site, "getsitepackages") else set()
    return [Path(entry) for entry in sys.path if entry in known or Path(entry).name in _LIBRARIES]


def _python_folders() -> list[Path]:
    """Where Python itself and what it is linked with lie."""
    paths = sysconfig.get_paths()
    own = [paths["stdlib"], paths["platstdlib"], *(entry for entry in sys.path if entry.endswith("lib-dynload"))]
    shared = [sysconfig.get_config_var("LIBDIR"), os.environ.get("LD_LIBRARY_PATH", "").partition(":")[0]]
    folders = dict.fromkeys(Path(entry) for entry in (*own, *shared, *_SYSTEM) if entry and entry != "/")
    # Where a folder of libraries holds Python's own, that one is gone through by itself.
    return [folder for folder in folders if folder.is_dir()]


def _entries(folder: Path) -> list[Path]:
    """What is in a folder, without folders of a Python's own."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        return []
    return [path for path in entries if path.name not in _LIBRARIES and not _IS_PYTHON.fullmatch(path.name)]


def _top(path: Path) -> str:
    """The name by which a file or folder beside others is imported."""
    return path.name.partition(".")[0]


def _limit(limits: Limits, counts_tasks: bool) -> bool:
    """Set the limits for good; whether the system has such."""
    try:
        import resource
    except ImportError:
        return False
    wanted = {
        "RLIMIT_AS": limits.memory,
        "RLIMIT_CPU": math.ceil(limits.total_seconds) + _CPU_BEYOND_S,
        "RLIMIT_FSIZE": limits.file_size,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_CORE": 0,
        **({"RLIMIT_NPROC": _tasks() + limits.processes + _THREADS} if counts_tasks and _tasks() else {}),
    }
    is_set = True
    for name, value in wanted.items():
        try:
            _, most = resource.getrlimit(getattr(resource, name))
            least = value if most == resource.RLIM_INFINITY else min(value, most)
            resource.setrlimit(getattr(resource, name), (least, least))
        except (AttributeError, OSError, ValueError):
            is_set = is_set and name != "RLIMIT_AS"
    return is_set and sys.platform.startswith("linux")


def _tasks() -> int:
    """How many processes and threads this user has; 0 where the system does not tell."""
    number, user = 0, os.getuid()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == user:
                number += sum(1 for _ in (folder / "task").iterdir())
    return number
