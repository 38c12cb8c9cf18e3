"""What learns from a small set, to tell what the set is worth. None of these took part in choosing it.

References
----------
The classifiers: T. Hastie, R. Tibshirani, J. Friedman (2009), The Elements of Statistical Learning, chapters 4, 12, 13
and 15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.errors import MissingExtraError
from tinytorch_hf.formats.arrays import Array

IMAGE_JUDGES = ("linear model", "SVM", "forest", "1-NN", "CNN")
TEXT_JUDGES = ("linear model", "linear SVM", "5-NN")

_WORD = r"(?u)\S+"
_BATCH = 32
_EPOCHS = 20
_FEWEST_STEPS, _MOST_STEPS = 300, 600
_FILTERS = (8, 16)


def accuracies_on_images(
    train: tuple[Array, Array], held_out: tuple[Array, Array], seed: int, judges: Sequence[str] = IMAGE_JUDGES
) -> dict[str, float]:
    """What share of held-out images each judge tells rightly once it has learned from others.

    Parameters
    ----------
    train, held_out
        Images (N, height, width) or (N, 3, height, width) uint8, and labels from 0 on.
    seed
        Of the forest, of the CNN's weights and of the order of its batches.
    judges
        Which of `IMAGE_JUDGES`.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.
    """
    X, new = (images.reshape(len(images), -1) / 255.0 for images, _ in (train, held_out))
    found = {}
    for name in judges:
        if name == "CNN":
            found[name] = _accuracy_of_cnn(train, held_out, seed)
        else:
            seen, asked = _as_needed(name, X, new)
            found[name] = _accuracy(_image_classifiers(seed)[name], (seen, train[1]), (asked, held_out[1]))
    return found


def _as_needed(name: str, X: Array, new: Array) -> tuple[Array, Array]:
    """What a judge computes with, in a form that costs less and tells it the same.

    A linear model sees what lies in the span of its samples alone, so that fewer numbers than pixels do; an SVM sees
    nothing but the similarities of samples.
    """
    if name == "linear model" and len(X) < X.shape[1]:
        products = X @ X.T
        # Copies in it would leave it without a root.
        products[np.diag_indices(len(X))] += max(1e-9 * products.trace() / len(X), 1e-12)
        root = np.linalg.cholesky(products)
        return root, np.linalg.solve(root, X @ new.T).T
    if name == "SVM":
        width = max(float(X.var()), 1e-12) * X.shape[1]
        return _gaussian(X, X, width), _gaussian(new, X, width)
    return X, new


def _gaussian(samples: Array, others: Array, width: float) -> Array:
    squared = (samples**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * samples @ others.T
    similar: Array = np.exp(-np.maximum(squared, 0) / width)
    return similar


def accuracies_on_texts(
    train: tuple[Sequence[str], Array],
    held_out: tuple[Sequence[str], Array],
    judges: Sequence[str] = TEXT_JUDGES,
) -> dict[str, float]:
    """The same for texts, each as the weighted counts of its words and pairs of words.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.svm import LinearSVC
    except ImportError as error:
        raise MissingExtraError("sklearn", "create", error) from error
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORD)
    X, new = words.fit_transform(train[0]), words.transform(held_out[0])
    classifiers: Mapping[str, Any] = {
        "linear model": LogisticRegression(C=10.0, max_iter=300),
        "linear SVM": LinearSVC(),
        "5-NN": KNeighborsClassifier(min(5, len(train[0])), metric="cosine"),
    }
    return {name: _accuracy(classifiers[name], (X, train[1]), (new, held_out[1])) for name in judges}


def _image_classifiers(seed: int) -> Mapping[str, Any]:
    try:
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.svm import SVC
    except ImportError as error:
        raise MissingExtraError("sklearn", "create", error) from error
    return {
        "linear model": LogisticRegression(C=0.1, max_iter=200),
        "SVM": SVC(C=5.0, kernel="precomputed"),
        "forest": RandomForestClassifier(100, random_state=seed),
        "1-NN": KNeighborsClassifier(1),
    }


def _accuracy(classifier: Any, train: tuple[Any, Array], held_out: tuple[Any, Array]) -> float:
    import warnings

    from threadpoolctl import threadpool_limits

    # One thread: processes share the cores, and the order of sums stays the same.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        return float((classifier.fit(*train).predict(held_out[0]) == held_out[1]).mean())


def _accuracy_of_cnn(train: tuple[Array, Array], held_out: tuple[Array, Array], seed: int) -> float:
    """Two convolutions with pooling and a linear layer, in the reference TinyTorch, after 300 to 600 steps of Adam."""
    from tinytorch_hf import reference

    X, new = (_as_channels(images) for images, _ in (train, held_out))
    n_classes = int(max(train[1].max(), held_out[1].max())) + 1
    reference.seed(seed)
    side = X.shape[-1]
    first, second = _FILTERS
    network = reference.Sequential(
        reference.Conv2d(X.shape[1], first, 3, padding=1),
        reference.ReLU(),
        reference.MaxPool2d(2),
        reference.Conv2d(first, second, 3, padding=1),
        reference.ReLU(),
        reference.MaxPool2d(2),
        reference.Flatten(),
        reference.Linear(second * (side // 4) ** 2, n_classes),
    )
    optimizer, loss = reference.Adam(network.parameters(), lr=0.003), reference.CrossEntropyLoss()
    rng = np.random.RandomState(seed)
    order: list[int] = []
    for _ in range(min(max(_EPOCHS * len(X) // _BATCH, _FEWEST_STEPS), _MOST_STEPS)):
        if len(order) < min(_BATCH, len(X)):
            order = [*order, *rng.permutation(len(X)).tolist()]
        some, order = order[:_BATCH], order[_BATCH:]
        optimizer.zero_grad()
        loss(network(reference.Tensor(X[some])), reference.Tensor(train[1][some])).backward()
        optimizer.step()
    right = 0
    for start in range(0, len(new), 256):
        outputs = network(reference.Tensor(new[start : start + 256])).data
        right += int((outputs.argmax(axis=1) == held_out[1][start : start + 256]).sum())
    return right / max(len(new), 1)


def _as_channels(images: Array) -> Array:
    scaled = images.astype(np.float32) / np.float32(255)
    channels: Array = scaled[:, None] if scaled.ndim == 3 else scaled
    return channels
