"""Specification of a large class, run by `nox -s grading`: linear, bounded in memory, and none influences another.

A class has good, buggy, hostile and broken submissions in turn. It is graded on two processes in three sizes, which
``GRADING_SIZES`` may change, and in the largest one, or that of ``GRADING_ON_DASK``, on Dask's `LocalCluster`, too.
What was measured is printed.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from handed_in import hand_in, own_package
from hostile import ON_IMPORT, hand_in_broken, hand_in_hostile
from mutants import MUTANTS

from tinytorch_hf import grade_submissions
from tinytorch_hf.grading.gradebook import Gradebook
from tinytorch_hf.grading.rubric import Item, Limits, Rubric, Seeds

SIZES = tuple(map(int, os.environ.get("GRADING_SIZES", "50 100 200").split()))
OPERATIONS = ("relu", "softmax", "linear", "mse", "cross-entropy", "conv2d", "layer-norm", "adam", "mlp-with-sgd")
LIMITS = Limits(operation_seconds=10.0, total_seconds=120.0, memory=1 << 30, processes=4)
RUBRIC = Rubric(
    "Class", tuple(Item(name, 10.0) for name in OPERATIONS), limits=LIMITS, seeds=Seeds((), (1_234_567,), 0)
)
BUGGY = [mutant for mutant in MUTANTS if set(mutant.finds) & set(OPERATIONS)]
N_WORKERS = 2


def hand_in_class(folder: Path, size: int) -> None:
    """Of ten submissions four are good, three buggy, two hostile, and one is not a package."""
    folder.mkdir()
    own = own_package()
    hostile = list(ON_IMPORT)
    for number in range(size):
        place, turn = folder / f"s{number:03}", number // 10
        match number % 10:
            case 0 | 1 | 2 | 3:
                hand_in(place, {**own, "author.py": f"AUTHOR = {number}\n"})
            case 4 | 5 | 6 as digit:
                mutant = BUGGY[(3 * turn + digit) % len(BUGGY)]
                hand_in(place, {name: _on_backing(text) for name, text in mutant.package.items()})
                hand_in(place, {name: text.replace("tinytorch", "backing") for name, text in own.items()}, "backing")
            case 7 | 8 as digit:
                hand_in_hostile(place, hostile[(2 * turn + digit) % len(hostile)])
            case _:
                hand_in_broken(place, turn)


def _on_backing(text: str) -> str:
    """A mutant's file, in which what it is made of lies beside it and is not this package's."""
    return text.replace("tinytorch_hf.reference", "backing").replace("tinytorch_hf.data", "backing")


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    """Seconds, those of processors, and the most memory that this process and all below it had at once, in MB."""
    found = {"MB": 0.0}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    is_done = threading.Event()

    def watch() -> None:
        while not is_done.wait(0.2):
            found["MB"] = max(found["MB"], _tree_mb())

    thread = threading.Thread(target=watch)
    thread.start()
    start = time.perf_counter()
    try:
        yield found
    finally:
        found["s"] = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found["CPU s"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        is_done.set()
        thread.join()


def told(figures: Mapping[str, float]) -> str:
    """What was measured, in words."""
    return f"{figures['s']:.0f} s, {figures['CPU s']:.0f} s of processors, {figures['MB']:.0f} MB at most"


def _tree_mb() -> float:
    """Resident memory of this process and of all that it has started."""
    below: dict[int, list[int]] = {}
    resident: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        number = int(status.parent.name)
        below.setdefault(int(fields[1]), []).append(number)
        resident[number] = int(fields[21])
    waiting, total = [os.getpid()], 0
    while waiting:
        number = waiting.pop()
        total += resident.get(number, 0)
        waiting += below.get(number, [])
    return total * os.sysconf("SC_PAGE_SIZE") / 1e6


def scores(book: Gradebook) -> dict[str, tuple[float | None, str]]:
    """Each one's points, and why there are none."""
    found = {graded.name: book.score(graded) for graded in book.gradeds}
    return {
        graded.name: (None if (score := found[graded.name]) is None else score.points, graded.ungradable)
        for graded in book.gradeds
    }


def graded_on_dask(folder: Path, out: Path) -> Gradebook:
    """The same on `LocalCluster`, through its executor."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=N_WORKERS, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        return grade_submissions(folder, out, RUBRIC, executor=client.get_executor(), judge="recorded")


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="memory is measured by Linux's /proc")
def test_a_large_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every claim on one run, as it takes its time."""
    books: dict[int, Gradebook] = {}
    figures: dict[int, dict[str, float]] = {}

    def say(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}")
            sys.stdout.flush()

    for size in SIZES:
        hand_in_class(tmp_path / f"class{size}", size)
        with measured() as figures[size]:
            books[size] = grade_submissions(
                *(tmp_path / f"class{size}", tmp_path / f"book{size}", RUBRIC), workers=N_WORKERS, judge="recorded"
            )
        say(f"{size} submissions: {told(figures[size])}")
    first, last = SIZES[0], SIZES[-1]
    largest = scores(books[last])
    say(f"hostile: { {name: score for name, (score, _) in largest.items() if int(name[1:4]) % 10 in (7, 8)} }")
    # None influences another: all that is good has all points, whoever else is in the class.
    assert {score for name, (score, _) in largest.items() if int(name[1:4]) % 10 < 4} == {RUBRIC.out_of}
    assert {score for name, (score, _) in largest.items() if int(name[1:4]) % 10 == 9} == {None}
    for size in SIZES:
        assert scores(books[size]).items() <= largest.items()
    # Linear: each submission of the largest class takes as much of a processor as in the smallest.
    ratio = figures[last]["CPU s"] / last / (figures[first]["CPU s"] / first)
    say(f"CPU time for each submission, {last} to {first}: {ratio:.2f}")
    assert ratio < 1.3
    # Bounded: what each worker's submission may have, and what judges.
    assert figures[last]["MB"] < N_WORKERS * (LIMITS.memory / 1e6 + 600) + 600

    # Whoever has a fault has points for the rest.
    assert all(
        0 < (score or 0) < RUBRIC.out_of for name, (score, _) in largest.items() if int(name[1:4]) % 10 in (4, 5, 6)
    )

    size = int(os.environ.get("GRADING_ON_DASK", str(last)))
    with measured() as on_dask:
        there = graded_on_dask(tmp_path / f"class{size}", tmp_path / "dask")
    say(f"{size} submissions on Dask: {told(on_dask)}")
    assert scores(there) == scores(books[size])
    for name in ("gradebook.json", "grades.csv", "index.html"):
        assert (tmp_path / "dask" / name).read_bytes() == (tmp_path / f"book{size}" / name).read_bytes(), name
