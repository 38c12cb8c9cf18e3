"""Pages for people: what is served, the line to copy, and a viewer for each dataset's samples."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tinytorch_hf.acquire.places import MIRROR_VARIABLE
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import pictures, statistics
from tinytorch_hf.data.loaders import load, load_split
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, MissingFileError, StorageError, UnknownNameError
from tinytorch_hf.mirror import samples
from tinytorch_hf.mirror.answers import endpoint
from tinytorch_hf.mirror.archives import Archives
from tinytorch_hf.mirror.markup import Element, document, element, table
from tinytorch_hf.mirror.repositories import Repository

Repositories = Mapping[str, Repository]

_CANNOT_LOAD = (MissingFileError, CorruptFileError, StorageError)
_FILES_SHOWN = 500
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "form-action 'self'",
    "Referrer-Policy": "no-referrer",
}


def routes(repositories: Repositories, archives: Archives) -> list[Route]:
    """Routes of the pages over repositories by id, and over archives by path."""

    def front(request: Request) -> Response:
        return _answer("Datasets on this machine", *_front(endpoint(request), repositories, archives))

    def dataset(request: Request) -> Response:
        repository = repositories.get("{namespace}/{name}".format_map(request.path_params))
        if repository is None:
            return not_found("There is no such dataset here.")
        try:
            return _answer(repository.id, *_dataset(endpoint(request), repository, request.query_params))
        except (UnknownNameError, InvalidArgumentError) as problem:
            return not_found(str(problem), _path(repository))

    def picture(request: Request) -> Response:
        repository = repositories.get("{namespace}/{name}".format_map(request.path_params))
        if repository is None or repository.dataset is None or not samples.has_pictures(repository.dataset):
            return not_found("There is no such picture here.")
        try:
            sheet = _contact_sheet(repository.dataset)
        except _CANNOT_LOAD as problem:
            return not_found(str(problem))
        return Response(sheet, media_type="image/png", headers={"Cache-Control": "max-age=3600"})

    return [
        Route("/", front),
        Route("/datasets/{namespace}/{name}", dataset),
        Route("/pictures/{namespace}/{name}.png", picture),
    ]


def not_found(message: str, way_back: str = "/") -> Response:
    """A page that says what is not there, and leads back."""
    return _answer("Not found", element("p", message), _link(way_back, "Back"), status=404)


def _answer(title: str, *body: Element | None, status: int = 200) -> Response:
    return HTMLResponse(document(title, element("h1", title), *body), status, _HEADERS)


def _link(address: str, *text: str) -> Element:
    return element("p", element("a", *text, href=address))


def _path(repository: Repository) -> str:
    return f"/datasets/{repository.id}"


def _front(endpoint: str, repositories: Repositories, archives: Archives) -> list[Element]:
    first = next(iter(repositories.values()), None)
    return [
        element("p", "Copy this line into the terminal in which you start Python or Jupyter:"),
        element("pre", f"export HF_ENDPOINT={endpoint}"),
        element("p", "In PowerShell:"),
        element("pre", f'$env:HF_ENDPOINT = "{endpoint}"'),
        element("p", "Then Hugging Face's own functions read from here:"),
        element("pre", _load_call(first.id)) if first else element("p", "No dataset is served."),
        *(_summary(repository) for repository in repositories.values()),
        *(_archives(endpoint, archives) if archives else ()),
        _link("/status.json", "What is served, as JSON"),
    ]


def _archives(endpoint: str, archives: Archives) -> list[Element]:
    rows = [
        element("li", element("a", path.removeprefix("/archives/"), href=path), f" {file.size_bytes} bytes")
        for path, file in archives.items()
    ]
    return [
        element("h2", "Archives"),
        element("p", "For `tinytorch-hf download` and download=True:"),
        element("pre", f"export {MIRROR_VARIABLE}={endpoint}"),
        element("ul", *rows),
    ]


def _load_call(repository_id: str) -> str:
    return f'from datasets import load_dataset\n\ndata = load_dataset("{repository_id}")'


def _summary(repository: Repository) -> Element:
    heading = element("h2", element("a", repository.id, href=_path(repository)))
    if repository.dataset is None:
        return element("section", heading, element("p", _counts(repository)))
    dataset = repository.dataset
    about = element("p", f"{dataset.summary} Licence {dataset.license}. {_counts(repository)}")
    return element("section", heading, about, *_or_why_not(lambda: _looks(repository, dataset)))


def _looks(repository: Repository, dataset: DatasetInfo, open_: str | None = None) -> list[Element | None]:
    statistics = element("details", element("summary", "Statistics"), _statistics_table(dataset), open=open_)
    return [_preview(repository, dataset), statistics]


def _or_why_not(make: Callable[[], list[Element | None]]) -> list[Element | None]:
    """What is made of a dataset's samples, or the reason why they cannot be loaded."""
    try:
        return make()
    except _CANNOT_LOAD as problem:
        return [element("p", f"The samples cannot be shown: {problem}")]


def _counts(repository: Repository) -> str:
    return f"Files: {len(repository.main.files)}, {repository.main.size_bytes / 1000:.1f} kB."


def _preview(repository: Repository, dataset: DatasetInfo) -> Element | None:
    if not samples.has_pictures(dataset):
        return None
    what = f"The first ten samples of every class of {dataset.title}"
    return element("p", element("img", src=f"/pictures/{quote(repository.id)}.png", alt=what, loading="lazy"))


@functools.lru_cache
def _contact_sheet(dataset: DatasetInfo) -> bytes:
    return pictures.png(pictures.contact_sheet(load_split(dataset, dataset.splits[0].name), scale=2))


@functools.lru_cache
def _statistics(dataset: DatasetInfo) -> dict[str, dict[str, Any]]:
    return statistics.statistics(load(dataset))


def _dataset(endpoint: str, repository: Repository, query: Mapping[str, str]) -> list[Element | None]:
    about = [
        _link("/", "All datasets"),
        element("pre", f"export HF_ENDPOINT={endpoint}"),
        element("pre", _load_call(repository.id)),
    ]
    if repository.dataset is None:
        return [*about, *_files(repository)]
    dataset = repository.dataset
    chosen = samples.choice(dataset, query)
    summary = element("p", f"{dataset.summary} Version {dataset.version}, licence {dataset.license}.")
    shown = _or_why_not(lambda: [*_viewer(repository, dataset, chosen), *_looks(repository, dataset, open_="open")])
    return [summary, *about, *shown, *_files(repository)]


def _viewer(repository: Repository, dataset: DatasetInfo, chosen: samples.Choice) -> list[Element | None]:
    page = samples.page(dataset, chosen)
    show = _image if samples.has_pictures(dataset) else _texts
    kind = "samples" if samples.has_pictures(dataset) else "samples texts"
    count = f"{page.n_samples} samples, page {chosen.page} of {page.n_pages}." if page.n_samples else "No such sample."
    return [
        element("h2", "Samples", id="samples"),
        _form(repository, dataset, chosen, page),
        element("p", count),
        element("ul", *(show(dataset, page, index) for index in page.indices), class_=kind),
        _paging(repository, chosen, page),
    ]


def _form(repository: Repository, dataset: DatasetInfo, chosen: samples.Choice, page: samples.Page) -> Element:
    selects = [_select("split", {split.name: split.name for split in dataset.splits}, chosen.split)]
    for name, one in samples.filters(dataset).items():
        named = {str(value): text for value, text in samples.options(one, page.split).items()}
        selects.append(_select(name, {"": "all", **named}, str(chosen.values.get(name, ""))))
    button = element("button", "Show", type="submit")
    return element("form", *selects, button, method="get", action=f"{_path(repository)}#samples")


def _select(name: str, options: Mapping[str, str], chosen: str) -> Element:
    choices = [
        element("option", text, value=value, selected="selected" if value == chosen else None)
        for value, text in options.items()
    ]
    return element("label", name, element("select", *choices, name=name))


def _image(dataset: DatasetInfo, page: samples.Page, index: int) -> Element:
    text = samples.caption(dataset, page.split, index)
    shades = samples.picture(page.split, index)
    encoded = base64.b64encode(pictures.png(shades)).decode("ascii")
    return element("li", element("img", src=f"data:image/png;base64,{encoded}", alt=f"sample {text}"), text)


def _texts(dataset: DatasetInfo, page: samples.Page, index: int) -> Element:
    heading = element("strong", samples.caption(dataset, page.split, index))
    return element("li", heading, table(list(samples.texts(page.split, index))))


def _paging(repository: Repository, chosen: samples.Choice, page: samples.Page) -> Element:
    def to(number: int, text: str) -> Element | None:
        if not 1 <= number <= page.n_pages:
            return None
        query = urlencode({"split": chosen.split, **chosen.values, "page": number})
        return element("a", text, href=f"{_path(repository)}?{query}#samples")

    return element("nav", to(chosen.page - 1, "Previous page"), to(chosen.page + 1, "Next page"))


def _statistics_table(dataset: DatasetInfo) -> Element:
    measured = _statistics(dataset)
    keys = dict.fromkeys(key for values in measured.values() for key in values)
    rows = [(key.replace("_", " "), *(_figure(values.get(key, "")) for values in measured.values())) for key in keys]
    return table(rows, ("", *measured))


def _figure(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {count}" for key, count in value.items())
    return f"{value:.6g}" if isinstance(value, (int, float)) else str(value)


def _files(repository: Repository) -> list[Element]:
    rows = [
        element(
            "li",
            element("a", path, href=f"{_path(repository)}/resolve/main/{quote(path)}"),
            f" {file.size_bytes} bytes",
        )
        for path, file in list(repository.main.files.items())[:_FILES_SHOWN]
    ]
    more = len(repository.main.files) - _FILES_SHOWN
    if more > 0:
        rows.append(element("li", f"and {more} more"))
    return [element("h2", "Files"), element("ul", *rows)]
