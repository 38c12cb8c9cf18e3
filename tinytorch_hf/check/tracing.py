"""Which functions of the package under test ran, and which of their branches: watched around one run of a case.

A branch is a stretch of a function that runs as a whole, from where a jump leads or may lead elsewhere to the next. One
line may have several: of ``a if found is None else a + b`` a case may have run one half alone. And where an error
arises is a branch of its own.
"""

from __future__ import annotations

import bisect
import dis
import functools
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any

from tinytorch_hf.check.uses import Uses
from tinytorch_hf.judging.suspicion import BACK, SITUATION
from tinytorch_hf.student import calls
from tinytorch_hf.student.search_path import OURS
from tinytorch_hf.student.view import Student

# Of the package itself; a student's has a few hundred functions.
MOST_NAMES = 2000
MOST_CALLS = 6
_LOOKS = 3
# Of one function; one that has more is told by its name alone.
_MOST_BRANCHES = 300


def folders_of(location: str) -> tuple[Path, ...]:
    """Where the package's code is: in its folder, and in the reference, from which a package may take parts."""
    folders = [OURS / "reference"]
    return (Path(location), *folders) if location else tuple(folders)


def traced(
    run: Callable[[], Any], folders: Iterable[Path], student: Student | None = None
) -> tuple[tuple[str, ...], str, str]:
    """Run something and watch.

    Whatever it raises ends here: what is asked for is what ran, and not what came out.

    Parameters
    ----------
    run
        What to run.
    folders
        Where functions are defined that count.
    student
        Whose tensors' uses are watched as well.

    Returns
    -------
    tuple of (tuple of str, str, str)
        The functions that ran, sorted, at most `MOST_NAMES`, each as `branches_of` takes it apart; and the name of that
        in which an error arose, and the call from outside that led there, or nothing.
    """
    starts = tuple(f"{folder.as_posix()}/" for folder in folders)
    uses = Uses(student) if student else None
    watched = _Watched(starts, uses)
    made = calls.Made()

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            made.watch(frame)

    ended_in = call = ""
    before, tracing = sys.getprofile(), sys.gettrace()
    sys.settrace(watched.enter)
    sys.setprofile(watch)
    try:
        run()
    except (Exception, SystemExit) as error:
        sys.setprofile(before)
        sys.settrace(tracing)
        ended_in, call = _innermost(error.__traceback__, starts), calls.of(error, made)
    finally:
        sys.setprofile(before)
        sys.settrace(tracing)
    situations = (f"{SITUATION} {one}" for one in uses.situations) if uses else ()
    return (*watched.functions(), *situations), ended_in, call


def branches_of(called: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """The branches that ran, by the function's name, out of what `traced` gives."""
    found: dict[str, frozenset[str]] = {}
    for function in called:
        if function.startswith(f"{SITUATION} "):
            found[SITUATION] = found.get(SITUATION, frozenset()) | {function}
            continue
        name, *places = function.split(" ")
        found[name] = found.get(name, frozenset()) | {f"{name} {place}" for place in places or [""]}
    return found


class _Watched:
    """What of the functions that count has run."""

    def __init__(self, starts: tuple[str, ...], uses: Uses | None) -> None:
        self._starts = starts
        self._uses = uses
        # The calls of backward() that have not ended.
        self._sending_back: list[FrameType] = []
        # By identity, because code compares by content, which takes longer; a name that is there twice does no harm.
        self._followers: dict[int, Callable[..., Any] | None] = {}
        self._codes: dict[int, tuple[CodeType, set[int], set[int], set[int]]] = {}

    def enter(self, frame: FrameType, _event: str, _: Any) -> Callable[..., Any] | None:
        """Follow a function that begins, instruction by instruction, if it counts."""
        code = frame.f_code
        if id(code) not in self._followers:
            self._followers[id(code)] = self._follower(code) if _counts(code, self._starts) else None
        follower = self._followers[id(code)]
        if follower is not None:
            if self._uses and self._uses.enter(frame):
                self._sending_back.append(frame)
            frame.f_trace_lines = False
            frame.f_trace_opcodes = True
        return follower

    def _follower(self, code: CodeType) -> Callable[..., Any]:
        places: set[int] = set()
        places_back: set[int] = set()
        raised: set[int] = set()
        self._codes[id(code)] = code, places, places_back, raised
        add, add_back, uses, sending_back = places.add, places_back.add, self._uses, self._sending_back

        def follow(frame: FrameType, event: str, value: Any) -> Callable[..., Any]:
            if event == "opcode":
                (add_back if sending_back else add)(frame.f_lasti)
            elif event == "return" and uses:
                uses.leave(frame, value)
                if sending_back and sending_back[-1] is frame:
                    sending_back.pop()
            elif event == "exception":
                raised.add(frame.f_lineno)
            return follow

        return follow

    def functions(self) -> tuple[str, ...]:
        """Each function's name with the places where the branches begin that have run."""
        found = []
        for code, places, places_back, raised in self._codes.values():
            starts = _branches(code)
            ran, ran_back = (
                sorted({starts[bisect.bisect_right(starts, place) - 1] for place in some})
                for some in (places, places_back)
            )
            branches = [
                *map(str, ran),
                *(f"{BACK}{place}" for place in ran_back),
                *(f"!{line}" for line in sorted(raised)),
            ]
            found.append(" ".join([_name(code), *branches[:_MOST_BRANCHES]]))
        return tuple(sorted(found)[:MOST_NAMES])


@functools.lru_cache(maxsize=4096)
def _branches(code: CodeType) -> Sequence[int]:
    """Where branches begin in a function's instructions: at its start, where a jump leads, and behind a jump."""
    starts = {0}
    is_behind = False
    for instruction in dis.get_instructions(code):
        if is_behind:
            starts.add(instruction.offset)
        is_behind = instruction.opcode in _JUMPS
        if is_behind:
            starts.add(instruction.argval)
    return sorted(starts)


_JUMPS = frozenset([*dis.hasjrel, *dis.hasjabs])


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
