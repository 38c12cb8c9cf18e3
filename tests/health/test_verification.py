"""Specification of tinytorch_hf.health.verification, and the agreement test over every adapter."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from pathlib import Path

import pytest
from conftest import Run

from tinytorch_hf import catalog, verify
from tinytorch_hf.as_torch import read_back
from tinytorch_hf.data import loaders
from tinytorch_hf.errors import TinyTorchHFError, UnknownNameError
from tinytorch_hf.files import folders, store, talks
from tinytorch_hf.health import verification
from tinytorch_hf.health.verification import Check, Outcome

HUB = ["Hugging Face in memory", "Hugging Face Parquet"]
ROADS = ["numpy load", "torch tensors", "torch TinyDigits", "tinytorch DataLoader", *HUB]


@functools.cache
def checks_of(name: str) -> list[Check]:
    """What `verify` finds when nothing is wrong, for all tests that look at it."""
    return verify(name)


@pytest.mark.parametrize("name", catalog.shipped_names())
def test_every_adapter_agrees_with_the_curated_files(name: str) -> None:
    """Every file has its hash, and every road ends in the same fingerprint."""
    checks = checks_of(name)

    assert [check.outcome for check in checks] == [Outcome.OK] * len(checks)
    roads = [check for check in checks if not check.subject.startswith(("file ", "texts", "rules"))]
    assert roads
    whole = f"fingerprint {catalog.info(name).fingerprint[:16]}"
    assert {check.detail for check in roads if " of " not in check.detail} == {whole}


@pytest.mark.parametrize(
    ("name", "roads"),
    [
        ("digits_8x8", ["numpy load", "torch tensors", "torch Digits8x8", "tinytorch DataLoader"]),
        ("tinymnist", ["numpy load", "torch tensors", "torch TinyMNIST", "tinytorch DataLoader"]),
        ("tinytalks", ["numpy load", "torch TinyTalks", "tinytorch DataLoader"]),
    ],
)
def test_every_dataset_is_followed_on_its_own_roads(name: str, roads: list[str]) -> None:
    """And where a road serves some columns only, the detail says which."""
    details = {check.subject: check.detail for check in checks_of(name)}

    assert [subject for subject in details if not subject.startswith(("file ", "texts", "rules"))] == [*roads, *HUB]
    for road in roads[1:]:
        columns = {"tinymnist": " of images, labels", "tinytalks": " of question, answer"}.get(name, "")
        assert details[road].partition(" of ")[2] == columns.removeprefix(" of ")
    for road in HUB:
        assert details[road] == f"fingerprint {catalog.info(name).fingerprint[:16]}"


def test_functions_are_held_against_themselves(tinypy: str) -> None:
    """TinyPy has no fingerprint in the catalog: what PyTorch serves is compared with what NumPy loads."""
    # The checks that follow go through Hugging Face's library, which takes seconds; `nox -s longer` has them.
    checks = {check.subject: check for check in itertools.islice(verification.checks("tinypy"), 6)}

    assert {check.outcome for check in checks.values()} == {Outcome.OK}
    assert list(checks)[-3:] == ["numpy load", "torch TinyPy", "tinytorch DataLoader"]
    assert checks["torch TinyPy"].detail.endswith(" of body")


def test_a_text_that_is_another_splits_is_found() -> None:
    """A form of text is held against what a model reads of its split, and of all splits where it is of none."""
    dataset = catalog.TINYSHAKESPEARE
    of_all, of_train, *_ = dataset.forms

    assert verification._forms(dataset) == "the same 27 samples in 4 other files"
    for form in (dataclasses.replace(of_all, split="train"), dataclasses.replace(of_train, split="val")):
        with pytest.raises(TinyTorchHFError, match="holds other samples than TinyShakespeare"):
            verification._forms(dataclasses.replace(dataset, forms=(form,)))


def test_every_file_and_every_road_is_looked_at() -> None:
    """Nothing drops out of the list unnoticed."""
    subjects = [check.subject for check in checks_of("tinydigits")]

    assert subjects == ["file train.pkl", "file test.pkl", *ROADS]


def test_a_damaged_file_fails_with_its_error(monkeypatch: pytest.MonkeyPatch, root: object) -> None:
    """The file's own check fails, and every road over it."""
    real_folder = folders.folder
    monkeypatch.setattr(store, "folder", lambda dataset, _=None: real_folder(dataset, root))  # type: ignore[arg-type]
    (real_folder(catalog.TINYDIGITS, root) / "test.pkl").write_bytes(b"short")  # type: ignore[arg-type]

    outcomes = {check.subject: check.outcome for check in verify("tinydigits")}

    assert outcomes["file train.pkl"] is Outcome.OK
    assert {outcome for subject, outcome in outcomes.items() if subject != "file train.pkl"} == {Outcome.FAILED}


def test_an_adapter_with_other_numbers_fails_with_both_fingerprints(monkeypatch: pytest.MonkeyPatch) -> None:
    """One changed pixel on one road is found, and the other roads stay good."""
    splits = loaders.load("tinydigits")
    splits["test"]["images"][0, 0, 0] = 0.5
    monkeypatch.setattr(read_back, "from_tensors", lambda name: splits)

    checks = {check.subject: check for check in verify("tinydigits")}

    assert checks["torch tensors"].outcome is Outcome.FAILED
    assert catalog.TINYDIGITS.fingerprint in checks["torch tensors"].detail
    assert [subject for subject, check in checks.items() if check.outcome is not Outcome.OK] == ["torch tensors"]


def test_with_numpy_alone_the_other_roads_are_skipped(run_numpy_only: Run) -> None:
    """Skipped, not failed, and with the line that installs them."""
    program = (
        "from tinytorch_hf import verify\n"
        "for check in verify('tinydigits'):\n    print(check.outcome.value, '|', check.subject, '|', check.detail)"
    )

    lines = [line.split(" | ") for line in run_numpy_only("-c", program).stdout.splitlines()]

    assert [(outcome, subject) for outcome, subject, _ in lines] == [
        ("ok", "file train.pkl"),
        ("ok", "file test.pkl"),
        ("ok", "numpy load"),
        ("skipped", "torch tensors"),
        ("skipped", "torch TinyDigits"),
        ("ok", "tinytorch DataLoader"),
        ("skipped", "Hugging Face in memory"),
        ("skipped", "Hugging Face Parquet"),
    ]
    assert all("pip install" in detail for outcome, _, detail in lines if outcome == "skipped")


@pytest.mark.parametrize("library", ["torchvision", "PIL", "datasets", "pyarrow", "huggingface_hub", "pandas"])
def test_no_missing_library_is_worse_than_a_skipped_check(library: str, run_with_libraries: Run) -> None:
    """Whichever library is absent while the others are there: checks are made or skipped, nothing crashes."""
    program = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from tinytorch_hf.cli import main\n"
        "sys.exit(main(['verify', 'tinydigits']))"
    )

    done = run_with_libraries("-c", program)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()[:-1]} <= {"ok", "skipped"}


def test_a_library_that_does_not_work_fails_its_check(run_with_libraries: Run) -> None:
    """`datasets` sees that torch is installed and trips over it when it does not import: said, not thrown."""
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from tinytorch_hf.cli import main\n"
        "sys.exit(main(['verify', 'tinydigits']))"
    )

    done = run_with_libraries("-c", program)

    assert (done.returncode, done.stderr.count("Traceback")) == (1, 0)
    assert "failed   tinydigits  Hugging Face in memory: a library does not work here: import of torch" in done.stdout
    assert done.stdout.splitlines()[-1] == "4 ok, 2 failed, 2 skipped"


def test_tinytalks_is_held_to_its_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair that breaks a rule, or a text file that says something else, fails a check of its own."""
    assert [check.detail for check in checks_of("tinytalks") if check.subject == "rules"] == ["all 18 kept"]

    parse = talks.parse_jsonl

    def wrong(data: bytes, path: Path) -> list[talks.Pair]:
        first, *others = parse(data, path)
        return [dataclasses.replace(first, answer="I am a person."), *others]

    monkeypatch.setattr(talks, "parse_jsonl", wrong)
    checks = {check.subject: check for check in verify("tinytalks")}

    assert checks["rules"].outcome is Outcome.FAILED
    assert "persona" in checks["rules"].detail
    assert checks["texts"].outcome is Outcome.FAILED
    assert "tinytalks_v2.txt holds other samples" in checks["texts"].detail


def test_an_unknown_name_is_explained() -> None:
    """A wrong name is not a failed check."""
    with pytest.raises(UnknownNameError):
        verify("tinydigit")
