"""What every dataset class of torchvision promises, so that it holds where torchvision cannot be imported too.

References
----------
torchvision.datasets.VisionDataset, https://pytorch.org/vision/stable/generated/torchvision.datasets.VisionDataset.html
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.files import folders

Transform = Callable[[Any], Any]


class StandardTransform:
    """A transform of the image and a transform of the target, applied together."""

    def __init__(self, transform: Transform | None = None, target_transform: Transform | None = None) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, image: Any, target: Any) -> tuple[Any, Any]:
        """Both, each transformed."""
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __repr__(self) -> str:
        parts = {"Transform: ": self.transform, "Target transform: ": self.target_transform}
        described = [_beside(head, repr(part)) for head, part in parts.items() if part is not None]
        return "\n".join([type(self).__name__, *described])


def _beside(head: str, text: str) -> str:
    """A text of several lines to the right of its heading."""
    return head + textwrap.indent(text, " " * len(head), lambda _line: True)[len(head) :]


class SampleDataset(Dataset):
    """A dataset with a root, transforms and a readable repr, as torchvision's VisionDataset.

    Parameters
    ----------
    root
        Folder of the files, or None; a leading ``~`` of a str is expanded.
    transforms
        Takes image and target together and returns both. Excludes the other two.
    transform, target_transform
        Applied to the image, and to the target.

    Raises
    ------
    InvalidArgumentError
        ``transforms`` was given beside one of the others.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        transforms: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        separate = transform is not None or target_transform is not None
        if transforms is not None and separate:
            raise InvalidArgumentError("Give either transforms or transform and target_transform, not both.")
        self.root = str(folders.expanded(root)) if isinstance(root, str) else root
        self.transform = transform
        self.target_transform = target_transform
        self.transforms = StandardTransform(transform, target_transform) if separate else transforms

    def __len__(self) -> int:
        raise NotImplementedError

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body.extend(self.extra_repr().splitlines())
        lines = [f"Dataset {type(self).__name__}", *(f"    {line}" for line in body)]
        if self.transforms is not None:
            lines.append(f"    {self.transforms!r}")
        return "\n".join(lines)

    def extra_repr(self) -> str:
        """Further lines of the repr."""
        return ""
