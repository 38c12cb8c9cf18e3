"""Specification of tinytorch_hf.as_torch."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision.transforms as v1
from conftest import Run
from PIL import Image
from torch.utils.data import DataLoader, Subset, random_split
from torchvision.transforms import v2

from tinytorch_hf import TinyDigits, as_torch, load_tinydigits
from tinytorch_hf.errors import MissingFileError, UnknownNameError, WrongHashError

SPLITS = pytest.mark.parametrize("train", [True, False])


def expected(train: bool) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Images and labels of a split as NumPy gives them."""
    X_train, y_train, X_test, y_test = load_tinydigits()
    return (X_train, y_train) if train else (X_test, y_test)


@SPLITS
def test_a_sample_is_a_pil_image_of_exact_floats_and_an_int(train: bool) -> None:
    """Mode "F" keeps the sixteenths; mode "L" would not."""
    dataset = TinyDigits(train=train)
    images, labels = expected(train)

    assert len(dataset) == len(images)
    for index in (0, len(dataset) - 1, -1):
        image, label = dataset[index]
        assert isinstance(image, Image.Image)
        assert (image.mode, image.size, type(label)) == ("F", (8, 8), int)
        assert np.array_equal(np.asarray(image), images[index])
        assert label == labels[index]


@SPLITS
@pytest.mark.parametrize(
    "to_tensor",
    [v1.ToTensor(), v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])],
    ids=["v1", "v2"],
)
def test_to_tensor_gives_the_numbers_of_the_numpy_loader(train: bool, to_tensor: Any) -> None:
    """Bit for bit, through torch's own DataLoader."""
    loader = DataLoader(TinyDigits(train=train, transform=to_tensor), batch_size=64)
    images, labels = expected(train)

    batches = list(loader)

    assert torch.equal(torch.cat([x for x, _ in batches]), torch.from_numpy(images).unsqueeze(1))
    assert torch.equal(torch.cat([y for _, y in batches]), torch.from_numpy(labels))


@SPLITS
def test_data_and_targets_are_exact_tensors(train: bool) -> None:
    """As torchvision's MNIST has them, in float32 and int64."""
    dataset = TinyDigits(train=train)
    images, labels = expected(train)

    assert torch.equal(dataset.data, torch.from_numpy(images))
    assert torch.equal(dataset.targets, torch.from_numpy(labels))
    assert dataset.classes[3] == "3 - three"


def test_arguments_stand_where_torchvision_has_them(root: Path) -> None:
    """root, train, transform, target_transform, download: all may be given by position."""
    dataset = TinyDigits(str(root), False, v1.ToTensor(), lambda label: label + 100, False)

    image, label = dataset[0]

    assert len(dataset) == 200
    assert image.shape == (1, 8, 8)
    assert label == 100 + expected(False)[1][0]


def test_transforms_are_called_once_a_sample_with_the_right_object() -> None:
    """The image's transform gets the PIL image, the label's transform the int."""
    seen: list[type] = []
    dataset = TinyDigits(transform=lambda x: seen.append(type(x)), target_transform=lambda y: seen.append(type(y)))

    assert dataset[5] == (None, None)
    assert seen == [Image.Image, int]


def test_iterating_ends(root: Path) -> None:
    """`list` needs an IndexError past the end."""
    assert len(list(TinyDigits(root, train=False))) == 200
    with pytest.raises(IndexError):
        TinyDigits(train=False)[200]


def test_missing_files_raise_torchvisions_error_with_the_folders_name(tmp_path: Path) -> None:
    """A RuntimeError that says download=True and where it looked."""
    with pytest.raises(RuntimeError, match="download=True") as caught:
        TinyDigits(tmp_path)
    assert isinstance(caught.value, MissingFileError)
    assert str(tmp_path / "tinydigits") in str(caught.value)


def test_damaged_files_raise_a_runtime_error_with_both_hashes(root: Path) -> None:
    """And download=True repairs them."""
    path = root / "tinydigits" / "train.pkl"
    path.write_bytes(bytes(len(path.read_bytes())))

    with pytest.raises(RuntimeError, match="SHA-256") as caught:
        TinyDigits(root)
    assert isinstance(caught.value, WrongHashError)
    assert len(TinyDigits(root, download=True)) == 1000


def test_download_puts_the_files_under_the_root(tmp_path: Path) -> None:
    """Without network; a second time finds them good."""
    TinyDigits(tmp_path, download=True)
    path = tmp_path / "tinydigits" / "train.pkl"
    written = path.stat().st_mtime_ns

    assert len(TinyDigits(tmp_path, train=False, download=True)) == 200
    assert path.stat().st_mtime_ns == written


def test_download_without_a_root_means_the_bundled_files() -> None:
    """There is nothing to do, so nothing is done."""
    assert len(TinyDigits(download=True)) == 1000


def test_it_works_with_torchs_tools() -> None:
    """Subset, random_split, worker processes, pickle."""
    dataset = TinyDigits(train=False, transform=v1.ToTensor())
    first, rest = random_split(dataset, [150, 50], generator=torch.Generator().manual_seed(0))

    assert (len(first), len(rest), len(Subset(dataset, [1, 2]))) == (150, 50, 2)
    assert torch.equal(pickle.loads(pickle.dumps(dataset))[7][0], dataset[7][0])
    in_workers = torch.cat([x for x, _ in DataLoader(dataset, batch_size=50, num_workers=2)])
    assert torch.equal(in_workers.squeeze(1), dataset.data)


@pytest.mark.parametrize(("split", "train"), [("train", True), ("test", False)])
def test_tensors_gives_a_tensor_dataset_of_exact_images(split: str, train: bool) -> None:
    """Images (N, 1, 8, 8) float32 and labels (N,) int64."""
    images, labels = as_torch.tensors("tinydigits", split).tensors

    assert torch.equal(images, torch.from_numpy(expected(train)[0]).unsqueeze(1))
    assert torch.equal(labels, torch.from_numpy(expected(train)[1]))


def test_tensors_explains_wrong_names() -> None:
    """Dataset and split alike."""
    with pytest.raises(UnknownNameError, match="tinydigits"):
        as_torch.tensors("tinydigit")
    with pytest.raises(UnknownNameError, match="Known: train, test"):
        as_torch.tensors("tinydigits", "val")


def test_the_road_to_tensors_imports_torch_alone(run_python: Run) -> None:
    """torchvision costs seconds, datasets one more; neither is needed."""
    program = (
        "import sys\nfrom tinytorch_hf import as_torch\nas_torch.tensors('tinydigits')\n"
        "print([name for name in ('torchvision', 'datasets', 'PIL', 'pandas') if name in sys.modules])"
    )

    assert run_python("-c", program).stdout == "[]\n"


def test_without_torch_one_sentence_says_what_to_install(run_numpy_only: Run) -> None:
    """An ImportError that is one of ours."""
    done = run_numpy_only("-c", "from tinytorch_hf import TinyDigits")

    assert done.stderr.splitlines()[-1] == (
        "tinytorch_hf.errors.MissingExtraError: This needs torch, which is not installed; "
        'install it with: pip install "tinytorch-hf[torch]"'
    )


def test_using_it_touches_no_random_state(same_random_state: None) -> None:
    """Nor torch's."""
    before = torch.get_rng_state()

    TinyDigits()[0]

    assert torch.equal(torch.get_rng_state(), before)
