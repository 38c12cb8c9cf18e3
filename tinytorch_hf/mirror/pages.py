"""Pages for people: what is served, the lines to copy, and a page for each dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tinytorch_hf.acquire.places import MIRROR_VARIABLE
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, MissingFileError, StorageError, UnknownNameError
from tinytorch_hf.mirror import glimpses, preparing, row_pages, sample_pages, samples, using
from tinytorch_hf.mirror.answers import endpoint
from tinytorch_hf.mirror.archives import Archives
from tinytorch_hf.mirror.markup import Element, document, element, link
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
            body = _dataset(endpoint(request), repository, request.query_params)
        except (UnknownNameError, InvalidArgumentError) as problem:
            return not_found(str(problem), _path(repository))
        return _answer(repository.id, *_still_read(repositories, repository.id), *body, way_back=True)

    def picture(request: Request) -> Response:
        repository = repositories.get("{namespace}/{name}".format_map(request.path_params))
        try:
            sheet = None if repository is None else _sheet(repository)
        except _CANNOT_LOAD as problem:
            return not_found(str(problem))
        return _picture(sheet)

    def cell(request: Request) -> Response:
        repository = repositories.get("{namespace}/{name}".format_map(request.path_params))
        try:
            found = None if repository is None else row_pages.cell(repository, request.query_params)
        except (UnknownNameError, InvalidArgumentError, *_CANNOT_LOAD) as problem:
            return not_found(str(problem))
        return _picture(found)

    return [
        Route("/", front),
        Route("/datasets/{namespace}/{name}", dataset),
        Route("/pictures/{namespace}/{name}.png", picture),
        Route("/cells/{namespace}/{name}", cell),
    ]


def not_found(message: str, way_back: str = "/") -> Response:
    """A page that says what is not there, and leads back."""
    return _answer("Not found", element("p", message), link(way_back, "Back"), status=404)


def not_ready(repository_id: str, message: str, retry_s: int) -> Response:
    """A page that says how far the preparation of a dataset is, and looks again by itself."""
    return _answer(repository_id, element("p", message, class_="note"), status=503, way_back=True, reload_s=retry_s)


def _answer(
    title: str, *body: Element | None, status: int = 200, way_back: bool = False, reload_s: int | None = None
) -> Response:
    crumb = element("p", element("a", "All datasets", href="/"), class_="crumb") if way_back else None
    head = element("header", crumb, element("h1", title))
    foot = element("footer", element("a", "What is served, as JSON", href="/status.json"))
    headers = _HEADERS if reload_s is None else {**_HEADERS, "Retry-After": str(reload_s)}
    return HTMLResponse(document(title, head, element("main", *body), foot, reload_s=reload_s), status, headers)


def _picture(content: bytes | None) -> Response:
    if content is None:
        return not_found("There is no such picture here.")
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    return Response(content, media_type=kind, headers={"Cache-Control": "max-age=3600", **_HEADERS})


def _path(repository: Repository) -> str:
    return f"/datasets/{repository.id}"


def _front(endpoint: str, repositories: Repositories, archives: Archives) -> list[Element]:
    first = next(iter(repositories.values()), None)
    lead = "Hugging Face's own functions read them from here, once you have copied one of these lines:"
    return [
        element("p", lead, class_="lead") if first else element("p", "No dataset is served.", class_="lead"),
        using.endpoint_lines(endpoint),
        *([using.load_lines(first.id)] if first else []),
        element("ul", *map(_card, repositories.values()), class_="cards"),
        *(_archives(endpoint, archives) if archives else ()),
    ]


def _archives(endpoint: str, archives: Archives) -> list[Element]:
    rows = [_file(path, path.removeprefix("/archives/"), file.size_bytes) for path, file in archives.items()]
    return [
        element("h2", "Archives"),
        using.variable_line("For `tinytorch-hf download` and download=True, in bash or zsh", MIRROR_VARIABLE, endpoint),
        element("ul", *rows, class_="files"),
    ]


def _card(repository: Repository) -> Element:
    heading = element("h2", element("a", repository.id, href=_path(repository)))
    if repository.dataset is None:
        return element("li", heading, _facts(repository), *row_pages.glimpse(repository), class_="card")
    dataset = repository.dataset
    looks = _or_why_not(
        lambda: [
            sample_pages.picture_of_all(repository.id, dataset),
            sample_pages.quotation(dataset),
            *_statistics(dataset),
        ]
    )
    return element("li", heading, element("p", dataset.summary), _facts(repository), *looks, class_="card")


def _still_read(repositories: Repositories, repository_id: str) -> list[Element]:
    """What is said of files that cannot be had yet."""
    waiting = repositories.waiting if isinstance(repositories, preparing.Shelf) else ()
    return [element("p", f"{preparing.described(one)}.", class_="note") for one in waiting if one.id == repository_id]


def _statistics(dataset: DatasetInfo, is_open: bool = False) -> list[Element | None]:
    shown = sample_pages.statistics_table(dataset)
    return [element("details", element("summary", "Statistics"), shown, open="open" if is_open else None)]


def _or_why_not(make: Callable[[], list[Element | None]]) -> list[Element | None]:
    """What is made of a dataset's samples, or the reason why they cannot be loaded."""
    try:
        return make()
    except _CANNOT_LOAD as problem:
        return [element("p", f"The samples cannot be shown: {problem}", class_="note")]


def _facts(repository: Repository) -> Element:
    """What there is to know at a glance."""
    n_files = len(repository.main.files)
    told = [f"{n_files} file{'s'[: n_files != 1]}, {_size(repository.main.size_bytes)}"]
    if repository.dataset is not None:
        dataset = repository.dataset
        splits = ", ".join(f"{split.n_samples:,} {split.name}" for split in dataset.splits)
        told = [splits, f"version {dataset.version}", f"licence {dataset.license}", *told]
    return element("ul", *(element("li", one) for one in told), class_="facts")


def _size(n_bytes: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes} bytes"


def _sheet(repository: Repository) -> bytes | None:
    """A picture of many samples; None for what has no pictures."""
    if repository.dataset is None:
        found = glimpses.known(repository)
        return None if found is None else found.sheet or None
    if not samples.has_pictures(repository.dataset):
        return None
    return sample_pages.contact_sheet(repository.dataset)


def _dataset(endpoint: str, repository: Repository, query: Mapping[str, str]) -> list[Element | None]:
    use = [
        element("h2", "Use it"),
        using.endpoint_lines(endpoint),
        using.load_lines(repository.id, row_pages.configs(repository) if repository.dataset is None else ()),
    ]
    if repository.dataset is None:
        return [_facts(repository), *row_pages.body(_path(repository), repository, query), *use, *_files(repository)]
    dataset = repository.dataset
    # Before anything is made: a wrong choice has a page of its own.
    samples.choice(dataset, query)
    shown = _or_why_not(
        lambda: [
            sample_pages.at_a_glance(repository.id, dataset),
            *sample_pages.viewer(_path(repository), dataset, query),
            *_statistics(dataset, is_open=True),
        ]
    )
    summary = element("p", dataset.summary, class_="lead")
    return [summary, _facts(repository), *shown, *use, *_files(repository)]


def _files(repository: Repository) -> list[Element]:
    rows = [
        _file(f"{_path(repository)}/resolve/main/{quote(path)}", path, file.size_bytes)
        for path, file in list(repository.main.files.items())[:_FILES_SHOWN]
    ]
    more = len(repository.main.files) - _FILES_SHOWN
    if more > 0:
        rows.append(element("li", f"and {more} more"))
    return [element("h2", "Files"), element("ul", *rows, class_="files")]


def _file(address: str, name: str, size_bytes: int) -> Element:
    return element("li", element("a", name, href=address), element("span", _size(size_bytes)))
