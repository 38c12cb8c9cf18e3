"""A folder of the user's: every file compared with the facts that describe it, field by field."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping
from itertools import combinations

import numpy as np

from tinytorch_hf.catalog import DECODERS, DataFile, DatasetInfo, SplitInfo
from tinytorch_hf.data.content_hash import fingerprint
from tinytorch_hf.errors import (
    REPAIR_ADVICE,
    CorruptFileError,
    DescriptionError,
    GitLFSPointerError,
    MissingFileError,
    StorageError,
)
from tinytorch_hf.files import decode, folders
from tinytorch_hf.files.splits import Split, dtype_name, problem_of_values
from tinytorch_hf.formats.arrays import Array

# A file of another size is not read, unless it may be a Git-LFS pointer.
_MOST_OF_A_POINTER = 1024


class FolderCheck:
    """The files of one dataset in a folder.

    Parameters
    ----------
    facts
        What they are compared with.
    source
        What messages call these: the path of ``dataset.json``, or another name.
    """

    def __init__(self, facts: DatasetInfo, source: str) -> None:
        self._facts = facts
        self._folder = folders.folder(facts)
        self._source = source

    def _refuse(self, field: str, problem: str) -> DescriptionError:
        return DescriptionError(self._source, field, problem)

    def fingerprint(self) -> str:
        """The hash of what the files hold, after all of it is found to be as the facts state.

        Raises
        ------
        DescriptionError
            A fact does not fit: the message names its field and what to write.
        MissingFileError, GitLFSPointerError, StorageError
            A file is not there, is a Git-LFS pointer, or cannot be read.
        """
        for number, file in enumerate(self._facts.other_files):
            self._content(file, f"other_files[{number}]")
        splits = {split.name: self._split(number, split) for number, split in enumerate(self._facts.splits)}
        for (_, one), (number, other) in combinations(enumerate(self._facts.splits), 2):
            # Some decoders find several splits in one file.
            if one.files == other.files and _same(splits[one.name], splits[other.name]):
                problem = f"{other.name} holds the samples of {one.name}. Name its own files."
                raise self._refuse(f"splits[{number}].files", problem)
        found = fingerprint(splits)
        if self._facts.fingerprint not in ("", found):
            raise self._refuse("fingerprint", f'the files hold other content. Write "{found}", or leave it out.')
        return found

    def _split(self, number: int, split: SplitInfo) -> Split:
        where = f"splits[{number}]"
        contents = {
            self._folder / file.name: self._content(file, f"{where}.files[{at}]") for at, file in enumerate(split.files)
        }
        try:
            arrays = decode.read(self._facts, split.name, contents)
        except CorruptFileError as error:
            reason = str(error).removesuffix(REPAIR_ADVICE).strip()
            hint = f"The decoder {self._facts.decoder} reads {DECODERS[self._facts.decoder]}."
            raise self._refuse(
                f"{where}.files", f"{reason} {hint} Write such a file, or the decoder that fits."
            ) from error
        self._check_columns(split, where, arrays)
        problem = problem_of_values(self._facts, arrays)
        if problem:
            raise self._refuse(problem[0], f"in {split.files[0].name} {problem[1]}")
        return Split(split.name, {column.name: arrays[column.name] for column in self._facts.columns})

    def _check_columns(self, split: SplitInfo, where: str, arrays: Mapping[str, Array]) -> None:
        first = split.files[0].name
        for at, column in enumerate(self._facts.columns):
            if column.name not in arrays:
                problem = f"{first} has no column {column.name}, but {', '.join(arrays) or 'none at all'}. Write these."
                raise self._refuse(f"columns[{at}].name", problem)
            array, dtype = arrays[column.name], dtype_name(arrays[column.name])
            if not array.ndim:
                raise self._refuse(f"{where}.files", f"{column.name} in {first} is one value. Store a column of them.")
            if dtype != column.dtype:
                raise self._refuse(f"columns[{at}].dtype", f'{column.name} in {first} is {dtype}. Write "{dtype}".')
            if array.shape[1:] != column.shape:
                shape = list(array.shape[1:])
                problem = f"a sample of {column.name} in {first} has the shape {shape}. Write {shape}."
                raise self._refuse(f"columns[{at}].shape", problem)
        for name in arrays:
            if name not in (column.name for column in self._facts.columns):
                raise self._refuse("columns", f"{first} also has {name}. Add it here, or take it out of the file.")
        lengths = {name: len(array) for name, array in arrays.items()}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
            problem = f"the columns of {first} have different lengths: {shown}. Store a value of each for every sample."
            raise self._refuse(f"{where}.files", problem)
        n_samples = next(iter(lengths.values()))
        if not n_samples:
            raise self._refuse(f"{where}.files", f"{first} holds no samples of {split.name}. Store some there.")
        if n_samples != split.n_samples:
            problem = f"there are {n_samples} samples in {first}. Write {n_samples}."
            raise self._refuse(f"{where}.n_samples", problem)

    def _content(self, file: DataFile, field: str) -> bytes:
        path, named = self._folder / file.name, f"{self._source}, {field}.name"
        try:
            found = path.stat()
            if not stat.S_ISREG(found.st_mode):
                raise self._refuse(f"{field}.name", f"{file.name} is not a file. Write the name of one.")
            size_bytes, data = found.st_size, b""
            if size_bytes in (file.size_bytes, *range(_MOST_OF_A_POINTER)):
                data = path.read_bytes()
                size_bytes = len(data)
        except FileNotFoundError:
            raise MissingFileError(f"{path} is missing, which {named}, says. Put it there.") from None
        except OSError as error:
            reason = f"{error.strerror or error}"
            raise StorageError(
                f"{path} cannot be read, which {named}, says: {reason}. Allow it, or replace it."
            ) from error
        if data.startswith(GitLFSPointerError.START):
            raise GitLFSPointerError(path, "Get the file itself with `git lfs pull`.")
        if size_bytes != file.size_bytes:
            problem = f"{file.name} has {size_bytes} bytes. Write {size_bytes}, or put back the right file."
            raise self._refuse(f"{field}.size_bytes", problem)
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 != file.sha256:
            problem = f'{file.name} has another SHA-256. Write "{sha256}", or put back the right file.'
            raise self._refuse(f"{field}.sha256", problem)
        return data


def _same(one: Split, other: Split) -> bool:
    return all(np.array_equal(column, other[name]) for name, column in one.items())
