"""Which functions of the package under test ran: watched in its own process, around one run of a case."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any

from tinytorch_hf import reference
from tinytorch_hf.student import calls

# Of the package itself; a student's has a few hundred functions.
MOST_NAMES = 2000
MOST_CALLS = 6
_LOOKS = 3


def folders_of(location: str) -> tuple[Path, ...]:
    """Where the package's code is: in its folder, and in the reference, from which a package may take parts."""
    folders = [Path(reference.__file__).parent]
    return (Path(location), *folders) if location else tuple(folders)


def traced(run: Callable[[], Any], folders: Iterable[Path]) -> tuple[tuple[str, ...], str, str]:
    """Run something and watch.

    Whatever it raises ends here: what is asked for is what ran, and not what came out.

    Parameters
    ----------
    run
        What to run.
    folders
        Where functions are defined that count.

    Returns
    -------
    tuple of (tuple of str, str, str)
        Names of the functions that ran, such as ``activations.ReLU.forward``, sorted, at most `MOST_NAMES`; and the
        name of that in which an error arose, and the call from outside that led there, or nothing.
    """
    starts = tuple(f"{folder.as_posix()}/" for folder in folders)
    # By identity, because code compares by content, which takes longer; a name that is there twice does no harm.
    codes: dict[int, CodeType] = {}
    made = calls.Made()

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            codes[id(frame.f_code)] = frame.f_code
            made.watch(frame)

    ended_in = call = ""
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        run()
    except (Exception, SystemExit) as error:
        sys.setprofile(before)
        ended_in, call = _innermost(error.__traceback__, starts), calls.of(error, made)
    finally:
        sys.setprofile(before)
    names = {_name(code) for code in codes.values() if _counts(code, starts)}
    return tuple(sorted(names)[:MOST_NAMES]), ended_in, call


def written_calls(run: Callable[[], Any], folders: Iterable[Path]) -> tuple[str, ...]:
    """Run something, and write how it calls the package, as its author would: at most `MOST_CALLS`, each once.

    Whatever it raises ends here, as for `traced`, whose parameters these are.
    """
    starts = tuple(f"{folder.as_posix()}/" for folder in folders)
    made, texts = calls.Made(), dict[str, None]()
    # A place of ours that calls again and again is looked at a few times.
    places: Counter[tuple[int, int]] = Counter()

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        if len(texts) == MOST_CALLS:
            sys.setprofile(before)
            return
        made.watch(frame)
        caller = frame.f_back
        place = (id(caller.f_code), caller.f_lasti) if caller else (0, 0)
        if places[place] < _LOOKS and _counts(frame.f_code, starts):
            places[place] += 1
            text = calls.of_frame(frame, made)
            if text:
                texts[text] = None

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        run()
    except (Exception, SystemExit):
        # What was called until then is told.
        return tuple(texts)
    finally:
        sys.setprofile(before)
    return tuple(texts)


def _counts(code: CodeType, starts: tuple[str, ...]) -> bool:
    # Comprehensions are functions of their own in some versions of Python, and the body of a module is none.
    return Path(code.co_filename).as_posix().startswith(starts) and (
        code.co_name == "<lambda>" or not code.co_name.startswith("<")
    )


def _innermost(trace: TracebackType | None, starts: tuple[str, ...]) -> str:
    name = ""
    while trace is not None:
        if _counts(trace.tb_frame.f_code, starts):
            name = _name(trace.tb_frame.f_code)
        trace = trace.tb_next
    return name


def _name(code: CodeType) -> str:
    """The function's name with its file's; with its line instead of its class where Python does not know that yet."""
    qualified = getattr(code, "co_qualname", None) or f"{code.co_name}:{code.co_firstlineno}"
    return f"{Path(code.co_filename).stem}.{qualified}"
