"""Specification of the mirror's pages: whole by themselves, readable on a phone, safe whatever they show."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import ODD_NAMES, Mirror, ask, serving

from tinytorch_hf import catalog, load
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import pictures, statistics
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.hub.contents import Snapshot
from tinytorch_hf.mirror import markup, samples, server
from tinytorch_hf.mirror.markup import document, element
from tinytorch_hf.mirror.repositories import Repository, by_id

VOID = {"meta", "link", "img", "br", "input"}
DIGITS = "/datasets/tinytorch/tinydigits"


class Page(HTMLParser):
    """A page taken apart: every element with its attributes, its text, and whether all that opens is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that the innermost open element ends."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Gather the text that is shown."""
        if self.open[-1:] not in (["style"], ["title"]):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of every element of one kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def shelf(own: dict[str, DatasetInfo]) -> Iterator[Mirror]:
    """Pages of every dataset that ships and of the small ones that a test makes; no files."""
    nothing = {"main": Snapshot("0" * 40, {})}
    datasets = [*map(catalog.info, catalog.shipped_names()), *own.values()]
    shown = [Repository(dataset.repo_id, nothing, dataset=dataset) for dataset in datasets]
    with serving(server.server(by_id(shown))) as address:
        yield Mirror(address, by_id(shown), Path())


def page(mirror: Mirror, path: str, status: int = 200) -> Page:
    """A page of the mirror."""
    answer = ask(mirror.address, path)
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), answer
    return Page(answer.body.decode("utf-8"))


def pages_of(mirror: Mirror) -> list[str]:
    """Addresses of the front page and of every dataset's."""
    return ["/", *(f"/datasets/{repository_id}" for repository_id in mirror.repositories)]


def colours(style: str) -> dict[str, tuple[float, ...]]:
    """The colours of a style sheet's variables, as relative luminance has them, by name."""
    found = re.findall(r"--([a-z-]+): #([0-9a-f]{6})\b", style)
    linear = {name: [int(text[at : at + 2], 16) / 255 for at in (0, 2, 4)] for name, text in found}
    return {
        name: tuple(one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in of)
        for name, of in linear.items()
    }


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The contrast ratio of two colours, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    light, dark = sorted((0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_colours_can_be_told_apart(mode: str) -> None:
    """Words by 4.5 to 1 and parts of charts by 3 to 1, as WCAG 2.2 has it for AA, on every ground they stand on."""
    light, _, dark = Path(markup.__file__).with_name("style.css").read_text(encoding="utf-8").partition("@media (pre")
    known = colours(light) | (colours(dark) if mode == "dark" else {})

    for words in ("text", "quiet", "link"):
        for ground in ("ground", "panel"):
            assert contrast(known[words], known[ground]) >= 4.5, (words, ground)
    assert contrast(known["text"], known["note"]) >= 4.5
    assert contrast(known["on-button"], known["button"]) >= 4.5
    for part in ("first", "second", "third", "quiet"):
        assert contrast(known[part], known["ground"]) >= 3, part


@pytest.mark.parametrize("which", ["mirror", "shelf"])
def test_every_page_is_whole_by_itself(which: str, request: pytest.FixtureRequest) -> None:
    """A language, fit for a phone, pictures with a text in their place; nothing from elsewhere, no script."""
    mirror: Mirror = request.getfixturevalue(which)
    for path in pages_of(mirror):
        shown = page(mirror, path)
        (html,), (viewport,) = shown.all("html"), [m for m in shown.all("meta") if m.get("name") == "viewport"]
        assert html["lang"] == "en" and viewport["content"] == "width=device-width, initial-scale=1"
        assert all(image["alt"] for image in shown.all("img"))
        assert shown.all("script") == []
        for _, attributes in shown.elements:
            assert not [name for name in attributes if name.startswith("on")]
            for name in ("href", "src", "action"):
                assert re.match(r"/(?!/)|data:|#|$", attributes.get(name) or ""), attributes
        style = ask(mirror.address, path).headers["content-security-policy"]
        assert "default-src 'none'" in style and "script" not in style


def test_every_link_and_picture_leads_somewhere(mirror: Mirror) -> None:
    """Every one of every page, on this machine."""
    seen = set()
    for path in pages_of(mirror):
        shown = page(mirror, path)
        seen |= {a["href"] for a in shown.all("a")} | {i["src"] for i in shown.all("img")}
    local = [(link or "").partition("#")[0] for link in seen if link and link.startswith("/")]

    assert len(local) > 10
    for link in local:
        assert ask(mirror.address, link).status == 200, link


def test_the_front_page_shows_every_dataset_and_the_line_to_copy(mirror: Mirror) -> None:
    """With this machine's address as the visitor's browser knows it."""
    shown = page(mirror, "/")

    assert f"{statistics.statistics(load('tinydigits'))['test']['mean']:.6g}" in shown.text
    assert f"export HF_ENDPOINT={mirror.address}" in shown.text
    assert f'$env:HF_ENDPOINT = "{mirror.address}"' in shown.text
    assert f"set HF_ENDPOINT={mirror.address}" in shown.text
    assert f'os.environ["HF_ENDPOINT"] = "{mirror.address}"' in shown.text
    for repository_id in mirror.repositories:
        assert repository_id in shown.text
    assert catalog.info("tinydigits").summary in shown.text


@pytest.mark.parametrize("host", ["192.168.1.20:8000", "teacher.local", "[fe80::1]:8000"])
def test_the_line_to_copy_has_the_address_by_which_the_visitor_came(mirror: Mirror, host: str) -> None:
    """By number, by name, in either version of the protocol."""
    assert (
        f"HF_ENDPOINT=http://{host}\n"
        in Page(ask(mirror.address, "/", headers={"Host": host}).body.decode().replace("</pre>", "\n</pre>")).text
    )


@pytest.mark.parametrize("host", ["<script>", 'x"; rm -rf ~', "a.b/c", "x;y", "$(reboot)", "x:99999999", "`id`"])
def test_a_host_that_is_none_does_not_get_into_the_line(mirror: Mirror, host: str) -> None:
    """Students paste it into a terminal: then the server's own address stands there."""
    shown = Page(ask(mirror.address, "/", headers={"Host": host}).body.decode())

    assert host not in shown.text and f"export HF_ENDPOINT={mirror.address}" in shown.text


def test_the_picture_is_the_contact_sheet(mirror: Mirror) -> None:
    """Of the first split, as PNG; datasets without images have none."""
    answer = ask(mirror.address, "/pictures/tinytorch/tinydigits.png")

    assert answer.headers["content-type"] == "image/png"
    assert answer.body == pictures.png(pictures.contact_sheet(load("tinydigits")["train"], scale=2))
    for name in ("tinytorch/tinytalks", "tinytorch/nothing", "course/words", "tinytorch/..%2ftinydigits", "tinydigits"):
        assert ask(mirror.address, f"/pictures/{name}.png").status == 404


def test_a_datasets_page_shows_its_statistics(mirror: Mirror) -> None:
    """Those that are measured."""
    shown = page(mirror, DIGITS)
    cells = [" ".join(row.split()) for row in re.findall(r"standard deviation[\d.]+", shown.text)]

    measured = statistics.statistics(load("tinydigits"))
    assert cells and f"{measured['train']['standard_deviation']:.6g}" in shown.text
    assert "per class0: 100, 1: 100" in shown.text


def captions(shown: Page) -> list[str]:
    """Captions of the samples of a page, from the pictures' texts."""
    found = (image["alt"] or "" for image in shown.all("img"))
    return [alt.removeprefix("sample ") for alt in found if alt.startswith("sample ")]


def test_the_viewer_shows_the_samples_that_are_asked_for(mirror: Mirror) -> None:
    """By split, label and page; in the order of the split, none twice, none left out."""
    labels = load("tinydigits")["train"]["labels"]
    sevens = [f"[{index}] 7 - seven" for index in np.flatnonzero(labels == 7)]
    seen: list[str] = []
    for number in (1, 2, 3):
        shown = page(mirror, f"{DIGITS}?split=train&label=7&page={number}")
        assert f"100 samples, page {number} of 3." in shown.text
        seen += captions(shown)

    assert seen == sevens
    assert captions(page(mirror, DIGITS)) == captions(page(mirror, f"{DIGITS}?split=&label=&page="))
    assert "200 samples, page 1 of 5." in page(mirror, f"{DIGITS}?split=test").text


def test_the_viewers_links_lead_through_all_pages(mirror: Mirror) -> None:
    """Keeping what was chosen."""
    path, n_pages = f"{DIGITS}?split=test&label=3", 0
    while path:
        shown = page(mirror, path)
        n_pages += 1
        nav = [a["href"] or "" for a in shown.all("a") if "page=" in (a["href"] or "")]
        path = next((link for link in nav if f"page={n_pages + 1}" in link), "")
        assert all("split=test" in link and "label=3" in link for link in nav)

    assert n_pages == 1
    shown = page(mirror, f"{DIGITS}?page=2")
    assert [a["href"] for a in shown.all("a") if "page=" in (a["href"] or "")] == [
        f"{DIGITS}?split=train&page=1#samples",
        f"{DIGITS}?split=train&page=3#samples",
    ]


@pytest.mark.parametrize(
    "query",
    [
        *("split=tran", "label=x", "label=7x", "page=0", "page=-1", "page=22", "page=1e9", "page=" + "9" * 5000),
        *("label=%00", "page=%D9%A1", "split=%3Cscript%3E"),
    ],
)
def test_a_wrong_choice_is_explained(mirror: Mirror, query: str) -> None:
    """404 with what there is, and a way back."""
    shown = page(mirror, f"{DIGITS}?{query}", 404)

    assert any(word in shown.text for word in ("Known:", "is a number, not"))
    assert shown.all("a")[0]["href"] == DIGITS


def test_a_choice_that_nothing_meets(mirror: Mirror) -> None:
    """No sample, and no error."""
    assert "No such sample." in page(mirror, f"{DIGITS}?label=11").text


def test_the_form_remembers_what_was_chosen(mirror: Mirror) -> None:
    """Split and label stay selected."""
    shown = page(mirror, f"{DIGITS}?split=test&label=3")

    assert [option["value"] for option in shown.all("option") if "selected" in option] == ["test", "3"]
    assert [select["name"] for select in shown.all("select")] == ["split", "label"]


@pytest.mark.parametrize(
    ("name", "names"),
    [
        *(("tinydigits", ["label"]), ("tinymnist", ["label", "difficulty"]), ("tinytalks", ["level"])),
        *(("own_images", ["label", "light"]), ("own_texts", ["label"]), ("own_functions", [])),
    ],
)
def test_every_dataset_is_filtered_by_what_it_has(name: str, names: list[str], own: dict[str, DatasetInfo]) -> None:
    """By whatever has named values; each value gives the samples that have it, and all values together all."""
    dataset = own.get(name) or catalog.info(name)
    filters = samples.filters(dataset)
    assert list(filters) == names

    for filter_name, one in filters.items():
        for split in dataset.splits:
            first = samples.page(dataset, samples.choice(dataset, {"split": split.name}))
            counts = {
                value: samples.page(dataset, samples.choice(dataset, {"split": split.name, filter_name: str(value)}))
                for value in samples.options(one, first.split)
            }
            assert sum(found.n_samples for found in counts.values()) == split.n_samples
            for value, found in counts.items():
                assert {first.split[one.column][index] for index in found.indices} == {value}


def test_filters_together(mirror: Mirror) -> None:
    """A sample has to meet all of them."""
    dataset = catalog.info("tinymnist")
    split = load("tinymnist")["train"]
    hard_fives = np.flatnonzero((split["labels"] == 5) & (split["difficulty"] == 2))

    found = samples.page(dataset, samples.choice(dataset, {"label": "5", "difficulty": "2"}))

    assert list(found.indices) == hard_fives[: samples.PER_PAGE].tolist()
    assert samples.caption(dataset, split, hard_fives[0]).endswith("5 - five, hard")


def test_images_are_chosen_by_label_and_difficulty(shelf: Mirror) -> None:
    """TinyMNIST's page has a choice of both."""
    shown = page(shelf, "/datasets/tinytorch/tinymnist?label=5&difficulty=2")

    assert [select["name"] for select in shown.all("select")] == ["split", "label", "difficulty"]
    assert captions(shown) and all(re.fullmatch(r"\[\d+\] 5 - five, hard", text) for text in captions(shown))


def test_questions_are_chosen_by_level(shelf: Mirror) -> None:
    """TinyTalks' page shows them as text, quotes and all."""
    shown = page(shelf, "/datasets/tinytorch/tinytalks?split=test&level=3")
    questions = load("tinytalks")["test"]["question"][load("tinytalks")["test"]["level"] == 3]

    assert len(questions) == 8 and all(question in shown.text for question in questions)
    assert [select["name"] for select in shown.all("select")] == ["split", "level"]
    assert shown.text.count("level 3") == 8 and shown.all("img") == []


def test_texts_are_shown_column_by_column() -> None:
    """And named by their level, its number and what it is about."""
    dataset, split = catalog.info("tinytalks"), load("tinytalks")["val"]

    assert samples.caption(dataset, split, 0) == "[0] level 1 greetings and identity" and split["level"][0] == 1
    shown = dict(samples.texts(split, 0))
    assert shown["question"] == split["question"][0] and set(shown) == {c.name for c in dataset.columns}


@given(query=st.dictionaries(st.sampled_from(["split", "label", "level", "difficulty", "page"]), st.text(max_size=8)))
def test_whatever_is_chosen_gives_a_page_or_an_explanation(query: dict[str, str]) -> None:
    """Of every dataset."""
    for name in catalog.shipped_names():
        dataset = catalog.info(name)
        try:
            found = samples.page(dataset, samples.choice(dataset, query))
        except (UnknownNameError, InvalidArgumentError):
            continue
        assert len(found.indices) <= samples.PER_PAGE


def test_images_in_colour_have_pictures_too(shelf: Mirror, own: dict[str, DatasetInfo]) -> None:
    """Of classes by their names, channels last, colours as they are; a picture of all, and statistics."""
    shown = page(shelf, "/datasets/local/own_colours?split=test&label=1")
    sheet = ask(shelf.address, "/pictures/local/own_colours.png")
    images = load(own["own_colours"], "test")["images"]

    assert captions(shown) == ["[1] green", "[4] green", "[7] green"]
    assert f"data:image/png;base64,{base64.b64encode(pictures.png(images[4].transpose(1, 2, 0))).decode()}" in {
        image["src"] for image in shown.all("img")
    }
    assert sheet.headers["content-type"] == "image/png"
    assert "per class" in shown.text and "The samples cannot be shown" not in page(shelf, "/").text


def test_an_instructors_own_files_are_listed_and_escaped(mirror: Mirror) -> None:
    """Whatever their names are; each can be downloaded from its link."""
    shown = page(mirror, "/datasets/course/odd")

    links = {a["href"] for a in shown.all("a")}
    for name in ODD_NAMES:
        assert name in shown.text
        assert f"/datasets/course/odd/resolve/main/{quote(name)}" in links
    assert shown.all("b") == []


@given(text=st.text(), attribute=st.text())
def test_no_text_becomes_markup(text: str, attribute: str) -> None:
    """Whatever is put into a page comes out of a parser as text again."""
    shown = Page(document("title", element("p", text, id=attribute), text))

    (paragraph,) = shown.all("p")
    gone = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
    expected = gone.sub("\N{REPLACEMENT CHARACTER}", text)
    assert shown.text.strip("\n") == (expected + expected).strip("\n")
    assert paragraph["id"] == gone.sub("\N{REPLACEMENT CHARACTER}", attribute)
    assert [name for name, _ in shown.elements].count("script") == 0


def test_an_address_without_a_page(mirror: Mirror) -> None:
    """HTML for people, JSON for programs."""
    assert json.loads(ask(mirror.address, "/nothing").body)["error"]
    answer = ask(mirror.address, "/nothing", headers={"Accept": "text/html,*/*"})
    assert answer.status == 404
    assert Page(answer.body.decode()).all("a")[0]["href"] == "/"
    assert ask(mirror.address, "/datasets/tinytorch/nothing?" + urlencode({"x": "<b>"})).status == 404


def test_a_dataset_that_cannot_be_loaded_keeps_its_page(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    """The reason stands where the samples would, there and on the front page; files can still be downloaded."""
    from tinytorch_hf.files import store
    from tinytorch_hf.mirror import sample_pages

    sample_pages.measured.cache_clear()
    sample_pages.contact_sheet.cache_clear()
    (root / "tinydigits" / "train.pkl").unlink()
    monkeypatch.setattr(store, "folder", lambda dataset, _root=None: root / dataset.name)

    shown = page(mirror, DIGITS)

    assert "The samples cannot be shown" in shown.text
    assert any("LICENSE" in (a["href"] or "") for a in shown.all("a"))
    assert "The samples cannot be shown" in page(mirror, "/").text
    assert "train.pkl" in page(mirror, "/pictures/tinytorch/tinydigits.png", 404).text


def test_the_status_for_programs(mirror: Mirror) -> None:
    """What is served, with commits."""
    status = json.loads(ask(mirror.address, "/status.json").body)

    assert status["status"] == "ok"
    assert {name: dataset["commit"] for name, dataset in status["datasets"].items()} == {
        name: repository.main.commit for name, repository in mirror.repositories.items()
    }
