"""Specification of the measurements behind ``docs/explanations/tinify_proof.md``: they run, and it has the figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cifar_files import PARTIAL

from benchmarks.tinify_proof import look_alikes, record
from benchmarks.tinify_proof.measure import measured
from tinytorch_hf.curation import proof
from tinytorch_hf.curation.near import USUAL
from tinytorch_hf.curation.reducing import Engine
from tinytorch_hf.curation.wish import Wish

CIFAIR = PARTIAL.with_name("cifair_duplicates_cifar10.csv")
REQUIRED = ("MNIST", "part of CIFAR-10", "utterances")


def test_the_page_shows_what_was_measured() -> None:
    """`--write` renews it."""
    page = record.PAGE.read_text(encoding="utf-8")

    for name, text in record.tables().items():
        assert f"<!-- tinify_proof: {name} -->\n{text}\n<!-- /tinify_proof -->" in page


@pytest.mark.parametrize("source", REQUIRED)
@pytest.mark.parametrize("per_class", [10, 100])
def test_the_choice_is_better_than_chance(source: str, per_class: int) -> None:
    """No judge below the mean of 20 random subsets, and on average a standard deviation above, with the first seed."""
    found = record.read()[source, per_class, 0].proof

    assert found.n_random == 20
    assert found.is_better_than_chance


def test_ways_of_choosing_are_counted() -> None:
    """Seventeen before, of which three were seen again."""
    seen = {one["strategy"] for one in record.strategies()}

    assert 17 - 3 + len(seen) == proof.N_STRATEGIES
    assert f"\n{proof.N_STRATEGIES}. " in record.PAGE.read_text(encoding="utf-8")


def test_planted_copies_are_those_of_an_exact_comparison() -> None:
    """At least 99 % of them, and at least 99 % of what is found."""
    for one in record.look_alikes()["planted"].values():
        assert one["recall"] >= 0.99 and one["precision"] >= 0.99


@pytest.mark.longer
def test_a_source_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its files to a line of the results, which is read back as it was."""
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    monkeypatch.setattr(proof, "N_RANDOM", 2)
    words = {"sea": ("ship", "wave", "port", "tide"), "hill": ("rock", "peak", "goat", "path")}
    rng = np.random.RandomState(0)
    lines = [
        json.dumps({"text": f"{' '.join(rng.choice(some, 3))} {rng.randint(10**6)}", "label": label})
        for _ in range(60)
        for label, some in words.items()
    ]
    (tmp_path / "texts.jsonl").write_text("\n".join(lines))
    wish = Wish(n_train=2, n_test=1, min_cosine=1.0)
    one = measured("texts", str(tmp_path / "texts.jsonl"), wish, None, Engine(1), tmp_path / "kept")
    record.save([one], tmp_path / "results.jsonl")
    (again,) = record.read(tmp_path / "results.jsonl").values()

    assert (again.n_candidates, again.n_held_out, again.proof.n_random) == (72, 24, 2)
    assert again.scores.keys() == {"linear model", "linear SVM", "5-NN"}
    assert again.scores["5-NN"].chosen == pytest.approx(one.scores["5-NN"].chosen, abs=1e-4)


def test_pairs_that_people_judged_are_found() -> None:
    """All that lie in the part of CIFAR-10 that is here, from the usual cosine on, and no other pair of the splits."""
    if not (PARTIAL.is_file() and CIFAIR.is_file()):
        pytest.skip("the part of CIFAR-10 and ciFAIR's table are not beside this checkout")
    with np.load(PARTIAL) as archive:
        places, images = look_alikes.images_of({name: archive[name] for name in archive.files})
    judged = look_alikes.judged_pairs(CIFAIR, places)
    # The test images, and as many of the train images as make it quick.
    trained = {train[1] for _, train in judged}
    kept = [at for at, (split, row) in enumerate(places) if split == "test" or row in trained or at % 4 == 0]
    found = look_alikes.found_pairs([places[at] for at in kept], images[kept], USUAL["images in colour"])

    assert len(judged) == 2
    assert {pair for pair in found if pair[0][0] != pair[1][0]} == judged
    assert look_alikes.found_pairs([places[at] for at in kept], images[kept], 0.995) == {}
