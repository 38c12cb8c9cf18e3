"""A Hub for other projects' tests: reading is the mirror's protocol, writing is `writable_hub`, in memory.

The tests are about models as much as about datasets, and name repositories of the real Hub. So that they reach the
mirror's code at all, repositories of other kinds are kept as datasets, each under its kind, and those that the tests
name are stood in for by a few small files. Nothing of an answer is changed on its way out.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from writable_hub import TOKEN, WritableHub

from tinytorch_hf.mirror import app as mirror_app
from tinytorch_hf.mirror.repositories import Repository

USER = "__DUMMY_HUB_USER__"
_KINDS = ("models", "spaces", "datasets")
_API = re.compile(r"/api/(?P<kind>models|spaces|datasets)/(?P<rest>.+)")
_FILE = re.compile(r"/(?:(?P<kind>spaces|datasets)/)?(?P<id>[^/]+(?:/[^/]+)?)(?P<rest>(?:\.git/|/(?:resolve|raw)/).*)")

# What the tests name of the real Hub: its kind, and the files that are asked for.
_README = "---\nlicense: mit\nlanguage: en\n---\n# A stand-in\n"
_MODEL = {
    ".gitattributes": "*.h5 filter=lfs\n",
    "README.md": _README,
    "config.json": '{"model_type": "x"}\n',
    "pytorch_model.bin": "weights",
    "tf_model.h5": "weights",
    "tokenizer_config.json": "{}",
    "vocab.txt": "a\n",
}
_DATASET = {".gitattributes": "", "README.md": _README, "data/train.csv": "a\n1\n"}
_MODELS = (
    *("openai-community/gpt2", "google-bert/bert-base-uncased", "julien-c/dummy-unknown"),
    *("HuggingFaceH4/zephyr-7b-beta", "prompthero/openjourney-v4", "openchat/openchat_3.5"),
    *("julien-c/EsperBERTo-small", "prajjwal1/bert-tiny", "valhalla/t5-small-qa-qg-hl", "huggingfacejs/test-model"),
)
# A card with something under each field that datasets are found by.
_TAGGED = """---
language: [en, fr]
license: mit
task_categories: [audio-classification]
task_ids: [natural-language-inference]
multilinguality: [multilingual]
size_categories: [100K<n<1M]
language_creators: [crowdsourced]
---
# A stand-in
"""
_DATASETS = (
    *("HuggingFaceH4/no_robots", "openai/gsm8k", "bigcode/admin", "huggingface/DataMeasurementsFiles"),
    *(f"stand-in/wikipedia-{number}" for number in range(6)),
    *("nyu-mll/glue", "hf-doc-build/doc-build", "hf-doc-build/doc-build-dev", "lhoestq/custom_squad"),
    *("gaia-benchmark/GAIA", "huggingfacejs/test-dataset"),
)
STAND_INS = {
    **{f"models/{name}": _MODEL for name in _MODELS},
    **{f"datasets/{name}": _DATASET for name in _DATASETS},
    "datasets/stand-in/tagged": {"README.md": _TAGGED, "a.csv": ""},
    "models/hf-internal-testing/hfh-cache-layout": {f"file_{number}.txt": f"{number}" for number in range(3)},
    "spaces/huggingfacejs/client-side-oauth": {"README.md": "---\nsdk: static\n---\n", "app.js": ""},
    "spaces/aschen/push-model-from-web": {"mobilenet/model.json": json.dumps({"weights": list(range(500))})},
}


def application(folder: Path) -> ASGIApp:
    """The whole of it; blobs are kept in the folder."""
    hub = _Hub(folder)
    for name, files in STAND_INS.items():
        hub.put(_inside(name), "main", {path: text.encode() for path, text in files.items()})
        repository = hub.repositories[_inside(name)]
        branches = {**repository.branches, "refs/pr/1": repository.main}
        tags = {commit: replace(repository.main, commit=commit) for commit in _COMMITS.get(name, ())}
        hub.repositories[_inside(name)] = Repository(repository.id, branches, tags)
    layout = _inside("models/hf-internal-testing/hfh-cache-layout")
    for branch in ("file-2", "file-3"):
        files = {"file_0.txt": b"0", "file_1.txt": b"1", f"{branch.replace('-', '_')}.txt": b"of this branch"}
        hub.put(layout, branch, files)
    table = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), table)
    hub.put("bigcode/admin", "main", {"data/train.parquet": table.getvalue()})
    writing: Any = hub.server().config.app
    reading = mirror_app.create(hub.repositories, {})
    # What is written goes to one, what is read to the mirror as it is.
    return _Adapter(writing, reading)


# Commits that the tests name; the stand-in answers to them.
_COMMITS = {
    "models/openai-community/gpt2": (
        "607a30d783dfa663caf39e06633721c8d4cfcd7e", "f27b190eeac4c2302d24068eabf5e9d6044389ae",
    ),
    "models/google-bert/bert-base-uncased": (
        "dd4bc8b21efa05ec961e3efc4ee5e3832a3679c7", "1a7dd4986e3dab699c24ca19b2afd0f5e1a80f37",
    ),
    "models/julien-c/dummy-unknown": ("f2c752cfc5c0ab6f4bdec59acea69eefbee381c2",),
    "datasets/nyu-mll/glue": ("cb2099c76426ff97da7aa591cbd317d91fb5fcb7",),
    "datasets/gaia-benchmark/GAIA": ("c603981e170e9e333934a39781d2ae3a2677e81f",),
    "datasets/stand-in/tagged": {"README.md": _TAGGED, "a.csv": ""},
    "models/hf-internal-testing/hfh-cache-layout": {f"file_{number}.txt": f"{number}" for number in range(3)},
    "spaces/huggingfacejs/client-side-oauth": ("e410a9ff348e6bed393b847711e793282d7c672e",),
}  # fmt: skip


def _inside(name: str) -> str:
    """The id under which a repository of any kind is kept: a dataset has its own, others say their kind."""
    kind, _, repository_id = name.partition("/")
    return repository_id if kind == "datasets" else f"{kind}-{repository_id}"


class _Adapter:
    """Leads requests about models and spaces to where these are kept."""

    def __init__(self, writing: Starlette, reading: Starlette) -> None:
        self._writing, self._reading = writing, reading

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = self._path(scope["path"])
        headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
        has_token = len(headers) < len(scope["headers"])
        is_writing = scope["method"] not in ("GET", "HEAD") and "/paths-info/" not in path
        if has_token and (is_writing or path == "/api/whoami-v2" or path.endswith("/auth-check")):
            headers.append((b"authorization", f"Bearer {TOKEN}".encode()))
        scope = {**scope, "path": path, "raw_path": path.encode(), "headers": headers}
        goes_to_writing = is_writing or (path == "/api/whoami-v2" and has_token)
        await (self._writing if goes_to_writing else self._reading)(scope, receive, send)

    @staticmethod
    def _path(path: str) -> str:
        if match := _API.fullmatch(path):
            kind, rest = match["kind"], match["rest"]
            return path if kind == "datasets" else f"/api/datasets/{kind}-{rest}"
        match = _FILE.fullmatch(path)
        if match is None or path.startswith(("/api/", "/lfs/")):
            return path
        kind = match["kind"] or "models"
        repository_id = match["id"] if kind == "datasets" else f"{kind}-{match['id']}"
        return f"/datasets/{repository_id}{match['rest']}"


class _Hub(WritableHub):
    """Makes repositories of every kind, and pull requests as branches."""

    async def _create(self, request: Request) -> Response:
        asked = await request.json()
        kind, owner = f"{asked.get('type') or 'model'}s", asked.get("organization") or USER
        name = f"{kind}/{owner}/{asked['name']}"
        address = f"{request.base_url}{name.removeprefix('models/')}"
        if _inside(name) in self.repositories:
            return JSONResponse({"url": address, "error": "You already created this repo"}, 409)
        self.put(_inside(name), "main", {".gitattributes": b"*.bin filter=lfs\n"})
        return JSONResponse({"url": address, "name": f"{owner}/{asked['name']}", "id": "0" * 24})

    async def _validate_yaml(self, request: Request) -> Response:
        return JSONResponse({"errors": [], "warnings": []})

    async def _delete(self, request: Request) -> Response:
        asked = await request.json()
        name = f"{asked.get('type') or 'model'}s/{asked.get('organization') or USER}/{asked['name']}"
        gone = self.repositories.pop(_inside(name), None)
        return JSONResponse({} if gone else {"error": "Repository not found"}, 200 if gone else 404)

    async def _commit(self, request: Request) -> Response:
        repository = self.repositories["{namespace}/{name}".format_map(request.path_params)]
        number = 1 + sum(branch.startswith("refs/pr/") for branch in repository.branches)
        asks = request.query_params.get("create_pr") == "1"
        if asks:
            request.path_params["revision"] = f"refs/pr/{number}"
            branches = {**repository.branches, f"refs/pr/{number}": repository.main}
            self.repositories[repository.id] = replace(repository, branches=branches)
        answer = await super()._commit(request)
        if answer.status_code != 200:
            return answer
        told = json.loads(bytes(answer.body))
        address = told["commitUrl"].replace("/datasets/models-", "/").replace("/datasets/spaces-", "/spaces/")
        request_address = address.rpartition("/commit/")[0] + f"/discussions/{number}"
        return JSONResponse({**told, "commitUrl": address, **({"pullRequestUrl": request_address} if asks else {})})

    def server(self) -> uvicorn.Server:
        """The server, which can also remove repositories."""
        made = super().server()
        application: Any = made.config.app
        application.router.routes.insert(0, Route("/api/repos/delete", self._delete, methods=["DELETE"]))
        return made
