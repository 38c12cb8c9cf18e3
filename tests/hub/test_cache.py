"""Specification of tinytorch_hf.hub.cache: what is prepared is whole, marked, and all that is ever removed."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import forked
import pytest
from conftest import Run, Start

from tinytorch_hf import as_hf, catalog, load
from tinytorch_hf.as_hf.from_facts import FromFacts
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import StorageError, UnknownNameError
from tinytorch_hf.hub import cache, offline

ON_HUB = catalog.shipped_names()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the library's cache; `run_python` finds the same."""
    root = tmp_path / "hf-home" / "datasets"
    root.mkdir(parents=True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", root)
    return root


def listing(folder: Path) -> dict[str, tuple[bool, bytes, int]]:
    """Everything below a folder: files with their content and time."""
    return {
        path.relative_to(folder).as_posix(): (True, path.read_bytes(), path.stat().st_mtime_ns)
        if path.is_file()
        else (False, b"", 0)
        for path in folder.rglob("*")
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Everything below a folder: files with their content."""
    return {name: content for name, (is_file, content, _) in listing(folder).items() if is_file}


def is_default_newest(name: str) -> bool:
    """Whether the library takes the default where a call names no configuration: the one that was changed last."""
    default, *others = (cache.place(name, config).stat().st_mtime_ns for config in as_hf.config_names(name))
    return all(default > other for other in others)


def users_own_copy(root: Path, tmp_path: Path) -> None:
    """What the library itself keeps of the repository after loading it from the Hub once."""
    builder = FromFacts(catalog.TINYDIGITS, load("tinydigits"), "default", tmp_path / "elsewhere")
    builder.write(root / "tinytorch___tinydigits" / "default" / "0.0.0" / ("a" * 40))


def test_every_configuration_is_prepared_where_the_library_looks(root: Path) -> None:
    """One folder each, with hashes that differ, so that a call without a configuration finds no two of one hash."""
    made = cache.prepare(ON_HUB)

    assert made == [cache.place(name, config) for name in ON_HUB for config in as_hf.config_names(name)]
    beside = [path for name in ON_HUB for path in cache.beside(name)]
    assert sorted(made + beside) == sorted(path for path in root.glob("tinytorch___*/*/*/*") if path.is_dir())
    for name in ON_HUB:
        hashes = [cache.place(name, config).name for config in as_hf.config_names(name)]
        assert len(set(hashes)) == len(hashes)
        assert is_default_newest(name)
    assert [path for path in root.iterdir() if not path.name.startswith("tinytorch___")] == []


def test_what_is_whole_is_left_alone(root: Path) -> None:
    """The second run makes nothing."""
    cache.prepare(["tinydigits"])
    before = listing(root)

    assert cache.prepare(["tinydigits"]) == []
    assert listing(root) == before


@pytest.mark.parametrize("damage", ["cut off", "missing", "older release"])
def test_what_is_damaged_or_old_is_made_anew(root: Path, damage: str) -> None:
    """And nothing but that; it is what it was."""
    cache.prepare(["tinydigits"])
    before = contents(root)
    folder = cache.place("tinydigits", "array")
    if damage == "cut off":
        with (folder / "tinydigits-test.arrow").open("r+b") as file:
            file.truncate(1000)
    elif damage == "missing":
        (folder / "dataset_info.json").unlink()
    else:
        mark = folder / "tinytorch_hf.json"
        mark.write_text(mark.read_text(encoding="utf-8").replace(catalog.TINYDIGITS.fingerprint, "0" * 64), "utf-8")

    assert contents(root) != before

    assert cache.prepare(["tinydigits"]) == [folder]
    assert contents(root) == before
    assert is_default_newest("tinydigits")


def test_undo_removes_what_was_made_and_nothing_else(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    """The user's own copy of the same repository, another dataset and the folder itself stay as they were."""
    users_own_copy(root, tmp_path)
    (root / "somebody___else" / "default").mkdir(parents=True)
    before = listing(root)
    cache.prepare(ON_HUB)
    forked.use(monkeypatch, start, offline)
    offline.check(["tinydigits"])
    assert listing(root) != before

    removed = cache.undo(ON_HUB)

    assert len(removed) == sum(len(as_hf.config_names(name)) + len(cache.beside(name)) for name in ON_HUB)
    assert listing(root) == before
    assert cache.undo(ON_HUB) == []


def test_what_may_not_be_published_is_loaded_by_its_name_once_it_is_there(
    root: Path, shelf: dict[str, DatasetInfo], monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    """One of images and one of texts that do not ship, in each configuration, by the call of its card."""
    on_demand = [shelf[name] for name in ("tinycifar", "tinypy")]
    cache.prepare(on_demand)
    forked.use(monkeypatch, start, offline)

    calls = {str(call) for call in offline.check(on_demand)}

    for dataset in on_demand:
        assert f'load_dataset("{dataset.repo_id}")' in calls
        assert all(f'load_dataset("{dataset.repo_id}", "{c}")' in calls for c in as_hf.config_names(dataset))


def test_undo_of_one_dataset_keeps_the_others(root: Path) -> None:
    """By name, as `prepare`."""
    cache.prepare(["tinydigits", "tinytalks"])
    others = listing(root / "tinytorch___tinytalks")
    cache.undo(["tinydigits"])

    assert [path.name for path in root.iterdir()] == ["tinytorch___tinytalks"]
    assert listing(root / "tinytorch___tinytalks") == others != {}


def test_without_a_known_fingerprint_the_content_tells_what_is_old(
    root: Path, own: dict[str, DatasetInfo], tmp_path: Path
) -> None:
    """Facts read from a folder have none: other content under the same name is made anew, the same is left alone."""
    pairs = replace(own["own_pairs"], fingerprint="")
    cache.prepare([pairs])
    assert cache.prepare([pairs]) == []

    other = replace(own["own_texts"], name=pairs.name, kind="plain text", fingerprint="")
    (renewed,) = cache.prepare([other])
    assert renewed == cache.place(pairs, "text")


def test_results_of_map_lie_beside_what_they_were_made_from(root: Path, run_with_libraries: Run) -> None:
    """They date that folder, but the literal call goes on giving the default; `undo` removes them with it."""
    cache.prepare(["tinytalks"])
    program = (
        "import datasets\n"
        "datasets.load_dataset('tinytorch/tinytalks', 'text').map(lambda row: {'n': len(row['text'])})\n"
        "print(*datasets.load_dataset('tinytorch/tinytalks')['train'].column_names[:2])\n"
    )
    done = run_with_libraries("-c", program)
    assert done.stdout.splitlines()[-1:] == ["question answer"], done.stderr
    assert [*cache.place("tinytalks", "text").glob("cache-*.arrow")] and is_default_newest("tinytalks")

    cache.undo(["tinytalks"])

    assert listing(root) == {}


def _mapped(folder: Path, seconds: int) -> None:
    """Date a folder as the library does when it stores a result there."""
    time = int(folder.stat().st_ctime) + seconds
    os.utime(folder, (time, time))


def test_the_literal_call_never_gives_another_configuration(root: Path, run_with_libraries: Run) -> None:
    """Also after the default itself was mapped; when all its folders were, the library asks which is meant."""
    cache.prepare(["tinydigits"])
    array, default = cache.place("tinydigits", "array"), cache.place("tinydigits", "default")
    call = "import datasets; print(*datasets.load_dataset('tinytorch/tinydigits')['train'].column_names)"
    spares = [folder for folder, date in cache.beside("tinydigits").items() if date > time.time_ns()]

    for number, folder in enumerate([default, *spares]):
        _mapped(folder, number)
    _mapped(spares[-1], 50)
    assert run_with_libraries("-c", call).stdout == "image label\n"

    _mapped(array, 100)
    refused = run_with_libraries("-c", call)
    assert refused.returncode == 1 and "Please specify which configuration" in refused.stderr

    assert cache.prepare(["tinydigits"]) == []
    assert run_with_libraries("-c", call).stdout == "image label\n"
    _mapped(default, 200)
    _mapped(array, 300)
    assert run_with_libraries("-c", call).stdout == "image label\n"


def test_folders_beside_the_default_take_no_room(root: Path) -> None:
    """Their files are those of the default, where the file system has links."""
    cache.prepare(["tinydigits"])

    for folder in cache.beside("tinydigits"):
        for file in folder.iterdir():
            assert file.samefile(cache.place("tinydigits", "default") / file.name)


def test_a_strangers_file_is_never_deleted(root: Path) -> None:
    """Neither by undo nor by a repair: it is named, and stays."""
    cache.prepare(["tinydigits"])
    folder = cache.place("tinydigits", "default")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    (folder / "dataset_info.json").unlink()

    for change in (cache.undo, cache.prepare):
        with pytest.raises(StorageError, match=r"notes\.txt"):
            change(["tinydigits"])
        assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("problem", [OSError("disk full"), KeyboardInterrupt()])
def test_a_run_that_fails_leaves_nothing_of_the_dataset(
    root: Path, monkeypatch: pytest.MonkeyPatch, problem: BaseException
) -> None:
    """Not a file, and no scratch folder."""
    real, calls = cache._write, []

    def fail_second(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise problem
        real(*arguments)

    monkeypatch.setattr(cache, "_write", fail_second)

    with pytest.raises(StorageError if isinstance(problem, OSError) else KeyboardInterrupt):
        cache.prepare(["tinydigits"])
    assert listing(root) == {}


def test_a_run_that_is_killed_leaves_only_whole_folders(root: Path, run_with_libraries: Run) -> None:
    """The default first; the next run completes the rest, and undo clears what the dead process could not."""
    program = (
        "import os\n"
        "from tinytorch_hf.hub import cache\n"
        "real = cache._put\n"
        "def put_and_die(*arguments):\n    real(*arguments)\n    os._exit(9)\n"
        "cache._put = put_and_die\n"
        "cache.prepare(['tinydigits'])\n"
    )
    assert run_with_libraries("-c", program).returncode == 9
    assert cache.place("tinydigits", "default").is_dir()
    assert not cache.place("tinydigits", "array").exists()
    loaded = run_with_libraries(
        "-c", "import datasets; print(datasets.load_dataset('tinytorch/tinydigits')['train'][0])"
    )
    assert "'image':" in loaded.stdout, loaded.stderr

    assert cache.prepare(["tinydigits"]) == [cache.place("tinydigits", "array")]
    assert is_default_newest("tinydigits")
    cache.undo(["tinydigits"])
    assert listing(root) == {}


def test_two_processes_may_prepare_at_once(root: Path, start: Start) -> None:
    """Both succeed, and the result is whole."""
    program = "from tinytorch_hf.hub import cache; cache.prepare(['tinydigits', 'tinytalks'])"
    running = [start("libraries", "-c", program) for _ in range(2)]

    for process in running:
        done = process.wait()
        assert done.returncode == 0, done.stderr
    assert cache.prepare(["tinydigits", "tinytalks"]) == []


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its place."""
    (tmp_path / "file").touch()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "file")

    with pytest.raises(StorageError, match=r"The cache in .*file could not be changed"):
        cache.prepare(["tinydigits"])
    assert cache.undo(["tinydigits"]) == []


def test_an_unknown_name_is_explained_before_anything_is_written(root: Path) -> None:
    """Also where it comes last."""
    for change in (cache.prepare, cache.undo):
        with pytest.raises(UnknownNameError):
            change(["tinydigits", "tinydigit"])
    assert listing(root) == {}
