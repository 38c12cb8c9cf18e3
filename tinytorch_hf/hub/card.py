"""A dataset's card as it is published: its prose, and the sizes of what was built.

A built-in dataset has a card by a person in ``cards/``, whose YAML says only what the facts do not; those of others are
made from their facts altogether.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tinytorch_hf.as_hf.layout import Configuration, Form, HubColumn, configurations
from tinytorch_hf.catalog import CutFrom, DatasetInfo, Kind
from tinytorch_hf.files import folders
from tinytorch_hf.hub import responsible, usage
from tinytorch_hf.hub.citation import citation
from tinytorch_hf.hub.licences import hub_licence


def with_sizes(dataset: DatasetInfo, infos: Mapping[str, Any], repo_id: str, companions: frozenset[str]) -> str:
    """A dataset's card with the block that states features, splits and sizes of built files.

    Parameters
    ----------
    dataset
        Facts of the dataset.
    infos
        The `datasets.DatasetInfo` of each configuration after it was built.
    repo_id
        The repository that the card speaks of, if it is made from the facts.
    companions
        Names of files that stand beside it, such as "LICENSE".
    """
    from datasets.info import DatasetInfosDict
    from huggingface_hub import DatasetCard

    card = DatasetCard(complete(dataset, repo_id, companions))
    DatasetInfosDict(infos).to_dataset_card_data(card.data)  # pyright: ignore[reportArgumentType]
    return str(card)


def with_sizes_of(text: str, folder: Path) -> str:
    """A card whose sizes of downloads are those of the Parquet files in a built folder."""
    from huggingface_hub import DatasetCard

    card = DatasetCard(text)
    infos = card.data["dataset_info"]
    for info in infos if isinstance(infos, list) else [infos]:
        # The library leaves the name out where there is one configuration.
        config = info.get("config_name") or card.data["configs"][0]["config_name"]
        info["download_size"] = sum(file.stat().st_size for file in (folder / "data" / config).iterdir())
    return str(card)


def complete(dataset: DatasetInfo, repo_id: str = "", companions: frozenset[str] = frozenset()) -> str:
    """A card with all but the sizes: the one that a person wrote, with what the facts say, or one that is made.

    Parameters
    ----------
    dataset, repo_id, companions
        As for `with_sizes`; without ``repo_id`` the dataset's own.
    """
    import yaml

    repo_id = repo_id or dataset.repo_id
    text = written(dataset)
    if text is None:
        return made(dataset, repo_id, companions)
    _, said, prose = text.split("---\n", 2)
    header = yaml.safe_dump(
        {**_header(dataset, companions), **(yaml.safe_load(said) or {})}, sort_keys=False, allow_unicode=True
    )
    lines = "\n\n".join(usage.blocks(dataset, repo_id))
    prose = _USAGE.sub(lambda part: f"{part[1]}{lines}\n{part[2]}", prose)
    return f"---\n{header}---\n{prose}"


_USAGE = re.compile(r"^(<!-- computed: usage \S+ -->\n).*?^(<!-- /computed -->)", re.MULTILINE | re.DOTALL)


def written(dataset: DatasetInfo) -> str | None:
    """The card that a person wrote, or None."""
    path = folders.shipped("cards") / f"{dataset.name}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def made(dataset: DatasetInfo, repo_id: str, companions: frozenset[str] = frozenset()) -> str:
    """A card made from the facts, without sizes; the arguments are those of `with_sizes`."""
    import yaml

    header = yaml.safe_dump(_header(dataset, companions), sort_keys=False, allow_unicode=True)
    blocks = [
        f"# {dataset.title}",
        _line(dataset.summary),
        "![The first samples](samples.png)",
        "\n".join(f"- {what}: {value}" for what, value in facts(dataset) if value),
        "## Use it",
        *usage.blocks(dataset, repo_id),
        "## Fields",
        fields(dataset),
        *_responsible(dataset),
        *(["More in the [datasheet](DATASHEET.md)."] if "DATASHEET.md" in companions else []),
        "## Citation",
        f"```bibtex\n{citation(dataset)}```",
    ]
    return f"---\n{header}---\n\n" + "\n\n".join(blocks) + "\n"


_TASKS: dict[Kind, dict[str, list[str]]] = {
    "images": {"task_categories": ["image-classification"], "task_ids": ["multi-class-image-classification"]},
    "pairs": {"task_categories": ["text-generation", "question-answering"], "task_ids": ["language-modeling"]},
    "source text": {"task_categories": ["text-generation"], "task_ids": ["language-modeling"]},
    "plain text": {"task_categories": ["text-generation"], "task_ids": ["language-modeling"]},
}
_LABELLED_TEXTS = {"task_categories": ["text-classification"], "task_ids": ["multi-class-classification"]}


def _header(dataset: DatasetInfo, companions: frozenset[str]) -> dict[str, Any]:
    """The YAML of a card; what the facts do not say, such as who has labelled, is left out."""
    is_labelled_text = dataset.kind != "images" and bool(dataset.classes)
    link = "LICENSE" if "LICENSE" in companions else dataset.source_url
    return {
        "pretty_name": dataset.title,
        **hub_licence(dataset.license, link),
        **({"language": list(dataset.languages)} if dataset.languages else {}),
        **(_LABELLED_TEXTS if is_labelled_text else _TASKS[dataset.kind]),
        "size_categories": [size_category(sum(split.n_samples for split in dataset.splits))],
        **({"source_datasets": [f"extended|{dataset.cut_from}"]} if isinstance(dataset.provider, CutFrom) else {}),
        "tags": ["image" if dataset.kind == "images" else "text", *dataset.keywords, "tinytorch"],
        "configs": [
            {
                "config_name": configuration.name,
                **({} if number else {"default": True}),
                "data_files": [
                    {"split": split.name, "path": f"data/{configuration.name}/{split.name}-*.parquet"}
                    for split in dataset.splits
                ],
            }
            for number, configuration in enumerate(configurations(dataset))
        ],
    }


def size_category(n_samples: int) -> str:
    """The category of a number of samples, as the Hub calls it."""
    if n_samples < 1000:
        return "n<1K"
    units = ["1K", "10K", "100K", "1M", "10M", "100M", "1B"]
    low = min(len(str(n_samples)) - 4, len(units) - 2)
    return f"{units[low]}<n<{units[low + 1]}"


def facts(dataset: DatasetInfo) -> Iterator[tuple[str, str]]:
    """What a card says at its beginning: a word and a text of one line each, which may be empty."""
    yield "Samples", ", ".join(f"{split.n_samples} {split.name}" for split in dataset.splits)
    yield "Classes", _line(", ".join(dataset.hub_classes))
    yield "Source", _line(", ".join(filter(None, [dataset.source, dataset.source_url])))
    yield "Licence", _line(". ".join(filter(None, [dataset.license, dataset.license_note])))
    yield "Language", ", ".join(dataset.languages)
    yield "Version", _line(dataset.version) + (f", of {dataset.published}" if dataset.published else "")
    yield "Fingerprint", f"`{dataset.fingerprint}`" if dataset.fingerprint else ""


def fields(dataset: DatasetInfo) -> str:
    """The columns of every configuration, as they are called on the Hub."""
    return "\n\n".join(map(_fields, configurations(dataset)))


def _responsible(dataset: DatasetInfo) -> Iterator[str]:
    known = responsible.answers(dataset)
    if known:
        yield f"## {responsible.SECTION}"
        yield responsible.section(known)


def _fields(configuration: Configuration) -> str:
    lines = [f"Configuration `{configuration.name}`: {configuration.description}.", ""]
    return "\n".join([*lines, *(f"- `{column.name}`: {_field(column)}" for column in configuration.columns)])


def _field(held: HubColumn) -> str:
    if held.column is None:
        return f"{held.form.value}; all together are the text of the split."
    parts = [_how(held), _line(held.column.description)]
    if held.form is Form.CLASS:
        parts.append(f"stored as the position in {', '.join(map(_line, held.names))}")
    return "; ".join(filter(None, parts)) + "."


def _how(held: HubColumn) -> str:
    """What a value of a column is, as far as its type does not say it."""
    assert held.column is not None  # noqa: S101 -- text has none, and is told elsewhere
    shape = "x".join(map(str, held.column.shape))
    if held.form is Form.PICTURE:
        return f"a PNG, {shape}" + ("" if held.is_exact else ", rounded to 256 shades: to look at, not to compute with")
    if held.form is Form.PIXELS:
        return f"float32, {shape}, exact" + (", bytes divided by 255" if held.column.dtype == "uint8" else "")
    return "" if held.form is Form.CLASS else held.column.dtype + (f", {shape}" if shape else "")


def _line(text: str) -> str:
    """A text of the facts in one line, which ends no paragraph."""
    return " ".join(text.split())
