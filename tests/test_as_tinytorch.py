"""Specification of tinytorch_hf.as_tinytorch: the bridge into whichever TinyTorch there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Install
from generations import GENERATION_C, GENERATIONS, LOADER

from tinytorch_hf import TinyTalks, as_tinytorch, catalog, load_tinydigits, write_dataset
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import content_hash
from tinytorch_hf.data.texts import texts
from tinytorch_hf.errors import (
    InvalidArgumentError,
    MissingFileError,
    StudentCodeError,
    UnknownNameError,
)


@pytest.mark.parametrize("generation", ["reference", *GENERATIONS])
def test_what_arrives_behind_the_loader_has_the_fingerprint(generation: str, install: Install) -> None:
    """Every framework's own DataLoader hands out the catalog's numbers."""
    if generation in GENERATIONS:
        install(GENERATIONS[generation])

    assert content_hash.fingerprint(as_tinytorch.read_back("tinydigits")) == catalog.TINYDIGITS.fingerprint


@pytest.mark.parametrize("generation", ["reference", *GENERATIONS])
def test_a_seed_fixes_the_order_of_every_epoch(generation: str, install: Install, same_random_state: None) -> None:
    """The same in every framework, new in every epoch, without any global random state."""
    if generation in GENERATIONS:
        install(GENERATIONS[generation])
    _, y_train, _, _ = load_tinydigits()

    loader = as_tinytorch.dataloader("tinydigits", "train", batch_size=300, shuffle=True, seed=7)
    epochs = [np.concatenate([np.asarray(y.data) for _, y in loader]) for _ in range(2)]

    assert len(loader) == 4
    for number, labels in enumerate(epochs):
        assert np.array_equal(labels, y_train[as_tinytorch.epoch_order(1000, 7, number)])
    loader.epoch = 0
    assert np.array_equal(np.concatenate([np.asarray(y.data) for _, y in loader]), epochs[0])


def test_epoch_order_is_a_permutation_that_depends_on_seed_and_epoch() -> None:
    """Every sample once; another seed or epoch, another order; the numbers are pinned for all machines."""
    orders = {tuple(as_tinytorch.epoch_order(10, seed, epoch)) for seed in range(3) for epoch in range(3)}

    assert len(orders) == 9
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert as_tinytorch.epoch_order(8, 0, 0).tolist() == [2, 4, 3, 6, 5, 0, 1, 7]


def test_without_a_seed_the_frameworks_own_shuffling_is_used() -> None:
    """All samples, in some other order."""
    _, y_train, _, _ = load_tinydigits()
    loader = as_tinytorch.dataloader("tinydigits", shuffle=True)

    labels = np.concatenate([y.data for _, y in loader])

    assert type(loader).__name__ == "DataLoader"
    assert sorted(labels) == sorted(y_train)
    assert not np.array_equal(labels, y_train)


def test_without_shuffling_batches_come_in_the_files_order_with_the_partial_one() -> None:
    """Images (batch, 8, 8) and labels (batch,), float32 both."""
    X_train, y_train, _, _ = load_tinydigits()

    batches = list(as_tinytorch.dataloader("tinydigits", "train", batch_size=64))

    assert [len(y.data) for _, y in batches] == [64] * 15 + [40]
    assert np.array_equal(batches[2][0].data, X_train[128:192])
    assert np.array_equal(batches[2][1].data, y_train[128:192])
    assert batches[0][1].data.dtype == np.float32


def test_dataset_gives_samples_as_tuples_of_tensors() -> None:
    """As TinyTorch's DataLoader wants them."""
    image, label = as_tinytorch.dataset("tinydigits", "test")[3]

    _, _, X_test, y_test = load_tinydigits()
    assert np.array_equal(image.data, X_test[3])
    assert label.data == y_test[3]


def test_a_root_is_honoured(root: Path, tmp_path: Path) -> None:
    """Files elsewhere are read, and missed."""
    assert len(as_tinytorch.dataset("tinydigits", "test", root=root)) == 200
    with pytest.raises(MissingFileError):
        as_tinytorch.dataloader("tinydigits", root=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"batch_size": 0}, "at least 1"), ({"seed": 3}, "shuffle=True")],
)
def test_arguments_without_sense_are_refused(arguments: dict[str, int], message: str) -> None:
    """Rather than silently ignored."""
    with pytest.raises(ValueError, match=message):
        as_tinytorch.dataloader("tinydigits", **arguments)


def test_wrong_names_are_explained() -> None:
    """Dataset and split alike."""
    with pytest.raises(UnknownNameError):
        as_tinytorch.dataset("digits")
    with pytest.raises(UnknownNameError, match="Known: train, test"):
        as_tinytorch.dataset("tinydigits", "training")


def test_an_error_in_the_students_loader_is_reported_as_theirs(install: Install) -> None:
    """With what was being done and where the package is."""
    folder = install({**GENERATION_C, "core/dataloader.py": LOADER.replace("np.stack", "np.no_such_function")})

    with pytest.raises(StudentCodeError, match="reading tinydigits's train split") as caught:
        as_tinytorch.read_back("tinydigits")
    assert "AttributeError" in str(caught.value)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("arguments", [{"batch_size": 1.5}, {"batch_size": "8"}, {"batch_size": None}, {"seed": -1}])
def test_numbers_that_make_no_batches_are_refused(arguments: dict[str, object]) -> None:
    """When the loader is made, not in the middle of the first epoch."""
    with pytest.raises(InvalidArgumentError, match="must be a whole number"):
        as_tinytorch.dataloader("tinydigits", "train", shuffle=True, **arguments)  # type: ignore[arg-type]


@pytest.fixture
def own_texts(tmp_path: Path) -> DatasetInfo:
    """Texts of the user's own, not registered; those that test have a character that those of train have not."""
    splits = {"train": {"text": np.array(["to be", "or\n\nnot"])}, "test": {"text": np.array(["to be é", "", "or"])}}
    facts = write_dataset(tmp_path / "texts", splits, name="own_texts", summary="-", license="-", source="-")
    catalog.forget("own_texts")
    return facts


@pytest.mark.parametrize("split", ["train", "test"])
def test_blocks_of_a_text_are_those_of_pytorchs_class(split: str) -> None:
    """The same text, ids and places; float32 as every tensor of TinyTorch."""
    ours, theirs = as_tinytorch.dataset("tinytalks", split, block_size=24), TinyTalks(split=split, block_size=24)

    inputs, targets = (tensor.data for tensor in ours.tensors)
    expected = theirs.sample_tensors()

    assert expected is not None
    assert inputs.dtype == targets.dtype == np.float32
    assert np.array_equal(inputs, expected[0].numpy())
    assert np.array_equal(targets, expected[1].numpy())
    assert as_tinytorch.tokenizer("tinytalks").vocab == theirs.tokenizer.vocab


@pytest.mark.parametrize("generation", ["reference", *GENERATIONS])
def test_a_loader_of_texts_gives_blocks_that_the_tokenizer_decodes(generation: str, install: Install) -> None:
    """With a stride as long as the blocks, each character once; a seed fixes their order."""
    if generation in GENERATIONS:
        install(GENERATIONS[generation])
    text = "".join(texts("tinytalks", "val"))
    n_blocks = (len(text) - 1) // 64
    tokenizer = as_tinytorch.tokenizer("tinytalks")

    loader = as_tinytorch.dataloader("tinytalks", "val", 10, shuffle=True, seed=3, block_size=64, stride=64)
    batches = [(np.asarray(inputs.data), np.asarray(targets.data)) for inputs, targets in loader]

    assert len(loader) == len(batches) == -(-n_blocks // 10)
    places = as_tinytorch.epoch_order(n_blocks, 3, 0) * 64
    for number, rows in enumerate(batches):
        for moved, ids in enumerate(rows):
            starts = places[10 * number : 10 * number + 10] + moved
            assert [tokenizer.decode(row) for row in ids] == [text[start : start + 64] for start in starts]


def test_texts_of_ones_own_arrive_in_every_split(own_texts: DatasetInfo) -> None:
    """By facts or by path; what the train split has no character for is 0."""
    tokenizer = as_tinytorch.tokenizer(own_texts)

    inputs, targets = as_tinytorch.dataset(Path(own_texts.provider.path), "test", block_size=11).tensors  # type: ignore[union-attr]

    assert inputs.data.tolist() == [tokenizer.encode("to be é\n\nor")]
    assert targets.data.tolist() == [tokenizer.encode("o be é\n\nor\n")]
    assert inputs.data[0, 6] == 0


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("tinydigits", {"block_size": 8}, "cut texts, and TinyDigits holds images. Leave them out"),
        ("tinydigits", {"stride": 8}, "cut texts, and TinyDigits holds images. Leave them out"),
        ("tinytalks", {}, "TinyTalks holds texts, which are cut into blocks .* block_size=64"),
        ("tinytalks", {"block_size": 0}, "block_size must be a whole number, at least 1 and less than the"),
        ("tinytalks", {"block_size": 10**6}, "block_size must be a whole number, at least 1 and less than the"),
        ("tinytalks", {"block_size": "64"}, "block_size must be a whole number"),
        ("tinytalks", {"block_size": 64, "stride": 0}, "stride must be a whole number of at least 1"),
    ],
)
def test_blocks_without_sense_are_refused(name: str, arguments: dict[str, object], message: str) -> None:
    """With what to write, by dataset and loader alike."""
    for give in (as_tinytorch.dataset, as_tinytorch.dataloader):
        with pytest.raises(InvalidArgumentError, match=message):
            give(name, **arguments)  # type: ignore[operator]
    with pytest.raises(InvalidArgumentError, match="TinyDigits holds images, not texts"):
        as_tinytorch.tokenizer("tinydigits")


@pytest.mark.parametrize("generation", ["reference", *GENERATIONS])
def test_texts_behind_the_loader_are_the_columns_that_they_are_made_of(generation: str, install: Install) -> None:
    """Every character is handed out and comes back."""
    if generation in GENERATIONS:
        install(GENERATIONS[generation])

    splits = as_tinytorch.read_back("tinytalks")

    assert list(splits["train"]) == ["question", "answer"]
    found, expected = content_hash.fingerprints("tinytalks", splits)
    assert found == expected


def test_texts_and_functions_of_ones_own_come_back_too(own_texts: DatasetInfo, tmp_path: Path) -> None:
    """Also characters that train has not, and a text of one line; of functions it is the bodies."""
    functions = {
        "signature": np.array(["def f():", "def g():"]),
        "docstring": np.array(["", "Give 2."]),
        "body": np.array(["    x = 1\n\n    return x", "    return 2"]),
        "n_lines": np.array([4, 3]),
    }
    facts = {"summary": "-", "license": "-", "source": "-"}
    own_functions = write_dataset(tmp_path / "functions", {"full": functions}, name="own_functions", **facts)
    catalog.forget("own_functions")

    for dataset, columns in ((own_texts, ("text",)), (own_functions, ("body",))):
        splits = as_tinytorch.read_back(dataset)

        found, expected = content_hash.fingerprints(dataset, splits)
        assert found == expected
        assert {tuple(split) for split in splits.values()} == {columns}


@pytest.mark.parametrize(
    "change",
    [
        ("part.data for part in parts", "part.data + 0.5 for part in parts"),
        ("part.data for part in parts", "part.data + 1 for part in parts"),
        ("zip(*samples)", "zip(*reversed(samples))"),
        ("range(0, len(order),", "range(0, len(order) - 90,"),
        ("np.stack", "np.hstack"),
    ],
    ids=["fractions", "other characters", "reversed", "drops samples", "flattened"],
)
def test_a_loader_that_changes_texts_is_found(change: tuple[str, str], install: Install) -> None:
    """Said to be the loader's doing, or by other columns."""
    install({**GENERATION_C, "core/dataloader.py": LOADER.replace(*change)})

    try:
        splits = as_tinytorch.read_back("tinytalks")
    except StudentCodeError as error:
        assert "gave other numbers than tinytalks holds" in str(error)
    else:
        found, expected = content_hash.fingerprints("tinytalks", splits)
        assert found != expected
