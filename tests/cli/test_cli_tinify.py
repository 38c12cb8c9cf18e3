"""Specification of the command `tinify`: what it prints, what it leaves, and how it ends."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf import catalog
from tinytorch_hf.cli import main
from tinytorch_hf.curation import making

CLASSES = ("high", "middle", "low")


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """An archive of images of a bright bar at one of three places, under noise, one of them twice."""
    rng = np.random.default_rng(0)
    labels = np.tile(np.arange(3), 30)
    images = rng.integers(0, 120, (len(labels), 16, 16))
    for image, label in zip(images, labels, strict=True):
        image[4 * label + 2 : 4 * label + 5] += 130
    images[3] = images[0]
    np.savez(tmp_path / "bars.npz", x=images.astype(np.uint8), y=np.array(CLASSES)[labels])
    return tmp_path / "bars.npz"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """No other test finds the set in the catalogue."""
    yield
    catalog.forget("tiny_bars")


def tinify(bars: Path, *options: str) -> int:
    """The command, in this process."""
    out = str(bars.parent / "tiny-bars")
    words = ("tinify", str(bars), "--out", out, "--per-class", "5", "--test-per-class", "2", "--workers", "1")
    return main([*words, *options])


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is read, looked at and chosen, and whether the licence lets content be packed; also for programs."""
    assert tinify(bars, "--dry-run") == 0
    text = capsys.readouterr().out
    for line in (
        f"source    {bars}: images, 90 rows, shards: 1",
        "image     x",
        "label     y",
        "size      16x16 pixels",
        "chosen    5 to train and 2 to test of each class, seed 0",
        "looked at up to 84 of each class, and up to 200 that are held out for the proof",
        "licence   no licence was given, so only the selection and the recipe are written. Add "
        "--license with the source's",
        f"folder    {bars.parent / 'tiny-bars'}, as the dataset tiny_bars",
        "Nothing was written.",
    ):
        assert f"\n{line}\n" in f"\n{text}"
    assert tinify(bars, "--dry-run", "--json", "--license", "MIT", "--no-proof") == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["n_rows"], plan["is_packed"], plan["proof"]) == (90, True, None)
    assert plan["shards"] == [{"name": "bars.npz", "n_rows": 90, "n_bytes": bars.stat().st_size}]
    assert list(bars.parent.iterdir()) == [bars]


def test_a_set_is_made_and_told(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In lines that a pipe can be read by; nothing is redrawn there."""
    assert tinify(bars, "--no-proof", "--license", "CC-BY-4.0", "--source-url", "https://example.org/bars") == 0
    captured = capsys.readouterr()

    assert "read      90 images in 3 classes, 89 different ones\n" in captured.out
    assert "chosen    15 to train and 6 to test of 89 candidates, among which were" in captured.out
    assert f"written   {bars.parent / 'tiny-bars'}: the dataset tiny_bars\n" in captured.out
    phases = ["hashing shards", "reading", "fetching candidates", "choosing", "writing"]
    assert [line.partition(" (")[0].removesuffix(" ...") for line in captured.err.splitlines()] == phases
    assert catalog.info("tiny_bars").source_url == "https://example.org/bars"

    assert tinify(bars, "--no-proof") == 1
    assert "tiny-bars exists already" in capsys.readouterr().err


def test_the_result_for_programs_has_the_proof_and_its_status(
    bars: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """3 where the set teaches no more than chance does, as where all judges know everything anyway."""
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from tinytorch_hf.curation import judges

    real = judges.accuracies_on_images
    monkeypatch.setattr(judges, "accuracies_on_images", lambda *given: real(*given, judges=("linear model", "1-NN")))
    assert tinify(bars, "--json", "--license", "MIT") == 3
    result = json.loads(capsys.readouterr().out)

    assert result["status"] == 3
    assert result["proof"]["is_better_than_chance"] is False
    assert result["proof"]["judges"]["1-NN"]["chosen"] == 1.0
    assert result["n_chosen"] == {"train": 15, "test": 6}


def test_ctrl_c_leaves_what_resume_goes_on_with(
    bars: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the exit status of an interrupted command."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(making, "chosen", interrupted)
        assert tinify(bars, "--no-proof") == 130
    assert tinify(bars, "--no-proof") == 2
    assert "from an interrupted run. Resume with --resume" in capsys.readouterr().err
    assert tinify(bars, "--no-proof", "--seed", "1", "--resume") == 2
    assert "had other settings: seed was 0, now 1." in capsys.readouterr().err
    assert tinify(bars, "--no-proof", "--resume") == 0
    assert not (bars.parent / "tiny-bars.work").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--memory", "much"), "'much' is not an amount of memory; write 500MB or 2GB"),
        (("--memory", "1MB"), "1MB are too little memory"),
        (("--near", "2"), "Look-alikes have a cosine"),
        (("--candidates", "3"), "3 candidates of each class are less than the 7 samples"),
        (("--size", "2"), "a size is from 4 to 128"),
        (("--scheduler", "tcp://here:1"), "Add --engine dask"),
        (("--image", "z"), "has no column z"),
        (("--name", "mnist"), "There is a dataset mnist already"),
        (("--source-url", "ftp://x"), "source_url"),
        (("--per-class", "40"), "ask for fewer with --per-class"),
        (("--root", "x"), "Leave root out"),
    ],
)
def test_what_cannot_be_is_a_message(
    options: tuple[str, ...], message: str, bars: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, with the status of a command that was called wrongly; nothing stays but a log."""
    assert tinify(bars, "--no-proof", *options) in (1, 2)
    assert message in capsys.readouterr().err
    assert {path.name for path in bars.parent.iterdir()} <= {"bars.npz", "tiny-bars.log"}


def test_a_set_without_content_is_made_again_from_its_source(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its recipe, which says how the columns are called; a source that has changed is refused."""
    folder = bars.parent / "tiny-bars"
    assert tinify(bars, "--no-proof") == 0
    hashes = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))["files"]
    assert not (folder / "train.npz").exists()
    assert "without content\nlicence   no licence was given" in capsys.readouterr().out
    assert main(["verify", str(folder)]) != 0
    assert f"`tinytorch-hf tinify SOURCE --rebuild {folder}`" in capsys.readouterr().err

    assert main(["tinify", str(bars), "--rebuild", str(folder)]) == 0
    assert "the dataset tiny_bars" in capsys.readouterr().out
    assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in hashes} == hashes

    (folder / "dataset.json").unlink()
    arrays = dict(np.load(bars))
    np.savez(bars, x=arrays["x"][::-1], y=arrays["y"])
    assert main(["tinify", str(bars), "--rebuild", str(folder)]) == 1
    assert "is not what the set was made of" in capsys.readouterr().err


def test_where_the_set_comes_to_be_is_said_once(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a new folder, or as one that has its recipe."""
    for options in ((), ("--out", "a", "--rebuild", "b")):
        assert main(["tinify", str(bars), *options]) == 2
        assert "--rebuild FOLDER" in capsys.readouterr().err


def test_a_set_is_rebuilt_as_its_recipe_says(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is said beside is refused and not passed over: least of all that nothing may be written."""
    folder = bars.parent / "tiny-bars"
    assert tinify(bars, "--no-proof") == 0
    for options in (("--dry-run",), ("--per-class", "7"), ("--license", "MIT"), ("--name", "other"), ("--resume",)):
        assert main(["tinify", str(bars), "--rebuild", str(folder), *options]) == 2
        assert f"The recipe decides how a set is rebuilt. Leave out {options[0]}." in capsys.readouterr().err
    assert not (folder / "dataset.json").exists()


def test_a_dry_run_refuses_what_the_run_would(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that exists already."""
    (bars.parent / "tiny-bars").mkdir()
    assert tinify(bars, "--dry-run") == 1
    assert "tiny-bars exists already. Choose another folder" in capsys.readouterr().err


def test_names_of_classes_do_not_move_the_cursor(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They may be anybody's."""
    np.savez(bars, x=np.zeros((2, 8, 8), np.uint8), y=np.array(["a\x1b[2J", "b"]))
    assert tinify(bars) == 2
    message = capsys.readouterr().err
    assert "\x1b" not in message and "a\\x1b[2J" in message


def test_texts_are_shown_under_their_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One of each, as images are."""
    lines = [f"{name} {number} {name[::-1]},{name}" for name in CLASSES for number in range(9)]
    (tmp_path / "words.csv").write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    assert tinify(tmp_path / "words.csv", "--license", "MIT", "--no-proof") == 0
    capsys.readouterr()
    assert main(["show", str(tmp_path / "tiny-bars")]) == 0
    shown = capsys.readouterr().out
    for name in CLASSES:
        assert re.search(rf"^\[\d+\] {name}\n{name} \d {name[::-1]}\n", shown, re.MULTILINE)
