"""Cards and other documents: their computed parts come from here, their prose from a person.

In every document, what stands between ``<!-- computed: KIND NAME -->`` and ``<!-- /computed -->`` is made by
`docs.tools.tables`. ``python -m docs.tools.cards`` writes it anew in a checkout; a test fails when it is
stale.
"""

from __future__ import annotations

from pathlib import Path

from docs.tools import blocks, citations, tables
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.files import folders


def refresh(text: str) -> str:
    """A document with every computed part made anew.

    Raises
    ------
    UnknownNameError
        A part names a kind or a dataset that does not exist.
    """

    def compute(kind: str, name: str) -> str:
        if kind not in tables.KINDS:
            raise UnknownNameError("computed part of kind", kind, tables.KINDS)
        return tables.KINDS[kind](name)

    return blocks.fill(text, "computed", compute)


def documents() -> list[Path]:
    """Every Markdown document of the checkout that may have computed parts."""
    datasets_folder = folders.shipped("datasets")
    checkout = datasets_folder.parent
    own = [*checkout.glob("*.md"), *(checkout / "docs").rglob("*.md"), *folders.shipped("cards").glob("*.md")]
    return sorted([*own, *datasets_folder.rglob("*.md")])


def main() -> None:
    """Write the computed parts of every document anew, and how each dataset is cited."""
    for path in [*blocks.rewrite(documents(), refresh), *citations.write(folders.shipped("datasets").parent)]:
        print(f"refreshed {path}")


if __name__ == "__main__":
    main()
