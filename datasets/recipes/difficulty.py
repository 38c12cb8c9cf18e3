"""How hard a sample is to learn: a score that several classifiers give it, and three levels."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch_hf.errors import MissingExtraError
from tinytorch_hf.formats.arrays import Array


def out_of_fold_probabilities(images: Array, labels: Array, n_folds: int = 5, seed: int = 0) -> Array:
    """Probability of the true class in the eyes of five different classifiers that never saw the sample.

    A linear model, a neighbour vote, an ensemble of trees, Gaussian classes and a small neural network: they
    err in different places, so that what is hard for all of them is hard for a reason.

    Parameters
    ----------
    images
        (N, ...) numbers; each sample is flattened. Scale them to [0, 1].
    labels
        (N,) integers 0 to K-1, all of which occur.
    n_folds, seed
        Of the shuffled stratified folds.

    Returns
    -------
    ndarray
        (5, N) float64.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.

    References
    ----------
    M. Stone (1974), Cross-Validatory Choice and Assessment of Statistical Predictions, Journal of the Royal
    Statistical Society B 36(2). The classifiers: T. Hastie, R. Tibshirani, J. Friedman (2009), The Elements
    of Statistical Learning, chapters 4, 11, 13 and 15.
    """
    try:
        from sklearn.decomposition import PCA
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
        from sklearn.ensemble import ExtraTreesClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedKFold, cross_val_predict
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.neural_network import MLPClassifier
        from sklearn.pipeline import make_pipeline
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise MissingExtraError("sklearn", "create", error) from error

    flat = images.reshape(len(images), -1)
    n_components = min(50, flat.shape[1])
    classifiers = (
        LogisticRegression(C=0.1, max_iter=300),
        KNeighborsClassifier(5, weights="distance"),
        ExtraTreesClassifier(200, random_state=seed),
        make_pipeline(PCA(n_components, svd_solver="full"), LinearDiscriminantAnalysis()),
        # Stopped early: further training sharpens its probabilities without improving its answers.
        MLPClassifier((64,), max_iter=30, tol=0.0, random_state=seed),
    )
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    samples = np.arange(len(labels))
    # One thread: on so small arrays more of them lose time waiting, and the order of sums stays the same.
    with threadpool_limits(1):
        return np.stack(
            [
                _quietly(cross_val_predict, model, flat, labels, cv=folds, method="predict_proba")[samples, labels]
                for model in classifiers
            ]
        )


def _quietly(function: Callable[..., Array], *args: Any, **kwargs: Any) -> Array:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return function(*args, **kwargs)


def instance_hardness(probabilities: Array) -> Array:
    """Difficulty score in [0, 1]: 1 minus the mean probability that the classifiers assign to the true class.

    Rounded to four decimals, so that a level and a choice do not hang on the last bits of a library's sums.

    References
    ----------
    M. R. Smith, T. Martinez, C. Giraud-Carrier (2014), An Instance Level Analysis of Data Complexity,
    Machine Learning 95.
    """
    score: Array = np.round(1.0 - probabilities.mean(axis=0), 4)
    return score


def levels(score: Array, bounds: tuple[float, float] = (0.25, 0.5)) -> Array:
    """0 easy, 1 medium, 2 hard: a score up to the first bound, up to the second, or above.

    With the bounds that are given here, the true class keeps at least 3/4, at least 1/2, or less probability.
    """
    level: Array = np.digitize(score, bounds, right=True).astype(np.int64)
    return level
