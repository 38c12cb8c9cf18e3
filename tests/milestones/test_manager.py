"""Specification of tinytorch_hf.milestones.data.manager: what TinyTorch's own manager gives, without surprises."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
from checkouts import POINTER, Small, own_cache, small_cifar10, small_mnist, small_shakespeare, snapshot

from tinytorch_hf import catalog, load_mnist, load_tinydigits, load_tinymnist, load_tinytalks, milestones
from tinytorch_hf.acquire import provision
from tinytorch_hf.catalog import DatasetInfo, registry
from tinytorch_hf.errors import (
    GitLFSPointerError,
    InvalidArgumentError,
    MissingFileError,
    NetworkError,
    UnknownNameError,
    WrongHashError,
)
from tinytorch_hf.files import folders, store, talks
from tinytorch_hf.milestones.data.manager import DatasetManager, Pairs

pytestmark = pytest.mark.usefixtures("own_cache")

TRAIN_IMAGES = "train-images-idx3-ubyte.gz"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder that is not there yet."""
    return tmp_path / "checkout" / "milestones" / "datasets"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test if anything is to be provided."""
    monkeypatch.setattr(provision, "provide", lambda *_: pytest.fail("something was to be downloaded"))


def _shapes(pairs: Pairs) -> list[tuple[tuple[int, ...], str]]:
    return [(array.shape, array.dtype.name) for pair in pairs for array in pair]


def test_it_is_a_member_of_the_package() -> None:
    """With the class and the function that go with it."""
    assert milestones.DatasetManager is DatasetManager
    assert {"DatasetManager", "TinyDigits", "install"} == set(milestones.__all__)
    with pytest.raises(AttributeError, match="no attribute 'DataManager'"):
        milestones.DataManager  # noqa: B018 -- the access is what is tested


def test_without_mnist_it_gives_tinymnist_and_says_so(
    data_dir: Path, no_network: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, with what to type; nothing is downloaded, nothing written."""
    (X_train, y_train), (X_test, y_test) = DatasetManager(data_dir).get_mnist()

    for given, expected in zip((X_train, y_train, X_test, y_test), load_tinymnist(), strict=True):
        assert np.array_equal(given, expected) and given.dtype == expected.dtype
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("TinyMNIST: 1000 training and 200 test images. All of MNIST was not found.")
    assert "`tinytorch-hf download mnist`. This downloads it (12 MB, 10 s at 10 Mbit/s) into" in line
    assert not data_dir.exists()


def test_full_insists(data_dir: Path, no_network: None) -> None:
    """The error says where it looked, how large it is and what to type."""
    with pytest.raises(MissingFileError, match="tinytorch-hf download mnist") as caught:
        DatasetManager(data_dir).get_mnist(full=True)
    assert str(data_dir / "mnist") in str(caught.value)
    assert "12 MB" in str(caught.value)


def test_what_the_milestones_have_already_is_used(
    data_dir: Path, small_mnist: Small, no_network: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The four archives that TinyTorch's manager has once downloaded, in its shapes and types."""
    small_mnist.into(data_dir / "mnist")

    pairs = DatasetManager(data_dir).get_mnist()

    assert _shapes(pairs) == [((50, 28, 28), "float32"), ((50,), "int64"), ((20, 28, 28), "float32"), ((20,), "int64")]
    assert np.array_equal(pairs[0][0], load_tinymnist()[0][:50])
    assert capsys.readouterr().out == "MNIST: 50 training and 20 test images.\n"


@pytest.mark.parametrize("place", ["data folder", "cache"])
def test_what_torchvision_or_the_cache_has_is_used(
    data_dir: Path, own_cache: Path, small_mnist: Small, no_network: None, place: str
) -> None:
    """Without a copy of it."""
    small_mnist.unpacked_into(data_dir if place == "data folder" else own_cache)

    (X_train, _), _ = DatasetManager(data_dir).get_mnist(full=True)

    assert len(X_train) == 50
    assert not (data_dir / "mnist").exists()


def test_tiny_can_be_insisted_on_too(data_dir: Path, small_mnist: Small) -> None:
    """So that a lesson takes as long on every machine."""
    small_mnist.into(data_dir / "mnist")
    manager = DatasetManager(data_dir)

    assert len(manager.get_mnist(full=False)[0][0]) == 1000
    with pytest.raises(InvalidArgumentError, match="full=False asks for tinymnist"):
        manager.get_mnist(full=False, download=True)


def test_a_download_that_is_asked_for_is_put_where_the_milestones_look(
    data_dir: Path, own_cache: Path, small_mnist: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once: the second time nothing is provided."""
    provided = []

    def provide(dataset: object) -> None:
        provided.append(dataset)
        small_mnist.unpacked_into(own_cache)

    monkeypatch.setattr(provision, "provide", provide)
    for _ in range(2):
        assert len(DatasetManager(data_dir).get_mnist(download=True)[0][0]) == 50

    assert provided == [small_mnist.dataset]
    assert sorted(path.name for path in (data_dir / "mnist").iterdir()) == sorted(
        archive.file.name for archive in small_mnist.dataset.archives
    )


@pytest.mark.parametrize("way", ["argument", "variable"])
def test_who_has_said_yes_to_every_download_is_taken_at_his_word(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """As TinyTorch's manager takes it; then a download that fails is an error."""

    def provide(_dataset: object) -> None:
        raise NetworkError("no network")

    monkeypatch.setattr(provision, "provide", provide)
    if way == "variable":
        monkeypatch.setenv("TINYTORCH_AUTO_DOWNLOAD", "1")

    with pytest.raises(NetworkError, match="no network"):
        DatasetManager(data_dir, auto_confirm=way == "argument").get_mnist()


@pytest.mark.parametrize("damage", [POINTER, b"", b"\x1f\x8b\x08\x00half", None])
def test_a_damaged_file_is_named_and_replaced_by_a_good_one(
    data_dir: Path,
    own_cache: Path,
    small_mnist: Small,
    capsys: pytest.CaptureFixture[str],
    damage: bytes | None,
) -> None:
    """If the cache has it: pointers, empty files, files that are cut off."""
    path = small_mnist.into(data_dir / "mnist") / TRAIN_IMAGES
    path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    small_mnist.unpacked_into(own_cache)

    assert len(DatasetManager(data_dir).get_mnist()[0][0]) == 50

    out = capsys.readouterr().out
    assert str(path) in out and "replaced by a good copy" in out
    assert len(DatasetManager(data_dir).get_mnist(full=True)[0][0]) == 50
    assert str(path) not in capsys.readouterr().out


def test_a_damaged_file_without_a_good_one_is_named_and_stays(
    data_dir: Path, small_mnist: Small, no_network: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tiny dataset is given; who insists gets the error."""
    path = small_mnist.into(data_dir / "mnist") / TRAIN_IMAGES
    path.write_bytes(POINTER)
    before = snapshot(data_dir)

    assert len(DatasetManager(data_dir).get_mnist()[0][0]) == 1000
    assert f"{path} is a Git-LFS pointer" in capsys.readouterr().out
    with pytest.raises(GitLFSPointerError):
        DatasetManager(data_dir).get_mnist(full=True)
    assert snapshot(data_dir) == before


def test_a_whole_file_of_the_users_own_is_never_replaced(
    data_dir: Path, own_cache: Path, small_mnist: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as another dataset under MNIST's names: it is named, and MNIST is taken from elsewhere."""
    folder = small_mnist.into(data_dir / "mnist")
    (folder / TRAIN_IMAGES).write_bytes((folder / "t10k-images-idx3-ubyte.gz").read_bytes())
    before = snapshot(data_dir)

    with pytest.raises(Exception, match="cut off"):
        DatasetManager(data_dir).get_mnist(full=True)
    small_mnist.unpacked_into(own_cache)
    assert len(DatasetManager(data_dir).get_mnist()[0][0]) == 50

    assert TRAIN_IMAGES in capsys.readouterr().out
    assert snapshot(data_dir) == before


def test_all_of_mnist_comes_in_the_milestones_form(mnist_root: Path, data_dir: Path) -> None:
    """The genuine archives, through the folder that TinyTorch's manager fills."""
    archives = Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist"
    data_dir.mkdir(parents=True)
    (data_dir / "mnist").symlink_to(archives)

    (X_train, y_train), (X_test, y_test) = DatasetManager(data_dir).get_mnist()

    for given, expected in zip((X_train, y_train, X_test, y_test), load_mnist(mnist_root), strict=True):
        assert np.array_equal(given, expected) and given.dtype == expected.dtype


def test_without_cifar10_there_are_no_pictures_in_colour(data_dir: Path, no_network: None) -> None:
    """Never random ones: the error says how large CIFAR-10 is and what to type, whether it was insisted on or not."""
    for full in (None, True):
        with pytest.raises(MissingFileError, match="tinytorch-hf download cifar10") as caught:
            DatasetManager(data_dir).get_cifar10(full=full)
        assert "(170 MB, 2-3 min at 10 Mbit/s)" in str(caught.value) and str(data_dir / "cifar-10") in str(caught.value)
        advises_tiny = "TinyCIFAR could replace it" in str(caught.value)
        assert advises_tiny == ("`tinytorch-hf download tinycifar`" in str(caught.value)) == (full is None)


def test_cifar10_is_found_where_the_milestones_or_torchvision_have_it(
    data_dir: Path, own_cache: Path, small_cifar10: Small, no_network: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the milestones' shapes and types."""
    images, labels = ((50, 3, 32, 32), "float32"), ((50,), "int64")
    for folder in (data_dir / "cifar-10" / "cifar-10-batches-py", own_cache / "cifar-10-batches-py"):
        small_cifar10.into(folder)

        pairs = DatasetManager(data_dir).get_cifar10()

        assert _shapes(pairs)[:2] == [images, labels]
        assert 0.0 <= pairs[0][0].min() < 0.1 and 0.9 < pairs[0][0].max() <= 1.0
        assert capsys.readouterr().out == "CIFAR10: 50 training and 10 test images.\n"
        shutil.rmtree(folder)


def test_tinycifar_stands_in_where_it_was_built(
    data_dir: Path, own_cache: Path, tinycifar_root: Path, no_network: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the line that says so."""
    shutil.copytree(tinycifar_root, own_cache)

    pairs = DatasetManager(data_dir).get_cifar10()

    assert _shapes(pairs) == [
        ((2000, 3, 32, 32), "float32"),
        ((2000,), "int64"),
        ((400, 3, 32, 32), "float32"),
        ((400,), "int64"),
    ]
    said = capsys.readouterr().out
    assert said.startswith("TinyCIFAR: 2000 training and 400 test images. All of CIFAR10 was not found")


def test_tinycifar_is_cut_from_what_the_milestones_have(
    data_dir: Path, own_cache: Path, tinycifar_root: Path, small_cifar10: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into the cache, once."""
    small_cifar10.into(data_dir / "cifar-10" / "cifar-10-batches-py")
    monkeypatch.setitem(registry._BUILT_IN, "cifar10", small_cifar10.dataset)
    cut = []

    def cut_out(dataset: DatasetInfo, source_root: Path, root: None) -> None:
        cut.append((catalog.origin(dataset), source_root, root))
        shutil.copytree(tinycifar_root, own_cache)

    monkeypatch.setattr(provision, "cut", cut_out)
    for _ in range(2):
        assert len(DatasetManager(data_dir).get_cifar10(full=False)[0][0]) == 2000

    assert cut == [(small_cifar10.dataset, data_dir / "cifar-10", None)]


@pytest.mark.parametrize("damage", ["cut off", "pointer", "absent"])
def test_an_unpacking_that_was_interrupted_is_repaired(
    data_dir: Path, own_cache: Path, small_cifar10: Small, damage: str
) -> None:
    """Where TinyTorch's manager takes the folder for whole because it is there."""
    path = small_cifar10.into(data_dir / "cifar-10" / "cifar-10-batches-py") / "data_batch_3"
    good = path.read_bytes()
    path.write_bytes(POINTER if damage == "pointer" else good[:-5000])
    if damage == "absent":
        path.unlink()
    small_cifar10.into(own_cache / "cifar-10-batches-py")

    (X_train, _), _ = DatasetManager(data_dir).get_cifar10(full=True)

    assert len(X_train) == 50
    assert damage == "absent" or path.read_bytes() == good


def test_generated_points_have_tinytorchs_shapes_types_and_default(same_random_state: None) -> None:
    """XOR's around the corners of the unit square, the perceptron's around (2, 2) and (-2, -2), labels 1 and 0."""
    manager = DatasetManager()
    for make in (manager.get_xor_data, manager.get_perceptron_data):
        X, y = make()
        assert (X.shape, X.dtype, y.shape, y.dtype) == ((1000, 2), np.float32, (1000,), np.int64)
        assert np.array_equal(make(num_samples=7)[0], make(7)[0]) and len(make(7)[1]) == 7
        assert set(y) == {0, 1}
    X, y = manager.get_xor_data(400)
    assert np.array_equal(y, (X[:, 0] > 0.5) != (X[:, 1] > 0.5))
    X, y = manager.get_perceptron_data(400)
    assert np.array_equal(y == 1, X.sum(axis=1) > 0)
    assert np.allclose(X[y == 1].mean(axis=0), 2, atol=0.2) and np.allclose(X[y == 0].mean(axis=0), -2, atol=0.2)
    with pytest.raises(InvalidArgumentError, match="at least 1"):
        manager.get_xor_data(0)


def test_tiny_images_come_as_pairs() -> None:
    """In the nested form of the other methods."""
    manager = DatasetManager()
    for pairs, arrays in (
        (manager.get_tinydigits(), load_tinydigits()),
        (manager.get_tinymnist(), load_tinymnist()),
    ):
        (X_train, y_train), (X_test, y_test) = pairs
        assert all(map(np.array_equal, (X_train, y_train, X_test, y_test), arrays))


def test_tinytalks_come_as_one_text(tmp_path: Path) -> None:
    """In the milestones' text format, with the arguments that they give."""
    manager = DatasetManager()

    def pairs_in(text: str) -> list[tuple[str, str]]:
        return [(turn.question, turn.answer) for turn in talks.parse_text(text.encode(), tmp_path)]

    assert pairs_in(manager.get_tinytalks()) == load_tinytalks()
    text = manager.get_tinytalks(sample_only=False, topic="tinytorch", split="test")
    assert pairs_in(text) == load_tinytalks("test")
    assert manager.get_tinytalks("val").count("Q: ") == 53
    file = folders.folder(catalog.TINYTALKS) / "tinytalks_v2.txt"
    assert manager.get_tinytalks() == file.read_text(encoding="utf-8")
    with pytest.raises(UnknownNameError, match="Did you mean 'train'"):
        manager.get_tinytalks("tran")


def test_tinypy_comes_as_one_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its functions one after the other, as the milestone that completes code reads them."""
    functions = ["def a():\n    x = 1\n    return x", "def b():\n    y = 2\n    return y"]
    monkeypatch.setattr("tinytorch_hf.data.text_loaders.load_tinypy", lambda split=None: functions)

    text = DatasetManager().get_tinypy(sample_only=True)

    assert text == "\n\n".join(functions) + "\n\n"
    compile(text, "tinypy", "exec")


def test_shakespeare_is_the_scenes_that_ship_where_nothing_else_is(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One text, as the file of them holds it, and a line that says how to get the whole; nothing is downloaded."""
    (form, *_) = catalog.TINYSHAKESPEARE.forms

    text = DatasetManager(data_dir).get_tinyshakespeare()

    assert text.encode("ascii") == store.read(catalog.TINYSHAKESPEARE, form.file)
    line = capsys.readouterr().out
    assert line.startswith("TinyShakespeare: 100781 characters. All of Tiny Shakespeare was not found. Run ")
    assert "`tinytorch-hf download shakespeare`. This downloads it (1 MB, 1 s at 10 Mbit/s)" in line


def test_shakespeare_is_found_where_a_checkout_has_it(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The plays first, then the sample; a text of the student's own is given, and said to be that."""
    manager = DatasetManager(data_dir)
    sample = data_dir.parents[1] / "datasets" / "tinyshakespeare" / "tinyshakespeare_sample.txt"
    plays = data_dir / "tinyshakespeare" / "input.txt"

    for path, text in ((sample, "sample\n"), (plays, "plays\n")):
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        assert manager.get_shakespeare() == text
        assert f"{path} is a text of your own." in capsys.readouterr().out
    assert manager.get_tinyshakespeare(sample_only=True) == "sample\n"


@pytest.mark.parametrize("damage", [POINTER, b"", b"cut o", b"\xff\n"])
def test_a_damaged_text_of_a_checkout_is_passed_over(
    data_dir: Path, damage: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pointer, nothing, a beginning, no text: the scenes that ship are given, and the whole's place is named."""
    sample = data_dir.parents[1] / "datasets" / "tinyshakespeare" / "tinyshakespeare_sample.txt"
    plays = data_dir / "tinyshakespeare" / "input.txt"
    for path in (sample, plays):
        path.parent.mkdir(parents=True)
        path.write_bytes(damage)

    assert len(DatasetManager(data_dir).get_tinyshakespeare()) == 100_781
    assert str(plays) in capsys.readouterr().out


def test_the_whole_of_shakespeare_comes_from_the_cache(
    data_dir: Path, small_shakespeare: Small, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the scenes; with a yes to every download it is got first, and put where the milestones look."""
    with pytest.raises(MissingFileError):
        monkeypatch.setattr(provision, "provide", lambda *_: [])
        DatasetManager(data_dir, auto_confirm=True).get_tinyshakespeare()
    monkeypatch.setattr(provision, "provide", lambda *_: small_shakespeare.unpacked_into(own_cache))

    text = DatasetManager(data_dir, auto_confirm=True).get_tinyshakespeare()

    assert text == "KING:\nAll of it.\n" == DatasetManager(data_dir).get_tinyshakespeare()
    assert (data_dir / "tinyshakespeare" / "input.txt").read_text(encoding="utf-8") == text


def test_without_a_folder_it_takes_that_of_the_checkout_it_is_run_in(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere a folder in the cache; ``~`` is expanded."""
    monkeypatch.chdir(tmp_path)
    assert DatasetManager().data_dir == own_cache / "milestones" / "datasets"
    (tmp_path / "milestones").mkdir()
    assert DatasetManager().data_dir == Path("milestones/datasets")
    assert DatasetManager("~/data").data_dir == Path.home() / "data"
    assert not (tmp_path / "milestones" / "datasets").exists()


def test_another_dataset_with_the_same_shapes_is_not_taken_for_mnist(data_dir: Path, small_mnist: Small) -> None:
    """What is given as MNIST was verified."""
    folder = small_mnist.into(data_dir / "mnist")
    labels = folder / "train-labels-idx1-ubyte.gz"
    changed = bytearray(gzip.decompress(labels.read_bytes()))
    changed[-1] ^= 1
    labels.write_bytes(gzip.compress(bytes(changed)))

    with pytest.raises(WrongHashError, match="train-labels"):
        DatasetManager(data_dir).get_mnist(full=True)
