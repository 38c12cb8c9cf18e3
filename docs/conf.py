"""Sphinx's settings for the site: the pages of this folder, and those that `docs.tools.site` makes before each build.

``nox -s docs`` builds it, with every warning an error, and checks links; nothing is asked of a network for it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from tinytorch_hf._version import __version__  # noqa: E402 -- the checkout comes before anything installed

project, author, release = "tinytorch_hf", "The tinytorch_hf founders", __version__
copyright = author

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx_copybutton"]
root_doc = "index"
exclude_patterns = ["tools", "notebooks", "_build"]
language = "en"

html_theme = "furo"
html_title = f"tinytorch_hf {release}"
# Names that are given without a module are looked for here alone, so that the fonts of the reader's own system do.
html_theme_options = {"source_repository": "", "navigation_with_keys": True}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False

myst_heading_anchors = 4

numpydoc_show_class_members = False
autosummary_generate = True
autodoc_typehints = "none"
add_module_names = False
copybutton_exclude = ".linenos, .gp, .go"


def setup(app: Sphinx) -> None:
    """Make the pages that code writes, before Sphinx looks for pages."""
    from docs.tools import site  # noqa: PLC0415 -- the checkout has to be on the path

    def hold(app: Sphinx, name: str, content: list[str]) -> None:
        content[0] = site.linked(content[0], Path(app.env.doc2path(name)), DOCS)

    app.connect("builder-inited", lambda _app: site.write(DOCS))
    app.connect("source-read", hold)
