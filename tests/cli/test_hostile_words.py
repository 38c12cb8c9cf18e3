"""Specification of what every command prints where others have written: no secrets, nothing that a terminal obeys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faulty_server import FaultyServer, says, serving_faults
from generations import GENERATION_C, write_package

from tinytorch_hf import catalog, write_dataset
from tinytorch_hf.cli import _parser, main

# A title for the window, an old control character, a mark of direction, a separator of lines, half a character.
BAD = "a\x1b]0;owned\x07\x9b2J\u202eb\u2028c\udc80\r"
ADDRESS = "http://ann:SECRET1@127.0.0.1:9"
SECRETS = {
    "HF_ENDPOINT": f"{ADDRESS}/?token=SECRET2",
    "HF_TOKEN": "hf_SECRET3abcdefghijk",
    **dict.fromkeys(("HTTP_PROXY", "https_proxy", "ALL_PROXY"), ADDRESS.replace("SECRET1", "SECRET4")),
    "PIP_INDEX_URL": "https://ann:SECRET5@127.0.0.1/simple",
    "PIP_EXTRA_INDEX_URL": "https://SECRET6@127.0.0.1/simple https://127.0.0.1/?key=SECRET7",
}
SPOKEN = says(f"599 {BAD[:8]} SECRET2", b"\x1b[2J SECRET1 " + ADDRESS.encode())


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a dataset, a package and files, whose names and words are nobody's friend."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    splits = {"train": {"text": np.array([f"{BAD[:-2]} x", "b"]), "labels": np.array([0, 1])}}
    told = {"summary": "Words.", "license": "CC0-1.0", "source": f"{ADDRESS}/", "classes": ["a", "b"]}
    write_dataset(tmp_path / "words", splits, name="hostile", **told)
    catalog.forget("hostile")
    bad = tmp_path / BAD
    (bad / "tinytorch").mkdir(parents=True)
    (bad / "tinytorch" / "__init__.py").write_text("raise ValueError('\x1b[2J\x9b\u202e')", encoding="utf-8")
    (bad / "dataset.json").write_text(json.dumps({BAD: 1}), encoding="utf-8")
    (bad / f"{BAD}.parquet").write_bytes(b"\x1b[2J")
    (bad / f"{BAD}.csv").write_bytes(f"{BAD[:5]},label\n1,2".encode())
    (bad / "rubric.toml").write_bytes(b'title = "\\u001b[2J"\n\x1b = 1')
    yield tmp_path
    catalog.forget("hostile")


# Of every command, calls with words of somebody else: `{bad}` is a folder with such a name and such files, `{data}`
# that of a dataset whose texts are such, `{name}` a name that is none.
CALLS = {
    "list": ["list --dataset-folder {bad}", "list --dataset-folder {data}", "list --json --dataset-folder {data}"],
    "info": ["info {name}", "info {bad}", "info {data}", "info --json {data}"],
    "show": ["show {data}", "show tinydigits --split {name}", "show tinydigits --png {bad}"],
    "stats": ["stats {data}", "stats {name}", "stats --json {data}"],
    "verify": ["verify {data} {name}", "verify {bad}", "verify --json {data}"],
    "export": ["export {bad}", "export {bad}/rubric.toml"],
    "download": ["download mnist --root {bad}", "download {name}", "download mnist --from {bad} --json"],
    "tinify": [
        "tinify {bad} --out {out} --license CC0-1.0",
        "tinify {bad}/{file}.csv --out {out} --license CC0-1.0",
        "tinify {bad}/{file}.parquet --out {out} --license CC0-1.0",
        "tinify {name} --out {out} --config {name}",
    ],
    "tinify (of the Hub)": ["tinify a/b --out {out} --license CC0-1.0 --json"],
    "compare": ["compare {name}", "compare tinydigits --package {bad}", "compare tinydigits --map {bad}/rubric.toml"],
    "check": ["check --package {bad} --only relu", "check --only {name}", "check --map {bad} --only relu"],
    "grade": [
        "grade {bad} --rubric {bad}/rubric.toml --out {out}",
        "grade {bad}/no --out {out}",
        "grade {bad} --out {bad}/rubric.toml",
    ],
    "milestones prepare": ["milestones prepare {bad}", "milestones prepare {bad}/no --json"],
    "milestones run": ["milestones run {name}"],
    "hub build": ["hub build {data} --out {bad}/rubric.toml", "hub build {name} --out {out}"],
    "hub cache": ["hub cache {name}", "hub cache {bad} --json", "hub cache {data} --undo"],
    "hub publish": ["hub publish {data} --repo-id a/b", "hub publish {data} --repo-id {name}"],
    "hub mirror": [
        "hub mirror {name}",
        "hub mirror --host {name} tinydigits",
        "hub mirror tinydigits --port 0 --folder {bad}/no",
    ],
    "doctor": ["doctor", "doctor --json"],
}


def _run(call: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    bad = str(folder / BAD)
    places = {"name": BAD, "bad": bad, "file": BAD, "data": str(folder / "words"), "out": str(folder / "out")}
    try:
        main([word.format(**places) for word in call.split(" ")])
    except SystemExit:
        pass
    finally:
        catalog.forget("hostile")
    captured = capsys.readouterr()
    return captured.out + captured.err


def _raw(printed: str) -> list[str]:
    return [one for one in printed if not one.isprintable() and one != "\n"]


def test_every_command_is_called() -> None:
    """What is added to the command line is added here."""
    assert {call.partition(" (")[0] for call in CALLS} == {
        leaf.prog.removeprefix("tinytorch-hf ") for leaf in _parser("tinytorch-hf").leaves()
    }


# They import torch or every library that there is, or ask a server again and again.
_SLOW = ("tinify (of the Hub)", "verify", "compare", "check", "doctor")


@pytest.mark.parametrize(
    "command", [pytest.param(name, marks=[pytest.mark.longer] * (name in _SLOW)) for name in CALLS]
)
def test_no_command_prints_what_others_wrote_as_it_is(
    hostile: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Names of files, datasets, packages and classes, texts, and whatever a server says."""
    with serving_faults(b"", SPOKEN) as server:
        _ask_at(monkeypatch, server)
        for call in CALLS[command]:
            printed = _run(call, hostile, capsys)

            assert printed
            assert _raw(printed) == [], call
            assert "SECRET" not in printed, call


def _ask_at(monkeypatch: pytest.MonkeyPatch, server: FaultyServer) -> None:
    """Have the downloader, and Hugging Face's client, ask a server of words."""
    from huggingface_hub import constants

    address = server.address.replace("http://", "http://ann:SECRET1@")
    monkeypatch.setenv("TINYTORCH_HF_MIRROR", f"{address}/?key=SECRET8")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "ENDPOINT", address)


def _broken(_options: Any) -> int:
    raise LookupError(f"{BAD} SECRET1 {SECRETS['HF_ENDPOINT']}")


def test_a_traceback_is_printed_so_too(
    hostile: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect of ours, or of a library, may quote anything."""
    import sys

    hooks: list[Callable[..., Any]] = [sys.excepthook]
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr("tinytorch_hf.cli.doctor._doctor", _broken)
    monkeypatch.setattr("tinytorch_hf.cli.datasets._list", _broken)
    with pytest.raises(LookupError) as caught:
        main(["doctor"])
    stderr = sys.stderr
    try:
        # What Python does with what nobody caught.
        sys.excepthook(LookupError, caught.value, caught.value.__traceback__)
    finally:
        sys.stderr = stderr
    printed = capsys.readouterr().err
    assert hooks and "LookupError: a\\x1b]0;owned" in printed and "***" in printed
    assert _raw(printed) == [] and "SECRET" not in printed.partition("LookupError: ")[2]


@pytest.mark.longer
def test_colours_of_ours_are_colours_and_those_of_others_are_not(
    hostile: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal, where a package's name imitates a verdict."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    write_package(hostile, {**GENERATION_C, "__init__.py": "__version__ = '\\x1b[32mok\\x1b[0m'\n"})

    main(["check", "--package", str(hostile), "--only", "relu"])

    printed = capsys.readouterr().out
    assert "\\x1b[32mok\\x1b[0m" in printed
    assert "\x1b[32magrees \x1b[0m  relu" in printed
