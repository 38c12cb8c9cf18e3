"""Specification of the command line: what it prints, what it exits with, and that it never shows a traceback."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import forked
import numpy as np
import pytest
from conftest import Run, Start
from PIL import Image

import tinytorch_hf
from tinytorch_hf import catalog, fingerprint, load_tinydigits, load_tinypy, load_tinytalks
from tinytorch_hf.cli import OK, PROBLEM, USAGE, main
from tinytorch_hf.hub import offline
from tinytorch_hf.reports import progress

COMMANDS = [
    *("list", "info", "show", "stats", "verify", "export", "download", "tinify", "compare", "check"),
    *("grade", "milestones prepare", "milestones run", "hub build", "hub cache", "hub publish", "hub mirror", "doctor"),
]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in this process: exit status, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(run: Any, command: str) -> None:
    """A sentence says what it does, and the example calls the command itself."""
    status, out, _ = run(*command.split(), "--help")

    assert status == OK
    assert re.search(rf"\n\n[A-Z][^.]+\.(.|\n)*\n\nExample:\n  tinytorch-hf {command}", out)


@pytest.mark.parametrize("prog", ["tinytorch-hf", "python -m tinytorch_hf"])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_the_command_as_it_was_called(
    prog: str, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the usage and in the example, so that both can be copied; on a terminal of any width."""
    monkeypatch.setenv("COLUMNS", "200")

    with pytest.raises(SystemExit):
        main([*command.split(), "--help"], prog)

    out = capsys.readouterr().out
    assert out.startswith(f"usage: {prog} {command} ")
    assert f"Example:\n  {prog} {command}" in out


def test_python_m_calls_itself_so(run_python: Run) -> None:
    """In help, in wrong calls and in errors; the release is that of the package, whoever asks."""
    module = ("-m", "tinytorch_hf")

    assert run_python(*module, "--help").stdout.startswith("usage: python -m tinytorch_hf ")
    assert run_python(*module, "--version").stdout == f"tinytorch-hf {tinytorch_hf.__version__}\n"
    assert "\npython -m tinytorch_hf: error: " in run_python(*module, "--wrong").stderr
    assert run_python(*module, "info", "tinydigts").stderr.startswith("python -m tinytorch_hf: There is no dataset")


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        (["info"], "tinytorch-hf info"),
        (["show", "tinydigits", "--index", "x"], "tinytorch-hf show"),
        (["list", "tinydigits"], "tinytorch-hf list"),
        (["list", "--jsn"], "tinytorch-hf list"),
        (["hub", "--jsn"], "tinytorch-hf hub"),
        (["-x"], "tinytorch-hf"),
    ],
)
def test_a_wrong_call_exits_with_2_and_the_usage(run: Any, arguments: list[str], usage: str) -> None:
    """That of the command itself, on standard error, so that pipes stay clean."""
    status, out, err = run(*arguments)

    assert (status, out) == (USAGE, "")
    assert err.startswith(f"usage: {usage} [-h]")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "tinydigts"], "Did you mean 'tinydigits'"),
        (["show", "tinydigits", "--split", "tran"], "Did you mean 'train'"),
        (["show", "tinydigits", "--index", "1000"], "Known: 0 to 999."),
        (["show", "tinydigits", "--index", "-1"], "Known: 0 to 999."),
        (["stats", "emnist"], "There is no dataset 'emnist'"),
        (["show", "xor"], "xor is generated, not stored: it is for `tinytorch-hf compare xor`"),
        (["download", "perceptron"], "`tinytorch-hf info perceptron` describes it"),
        (["verify", "emnist"], "There is no dataset 'emnist'"),
        (
            ["hub", "publish", "mnist", "--repo-id", "a/b"],
            "MNIST is its authors' to publish",
        ),
        (["hub", "publish", "tinydigits"], "--repo-id"),
        (["compare", "emnist"], "There is no dataset 'emnist'"),
        (["compare", "tinydigits", "--optimizer", "sdg"], "Did you mean 'sgd'"),
        (["compare", "tinydigits", "--epochs", "0"], "0 is not at least 1"),
        (["compare", "tinydigits", "--batch-size", "-3"], "-3 is not at least 1"),
        (["compare", "tinydigits", "--lr", "nan"], "nan is not a positive number"),
        (["compare", "tinydigits", "--lr", "fast"], "invalid"),
        (["compare", "tinydigits", "--seed", "-1"], "-1 is negative"),
        (["check", "--only", "rleu"], "Did you mean 'relu'"),
        (["check", "--package", "no/such/folder"], "There is no folder no/such/folder"),
        (["check", "--package", "no_such_tinytorch"], "No package no_such_tinytorch can be imported"),
        (["check", "--map", "absent.json"], "There is no mapping file"),
        (["check", "--timeout", "0"], "0 is not a positive number"),
        (["check", "--timeout", "1e12"], "1e12 seconds are more than a day"),
    ],
)
def test_a_wrong_value_exits_with_2_and_says_which(run: Any, arguments: list[str], message: str) -> None:
    """One message, no traceback."""
    status, out, err = run(*arguments)

    assert (status, out) == (USAGE, "")
    assert message in err
    assert "Traceback" not in err


def test_list_names_every_dataset(run: Any) -> None:
    """With its size, for people and for programs."""
    status, out, _ = run("list")

    assert status == OK
    assert re.match(r"tinydigits +317 kB +1000 training and 200 test images", out)
    assert re.search(r"^mnist +12 MB download +All", out, re.M)
    assert re.search(r"^tinycifar +170 MB download ", out, re.M)
    assert re.search(r"^tinypy +built on use ", out, re.M)
    assert json.loads(run("list", "--json")[1])["tinydigits"]["splits"][0]["n_samples"] == 1000


def test_list_shows_everything_that_compare_knows(run: Any) -> None:
    """What is generated has a group of its own, and says so to programs, too."""
    from tinytorch_hf.compare import tasks

    stored, heading, generated = run("list")[1].partition(
        "\nGenerated, not stored, for `tinytorch-hf compare` alone:\n"
    )

    assert heading
    assert [line.split()[0] for line in stored.splitlines()] == list(catalog.names())
    assert re.findall(r"^(\w+) +generated  \S", generated, re.MULTILINE) == list(catalog.GENERATED)
    values = json.loads(run("list", "--json")[1])
    assert set(tasks.names()) <= set(values)
    assert [name for name, known in values.items() if known["provided"] == "generated"] == list(catalog.GENERATED)


def test_info_prints_what_the_catalog_knows(run: Any) -> None:
    """Shapes, classes, licence, source, hashes, fingerprint."""
    status, out, _ = run("info", "tinydigits")

    assert status == OK
    for part in ["float32 [8, 8]", "3 - three", "CC-BY-4.0", "UCI", "train.pkl 2542936", "fingerprint  535ad3eb"]:
        assert part in out
    values = json.loads(run("info", "tinydigits", "--json")[1])
    assert values["sha256"]["test.pkl"].startswith("767ea164")


def test_info_describes_what_is_generated(run: Any) -> None:
    """Shapes, classes and whom to cite; there are no files and no hashes."""
    status, out, _ = run("info", "xor")

    assert status == OK
    for part in ["xor (XOR)", "X: float32 [2]", "exactly one coordinate above 1/2", "generated from a seed", "Minsky"]:
        assert part in out
    values = json.loads(run("info", "perceptron", "--json")[1])
    assert (values["name"], values["n_samples"], values["provided"]) == ("perceptron", 200, "generated")


def test_show_draws_one_sample_of_every_class(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many to a row as the terminal has room for."""
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = run("show", "tinydigits")

    assert status == OK
    assert [f"{digit} - " in out for digit in range(10)] == [True] * 10
    drawn, _, legend = out.rpartition("\n\n")
    assert max(len(line) for line in drawn.splitlines()) <= 80
    assert "@@" in drawn
    assert legend.startswith("[N] is the number of a sample in tinydigits's split train, 0 to 999. --index N shows ")
    assert legend.endswith(", --split test takes those of another split.\n")


def test_show_draws_the_samples_asked_for(run: Any) -> None:
    """By number, from either split."""
    _, _, _, y_test = load_tinydigits()

    _, out, _ = run("show", "tinydigits", "--split", "test", "--index", "7", "3")

    assert re.findall(r"\[(\d+)\] (\d)", out) == [("7", str(y_test[7])), ("3", str(y_test[3]))]


def test_show_writes_a_picture(run: Any, tmp_path: Path) -> None:
    """A PNG that other programs read, with ten samples in each of ten rows."""
    path = tmp_path / "sheet.png"

    status, out, _ = run("show", "tinydigits", "--png", path)

    assert status == OK and str(path) in out
    with Image.open(path) as picture:
        shades = np.asarray(picture)
    assert (picture.mode, shades.shape) == ("L", (546, 546))
    X_train, y_train, _, _ = load_tinydigits()
    first_zero = X_train[y_train == 0][0]
    assert np.array_equal(shades[6:54:6, 6:54:6], np.rint(255 * (1 - first_zero)).astype(np.uint8))


def test_show_prints_the_texts_of_a_dataset_of_texts(run: Any) -> None:
    """One pair of every level, or those asked for."""
    status, out, _ = run("show", "tinytalks")
    assert status == OK
    assert re.findall(r"level (\d)", out) == ["1", "2", "3", "4", "5"]

    _, out, _ = run("show", "tinytalks", "--split", "val", "--index", "0")
    question, answer = load_tinytalks("val")[0]
    assert f"Q: {question}\nA: {answer}\n" in out


def test_show_writes_pictures_of_the_samples_asked_for(run: Any, tmp_path: Path) -> None:
    """Both forms at once, of the split that is named."""
    paths = [tmp_path / "x.png", tmp_path / "x.svg"]

    status, out, _ = run(
        "show", "tinydigits", "--split", "test", "--index", "7", "3", "--png", paths[0], "--svg", paths[1]
    )

    assert (status, out) == (
        OK,
        "".join(f"wrote {path}: samples 7, 3 of tinydigits's test split\n" for path in paths),
    )
    _, _, X_test, y_test = load_tinydigits()
    with Image.open(paths[0]) as picture:
        shades = np.asarray(picture)
    assert shades.shape == (60, 114)
    assert np.array_equal(shades[6:54:6, 60:108:6], np.rint(255 * (1 - X_test[3])).astype(np.uint8))
    svg = paths[1].read_text(encoding="utf-8")
    assert svg.count("<image ") == 2 and f">[7] {y_test[7]} - " in svg


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["tinytalks", "--png", "x.png"], "TinyTalks holds texts, of which there is no PNG. `--svg x.svg` draws them."),
        (["tinydigits", "--png", "x.svg"], "--png writes a .png file, and not x.svg. Give --svg x.svg, or x.png."),
        (["tinydigits", "--svg", "x.PNG"], "--svg writes a .svg file, and not x.PNG. Give --png x.PNG, or x.svg."),
        (["tinytalks", "--svg", "x.gif"], "--svg writes a .svg file, and not x.gif. Give x.svg."),
        (["tinydigits", "--svg", "x.svg", "--index", "1000"], "Known: 0 to 999."),
    ],
)
def test_a_picture_that_there_cannot_be_is_refused(
    run: Any, arguments: list[str], advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what works instead, and without a file."""
    monkeypatch.chdir(tmp_path)

    status, _, err = run("show", *arguments)

    assert status == USAGE
    assert advice in err
    assert not list(tmp_path.iterdir())


def test_functions_are_shown_described_and_measured_as_other_texts_are(run: Any, tinypy: str) -> None:
    """TinyPy: the first three or those asked for; no fingerprint, no file and no size that would hold for everyone."""
    status, out, _ = run("show", "tinypy", "--split", "val", "--index", "4")
    assert status == OK
    assert out.partition("\n")[2].startswith(f"{load_tinypy('val')[4]}\n\n[N] is the number of a sample in ")
    assert re.findall(r"^\[(\d+)\] ", run("show", "tinypy")[1], re.MULTILINE) == ["0", "1", "2"]

    status, out, _ = run("info", "tinypy")
    assert status == OK
    assert (
        "train: 4000 samples, train.jsonl" in out
        and "no hash      train.jsonl is built here" in out
        and "fingerprint  none" in out
        and "PSF-2.0" in out
    )
    assert re.search(r"^tinypy +built on use  5000 real", run("list")[1], re.MULTILINE)

    values = json.loads(run("stats", "tinypy", "--json")[1])
    assert values["train"]["n_samples"] == 4000
    assert [*values["val"]["per_n_lines"]] == [str(n_lines) for n_lines in range(3, 26)]


def test_a_picture_that_cannot_be_written_exits_with_1(run: Any, tmp_path: Path) -> None:
    """With the reason."""
    (tmp_path / "file").touch()

    status, _, err = run("show", "tinydigits", "--png", tmp_path / "file" / "sheet.png")

    assert status == PROBLEM
    assert "could not be written" in err


def test_stats_measures_each_split(run: Any) -> None:
    """For people and for programs."""
    status, out, _ = run("stats", "tinydigits")
    values = json.loads(run("stats", "tinydigits", "--json")[1])

    assert status == OK
    assert re.search(r"^  n samples +1000$", out, re.MULTILINE)
    assert values["test"]["per_class"]["9"] == 20


def test_verify_checks_everything_and_counts(run: Any) -> None:
    """A line a check, then the sum."""
    status, out, _ = run("verify", "tinydigits")

    assert status == OK
    assert out.count("fingerprint 535ad3ebe16ed593") == 6
    assert out.splitlines()[-1] == "8 ok, 0 failed, 0 skipped"


def test_verify_exits_with_1_when_a_check_fails(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In JSON as well, which stays valid."""
    from tinytorch_hf.as_torch import read_back
    from tinytorch_hf.data import loaders

    splits = loaders.load("tinydigits")
    splits["test"]["labels"][0] += 1
    monkeypatch.setattr(read_back, "from_tensors", lambda name: splits)

    status, out, _ = run("verify", "tinydigits", "--json")

    assert status == PROBLEM
    assert [check["subject"] for check in json.loads(out) if check["outcome"] == "failed"] == ["torch tensors"]
    assert run("verify", "tinydigits")[1].splitlines()[-1] == "7 ok, 1 failed, 0 skipped"


def test_export_says_what_became_of_every_file(run: Any, tmp_path: Path) -> None:
    """Wrote, replaced, kept or good; a data file that stays different is a problem."""
    folder = tmp_path / "datasets" / "tinydigits"
    folder.mkdir(parents=True)
    (folder / "train.pkl").write_text("version https://git-lfs.github.com/spec/v1\n", encoding="utf-8")
    (folder / "test.pkl").write_bytes(b"mine")

    def verbs(out: str) -> dict[str, str]:
        return {
            Path(line.split(maxsplit=1)[1]).name: line.split()[0] for line in out.splitlines() if "tinydigits" in line
        }

    status, out, err = run("export", tmp_path)
    assert status == PROBLEM
    assert (verbs(out)["train.pkl"], verbs(out)["test.pkl"], verbs(out)["README.md"]) == ("replaced", "kept", "wrote")
    assert "--force" in err

    status, out, _ = run("export", tmp_path, "--force")
    assert status == OK
    assert (verbs(out)["train.pkl"], verbs(out)["test.pkl"]) == ("good", "replaced")


def test_an_exported_text_that_was_changed_is_kept_without_complaint(run: Any, tmp_path: Path) -> None:
    """TinyTorch has a README of its own there."""
    folder = tmp_path / "datasets" / "tinydigits"
    folder.mkdir(parents=True)
    (folder / "README.md").write_bytes(b"mine")

    status, out, err = run("export", tmp_path)

    assert (status, err) == (OK, "")
    assert "kept       " + str(folder / "README.md") in out


def test_export_without_a_checkout_is_wrong_usage(run: Any, tmp_path: Path) -> None:
    """And says what a root is."""
    status, _, err = run("export", tmp_path / "nowhere")

    assert status == USAGE
    assert "TinyTorch checkout" in err


def test_build_writes_hub_folders(run: Any, tmp_path: Path) -> None:
    """And refuses to write over one."""
    status, out, _ = run("hub", "build", "tinydigits", "--out", tmp_path)
    assert (status, out) == (OK, f"wrote {tmp_path / 'tinydigits'}\n")

    status, _, err = run("hub", "build", "--out", tmp_path)
    assert status == PROBLEM
    assert "exists already" in err


def test_cache_makes_the_literal_call_work_and_undoes_it(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    """It prints what each call gives, the one variable to set and why; undo says what it removed."""
    library = tmp_path / "library"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", library)

    status, out, _ = run("hub", "cache", "tinytalks")
    assert status == OK
    lines = out.splitlines()
    assert lines[0] == f"cache   {library}, 2 folders made"
    assert lines[1] == 'ok      load_dataset("tinytorch/tinytalks"): fingerprint fb04d8ba6f3710c0'
    assert lines[-1].startswith("Now set HF_HUB_OFFLINE=1") and "seconds to minutes" in lines[-1]

    forked.use(monkeypatch, start, offline)
    printed = json.loads(run("hub", "cache", "tinytalks", "--json")[1])
    assert (printed["cache"], printed["made"], printed["set"]) == (str(library), [], {"HF_HUB_OFFLINE": "1"})
    assert printed["calls"]['load_dataset("tinytorch/tinytalks", "pair")'] == fingerprint("tinytalks")

    status, out, _ = run("hub", "cache", "--undo")
    assert (status, {line.split()[0] for line in out.splitlines()}) == (OK, {"removed"})
    assert run("hub", "cache", "--undo")[:2] == (OK, "nothing to undo\n")
    assert json.loads(run("hub", "cache", "--undo", "--json")[1]) == {"cache": str(library), "removed": []}


def test_compare_prints_a_row_an_epoch_and_a_verdict(run: Any) -> None:
    """The main job."""
    status, out, err = run("compare", "tinydigits", "--epochs", "3")

    assert (status, err) == (OK, "")
    assert re.findall(r"^ +([123])  ", out, re.MULTILINE) == ["1", "2", "3"]
    assert out.splitlines()[0].startswith("TinyTorch  the reference that comes with tinytorch-hf, not your own code")
    assert out.splitlines()[-1].startswith("verdict    the reference agrees; your own code was not compared")


def test_compare_passes_its_options_on(run: Any) -> None:
    """Each of them reaches the training."""
    _, out, _ = run(
        *("compare", "tinydigits", "--json", "--seed", "5", "--epochs", "1"),
        *("--batch-size", "50", "--lr", "0.02", "--optimizer", "momentum"),
    )

    values = json.loads(out)
    assert values["settings"] == {
        "dataset": "tinydigits",
        "model": "mlp",
        "optimizer": "momentum",
        "lr": 0.02,
        "epochs": 1,
        "batch_size": 50,
        "seed": 5,
        "validation": False,
        "patience": None,
    }
    assert (values["verdict"], values["n_steps"]) == ("agree", 20)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_each_optimizer_has_a_learning_rate_of_its_own(run: Any, optimizer: str) -> None:
    """One that learns within the first epochs."""
    values = json.loads(run("compare", "tinydigits", "--json", "--epochs", "4", "--optimizer", optimizer)[1])

    assert values["epochs"][-1]["accuracy_tinytorch"] > 0.8


def test_compare_exits_with_1_when_the_sides_differ(run: Any, install: Any) -> None:
    """A defect in the student's package is a problem found, not a wrong call."""
    from generations import GENERATION_C

    wrong = (
        "from tinytorch_hf.reference import ReLU as _ReLU\n"
        "class ReLU(_ReLU):\n    def forward(self, x):\n        return super().forward(x) * 0.99\n"
    )
    install({**GENERATION_C, "core/activations.py": wrong})

    status, out, _ = run("compare", "tinydigits", "--epochs", "1")

    assert status == PROBLEM
    assert "verdict    differ: the losses diverge at step 1" in out
    assert "your own package at" in out


def test_what_a_students_package_prints_stays_out_of_json(run: Any, install: Any) -> None:
    """The first generation greets whoever imports it, and a student may print in every step."""
    from generations import GENERATION_A

    talkative = (
        "from tinytorch_hf.reference import SGD as _SGD, Adam\n"
        "class SGD(_SGD):\n    def step(self):\n        print('step!')\n        super().step()\n"
    )
    install({**GENERATION_A, "core/optimizers.py": talkative})

    _, out, err = run("compare", "tinydigits", "--epochs", "1", "--json")

    assert json.loads(out)["framework"]["name"] == "tinytorch 0.1.0"
    assert err == ""


def test_check_prints_a_table_and_exits_with_0_when_all_is_well(run: Any) -> None:
    """With the package that was checked, and the sums."""
    status, out, err = run("check", "--package", "tinytorch_hf.reference", "--only", "losses", "relu")

    assert (status, err) == (OK, "")
    assert re.search(r"^package  tinytorch_hf.reference at ", out)
    assert re.findall(r"^  agrees   (\S+)", out, re.MULTILINE)[:2] == ["relu", "mse"]
    assert re.match(r"\d+ agree, 0 differ, 0 crash, 0 not implemented yet, 0 could not be tried", out.splitlines()[-2])
    assert out.splitlines()[-1] == "exit status 0: everything that counts agrees"


def test_check_shows_on_a_terminal_how_far_it_is(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that is written over and in the end wiped out, apart from the output."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    # Whatever takes longer than a second has a bar; this does not.
    monkeypatch.setattr(progress, "_AFTER_S", 0.0)
    monkeypatch.setattr(progress, "_EVERY_S", 0.0)

    _, out, err = run("check", "--package", "tinytorch_hf.reference", "--only", "relu", "tanh")

    assert err == ("\r\x1b[K[############------------] 1/2 relu\r\x1b[K[########################] 2/2 tanh\r\x1b[K")
    assert "\x1b" not in out


def test_check_exits_with_1_and_writes_what_a_program_reads(run: Any, tmp_path: Path) -> None:
    """JSON that nothing printed gets into, and JUnit XML, of a package that greets and has a fault."""
    from generations import GENERATION_A, write_package

    wrong = (
        "from tinytorch_hf.reference import GELU, ReLU as _ReLU, Sigmoid, Softmax, Tanh\nprint('hello')\n"
        "class ReLU(_ReLU):\n    def forward(self, x):\n        print('relu!')\n        return super().forward(x) * 2\n"
    )
    package = write_package(tmp_path, {**GENERATION_A, "core/activations.py": wrong}) / "tinytorch"
    junit = tmp_path / "out" / "junit.xml"

    status, out, _ = run(
        *("check", "--package", package, "--only", "activations", "--json", "--junit", junit, "--timeout", "30")
    )

    values = json.loads(out)
    assert (status, values["status"], values["counts"]["differs"]) == (PROBLEM, PROBLEM, 2)
    assert values["counts"]["missing"] == values["counts"]["crashes"] == values["counts"]["untried"] == 0
    assert (values["package"], values["location"]) == ("tinytorch 0.1.0", str(package))
    assert 'failures="2"' in junit.read_text(encoding="utf-8")
    status, out, _ = run("check", "--package", tmp_path, "--only", "relu")
    assert status == PROBLEM
    assert re.search(r"^  differs  relu  output: .*\n( +.*\n)* +Likely cause: ", out, re.MULTILINE)


def test_check_takes_a_map_of_other_names(run: Any, tmp_path: Path) -> None:
    """For a framework that is not TinyTorch."""
    (tmp_path / "mine.py").write_text(
        "from tinytorch_hf.reference import Tensor, ReLU as Rectifier\n", encoding="utf-8"
    )
    (tmp_path / "map.json").write_text('{"package": "mine", "names": {"ReLU": "mine.Rectifier"}}', encoding="utf-8")

    status, out, _ = run("check", "--package", tmp_path, "--map", tmp_path / "map.json", "--only", "relu", "tanh")

    assert status == 3
    assert re.findall(r"^  (\w+) +(\S+)", out, re.MULTILINE) == [("agrees", "relu"), ("missing", "tanh")]


@pytest.mark.parametrize("arguments", [["info", "tinydigits"], ["stats", "tinydigits"]])
def test_with_numpy_alone_everything_but_build_works(run_numpy_only: Run, arguments: list[str]) -> None:
    """A student offline; that the wheel lists, shows and verifies there is in `test_package`."""
    done = run_numpy_only("-m", "tinytorch_hf", *arguments)

    assert (done.returncode, done.stderr) == (OK, "")
    assert done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "perceptron"], ", its recorded answers\n"),
        (
            ["compare", "perceptron", "--lr", "0.1", "--epochs", "2", "--synchronised"],
            "NumPy alone computes each step in its place",
        ),
        (["check", "--package", "tinytorch_hf.reference", "--only", "losses"], ", its recorded answers;"),
    ],
)
def test_with_numpy_alone_verdicts_are_reached(run_numpy_only: Run, arguments: list[str], said: str) -> None:
    """By what was recorded of PyTorch, and computed in its place; the report says so."""
    done = run_numpy_only("-m", "tinytorch_hf", *arguments)

    assert (done.returncode, done.stderr) == (OK, "")
    assert said in done.stdout


def test_the_recorded_judge_imports_no_torch(run_python: Run) -> None:
    """Though it is installed."""
    program = (
        "import sys\nfrom tinytorch_hf.cli import main\n"
        "main(['check', '--package', 'tinytorch_hf.reference', '--only', 'relu', '--judge', 'recorded'])\n"
        "main(['compare', 'perceptron', '--epochs', '1', '--judge', 'recorded'])\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'torch'])"
    )

    assert run_python("-c", program).stdout.splitlines()[-1] == "[]"


def test_with_numpy_alone_export_and_pictures_work(run_numpy_only: Run, tmp_path: Path) -> None:
    """They write the same files as anywhere else."""
    assert run_numpy_only("-m", "tinytorch_hf", "export", str(tmp_path)).returncode == OK
    assert run_numpy_only("-m", "tinytorch_hf", "show", "tinydigits", "--png", str(tmp_path / "x.png")).returncode == OK
    assert (tmp_path / "datasets" / "tinydigits" / "train.pkl").stat().st_size == 264255
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("command", "extra", "status"),
    [
        (["compare", "tinydigits", "--judge", "torch"], "compare", USAGE),
        (["check", "--judge", "torch"], "compare", USAGE),
        (["hub", "build", "--out", "x"], "hf", PROBLEM),
        (["hub", "cache"], "hf", PROBLEM),
    ],
)
def test_a_missing_extra_is_one_sentence(run_numpy_only: Run, command: list[str], extra: str, status: int) -> None:
    """With the line that installs it; where a verdict was asked for, it is not that something is wrong."""
    done = run_numpy_only("-m", "tinytorch_hf", *command)

    assert done.returncode == status
    assert done.stderr.count("\n") == 1
    assert f'pip install "tinytorch-hf[{extra}]"' in done.stderr


def test_list_and_info_import_no_numpy(run_python: Run) -> None:
    """They answer at once."""
    program = (
        "import sys\nfrom tinytorch_hf.cli import main\nmain(['list'])\nmain(['info', 'tinydigits'])\n"
        "print([name for name in ('numpy', 'torch', 'datasets') if name in sys.modules])"
    )

    assert run_python("-c", program).stdout.splitlines()[-1] == "[]"


def test_a_closed_pipe_is_no_error(checkout: Path) -> None:
    """`tinytorch-hf info tinydigits | head -1` ends quietly."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "tinytorch_hf", "info", "tinydigits"],
        cwd=checkout,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout and process.stderr
    process.stdout.close()

    assert process.stderr.read() == b""
    assert process.wait() == OK


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to a single process there")
def test_ctrl_c_ends_a_comparison_with_what_is_known(start: Start, tmp_path: Path) -> None:
    """In words and on the page; without a traceback, with the shell's status for it."""
    page = tmp_path / "page.html"
    arguments = ("compare", "tinydigits", "--epochs", "100000", "--report", str(page))
    process = start("torch", "-m", "tinytorch_hf", *arguments, PYTHONUNBUFFERED="1")
    while "    1  " not in process.line():
        pass
    process.send_signal(signal.SIGINT)

    done = process.wait()
    assert (done.stderr, done.returncode) == (f"The report was written to {page}.\n", 130)
    assert done.stdout.splitlines()[-1].startswith("verdict    interrupted: the losses agree so far")
    assert "interrupted" in page.read_text(encoding="utf-8")


def test_the_version_is_printed(run: Any) -> None:
    """The package's own."""
    import tinytorch_hf

    assert run("--version")[1] == f"tinytorch-hf {tinytorch_hf.__version__}\n"


def test_an_unexpected_error_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of ours must show where it is; only errors made for users are shortened."""
    monkeypatch.setattr(catalog, "names", lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        main(["list"])


def test_show_takes_the_first_split_of_a_dataset_that_has_no_train(run: Any) -> None:
    """Nobody has to know the splits before the first look."""
    status, out, _ = run("show", "digits_8x8", "--index", "3")

    assert status == OK
    assert out.startswith("[3] 3 - three")


def test_paths_begin_at_home_wherever_the_tilde_stands(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell leaves it as it is in `--png=~/sheet.png`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    assert run("show", "tinydigits", "--png=~/sheet.png")[0] == OK
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]


@pytest.mark.parametrize("path", ["", "~nobody-of-this-name/data"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["export"],
        ["milestones", "prepare"],
        ["milestones"],
        ["show", "tinydigits", "--png"],
        ["download", "tinydigits", "--root"],
        ["download", "mnist", "--from"],
        ["hub", "build", "tinydigits", "--out"],
        ["hub", "mirror", "--folder"],
        ["check", "--junit"],
        ["check", "--map"],
    ],
)
def test_a_path_to_nowhere_is_wrong_usage(
    run: Any, arguments: list[str], path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unset variable of a shell must not stand for the working directory."""
    monkeypatch.chdir(tmp_path)

    status, _, err = run(*arguments, path)

    assert status == USAGE
    assert "the path is empty" in err or "home folder that is not known" in err
    assert not list(tmp_path.iterdir())


def test_a_name_that_the_output_cannot_encode_is_printed_escaped(run_python: Run, tmp_path: Path) -> None:
    """Where Python writes ASCII, or a Windows code page, into a file."""
    root = str(tmp_path / "\u00fc")

    done = run_python("-m", "tinytorch_hf", "download", "tinydigits", "--root", root, PYTHONIOENCODING="ascii")

    assert (done.returncode, done.stderr) == (OK, "")
    assert "\\xfc" in done.stdout


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize(("arguments", "status"), [(["list"], OK), (["check", "--only", "relu", "nothing"], USAGE)])
def test_a_closed_stream_is_no_error(run_python: Run, stream: str, arguments: list[str], status: int) -> None:
    """`tinytorch-hf list >&-`, and programs without a terminal, have none."""
    program = f"import sys; sys.{stream} = None; from tinytorch_hf.cli import main; sys.exit(main({arguments}))"

    done = run_python("-c", program)

    assert done.returncode == status
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_output_that_cannot_be_written_is_a_message(run_python: Run) -> None:
    """As of `tinytorch-hf list > list.txt` on a full disk."""
    program = (
        "import sys; sys.stdout = open('/dev/full', 'w'); from tinytorch_hf.cli import main; sys.exit(main(['list']))"
    )

    done = run_python("-c", program)

    assert done.returncode == PROBLEM
    assert done.stderr.count("\n") == 1 and "No space left" in done.stderr


def test_what_the_system_forbids_is_a_message(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that belongs to someone else is not a defect of ours."""

    def forbidden(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied", "secret")

    monkeypatch.setattr(Path, "is_dir", forbidden)

    status, _, err = run("milestones", "prepare", "secret")

    assert status == PROBLEM
    assert "Permission denied: 'secret'. Make room or allow it, or choose another place" in err
