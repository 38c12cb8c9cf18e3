"""Datasets that are made, not stored: two points of view on what one neuron can and cannot learn."""

from __future__ import annotations

import numpy as np

from tinytorch_hf.catalog import PERCEPTRON, XOR
from tinytorch_hf.errors import whole_number
from tinytorch_hf.formats.arrays import Array


def xor(n_samples: int = XOR.n_samples, seed: int = 0) -> tuple[Array, Array]:
    """Points of the unit square, labelled by whether exactly one coordinate is above 1/2.

    No point lies within 0.05 of the lines between the classes.

    Parameters
    ----------
    n_samples
        How many points.
    seed
        The points follow from it; no global random state is used.

    Returns
    -------
    X, y
        (n_samples, 2) float32 in [0, 1] and (n_samples,) int64, 0 or 1, as many of each as can be.

    Raises
    ------
    InvalidArgumentError
        ``n_samples`` is not a positive whole number, or ``seed`` is negative or no whole number.

    References
    ----------
    M. Minsky and S. Papert (1969), Perceptrons, MIT Press.
    """
    n_samples, rng = whole_number("n_samples", n_samples), np.random.default_rng(whole_number("seed", seed, 0))
    corners = np.arange(n_samples) % 4
    inside = rng.uniform(0.0, 0.45, (n_samples, 2))
    upper = np.stack([corners % 2, corners // 2 % 2], axis=1)
    X = (inside + 0.55 * upper).astype(np.float32)
    y = (upper[:, 0] != upper[:, 1]).astype(np.int64)
    order = rng.permutation(n_samples)
    return X[order], y[order]


def perceptron(n_samples: int = PERCEPTRON.n_samples, seed: int = 0) -> tuple[Array, Array]:
    """Two clouds of points that a straight line divides.

    The centres are (0.25, 0.25) and (0.75, 0.75); no point is further than 0.2 from its own.

    Parameters
    ----------
    n_samples, seed
        As for `xor`.

    Returns
    -------
    X, y
        (n_samples, 2) float32 in [0, 1] and (n_samples,) int64, 0 or 1, as many of each as can be.

    Raises
    ------
    InvalidArgumentError
        ``n_samples`` is not a positive whole number, or ``seed`` is negative or no whole number.

    References
    ----------
    F. Rosenblatt (1958), The Perceptron, Psychological Review 65(6). https://doi.org/10.1037/h0042519
    """
    n_samples, rng = whole_number("n_samples", n_samples), np.random.default_rng(whole_number("seed", seed, 0))
    y = np.arange(n_samples, dtype=np.int64) % 2
    distance = 0.2 * np.sqrt(rng.uniform(0.0, 1.0, n_samples))
    angle = rng.uniform(0.0, 2 * np.pi, n_samples)
    around = np.stack([distance * np.cos(angle), distance * np.sin(angle)], axis=1)
    X = (0.25 + 0.5 * y[:, np.newaxis] + around).astype(np.float32)
    order = rng.permutation(n_samples)
    return X[order], y[order]
