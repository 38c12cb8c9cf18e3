"""A script and the modules beside it: what they define, and what is known about it while the script is followed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinytorch_hf.milestones.gradients.values import NOTHING, Site, Value, few, united

_LARGEST_BYTES = 1 << 20
_DEEPEST = 3

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(eq=False)
class Scope:
    """Names of one call of a function, or of a module, with all that they were bound to; functions in it see them."""

    parent: Scope | None = None
    names: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    is_seen: bool = False

    def find(self, name: str) -> tuple[Value, ...] | None:
        """What a name is bound to, here or further out."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def bind(self, name: str, value: Value) -> bool:
        """Bind a name, to this as well; whether that is new."""
        before = self.names.get(name, ())
        self.names[name] = few((*before, value))
        return self.names[name] != before


@dataclass(eq=False)
class Module:
    """A file, its syntax tree, and its names."""

    path: Path
    tree: ast.Module
    scope: Scope


@dataclass(frozen=True)
class Class:
    """A class that a file defines."""

    node: ast.ClassDef
    module: Module
    scope: Scope

    def method(self, name: str) -> FunctionNode | None:
        """Its method of this name, or that of a class of the same file that it derives from."""
        return self._method(name, 0)

    def _method(self, name: str, depth: int) -> FunctionNode | None:
        for node in self.node.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
                return node
        for base in self.node.bases:
            known = self.scope.find(base.id) if isinstance(base, ast.Name) and depth < _DEEPEST else None
            for ref in (ref for value in known or () for ref in value.refs if isinstance(ref, Class)):
                found = ref._method(name, depth + 1)
                if found is not None:
                    return found
        return None

    def forward(self) -> FunctionNode | None:
        """The method that its instances are called by."""
        return self.method("__call__") or self.method("forward")


@dataclass(frozen=True)
class Instance:
    """An object of a class that a file defines, known by where it was made."""

    cls: Class
    key: Any


@dataclass(frozen=True)
class Function:
    """A function of a file; of an object, if it is a method."""

    node: FunctionNode
    module: Module
    scope: Scope
    owner: Instance | None = None


@dataclass(frozen=True)
class Outside:
    """What a file only names, with dots."""

    name: str


@dataclass(frozen=True)
class Chain:
    """An object of a class that is defined elsewhere and calls what it was given, one after the other."""


@dataclass(frozen=True)
class Argument:
    """What someone hands over of whom nothing is known."""


def read(path: Path) -> Module | None:
    """A file; None if it is too large to be written by hand, or cannot be read or parsed."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return None
        return Module(path, ast.parse(path.read_bytes()), Scope(is_seen=True))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class Memory:
    """What is known of all objects, and what happened, while a script is followed."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.version = 0
        self.heap: dict[tuple[Instance, str], Value] = {}
        self.roots: dict[tuple[ast.AST, tuple[Any, ...]], set[Value]] = {}
        self.trained: set[Site] = set()
        self.with_parameters: set[Site] = set()
        self.modules: dict[Path, Module | None] = {}
        self.by_hand: set[ast.AST] = set()
        self.visited: set[ast.AST] = set()
        self.labels: dict[ast.AST, str] = {}
        self.known: dict[Any, tuple[int, tuple[Value, ...]]] = {}

    def store(self, owner: Instance, name: str, value: Value) -> None:
        """Add to what an attribute may be."""
        before = self.heap.get((owner, name))
        after = value if before is None else united([before, value])
        if after != before:
            self.heap[owner, name] = after
            self.version += 1

    def attributes(self, owner: Instance) -> Iterator[Value]:
        """What is known of all attributes of an object."""
        return (value for (instance, _), value in list(self.heap.items()) if instance == owner)

    def with_held(self, value: Value, depth: int = 0) -> Value:
        """A value with the parameters of the objects that it may be."""
        owners = [ref for ref in value.refs if isinstance(ref, Instance)]
        inside = [
            Value(live=self.with_held(each, depth + 1).live, holds=True)
            for owner in owners
            for each in self.attributes(owner)
            if depth < _DEEPEST
        ]
        if value.items is not None:
            inside += [self.with_held(each, depth + 1) for _, each in value.items if depth < _DEEPEST]
        held = united([NOTHING, *inside])
        return Value(
            value.live | held.live,
            value.numbers,
            value.weights,
            value.cuts,
            value.refs,
            value.items,
            value.holds or bool(owners) or any(isinstance(ref, Chain) for ref in value.refs),
            value.is_mixed,
            value.is_gradient,
        )
