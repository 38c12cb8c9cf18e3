"""A pytest plugin: importing torchvision fails as it does where it was built for another torch."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec


class _Refuse(MetaPathFinder):
    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname.split(".", maxsplit=1)[0] == "torchvision":
            raise RuntimeError("operator torchvision::nms does not exist")
        return None


sys.meta_path.insert(0, _Refuse())
