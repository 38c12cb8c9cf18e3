"""Specification of tinytorch_hf.milestones.gradients: lines that cut the graph are found, and no others."""

from __future__ import annotations

import textwrap
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest

from tinytorch_hf.milestones.gradients.detached import Detached, detached

IMPORTS = """
    import numpy as np
    from tinytorch import Tensor, Linear, Conv2d, MaxPool2d, ReLU, Embedding, CrossEntropyLoss, MSELoss, SGD
"""
# A model in which FORWARD stands between a convolution and a linear layer, and a loop that trains it.
MODEL = """
    class Net:
        def __init__(self):
            self.conv = Conv2d(1, 8, 3)
            self.pool = MaxPool2d(2)
            self.fc = Linear(72, 10)
            self.training = True
        def __call__(self, x):
            return self.forward(x)
        def forward(self, x):
            x = self.pool(self.conv(x))
            FORWARD
            return self.fc(x)
        def parameters(self):
            return self.conv.parameters() + self.fc.parameters()
"""
TRAINING = """
    def train(model, loader, criterion, optimizer):
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    def main(loader):
        model = Net()
        train(model, loader, CrossEntropyLoss(), SGD(model.parameters(), lr=0.1))
    main([])
"""
# Two layers and a loss, with STEP between them.
FLAT = """
    one, two = Linear(4, 8), Linear(8, 2)
    loss_fn = CrossEntropyLoss()
    optimizer = SGD(one.parameters() + two.parameters(), lr=0.1)
    X, y = Tensor(np.zeros((5, 4))), Tensor(np.zeros(5))
    for epoch in range(10):
        h = one(X)
        STEP
        logits = two(h)
        loss = loss_fn(logits, y)
        loss.backward()
        optimizer.step()
        AFTER
"""


def _script(tmp_path: Path, *parts: str, **texts: str) -> Path:
    lines = []
    for line in "".join(map(textwrap.dedent, parts)).splitlines():
        word = line.strip()
        if word in ("FORWARD", "STEP", "AFTER"):
            indent = line[: -len(word)]
            lines += [indent + part for part in texts.get(word, "pass").splitlines()]
        else:
            lines.append(line)
    path = tmp_path / "script.py"
    path.write_text("\n".join(lines), encoding="utf-8")
    compile(path.read_text(encoding="utf-8"), str(path), "exec")
    return path


def _expressions(path: Path) -> list[str]:
    return [found.expression for found in detached(path)]


def test_a_finding_says_where_why_and_what_instead(tmp_path: Path) -> None:
    """As the milestone of a course's generation has it: the convolution is never trained."""
    path = _script(tmp_path, IMPORTS, MODEL, TRAINING, FORWARD="x = Tensor(x.data.reshape(x.shape[0], -1))")

    (found,) = detached(path)

    line = next(n for n, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if "reshape" in text)
    assert found == Detached(
        path,
        line,
        "Tensor(x.data.reshape(x.shape[0], -1))",
        "the new tensor has the numbers but not the graph: backward ends here, and conv gets no gradient",
        "write `x.reshape(x.shape[0], -1)`, which keeps the graph",
    )


@pytest.mark.parametrize(
    ("forward", "expression"),
    [
        ("x = Tensor(np.maximum(x.data, 0))", "Tensor(np.maximum(x.data, 0))"),
        ("x = Tensor(self.pool(x).data.reshape(-1, 72))", "Tensor(self.pool(x).data.reshape(-1, 72))"),
        ("if len(x.shape) > 2:\n    x = Tensor(x.data.reshape(-1, 72))", "Tensor(x.data.reshape(-1, 72))"),
        ("x = x if x.ndim == 2 else Tensor(x.data.reshape(-1, 72))", "Tensor(x.data.reshape(-1, 72))"),
        ("numbers = x.data\nflat = numbers.reshape(-1, 72)\nx = Tensor(flat)", "Tensor(flat)"),
        ("flatten = lambda t: Tensor(t.data.reshape(-1, 72))\nx = flatten(x)", "Tensor(t.data.reshape(-1, 72))"),
        ("ff = self.conv(x)\nx = Tensor(x.data + ff.data, requires_grad=x.requires_grad)", ""),
        ("x = Tensor(x.numpy(), requires_grad=True)", ""),
        ("x = x.detach()", "x.detach()"),
        ("if self.training:\n    x = Tensor(x.data * 2)", "Tensor(x.data * 2)"),
    ],
)
def test_cuts_between_layers_are_found(tmp_path: Path, forward: str, expression: str) -> None:
    """Written out, in a branch, through names, or in a function."""
    found = _expressions(_script(tmp_path, IMPORTS, MODEL, TRAINING, FORWARD=forward))

    assert found == [expression] if expression else len(found) == 1


@pytest.mark.parametrize(
    "forward",
    [
        "x = x.reshape(x.data.shape[0], -1)",
        "if not self.training:\n    x = Tensor(x.data)",
        "if self.training:\n    pass\nelse:\n    x = Tensor(x.data)",
        "x = x * Tensor((x.data > 0).astype(float))",
        "x = x - Tensor(np.max(x.data, axis=-1, keepdims=True))",
        "x = x + Tensor(np.zeros(x.data.shape))\nself.last = Tensor(x.data)",
        "out = Tensor(x.data * 2)\nout._grad_fn = Double(x)\nx = out",
        "out = Tensor(x.data * 2)\nif x.requires_grad:\n    out._grad_fn = Double(x)\nx = out",
        "x = Tensor(x.data * 2, _children=(x,))",
        "with no_grad():\n    x = Tensor(x.data * 1)",
        "print(x.data.mean(), f'{float(x.data.max()):.2f}')",
    ],
)
def test_what_keeps_the_graph_is_no_finding(tmp_path: Path, forward: str) -> None:
    """Shapes, masks, what is subtracted against overflow, operations with a gradient of their own, evaluation."""
    assert _expressions(_script(tmp_path, IMPORTS, MODEL, TRAINING, FORWARD=forward)) == []


@pytest.mark.parametrize(
    ("step", "after", "expression"),
    [
        ("h = Tensor(h.data.reshape(-1, 8))", "", "Tensor(h.data.reshape(-1, 8))"),
        ("h = Tensor(np.tanh(h.data))", "", "Tensor(np.tanh(h.data))"),
        (
            "h = Tensor(X.data @ one.weight.data + one.bias.data)",
            "",
            "Tensor(X.data @ one.weight.data + one.bias.data)",
        ),
        ("", "", ""),
        ("", "predictions = Tensor(np.argmax(logits.data, axis=1))\nprint((predictions.data == y.data).mean())", ""),
        ("X = Tensor(X.data[:3])\nh = one(Tensor(X.data.reshape(-1, 4)))", "", ""),
        ("y = Tensor(h.data.argmax(axis=1))", "", ""),
        ("", "for p in one.parameters():\n    p.data = p.data - 0.1 * p.grad", ""),
        ("", "one.weight = Tensor(one.weight.data - 0.1 * one.weight.grad, requires_grad=True)", ""),
        ("", "total = loss.data.item()\nhistory = [Tensor(loss.data)]", ""),
        ("", "probe = two(Tensor(one(X).data))\nprint(probe.data)", ""),
    ],
)
def test_a_loop_of_training_is_followed(tmp_path: Path, step: str, after: str, expression: str) -> None:
    """What a script does with numbers beside the way to its loss is its own business."""
    path = _script(tmp_path, IMPORTS, FLAT, STEP=step or "pass", AFTER=after or "pass")

    assert _expressions(path) == ([expression] if expression else [])


STATES = """
    cell, head = Linear(4, 4), Linear(4, 2)
    optimizer = SGD(cell.parameters() + head.parameters())
    h = Tensor(np.zeros((1, 4)))
    for chunk in range(5):
        h = cell(h)
        MSELoss()(head(h), h).backward()
        optimizer.step()
        h = Tensor(h.data)
"""
ADVERSARIES = """
    G, D = Linear(2, 4), Linear(4, 1)
    g_optimizer, d_optimizer = SGD(G.parameters()), SGD(D.parameters())
    z = Tensor(np.zeros((1, 2)))
    for step in range(5):
        fake = G(z)
        d_loss = MSELoss()(D(Tensor(fake.data)), z)
        d_loss.backward()
        d_optimizer.step()
        g_loss = MSELoss()(D(G(z)), z)
        g_loss.backward()
        g_optimizer.step()
"""
FROZEN = """
    backbone, head = Linear(2, 4), Linear(4, 1)
    optimizer = SGD(head.parameters())
    loss = MSELoss()(head(Tensor(backbone(Tensor([[1, 2]])).data)), Tensor([[1]]))
    loss.backward()
    optimizer.step()
"""
BY_HAND = """
    w = Tensor(np.zeros((2, 1)), requires_grad=True)
    for step in range(5):
        loss = ((Tensor(np.ones((3, 2))) @ w) ** 2).mean()
        loss.backward()
        w = Tensor(w.data - 0.1 * w.grad, requires_grad=True)
"""
LOSS_WITH_GRADIENT = """
    layer = Linear(2, 1)
    def mse(pred, target):
        value = np.mean((pred.data - target.data) ** 2)
        def back(gradient=1.0):
            pred.backward(Tensor(2 * (pred.data - target.data)))
        return Tensor(value, requires_grad=True, grad_fn=back)
    mse(layer(Tensor([[1, 2]])), Tensor([[1]])).backward()
"""
TWO_PHASES = """
    encoder, decoder, head = Linear(4, 2), Linear(2, 4), Linear(2, 1)
    def train(forward, optimizer, X, y):
        for epoch in range(3):
            loss = MSELoss()(forward(X), y)
            loss.backward()
            optimizer.step()
    X = Tensor(np.zeros((5, 4)))
    train(lambda x: decoder(encoder(x)), SGD(encoder.parameters() + decoder.parameters()), X, X)
    train(head, SGD(head.parameters()), Tensor(encoder(X).data), Tensor(np.zeros(5)))
"""
TIED = """
    class Tied:
        def __init__(self):
            self.embed, self.out = Embedding(5, 3), Linear(3, 5)
            self.out.weight = Tensor(self.embed.weight.data.T)
        def forward(self, x):
            return self.out(self.embed(x))
        def parameters(self):
            return [*self.embed.parameters(), *self.out.parameters()]
    model = Tied()
    optimizer = SGD(model.parameters())
    CrossEntropyLoss()(model.forward(Tensor([1])), Tensor([1])).backward()
    optimizer.step()
"""
OWN_OPTIMIZER = """
    class Descent:
        def __init__(self, parameters):
            self.parameters = parameters
        def step(self):
            for p in self.parameters:
                p.data -= 0.1 * p.grad
    teacher, student = Linear(2, 2), Linear(2, 2)
    optimizer = Descent(student.parameters())
    x = Tensor([[1, 2]])
    loss = MSELoss()(student(x), Tensor(teacher(x).data))
    loss.backward()
    optimizer.step()
"""
GENERATING = """
    model = Linear(5, 5)
    optimizer = SGD(model.parameters())
    tokens = [1]
    for step in range(5):
        logits = model(Tensor(np.eye(5)[tokens]))
        CrossEntropyLoss()(logits, Tensor(tokens)).backward()
        optimizer.step()
        tokens = [int(np.argmax(logits.data[-1]))]
"""
INPUT_GRADIENT = """
    layer = Linear(2, 1)
    x = Tensor(np.zeros((1, 2)), requires_grad=True)
    loss = layer(Tensor(x.data.reshape(1, 2))).sum()
    loss.backward()
"""


@pytest.mark.parametrize(
    "text",
    [
        *(STATES, ADVERSARIES, FROZEN, TWO_PHASES, OWN_OPTIMIZER),
        *(BY_HAND, TIED, LOSS_WITH_GRADIENT, GENERATING, INPUT_GRADIENT),
    ],
)
def test_who_cuts_on_purpose_is_left_alone(tmp_path: Path, text: str) -> None:
    """No warning where what stands before the cut is trained elsewhere, or is not to be trained, or gets its gradient.

    States between chunks, adversaries, layers that are frozen or were trained before, a teacher that is not; weights
    made again, a gradient of one's own, samples of a model as its next inputs, a gradient with respect to an input.
    """
    assert _expressions(_script(tmp_path, IMPORTS, text)) == []


def test_a_loss_of_numbers_reaches_nothing(tmp_path: Path) -> None:
    """Each layer is named, and so is the way out, where the numbers have been computed before."""
    text = """
        layer = Linear(2, 2)
        logits = layer(Tensor([[1, 2]]))
        value = -np.log(np.exp(logits.data) / np.exp(logits.data).sum())
        loss = Tensor([value])
        loss.backward()
    """
    (found,) = detached(_script(tmp_path, IMPORTS, text))

    assert found.expression == "Tensor([value])"
    assert found.why.endswith("and layer gets no gradient")
    assert "CrossEntropyLoss" in found.instead and "`value`" in found.instead


def test_models_of_a_module_beside_the_script_are_followed(tmp_path: Path) -> None:
    """The line is in the module; in a file that trains nothing, it is found for those who import it."""
    (tmp_path / "networks.py").write_text(
        textwrap.dedent(IMPORTS) + textwrap.dedent(MODEL).replace("FORWARD", "x = Tensor(x.data.reshape(-1, 72))"),
        encoding="utf-8",
    )
    path = _script(tmp_path, "from networks import Net\nfrom tinytorch import *\n", TRAINING)

    assert detached(path) == detached(tmp_path / "networks.py")
    assert [found.path.name for found in detached(path)] == ["networks.py"]


CHAIN = """
    from tinytorch import Sequential
    class Flatten:
        def forward(self, x):
            return Tensor(x.data.reshape(1, -1))
        def parameters(self):
            return []
    model = Sequential(Conv2d(1, 8, 3), ReLU(), Flatten(), Linear(72, 10))
    optimizer = SGD(model.parameters(), lr=0.1)
    loss = CrossEntropyLoss()(CALL, Tensor([1]))
    loss.backward()
    optimizer.step()
"""


@pytest.mark.parametrize("call", ["model(Tensor([[1]]))", "model.forward(Tensor([[1]]))"])
def test_a_layer_of_the_scripts_own_in_a_chain_is_followed(tmp_path: Path, call: str) -> None:
    """Whichever way the chain is called."""
    (found,) = detached(_script(tmp_path, IMPORTS, CHAIN.replace("CALL", call)))

    assert found.why.endswith("and Conv2d gets no gradient")


def test_a_model_of_a_list_of_layers_is_followed_layer_by_layer(tmp_path: Path) -> None:
    """The cut is before the last of them."""
    text = """
        layers = [Conv2d(1, 8, 3), ReLU(), Linear(72, 10)]
        x = Tensor(np.zeros((1, 1, 8, 8)))
        for layer in layers:
            if isinstance(layer, Linear):
                x = Tensor(x.data.reshape(1, -1))
            x = layer(x)
        CrossEntropyLoss()(x, Tensor([1])).backward()
    """
    (found,) = detached(_script(tmp_path, IMPORTS, text))

    assert found.why.endswith("and Conv2d gets no gradient")


@hypothesis.given(data=st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))))
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture], max_examples=50)
def test_what_does_not_parse_has_no_findings(tmp_path: Path, data: bytes) -> None:
    """Whatever a student has left half-written."""
    (tmp_path / "script.py").write_bytes(data)

    detached(tmp_path / "script.py")


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return f(f(x))\nf(f(f(1))).backward()",
        "x = 1\nwhile True:\n    x = [x, x]\n    x = {0: x}",
        "f = lambda g: g(g)\nf(f)",
        "x = Linear()\n" + "x = [x, x]\n" * 60 + "x = {1: x, 2: x}\n" * 60,
        "x = [" + "[1, 2], " * 1000 + "]\nfor y in x: print(y)",
        "def f(x, n):\n    return f(f(x, n - 1), n - 1) if n else x\nfor i in range(3): f(i, i)\n" * 20,
        "def a0(x): return [x, x]\n"
        + "".join(f"def a{i}(x): return [a{i - 1}(x), a{i - 1}(x)]\n" for i in range(1, 30))
        + "a29(1)",
        "class A:\n    def __init__(self):\n        self.a = A()\nA()",
        "x = " + "(" * 60 + "1" + ")" * 60 + "\n" + "y = [" + "[" * 60 + "]" * 60 + "]",
        "from script import x\nimport script",
        "class A(B): ...\nclass B(A): ...\nB().forward(1).backward()",
        "\n".join(f"if a{i}:\n    b{i} = Linear()\nelse:\n    b{i} = ReLU()" for i in range(30)),
    ],
)
def test_odd_programs_come_to_an_end(tmp_path: Path, text: str) -> None:
    """Recursion, values that grow, modules that import themselves, many branches."""
    (tmp_path / "script.py").write_text(text, encoding="utf-8")

    assert detached(tmp_path / "script.py") == []
