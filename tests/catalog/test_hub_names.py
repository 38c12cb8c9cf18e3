"""Specification of what classes and named values are called on Hugging Face's Hub."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tinytorch_hf import catalog
from tinytorch_hf.catalog import Column


@pytest.mark.parametrize(
    ("classes", "called"),
    [
        (("0 - zero", "1 - one"), ("0", "1")),
        (("cat", "dog"), ("cat", "dog")),
        (("a - b - c", "d"), ("a", "d")),
        (("red - dark", "red - light"), ("red - dark", "red - light")),
        (("same", "same"), ("0 same", "1 same")),
        ((), ()),
    ],
)
def test_a_class_is_called_by_what_stands_before_the_dash(classes: tuple[str, ...], called: tuple[str, ...]) -> None:
    """As long as that tells the classes apart: the Hub wants every name once."""
    assert replace(catalog.MNIST, classes=classes).hub_classes == called


@pytest.mark.parametrize(
    ("names", "lowest", "called"),
    [
        (("easy", "hard"), 0, ("easy", "hard")),
        (("facts", "dialogues"), 1, ("1 facts", "2 dialogues")),
        (("cold", "warm"), -1, ("-1 cold", "0 warm")),
        (("same", "same"), 0, ("0 same", "1 same")),
        ((), 3, ()),
    ],
)
def test_values_that_do_not_begin_at_0_are_called_by_their_number(
    names: tuple[str, ...], lowest: int, called: tuple[str, ...]
) -> None:
    """On the Hub a value is stored as a position from 0, which nobody is to take for the number."""
    assert Column("level", "int64", (), "", names, lowest).hub_names == called


def test_who_publishes_is_a_fact() -> None:
    """What others publish, and what nobody may pass on, has a reason; all that ships may be published."""
    kept = [name for name in catalog.built_in_names() if catalog.info(name).not_to_publish]

    assert kept == ["mnist", "cifar10", "tinycifar", "shakespeare"]
    assert all(catalog.info(name).not_to_publish.endswith(".") for name in kept)
    assert all(catalog.info(name).creator for name in catalog.built_in_names())
