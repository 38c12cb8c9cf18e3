"""What students hand in: a package of their own, right or with a fault, and whatever else arrives."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import tinytorch_hf.data.tokenizer
import tinytorch_hf.reference


def own_package() -> dict[str, str]:
    """The files of a package that is right, and that needs nothing but NumPy."""
    folder = Path(tinytorch_hf.reference.__file__).parent
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}
    tokenizer = Path(tinytorch_hf.data.tokenizer.__file__).read_text(encoding="utf-8")
    files["tokenizer.py"] = tokenizer.replace(
        "from tinytorch_hf.errors import InvalidArgumentError", "InvalidArgumentError = ValueError"
    )
    listed = ("from tinytorch_hf._lazy import directory_of\n", "__dir__ = directory_of(__name__)\n")
    for name, text in files.items():
        for line in listed:
            text = text.replace(line, "")  # noqa: PLW2901 -- one after the other
        files[name] = text.replace("tinytorch_hf.reference", "tinytorch").replace("tinytorch_hf.data", "tinytorch")
    assert not any("tinytorch_hf" in line for text in files.values() for line in text.splitlines() if "import " in line)
    return files


def with_fault(file: str, addition: str) -> dict[str, str]:
    """The same with some lines at the end of a file."""
    files = own_package()
    return {**files, file: f"{files[file]}\n\n{addition}"}


# A ReLU that doubles, as everything does that is made of it.
DOUBLED = "class ReLU(ReLU):\n    def forward(self, x):\n        return x * Tensor((x.data > 0) * 2.0)\n"


def hand_in(folder: Path, files: Mapping[str, str], package: str = "tinytorch") -> Path:
    """Write a package into the folder of a student."""
    for name, text in files.items():
        path = folder / package / name if package else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write a zip file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
