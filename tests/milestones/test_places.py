"""Specification of tinytorch_hf.milestones.data.places: what stands where a milestone looks."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from checkouts import POINTER, Small, own_cache, small_mnist

from tinytorch_hf.catalog import TINYDIGITS, TINYTALKS
from tinytorch_hf.errors import CorruptFileError, MissingFileError
from tinytorch_hf.files import store
from tinytorch_hf.milestones.data import full_data, places
from tinytorch_hf.milestones.data.places import Place, State

BOMB = gzip.compress(b"\0" * 2**23, mtime=0)


@pytest.fixture
def pickled(tmp_path: Path) -> Place:
    """The place of TinyDigits' train.pkl in a checkout where it is good."""
    (place,) = places.curated(TINYDIGITS, tmp_path, ["train.pkl"])
    store.write(place.path, store.read(TINYDIGITS, place.file))
    return place


@pytest.fixture
def packed(tmp_path: Path, small_mnist: Small) -> Place:
    """The place of MNIST's training images where they are good."""
    place = full_data.places(small_mnist.dataset, tmp_path)[0]
    small_mnist.into(tmp_path / "mnist")
    return place


def test_the_published_file_is_good(pickled: Place, packed: Place) -> None:
    """Also one that was packed again: what it holds counts."""
    assert places.look(pickled).state is places.look(packed).state is State.GOOD
    packed.path.write_bytes(gzip.compress(gzip.decompress(packed.path.read_bytes()), 1, mtime=7))
    assert places.look(packed).state is State.GOOD


def test_nothing_is_absent(pickled: Place, packed: Place) -> None:
    """Also where a file stands in the place of the folder."""
    for place in (pickled, packed):
        place.path.unlink()
        assert places.look(place).state is State.ABSENT
    (packed.path.parent / "t10k-images-idx3-ubyte.gz").rename(packed.path.parent.parent / "file")
    with pytest.raises(MissingFileError):
        places.read(Place(packed.dataset, packed.file, packed.path.parent.parent / "file" / "x.gz"))


@pytest.mark.parametrize("data", [POINTER, b"", b"not a pickle", b"\x80\x04\x95", BOMB[:1000], BOMB])
def test_what_no_milestone_can_read_is_damaged(
    pickled: Place, packed: Place, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pointers, beginnings, garbage, and a bomb, of which no more than a limit is unpacked."""
    monkeypatch.setattr(places, "_MAX_UNPACKED_BYTES", 2**20)
    for place in (pickled, packed):
        place.path.write_bytes(data)
        seen = places.look(place)
        assert (seen.state, seen.state.can_be_used) == (State.DAMAGED, False)
        assert str(place.path) in seen.why


@pytest.mark.parametrize("n_bytes", [1, 100, 264254])
def test_the_beginning_of_the_published_file_is_damaged(pickled: Place, n_bytes: int) -> None:
    """A copy that was interrupted."""
    pickled.path.write_bytes(pickled.path.read_bytes()[:n_bytes])

    assert places.look(pickled).state is State.DAMAGED


def test_a_whole_file_of_its_kind_is_the_users_own(tmp_path: Path, pickled: Place, packed: Place) -> None:
    """A pickle of images and labels, questions and answers, images in MNIST's format."""
    pickled.path.write_bytes(pickle.dumps({"images": np.zeros((3, 8, 8)), "labels": np.zeros(3, np.int64)}))
    other_images = packed.path.with_name("t10k-images-idx3-ubyte.gz")
    packed.path.write_bytes(other_images.read_bytes())
    (talk,) = places.curated(TINYTALKS, tmp_path, ["splits/train.txt"])
    talk.path.parent.mkdir(parents=True)
    talk.path.write_text("Q: Why?\nA: Therefore.\n", encoding="utf-8")

    for place in (pickled, packed, talk):
        seen = places.look(place)
        assert (seen.state, seen.state.can_be_used) == (State.OTHER, True)
        with pytest.raises(CorruptFileError):
            places.read(place)


def test_a_pickle_that_asks_for_code_is_damaged(pickled: Place) -> None:
    """And is not run."""
    pickled.path.write_bytes(b"cposix\nsystem\n(S'touch ran'\ntR.")

    assert places.look(pickled).state is State.DAMAGED
    assert not Path("ran").exists()


@hypothesis.given(data=st.binary(max_size=400))
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_no_content_is_good_by_chance_or_raises(pickled: Place, packed: Place, data: bytes) -> None:
    """Each is damaged, or the user's own."""
    for place in (pickled, packed):
        place.path.write_bytes(data)
        assert places.look(place).state is State.DAMAGED
