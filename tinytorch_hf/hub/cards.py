"""Cards and other documents: their computed parts come from here, their prose from a person.

In every document, what stands between ``<!-- computed: KIND NAME -->`` and ``<!-- /computed -->`` is made by
this module. ``python -m tinytorch_hf.hub.cards`` writes it anew in a checkout; a test fails when it is stale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tinytorch_hf import catalog, store
from tinytorch_hf.describe import statistics
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.hub import blocks
from tinytorch_hf.loaders import load


def facts_table(name: str) -> str:
    """The catalog's facts of a dataset."""
    dataset = catalog.info(name)
    low, high = dataset.value_range
    rows = [
        ("Samples", ", ".join(f"{split.n_samples} {split.name}" for split in dataset.splits)),
        *(
            (
                f"Column `{column.name}`",
                f"{column.dtype} {list(column.shape) or 'scalar'}: {column.description}",
            )
            for column in dataset.columns
        ),
        ("Range", f"{low:g} to {high:g}"),
        ("Classes", ", ".join(dataset.classes)),
        ("Source", f"{dataset.source}, {dataset.source_url}"),
        ("Licence", f"{dataset.license}. {dataset.license_note}"),
        ("Version", dataset.version),
        ("Fingerprint", f"`{dataset.fingerprint}`"),
    ]
    return _table(("Fact", "Value"), rows)


def overview_table(_scope: str) -> str:
    """Every dataset in a row: samples, size, licence, and what it is."""
    rows = [
        (
            f"[{dataset.title}](datasets/{dataset.folder_name}/README.md)",
            " + ".join(f"{split.n_samples}" for split in dataset.splits),
            f"{sum(file.size_bytes for file in dataset.files) / 1000:.0f} kB",
            dataset.license,
            dataset.summary,
        )
        for dataset in map(catalog.info, catalog.names())
    ]
    return _table(("Dataset", "Samples", "Size", "Licence", "What it is"), rows)


def files_table(name: str) -> str:
    """Names, sizes and hashes of a dataset's files."""
    rows = [(f"`{file.name}`", f"{file.size_bytes:,}", f"`{file.sha256}`") for file in catalog.info(name).files]
    return _table(("File", "Bytes", "SHA-256"), rows)


def statistics_table(name: str) -> str:
    """Measured statistics of a dataset's splits, side by side."""
    splits = statistics(load(name))
    rows = [
        ("samples", *(f"{s['n_samples']}" for s in splits.values())),
        ("samples of each class", *(_spread(s["per_class"].values()) for s in splits.values())),
        ("lowest pixel", *(f"{s['minimum']:g}" for s in splits.values())),
        ("highest pixel", *(f"{s['maximum']:g}" for s in splits.values())),
        ("distinct pixel values", *(f"{s['n_levels']}" for s in splits.values())),
        ("mean of all pixels", *(f"{s['mean']:.4f}" for s in splits.values())),
        ("standard deviation of all pixels", *(f"{s['standard_deviation']:.4f}" for s in splits.values())),
        ("share of pixels that are 0", *(f"{s['share_of_zeros']:.1%}" for s in splits.values())),
    ]
    return _table(("Statistic", *splits), rows)


def _spread(counts: Any) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


KINDS: dict[str, Callable[[str], str]] = {
    "facts": facts_table,
    "overview": overview_table,
    "files": files_table,
    "statistics": statistics_table,
}


def refresh(text: str) -> str:
    """A document with every computed part made anew.

    Raises
    ------
    UnknownNameError
        A part names a kind or a dataset that does not exist.
    """

    def compute(kind: str, name: str) -> str:
        if kind not in KINDS:
            raise UnknownNameError("computed part of kind", kind, KINDS)
        return KINDS[kind](name)

    return blocks.fill(text, "computed", compute)


def documents() -> list[Path]:
    """Every Markdown document of the checkout that may have computed parts."""
    datasets_folder = store.shipped("datasets")
    checkout = datasets_folder.parent
    return sorted([*checkout.glob("*.md"), *datasets_folder.rglob("*.md"), *store.shipped("cards").glob("*.md")])


def with_sizes(name: str, infos: Mapping[str, Any]) -> str:
    """A dataset's card with the block that states features, splits and sizes of built files.

    Parameters
    ----------
    name
        A dataset's name.
    infos
        The `datasets.DatasetInfo` of each configuration after it was built.
    """
    from datasets.info import DatasetInfosDict
    from huggingface_hub import DatasetCard

    card = DatasetCard((store.shipped("cards") / f"{name}.md").read_text(encoding="utf-8"))
    DatasetInfosDict(infos).to_dataset_card_data(card.data)
    return str(card)


def main() -> None:
    """Write the computed parts of every document anew."""
    for path in blocks.rewrite(documents(), refresh):
        print(f"refreshed {path}")


if __name__ == "__main__":
    main()
