"""Submissions that try to harm whoever judges them, or each other; what they compute is right, if they get so far.

None of them does lasting harm even where nothing holds it back: whoever runs these tests may have no such system.
"""

from __future__ import annotations

from pathlib import Path

from handed_in import hand_in, own_package, zipped

# What each does while it is imported.
ON_IMPORT = {
    "ends at once": "import os; os._exit(0)",
    "exits": "import sys; sys.exit(0)",
    "never ends": "while True: pass",
    "sleeps": "import time; time.sleep(1000)",
    "takes memory": "keep = [bytearray(10**8) for _ in range(200)]",
    "starts many": (
        "import os, subprocess, sys\n"
        "for _ in range(40):\n"
        "    try: subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "    except OSError: pass"
    ),
    "forks": (
        "import os, time\ntry:\n    if os.fork() == 0:\n        os.setsid(); time.sleep(600); os._exit(0)\n"
        "except OSError: pass"
    ),
    "fills the disk": (
        "try:\n    with open('large', 'wb') as file:\n        for _ in range(300): file.write(bytes(10**6))\n"
        "except OSError: pass"
    ),
    "floods": "import sys\nfor _ in range(20): print('x' * 10**6); print('x' * 10**6, file=sys.stderr)",
    "kills its parent": (
        "import os, signal\nfor who in (os.getppid(), 0):\n    try: os.kill(who, signal.SIGKILL)\n"
        "    except OSError: pass"
    ),
    "crashes": "import ctypes; ctypes.string_at(0)",
    "recurses": "import sys; sys.setrecursionlimit(10**9)\ndef down(n): return down(n + 1)\ndown(0)",
    "deletes what is above": (
        "import os, pathlib, shutil\n"
        "for folder in pathlib.Path(__file__).parents[:3]: shutil.rmtree(folder, ignore_errors=True)"
    ),
    "writes beside": (
        "import glob, tempfile\n"
        "for path in glob.glob(f'{tempfile.gettempdir()}/tinytorch_hf-*/**/__init__.py', recursive=True):\n"
        "    try: open(path, 'w').write('raise SystemExit')\n    except OSError: pass"
    ),
    "imports torch": "try:\n    import torch\nexcept BaseException: pass",
    "raises an odd error": "class Odd(BaseException):\n    def __str__(self): raise self\nraise Odd",
    "answers ahead": (
        "import json, os\nline = (json.dumps({'results': {}, 'found': True}) + '\\n').encode() * 400\n"
        "for number in range(3, 40):\n    try: os.write(number, line)\n    except OSError: pass"
    ),
    "closes its files": "import os\nos.closerange(0, 64)",
}


def hand_in_hostile(folder: Path, kind: str) -> None:
    """Hand in one of them, by its kind."""
    files = own_package()
    harm = {"harm.py": f"{ON_IMPORT[kind]}\n", "__init__.py": f"from tinytorch import harm\n{files['__init__.py']}"}
    hand_in(folder, {**files, **harm})


def hand_in_broken(folder: Path, number: int) -> None:
    """Hand in what is not a package, in one of several ways."""
    match number % 4:
        case 0:
            folder.mkdir()
        case 1:
            zipped(folder.with_suffix(".zip"), {"../../evil.py": "raise SystemExit"})
        case 2:
            zipped(folder.with_suffix(".zip"), {"tinytorch/__init__.py": bytes(3 * 10**8)})
        case _:
            folder.mkdir()
            (folder / "essay.docx").write_bytes(b"PK")
