"""The builder of Hugging Face's library that writes any dataset of the catalog, to Arrow or Parquet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import datasets

from tinytorch_hf.as_hf.encoding import encoded, features_of
from tinytorch_hf.as_hf.layout import configuration
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.files.splits import Split

_NO_VERSION = "0.0.0"


class FromFacts(datasets.GeneratorBasedBuilder):  # type: ignore[misc] # the library has no types
    """One configuration of a dataset.

    Parameters
    ----------
    dataset
        Facts of the dataset.
    splits
        Its content, as `tinytorch_hf.load` gives it.
    config
        Name of the configuration.
    cache_dir
        A folder for the library's own needs.
    citation
        BibTeX.
    """

    def __init__(
        self, dataset: DatasetInfo, splits: Mapping[str, Split], config: str, cache_dir: Path, citation: str = ""
    ) -> None:
        self._dataset = dataset
        self._splits = splits
        self._configuration = configuration(dataset, config)
        self._citation = citation
        # The library knows versions of three numbers only.
        version = dataset.version if re.fullmatch(r"\d+\.\d+\.\d+", dataset.version) else _NO_VERSION
        super().__init__(
            cache_dir=str(cache_dir),
            dataset_name=dataset.name,
            config_name=self._configuration.name,
            version=datasets.Version(version),
        )

    def write(self, folder: Path, **options: Any) -> None:
        """Prepare the configuration into a folder; what goes wrong is raised as it is, not as the library wraps it."""
        try:
            self.download_and_prepare(str(folder), **options)
        except datasets.exceptions.DatasetGenerationError as error:
            raise error.__cause__ or error from None

    def _info(self) -> Any:
        return datasets.DatasetInfo(
            description=self._dataset.summary,
            features=features_of(self._configuration),
            homepage=self._dataset.source_url,
            license=self._dataset.license,
            citation=self._citation,
        )

    def _split_generators(self, dl_manager: Any) -> list[Any]:  # noqa: ARG002 -- the library gives it by name
        return [datasets.SplitGenerator(name, {"split_name": name}) for name in self._splits]

    def _generate_examples(self, split_name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        columns = encoded(self._dataset, self._splits[split_name], self._configuration)
        for index, values in enumerate(zip(*columns.values(), strict=True)):
            yield index, dict(zip(columns, values, strict=True))
