"""Specification of tinytorch_hf.milestones.checkout: after one command, milestones run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from checkouts import POINTER, SCRIPTS, Small, own_cache, small_mnist, snapshot, write_checkout
from conftest import CHECKOUT, Run
from seeds import examples

from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision
from tinytorch_hf.errors import InvalidArgumentError, NetworkError, StorageError
from tinytorch_hf.files import store
from tinytorch_hf.milestones.checkout import needs, preparing
from tinytorch_hf.milestones.data import full_data, places

pytestmark = pytest.mark.usefixtures("own_cache")

ARCHIVES = CHECKOUT.parent / "shared" / "data" / "mnist"


@pytest.fixture
def archives() -> Path:
    """MNIST's genuine archives."""
    if not ARCHIVES.is_dir():
        pytest.skip("MNIST's official archives are not in ../shared/data/mnist")
    return ARCHIVES


def test_the_table_is_of_the_courses_seven_milestones() -> None:
    """What they need ships with this package; what is not shipped is never needed."""
    assert [milestone.number for milestone in needs.MILESTONES] == [f"{number:02}" for number in range(1, 8)]
    for milestone in needs.MILESTONES:
        assert milestone.makes or milestone.needs
        for need in milestone.needs:
            assert need.dataset.is_shipped
            assert set(need.files) <= {file.name for file in need.dataset.files}
            assert (CHECKOUT / Path(*need.module.split(".")) / "__init__.py").is_file()
    assert needs.FULL == (catalog.MNIST, catalog.CIFAR10, catalog.SHAKESPEARE)
    assert needs.TINY.keys() == {dataset.name for dataset in needs.FULL}


@pytest.mark.parametrize("generation", ["A", "B", "C"])
def test_a_checkout_of_every_generation_is_recognised(tmp_path: Path, generation: str) -> None:
    """By its milestones, or by its package."""
    write_checkout(tmp_path / "a", generation)
    write_checkout(tmp_path / "b", generation, scripts={})
    (tmp_path / "c" / "milestones").mkdir(parents=True)

    for name in "abc":
        assert preparing.recognise(str(tmp_path / name)) == tmp_path / name


def test_what_is_no_checkout_is_refused_with_where_one_is(tmp_path: Path) -> None:
    """Absent, empty, the repository around it, a folder in it."""
    with pytest.raises(InvalidArgumentError, match=r"nowhere is not a folder\. Give the root"):
        preparing.recognise(tmp_path / "nowhere")
    with pytest.raises(InvalidArgumentError, match="has no folder `milestones`"):
        preparing.recognise(tmp_path)
    root = write_checkout(tmp_path / "book" / "tinytorch")
    for wrong in (root.parent, root / "milestones"):
        with pytest.raises(InvalidArgumentError, match=f"Did you mean {re.escape(str(root))}"):
            preparing.recognise(wrong)


@pytest.mark.parametrize("generation", examples(["C"], ["A", "B"]))
def test_then_the_milestones_run_as_they_stand(run_numpy_only: Run, tmp_path: Path, generation: str) -> None:
    """Every way in which they open or import their data, from the root of the checkout."""
    root = write_checkout(tmp_path / "checkout", generation)
    before = snapshot(root)
    preparing.prepare(root)

    def run(name: str) -> list[str]:
        script = root / "milestones" / name
        done = run_numpy_only(str(script), cwd=root, TINYTORCH_HF_CACHE=str(tmp_path / "cache"))
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    assert run("03_1986_mlp/01_rumelhart_tinydigits.py")[-2:] == ["(1000, 8, 8) int64", "(200, 8, 8) int64"]
    mnist = run("03_1986_mlp/02_rumelhart_mnist.py")
    assert mnist[-1] == "(1000, 28, 28) float32 int64 (200, 28, 28) (200,)"
    assert mnist[-2].startswith("TinyMNIST: 1000 training")
    assert run("04_1998_cnn/01_lecun_tinydigits.py")[-1] == "(1000, 8, 8) 350"
    assert run("05_2017_transformer/04_tinygpt_chat.py")[-2:] == ["245", "245"]
    assert run("06_2018_mlperf/01_optimization_olympics.py")[-1] == "(1000, 64) float32 1000 200"
    assert {name: data for name, data in snapshot(root).items() if name in before} == before


def test_doing_it_twice_changes_nothing(tmp_path: Path) -> None:
    """What is good is left alone."""
    root = write_checkout(tmp_path / "checkout")
    assert preparing.prepare(root).written
    before = snapshot(root)

    assert preparing.prepare(root) == preparing.Prepared()
    assert snapshot(root) == before


def test_what_is_the_users_stays(tmp_path: Path) -> None:
    """Their data manager, their module of datasets, their texts, their pickles, and files beside them."""
    root = write_checkout(tmp_path / "checkout")
    own = {
        "milestones/data_manager.py": b"class DatasetManager: ...",
        "tinytorch/datasets/__init__.py": b"class TinyDigits: ...",
        "datasets/__init__.py": b"",
        "datasets/tinytalks/splits/train.txt": b"Q: a\nA: b\n",
        "datasets/tinydigits/test.pkl": b"mine",
        "datasets/tinydigits/README.md": b"mine",
        "milestones/datasets/mnist/notes.txt": b"mine",
    }
    for name, data in own.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    preparing.prepare(root)

    assert {name: (root / name).read_bytes() for name in own} == own
    assert not (root / "tinytorch" / "datasets.py").exists()


@pytest.mark.parametrize("rest", [POINTER, b"", b"half"])
def test_pointers_and_beginnings_of_files_are_replaced(tmp_path: Path, rest: bytes) -> None:
    """What a clone without Git-LFS holds, and what an interrupted copy leaves."""
    root = write_checkout(tmp_path / "checkout")
    (place,) = places.curated(catalog.TINYDIGITS, root, ["train.pkl"])
    place.path.parent.mkdir(parents=True)
    good = store.read(catalog.TINYDIGITS, place.file)
    place.path.write_bytes(good[:1000] if rest == b"half" else rest)

    assert place.path in preparing.prepare(root).written
    assert place.path.read_bytes() == good


def test_a_stick_with_one_of_the_two_is_enough(
    run_numpy_only: Run, tmp_path: Path, own_cache: Path, archives: Path
) -> None:
    """MNIST's genuine archives, byte for byte where every generation's manager reads them."""
    root = write_checkout(tmp_path / "checkout")

    done = preparing.prepare(root, source=archives)

    assert done.problems == []
    assert snapshot(root / "milestones" / "datasets" / "mnist") == snapshot(archives)
    script = root / "milestones" / "03_1986_mlp" / "02_rumelhart_mnist.py"
    out = run_numpy_only(str(script), cwd=root, TINYTORCH_HF_CACHE=str(own_cache)).stdout.splitlines()
    assert out[-1] == "(60000, 28, 28) float32 int64 (10000, 28, 28) (10000,)"


def test_what_the_cache_has_is_copied_without_being_asked_for(
    tmp_path: Path, own_cache: Path, small_mnist: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the checkout's own manager, if it has one, does not download it again."""
    monkeypatch.setattr(preparing, "FULL", (small_mnist.dataset, catalog.CIFAR10))
    small_mnist.unpacked_into(own_cache)
    root = write_checkout(tmp_path / "checkout")

    assert preparing.prepare(root).problems == []

    assert len(snapshot(root / "milestones" / "datasets" / "mnist")) == 4
    assert not (root / "milestones" / "datasets" / "cifar-10").exists()


def test_a_stick_that_is_not_there_is_one_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Said once for all datasets, and before anything is announced."""
    done = preparing.prepare(write_checkout(tmp_path / "checkout"), source=tmp_path / "absent")

    assert [problem.partition(". ")[0] for problem in done.problems] == [
        f"There is no file or folder {tmp_path / 'absent'}"
    ]
    assert "is taken from" not in capsys.readouterr().err


def test_a_stick_with_none_of_them_is_a_problem(tmp_path: Path) -> None:
    """The curated files are written all the same."""
    root = write_checkout(tmp_path / "checkout")

    (tmp_path / "empty").mkdir()

    done = preparing.prepare(root, source=tmp_path / "empty")

    assert len(done.problems) == len(needs.FULL)
    assert all("empty has no file of it" in problem for problem in done.problems)
    assert (root / "datasets" / "tinydigits" / "train.pkl").is_file()


def test_half_of_mnist_on_a_stick_is_a_problem(tmp_path: Path, archives: Path) -> None:
    """It says what is missing, and nothing of it comes into the checkout."""
    root = write_checkout(tmp_path / "checkout")
    stick = tmp_path / "stick"
    stick.mkdir()
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        (stick / name).write_bytes((archives / name).read_bytes())

    (problem, *_) = preparing.prepare(root, source=stick).problems

    assert "train-images-idx3-ubyte.gz" in problem
    assert not (root / "milestones" / "datasets").exists()


def test_nothing_is_downloaded_unless_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then all are; a failure of one does not keep the others."""
    root = write_checkout(tmp_path / "checkout")
    asked = []

    def provide(dataset: catalog.DatasetInfo, _root: None, source: None) -> None:
        asked.append((dataset.name, source))
        raise NetworkError(f"no network for {dataset.name}")

    monkeypatch.setattr(provision, "provide", provide)

    assert preparing.prepare(root).problems == [] == asked
    names = [dataset.name for dataset in needs.FULL]
    assert preparing.prepare(root, download=True).problems == [f"no network for {name}" for name in names]
    assert asked == [(name, None) for name in names]


def test_what_is_there_is_not_downloaded_again(tmp_path: Path, archives: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TinyTorch's own manager may have put it there."""
    root = write_checkout(tmp_path / "checkout")
    (root / "milestones" / "datasets").mkdir()
    (root / "milestones" / "datasets" / "mnist").symlink_to(archives)
    asked = []
    monkeypatch.setattr(provision, "provide", lambda dataset, *_: asked.append(dataset.name))
    monkeypatch.setattr(full_data, "put", lambda *_: [])

    preparing.prepare(root, download=True)

    assert asked == ["cifar10", "shakespeare"]


def test_a_checkout_without_milestones_gets_no_folder_of_that_name(tmp_path: Path, archives: Path) -> None:
    """Only its package's bridge and the curated files."""
    root = write_checkout(tmp_path / "checkout", scripts={})

    preparing.prepare(root, source=archives)

    assert not (root / "milestones").exists()
    assert (root / "tinytorch" / "datasets.py").is_file()


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    """Of the system's, with its reason."""
    root = write_checkout(tmp_path / "checkout")
    (root / "datasets").write_text("a file", encoding="utf-8")

    with pytest.raises(StorageError):
        preparing.prepare(root)


def test_the_scripts_of_these_tests_are_in_the_courses_folders() -> None:
    """One for each milestone that reads files."""
    numbers = {name[:2] for name in SCRIPTS}
    assert {milestone.number for milestone in needs.MILESTONES if milestone.needs} <= numbers
