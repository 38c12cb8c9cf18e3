"""digits_8x8: every image that TinyDigits was drawn from, in one file that NumPy opens."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.acquire import export
from tinytorch_hf.data import content_hash
from tinytorch_hf.errors import MissingFileError, TruncatedFileError, WrongHashError
from tinytorch_hf.files import store

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "datasets" / "tiny"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
DATASET = catalog.info("digits_8x8")


def test_numpy_opens_it_as_the_texts_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the checkout's root, np.load of the path gives images and labels without any pickle."""
    monkeypatch.chdir(ROOT)
    with np.load("datasets/tiny/digits_8x8.npz", allow_pickle=False) as digits:
        assert digits.files == ["images", "labels"]
        assert (digits["images"].dtype, digits["images"].shape) == (np.float32, (1797, 8, 8))
        assert (digits["labels"].dtype, digits["labels"].shape) == (np.int64, (1797,))


def test_the_courses_own_snippet_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The file, two tensors, a TensorDataset and a DataLoader, as the README has it; the first batch has 32 digits."""
    (block,) = re.findall(r"^```python\n(.*?DataLoader.*?)^```", README.split("Column `images`")[0], re.M | re.DOTALL)
    code = block[block.rindex("import numpy") :]
    monkeypatch.chdir(ROOT)

    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 -- a document of this project

    assert capsys.readouterr().out == "(32, 8, 8) (32,)\n"


def test_it_is_small() -> None:
    """The file takes at most 67 kilobytes."""
    assert (FOLDER / "digits_8x8.npz").stat().st_size <= 67_000


def test_loader_gives_images_and_labels() -> None:
    """load_digits_8x8 gives float32 multiples of 1/16 in [0, 1] and the digits as int64."""
    images, labels = tinytorch_hf.load_digits_8x8()
    assert (images.dtype, images.shape) == (np.float32, (1797, 8, 8))
    assert (labels.dtype, labels.shape) == (np.int64, (1797,))
    sixteenths = images * 16
    np.testing.assert_array_equal(sixteenths, np.rint(sixteenths))
    assert (images.min(), images.max()) == (0.0, 1.0)
    assert set(labels.tolist()) == set(range(10))


def test_it_is_scikit_learns_data_in_its_order() -> None:
    """Images and labels are those of load_digits, in the same order."""
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    images, labels = tinytorch_hf.load_digits_8x8()
    np.testing.assert_array_equal(images, (digits.images / 16).astype(np.float32))
    np.testing.assert_array_equal(labels, digits.target)


def test_tinydigits_is_a_part_of_it() -> None:
    """Every image of TinyDigits is here, with the same label."""
    images, labels = tinytorch_hf.load_digits_8x8()
    here = {(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)}
    x_train, y_train, x_test, y_test = tinytorch_hf.load_tinydigits()
    for image, label in zip([*x_train, *x_test], [*y_train, *y_test], strict=True):
        assert (image.tobytes(), int(label)) in here


def test_no_image_occurs_twice() -> None:
    """All images differ, as the datasheet says."""
    images, _labels = tinytorch_hf.load_digits_8x8()
    assert len({image.tobytes() for image in images}) == len(images)


def test_content_is_the_catalogs() -> None:
    """The fingerprint of what is loaded is the one in the catalog."""
    assert content_hash.fingerprint("digits_8x8") == DATASET.fingerprint


def test_import_as_a_package() -> None:
    """The folder also has the loader, as the other datasets' folders do."""
    from datasets.tiny import load_digits_8x8

    assert load_digits_8x8 is tinytorch_hf.load_digits_8x8


def test_recipe_rebuilds_the_same_bytes(tmp_path: Path) -> None:
    """In a checkout without the file, the recipe writes exactly the published bytes."""
    pytest.importorskip("sklearn")
    for part in ("datasets", "tinytorch_hf"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    recipe = tmp_path / "datasets" / "tiny" / "create_digits_8x8.py"
    done = subprocess.run(
        [sys.executable, str(recipe)], cwd=tmp_path.parent, capture_output=True, text=True, check=True
    )
    assert DATASET.files[0].sha256 in done.stdout
    assert (recipe.parent / "digits_8x8.npz").read_bytes() == (FOLDER / "digits_8x8.npz").read_bytes()


def test_a_given_root_holds_it_under_its_name(tmp_path: Path) -> None:
    """With a root, the file is put into and read from root/digits_8x8; without it, the error says where."""
    with pytest.raises(MissingFileError, match="digits_8x8"):
        tinytorch_hf.load_digits_8x8(tmp_path)
    assert store.materialise(DATASET, tmp_path) == [tmp_path / "digits_8x8" / "digits_8x8.npz"]
    images, _labels = tinytorch_hf.load_digits_8x8(tmp_path)
    np.testing.assert_array_equal(images, tinytorch_hf.load_digits_8x8()[0])


def test_export_puts_it_where_the_texts_look(tmp_path: Path) -> None:
    """In a TinyTorch checkout the file belongs to datasets/tiny, whatever the dataset is called."""
    export.to_checkout(DATASET, tmp_path)
    assert (tmp_path / "datasets" / "tiny" / "digits_8x8.npz").is_file()
    assert (tmp_path / "datasets" / "tiny" / "LICENSE").is_file()
    assert not (tmp_path / "datasets" / "digits_8x8").exists()


def test_damaged_files_are_named(tmp_path: Path) -> None:
    """A file that is cut off or changed raises an error with its path."""
    store.materialise(DATASET, tmp_path)
    path = tmp_path / "digits_8x8" / "digits_8x8.npz"
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(TruncatedFileError, match=r"digits_8x8\.npz is cut off"):
        tinytorch_hf.load_digits_8x8(tmp_path)
    path.write_bytes(data[:-1] + b"\x01")
    with pytest.raises(WrongHashError, match=r"digits_8x8\.npz"):
        tinytorch_hf.load_digits_8x8(tmp_path)


@pytest.mark.parametrize("document", ["README.md", "DATASHEET.md"])
def test_documents_state_what_is_so(document: str) -> None:
    """The figures outside computed parts are those of the file."""
    text = (FOLDER / document).read_text(encoding="utf-8")
    assert "1797" in text
    assert "`full`" in text
    assert [split.name for split in DATASET.splits] == ["full"]
