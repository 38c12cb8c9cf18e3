"""Images under pairs of transforms, many draws, every class of images and fresh processes, for `nox -s longer`."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import test_every_transform as every
import torch
from conftest import Run
from PIL import Image
from test_photographs import few, files  # noqa: F401 -- fixtures
from torchvision import transforms as v1

from tinytorch_hf import CIFAR10, MNIST, TinyCIFAR, TinyDigits, TinyMNIST

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")

ON_IMAGES = {name: row for name, row in every.ROWS.items() if row[1] != every.REFUSED}
DRAWN = {name: row for name, row in ON_IMAGES.items() if row[1] == every.EITHER}


def chained(image: Any, *transforms: Any) -> list[Any]:
    """What the second transform makes of the first image that the first one makes; a refusal as its kind."""
    try:
        (first, *_) = every.applied(transforms[0], image, 0)
        return every.applied(transforms[1], first, 1) if isinstance(first, Image.Image) else []
    except (TypeError, ValueError, RuntimeError, OSError) as error:
        return [type(error)]


@pytest.mark.parametrize("first", ON_IMAGES.values(), ids=ON_IMAGES)
def test_no_two_transforms_make_an_image_black(first: every.Row) -> None:
    """What they make of bytes is to be seen in what they make of floats, to within what rounding does."""
    image = TinyDigits()[3][0]
    in_bytes = image.convert("L")
    for name, second in ON_IMAGES.items():
        ours = chained(image, first[0](), second[0]())
        theirs = chained(in_bytes, first[0](), second[0]())

        assert len(ours) == len(theirs), name
        for mine, other in zip(ours, theirs, strict=True):
            if isinstance(other, type):
                assert mine is other, name
                continue
            # The brightest pixel: interpolation and noise differ by few levels, what spreads contrast by more.
            brightest = every.values(other)[:1].max()
            assert abs(every.values(mine)[:1].max() - brightest) < 0.2, name
            if isinstance(mine, Image.Image):
                seen = every.values(v1.Grayscale(3)(mine)).max()
                assert abs(seen - min(every.values(mine).max(), 1)) < 0.2, name


@pytest.mark.parametrize("row", DRAWN.values(), ids=DRAWN)
def test_whatever_is_drawn_is_exact_or_of_bytes(row: every.Row) -> None:
    """Over many draws, each of which is another operation."""
    make, expectation = row
    transform, dataset = make(), TinyDigits()
    for seed in range(150):
        images = every.applied(transform, dataset[seed][0], seed)

        possible = every.expected_of(expectation, transform, dataset.data[seed].numpy(), seed)
        assert any(every.same(images, expected) for expected in possible), seed
        every.look_right(images[0])


def test_every_class_of_bytes_is_as_torchvision_alone_has_it(
    few: Any,  # noqa: F811
    mnist_root: Path,
    tinycifar_root: Path,
) -> None:
    """With real files of each."""
    for dataset in (TinyMNIST(), MNIST(mnist_root), CIFAR10(few.path), TinyCIFAR(tinycifar_root)):
        every.test_images_of_bytes_are_as_torchvision_alone_has_them(dataset)


def test_a_process_that_gets_an_image_alone_sees_it(run_python: Run, tmp_path: Path) -> None:
    """It has imported torchvision, and nothing of ours."""
    (tmp_path / "image.pkl").write_bytes(pickle.dumps(TinyDigits()[3][0]))
    program = (
        "import pathlib, pickle\nfrom torchvision import transforms\n"
        "image = pickle.loads(pathlib.Path('image.pkl').read_bytes())\n"
        "for first in (transforms.Pad(1), transforms.GaussianBlur(3, 0.1), transforms.RandomInvert(1.0)):\n"
        "    print(transforms.Grayscale(3)(first(image)).getextrema()[0][1] > 200)"
    )

    done = run_python("-c", program)

    assert done.stdout.splitlines() == ["True"] * 3, done.stderr


def test_torchscript_compiles_augmix_as_before() -> None:
    """The largest of those in which something was replaced."""
    compiled = torch.jit.script(v1.AugMix())

    with torch.random.fork_rng(devices=[]):
        assert compiled(torch.zeros(3, 8, 8, dtype=torch.uint8)).dtype == torch.uint8
