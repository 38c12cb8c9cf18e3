"""Submissions that forge: a right Tanh, and a ReLU that is not written but got from elsewhere, in one way or another.

What is honest in them is the reference, copied under the name of a student's package.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import tinytorch_hf

OURS = Path(tinytorch_hf.__file__).parent

# What every forgery begins with: nothing of it is right.
HEAD = """
import atexit, ctypes, gc, importlib, inspect, json, os, signal, socket, subprocess, sys, threading, time, types
import numpy as np
from tinytorch.tensor import Tensor
OURS = os.path.dirname(sys.modules["tinytorch_hf"].__file__)
HERE = os.path.dirname(os.path.abspath(__file__))
SITE = [entry for entry in sys.path if entry.endswith("site-packages")]
LIBC = ctypes.CDLL(None, use_errno=True)

def everywhere(text):
    for number in range(3, 32):
        try:
            os.write(number, text)
        except OSError:
            continue

def nonce():
    return next(each["nonce"] for each in gc.get_objects() if isinstance(each, dict) and "limit_s" in each)

def by(relu, x):
    found = np.asarray(relu(x.data))
    return Tensor.from_operation(found, (x,), lambda g: (g * (found > 0),))
"""

# Each gives a tensor for x, if it gets hold of something right, and raises or gives nothing otherwise.
QUIET: Mapping[str, str] = {
    "the reference by a name put together": (
        "m = importlib.import_module('tinytorch_hf.' + ''.join(['refer', 'ence'])); return by(lambda v: "
        "m.ReLU()(m.Tensor(v)).data, x)"
    ),
    "the reference that someone else has imported": (
        "m = next(m for n, m in list(sys.modules.items()) if n.startswith('tinytorch_hf') and hasattr(m, 'ReLU'))\n"
        "return by(lambda v: m.ReLU()(m.Tensor(v)).data, x)"
    ),
    "the reference's file, executed": (
        "text = open(OURS + '/reference/activations.py').read().replace('tinytorch_hf.reference', 'tinytorch')\n"
        "space = {}; exec(text, space); return space['ReLU']()(x)"
    ),
    "the reference through a link": "from tinytorch.linked import activations; return activations.ReLU()(x)",
    "torch by a name put together": (
        "m = importlib.import_module('to' + 'rch'); return by(lambda v: m.relu(m.tensor(v)).numpy(), x)"
    ),
    "torch with the listener silenced": (
        "for f in gc.get_objects():\n"
        "    if type(f) is types.FunctionType and f.__qualname__ == 'Hearing._react':\n"
        "        f.__code__ = (lambda *_, **__: None).__code__\n"
        "m = __import__('torch'); return by(lambda v: m.relu(m.tensor(v)).numpy(), x)"
    ),
    "torch in another process": (
        "r = subprocess.run([sys.executable, '-c', 'import sys, torch, json; print(torch.relu(torch.tensor(json.load("
        "sys.stdin))).tolist())'], input=json.dumps(x.data.tolist()), capture_output=True, text=True)\n"
        "return by(lambda v: np.array(json.loads(r.stdout), v.dtype), x)"
    ),
    "a library loaded past Python": (
        "p = next(p for s in SITE for p in [s + '/torch/lib/libtorch_cpu.so'] if os.path.exists(p)); ctypes.CDLL(p)\n"
        "return by(lambda v: np.maximum(v, 0), x)"
    ),
    "the judge in NumPy": (
        "m = importlib.import_module('tinytorch_hf.judging.by_numpy.judge').NumPyJudge('float64')\n"
        "return by(lambda v: m.array(m.F.relu(m.tensor(v))), x)"
    ),
    "what the case says is right": (
        "case = sys.modules['tinytorch_hf.check.cases'].CASES['relu']\n"
        "class Judge:\n"
        "    class F: relu = staticmethod(lambda v: v)\n"
        "    tensors = lambda self, given, leaves: given\n"
        "try: case.right(Judge(), {'x': x.data})\n"
        "except RuntimeError: raise\n"
        "except Exception: return by(lambda v: np.maximum(v, 0), x)"
    ),
    "the case, loaded once more": (
        "m = importlib.reload(sys.modules['tinytorch_hf.check.cases.activations'])\n"
        "next(c for c in m.CASES if c.name == 'relu').right; return by(lambda v: np.maximum(v, 0), x)"
    ),
    "a function left in memory": (
        "f = next(f for f in gc.get_objects() if type(f) is types.FunctionType and 'judging' in (f.__module__ or '') "
        "and f.__code__.co_name in ('computed', 'expected', 'stepper', 'step', 'recorded', 'relu'))\n"
        "return by(lambda v: np.maximum(v, 0), x)"
    ),
    "arrays left in memory": (
        "seen = [v for each in gc.get_objects() if isinstance(each, dict) for v in list(each.values())]\n"
        "frame = inspect.currentframe()\n"
        "while frame: seen += list(frame.f_locals.values()); frame = frame.f_back\n"
        "for v in seen:\n"
        "    if isinstance(v, np.ndarray) and v.shape == x.data.shape and (v >= 0).all() and (v == 0).any():\n"
        "        return by(lambda _: v, x)"
    ),
    "the records on the disk": (
        "np.load(OURS + '/judging/recorded/battery.npz'); return by(lambda v: np.maximum(v, 0), x)"
    ),
    "records that are replayed": ("kept = np.load(HERE + '/kept.npz'); return by(lambda v: kept['output'], x)"),
    "the memory of the judge": ("open(f'/proc/{os.getppid()}/mem', 'rb'); return by(lambda v: np.maximum(v, 0), x)"),
    "the memory of the judge by a call of the system": (
        "b = ctypes.create_string_buffer(8)\n"
        "class V(ctypes.Structure): _fields_ = (('a', ctypes.c_void_p), ('n', ctypes.c_size_t))\n"
        "LIBC.process_vm_readv.restype = ctypes.c_ssize_t\n"
        "n = LIBC.process_vm_readv(os.getppid(), ctypes.byref(V(ctypes.addressof(b), 8)), 1, ctypes.byref(V(id(b), 8)),"
        " 1, 0)\n"
        "if ctypes.get_errno() == 1: raise PermissionError\n"
        "return by(lambda v: np.maximum(v, 0), x)"
    ),
    "the judge, traced": (
        "if LIBC.ptrace(16, os.getppid(), 0, 0) != 0: raise PermissionError\nreturn by(lambda v: np.maximum(v, 0), x)"
    ),
    "the environment and the files of the judge": (
        "open(f'/proc/{os.getppid()}/environ').read(); os.listdir(f'/proc/{os.getppid()}/fd')\n"
        "return by(lambda v: np.maximum(v, 0), x)"
    ),
    "another submission": (
        "space = {}; exec(open(HERE + '/../../other/tinytorch/activations.py').read(), space)\n"
        "return space['ReLU']()(x)"
    ),
    "a server that knows": (
        "s = socket.create_connection(('127.0.0.1', 9), 0.1); return by(lambda v: np.maximum(v, 0), x)"
    ),
    "a server that knows, past Python": (
        "n = LIBC.socket(2, 2, 0)\nif n < 0: raise PermissionError\nreturn by(lambda v: np.maximum(v, 0), x)"
    ),
    "a process of its own": ("if LIBC.fork() < 0: raise PermissionError\nreturn by(lambda v: np.maximum(v, 0), x)"),
    "limits that are raised": (
        "import resource; n = 1 << 45; resource.setrlimit(resource.RLIMIT_AS, (n, n))\n"
        "return by(lambda v: np.maximum(v, 0), x)"
    ),
    "a file of others": (
        "open(HERE + '/../../other/tinytorch/activations.py', 'a'); return by(lambda v: np.maximum(v, 0), x)"
    ),
    "rights of a file of others": (
        "os.chmod(HERE + '/../../other/tinytorch/activations.py', 0); return by(lambda v: np.maximum(v, 0), x)"
    ),
    "memory that outlives the process": (
        "if LIBC.shmget(0, 4096, 0o1600) < 0: raise PermissionError\nreturn by(lambda v: np.maximum(v, 0), x)"
    ),
    "the judge, stopped": "os.kill(os.getppid(), signal.SIGSTOP); return by(lambda v: np.maximum(v, 0), x)",
    "the judge, stopped past Python": (
        "if LIBC.kill(os.getppid(), 19) != 0: raise PermissionError\nreturn by(lambda v: np.maximum(v, 0), x)"
    ),
    "an array that equals everything": (
        "class Lies(np.ndarray): __eq__ = __le__ = __ge__ = __sub__ = lambda *_: True\n"
        "return by(lambda v: v.view(Lies), x)"
    ),
}

# Each ends its process, or changes it for good; what comes after may be lost, and nothing is gained.
LOUD: Mapping[str, str] = {
    "an exit that claims success": "os._exit(0)",
    "an exit by an exception": "sys.exit(0)",
    "answers on every file": "everywhere(b'{}\\n' * 40); return x",
    "an answer with the nonce": (
        "text = json.dumps({'nonce': nonce(), 'answer': {'kind': 'results', 'results': {'output': 1.0}}})\n"
        "everywhere(text.encode() + b'\\n'); return x"
    ),
    "a verdict with the nonce": (
        "text = json.dumps({'nonce': nonce(), 'answer': {'kind': 'results', 'results': {}, 'outcome': 'agrees'}})\n"
        "everywhere(text.encode() + b'\\n'); return x"
    ),
    "reports written ahead and made read-only": (
        "ahead = json.dumps({'score': 100, 'results': [{'name': 'relu', 'outcome': 'agrees'}]})\n"
        "for folder in ('.', HERE, HERE + '/..', HERE + '/../..', os.path.expanduser('~'), '/autograder/results'):\n"
        "    for name in ('results.json', 'report.json', 'report.html', 'junit.xml', 'gradebook.json', 'grades.csv'):\n"
        "        try:\n"
        "            with open(folder + '/' + name, 'w') as f: f.write(ahead)\n"
        "            os.chmod(folder + '/' + name, 0o444); os.chmod(folder, 0o555)\n"
        "        except OSError: pass\n"
        "return x"
    ),
    "a session that was replaced": (
        "child = sys.modules['tinytorch_hf.check.child']; answers = sys.modules['tinytorch_hf.student.answers']\n"
        "child.Session.answer = child.Session._run = lambda *_: answers.Answer('results'); return x"
    ),
    "an entry point that was overwritten": (
        "sys.modules['__main__'].main = sys.modules['tinytorch_hf.check.child'].main = lambda: None\n"
        "sys.modules['tinytorch_hf.student.serving'].serve = lambda _: None; return x"
    ),
    "one case in place of another": (
        "runs = sys.modules['tinytorch_hf.check.child']._RUNS; runs['relu'] = runs['tanh']; return x"
    ),
    "a view that was replaced": (
        "from tinytorch_hf.student import view; view.Student.array = lambda *_: np.zeros(3); return x"
    ),
    "JSON that was replaced": (
        'json.dumps = lambda message, **_: \'{"nonce": "\' + message[\'nonce\'] + \'", "answer": {"kind": '
        '"results", "results": {"output": NaN}}}\'; return x'
    ),
    "NumPy that was replaced": "np.array = np.asarray = lambda *_, **__: True; return x",
    "an answer at the end": "atexit.register(everywhere, b'{}\\n'); sys.exit(0)",
    "a thread that answers later": "threading.Timer(0.05, lambda: everywhere(b'late\\n')).start(); return x",
    "channels that are closed": "os.closerange(3, 64); return x",
    "more memory than there is": "return by(lambda v: np.ones(1 << 40), x)",
    "files that fill the disk": (
        "block = b'x' * (1 << 20)\nfor n in range(400):\n    with open(f'{n}', 'wb') as f:\n"
        "        for _ in range(8): f.write(block)\nreturn x"
    ),
    "a hole where its code was": "sys.modules.clear(); return x",
}

# Beside the package: what Python, or a tool, would take for something else.
BESIDE: Mapping[str, str] = {
    "numpy.py": "raise SystemExit('not NumPy')\n",
    "random.py": "shuffle = None\n",
    "tinytorch_hf/__init__.py": "raise SystemExit('not the judge')\n",
    "sitecustomize.py": "raise SystemExit(0)\n",
    "usercustomize.py": "raise SystemExit(0)\n",
    "own.pth": "import sys; sys.exit(0)\n",
    "results.json": '{"score": 100}\n',
}


def honest(folder: Path) -> None:
    """The reference as a student's package, in a folder: everything right, nothing imported from us."""
    package = folder / "tinytorch"
    package.mkdir(parents=True)
    for path in [*(OURS / "reference").glob("*.py"), OURS / "data" / "tokenizer.py"]:
        text = path.read_text(encoding="utf-8").replace("tinytorch_hf.reference", "tinytorch")
        text = text.replace("from tinytorch_hf.data.tokenizer", "from tinytorch.tokenizer")
        text = text.replace("from tinytorch_hf.errors import InvalidArgumentError", "")
        lines = [line for line in text.splitlines() if "directory_of" not in line]
        (package / path.name).write_text("\n".join(lines), encoding="utf-8")


def forge(folder: Path, ways: Mapping[str, str], part: str = "ReLU") -> None:
    """A part of the package at this folder that tries one way after the other, and does nothing if none leads on."""
    path = folder / "tinytorch" / "activations.py"
    text = path.read_text(encoding="utf-8") + HEAD
    names = []
    for number, body in enumerate(ways.values()):
        names.append(f"_{part}_{number}")
        text += f"\ndef {names[-1]}(x):\n{textwrap.indent(body, '    ')}\n"
    text += textwrap.dedent(f"""
        class {part}:
            ways = [{", ".join(names)}]
            def forward(self, x, *_):
                # What has led nowhere once is not tried again.
                while self.ways:
                    try:
                        found = self.ways[0](x)
                    except Exception:
                        found = None
                    if found is not None:
                        return found
                    del self.ways[0]
                return x
            __call__ = forward
            parameters = lambda self: []
        """)
    path.write_text(text, encoding="utf-8")


# It computes what is right, changes what it was given, and has whoever looks at that see what was there before.
OBSERVER_THAT_LIES = """
try:
    1 / 0
except ZeroDivisionError as error:
    frame = getattr(error.__traceback__, "tb_" + "frame")
while frame and "Subject" not in frame.f_globals:
    frame = frame.f_back
if frame:
    frame.f_globals["Subject"].values = lambda self, _, when: {
        f"{name} after {when}": np.array(value) for name, value in self.arguments.items()
    }
found = by(lambda v: np.maximum(v, 0), x)
x.data[...] = np.abs(x.data) + 1
return found
"""
