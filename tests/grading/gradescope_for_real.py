"""Specification of the zip file for Gradescope as it runs there: its own scripts, root, and a user made for it.

`nox -s longer` runs it, where root runs nox and a Python is there that other users may run.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import CHECKOUT

from tinytorch_hf.grading.formats import gradescope_zip
from tinytorch_hf.grading.rubric import Item, Rubric, Seeds

is_root = hasattr(os, "geteuid") and os.geteuid() == 0
pytestmark = pytest.mark.skipif(not is_root or not shutil.which("useradd"), reason="only root makes users")

RUBRIC = Rubric("Assignment 3", (Item("relu", 2.0), Item("sigmoid", 1.0, hidden=True)), seeds=Seeds((0,), (20711,), 0))

# What a submission tries; it tells by way of the message of a crash, in few words for each.
SPY = """

import os as _os

_FOLDER = {folder!r}


def _tried(what):
    try:
        what()
    except BaseException as error:
        return type(error).__name__
    return "DONE"


def _tries():
    parent = "/proc/%d/" % _os.getppid()
    yield lambda: open(_FOLDER + "/source/rubric.json").read()
    yield lambda: _os.listdir(_FOLDER + "/source")
    yield lambda: _os.listdir(_FOLDER + "/results")
    yield lambda: open(_FOLDER + "/results/results.json").read()
    yield lambda: open(_FOLDER + "/results/results.json", "w")
    yield lambda: open(_FOLDER + "/results/more.json", "w")
    yield lambda: open(_FOLDER + "/submission_metadata.json").read()
    yield lambda: _os.listdir(_FOLDER + "/submission")
    yield lambda: open(_FOLDER + "/more", "w")
    yield lambda: open(parent + "mem", "rb").read(1)
    yield lambda: open(parent + "environ", "rb").read()
    yield lambda: _os.kill(_os.getppid(), 9)
    yield lambda: _os.setuid(0)


class ReLU:
    def __call__(self, x):
        root = "root" if _os.getuid() == 0 else "other"
        raise RuntimeError("as " + root + ": " + " ".join(_tried(one) for one in _tries()))

    forward = __call__
"""


@pytest.fixture(scope="module")
def user():
    """A user of its own, deleted afterwards."""
    name = f"tt-test-{secrets.token_hex(4)}"
    subprocess.run(["useradd", "--no-create-home", "--shell", "/bin/false", name], check=True)  # noqa: S607
    yield name
    subprocess.run(["userdel", name], check=True)  # noqa: S607


@pytest.fixture(scope="module")
def place(user):
    """What setup.sh installs: a Python that the user may run, here with the checkout and the NumPy of the tests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        version = "{}.{}".format(*sys.version_info)
        bases = [getattr(sys, "_base_executable", sys.executable), f"/usr/bin/python{version}"]
        for base in filter(shutil.which, bases):
            found = folder / secrets.token_hex(4)
            made = subprocess.run([base, "-m", "venv", "--without-pip", found], check=False)
            library = found / "lib" / f"python{version}" / "site-packages"
            if made.returncode or not library.is_dir():
                continue
            (library / "tests.pth").write_text(f"{CHECKOUT}\n{Path(np.__file__).parents[1]}\n")
            looked = ["runuser", "-u", user, "--", found / "bin" / "python", "-I", "-c", "import numpy, tinytorch_hf"]
            if subprocess.run(looked, check=False, cwd="/").returncode == 0:
                yield found
                return
        pytest.skip("no Python here that another user may run")


@pytest.fixture
def autograder():
    """The folder of an autograder as Gradescope makes it from the zip file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for inner in ("source", "results", "submission"):
            (folder / inner).mkdir()
        with zipfile.ZipFile(io.BytesIO(gradescope_zip.written(RUBRIC))) as archive:
            archive.extractall(folder / "source")
        shutil.copy(folder / "source" / "run_autograder", folder)
        (folder / "run_autograder").chmod(0o755)
        (folder / "submission_metadata.json").write_text('{"previous_submissions": []}')
        yield folder


def hand_in(autograder, more=""):
    """A package that is right, but for what is added to its activations."""
    package = autograder / "submission" / "tinytorch"
    package.mkdir()
    for path in (CHECKOUT / "tinytorch_hf" / "reference").glob("*.py"):
        lines = path.read_text("utf-8").replace("tinytorch_hf.reference", "tinytorch").splitlines()
        # The course's tokenizer is not part of the reference.
        kept = [line for line in lines if "okenizer" not in line]
        (package / path.name).write_text("\n".join(kept) + (more if path.stem == "activations" else "\n"))


def start(autograder, place, user):
    """Start run_autograder as Gradescope does, with other places."""
    places = {"TINYTORCH_HF_AUTOGRADER": autograder, "TINYTORCH_HF_PLACE": place, "TINYTORCH_HF_USER": user}
    return subprocess.Popen(
        [autograder / "run_autograder"],
        cwd=autograder,
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **places},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def results(autograder):
    """The file of results."""
    return json.loads((autograder / "results" / "results.json").read_text("utf-8"))


def test_a_right_package_has_all_points_and_nobody_else_reads_them(autograder, place, user):
    """The scripts end well, and the file of results is root's alone."""
    hand_in(autograder)
    process = start(autograder, place, user)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert "3 of 3 points" in said
    found = results(autograder)
    assert (found["score"], found["tests"][1]["visibility"]) == (3.0, "after_published")
    assert (autograder / "results").stat().st_mode & 0o077 == 0
    assert (autograder / "results" / "results.json").stat().st_uid == 0


def test_a_submission_reaches_neither_source_nor_results(autograder, place, user):
    """It runs as another user, and whatever it tries on rubric, results and the judge is refused by the system."""
    hand_in(autograder, SPY.format(folder=str(autograder)))
    said, _ = start(autograder, place, user).communicate(timeout=120)
    (relu,) = [test for test in results(autograder)["tests"] if test["name"] == "relu"]
    told = relu["output"].partition("RuntimeError: as ")[2].splitlines()[0]
    assert told == "other: " + " ".join(["PermissionError"] * 13), said
    assert results(autograder)["score"] == 1.0


def test_a_grader_that_is_killed_leaves_ungradable_results(autograder, place, user):
    """As where memory ends: the file says that the grader was ended, and there is no score."""
    hand_in(autograder, "\n\nimport time\n\ntime.sleep(600)\n")
    process = start(autograder, place, user)
    number = _child(process.pid)
    time.sleep(2.0)
    os.kill(number, signal.SIGKILL)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "status 137" in said
    assert results(autograder)["score"] is None
    assert "was ended before it was done" in results(autograder)["output"]


def _child(parent):
    """The process of the grader, which the script of this number starts."""
    for _ in range(200):
        names = subprocess.run(
            ["pgrep", "--parent", str(parent), "--full", "gradescope_run"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        ).stdout.split()
        if names:
            return int(names[0])
        time.sleep(0.05)
    pytest.fail("the grader was not started")
