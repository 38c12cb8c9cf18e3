"""Specification of tinytorch_hf.files.on_hub."""

from __future__ import annotations

import pytest

from tinytorch_hf import catalog
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.files import on_hub


def test_without_names_everything_with_a_place_on_the_hub_is_meant() -> None:
    """With names, those, once each."""
    assert on_hub.names() == list(filter(on_hub.has, catalog.names()))
    assert on_hub.names(["tinydigits", "tinydigits"]) == ["tinydigits"]
    with pytest.raises(UnknownNameError, match="Did you mean 'tinydigits'"):
        on_hub.names(["tinydigts"])


def test_a_dataset_without_a_loading_script_has_no_place_on_the_hub() -> None:
    """MNIST is published there by others; the error names those that have one here."""
    with pytest.raises(InvalidArgumentError, match=r"mnist has no place on the Hub here\. These have: tinydigits"):
        on_hub.names(["mnist"])
