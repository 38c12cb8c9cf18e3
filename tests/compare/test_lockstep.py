"""Specification of tinytorch_hf.compare.lockstep: right implementations agree, wrong ones do not pass."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from conftest import Install, Run
from generations import GENERATION_C, GENERATIONS, LOADER
from in_process import prepared_here, run_here
from seeds import n_seeds

from tinytorch_hf.compare import lockstep, preparing
from tinytorch_hf.compare.lockstep import Epoch, Step
from tinytorch_hf.compare.settings import OPTIMIZERS, Settings
from tinytorch_hf.compare.tasks import load_arrays, settings_for
from tinytorch_hf.errors import StudentCodeError, UnknownNameError

SHORT = Settings("tinydigits", epochs=2)


# With many more seeds a ReLU's gate flips in one or another, and free-running trainings part by more than rounding.
@pytest.mark.parametrize("seed", range(n_seeds(1, at_most=3)))
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_reference_and_torch_agree_over_the_whole_training(optimizer: str, seed: int) -> None:
    """Twenty epochs: losses within 1e-5 at every step, equal accuracies of at least 90 %."""
    settings = settings_for("tinydigits", optimizer=optimizer, seed=seed)

    result = run_here(settings)

    assert result.agree
    assert result.largest_difference <= 1e-5
    assert result.n_steps == 640
    last = result.epochs[-1]
    assert last.accuracy_tinytorch == last.accuracy_pytorch >= 0.9


def test_the_milestones_learning_rate_gives_the_milestones_accuracy() -> None:
    """lr 0.01 ends between 70 and 85 %, on both sides."""
    last = run_here(Settings("tinydigits", lr=0.01)).epochs[-1]

    assert 0.70 <= last.accuracy_tinytorch <= 0.85
    assert last.accuracy_tinytorch == last.accuracy_pytorch


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_students_package_is_the_one_compared(generation: str, install: Install) -> None:
    """In every generation's layout."""
    install(GENERATIONS[generation])

    result = run_here(SHORT)

    assert result.agree
    assert result.framework.name.startswith("tinytorch 0.")


def test_the_same_settings_give_the_same_run_and_another_seed_another(same_random_state: None) -> None:
    """Nothing depends on, or changes, a global random state or torch's number of threads."""
    torch_state, n_threads = torch.get_rng_state(), torch.get_num_threads()

    first, second, other = (run_here(dataclasses.replace(SHORT, seed=seed)) for seed in (0, 0, 1))

    assert first.epochs == second.epochs != other.epochs
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert torch.get_num_threads() == n_threads


def test_batch_size_and_epochs_are_honoured() -> None:
    """1000 samples in batches of 300 are four steps an epoch, the last one partial."""
    result = run_here(Settings("tinydigits", epochs=3, batch_size=300))

    assert (len(result.epochs), result.n_steps) == (3, 12)


def test_every_epoch_is_reported_as_it_ends() -> None:
    """A caller can show progress."""
    seen: list[Epoch] = []

    result = run_here(SHORT, on_epoch=seen.append)

    assert seen == result.epochs
    assert [epoch.epoch for epoch in seen] == [1, 2]


WRONG_FORWARD = {
    "core/activations.py": (
        "from tinytorch_hf.reference import ReLU as _ReLU\n"
        "class ReLU(_ReLU):\n    def forward(self, x):\n        return super().forward(x + 0.01)\n"
    )
}
WRONG_LOSS = {
    "core/losses.py": (
        "from tinytorch_hf.reference import CrossEntropyLoss as _Loss\n"
        "class CrossEntropyLoss(_Loss):\n"
        "    def forward(self, logits, labels):\n        return super().forward(logits, labels) * 1.001\n"
    )
}
WRONG_GRADIENT = {
    "core/activations.py": (
        "from tinytorch_hf.reference import ReLU as _ReLU, Tensor\n"
        "class ReLU(_ReLU):\n    def forward(self, x):\n"
        "        return Tensor.from_operation(x.data * (x.data > 0), (x,), lambda g: (g,))\n"
    )
}
NO_GRADIENT = {
    "core/activations.py": (
        "from tinytorch_hf.reference import ReLU as _ReLU, Tensor\n"
        "class ReLU(_ReLU):\n    def forward(self, x):\n        return Tensor(super().forward(x).data)\n"
    )
}
WRONG_UPDATE = {
    "core/optimizers.py": (
        "from tinytorch_hf.reference import SGD as _SGD, Adam\n"
        "class SGD(_SGD):\n    def change(self, *args):\n        return super().change(*args) * 1.01\n"
    )
}
STALE_GRADIENT = {
    "core/optimizers.py": (
        "from tinytorch_hf.reference import SGD as _SGD, Adam\nclass SGD(_SGD):\n    zero_grad = lambda self: None\n"
    )
}
NOT_A_NUMBER = {
    "core/losses.py": (
        "from tinytorch_hf.reference import CrossEntropyLoss as _Loss\n"
        "class CrossEntropyLoss(_Loss):\n"
        "    def forward(self, logits, labels):\n        return super().forward(logits, labels) * float('nan')\n"
    )
}


@pytest.mark.parametrize(
    ("defect", "first_step"),
    [
        (WRONG_FORWARD, 1),
        (WRONG_LOSS, 1),
        (NOT_A_NUMBER, 1),
        (WRONG_GRADIENT, 2),
        (NO_GRADIENT, 2),
        (WRONG_UPDATE, 2),
        (STALE_GRADIENT, 3),
    ],
    ids=["forward", "loss", "nan", "gradient", "no gradient", "update", "stale gradient"],
)
def test_a_planted_defect_is_found_at_the_step_where_it_first_shows(
    defect: dict[str, str], first_step: int, install: Install
) -> None:
    """Forward and loss at step 1; gradients and updates as soon as they have changed a weight."""
    install({**GENERATION_C, **defect})

    result = run_here(SHORT)

    assert not result.agree
    assert result.first_divergence is not None
    assert (result.first_divergence.epoch, result.first_divergence.step) == (1, first_step)
    assert result.largest_difference > result.tolerance
    assert result.cause is not None
    assert result.cause.step <= first_step


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("part.data for part in parts", "part.data * 0.99 for part in parts"), "gave other numbers"),
        (("zip(*samples)", "zip(*reversed(samples))"), "gave other numbers"),
        (
            ("range(0, len(order),", "range(0, len(order) - 40,"),
            "Batch 31 of epoch 1",
        ),
        (("np.stack", "np.hstack"), "gave other numbers"),
    ],
    ids=["scaled", "reversed", "drops samples", "flattened"],
)
def test_a_loader_that_changes_the_data_is_found_as_such(
    change: tuple[str, str], message: str, install: Install
) -> None:
    """By the fingerprint behind the loader, or by the first batch that is not the one that was meant."""
    install({**GENERATION_C, "core/dataloader.py": LOADER.replace(*change)})

    with pytest.raises(StudentCodeError, match=message):
        run_here(SHORT)


def test_a_loader_that_goes_wrong_only_with_other_batch_sizes_is_found_too(install: Install) -> None:
    """Every batch of the training is compared with the one that was meant."""
    drops_partial = LOADER.replace("yield tuple", "if len(samples) == 40: return\n            yield tuple")
    install({**GENERATION_C, "core/dataloader.py": drops_partial})

    with pytest.raises(StudentCodeError, match="Batch 16 of epoch 1"):
        run_here(Settings("tinydigits", batch_size=64))


def test_an_exception_in_the_students_code_is_reported_as_theirs(install: Install) -> None:
    """With what was being done when it happened."""
    install(
        {
            **GENERATION_C,
            "core/losses.py": (
                "class CrossEntropyLoss:\n    def __call__(self, x, y):\n        raise KeyError('softmax')\n"
            ),
        }
    )

    with pytest.raises(StudentCodeError, match=r"while computing the loss: KeyError: 'softmax'"):
        run_here(SHORT)


def test_a_loss_that_is_not_a_number_is_infinitely_far_away() -> None:
    """A comparison with nan would be False, and False must not read as agreement."""
    assert Step(1, 1, math.nan, 0.5).difference == math.inf
    assert Step(1, 1, 0.25, 0.5).difference == 0.25


@pytest.mark.parametrize("settings", [Settings("tinydigit"), dataclasses.replace(SHORT, optimizer="rmsprop")])
def test_wrong_names_are_explained(settings: Settings) -> None:
    """Before anything is loaded."""
    with pytest.raises(UnknownNameError):
        run_here(settings)


def test_a_run_imports_neither_torchvision_nor_datasets(run_with_torch: Run) -> None:
    """So that it starts fast."""
    program = (
        "import sys\nfrom tinytorch_hf.compare import lockstep\n"
        "lockstep.run(lockstep.Settings('tinydigits', epochs=1))\n"
        "print([name for name in ('torchvision', 'datasets', 'pandas', 'PIL') if name in sys.modules])"
    )

    done = run_with_torch("-c", program)

    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("dataset", ["perceptron", "xor"])
@pytest.mark.parametrize(("optimizer", "lr"), [("sgd", 30.0), ("adam", 10.0), ("sgd", 1e4)])
def test_sigmoids_that_are_certain_are_no_disagreement(dataset: str, optimizer: str, lr: float) -> None:
    """Far too large steps drive them to 0 and 1, where frameworks cut the logarithm off in different ways."""
    result = run_here(settings_for(dataset, optimizer=optimizer, lr=lr, epochs=5))

    assert result.agree, result.cause


def test_losses_that_part_by_rounding_are_no_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a tolerance below rounding the losses part, but no single step differs."""
    monkeypatch.setattr(lockstep, "TOLERANCE", 1e-9)

    result = run_here(SHORT)

    assert result.first_divergence is not None
    assert result.cause is None
    assert result.agree


@pytest.mark.parametrize(
    ("dataset", "model", "accuracy"),
    [("tinydigits", "mlp", 0.93), ("tinydigits", "cnn", 0.95)],
)
def test_the_trainings_reach_what_their_models_can(dataset: str, model: str, accuracy: float) -> None:
    """On both sides, with the settings that suit them."""
    last = run_here(settings_for(dataset, model)).epochs[-1]

    assert last.accuracy_tinytorch >= accuracy
    assert last.accuracy_pytorch >= accuracy


def test_functions_are_proven_by_the_arrays_that_are_trained_on(tinypy: str) -> None:
    """The catalog has no fingerprint of TinyPy, whose content depends on the release of Python."""
    arrays = load_arrays(settings_for("tinypy"))

    with prepared_here(settings_for("tinypy")) as prepared:
        proof = prepared.fingerprint

        assert len(proof) == 64
        assert proof == preparing.prove_same_numbers("tinypy", prepared.package, arrays)
        arrays.X_train[0, 0] += 1
        assert proof != preparing.prove_same_numbers("tinypy", prepared.package, arrays)


def test_a_gpts_curves_are_equal() -> None:
    """Loss by loss, over an epoch of TinyTalks."""
    result = run_here(settings_for("tinytalks", epochs=1))

    assert result.agree
    assert result.largest_difference <= 1e-5
