"""Specification of the README and of the pages that it leads to: what they say works as they say it."""

from __future__ import annotations

import json
import re
import shlex
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path

import datasets
import forked
import pytest
from conftest import CHECKOUT, Run, Start
from serving import Mirror

from benchmarks import expectations
from tinytorch_hf import cli
from tinytorch_hf.cli import OK
from tinytorch_hf.health import imports
from tinytorch_hf.hub import cache, parquet
from tinytorch_hf.milestones.experiments.training import train

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
DOCS = CHECKOUT / "docs"
COMMANDS = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
MILESTONES = (DOCS / "how_to" / "milestones.md").read_text(encoding="utf-8")
# Tutorials are followed word for word by a test of their own.
PAGES = [
    README,
    *((DOCS / "how_to" / f"{name}.md").read_text(encoding="utf-8") for name in ("load", "compare", "milestones")),
]
PYTHON_BLOCKS = [block for page in PAGES for block in re.findall(r"^```python\n(.*?)^```", page, re.M | re.DOTALL)]
BASH_BLOCKS = re.findall(r"^```bash\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
MOST_LINES = 110
"""A screen and a half, with the tables of the datasets."""
SHELL_BLOCKS = re.findall(r"^```shell\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_two_commands_do_all_set_up() -> None:
    """One runs the main job, one the tests; there is no third to forget."""
    assert SHELL_BLOCKS == [
        "pip install -e . && tinytorch-hf compare tinydigits\n",
        'pip install -e ".[test]" && pytest\n',
    ]


def test_ci_runs_the_second_to_the_letter(checkout: Path) -> None:
    """The line that the script takes out of the README is the command."""
    script = (checkout / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r"grep -E '(.*)' README\.md", script)
    assert pattern

    assert re.findall(pattern[1], README, re.MULTILINE) == [SHELL_BLOCKS[1].rstrip()]


@pytest.mark.parametrize("block", PYTHON_BLOCKS, ids=lambda block: block.splitlines()[0])
def test_every_python_block_runs(
    block: str, run_with_libraries: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the Hub folder built and the cache prepared as the text before it says."""
    if "hub/" in block:
        parquet.build("tinydigits", tmp_path / "hub")
    if '"tinytorch/' in block:
        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf-home" / "datasets")
        cache.prepare(["tinydigits", "tinytalks"])

    done = run_with_libraries("-c", block)

    assert done.returncode == 0, done.stderr


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror, run_with_libraries: Run, start: Start
) -> Callable[[str], int]:
    """Carry out a line of a first minute; the mirror of the tests stands for the Hub."""
    monkeypatch.chdir(tmp_path)
    forked.use(monkeypatch, start, imports)

    def carry_out(line: str) -> int:
        words = shlex.split(line)
        assert words[0] == "tinytorch-hf"
        if words[1:3] == ["hub", "mirror"]:
            return serve(words[3:], start)
        if words[1:3] == ["hub", "publish"]:
            # The library reads the address of the Hub when it is imported.
            options = {"HF_ENDPOINT": mirror.address, "HF_HUB_OFFLINE": "0"}
            return run_with_libraries("-m", "tinytorch_hf", *words[1:], **options).returncode
        return cli.main(words[1:])

    return carry_out


def serve(arguments: list[str], start: Start) -> int:
    """Start a mirror as the line says, at a port that is free, read its front page as a browser does, and stop it."""
    port = arguments.index("--port") + 1
    arguments = [*arguments[:port], "0", *arguments[port + 1 :], "--json"]
    process = start("libraries", "-m", "tinytorch_hf", "hub", "mirror", *arguments)
    address = json.loads(process.line())["endpoint"]
    with urllib.request.urlopen(address) as answer:  # noqa: S310 -- the address is loopback
        assert "tinytorch/tinydigits" in answer.read().decode("utf-8")
    process.send_signal(signal.SIGINT)
    return process.wait().returncode


@pytest.mark.parametrize("line", [line for block in BASH_BLOCKS for line in block.splitlines()])
def test_every_line_of_a_first_minute_works(typed: Callable[[str], int], line: str) -> None:
    """As it is written."""
    assert typed(line) == OK


def test_every_reader_has_a_door() -> None:
    """Student, instructor, maintainer: one block each."""
    assert len(BASH_BLOCKS) == len(re.findall(r"^## An? \w+$", README, re.MULTILINE)) == 3


def test_the_readme_is_short() -> None:
    """What is longer stands on a page that it leads to."""
    assert len(README.splitlines()) <= MOST_LINES


def test_what_learners_may_expect_is_what_the_experiments_reach() -> None:
    """Every experiment on tiny data has its row; what takes no time is run again and lies within two points."""
    (block,) = re.findall(r"<!-- measured: milestones tiny -->\n(.*?)\n<!-- /measured -->", MILESTONES, re.DOTALL)
    head, rows = block[: len(expectations.HEAD)], block[len(expectations.HEAD) :].strip().splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]

    assert head == expectations.HEAD
    listed = [(f"{number:02}", one.dataset, f"`{one.model}`") for number, one in expectations.experiments()]
    assert [tuple(row[:3]) for row in cells] == listed
    for row, (_, experiment) in zip(cells, expectations.experiments(), strict=True):
        if experiment.dataset in ("perceptron", "xor", "tinydigits", "tinymnist"):
            trained = train(experiment, 0, lambda _line: None)
            assert 100 * trained.value == pytest.approx(float(row[3].rstrip("%")), abs=2)
            assert experiment.goal.measure.text(trained.chance) == row[4]


def test_the_commands_of_the_table_exist() -> None:
    """And none is missing from it."""
    in_table = re.findall(r"^\| `(tinytorch-hf .*?)` \|", COMMANDS, re.MULTILINE)
    in_help = [command.prog for command in cli._parser("tinytorch-hf").leaves()]

    assert len(in_table) == len(in_help)
    for line, command in zip(in_table, in_help, strict=True):
        assert f"{line} ".startswith(f"{command} ")


def test_no_command_is_advised_by_an_old_name(checkout: Path) -> None:
    """Not in a message, a document or a notebook; what a command was called before stands in the change log alone."""
    old = re.compile(
        r"tinytorch-hf (build|cache|publish|mirror)\b|tinytorch-hf milestones (?!prepare|run)[^`\s]|"
        r"-m tinytorch_hf\.milestones"
    )
    told = {"CHANGELOG.md", "docs/changelog.md", "tinytorch_hf/cli/spelling.py", "tinytorch_hf/milestones/__main__.py"}
    # The first is what the caches of users hold, the other tells of the old names.
    known = {("tinytorch_hf/hub/cache.py", "tinytorch-hf cache"), ("docs/reference/commands.md", "tinytorch-hf mirror")}
    folders = ["tinytorch_hf", "datasets", "cards", "loading_scripts", "benchmarks", "docs"]
    files = [*checkout.glob("*.md"), *(path for folder in folders for path in (checkout / folder).rglob("*"))]
    found = {
        (path.relative_to(checkout).as_posix(), match[0])
        for path in files
        if path.suffix in (".md", ".py", ".ipynb")
        for match in old.finditer(path.read_text(encoding="utf-8"))
    }

    assert {(file, name) for file, name in found if file not in told} == known


def test_links_lead_somewhere(checkout: Path) -> None:
    """Every relative link of every document, and the heading in it that it names."""
    below = (path for name in ("datasets", "docs") for path in (checkout / name).rglob("*.md"))
    made = {checkout / "docs" / name for name in ("mistakes", "gallery", "_build")}
    documents = [*checkout.glob("*.md"), *(path for path in below if not made & {*path.parents})]
    for document in documents:
        text = document.read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\((?!https?:|/)([^)#\s]*)(?:#([^)\s]+))?\)", text):
            place = document.parent / target if target else document
            assert place.exists(), (document, target)
            if anchor and place.suffix == ".md":
                headings = re.findall(r"^#+ (.+)$", place.read_text(encoding="utf-8"), re.MULTILINE)
                slugs = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
                assert anchor in slugs, (document, target, anchor)
