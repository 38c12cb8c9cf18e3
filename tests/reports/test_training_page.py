"""Specification of tinytorch_hf.reports.html.training_page: a comparison as a page."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
from test_html_blocks import Parsed
from test_report import AGREEING, CAUSE, differing

from tinytorch_hf.compare.evidence import Evidence, LayerError, Predictions
from tinytorch_hf.compare.lockstep import Comparison
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.stepwise import Judgement
from tinytorch_hf.reports.html.training_page import MOST_PICTURES, failed_page, training_page

COMMAND = "tinytorch-hf compare tinydigits --seed 0"
PREDICTIONS = Predictions(
    tinytorch=np.array([0, 1, 1, 2]),
    pytorch=np.array([0, 1, 2, 0]),
    targets=np.array([0, 1, 2, 2]),
    images=np.zeros((4, 8, 8), np.float32),
    classes=("cat", "dog", "eel"),
)
EVIDENCE = Evidence(
    losses_tinytorch=(2.0, 1.5),
    losses_pytorch=(2.0, 1.50000002),
    predictions=PREDICTIONS,
    layer_step=3,
    layers=(
        LayerError("linear 1", "output", 1e-7, 4e-7),
        LayerError("relu 1", "output", None, None, "missing: there is none"),
        LayerError("linear 1", "gradient with respect to weight", 2e-2, 1e-6),
    ),
)


def page(result: Comparison | Judgement) -> str:
    """The words of the page, each part of it on a line of its own."""
    return re.sub(r"\s*\n\s*", "\n", Parsed(training_page(result, COMMAND, {"NumPy": "2.4.6"})).text)


def test_the_page_says_what_was_compared_and_how_to_get_it_again() -> None:
    """Verdict first; in the end the command, the fingerprint, the seed and all versions."""
    text = page(dataclasses.replace(AGREEING, evidence=EVIDENCE))

    assert text.index("agree") < text.index("Loss and accuracy") < text.index(COMMAND)
    for part in (AGREEING.fingerprint, "2.15.0", "tinytorch 0.2.0", "NumPy\n2.4.6", "Seed\n0", "sgd, lr 0.3"):
        assert part in text
    assert "What goes wrong first" not in text


def test_what_goes_wrong_first_stands_above_the_curves() -> None:
    """With its cause, code, hint, and the lines that show it."""
    text = page(dataclasses.replace(differing(), evidence=EVIDENCE))

    assert text.index("What goes wrong first") < text.index("Loss and accuracy")
    for part in ("relu 1, step 3", f"{CAUSE.cause} {CAUSE.code}", CAUSE.hint, *CAUSE.snippet.splitlines()):
        assert part in text


def test_each_layer_has_its_error_beside_what_rounding_explains() -> None:
    """As a multiple of it; what has no distance says why."""
    text = page(dataclasses.replace(differing(), evidence=EVIDENCE))

    assert "Both sides start step 3 from the same weights." in text
    assert "linear 1, output\n0.25 (off by 1.0e-07, rounding explains 4.0e-07)" in text
    assert "relu 1, output\nmissing: there is none" in text
    assert "linear 1, weight\n20,000 (off by 2.0e-02, rounding explains 1.0e-06)" in text


def test_both_sides_are_held_against_what_is_right_and_against_each_other() -> None:
    """A matrix for each side, and a picture of each sample on which they differ."""
    written = training_page(dataclasses.replace(AGREEING, evidence=EVIDENCE), COMMAND, {})
    text = Parsed(written).text

    assert "The two sides predict different classes for 2 of 4 samples." in text
    assert "Confusion matrix, TinyTorch: 3 of 4 right" in text
    assert "Confusion matrix, PyTorch: 3 of 4 right" in text
    assert PREDICTIONS.confusion(PREDICTIONS.tinytorch).tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]
    assert written.count("<img ") == 2
    assert "it is eel; TinyTorch says dog, PyTorch eel" in text
    assert "it is eel; TinyTorch says eel, PyTorch cat" in text


def test_of_many_pictures_the_first_are_shown_and_the_page_says_so() -> None:
    """However wrong a package is, its page stays small."""
    n = 200
    many = dataclasses.replace(
        *(PREDICTIONS,),
        tinytorch=np.zeros(n, int),
        pytorch=np.ones(n, int),
        targets=np.ones(n, int),
        images=np.zeros((n, 3, 8, 8), np.float32),
    )

    written = training_page(
        dataclasses.replace(AGREEING, evidence=dataclasses.replace(EVIDENCE, predictions=many)), COMMAND, {}
    )

    assert written.count("<img ") == MOST_PICTURES
    assert f"the first {MOST_PICTURES} of {n}" in written


def test_what_is_not_known_is_said() -> None:
    """No predictions of texts, none of PyTorch where they are not recorded, none where the training was broken off."""
    recorded = dataclasses.replace(PREDICTIONS, pytorch=None, images=None)
    without = dataclasses.replace(EVIDENCE, predictions=None, why_none="They are characters.")

    assert "They are characters." in page(dataclasses.replace(AGREEING, evidence=without))
    text = page(dataclasses.replace(AGREEING, evidence=dataclasses.replace(EVIDENCE, predictions=recorded)))
    assert "PyTorch's predictions are recorded only for its whole training" in text
    assert "Confusion matrix, TinyTorch" in text
    assert "Confusion matrix, PyTorch" not in text


def test_a_training_that_was_broken_off_has_no_verdict() -> None:
    """Neither with epochs nor without; the page says so."""
    some = dataclasses.replace(AGREEING, is_interrupted=True, evidence=Evidence(why_none="It did not end."))
    none = dataclasses.replace(some, epochs=[])

    assert "Interrupted: the losses agree so far." in page(some)
    assert "Interrupted: no epoch has ended." in page(none)
    assert "Loss and accuracy" not in page(none)
    assert not some.agree


def test_steps_that_are_judged_alone_have_no_curves() -> None:
    """But the layers of the last one."""
    judged = Judgement(
        *(Settings("tinydigits"), "MLP", "ab" * 32, AGREEING.framework, "2.15.0", 3, CAUSE), evidence=EVIDENCE
    )

    text = page(judged)

    assert "Differ at step 3." in text
    assert "Error of each layer" in text
    assert "Loss and accuracy" not in text


def test_what_a_student_writes_is_shown_as_text() -> None:
    """Of an error, of a package's name, of a class."""
    subject = dataclasses.replace(AGREEING.framework, name="<script>x</script>", notes=("<b>\x1b[2J",))
    classes = dataclasses.replace(PREDICTIONS, classes=("<i>", "b", "c"))
    evidence = dataclasses.replace(EVIDENCE, predictions=classes)

    written = training_page(dataclasses.replace(AGREEING, framework=subject, evidence=evidence), COMMAND, {})
    failed = failed_page(Settings("tinydigits"), "crash", "<script>x</script>\n\x1b[2J", COMMAND, {})

    for text in (written, failed):
        assert "script" not in Parsed(text).tags
        assert "\x1b" not in text
        assert "&lt;script&gt;" in text
    assert "<i>" not in written
