"""A dataset's card as it is published: its prose, and the sizes of what was built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinytorch_hf.files import folders


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

    card = DatasetCard((folders.shipped("cards") / f"{name}.md").read_text(encoding="utf-8"))
    DatasetInfosDict(infos).to_dataset_card_data(card.data)
    return str(card)
