"""Specification of what GitHub runs: pinned, with few rights, on all that is promised, and by the README's words."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import CHECKOUT

GITHUB = CHECKOUT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
TESTS, RELEASE = ((GITHUB / "workflows" / f"{name}.yml") for name in ("tests", "release"))


def _read(path: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def _steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in _read(path)["jobs"].values():
        yield from job["steps"]


def _nox() -> tuple[list[str], list[str]]:
    """The Pythons of the noxfile, and its sessions, read without nox."""
    tree = ast.parse((CHECKOUT / "noxfile.py").read_text(encoding="utf-8"))
    (pythons,) = [
        ast.literal_eval(statement.value)
        for statement in tree.body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "PYTHONS"
    ]
    return pythons, [statement.name for statement in tree.body if isinstance(statement, ast.FunctionDef)]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    """A tag can be moved to other code; the version stands beside the hash, for people and for dependabot."""
    lines = re.findall(r"uses: *(.*)", path.read_text(encoding="utf-8"))

    assert lines
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_job_has_no_right_that_it_does_not_need(path: Path) -> None:
    """None for all together; reading is enough, but for the job that publishes, which cannot even read."""
    workflow = _read(path)
    rights = {name: job["permissions"] for name, job in workflow["jobs"].items()}

    assert workflow["permissions"] == {}
    assert rights.pop("publish", {"id-token": "write"}) == {"id-token": "write"}
    assert list(rights.values()) == [{"contents": "read"}] * len(rights)
    assert all(job["timeout-minutes"] <= 60 for job in workflow["jobs"].values())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_secret_is_left_on_disk_and_no_text_of_others_becomes_a_command(path: Path) -> None:
    """A checkout keeps no token, and what GitHub fills in reaches a command through its environment alone."""
    for step in _steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
        assert "${{" not in step.get("run", "")
    assert "secrets." not in path.read_text(encoding="utf-8")
    assert "pull_request_target" not in path.read_text(encoding="utf-8")


def test_the_readmes_test_command_runs_on_every_system_and_python() -> None:
    """On those that the classifiers and the noxfile name, to the letter."""
    job = _read(TESTS)["jobs"]["tests"]
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    pythons, _ = _nox()

    assert re.findall(r"^```shell\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)[1] == job["steps"][-1]["run"]
    assert {name.partition("-")[0] for name in job["strategy"]["matrix"]["system"]} == {"ubuntu", "macos", "windows"}
    assert job["strategy"]["matrix"]["python"] == pythons
    assert re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project) == pythons
    assert f'requires-python = ">={pythons[0]}"' in project


def test_sessions_of_nox_that_are_run_exist() -> None:
    """Lint, the site, and these files."""
    wanted = _read(TESTS)["jobs"]["nox"]["strategy"]["matrix"]["session"]
    _, sessions = _nox()

    assert {"lint", "docs", "workflows"} <= set(wanted) <= set(sessions)


def test_a_tag_becomes_a_release_by_trusted_publishing() -> None:
    """After the tests; only a tag that is the version; with attestations, and after a person has agreed."""
    workflow = _read(RELEASE)
    build, publish = workflow["jobs"]["build"], workflow["jobs"]["publish"]
    commands = [step.get("run", "") for step in build["steps"]]

    # YAML reads the word `on` as true.
    assert list(workflow[True]) == ["push"] and list(workflow[True]["push"]) == ["tags"]
    assert any("__version__" in command and "GITHUB_REF_NAME" in command for command in commands)
    assert commands.index(".ci/run") < next(at for at, command in enumerate(commands) if "python -m build" in command)
    assert publish["needs"] == "build" and publish["environment"] == "pypi"
    assert publish["steps"][-1]["with"] == {"attestations": True}


def test_zizmor_finds_nothing() -> None:
    """In its strictest mode, without a network; `nox -s workflows` has it, with actionlint."""
    zizmor = shutil.which("zizmor")
    if zizmor is None:
        pytest.skip("zizmor is not installed; nox -s workflows installs it")
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", "--persona=pedantic", str(GITHUB)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_forms_ask_for_something_and_say_what() -> None:
    """Each field of an issue has a label, names are unique, and a description stands above."""
    forms = [path for path in sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) if path.stem != "config"]

    assert len(forms) >= 3
    for path in forms:
        form = _read(path)
        asked = [field for field in form["body"] if field["type"] != "markdown"]
        assert form["name"] and form["description"]
        assert len({field["id"] for field in asked}) == len(asked) >= 2
        assert all(field["attributes"]["label"] for field in asked)


def test_actions_are_kept_up_to_date_and_the_container_is_readable() -> None:
    """By dependabot; and what an editor makes a container of is JSON that installs as CONTRIBUTING says."""
    (update,) = _read(GITHUB / "dependabot.yml")["updates"]
    container = json.loads((CHECKOUT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))

    assert (update["package-ecosystem"], update["directory"]) == ("github-actions", "/")
    assert "pip install -e '.[test]'" in container["postCreateCommand"]
