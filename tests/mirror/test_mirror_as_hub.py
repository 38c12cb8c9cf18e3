"""Specification of what `huggingface_hub` itself makes of a mirror, in this process: lists, facts, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, HfFileSystem, constants
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from serving import Mirror, ask, serving

from tinytorch_hf.hub.contents import take_snapshot
from tinytorch_hf.mirror import server
from tinytorch_hf.mirror.repositories import Repository

ID = "tinytorch/tinydigits"


@pytest.fixture
def api(mirror: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> HfApi:
    """The Hub's own client, with the mirror for the Hub."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return HfApi(endpoint=mirror.address, token=False)


CARDS = {
    "cats": "---\nlanguage: [en, no]\nlicense: mit\ntask_categories:\n- image-classification\n"
    "tags: [felines, 2026-01-01]\nsize_categories: n<1K\n---\n# Cats\n\nTwo cats, see https://arxiv.org/abs/1234.56789.\n",
    "dogs": "---\nlanguage: de\ntask_categories: [image-classification, text-generation]\n---\nDogs.\n",
    "mice": "---\nlanguage: [broken\n---\nMice.\n",
    "none": "",
}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The client of a mirror whose datasets differ in their cards, of sizes in the order of their names."""
    folder = tmp_path_factory.mktemp("zoo")
    repositories = {}
    for size, (name, card) in enumerate(CARDS.items()):
        (folder / name).mkdir()
        (folder / name / "a.csv").write_text("x\n" + "1\n" * 1000 * size, encoding="utf-8")
        if card:
            (folder / name / "README.md").write_text(card, encoding="utf-8")
        repositories[f"zoo/{name}"] = Repository(f"zoo/{name}", {"main": take_snapshot(folder / name)})
    with serving(server.server(repositories)) as address:
        yield HfApi(endpoint=address, token=False)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "cats dogs mice none"),
        ({"filter": "task_categories:image-classification"}, "cats dogs"),
        ({"task_categories": "text-generation"}, "dogs"),
        ({"task_categories": ["image-classification", "text-generation"]}, "dogs"),
        ({"language": "no"}, "cats"),
        ({"language": "de", "task_categories": "image-classification"}, "dogs"),
        ({"filter": ["felines", "license:mit"]}, "cats"),
        ({"filter": "2026-01-01"}, "cats"),
        ({"filter": "arxiv:1234.56789"}, "cats"),
        ({"size_categories": "n<1K"}, "cats"),
        ({"filter": "format:csv"}, "cats dogs mice none"),
        ({"filter": "format:parquet"}, ""),
        ({"filter": "language"}, ""),
        ({"search": "O"}, "cats dogs mice none"),
        ({"search": "og"}, "dogs"),
        ({"search": "zoo dog"}, "dogs"),
        ({"dataset_name": "cat", "search": "zoo"}, "cats"),
        ({"author": "zoo"}, "cats dogs mice none"),
        ({"author": "ZOO", "search": "ice"}, "mice"),
        ({"author": "farm"}, ""),
        ({"gated": True}, ""),
        ({"gated": False, "language": "en"}, "cats"),
        ({"limit": 2}, "cats dogs"),
        ({"sort": "downloads"}, "cats dogs mice none"),
        ({"sort": "last_modified", "limit": 1}, "none"),
    ],
)
def test_datasets_are_found_as_on_the_hub(zoo: HfApi, query: dict[str, Any], names: str) -> None:
    """By the tags that come of their cards, by author, by words of their names; sorted, and so many."""
    assert [dataset.id for dataset in zoo.list_datasets(**query)] == [f"zoo/{name}" for name in names.split()]


def test_a_list_comes_in_pages(zoo: HfApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each names the next with the same question, so that a client that follows sees every dataset once."""
    address = f"{zoo.endpoint}/api/datasets?search=zoo&limit=3&sort=id&direction=1"
    first = ask(zoo.endpoint, address.removeprefix(zoo.endpoint))
    link = first.headers["link"].partition(">")[0].removeprefix("<")
    second = ask(zoo.endpoint, link.removeprefix(zoo.endpoint))

    assert [dataset["id"] for answer in (first, second) for dataset in json.loads(answer.body)] == [
        f"zoo/{name}" for name in CARDS
    ]
    assert "link" not in second.headers


def test_the_card_is_part_of_the_description(zoo: HfApi) -> None:
    """Its metadata, the tags made of it, its first words; a card that cannot be read says nothing."""
    cats, mice = zoo.dataset_info("zoo/cats"), zoo.dataset_info("zoo/mice")

    assert cats.card_data is not None and mice.card_data is None
    assert cats.card_data.to_dict()["language"] == ["en", "no"]
    assert cats.tags[:4] == ["task_categories:image-classification", "language:en", "language:no", "license:mit"]
    assert cats.description == "Two cats, see https://arxiv.org/abs/1234.56789."
    assert mice.tags == ["format:csv"]
    assert [dataset.card_data for dataset in zoo.list_datasets(search="dogs")] == [None]
    (full,) = zoo.list_datasets(search="dogs", full=True)
    assert full.card_data.language == "de" and [sibling.rfilename for sibling in full.siblings] == [
        "README.md",
        "a.csv",
    ]
    expanded = zoo.dataset_info("zoo/cats", expand=["tags", "sha"])
    assert expanded.sha == cats.sha and expanded.siblings is None and expanded.author is None


def test_a_built_dataset_is_found_by_its_card(api: HfApi) -> None:
    """What `tinytorch-hf` writes into its cards is what one looks for."""
    images = {dataset.id for dataset in api.list_datasets(task_categories="image-classification", author="tinytorch")}

    assert ID in images and "tinytorch/tinytalks" not in images
    assert api.dataset_info(ID).card_data.license == "cc-by-4.0"  # type: ignore[union-attr]


def test_commits_and_references(api: HfApi, mirror: Mirror) -> None:
    """One commit each; by branch, tag, HEAD and the reference of the converted files."""
    main = mirror.repositories[ID].main

    for revision in (None, "main", "HEAD", "v1.0.0", "refs/tags/v1.0.0", "refs/heads/main", main.commit):
        (commit,) = api.list_repo_commits(ID, repo_type="dataset", revision=revision)
        assert (commit.commit_id, commit.authors) == (main.commit, ["tinytorch"])
        assert api.dataset_info(ID, revision=revision).sha == main.commit
        assert api.get_paths_info(ID, "LICENSE", repo_type="dataset", revision=revision)[0].path == "LICENSE"
    assert api.list_repo_commits(ID, repo_type="dataset", formatted=True)[0].formatted_title
    refs = api.list_repo_refs(ID, repo_type="dataset", include_pull_requests=True)
    assert [ref.ref for ref in refs.converts] == ["refs/convert/parquet"] and refs.pull_requests == []
    with pytest.raises(RevisionNotFoundError):
        api.list_repo_commits(ID, repo_type="dataset", revision="refs/pr/1")


def test_the_converted_files_are_a_revision(api: HfApi, mirror: Mirror) -> None:
    """With a folder for each configuration and split, which `hf://` reads as any other."""
    system = HfFileSystem(endpoint=mirror.address, token=False)
    folder = f"datasets/{ID}@refs/convert/parquet/default"

    assert system.ls(f"{folder}/train", detail=False) == [f"{folder}/train/0000.parquet"]
    main = mirror.repositories[ID].main.files["data/default/train-00000-of-00001.parquet"]
    assert system.cat(f"{folder}/train/0000.parquet") == main.place.read_bytes()
    path = api.hf_hub_download(ID, "default/train/0000.parquet", repo_type="dataset", revision="refs/convert/parquet")
    assert Path(path).read_bytes() == main.place.read_bytes()


ABSENT: dict[str, Callable[[HfApi], Any]] = {
    "a dataset": lambda api: api.dataset_info("tinytorch/nothing"),
    "a dataset without a namespace": lambda api: api.dataset_info("squad"),
    "its files": lambda api: api.list_repo_files("tinytorch/nothing", repo_type="dataset"),
    "its commits": lambda api: api.list_repo_commits("squad", repo_type="dataset"),
    "a model": lambda api: api.model_info("openai-community/gpt2"),
    "an old model": lambda api: api.model_info("gpt2"),
    "a model's file": lambda api: api.hf_hub_download("gpt2", "config.json"),
    "a model of this name": lambda api: api.hf_hub_download(ID, "README.md"),
    "a space": lambda api: api.space_info("a/b"),
    "a space's file": lambda api: api.hf_hub_download("a/b", "app.py", repo_type="space"),
    "rights to a model": lambda api: api.auth_check("gpt2"),
    "rights to a dataset": lambda api: api.auth_check("a/b", repo_type="dataset"),
    "discussions of a model": lambda api: list(api.get_repo_discussions("gpt2")),
}


@pytest.mark.parametrize("what", ABSENT)
def test_what_is_not_there_is_not_found(api: HfApi, what: str) -> None:
    """As an error of that name, whatever kind of repository it is."""
    with pytest.raises(RepositoryNotFoundError):
        ABSENT[what](api)


def test_what_exists_is_told_from_what_does_not(api: HfApi) -> None:
    """By the functions that answer yes or no."""
    assert api.repo_exists(ID, repo_type="dataset") and not api.repo_exists(ID)
    assert not api.repo_exists(ID, repo_type="space") and not api.repo_exists("a/b", repo_type="dataset")
    assert api.revision_exists(ID, "HEAD", repo_type="dataset") and not api.revision_exists(
        ID, "v9", repo_type="dataset"
    )
    assert api.file_exists(ID, "LICENSE", repo_type="dataset") and not api.file_exists(ID, "a", repo_type="dataset")
    assert not api.file_exists("gpt2", "config.json")
    assert list(api.list_models(author="tinytorch")) == [] == list(api.list_spaces())
    assert list(api.get_repo_discussions(ID, repo_type="dataset")) == []
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(ID, "nothing.txt", repo_type="dataset")


def test_nobody_is_known(api: HfApi) -> None:
    """No token is good, what may be read may be read, and nothing may be written."""
    api.auth_check(ID, repo_type="dataset")
    for token, status in ((False, 401), ("hf_wrong", 403)):
        with pytest.raises(HfHubHTTPError) as refused:
            api.auth_check(ID, repo_type="dataset", write=True, token=token)
        assert refused.value.response.status_code == status
    with pytest.raises(HfHubHTTPError, match="Invalid"):
        api.whoami("hf_wrong")
    answer = ask(api.endpoint, "/api/whoami-v2")
    assert (answer.status, json.loads(answer.body)) == (401, {"error": "Invalid username or password."})


def test_an_endpoint_may_end_in_a_slash(mirror: Mirror, tmp_path: Path) -> None:
    """As people write it: what clients then ask for with two slashes is found."""
    api = HfApi(endpoint=f"{mirror.address}/", token=False)

    assert api.dataset_info(ID).id == ID
    assert ask(mirror.address, f"//api/datasets//{ID}///tree/main").status == 200
    assert ask(mirror.address, f"//datasets/{ID}/resolve/main//LICENSE").status == 200


def test_raw_files(mirror: Mirror) -> None:
    """The same bytes as resolved ones, shown by browsers as text, never as a page."""
    for path in ("LICENSE", "README.md", "data/default/test-00000-of-00001.parquet"):
        raw, resolved = (ask(mirror.address, f"/datasets/{ID}/{verb}/HEAD/{path}") for verb in ("raw", "resolve"))
        assert (raw.status, raw.body, raw.headers["etag"]) == (200, resolved.body, resolved.headers["etag"])
        is_text = raw.headers["content-type"] == "text/plain; charset=utf-8"
        assert is_text == ("parquet" not in path) and raw.headers["x-content-type-options"] == "nosniff"
        assert "attachment" not in raw.headers["content-disposition"]
    missing = ask(mirror.address, f"/datasets/{ID}/raw/main/nothing")
    assert (missing.status, missing.headers["x-error-code"]) == (404, "EntryNotFound")


def test_tags_by_type(mirror: Mirror) -> None:
    """Every tag of what is served, where a client looks for filters."""
    found = HfApi(endpoint=mirror.address, token=False).get_dataset_tags()

    assert {"id": "language:en", "label": "en", "type": "language"} in found["language"]
