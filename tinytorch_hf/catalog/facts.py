"""The form in which a dataset's facts are stated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinytorch_hf.catalog.kinds import KINDS, Kind
from tinytorch_hf.catalog.providers import Archive, CutFrom, DataFile, Downloaded, Provider, Shipped
from tinytorch_hf.catalog.trainings import Training
from tinytorch_hf.errors import UnknownNameError

DIFFICULTIES = ("easy", "medium", "hard")
"""What the numbers 0, 1 and 2 of a column ``difficulty`` mean."""


@dataclass(frozen=True)
class Column:
    """One array of a split: its name, NumPy dtype, and the shape of one sample.

    ``names`` say what whole numbers stand for: the first of them for ``lowest``, and so on; () where they are just
    numbers. Texts have the dtype "str".
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    description: str
    names: tuple[str, ...] = ()
    lowest: int = 0

    @property
    def hub_names(self) -> tuple[str, ...]:
        """What the values are called on Hugging Face's Hub, where a value is stored as a position in this list.

        Where the values do not begin at 0, or two have one name, each name begins with its number, so that nobody
        takes the position for it: "1 facts".
        """
        if self.lowest == 0 and len(set(self.names)) == len(self.names):
            return self.names
        return _numbered(self.names, self.lowest)


def _numbered(names: Sequence[str], lowest: int = 0) -> tuple[str, ...]:
    return tuple(f"{value} {name}" for value, name in enumerate(names, start=lowest))


@dataclass(frozen=True)
class SplitInfo:
    """One split: its name, its number of samples and the files that hold it."""

    name: str
    n_samples: int
    files: tuple[DataFile, ...]


@dataclass(frozen=True)
class Form:
    """A file that holds a split's content in another form: which decoder reads it, and which split it is.

    ``split`` is "" for all samples of all splits, in the order of the file that holds them all.
    """

    file: DataFile
    decoder: str
    split: str


@dataclass(frozen=True)
class Release:
    """An earlier version of a dataset that users may still have, and its files, told by their hashes."""

    version: str
    files: tuple[DataFile, ...]


@dataclass(frozen=True)
class DatasetInfo:
    """What is known about a dataset without opening its files.

    ==============  ====================================================================================
    kind            what can be done with it: "images", "pairs", "source text" or "plain text"
    decoder         how its files become columns, a name from `tinytorch_hf.catalog.DECODERS`
    provider        how its files come to be there
    value_range     the closed range of the first column that holds numbers
    classes         what each label stands for, as PyTorch's classes have it; () where there are no labels
    fingerprint     the content hash that `tinytorch_hf.fingerprint` computes, the same through every
                    adapter; "" where it is not known or not the same for everyone
    pixel_steps     steps from 0 to 1 where each pixel of float images is a whole number of them, which
                    a PNG can then hold exactly; 0 where pixels may be any number
    creator         who made it; "" for the owner of the namespace
    not_to_publish  why it is not published on the Hub with this package, a sentence; "" where it may be
    to_confirm      what a person has to confirm before it is published, a sentence; "" for nothing
    published       the day on which this version was first given out, as 2026-11-21
    languages       codes of the languages that it is in, such as "en"; () for pictures and for programs
    keywords        words for searches
    other_files     files that come with it and hold no split
    forms           files that hold the same content in another form
    rules           the rules that its content keeps, by the name `tinytorch-hf verify` knows them under
    earlier         versions whose files may still be in someone's checkout
    namespace       its owner on Hugging Face's Hub
    trainings       the models that are trained on it, the default first; () for those that follow from
                    its kind and shapes, see `tinytorch_hf.catalog.training_rules`
    ==============  ====================================================================================
    """

    name: str
    title: str
    summary: str
    version: str
    kind: Kind
    decoder: str
    provider: Provider
    splits: tuple[SplitInfo, ...]
    columns: tuple[Column, ...]
    value_range: tuple[float, float]
    classes: tuple[str, ...]
    license: str
    license_note: str
    source: str
    source_url: str
    citation: str
    recipe: str = ""
    fingerprint: str = ""
    pixel_steps: int = 0
    creator: str = ""
    not_to_publish: str = ""
    other_files: tuple[DataFile, ...] = ()
    forms: tuple[Form, ...] = ()
    rules: str = ""
    earlier: tuple[Release, ...] = ()
    namespace: str = "tinytorch"
    trainings: tuple[Training, ...] = ()
    to_confirm: str = ""
    published: str = ""
    languages: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        """The facts as a table, for notebooks."""
        from tinytorch_hf.catalog.notebook import facts_table

        return facts_table(self)

    @property
    def folder_name(self) -> str:
        """Name of the folder under ``datasets/`` that belongs to it."""
        return (isinstance(self.provider, Shipped) and self.provider.folder) or self.name

    @property
    def is_shipped(self) -> bool:
        """Whether the files are part of the installation."""
        return isinstance(self.provider, Shipped)

    @property
    def provided(self) -> str:
        """Where the files come from: they are "shipped", "downloaded", "built" here, or in a "folder" of the user's."""
        return str(self.provider.how)

    @property
    def place(self) -> str:
        """Path of the files under a root, with forward slashes."""
        return self.provider.place if isinstance(self.provider, Downloaded) else self.name

    @property
    def archives(self) -> tuple[Archive, ...]:
        """What is downloaded for it, () if nothing is."""
        return self.provider.archives if isinstance(self.provider, Downloaded) else ()

    @property
    def cut_from(self) -> str:
        """Name of the dataset that it is cut from, or ""."""
        return self.provider.source if isinstance(self.provider, CutFrom) else ""

    @property
    def download_bytes(self) -> int:
        """How much is downloaded, 0 if nothing is."""
        return sum(archive.file.size_bytes for archive in self.archives)

    @property
    def download_size(self) -> str:
        """The same as messages say it, such as "12 MB"."""
        return f"{self.download_bytes / 1e6:.0f} MB"

    @property
    def repo_id(self) -> str:
        """Name of the dataset on Hugging Face's Hub, where it is published there."""
        return f"{self.namespace}/{self.name}"

    @property
    def hub_classes(self) -> tuple[str, ...]:
        """What the labels are called on Hugging Face's Hub: what stands before " - ", so "0" for "0 - zero".

        Where that would call two of them the same, they are called as `classes` has it.
        """
        short = tuple(name.partition(" - ")[0] for name in self.classes)
        for names in (short, self.classes):
            if len(set(names)) == len(names):
                return names
        return _numbered(self.classes)

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The dataset's files: those that hold the splits, then others, such as other forms of the same content."""
        of_splits = (file for split in self.splits for file in split.files)
        return tuple(dict.fromkeys([*of_splits, *self.other_files, *(form.file for form in self.forms)]))

    @property
    def sha256(self) -> dict[str, str]:
        """SHA-256 of each file, by file name."""
        return {file.name: file.sha256 for file in self.files}

    @property
    def texts(self) -> tuple[str, ...]:
        """Names of the columns that are read as text; () for images."""
        return KINDS[self.kind].texts

    @property
    def counted(self) -> str:
        """Name of the column by whose values samples are counted, or "" if there is none."""
        named = (column.name for column in self.columns if column.names)
        return KINDS[self.kind].counted or next(named, "")

    def split(self, name: str) -> SplitInfo:
        """Facts of one split; an unknown name raises `UnknownNameError`."""
        for split in self.splits:
            if split.name == name:
                return split
        raise UnknownNameError(f"split of {self.name} named", name, (split.name for split in self.splits))

    def column(self, name: str) -> Column:
        """Facts of one column; an unknown name raises `UnknownNameError`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise UnknownNameError(f"column of {self.name} named", name, (column.name for column in self.columns))
