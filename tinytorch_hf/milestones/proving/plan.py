"""The part of a script that loads data, without what it trains; taken out of its syntax tree and not yet executed.

A function that returns what it loads and trains nothing is called as a whole. Of a function that also trains, and of
the script itself, the statements are taken that load, and those before them that make what they need.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from tinytorch_hf.milestones.checkout.bridges import BRIDGES
from tinytorch_hf.milestones.checkout.needs import MILESTONES
from tinytorch_hf.milestones.proving import syntax

_MODULES = frozenset(
    [name for bridge in BRIDGES for name in bridge.modules]
    + [need.module for milestone in MILESTONES for need in milestone.needs]
)
_CLASSES = frozenset(bridge.attribute for bridge in BRIDGES)
_READERS = frozenset(["read_text", "read_bytes", "load", "loadtxt", "genfromtxt", "fromfile", "memmap"])
_NETWORK = frozenset(["urlopen", "urlretrieve"])
_TRAINING = frozenset(["backward", "zero_grad", "step"])
_PREFIX = "_loaded_by_"
SEEN = "_seen_by_tinytorch_hf"
"""The function, of whoever executes a plan, that gets what a call has loaded, and gives it back."""


@dataclass(frozen=True)
class Load:
    """One thing to call.

    Attributes
    ----------
    function
        The name under which the code of the plan has it.
    shown
        What the script writes there.
    names
        If it gives its local names, those that hold what was loaded; None if what it gives is what was loaded.
    """

    function: str
    shown: str
    names: tuple[str, ...] | None = None


@dataclass
class Plan:
    """What of a script loads its data.

    Attributes
    ----------
    code
        The code to execute before anything is called.
    loads
        What to call then.
    problems
        What cannot be taken out of the script, and why.
    """

    code: ast.Module = field(default_factory=lambda: ast.Module([], []))
    loads: list[Load] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def plan(tree: ast.Module) -> Plan:
    """What of a script loads its data; nothing if it loads none."""
    return _Planner(tree).plan()


class _Planner:
    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._functions = [node for node in ast.walk(tree) if isinstance(node, syntax.FunctionNode)]
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        self._classes = {id(part): cls for cls in classes for part in cls.body if isinstance(part, syntax.FunctionNode)}
        self._givers = {name for name, module in syntax.imported(tree) if module in _MODULES or name in _CLASSES}
        self._objects: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and any(map(self._is_given, ast.walk(node.value))):
                self._objects |= {part.id for target in node.targets for part in syntax.names_in(target)}
        self._trainers = self._find_trainers()
        # Functions, classes and methods of the script that load what their callers name.
        self._loaders: set[str] = set()

    def _find_trainers(self) -> set[str]:
        found: set[str] = set()
        while True:
            new = {node.name for node in self._functions if node.name not in found and self._trains(node, found)}
            if not new:
                return found
            found |= new

    def _trains(self, node: ast.AST, trainers: set[str] | None = None) -> bool:
        """Whether a statement trains something, or calls a function that does."""
        known = self._trainers if trainers is None else trainers
        for part in ast.walk(node):
            if isinstance(part, ast.Call):
                name = syntax.called(part)
                if isinstance(part.func, ast.Attribute) and name in _TRAINING:
                    return True
                if name in known and isinstance(part.func, ast.Name):
                    return True
        return False

    def _is_given(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self._givers

    def _loads(self, node: ast.AST) -> bool:
        """Whether an expression is a call that loads data."""
        if not isinstance(node, ast.Call):
            return False
        name = syntax.called(node)
        if name in self._loaders or name in _NETWORK or self._is_given(node):
            return True
        if name == "open":
            return syntax.is_to_read(node)
        if isinstance(node.func, ast.Attribute):
            owner = node.func.value
            is_array_library = isinstance(owner, ast.Name) and owner.id in ("np", "numpy")
            return (name in _READERS and (is_array_library or name.startswith("read"))) or (
                isinstance(owner, ast.Name) and owner.id in self._objects
            )
        return False

    def _has_load(self, node: ast.AST) -> bool:
        """Whether a statement loads data, other than in a function that it defines."""
        return any(self._loads(part) for part in syntax.outside_functions(node))

    def plan(self) -> Plan:
        """What of the script loads its data."""
        found = Plan()
        whole, parts = self._places(found)
        bodies: list[ast.stmt] = []
        for function in parts:
            body = self._part_of(function, found)
            if body is not None:
                bodies.append(body)
        needed = {node.name for node in whole}.union(*map(syntax.names_used, bodies))
        own = self._taken(self._tree.body, needed)
        names = self._bound_by_loads(own)
        if not (whole or bodies or any(map(self._has_load, self._tree.body))):
            return found
        shown = self._shown(self._tree.body)
        own = [
            statement if isinstance(statement, syntax.DEFINITIONS) else self._watched(statement) for statement in own
        ]
        found.code = ast.fix_missing_locations(ast.Module([*own, *bodies], []))
        found.loads += [Load(node.name, f"{node.name}()") for node in whole]
        if shown:
            found.loads.insert(0, Load("", shown, names))
        return found

    def _places(self, found: Plan) -> tuple[list[syntax.FunctionNode], list[syntax.FunctionNode]]:
        """Functions to call as a whole, and functions of which a part is to be taken."""
        whole: list[syntax.FunctionNode] = []
        parts: list[syntax.FunctionNode] = []
        seen: set[int] = set()
        while True:
            new = [node for node in self._functions if id(node) not in seen and any(map(self._has_load, node.body))]
            if not new:
                return whole, parts
            for node in new:
                seen.add(id(node))
                cls = self._classes.get(id(node))
                gives = any(isinstance(part, ast.Return) and part.value for part in ast.walk(node))
                if node.name in self._trainers:
                    parts.append(node)
                elif cls is not None:
                    self._ask_callers(cls.name if node.name == "__init__" else node.name, found)
                elif syntax.required(node):
                    self._ask_callers(node.name, found)
                elif gives and node in self._tree.body:
                    whole.append(node)
                else:
                    parts.append(node)

    def _ask_callers(self, name: str, found: Plan) -> None:
        """What this loads is known where it is called."""
        if any(isinstance(node, ast.Call) and syntax.called(node) == name for node in ast.walk(self._tree)):
            self._loaders.add(name)
        else:
            found.problems.append(f"nothing in the script says what {name} is to load")

    def _part_of(self, function: syntax.FunctionNode, found: Plan) -> ast.FunctionDef | None:
        """A function without arguments that loads what this one does, and gives its local names."""
        body = self._taken(function.body, set())
        handed = syntax.required(function) & set().union(*map(syntax.names_used, body))
        shown = self._shown(function.body)
        if handed:
            found.problems.append(f"{shown} in {function.name} needs {', '.join(sorted(handed))} from its caller")
            return None
        arguments = syntax.with_defaults(function.args)
        give = ast.Return(ast.Call(ast.Name("locals", ast.Load()), [], []))
        made = ast.FunctionDef(f"{_PREFIX}{function.name}", arguments, [*map(self._watched, body), give], [])
        ast.copy_location(made, function)
        found.loads.append(Load(made.name, shown, self._bound_by_loads(body)))
        return made

    def _taken(self, body: list[ast.stmt], needed: set[str]) -> list[ast.stmt]:
        """Of these statements those that load, those that make what is needed, and what Python's path is changed by."""
        needed = set(needed)
        kept = []
        for statement in reversed(list(self._in_line(body))):
            is_definition = isinstance(statement, (*syntax.DEFINITIONS,))
            loads = not is_definition and self._has_load(statement)
            makes = bool(syntax.names_bound(statement) & needed) and (is_definition or not self._trains(statement))
            if loads or makes or syntax.changes_path(statement) or self._changes(statement, needed):
                kept.append(statement)
                needed |= syntax.names_used(statement)
        return kept[::-1]

    def _in_line(self, body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
        """Statements one after the other; into what trains, or would hide a failure, only where it loads."""
        for statement in body:
            if isinstance(statement, syntax.DEFINITIONS) or not any(
                map(self._has_load, ast.iter_child_nodes(statement))
            ):
                yield statement
            elif isinstance(statement, ast.Try):
                yield from self._in_line(statement.body)
            elif isinstance(statement, (ast.If, ast.For, ast.While, ast.With)) and self._trains(statement):
                if isinstance(statement, ast.With) and any(self._has_load(part) for part in statement.items):
                    yield ast.copy_location(ast.With(statement.items, [ast.Pass()]), statement)
                yield from self._in_line(statement.body)
            else:
                yield statement

    def _changes(self, statement: ast.stmt, needed: set[str]) -> bool:
        """Whether this calls a method of something that is needed, as ``parser.add_argument`` does."""
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
            return False
        owner: ast.expr = statement.value.func
        if not isinstance(owner, ast.Attribute) or self._trains(statement):
            return False
        while isinstance(owner, ast.Attribute):
            owner = owner.value
        return isinstance(owner, ast.Name) and owner.id in needed and owner.id != "console"

    def _watched(self, statement: ast.stmt) -> ast.stmt:
        """A statement in which what each call loads is handed to `SEEN`, too, since it may have no name."""
        return cast("ast.stmt", _Watching(self._loads).visit(copy.deepcopy(statement)))

    def _bound_by_loads(self, body: list[ast.stmt]) -> tuple[str, ...]:
        loading = [part for part in body if not isinstance(part, syntax.DEFINITIONS) and self._has_load(part)]
        return tuple(sorted(set().union(*map(syntax.names_bound, loading)))) if loading else ()

    def _shown(self, body: list[ast.stmt]) -> str:
        """The calls that load, as they are written."""
        parts = [part for statement in body for part in syntax.outside_functions(statement) if self._loads(part)]
        inner = {id(inside) for part in parts for inside in ast.walk(part) if inside is not part}
        shown = dict.fromkeys(ast.unparse(part) for part in parts if id(part) not in inner)
        return ", ".join(shown)


class _Watching(ast.NodeTransformer):
    def __init__(self, loads: Callable[[ast.AST], bool]) -> None:
        self._loads = loads

    def visit_Call(self, node: ast.Call) -> ast.AST:
        loads = self._loads(node) and syntax.called(node) != "open"
        shown = ast.unparse(node)
        self.generic_visit(node)
        if not loads:
            return node
        return ast.copy_location(ast.Call(ast.Name(SEEN, ast.Load()), [ast.Constant(shown), node], []), node)
