"""Specification of parallel work: the results depend on the pieces alone."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from seeds import examples

from tinytorch_hf import workers
from tinytorch_hf.errors import InvalidArgumentError, TinyTorchHFError, UnknownNameError


def square(number: int) -> int:
    """A piece of work."""
    return number * number


def fail(number: int) -> int:
    """A piece of work that fails as this package does."""
    raise UnknownNameError("dataset", str(number), ["tinydigits"])


@pytest.mark.parametrize("n_workers", [1, 2])
def test_every_piece_is_done_whatever_the_number_of_workers(n_workers: int) -> None:
    """Each result comes with its number, in whichever order they end."""
    assert dict(workers.results(square, [3, 4, 5], workers=n_workers)) == {0: 9, 1: 16, 2: 25}


def test_an_executor_of_the_callers_is_used_and_left_open() -> None:
    """It may have more to do."""
    with ThreadPoolExecutor(2) as pool:
        assert sorted(workers.results(square, [1, 2], executor=pool)) == [(0, 1), (1, 4)]
        assert pool.submit(square, 6).result() == 36


def test_nothing_to_do_is_no_error() -> None:
    """An empty class, for example."""
    assert list(workers.results(square, [])) == []


def test_what_a_piece_raises_is_raised() -> None:
    """Also through another process, with its message."""
    with pytest.raises(UnknownNameError, match="tinydigits"):
        list(workers.results(fail, [1, 2], workers=2))


def test_who_stops_early_cancels_what_has_not_begun() -> None:
    """As at Ctrl-C; otherwise leaving would wait for everything."""
    go_on, begun = threading.Event(), []

    def work(number: int) -> None:
        begun.append(number)
        if number:
            go_on.wait(60)

    with ThreadPoolExecutor(1) as pool:
        found = workers.results(work, range(10), executor=pool)
        next(found)
        found.close()
        go_on.set()

    assert begun in ([0], [0, 1])


def wait_for(folder: Path) -> int:
    """A piece of work that says that it has begun, and cleans up however it is ended."""
    (folder / f"begun-{os.getpid()}").touch()
    try:
        time.sleep(60)
    finally:
        (folder / f"ended-{os.getpid()}").touch()
    return 0


def begin_and_wait(folder: Path) -> int:
    """The first piece is soon done; it waits for the other to have begun."""
    if folder.name == "first":
        while not list(folder.parent.glob("begun-*")):
            time.sleep(0.01)
        return 1
    return wait_for(folder.parent)


@pytest.mark.parametrize("behind", examples(["a"], ["abcd"]))
def test_who_stops_early_has_processes_end_what_they_are_at(behind: str, tmp_path: Path) -> None:
    """By way of its cleaning up; what waits behind it is not begun, and who has nothing to do keeps nobody waiting."""
    found = workers.results(begin_and_wait, [tmp_path / name for name in ("first", *behind)], workers=2)
    assert next(found) == (0, 1)
    found.close()

    begun, ended = ([path.name[6:] for path in tmp_path.glob(f"{what}-*")] for what in ("begun", "ended"))
    assert begun and sorted(begun) == sorted(ended)
    assert not multiprocessing.active_children()


def end_at_once(_number: int) -> None:
    """A piece of work whose process is killed."""
    os._exit(1)


def test_a_worker_that_is_killed_is_told_as_such() -> None:
    """With what may have done it, and no traceback of the pool's."""
    with pytest.raises(TinyTorchHFError, match="for want of memory"):
        list(workers.results(end_at_once, [1, 2], workers=2))


def test_a_script_without_the_guard_is_told_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its workers begin nothing anew, say which line is missing, and nobody speaks of memory."""
    script = tmp_path / "unguarded.py"
    begun = tmp_path / "begun_twice"
    script.write_text(
        f"from tinytorch_hf import workers\nworkers.check_not_imported_by_worker()\nopen({str(begun)!r}, 'w').close()\n"
    )
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(script), raising=False)

    with pytest.raises(InvalidArgumentError, match=r'No worker could begin.* `if __name__ == "__main__":`') as caught:
        list(workers.results(square, [1, 2], workers=2))

    assert "memory" not in str(caught.value) and not begun.exists()
    assert "while a worker was importing the script again" in capfd.readouterr().err


def test_work_that_a_worker_asks_for_is_no_import_of_the_script() -> None:
    """Only while it is being prepared is a worker refused."""
    assert dict(workers.results(asks_for_work, [1, 2], workers=2)) == {0: 1, 1: 4}


def asks_for_work(number: int) -> int:
    """A piece of work of pieces."""
    return dict(workers.results(square, [number]))[0]


def test_arguments_that_contradict_each_other_are_refused() -> None:
    """An executor has its own number of workers."""
    with ThreadPoolExecutor(1) as pool, pytest.raises(InvalidArgumentError, match="Leave out"):
        list(workers.results(square, [1], workers=2, executor=pool))
    with pytest.raises(InvalidArgumentError, match="0 workers"):
        list(workers.results(square, [1], workers=0))
