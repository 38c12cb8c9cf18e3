"""Specification of tinytorch_hf.hub.publish and remote: over real HTTP, against a Hub that can be written to."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import yaml
from huggingface_hub import constants
from serving import serving
from writable_hub import READ_TOKEN, TOKEN, WritableHub

from tinytorch_hf import catalog, load
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.cli import OK, PROBLEM, USAGE, main
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, NetworkError
from tinytorch_hf.files import folders, store
from tinytorch_hf.hub import parquet, publish
from tinytorch_hf.hub.contents import Snapshot, take_snapshot
from tinytorch_hf.hub.publish import Change, Kind
from tinytorch_hf.hub.remote import Remote, RemoteFile

ID = "tinytorch/tinydigits"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Snapshot]:
    """What belongs on the branches, built once."""
    return publish.prepare("tinydigits", ID, tmp_path_factory.mktemp("local"), script=True)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WritableHub, str]]:
    """A Hub and its address, shared by the tests of this module."""
    hub = WritableHub(tmp_path_factory.mktemp("blobs"))
    with serving(hub.server()) as address:
        yield hub, address


@pytest.fixture
def hub(served: tuple[WritableHub, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WritableHub:
    """An empty Hub that this process talks to, with a token that may write."""
    hub, address = served
    hub.reset()
    monkeypatch.setattr(constants, "ENDPOINT", address)
    # Made of the endpoint when the library was imported.
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace("https://huggingface.co", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return hub


def do(local: dict[str, Snapshot], *, private: bool = False) -> list[str]:
    """Plan and carry out."""
    remote = Remote(ID)
    plan = publish.plan("tinydigits", remote, local, private=private)
    return list(publish.carry_out(plan, remote, local))


def contents(snapshot: Snapshot) -> dict[str, bytes]:
    """Bytes of every file of a local snapshot."""
    return {path: file.place.read_bytes() for path, file in snapshot.files.items()}


def test_a_new_repository_gets_everything_in_one_commit_and_a_tag(hub: WritableHub, local: Any) -> None:
    """What was there from the start stays; the data come back with the curated fingerprint."""
    done = do({"main": local["main"]})

    repository = hub.repositories[ID]
    assert {k: v for k, v in hub.files(ID).items() if k != ".gitattributes"} == contents(local["main"])
    assert repository.tags == {"v1.0.0": repository.main}
    assert hub.private == set()
    assert [write for write in hub.writes if "/commit/" in write] == [f"POST /api/datasets/{ID}/commit/main"]
    assert done[0] == f"created {ID}" and "curated fingerprint" in done[2]


def test_publishing_again_writes_nothing(hub: WritableHub, local: Any) -> None:
    """Neither a commit nor a tag."""
    do(local)
    hub.writes.clear()

    plan = publish.plan("tinydigits", Remote(ID), local, private=False)
    assert all(change.kind is Kind.SAME for branch in plan.branches for change in branch.changes)
    assert (plan.card_diff, plan.creates, plan.makes_tag) == ("", False, False)
    do(local)

    assert hub.writes == []


def test_a_plan_writes_nothing_and_says_what_would_change(hub: WritableHub, local: Any) -> None:
    """Files with their sizes, and the card's difference line by line."""
    card = contents(local["main"])["README.md"]
    hub.put(
        ID, "main", {"README.md": card.replace(b"pretty_name: TinyDigits", b"pretty_name: Digits"), "old.txt": b"1"}
    )

    plan = publish.plan("tinydigits", Remote(ID), {"main": local["main"]}, private=False)
    text = publish.describe(plan, "http://hub")

    assert hub.writes == []
    assert re.search(r"^  changed +[\d,]+  README\.md$", text, re.MULTILINE)
    assert re.search(r"^  removed +1  old\.txt$", text, re.MULTILINE)
    size = len(contents(local["main"])["LICENSE"])
    assert re.search(rf"^  added +{size}  LICENSE$", text, re.MULTILINE)
    assert "\n-pretty_name: Digits\n+pretty_name: TinyDigits\n" in text
    assert "exists, public" in text and "tag v1.0.0: new" in text


def test_files_that_left_the_dataset_are_removed(hub: WritableHub, local: Any) -> None:
    """The branch then holds what was built, and the Hub's own file."""
    hub.put(ID, "main", {".gitattributes": b"", "old/one.txt": b"1", "LICENSE": b"another"})

    do({"main": local["main"]})

    assert set(hub.files(ID)) == {".gitattributes", *local["main"].files}
    assert hub.files(ID)["LICENSE"] == contents(local["main"])["LICENSE"]


def test_large_files_go_through_git_lfs(hub: WritableHub, local: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a server that is not the Hub without Xet, whatever the client would prefer; and are recognised again."""
    hub.large = (".parquet",)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)

    do({"main": local["main"]})
    assert any(write.endswith(".git/info/lfs/objects/batch") for write in hub.writes)
    assert constants.HF_HUB_DISABLE_XET is False and "HF_HUB_DISABLE_XET" not in os.environ
    hub.writes.clear()
    do({"main": local["main"]})

    assert hub.writes == []


def test_a_private_repository_is_made_only_when_new(hub: WritableHub, local: Any) -> None:
    """A public one is never silently taken for private."""
    do({"main": local["main"]}, private=True)
    assert hub.private == {ID}

    hub.private.clear()
    # The server of the tests shows nothing as private, as if someone had published it.
    with pytest.raises(InvalidArgumentError, match="exists and is public"):
        publish.plan("tinydigits", Remote(ID), local, private=True)


def test_the_script_branch_holds_the_script_and_the_curated_files(hub: WritableHub, local: Any) -> None:
    """And nothing of main, from which it was made; main holds no script."""
    done = do(local)

    dataset = catalog.info("tinydigits")
    script = (folders.shipped("loading_scripts") / "tinydigits.py").read_bytes()
    files = {k: v for k, v in hub.files(ID, "script").items() if k != ".gitattributes"}
    assert files["tinydigits.py"] == script
    assert set(files) == {"tinydigits.py", *parquet.COMPANIONS, *(file.name for file in dataset.files)}
    assert all(files[file.name] == store.read(dataset, file) for file in dataset.files)
    assert not any(path.endswith(".py") for path in hub.files(ID))
    assert done[-1] == "downloaded again: every file has its SHA-256"


def test_a_commit_of_somebody_else_is_noticed(hub: WritableHub, local: Any) -> None:
    """Between the plan and the commit; theirs stays."""
    hub.put(ID, "main", {"theirs.txt": b"1"})
    hub.before_commit = lambda: hub.put(ID, "main", {"theirs.txt": b"2"})

    with pytest.raises(NetworkError, match="Someone else committed meanwhile"):
        do(local)
    assert hub.files(ID) == {"theirs.txt": b"2"}


def test_a_tag_with_other_numbers_is_an_error_before_anything_is_written(hub: WritableHub, local: Any) -> None:
    """The files of a version never change."""
    files = contents(local["main"])
    swapped = {
        **files,
        "data/array/train-00000-of-00001.parquet": files["data/array/test-00000-of-00001.parquet"],
    }
    hub.put(ID, "main", swapped)
    repository = hub.repositories[ID]
    repository.tags["v1.0.0"] = repository.main  # type: ignore[index]

    with pytest.raises(CorruptFileError, match=r"tag v1\.0\.0 with other content"):
        do({"main": local["main"]})
    assert hub.writes == []


def test_a_tag_with_the_same_numbers_stays_where_it_is(hub: WritableHub, local: Any) -> None:
    """A corrected card is not a new version of the data."""
    tagged = hub.put(ID, "main", {**contents(local["main"]), "LICENSE": b"with a typing error"})
    repository = hub.repositories[ID]
    repository.tags["v1.0.0"] = repository.main  # type: ignore[index]

    do({"main": local["main"]})

    assert hub.repositories[ID].tags["v1.0.0"].commit == tagged != hub.repositories[ID].main.commit


def test_a_tag_that_holds_something_else_altogether_is_an_error(hub: WritableHub, local: Any) -> None:
    """Such as a text: whatever the library says of it, it is not this dataset."""
    hub.put(ID, "main", {"notes.txt": b"no data"})
    repository = hub.repositories[ID]
    repository.tags["v1.0.0"] = repository.main  # type: ignore[index]

    with pytest.raises(CorruptFileError, match="cannot be loaded"):
        do({"main": local["main"]})


def test_a_tag_made_meanwhile_is_an_error(hub: WritableHub, local: Any) -> None:
    """The server refuses it, and the message says so."""
    hub.refusals["/tag/"] = 409

    with pytest.raises(NetworkError, match=r"The tag v1\.0\.0 .* exists already"):
        do({"main": local["main"]})


def test_damage_on_the_way_is_found(hub: WritableHub, local: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is downloaded again is compared; no tag is made of it."""
    honest = hub._store
    test_split = contents(local["main"])["data/default/test-00000-of-00001.parquet"]
    train_split = contents(local["main"])["data/default/train-00000-of-00001.parquet"]
    monkeypatch.setattr(hub, "_store", lambda data: honest(test_split if data == train_split else data))

    with pytest.raises(CorruptFileError, match="configuration default"):
        do({"main": local["main"]})
    assert hub.repositories[ID].tags == {}


@pytest.mark.parametrize(
    ("part", "status", "message"),
    [
        ("/whoami", 401, "does not accept your token"),
        ("/api/repos/create", 403, "needs write access to tinytorch/tinydigits"),
        ("/api/repos/create", 409, "exists already"),
        ("/commit/", 403, "could not be written to"),
        ("/commit/", 400, "status 400: refused with 400"),
        ("/refs", 404, "status 404"),
    ],
)
def test_refusals_are_explained(hub: WritableHub, local: Any, part: str, status: int, message: str) -> None:
    """What was refused, and what to do."""
    if "create" not in part:
        hub.put(ID, "main", {"a": b""})
    hub.refusals[part] = status

    with pytest.raises(NetworkError, match=message):
        do({"main": local["main"]})


def test_a_token_that_may_only_read_is_refused(hub: WritableHub, local: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the server, when writing begins."""
    monkeypatch.setenv("HF_TOKEN", READ_TOKEN)

    with pytest.raises(NetworkError, match="may not do this"):
        do({"main": local["main"]})
    assert hub.repositories == {}


def test_without_a_token_there_is_a_plan_but_nothing_can_be_written(
    hub: WritableHub, local: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The error says how to get one."""
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "none"))
    remote = Remote(ID)

    plan = publish.plan("tinydigits", remote, {"main": local["main"]}, private=False)
    assert plan.creates
    with pytest.raises(NetworkError, match="hf auth login"):
        next(publish.carry_out(plan, remote, local))


def test_no_network_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, and with the address."""
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", TOKEN)

    with pytest.raises(NetworkError, match=r"http://127\.0\.0\.1:9 gave no usable answer .* Are you connected"):
        Remote(ID).state("main")


@pytest.mark.parametrize("has_token", [True, False])
@pytest.mark.parametrize(
    ("endpoint", "offline", "reason"),
    [
        ("http://ann:SECRET1@127.0.0.1:9", False, "http://127.0.0.1:9 gave no answer"),
        ("https://huggingface.co", True, "HF_HUB_OFFLINE is set"),
    ],
)
def test_a_plan_can_be_seen_offline(
    monkeypatch: pytest.MonkeyPatch, capsys: Any, endpoint: str, offline: bool, reason: str, has_token: bool
) -> None:
    """It says what is not known; with --yes nothing can be done."""
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: TOKEN if has_token else None)
    words = ["hub", "publish", "tinydigits", "--repo-id", ID, "--confirmed"]

    assert main(words) == OK
    out = capsys.readouterr().out
    assert f"{ID} at {endpoint.replace('ann:SECRET1@', '')}: not asked, because {reason}.\nUnknown: " in out
    assert "added" in out and "tag v1.0.0: new" in out and "Nothing was written." in out
    assert "SECRET1" not in out and TOKEN not in out

    assert main([*words, "--yes"]) == PROBLEM
    err = capsys.readouterr().err
    assert "SECRET1" not in err and TOKEN not in err
    assert ("forbids the network" if offline else "gave no usable answer") in err or not has_token


def test_a_busy_hub_has_told_nothing(hub: WritableHub, capsys: Any) -> None:
    """The plan is that for a new repository, as without a network."""
    hub.refusals["/whoami"] = 503

    assert main(["hub", "publish", "tinydigits", "--repo-id", ID, "--confirmed"]) == OK
    assert "answered with status 503.\nUnknown" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("repo_id", "message"), [("tinydigits", "lacks a namespace"), ("a/b/c", "not a repository's id")]
)
def test_an_impossible_id_is_explained(repo_id: str, message: str) -> None:
    """Before anything is asked."""
    with pytest.raises(InvalidArgumentError, match=message):
        Remote(repo_id)


@pytest.mark.parametrize("refusal", ["/whoami", "/api/repos/create", "/commit/"])
def test_the_token_is_never_shown(
    hub: WritableHub,
    refusal: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither printed nor logged at the most talkative level nor in an exception, when something is refused."""
    monkeypatch.setattr(constants, "HF_DEBUG", True)
    huggingface_hub.logging.set_verbosity_debug()
    caplog.set_level(logging.DEBUG)
    hub.refusals[refusal] = 401

    try:
        status = main(["hub", "publish", "tinydigits", "--repo-id", ID, "--yes", "--confirmed"])
    finally:
        huggingface_hub.logging.set_verbosity_warning()

    assert status == PROBLEM
    printed = capfd.readouterr()
    assert len(caplog.text) > 100
    assert TOKEN not in printed.out + printed.err + caplog.text


def test_the_token_is_taken_out_of_whatever_the_client_says(hub: WritableHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if it quotes the token."""
    monkeypatch.setattr(huggingface_hub.HfApi, "repo_info", lambda *_a, **_k: 1 / 0 if TOKEN == "" else _quote())

    with pytest.raises(NetworkError) as caught:
        Remote(ID).state("main")
    error: BaseException | None = caught.value
    assert "***" in str(error)
    assert TOKEN not in f"{error!r}{error}" and error.__suppress_context__


def _quote() -> None:
    raise ValueError(f"Illegal header value b'Bearer {TOKEN}'")


def test_changes_compare_large_files_by_sha256(tmp_path: Path) -> None:
    """And small ones by Git's name; the Hub's own file is not ours to remove."""
    for name in ("same", "large", "other", "new"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    files = take_snapshot(tmp_path).files
    remote = {
        "same": RemoteFile(4, files["same"].git_sha1, None),
        "large": RemoteFile(5, "f" * 40, files["large"].sha256),
        "other": RemoteFile(9, files["same"].git_sha1, None),
        "gone": RemoteFile(7, "0" * 40, None),
        ".gitattributes": RemoteFile(1, "0" * 40, None),
    }

    assert publish.changes(files, remote) == (
        Change(Kind.REMOVED, "gone", 7),
        Change(Kind.SAME, "large", 5),
        Change(Kind.ADDED, "new", 3),
        Change(Kind.CHANGED, "other", 5),
        Change(Kind.SAME, "same", 4),
    )


def test_the_command_shows_by_default_and_writes_with_yes(hub: WritableHub, capsys: Any) -> None:
    """A dry run is what one gets without asking; both at once is a wrong call."""
    for arguments in ([], ["--dry-run"]):
        assert main(["hub", "publish", "tinydigits", "--repo-id", ID, *arguments]) == OK
        out = capsys.readouterr().out
        assert "added" in out and out.endswith("Nothing was written. Add --yes to write it.\n")
        assert hub.repositories == {}

    assert main(["hub", "publish", "tinydigits", "--repo-id", ID, "--yes", "--confirmed", "--private"]) == OK
    assert "curated fingerprint" in capsys.readouterr().out
    assert hub.private == {ID}

    with pytest.raises(SystemExit) as stop:
        main(["hub", "publish", "tinydigits", "--repo-id", ID, "--yes", "--dry-run"])
    assert stop.value.code == USAGE


def test_publishing_asks_a_person_to_confirm_the_licence(hub: WritableHub, capsys: Any) -> None:
    """Where two sources differ: a dry run shows the question, and nothing is written before it is answered."""
    to_confirm = catalog.TINYDIGITS.to_confirm
    assert main(["hub", "publish", "tinydigits", "--repo-id", ID]) == OK
    assert f"To confirm: {to_confirm}. If that is right, add --confirmed." in capsys.readouterr().out

    assert main(["hub", "publish", "tinydigits", "--repo-id", ID, "--yes"]) == USAGE
    assert f"a person has to confirm that {to_confirm}" in capsys.readouterr().err
    assert hub.repositories == {}


def test_records_are_read_from_the_published_json_alone(
    hub: WritableHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its addresses are those of the server, pinned to the version; nothing of the folder is needed."""
    mlcroissant = pytest.importorskip("mlcroissant")
    monkeypatch.setenv("CROISSANT_CACHE", str(tmp_path / "croissant"))
    remote = Remote(ID)
    local = publish.prepare("tinydigits", ID, tmp_path / "built", script=False, remote=remote)
    list(publish.carry_out(publish.plan("tinydigits", remote, local, private=False), remote, local))
    published = hub.files(ID)["croissant.json"]
    shutil.rmtree(tmp_path / "built")

    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "croissant.json").write_bytes(published)
    dataset = mlcroissant.Dataset(jsonld=str(tmp_path / "alone" / "croissant.json"))
    labels = [record["default/test/label"] for record in dataset.records("default/test")]

    assert labels == load("tinydigits")["test"]["labels"].tolist()
    urls = {file["contentUrl"] for file in json.loads(published)["distribution"]}
    assert all(url.startswith(f"{remote.endpoint}/datasets/{ID}/resolve/v1.0.0/data/") for url in urls)


def test_the_files_of_a_version_stay_those_of_its_tag(hub: WritableHub, local: Any, tmp_path: Path) -> None:
    """Where other libraries write the same numbers in other bytes: Croissant and card say what the tag holds."""
    parquet_files = pytest.importorskip("pyarrow.parquet")
    do({"main": local["main"]})
    old = {path: data for path, data in contents(local["main"]).items() if path.startswith("data/")}
    for path in old:
        place = tmp_path / "old.parquet"
        parquet_files.write_table(parquet_files.read_table(local["main"].files[path].place), place, compression="none")
        old[path] = place.read_bytes()
    hub.put(ID, "main", {**contents(local["main"]), **old, "LICENSE": b"an older one"})
    repository = hub.repositories[ID]
    repository.tags["v1.0.0"] = repository.main  # type: ignore[index]

    remote = Remote(ID)
    again = publish.prepare("tinydigits", ID, tmp_path / "again", script=False, remote=remote)
    plan = publish.plan("tinydigits", remote, again, private=False)

    changed = {change.path for change in plan.branches[0].changes if change.kind is not Kind.SAME}
    assert "LICENSE" in changed and not any(path.startswith("data/") for path in changed)
    said = json.loads(contents(again["main"])["croissant.json"])
    assert {file["name"]: file["sha256"] for file in said["distribution"]} == {
        path: hashlib.sha256(data).hexdigest() for path, data in old.items()
    }
    infos = yaml.safe_load(contents(again["main"])["README.md"].split(b"---\n")[1])["dataset_info"]
    assert {info["config_name"]: info["download_size"] for info in infos} == {
        config: sum(len(data) for path, data in old.items() if path.startswith(f"data/{config}/"))
        for config in ("default", "array")
    }


def test_an_unknown_dataset_is_explained(capsys: Any) -> None:
    """Before anything is asked of the Hub."""
    assert main(["hub", "publish", "tinydigts", "--repo-id", ID]) == USAGE
    assert "Did you mean 'tinydigits'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["mnist", "cifar10", "tinycifar"])
def test_what_belongs_to_others_is_not_published(name: str, capsys: Any, tmp_path: Path) -> None:
    """The catalog has the reason; it is told before anything is built or asked of the Hub."""
    assert main(["publish", name, "--repo-id", f"me/{name}"]) == USAGE
    assert catalog.info(name).not_to_publish in capsys.readouterr().err

    with pytest.raises(InvalidArgumentError, match=f"{name} is not published from here"):
        publish.prepare(name, f"me/{name}", tmp_path, script=False)
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_of_ones_own_is_published_where_one_says(
    hub: WritableHub, own: dict[str, DatasetInfo], tmp_path: Path
) -> None:
    """With a card that loads it from there; a version that is not a tag for Git becomes one."""
    dataset = replace(own["own_colours"], version="2 beta..1")
    remote = Remote("me/colours")
    local = publish.prepare(dataset, remote.repo_id, tmp_path, script=False)

    done = list(publish.carry_out(publish.plan(dataset, remote, local, private=False), remote, local))

    assert "curated fingerprint" in done[2]
    assert set(hub.repositories["me/colours"].tags) == {"v2-beta-1"}
    card = hub.files("me/colours")["README.md"].decode("utf-8")
    assert 'load_dataset("me/colours")' in card and dataset.repo_id not in card


def test_the_script_of_what_is_built_here_goes_with_its_files_and_licence(
    shelf: dict[str, DatasetInfo], tmp_path: Path
) -> None:
    """Whose documents lie elsewhere than the files."""
    dataset = shelf["tinypy"]
    local = publish.prepare(dataset, "me/functions", tmp_path, script=True)

    assert set(local["script"].files) == {
        *("functions.py", "LICENSE", "DATASHEET.md", "train.jsonl", "val.jsonl", "test.jsonl"),
    }


def test_without_a_loading_script_there_is_no_branch_for_one(own: dict[str, DatasetInfo], tmp_path: Path) -> None:
    """Old releases load Parquet as well."""
    with pytest.raises(InvalidArgumentError, match=r"own_texts has no loading script\. Leave --script out"):
        publish.prepare(own["own_texts"], "me/texts", tmp_path, script=True)
    assert list(tmp_path.iterdir()) == []
