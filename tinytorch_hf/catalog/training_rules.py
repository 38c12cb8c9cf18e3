"""What a dataset is trained with where its facts do not say it: from its kind, its shapes and how much there is."""

from __future__ import annotations

import math

from tinytorch_hf.catalog.facts import DatasetInfo
from tinytorch_hf.catalog.trainings import BLOCK_SIZE, Blocks, Training
from tinytorch_hf.errors import InvalidArgumentError

# Names of the split that a model is judged by; the first that is there. The test split of texts is left for those who
# choose between trained models.
_JUDGES_OF_IMAGES = ("test", "val", "validation")
_JUDGES_OF_TEXTS = ("val", "validation", "test")

# The more numbers an image has, the larger the gradients of a first layer: SGD's steps are made smaller with them.
# Measured on digits, digits on white and photographs, of 64 to 12,288 numbers: all do better than chance.
_LARGEST_LR = 0.3
_LR_TIMES_NUMBERS = 25

# So that a training takes seconds, large datasets are passed over less often. A sample counts once for each 32x32.
_MOST_EPOCHS = 20
_SAMPLES_IN_ALL = 20_000
_PIXELS_OF_A_SAMPLE = 32 * 32
_CHARACTERS_IN_ALL = 200_000
_CHARACTERS_OF_A_TEXT = 48_000
_CHARACTERS_THAT_JUDGE = 8_000


def trainings_of(dataset: DatasetInfo) -> tuple[Training, ...]:
    """The models of a dataset and how they are trained, the default first.

    ==============  ==============================================================================================
    images          "mlp", pixels to 32 to classes; "cnn", if the images are large enough for a block; "logistic"
    texts           "gpt", on blocks of the first 48,000 characters
    ==============  ==============================================================================================

    Raises
    ------
    InvalidArgumentError
        Its splits do not say what is trained on.
    """
    return dataset.trainings or (_of_images(dataset) if dataset.kind == "images" else _of_texts(dataset))


def splits_of(dataset: DatasetInfo) -> tuple[str, str]:
    """Names of the split that is trained on and of the one that judges; the same twice where there is only one.

    Raises
    ------
    InvalidArgumentError
        There are several, of which none is called train, or it is not clear which other one judges.
    """
    names = [split.name for split in dataset.splits]
    if len(names) == 1:
        return names[0], names[0]
    judges = _JUDGES_OF_IMAGES if dataset.kind == "images" else _JUDGES_OF_TEXTS
    others = [name for name in names if name != "train"]
    judging = next((name for name in judges if name in names), others[0] if len(others) == 1 else "")
    if "train" not in names or not judging:
        raise InvalidArgumentError(
            f"{dataset.title} has the splits {', '.join(names)}. A model is trained on the split train and judged by "
            f"{' or '.join(judges)}: use these names, or have one split, of which every fifth sample judges."
        )
    return "train", judging


def splits_with_validation(dataset: DatasetInfo) -> tuple[str, str, str]:
    """Names of the splits that are trained on, that choose between epochs, and that judge at the end.

    The second is empty where the dataset has none, so that it is cut from the first. Of texts, whose validation split
    judges otherwise, the test split does it here.

    Raises
    ------
    InvalidArgumentError
        As for `splits_of`.
    """
    train, judging = splits_of(dataset)
    names = [split.name for split in dataset.splits]
    validation = next((name for name in ("val", "validation") if name in names and name != train), "")
    if validation != judging:
        return train, validation, judging
    return (train, validation, "test") if "test" in names else (train, "", judging)


def _of_images(dataset: DatasetInfo) -> tuple[Training, ...]:
    shape = dataset.column("images").shape
    lr = min(_LARGEST_LR, float(f"{_LR_TIMES_NUMBERS / math.prod(shape):.1g}"))
    n_samples = dataset.split(splits_of(dataset)[0]).n_samples
    epochs = _epochs(_SAMPLES_IN_ALL, n_samples * math.ceil(math.prod(shape[-2:]) / _PIXELS_OF_A_SAMPLE))
    channels = _channels(min(shape[-2:]))
    return (
        Training("mlp", (32,), lr=lr, epochs=epochs),
        *((Training("cnn", channels, "adam", epochs=epochs),) if channels else ()),
        Training("logistic", lr=lr, epochs=epochs),
    )


def _channels(side: int) -> tuple[int, ...]:
    """Channels of a CNN's blocks for images of this height or width: as many blocks as leave 2x2, or one that fits.

    A block of 3x3 convolution and 2x2 pooling leaves half of what is 2 smaller.
    """
    if side < 4:
        return ()
    return (8, 16) if side >= 14 else (8,)


def _of_texts(dataset: DatasetInfo) -> tuple[Training, ...]:
    # How many characters there are is not known before the files are read; a byte is hardly more than one.
    n_bytes = sum(file.size_bytes for file in dataset.split(splits_of(dataset)[0]).files)
    epochs = _epochs(_CHARACTERS_IN_ALL, min(n_bytes, _CHARACTERS_OF_A_TEXT))
    blocks = Blocks(BLOCK_SIZE, BLOCK_SIZE, _CHARACTERS_OF_A_TEXT, _CHARACTERS_THAT_JUDGE)
    return (Training("gpt", (32, 2, 4), "adam", 0.01, epochs, blocks),)


def _epochs(in_all: int, n: int) -> int:
    return max(1, min(_MOST_EPOCHS, in_all // max(n, 1)))
