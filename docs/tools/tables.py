"""The computed parts of documents: each kind is a function from a dataset's name, or what it is about, to Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

from docs.tools import matrix, seeds, stairs, suite, tinify_plan
from docs.tools.blocks import markdown_table
from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo, fields
from tinytorch_hf.data.loaders import load, load_images
from tinytorch_hf.data.statistics import statistics
from tinytorch_hf.data.texts import texts
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.files import folders
from tinytorch_hf.files.splits import Split
from tinytorch_hf.hub import card, responsible, usage
from tinytorch_hf.hub.citation import citation


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
        *((("Range", f"{low:g} to {high:g}"), ("Classes", ", ".join(dataset.classes))) if dataset.classes else ()),
        ("Source", f"{dataset.source}, {dataset.source_url}"),
        ("Licence", f"{dataset.license}. {dataset.license_note}"),
        ("Version", dataset.version),
        *((("Fingerprint", f"`{dataset.fingerprint}`"),) if dataset.fingerprint else ()),
    ]
    return markdown_table(("Fact", "Value"), rows)


def overview_table(_scope: str) -> str:
    """Every dataset that ships, in a row: samples, size, licence, and what it is."""
    rows = [
        (
            f"[{dataset.title}](datasets/{dataset.folder_name}/README.md), `{dataset.name}`",
            " + ".join(f"{split.n_samples}" for split in dataset.splits),
            f"{sum(file.size_bytes for file in dataset.files) / 1000:.0f} kB",
            dataset.license,
            dataset.summary,
        )
        for dataset in map(catalog.info, catalog.shipped_names())
    ]
    return markdown_table(("Dataset", "Samples", "Size", "Licence", "What it is"), rows)


def on_demand_table(_scope: str) -> str:
    """Every dataset that does not ship, in a row: samples, what is downloaded, licence, and what it is."""
    rows = []
    for dataset in map(catalog.info, catalog.built_in_names()):
        if dataset.is_shipped:
            continue
        source = catalog.origin(dataset)
        place = f"datasets/{dataset.folder_name}/{'README' if dataset.recipe else 'DATASHEET'}.md"
        rows.append(
            (
                f"[{dataset.title}]({place}), `{dataset.name}`",
                " + ".join(f"{split.n_samples}" for split in dataset.splits),
                source.download_size if source.archives else "nothing",
                dataset.license,
                dataset.summary,
            )
        )
    return markdown_table(("Dataset", "Samples", "Download", "Licence", "What it is"), rows)


def files_table(name: str) -> str:
    """Names, sizes and hashes of a dataset's files."""
    rows = [(f"`{file.name}`", f"{file.size_bytes:,}", f"`{file.sha256}`") for file in catalog.info(name).files]
    return markdown_table(("File", "Bytes", "SHA-256"), rows)


def statistics_table(name: str) -> str:
    """Measured statistics of a dataset's splits, side by side."""
    dataset = catalog.info(name)
    return _plain_text_statistics(dataset) if dataset.kind == "plain text" else statistics_of(load(dataset))


def statistics_of(splits: Mapping[str, Split]) -> str:
    """The same of splits that are at hand: of images, or of questions and answers."""
    measured = statistics(splits)
    lines = _IMAGE_STATISTICS if "per_class" in next(iter(measured.values())) else _TEXT_STATISTICS
    rows = [(what, *(show(values) for values in measured.values())) for what, show in lines]
    return markdown_table(("Statistic", *splits), rows)


def _plain_text_statistics(dataset: DatasetInfo) -> str:
    """Of texts, with how many there are of each value that has a name, and how long these are together."""
    splits = load(dataset)
    measured = statistics(splits)
    rows = [(what, *(show(values) for values in measured.values())) for what, show in _PLAIN_TEXT_STATISTICS]
    if dataset.counted:
        column = dataset.column(dataset.counted)
        for value, name in enumerate(column.names, start=column.lowest):
            found = [split["text"][split[column.name] == value].tolist() for split in splits.values()]
            cells = (f"{len(some)}, {sum(map(len, some))} characters" for some in found)
            rows.append((f"{column.name} {name}", *cells))
    return markdown_table(("Statistic", *splits), rows)


Measured = dict[str, Any]

_IMAGE_STATISTICS: tuple[tuple[str, Callable[[Measured], str]], ...] = (
    ("samples", lambda s: f"{s['n_samples']}"),
    ("samples of each class", lambda s: _spread(s["per_class"].values())),
    ("lowest pixel", lambda s: f"{s['minimum']:g}"),
    ("highest pixel", lambda s: f"{s['maximum']:g}"),
    ("distinct pixel values", lambda s: f"{s['n_levels']}"),
    ("mean of all pixels", lambda s: f"{s['mean']:.4f}"),
    ("standard deviation of all pixels", lambda s: f"{s['standard_deviation']:.4f}"),
    ("share of pixels that are 0", lambda s: f"{s['share_of_zeros']:.1%}"),
)

_TEXT_STATISTICS: tuple[tuple[str, Callable[[Measured], str]], ...] = (
    ("samples", lambda s: f"{s['n_samples']}"),
    ("samples of levels 1, 2, 3, 4, 5", lambda s: ", ".join(str(count) for count in s["per_level"].values())),
    ("characters of questions and answers", lambda s: f"{s['n_characters']}"),
    ("distinct characters", lambda s: f"{s['alphabet_size']}"),
    ("mean characters of a question", lambda s: f"{s['mean_question']:.1f}"),
    ("longest question", lambda s: f"{s['longest_question']}"),
    ("mean characters of an answer", lambda s: f"{s['mean_answer']:.1f}"),
    ("longest answer", lambda s: f"{s['longest_answer']}"),
)


_PLAIN_TEXT_STATISTICS: tuple[tuple[str, Callable[[Measured], str]], ...] = (
    ("samples", lambda s: f"{s['n_samples']}"),
    ("characters", lambda s: f"{s['n_characters']}"),
    ("distinct characters", lambda s: f"{s['alphabet_size']}"),
    ("mean characters of a sample", lambda s: f"{s['mean_text']:.0f}"),
    ("longest sample", lambda s: f"{s['longest_text']}"),
)


def _spread(counts: Iterable[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def difficulty_table(name: str) -> str:
    """How many samples of each difficulty a dataset's splits have, and the scores of each."""
    splits = load(catalog.info(name))
    rows = []
    for level, word in enumerate(catalog.DIFFICULTIES):
        cells = []
        for split in splits.values():
            scores = split["score"][split["difficulty"] == level]
            cells += [f"{len(scores)}", f"{scores.min():.3f} to {scores.max():.3f}"]
        rows.append((f"{level} {word}", *cells))
    return markdown_table(("Difficulty", *(cell for split in splits for cell in (split, f"scores in {split}"))), rows)


def neighbours_table(name: str) -> str:
    """How often the nearest of the other nine tenths of a dataset has the right label, for two ways to cut it.

    The distances are exact in float64 for pixels k/16, so that every machine finds the same neighbours.
    """
    ((images, labels),) = (load_images(name, split.name) for split in catalog.info(name).splits)
    points = images.reshape(len(images), -1).astype(np.float64)
    squares = (points**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * points @ points.T
    # Only the old generator promises its stream to every release of NumPy.
    shuffled = np.random.RandomState(0).permutation(len(points))
    rows = [
        (what, f"{_neighbours_accuracy(distances, labels, order):.1%}")
        for what, order in (("ten, in the given order", np.arange(len(points))), ("ten, shuffled", shuffled))
    ]
    return markdown_table(("Folds", "Nearest neighbour"), rows)


def _neighbours_accuracy(distances: Any, labels: Any, order: Any) -> float:
    n_right = 0
    for fold in np.array_split(order, 10):
        others = np.setdiff1d(order, fold)
        nearest = others[distances[np.ix_(fold, others)].argmin(axis=1)]
        n_right += int((labels[nearest] == labels[fold]).sum())
    return n_right / len(order)


def measured_part(what: str, n_paragraphs: int, name: str) -> str:
    """The first paragraphs of what a benchmark wrote into a dataset's datasheet.

    Raises
    ------
    CorruptFileError
        The datasheet has no such part.
    """
    path = folders.shipped("datasets") / catalog.info(name).folder_name / "DATASHEET.md"
    part = re.search(
        rf"^<!-- measured: {what} -->\n(.*?)\n<!-- /measured -->", path.read_text(encoding="utf-8"), re.M | re.DOTALL
    )
    if part is None:
        raise CorruptFileError(f"{path} has no part <!-- measured: {what} -->.")
    return "\n\n".join(part[1].split("\n\n")[:n_paragraphs])


def citation_block(name: str) -> str:
    """The BibTeX entry that a dataset's loading script carries."""
    return f"```bibtex\n{citation(name)}```"


def card_table(name: str) -> str:
    """The facts of a dataset that a card begins with, in the Hub's words."""
    return markdown_table(("Fact", "Value"), [(what, value) for what, value in card.facts(catalog.info(name)) if value])


def columns_list(name: str) -> str:
    """The columns of a dataset's configurations, as they are called on the Hub."""
    return card.fields(catalog.info(name))


def usage_blocks(name: str) -> str:
    """The lines by which a dataset is used in each framework."""
    dataset = catalog.info(name)
    return "\n\n".join(usage.blocks(dataset, dataset.repo_id))


def responsible_part(name: str) -> str:
    """What a dataset's datasheet says of its limits, biases, people, use and effects."""
    return responsible.section(responsible.answers(catalog.info(name)))


def sample_block(name: str) -> str:
    """The beginning of a dataset of texts, as a model reads it."""
    dataset = catalog.info(name)
    first = texts(dataset, dataset.splits[0].name)[0]
    return "```text\n" + "\n".join(first.splitlines()[:_SAMPLE_LINES]) + "\n...\n```"


_SAMPLE_LINES = 14


def fields_table(_scope: str) -> str:
    """Every field of ``dataset.json``: its type, its default and what it means."""
    rows = [
        (
            f"`{place}`",
            field.type_name,
            "needed" if field.default is fields.REQUIRED else field.shown_default or f"`{json.dumps(field.default)}`",
            field.meaning,
        )
        for place, field in fields.FIELDS.items()
    ]
    return markdown_table(("Field", "Type", "Default", "Meaning"), rows)


def kinds_table(_scope: str) -> str:
    """Every kind of dataset: the columns that it has, and the decoders of its files."""
    rows = [
        (
            kind,
            ", ".join(f"`{name}` {dtype}".strip() for name, dtype in facts.required),
            ", ".join(f"`{decoder}`" for decoder in facts.decoders),
        )
        for kind, facts in catalog.KINDS.items()
    ]
    return markdown_table(("Kind", "Columns that it has", "Decoders"), rows)


def decoders_table(_scope: str) -> str:
    """Every decoder: what the files hold that it reads."""
    return markdown_table(("Decoder", "A file holds"), [(f"`{name}`", what) for name, what in catalog.DECODERS.items()])


KINDS: dict[str, Callable[[str], str]] = {
    "facts": facts_table,
    "overview": overview_table,
    "on_demand": on_demand_table,
    "files": files_table,
    "statistics": statistics_table,
    "difficulty": difficulty_table,
    "neighbours": neighbours_table,
    # The intro and the first table; the answers and the losses.
    "quality": partial(measured_part, "quality", 2),
    "worth": partial(measured_part, "worth", 4),
    "judge": partial(measured_part, "judge", 5),
    "citation": citation_block,
    "card": card_table,
    "columns": columns_list,
    "usage": usage_blocks,
    "responsible": responsible_part,
    "measured_statistics": partial(measured_part, "statistics", 1),
    "sample": sample_block,
    "fields": fields_table,
    "kinds": kinds_table,
    "decoders": decoders_table,
    "seeds": seeds.lines,
    "matrix": matrix.table,
    "samples": suite.sample,
    "cite": suite.cite,
    "paper": suite.paper,
    "stairs": stairs.table,
    "tinify_plan": tinify_plan.table,
}
