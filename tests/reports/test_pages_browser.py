"""Specification of the pages in a real browser: Chromium, driven by Playwright, wide and narrow, light and dark."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_battery_table import REPORT
from test_check_page import SHOWN
from test_report import differing
from test_training_page import EVIDENCE

from tinytorch_hf.reports.html.check_page import check_page
from tinytorch_hf.reports.html.training_page import training_page

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
COMMAND = f"tinytorch-hf compare tinydigits --package /home/{'ada' * 40}/tinytorch"

# The smallest contrast between a text and what lies behind it, after WCAG 2: every text of the page, all unfolded.
CONTRAST = """() => {
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const channel = value => value <= 10 ? value / 3294 : Math.pow((value / 255 + 0.055) / 1.055, 2.4);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = numbers(getComputedStyle(element).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
  };
  document.querySelectorAll('details').forEach(one => one.open = true);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let smallest = 21;
  while (texts.nextNode()) {
    if (!texts.currentNode.textContent.trim()) continue;
    const element = texts.currentNode.parentElement, style = getComputedStyle(element);
    const [a, b] = [numbers(element.closest('svg') ? style.fill : style.color), behind(element)].map(light);
    smallest = Math.min(smallest, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return smallest;
}"""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed (Debian: apt install chromium)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests; root may not use its sandbox."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, chromium_sandbox=not is_root)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A page of each kind, with something wrong and long words on it."""
    folder = tmp_path_factory.mktemp("pages")
    trained = training_page(dataclasses.replace(differing(), evidence=EVIDENCE), COMMAND, {"x" * 200: "y" * 200})
    checked = check_page(dataclasses.replace(REPORT, shown=SHOWN), COMMAND, lambda name: COMMAND + name, {})
    paths = [folder / "training.html", folder / "check.html"]
    for path, text in zip(paths, (trained, checked), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_every_text_can_be_read_without_scrolling_sideways(
    scheme: str, width: int, browser: Any, pages: list[Path]
) -> None:
    """The contrast is that of WCAG's level AA; nothing is asked of anybody, and the policy keeps nothing out."""
    page = browser.new_page(viewport={"width": width, "height": 740}, color_scheme=scheme)
    foreign: list[str] = []
    problems: list[str] = []
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else foreign.append(r.url))
    page.on("console", lambda message: problems.append(message.text))
    for path in pages:
        page.goto(path.as_uri())
        assert page.evaluate(CONTRAST) >= 4.5
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate("[...document.images].every(one => one.naturalWidth > 0)")
        if pictures := os.environ.get("TINYTORCH_HF_SCREENSHOTS"):
            page.screenshot(path=Path(pictures) / f"{path.stem}-{scheme}-{width}.png", full_page=True)
    page.close()
    assert (foreign, problems) == ([], [])


def test_the_keyboard_reaches_everything_in_order(browser: Any, pages: list[Path]) -> None:
    """What has the focus is outlined; Enter unfolds an operation."""
    page = browser.new_page(viewport={"width": 1200, "height": 740})
    page.goto(pages[1].as_uri())
    reached = []
    while True:
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
              const one = document.activeElement, style = getComputedStyle(one);
              return [one.tagName, one.parentElement?.id, one.getAttribute('href'), style.outlineStyle];
            }"""
        )
        if found[0] == "BODY":
            break
        reached.append(found)
    assert [one[2] for one in reached if one[2]][:2] == ["#first", "#follows"]
    summaries = [one[1] for one in reached if one[0] == "SUMMARY"]
    assert summaries[:3] == ["of-gelu", "of-mse", "of-mlp"]
    assert {one[3] for one in reached} == {"solid"}

    page.locator("#of-relu > summary").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.getElementById('of-relu').open")
    page.close()
