"""Specification of the mirror's pages in a real browser: Chromium, driven by Playwright, as wide as a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import Mirror

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PHONE = {"width": 360, "height": 740}

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed (Debian: apt install chromium)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests; root may not use its sandbox."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, chromium_sandbox=not is_root)
        yield browser
        browser.close()


@pytest.fixture
def phone(browser: Any, mirror: Mirror) -> Iterator[Any]:
    """A page as wide as a phone; fails if anything is asked of another machine or reported as an error."""
    page = browser.new_page(viewport=PHONE, base_url=mirror.address)
    foreign: list[str] = []
    problems: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((mirror.address, "data:")) else foreign.append(r.url))
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    page.close()
    assert (foreign, problems) == ([], [])


def fits(page: Any) -> bool:
    """Whether nothing sticks out sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_the_front_page_on_a_phone(phone: Any, mirror: Mirror) -> None:
    """Nothing sticks out, every picture has arrived, the line to copy is there to be marked with one touch."""
    phone.goto("/")

    assert fits(phone)
    # Pictures further down are loaded when they come into view.
    for picture in phone.locator("img").all():
        picture.scroll_into_view_if_needed()
        phone.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=picture.element_handle())
    line = phone.locator("pre").first
    assert line.inner_text() == f"export HF_ENDPOINT={mirror.address}"
    line.click()
    assert phone.evaluate("getSelection().toString().trim()") == f"export HF_ENDPOINT={mirror.address}"
    assert phone.locator("h2").count() == len(mirror.repositories)


@pytest.mark.parametrize("repository_id", ["tinytorch/tinydigits", "tinytorch/tinytalks", "course/odd", "course/words"])
def test_a_datasets_page_on_a_phone(phone: Any, repository_id: str) -> None:
    """Reached by its link; nothing sticks out."""
    phone.goto("/")
    phone.get_by_role("link", name=repository_id, exact=True).click()

    sync_api.expect(phone.locator("h1")).to_have_text(repository_id)
    assert phone.url.endswith(f"/datasets/{repository_id}")
    assert fits(phone)


def test_the_viewer_filters_and_turns_pages(phone: Any) -> None:
    """By choosing in the form and following the links, as a visitor does; only sevens are shown."""
    phone.goto("/datasets/tinytorch/tinydigits")
    phone.get_by_label("label").select_option("7 - seven")
    phone.get_by_role("button", name="Show").click()
    sync_api.expect(phone.get_by_text("100 samples, page 1 of 3.")).to_be_visible()
    phone.get_by_role("link", name="Next page").click()
    sync_api.expect(phone.get_by_text("100 samples, page 2 of 3.")).to_be_visible()

    shown = phone.locator(".samples img")
    assert shown.count() == 48
    assert all(text.endswith("7 - seven") for text in phone.locator(".samples li").all_inner_texts())
    assert phone.evaluate("[...document.querySelectorAll('.samples img')].every(i => i.naturalWidth === 8)")
    assert fits(phone)
    assert phone.get_by_label("label").input_value() == "7"


def test_samples_are_large_enough_to_see_and_beside_each_other(phone: Any) -> None:
    """At least 80 pixels wide, several to a row."""
    phone.goto("/datasets/tinytorch/tinydigits")
    boxes = [image.bounding_box() for image in phone.locator(".samples img").all()[:6]]

    assert all(box["width"] >= 80 for box in boxes)
    assert len({round(box["x"]) for box in boxes}) >= 3


def test_a_picture_of_the_front_page_can_be_taken(phone: Any, tmp_path: Path) -> None:
    """For those who want to see it: TINYTORCH_HF_SCREENSHOTS names a folder for the pictures."""
    folder = Path(os.environ.get("TINYTORCH_HF_SCREENSHOTS", tmp_path))
    for name, path in (("front", "/"), ("viewer", "/datasets/tinytorch/tinydigits?label=5")):
        phone.goto(path)
        phone.screenshot(path=str(folder / f"{name}.png"), full_page=True)
        assert (folder / f"{name}.png").stat().st_size > 10_000
