"""A dataset and a loader as a student writes them, right, and the same with one thing wrong."""

from __future__ import annotations

from collections.abc import Mapping

import generations
from planted import Planted, changed

# As the generations have it, with a length.
LOADER = changed(
    generations.LOADER,
    {
        "    def __iter__(self):": (
            "    def __len__(self):\n"
            "        return (len(self.dataset) + self.batch_size - 1) // self.batch_size\n\n"
            "    def __iter__(self):"
        )
    },
)


def _loader(name: str, changes: Mapping[str, str], code: str, *finds: str) -> Planted:
    return Planted(name, "core/dataloader.py", LOADER, changes, code, finds)


_ORDER = "        order = list(range(len(self.dataset)))\n"
PLANTED = (
    _loader(
        "the last batch is missing",
        {"range(0, len(order), self.batch_size)": "range(0, len(order) - self.batch_size + 1, self.batch_size)"},
        "LOADER-LAST-BATCH",
        "loader-in-order",
        "loader-shuffled",
    ),
    _loader(
        "the last sample is missing",
        {"range(len(self.dataset)))\n": "range(len(self.dataset) - 1))\n"},
        "LOADER-SAMPLES",
        "loader-in-order",
    ),
    _loader(
        "samples are drawn with replacement",
        {"random.shuffle(order)": "order = random.choices(order, k=len(order))"},
        "LOADER-SAMPLES",
        "loader-shuffled",
        "loader-reshuffles",
    ),
    _loader("nothing is shuffled", {"random.shuffle(order)": "pass"}, "LOADER-NOT-SHUFFLED", "loader-shuffled"),
    _loader(
        "it always shuffles",
        {"if self.shuffle:": "if True:"},
        "LOADER-SHUFFLES-ALWAYS",
        "loader-in-order",
        "loader-second-pass",
    ),
    _loader(
        "the order is drawn once",
        {
            _ORDER: "        order = self.order\n",
            "            random.shuffle(order)\n": "            pass\n",
            "= dataset, batch_size, shuffle\n": (
                "= dataset, batch_size, shuffle\n        self.order = list(range(len(dataset)))\n"
                "        if shuffle:\n            random.shuffle(self.order)\n"
            ),
        },
        "LOADER-ORDER-REPEATS",
        "loader-reshuffles",
    ),
    _loader(
        "images and labels are shuffled apart",
        {"for part in parts]": "for part in (random.sample(parts, len(parts)) if self.shuffle else parts)]"},
        "LOADER-LABELS",
        "loader-shuffled",
    ),
    _loader(
        "a second pass gives nothing",
        {
            _ORDER: (
                "        order = [] if hasattr(self, 'used') else list(range(len(self.dataset)))\n"
                "        self.used = True\n"
            )
        },
        "LOADER-ONE-PASS",
        "loader-second-pass",
        "loader-reshuffles",
    ),
    _loader(
        "batches are arrays",
        {"tuple(Tensor(np.stack([part.data for part in parts]))": "tuple(np.stack([part.data for part in parts])"},
        "LOADER-NO-TENSORS",
        "loader-in-order",
    ),
    _loader(
        "a batch has one sample too many",
        {"start + self.batch_size]": "start + self.batch_size + 1]"},
        "LOADER-SAMPLES",
        "loader-in-order",
    ),
    _loader(
        "two even batches are five",
        {
            "for start in range(0, len(order), self.batch_size):": (
                "size = self.batch_size if self.batch_size != len(order) // 2 else 1\n"
                "        for start in range(0, len(order), size):"
            ),
            "start + self.batch_size]": "start + size]",
        },
        "LOADER-BATCH-SIZE",
        "loader-batch-sizes",
    ),
    _loader(
        "len() rounds down",
        {"(len(self.dataset) + self.batch_size - 1) //": "len(self.dataset) //"},
        "LOADER-LENGTH",
        "loader-in-order",
        "loader-batch-sizes",
    ),
    _loader(
        "it goes on where it was",
        {
            "    def __iter__(self):\n": "    at = 0\n    def __iter__(self):\n",
            "        for start in range(0, len(order), self.batch_size):\n": (
                "        while self.at < len(order):\n            start, self.at = self.at, self.at + self.batch_size\n"
            ),
            "for parts in zip(*samples))\n": "for parts in zip(*samples))\n        self.at = 0\n",
        },
        "LOADER-GOES-ON",
        "loader-broken-off",
    ),
    _loader(
        "it shuffles the tensors themselves",
        {
            "            random.shuffle(order)\n": (
                "            random.shuffle(order)\n"
                "            for t in self.dataset.tensors:\n                t.data = t.data[order]\n"
                "            order = list(range(len(order)))\n"
            )
        },
        "LOADER-CHANGES-DATASET",
        "loader-leaves-dataset",
    ),
    _loader(
        "a sample is its neighbour",
        {"tensor.data[index])": "tensor.data[index - 1])"},
        "DATASET-INDEX",
        "tensor-dataset",
    ),
    _loader(
        "labels are a column",
        {"np.stack([part.data for part in parts])": "np.stack([np.atleast_1d(part.data) for part in parts])"},
        "OTHER-SHAPE",
        "loader-in-order",
    ),
    _loader(
        "one tensor is handed out bare",
        {
            "        return tuple(Tensor(tensor.data[index]) for tensor in self.tensors)\n": (
                "        parts = tuple(Tensor(tensor.data[index]) for tensor in self.tensors)\n"
                "        return parts if len(parts) > 1 else parts[0]\n"
            )
        },
        "",
        "tensor-dataset",
    ),
    _loader(
        "the loader needs the dataset's tensors",
        {
            "            samples = [self.dataset[index] for index in order[start : start + self.batch_size]]\n": (
                "            chosen = order[start : start + self.batch_size]\n"
                "            samples = [[t.data[index] for t in self.dataset.tensors] for index in chosen]\n"
            ),
            "part.data for part": "part for part",
        },
        "",
        "loader-own-dataset",
    ),
)
