"""Specification of `compare --seeds` and `compare --early-stopping` on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from conftest import Install
from generations import GENERATION_C

from tinytorch_hf import cli
from tinytorch_hf.cli import OK, PROBLEM, USAGE
from tinytorch_hf.cli.options import INTERRUPTED
from tinytorch_hf.compare import sweep
from tinytorch_hf.compare.sweep import SeedRun

XOR = ("compare", "xor", "--epochs", "1", "--package", "tinytorch_hf.reference")
SEEDS = (*XOR, "--seeds", "3", "--workers", "1")


def test_seeds_are_shown_one_by_one_and_taken_together(capsys: pytest.CaptureFixture[str]) -> None:
    """From --seed on; the test is named, with what it assumes and could have found; nothing is redrawn."""
    assert cli.main([*SEEDS, "--seed", "4"]) == OK

    out, err = capsys.readouterr()
    rows = [line.split() for line in out.splitlines() if line[:5].strip().isdecimal()]
    assert [row[0] for row in rows] == ["4", "5", "6"]
    assert all(row[-1] == "agree" for row in rows)
    assert "seeds 4 to 6" in out
    assert "mean ± standard deviation over 3 seeds" in out
    assert "exact sign-flip permutation test on the difference of each seed, two-sided: p = 1" in out
    assert "which does not prove that they are equal" in out
    assert "power      none: with 3 seeds p is 0.25 or more" in out
    assert "verdict    the reference agrees with each of 3 seeds" in out
    assert "\r" not in out + err


def test_json_has_everything_of_each_seed(capsys: pytest.CaptureFixture[str]) -> None:
    """As `compare` says it of one, and the paired test beside."""
    assert cli.main([*SEEDS, "--json"]) == OK

    printed = json.loads(capsys.readouterr().out)
    assert (printed["verdict"], printed["complete"], printed["seeds"]) == ("agree", True, [0, 1, 2])
    assert [run["comparison"]["settings"]["seed"] for run in printed["runs"]] == [0, 1, 2]
    assert all(len(run["comparison"]["epochs"]) == 1 for run in printed["runs"])
    assert printed["paired"]["n_seeds"] == 3
    assert printed["paired"]["smallest_p"] == 0.25


def test_where_a_seed_differs_the_seed_and_the_cause_are_said(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once for all seeds that show the same, and the exit status is 1."""
    folder = install(
        {
            **GENERATION_C,
            "core/optimizers.py": (
                "from tinytorch_hf.reference import SGD, Adam as _Adam\n"
                "class Adam(_Adam):\n    def change(self, *args):\n        return -super().change(*args)\n"
            ),
        }
    )

    assert cli.main([*XOR[:4], "--seeds", "2", "--workers", "1", "--package", str(folder)]) == PROBLEM

    out = capsys.readouterr().out
    assert "differ: step 1, Adam:" in out
    assert "verdict    they differ with 2 of 2 seeds: seeds 0, 1" in out
    assert out.count("first      step 1, Adam:") == 1


def test_ctrl_c_ends_with_the_seeds_that_are_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In text and in JSON, with the exit status of an interruption."""
    known = list(sweep.runs(_settings(), (0, 1, 2), workers=1))

    def interrupted(*_given: object, **_options: object) -> Iterator[SeedRun]:
        yield from known[:2]
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "runs", interrupted)

    assert cli.main([*SEEDS]) == INTERRUPTED
    assert "verdict    interrupted: only 2 of 3 seeds ended; the reference agrees" in capsys.readouterr().out
    assert cli.main([*SEEDS, "--json"]) == INTERRUPTED
    printed = json.loads(capsys.readouterr().out)
    assert (printed["complete"], printed["verdict"], len(printed["runs"])) == (False, "incomplete", 2)


def _settings() -> object:
    from tinytorch_hf.compare.tasks import settings_for

    return settings_for("xor", epochs=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--seeds", "1"), "One seed has no spread"),
        (("--workers", "2"), "Add --seeds N"),
        (("--seeds", "2", "--synchronised"), "Leave out --synchronised or --seeds"),
        (("--early-stopping", "--synchronised"), "Leave out --synchronised or --early-stopping"),
        (("--seeds", "2", "--own-start"), "Leave out --own-start or --seeds"),
        (("--validation", "--own-start"), "Leave out one of the two"),
        (("--seeds", "2", "--report", "page.html"), "--report and --plot show one training"),
        (("--seeds", "2", "--judge", "recorded"), "recorded with one seed, and 2 are asked for"),
        (("--validation", "--judge", "recorded"), "leave out --validation and --early-stopping"),
    ],
)
def test_what_cannot_be_done_together_is_refused(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything runs, with what to leave out."""
    assert cli.main([*XOR, *arguments]) == USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_early_stopping_shows_the_validation_part(capsys: pytest.CaptureFixture[str]) -> None:
    """Its loss and accuracy after each epoch; the test split once, with the epoch that was chosen."""
    arguments = ["compare", "xor", "--epochs", "3", "--package", "tinytorch_hf.reference", "--early-stopping", "2"]
    assert cli.main(arguments) == OK

    out = capsys.readouterr().out
    assert "validation loss" in out and "validation accuracy" in out
    assert out.count("on the test split") == 1
    assert "early stopping after 2 epochs without improvement" in out
    assert "on both sides, by the validation loss" in out
    assert cli.main([*arguments, "--json"]) == OK
    printed = json.loads(capsys.readouterr().out)
    assert printed["chosen_tinytorch"]["epoch"] == printed["chosen_pytorch"]["epoch"]
    assert printed["epochs"][0]["validation_pytorch"] == pytest.approx(0.7, abs=0.2)
