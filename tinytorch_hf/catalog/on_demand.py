"""Facts of the datasets that are downloaded or built when they are asked for."""

from __future__ import annotations

from dataclasses import replace

from tinytorch_hf.catalog.facts import DIFFICULTIES, Column, DatasetInfo, SplitInfo
from tinytorch_hf.catalog.providers import Archive, Built, CutFrom, DataFile, Downloaded
from tinytorch_hf.catalog.shipped import TINYMNIST, TINYSHAKESPEARE
from tinytorch_hf.catalog.trainings import BLOCK_SIZE, Blocks, Training

_MNIST_HOSTS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


def _mnist_archive(name: str, size_bytes: int, sha256: str) -> Archive:
    return Archive(DataFile(name, size_bytes, sha256), "MNIST/raw", tuple(host + name for host in _MNIST_HOSTS))


MNIST = replace(
    TINYMNIST,
    name="mnist",
    title="MNIST",
    summary="All 60,000 training and 10,000 test images of MNIST, 28x28 pixels.",
    decoder="idx",
    provider=Downloaded(
        (
            _mnist_archive(
                "train-images-idx3-ubyte.gz",
                9912422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            _mnist_archive(
                "train-labels-idx1-ubyte.gz", 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
            ),
            _mnist_archive(
                "t10k-images-idx3-ubyte.gz", 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
            ),
            _mnist_archive(
                "t10k-labels-idx1-ubyte.gz", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
            ),
        ),
        "MNIST/raw",
    ),
    splits=(
        SplitInfo(
            "train",
            60000,
            (
                DataFile(
                    "train-images-idx3-ubyte",
                    47040016,
                    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                ),
                DataFile(
                    "train-labels-idx1-ubyte",
                    60008,
                    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                ),
            ),
        ),
        SplitInfo(
            "test",
            10000,
            (
                DataFile(
                    "t10k-images-idx3-ubyte",
                    7840016,
                    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                ),
                DataFile(
                    "t10k-labels-idx1-ubyte",
                    10008,
                    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                ),
            ),
        ),
    ),
    columns=TINYMNIST.columns[:2],
    source="MNIST's four official archives",
    recipe="",
    creator="Y. LeCun, C. Cortes and C. J. C. Burges",
    not_to_publish="MNIST is its authors' to publish; the Hub has it as ylecun/mnist.",
    # The paper's month.
    published="1998-11-01",
    keywords=("education", "digits", "handwriting"),
    fingerprint="e723b0e88e9c53fc0ceb546fc79c63bb7434a238571351e8e71c821570ea51f0",
    # An epoch is hundreds of steps.
    trainings=(
        Training("mlp", (128,), lr=0.1, epochs=1),
        Training("cnn", (8, 16), "momentum", 0.02, epochs=1),
    ),
)

CIFAR10 = DatasetInfo(
    name="cifar10",
    title="CIFAR10",
    summary="All 50,000 training and 10,000 test images of CIFAR-10, 32x32 pixels in colour.",
    version="1.0.0",
    kind="images",
    decoder="cifar_batches",
    provider=Downloaded(
        (
            Archive(
                DataFile(
                    "cifar-10-python.tar.gz",
                    170498071,
                    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                    "c58f30108f718f92721af3b95e74349a",
                ),
                "",
                ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
            ),
        ),
        "cifar-10-batches-py",
    ),
    # Sizes of the files inside the archive are published nowhere; their md5 are.
    splits=(
        SplitInfo(
            "train",
            50000,
            (
                DataFile("data_batch_1", 0, "", "c99cafc152244af753f735de768cd75f"),
                DataFile("data_batch_2", 0, "", "d4bba439e000b95fd0a9bffe97cbabec"),
                DataFile("data_batch_3", 0, "", "54ebc095f3ab1f0389bbae665268c751"),
                DataFile("data_batch_4", 0, "", "634d18415352ddfa80567beed471001a"),
                DataFile("data_batch_5", 0, "", "482c414d41f54cd18b22e5b47cb7c3cb"),
            ),
        ),
        SplitInfo("test", 10000, (DataFile("test_batch", 0, "", "40351d587109b95175f43aff81a1287e"),)),
    ),
    other_files=(DataFile("batches.meta", 0, "", "5ff9c542aee3614f3951f8cda6e48888"),),
    columns=(
        Column("images", "uint8", (3, 32, 32), "red, green and blue of each pixel, 0 dark to 255 bright"),
        Column("labels", "int64", (), "what the photograph shows, 0 to 9"),
    ),
    value_range=(0.0, 255.0),
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    license="not stated",
    license_note="CIFAR-10's authors state no licence; they ask users to cite the technical report.",
    source="CIFAR-10's official archive, python version",
    source_url="https://www.cs.toronto.edu/~kriz/cifar.html",
    citation=(
        "A. Krizhevsky (2009). Learning Multiple Layers of Features from Tiny Images. "
        "Technical report, University of Toronto. https://www.cs.toronto.edu/~kriz/cifar.html"
    ),
    recipe="",
    creator="A. Krizhevsky, V. Nair and G. Hinton",
    not_to_publish="CIFAR-10 is its authors' to publish; the Hub has it as uoft-cs/cifar10.",
    # The report's day.
    published="2009-04-08",
    keywords=("education", "photographs", "objects"),
    fingerprint="",
    trainings=(
        Training("cnn", (16, 32), "adam", 0.002, epochs=1),
        Training("mlp", (64,), lr=0.05, epochs=1),
    ),
)

TINYCIFAR = replace(
    CIFAR10,
    name="tinycifar",
    title="TinyCIFAR",
    summary="2000 training and 400 test images of CIFAR-10, 32x32 pixels in colour, balanced over the ten classes.",
    decoder="npz",
    version="2.0.0",
    provider=CutFrom("cifar10"),
    splits=(
        SplitInfo(
            "train",
            2000,
            (DataFile("train.npz", 6201160, "223ec9c6a421d00194b3cb76dcb9139a54ebc66c00439a620a0671d2eddda4f4"),),
        ),
        SplitInfo(
            "test",
            400,
            (DataFile("test.npz", 1241160, "22347f00f2ee5044f5504820c2b7f96df80180e79affd3f593716aa38e5f55e4"),),
        ),
    ),
    other_files=(),
    columns=(
        *CIFAR10.columns,
        Column(
            *("difficulty", "int64", ()),
            "0 easy, 1 medium, 2 hard: the score up to 0.6288, up to 0.9222, above",
            DIFFICULTIES,
        ),
        Column("score", "float32", (), "1 minus the mean share that three classifiers give to the true class"),
        Column("source_index", "int64", (), "position in the same split of CIFAR-10, from 0"),
    ),
    license_note=(
        "CIFAR-10's authors state no licence; they ask users to cite the technical report. TinyCIFAR is cut from it on "
        "the user's own machine and is not passed on."
    ),
    source="the first 4000 images of CIFAR-10's first train batch and the first 761 of each other batch",
    recipe="datasets/tinycifar/create_tinycifar.py",
    creator="The tinytorch_hf founders",
    not_to_publish="CIFAR-10's authors state no licence, so what is cut from it is not passed on.",
    published="2026-11-21",
    keywords=("education", "photographs", "objects", "cifar10", "curriculum-learning", "coreset"),
    fingerprint="a41b881144bce5b43ceab8e43b09ac382afc0bd21688d1588d6826297278cedf",
    trainings=tuple(replace(training, epochs=10) for training in CIFAR10.trainings),
)

TINYPY = DatasetInfo(
    name="tinypy",
    title="TinyPy",
    summary="5000 real Python functions of 3 to 25 lines, taken from the standard library of your own Python.",
    version="1.0.0",
    kind="source text",
    decoder="function_lines",
    provider=Built("standard_library"),
    splits=(
        SplitInfo("train", 4000, (DataFile("train.jsonl"),)),
        SplitInfo("val", 500, (DataFile("val.jsonl"),)),
        SplitInfo("test", 500, (DataFile("test.jsonl"),)),
    ),
    columns=(
        Column("module", "str", (), "the module of the function, such as json.encoder"),
        Column("name", "str", (), "its name there, such as JSONEncoder.default"),
        Column("signature", "str", (), "decorators and the line of the def, with its colon"),
        Column("docstring", "str", (), "without its indentation; empty if the function has no docstring"),
        Column("body", "str", (), "the statements after the docstring, with their indentation"),
        Column("n_lines", "int64", (), "lines of the whole function, 3 to 25"),
    ),
    value_range=(3.0, 25.0),
    classes=(),
    license="PSF-2.0",
    license_note="Python Software Foundation License Version 2, https://docs.python.org/3/license.html",
    source="the standard library of the Python that builds it; each release of Python gives its own TinyPy",
    source_url="https://docs.python.org/3/library/",
    citation="Python Software Foundation. The Python Standard Library. https://docs.python.org/3/library/",
    recipe="datasets/tinypy/create_tinypy.py",
    creator="The tinytorch_hf founders",
    fingerprint="",
    published="2026-11-21",
    languages=("en",),
    keywords=("education", "code", "python", "functions", "character-level"),
    # The order of the functions is drawn by lot, so that the first are a fair sample; with a million characters an
    # epoch takes a minute.
    trainings=(
        Training("gpt", (32, 2, 4), "adam", 0.01, epochs=4, blocks=Blocks(BLOCK_SIZE, BLOCK_SIZE, 48_000, 8_000)),
        Training("gpt-64", (64, 2, 4), "adam", 0.003, epochs=1, blocks=Blocks(64, 64, 1_000_000, 40_000)),
    ),
)

_PLAYS = DataFile(
    "input.txt",
    1115394,
    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    "6fb458f1232090904fb40fe944165e91",
)

# Most people call this one TinyShakespeare. It is one text: who wants it in parts finds every scene, and the common
# cut at nine tenths, in the excerpt's README.
SHAKESPEARE = replace(
    TINYSHAKESPEARE,
    name="shakespeare",
    title="Shakespeare",
    summary="All of char-rnn's Tiny Shakespeare: 40,000 lines of nine plays in one text, the last one cut off.",
    decoder="text",
    # In the folder of the excerpt: where milestone 07 looks for it, if the root is its data folder.
    provider=Downloaded(
        (
            Archive(
                _PLAYS,
                "tinyshakespeare",
                ("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",),
            ),
        ),
        "tinyshakespeare",
    ),
    splits=(SplitInfo("full", 1, (_PLAYS,)),),
    forms=(),
    columns=(Column("text", "str", (), "all 40,000 lines"),),
    value_range=(0.0, 0.0),
    source="A. Karpathy's collection for char-rnn",
    recipe="",
    creator="A. Karpathy",
    not_to_publish="The collection is A. Karpathy's to publish; the Hub has it as karpathy/tiny_shakespeare.",
    # The day of the article that it was made for.
    published="2015-05-21",
    fingerprint="c64ffc8ad51681c466a416e8d5b11cf5bd64e40f0dba6f7b03da634a7a7ee1d4",
    trainings=(
        Training("gpt", (32, 2, 4), "adam", 0.01, epochs=4, blocks=Blocks(BLOCK_SIZE, BLOCK_SIZE, 48_000, 8_000)),
        Training("gpt-64", (64, 2, 4), "adamw", 0.001, epochs=12, blocks=Blocks(BLOCK_SIZE, 8, 35_000, 8_000)),
    ),
)
