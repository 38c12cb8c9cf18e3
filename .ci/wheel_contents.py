"""Build hook: a wheel carries the curated files inside the package; an editable install uses the checkout's."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED_FOLDERS = ("datasets", "cards", "loading_scripts")


class WheelContents(BuildHookInterface):
    """Add the shipped folders, but not to an editable install.

    There they would make a second, empty package that hides the checkout's. Hatchling's static setting knows no
    such distinction.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds; ``version`` is "standard" or "editable"."""
        if version == "standard":
            build_data["force_include"] = {folder: f"tinytorch_hf/_shipped/{folder}" for folder in SHIPPED_FOLDERS}
