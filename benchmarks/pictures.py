"""Draw the README's pictures: contact sheets, a comparison that agrees beside one that does not, the mirror's page.

``python -m benchmarks.pictures`` (needs the extra `serve`, torch, matplotlib, Playwright and Chromium) writes into
``.github/pictures``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.mirror import running_mirror
from tinytorch_hf import catalog, load
from tinytorch_hf.compare import lockstep
from tinytorch_hf.compare.lockstep import Comparison
from tinytorch_hf.compare.tasks import settings_for
from tinytorch_hf.data import pictures
from tinytorch_hf.files import store

FOLDER = Path(__file__).resolve().parents[1] / ".github" / "pictures"
SHEETS = ("tinydigits", "tinymnist")

# What a student may have written: the output is right, the gradient passes everywhere.
FAULTY = """
import numpy as np

from tinytorch_hf.reference import *


class ReLU:
    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        return x + Tensor(np.maximum(0, x.data) - x.data)

    def parameters(self):
        return []
"""


def contact_sheet(name: str) -> bytes:
    """PNG of ten training samples of each class."""
    return pictures.png(pictures.contact_sheet(load(catalog.info(name))["train"]))


def comparisons() -> dict[str, Comparison]:
    """The milestone's training of TinyDigits: the reference beside PyTorch, then a faulty package."""
    settings = settings_for("tinydigits")
    found = {"the reference TinyTorch": lockstep.run(settings)}
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "tinytorch"
        package.mkdir()
        (package / "__init__.py").write_text(FAULTY, encoding="utf-8")
        sys.path.insert(0, folder)
        found["a TinyTorch whose ReLU passes every gradient"] = lockstep.run(settings)
        sys.path.remove(folder)
    return found


def curves(found: dict[str, Comparison]) -> Any:
    """Training loss of both sides by epoch, one panel a comparison."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.2))
    panels = figure.subplots(1, len(found), sharey=True)
    for axes, (title, comparison) in zip(panels, found.items(), strict=True):
        numbers = [epoch.epoch for epoch in comparison.epochs]
        axes.plot(numbers, [epoch.loss_pytorch for epoch in comparison.epochs], linewidth=5, alpha=0.4, label="PyTorch")
        axes.plot(numbers, [epoch.loss_tinytorch for epoch in comparison.epochs], color="black", label="TinyTorch")
        axes.set_title(f"{title}\nlosses differ by at most {comparison.largest_difference:.1g}", fontsize=10)
        axes.set_xlabel("epoch")
        axes.set_yscale("log")
        axes.legend()
    panels[0].set_ylabel("training loss")
    return figure


def mirror_page() -> bytes:
    """PNG of one dataset's page on the mirror, as a browser shows it.

    Raises
    ------
    RuntimeError
        There is no Chromium.
    """
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise RuntimeError("The picture of the mirror's page needs Chromium (Debian: apt install chromium).")
    with running_mirror() as (_pid, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, chromium_sandbox=os.geteuid() != 0)
        page = browser.new_page(viewport={"width": 900, "height": 620})
        page.goto(f"{address}/datasets/tinytorch/tinymnist")
        # Beyond the head: statistics and samples are what a visitor comes for.
        page.locator("img").first.wait_for()
        picture: bytes = page.screenshot()
        browser.close()
    return picture


def main() -> None:
    """Draw and write."""
    import matplotlib as mpl

    mpl.use("Agg")
    for name in SHEETS:
        store.write(FOLDER / f"{name}.png", contact_sheet(name))
    curves(comparisons()).savefig(FOLDER / "compare.png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    store.write(FOLDER / "mirror.png", mirror_page())


if __name__ == "__main__":
    main()
