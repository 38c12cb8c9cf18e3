"""Specification of tinytorch_hf.milestones.proving: scripts load their data offline, in processes of their own."""

from __future__ import annotations

import ast
import shutil
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from checkouts import own_cache, snapshot, write_checkout

from tinytorch_hf.milestones.checkout import preparing, survey
from tinytorch_hf.milestones.checkout.needs import MILESTONES
from tinytorch_hf.milestones.proving.plan import plan
from tinytorch_hf.milestones.proving.proof import Outcome, Proof, prove
from tinytorch_hf.milestones.proving.shapes import Loaded, datasets_of, received, unknown, wrong
from tinytorch_hf.student import landlock

MLP, CNN = MILESTONES[2:4]
FOLDER = f"milestones/{MLP.number}_mlp"


def _plan(text: str) -> tuple[str, list[tuple[str, tuple[str, ...] | None]], list[str]]:
    found = plan(ast.parse(textwrap.dedent(text)))
    return ast.unparse(found.code), [(load.shown, load.names) for load in found.loads], found.problems


@pytest.mark.parametrize(
    "text",
    [
        "print('points')",
        "import numpy as np\nX = np.random.randn(3, 2)\nloss = X.sum()",
        "with open('log.txt', 'w') as file:\n    file.write('x')",
        "open('log.txt', mode='a').write('x')",
        "def load():\n    return torch.load",
    ],
)
def test_who_loads_nothing_has_nothing_to_execute(text: str) -> None:
    """Whoever makes points or writes a log."""
    assert _plan(text)[1:] == ([], [])


def test_a_function_that_returns_what_it_loads_is_called_as_a_whole() -> None:
    """With the imports that it uses, and what changes the path; the training stays behind."""
    code, loads, problems = _plan("""
        import os, sys
        import pickle
        import rich
        sys.path.insert(0, os.getcwd())
        from tinytorch import Tensor, SGD
        def load_digits():
            with open("train.pkl", "rb") as file:
                return Tensor(pickle.load(file))
        def train():
            X = load_digits()
            loss = X.sum()
            loss.backward()
        if __name__ == "__main__":
            train()
    """)

    assert (loads, problems) == ([("load_digits()", None)], [])
    assert "sys.path.insert(0, os.getcwd())" in code
    assert "rich" not in code and "backward" not in code and "train()" not in code


def test_of_a_function_that_trains_only_the_loading_is_taken() -> None:
    """And what makes what it needs, such as its arguments."""
    code, loads, problems = _plan("""
        import argparse
        from data_manager import DatasetManager
        def main():
            parser = argparse.ArgumentParser()
            parser.add_argument("--n", type=int, default=5)
            args = parser.parse_args()
            print("hello")
            manager = DatasetManager()
            (X, y), _ = manager.get_mnist(args.n)
            model = Net()
            for x in X:
                model(x).backward()
        main()
    """)

    assert loads == [("DatasetManager(), manager.get_mnist(args.n)", ("X", "_", "manager", "y"))]
    assert problems == []
    assert "parser.add_argument" in code and "parse_args" in code
    assert "Net()" not in code and "hello" not in code and "backward" not in code


def test_what_is_given_to_a_loader_is_sought_where_it_is_called() -> None:
    """A data set that opens the path that it is given, for one; who gives none is named."""
    _, loads, problems = _plan("""
        class Texts:
            def __init__(self, path):
                self.text = open(path).read()
        def main(n=3):
            path = "a.txt"
            texts = Texts(path)
            texts.loss.backward()
        def unused(path):
            return open(path).read()
        def handed(model):
            X = np.load(model.path)
            model(X).backward()
    """)

    assert loads == [("Texts(path)", ("texts",))]
    assert problems == [
        "nothing in the script says what unused is to load",
        "np.load(model.path) in handed needs model from its caller",
    ]


X, Y = Loaded("X", (1000, 8, 8)), Loaded("y", (1000,))


@pytest.mark.parametrize(
    "loaded",
    [
        [X, Y],
        [Loaded("X", (1000, 64)), Loaded("y", (1000, 1))],
        [Loaded("X", (50, 8, 8)), Loaded("y", (50, 10)), Loaded("mean", (64,))],
        [Loaded("X", (60000, 1, 28, 28))],
        [Loaded("X", (1000, 784)), Loaded("y", (1000,)), X],
        [Loaded("text", (5000,), is_text=True)],
    ],
)
def test_shapes_are_those_of_the_catalog(loaded: list[Loaded]) -> None:
    """In whatever way an image is laid out; fewer are fine, and so is what comes with them."""
    datasets = datasets_of(MLP)

    assert wrong(loaded, datasets) == unknown(loaded, datasets) == ""


@pytest.mark.parametrize(
    ("loaded", "message"),
    [
        ([X, Loaded("y", (200,))], "X (1000, 8, 8) have no labels: there are y (200,)"),
        ([X, Y, Loaded("T", (200, 8, 8))], "T (200, 8, 8) have no labels"),
        ([Loaded("X", (9999, 8, 8))], "are more than the 1200 images that there are"),
        ([Loaded("X", (0, 8, 8))], "X (0, 8, 8) is empty"),
        ([Loaded("text", (0,), is_text=True)], "text 0 characters is empty"),
        ([Loaded("X", (1000, 8, 8), is_finite=False)], "not finite"),
    ],
)
def test_what_is_wrong_is_named(loaded: list[Loaded], message: str) -> None:
    """With the shapes of both, where labels do not fit."""
    assert message in wrong(loaded, datasets_of(MLP))


def test_what_the_catalog_does_not_know_is_not_judged() -> None:
    """Other images are a student's own business, and points have any shape."""
    assert "no images of 64 or 784 numbers" in unknown([Loaded("X", (7, 8, 7))], datasets_of(MLP))
    assert "neither arrays nor texts" in unknown([], datasets_of(MLP))
    assert unknown([Loaded("X", (7, 2)), Loaded("y", (7, 1))], datasets_of(MILESTONES[0])) == ""


def test_what_a_process_tells_otherwise_is_left_out() -> None:
    """It may be hostile."""
    told = {"X": ["array", True, "float32", 3, 2], "t": ["text", 5], "a": ["array", 1, 2], "b": 3, "c": ["array"]}

    assert received({**told, "d": ["array", True, "f", "x"]}) == [Loaded("X", (3, 2)), Loaded("t", (5,), is_text=True)]


USUAL = """
    import os, sys
    from pathlib import Path
    import numpy as np
    root = Path(__file__).resolve().parents[2]
"""
# Scripts, and what comes of each.
LOADS = """
    def load():
        return np.load(root / "datasets" / "X.npy"), np.load(root / "datasets" / "y.npy")
    X, y = load()
"""
SCRIPTS = {
    "good": (LOADS, Outcome.PROVEN, "[0] (1000, 8, 8), [1] (1000,)"),
    "prints": (f"{LOADS}    print('x' * 99)\n    sys.stdin.read()\n    raise SystemExit", Outcome.PROVEN, "[0]"),
    "shape": (LOADS.replace('X.npy")', 'X.npy")[:, 1:]'), Outcome.NOT_PROVEN, "no images of 64"),
    "labels": (
        LOADS.replace('y.npy")', 'y.npy")[:9]'),
        Outcome.FAILED,
        "[0] (1000, 8, 8) have no labels: there are [1] (9,)",
    ),
    "absent": (LOADS.replace("X.npy", "Z.npy"), Outcome.FAILED, "FileNotFoundError"),
    "ends": ("X = np.load(root / 'datasets' / 'X.npy')\n    sys.exit(1)", Outcome.PROVEN, "X (1000, 8, 8)"),
    "module": (
        "import no_such_thing\n    X = no_such_thing.f(np.load('datasets/X.npy'))",
        Outcome.NOT_PROVEN,
        "no_such",
    ),
    "refused, and another module": (
        """
    def load():
        try:
            os.system("fc-list")
        except OSError:
            import no_such_thing
        return open('x')
    """,
        Outcome.NOT_PROVEN,
        "No module named 'no_such_thing'",
    ),
    "killed": ("def load():\n        os._exit(0)\n        return open('x')", Outcome.NOT_PROVEN, "ended the process"),
    "sleeps": (
        "import time\n    def load():\n        time.sleep(60)\n        return open('x')",
        Outcome.NOT_PROVEN,
        "still running after 3 s",
    ),
    "after": (LOADS, Outcome.PROVEN, "[0] (1000, 8, 8)"),
    "network": (
        "import socket\n    def load():\n        socket.create_connection(('192.0.2.1', 80))\n        return open('x')",
        Outcome.FAILED,
        "it asks the network for",
    ),
    "hides": (
        """
    import socket
    def load():
        try:
            socket.socket().connect(("192.0.2.1", 80))
        except BaseException:
            pass
        return np.load(root / "datasets" / "X.npy")
    """,
        Outcome.FAILED,
        "192.0.2.1",
    ),
    "program": (
        "def load():\n        os.system('touch OUTSIDE')\n        return open('x')",
        Outcome.NOT_PROVEN,
        "it starts or loads something else",
    ),
    "writes": (
        "def load():\n        open('OUTSIDE', 'w')\n        return open('x')",
        Outcome.NOT_PROVEN,
        "outside of the checkout",
    ),
    "removes": ("def load():\n        os.remove('MINE')\n        return open('x')", Outcome.NOT_PROVEN, "outside"),
    "large": (
        "def load():\n        open(root / 'datasets' / 'large.bin', 'r+b').write(b'no')\n        return open('x')",
        Outcome.NOT_PROVEN,
        "outside of the checkout",
    ),
    "deceives": (
        f"""
    def load():
        os.lstat = os.readlink = lambda *_, **__: None
        os.path.realpath = lambda path, **_: str(root)
        os.path.commonpath = lambda paths: paths[1]
        if {bool(landlock.version())}:
            Path("OUTSIDE").write_text("x")
        return np.load("datasets/X.npy")
    """,
        Outcome.NOT_PROVEN if landlock.version() else Outcome.PROVEN,
        "PermissionError" if landlock.version() else "",
    ),
    "inside": (
        """
    def load():
        (root / "datasets" / "X.npy").rename(root / "datasets" / "moved.npy")
        return np.load("datasets/moved.npy")
    """,
        Outcome.PROVEN,
        "(1000, 8, 8)",
    ),
}


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Proof]:
    """What comes of all of them, in one checkout, of which nothing has changed, nor anything beside it."""
    folder = tmp_path_factory.mktemp("proving")
    root = folder / "checkout"
    (root / FOLDER).mkdir(parents=True)
    (root / "datasets").mkdir()
    (folder / "mine").write_text("mine", encoding="utf-8")
    np.save(root / "datasets" / "X.npy", np.zeros((1000, 8, 8), np.float16))
    np.save(root / "datasets" / "y.npy", np.zeros(1000, np.int8))
    (root / "datasets" / "large.bin").write_bytes(bytes(2 << 20))
    for name, (text, _, _) in SCRIPTS.items():
        script = textwrap.dedent(USUAL) + textwrap.dedent(f"    {text.lstrip()}")
        script = script.replace("OUTSIDE", str(folder / "outside")).replace("MINE", str(folder / "mine"))
        (root / FOLDER / f"{name}.py").write_text(script, encoding="utf-8")
    before = snapshot(folder)

    found = prove(root, [MLP], limit_s=3)

    assert snapshot(folder) == before
    return {proof.script.stem: proof for proof in found[MLP.number]}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_executed_as_far_as_it_loads(name: str, proofs: dict[str, Proof]) -> None:
    """What it asks of a network is a failure, what it may not do is refused, and nobody waits for ever."""
    _, outcome, note = SCRIPTS[name]

    assert (proofs[name].outcome, note in proofs[name].note) == (outcome, True), proofs[name]
    assert proofs[name].asks_network == (name in ("network", "hides"))


def test_where_no_process_can_be_started_nothing_is_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is said against the script."""
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "script.py").write_text("X = open('x').read()", encoding="utf-8")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no_python"))

    (proof,) = prove(tmp_path, [MLP])[MLP.number]

    assert proof.outcome is Outcome.NOT_PROVEN
    assert "it cannot be tried here: " in proof.note and "no_python" in proof.note


MANAGED = """
    import sys
    from pathlib import Path
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from data_manager import DatasetManager
    (X, y), _ = DatasetManager().get_cifar10()
"""


@pytest.mark.parametrize("is_cached", [False, True])
def test_what_is_in_the_cache_stands_in_for_a_script(
    is_cached: bool, own_cache: Path, tinycifar_root: Path, tmp_path: Path
) -> None:
    """TinyCIFAR where it was cut once; elsewhere the error says how to get it, and the milestone is not ready."""
    root = write_checkout(tmp_path / "checkout", scripts={"04_1998_cnn/02_lecun_cifar10.py": MANAGED})
    preparing.prepare(root)
    if is_cached:
        shutil.copytree(tinycifar_root, own_cache, dirs_exist_ok=True)
    before = snapshot(own_cache)

    (report,) = [each for each in survey.prove(root, survey.survey(root)) if each.milestone is CNN]

    (proof,) = report.proofs
    assert (report.is_ready, proof.outcome is Outcome.PROVEN) == (is_cached, is_cached)
    if is_cached:
        assert proof.note == "X (2000, 3, 32, 32), _[0] (400, 3, 32, 32), _[1] (400,), y (2000,)"
    else:
        assert "`tinytorch-hf download tinycifar`. This downloads CIFAR10 (170 MB, 2-3 min" in proof.note
        assert f"into {own_cache} and cuts" in proof.note
    assert snapshot(own_cache) == before


def test_a_checkout_without_scripts_needs_no_process(tmp_path: Path) -> None:
    """And one that cannot be parsed is passed over."""
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "broken.py").write_text("def load(:", encoding="utf-8")

    assert prove(tmp_path, [MLP]) == {MLP.number: []}
