"""Lays a program's modules side by side, and lets each name its own things anew: on a device a module of a package
costs three names, one at the top two; and what only an import reaches may have the same short name in every module.
"""

from __future__ import annotations

import ast
import itertools
import string
from collections.abc import Iterable, Iterator, Mapping

from host_tools.inline import Edit, apply, imports, names_of

PACKAGE = "inkmeter"


def flat(module: str) -> str:
    """The name of a module on the device: "inkmeter.screens.now" is `screens_now`."""
    return module.removeprefix(PACKAGE + ".").replace(".", "_")


def _import(node: ast.ImportFrom, modules: Iterable[str]) -> str | None:
    # The same import of flat modules, or None for one that is not of this program.
    if node.module in modules and node.module != PACKAGE and f"{node.module}.{node.names[0].name}" not in modules:
        names = ", ".join(f"{one.name} as {one.asname}" if one.asname else one.name for one in node.names)
        return f"from {flat(node.module)} import {names}"
    if node.module is None or node.module.split(".")[0] != PACKAGE:
        return None
    parts = []
    for one in node.names:
        name = flat(f"{node.module}.{one.name}")
        wanted = one.asname or one.name
        parts.append(name if name == wanted else f"{name} as {wanted}")
    return "import " + ", ".join(parts)


def flatten(sources: Mapping[str, str]) -> dict[str, str]:
    """The same program, {flat name: source}, without packages. Raises SyntaxError."""
    result = {}
    for module, source in sources.items():
        if module == PACKAGE:
            continue
        lines = source.splitlines(keepends=True)
        edits: list[Edit] = []
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (text := _import(node, sources)):
                edits += imports(lines, node, text)
        result[flat(module)] = apply(source, edits)
    return result


class _Scope:
    """What one flat module defines at its top, and what it means by a name that it imported."""

    def __init__(self, module: str, source: str, modules: Iterable[str]) -> None:
        self.module = module
        self.source = source
        self.lines = source.splitlines(keepends=True)
        self.tree = ast.parse(source)
        self.aliases: dict[str, str] = {}
        self.taken: dict[str, tuple[str, str]] = {}  # local name: module, its name there
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                self.aliases |= {one.asname or one.name: one.name for one in node.names if one.name in modules}
            elif isinstance(node, ast.ImportFrom) and node.module in modules:
                self.taken |= {one.asname or one.name: (node.module, one.name) for one in node.names}
        self.defined = set(self._defined())
        # What a function calls by the name of a module may be another thing.
        self.shadowed = {one.arg for one in ast.walk(self.tree) if isinstance(one, ast.arg)} | {
            one.id for one in ast.walk(self.tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        }

    def module_of(self, alias: str) -> str:
        """The module that a name stands for throughout this file, or ""."""
        return "" if alias in self.shadowed else self.aliases.get(alias, "")

    def _defined(self) -> Iterator[str]:
        for node in self.tree.body:
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    yield name
                case ast.ClassDef(name=name, bases=[]):
                    yield name
                case ast.Assign(targets=[ast.Name(id=name)]):
                    yield name

    def foreign(self) -> Iterator[str]:
        """Names that this file means otherwise than as the top of a module of this program."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Attribute(value=ast.Name(id=alias)) if self.module_of(alias):
                    pass
                case ast.Attribute(attr=name):
                    yield name
                case ast.arg(arg=name) | ast.keyword(arg=str(name)):
                    yield name
                case ast.Global(names=names) | ast.Nonlocal(names=names):
                    yield from names
                case ast.ClassDef(body=body):
                    yield from (one.name for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                    yield from (
                        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
                    )


def rename(sources: Mapping[str, str], kept: Iterable[str] = ()) -> dict[str, str]:
    """The same flat program, in which what only imports reach is `A`, `B` ... in every module."""
    scopes = {module: _Scope(module, source, sources) for module, source in sources.items()}
    foreign = set(kept).union(*(scope.foreign() for scope in scopes.values()))
    own = {
        module: {name for name in scope.defined if name[0] != "_" and name not in foreign}
        for module, scope in scopes.items()
    }
    taken = set().union(*(names_of(source) for source in sources.values()))
    names: dict[str, dict[str, str]] = {}
    for module, scope in scopes.items():
        borrowed = [
            local for local, (other, name) in scope.taken.items() if name in own[other] and local not in foreign
        ]
        letters = (itertools.product(string.ascii_uppercase, repeat=size) for size in itertools.count(1))
        free = (name for name in map("".join, itertools.chain.from_iterable(letters)) if name not in taken)
        names[module] = dict(zip([*sorted(own[module]), *borrowed], free, strict=False))
    return {module: apply(scope.source, list(_edits(scope, names))) for module, scope in scopes.items()}


def _edits(scope: _Scope, names: Mapping[str, Mapping[str, str]]) -> Iterator[Edit]:
    own = names[scope.module]

    def column(row: int, octets: int) -> int:
        return len(scope.lines[row - 1].encode()[:octets].decode())

    for node in ast.walk(scope.tree):
        match node:
            case ast.Name(id=name) if name in own:
                start = column(node.lineno, node.col_offset)
                yield node.lineno, start, start + len(name), own[name]
            case ast.Attribute(value=ast.Name(id=alias), attr=name) if name in names.get(scope.module_of(alias), ()):
                assert node.end_lineno is not None and node.end_col_offset is not None
                end = column(node.end_lineno, node.end_col_offset)
                yield node.end_lineno, end - len(name), end, names[scope.module_of(alias)][name]
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) if (
                name in own and node in scope.tree.body
            ):
                start = scope.lines[node.lineno - 1].index(name, scope.lines[node.lineno - 1].index(" "))
                yield node.lineno, start, start + len(name), own[name]
            case ast.ImportFrom(module=str(module)) if module in names:
                parts = []
                for one in node.names:
                    there, here = names[module].get(one.name, one.name), one.asname or one.name
                    here = own.get(here, here)
                    parts.append(there if there == here else f"{there} as {here}")
                yield from imports(scope.lines, node, f"from {module} import {', '.join(parts)}")
