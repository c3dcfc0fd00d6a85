"""Writes a program's public numbers in where they are used, so that they cost the device no name and no memory.

MicroPython's compiler does this for a file's own `_NAME = const(5)`. Here `NAME = const(5)` of one file is written
into the others that import it, or its module, and becomes private to its own. Lines stay where they are.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping

Edit = tuple[int, int, int, str]  # line from 1, columns in characters, what is to stand there


def apply(source: str, edits: list[Edit]) -> str:
    """The source with edits made, none of which overlaps another."""
    lines = source.splitlines(keepends=True)
    for row, start, end, text in sorted(edits, reverse=True):
        line = lines[row - 1]
        lines[row - 1] = line[:start] + text + line[end:]
    return "".join(lines)


def _at(lines: list[str], node: ast.expr) -> tuple[int, int, int]:
    # ast counts columns in octets of UTF-8.
    line = lines[node.lineno - 1].encode()
    assert node.end_lineno == node.lineno and node.end_col_offset is not None
    return node.lineno, len(line[: node.col_offset].decode()), len(line[: node.end_col_offset].decode())


def constants(tree: ast.Module) -> dict[str, int]:
    """{name: number} of a module's public constants that are numbers."""
    known: dict[str, int] = {}
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="const"), args=[value])):
                expression = compile(ast.Expression(value), "const", "eval")
                number = eval(expression, {"__builtins__": {}}, dict(known))
                if isinstance(number, int):
                    known[name] = number
    return {name: number for name, number in known.items() if not name.startswith("_")}


def imports(lines: list[str], node: ast.ImportFrom | ast.Import, text: str) -> Iterator[Edit]:
    """What puts `text` in the place of an import statement, whose further lines become empty."""
    assert node.end_lineno is not None
    for row in range(node.lineno, node.end_lineno + 1):
        line = lines[row - 1]
        start = len(line) - len(line.lstrip()) if row == node.lineno else 0
        yield row, start, len(line.rstrip("\n")), text if row == node.lineno else ""


class _File:
    """One file's view of the others: what its names mean."""

    def __init__(self, source: str, module: str, program: Mapping[str, dict[str, int]]) -> None:
        self.source = source
        self.lines = source.splitlines(keepends=True)
        self.tree = ast.parse(source)
        self.own = program.get(module, {})
        self.mentioned = names_of(source)
        self.program = program
        self.numbers: dict[str, int] = {}
        self.modules: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    name = alias.asname or alias.name
                    if alias.name in program.get(node.module, {}):
                        self.numbers[name] = program[node.module][alias.name]
                    elif f"{node.module}.{alias.name}" in program:
                        self.modules[name] = f"{node.module}.{alias.name}"

    def edits(self) -> Iterator[Edit]:
        replaced: set[int] = set()
        for node in ast.walk(self.tree):
            match node:
                case ast.Attribute(value=ast.Name(id=module), attr=name) if (
                    module in self.modules and name in self.program[self.modules[module]]
                ):
                    replaced.add(id(node.value))
                    yield *_at(self.lines, node), str(self.program[self.modules[module]][name])
                case ast.Name(id=name, ctx=ast.Load()) if name in self.numbers:
                    yield *_at(self.lines, node), str(self.numbers[name])
                case ast.Name(id=name) if name in self.own:
                    yield *_at(self.lines, node), self._private(name)
        still = {n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name) and id(n) not in replaced}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                yield from self._import(node, still)

    def _private(self, name: str) -> str:
        name = "_" + name
        while name in self.mentioned:
            name += "_"
        return name

    def _import(self, node: ast.ImportFrom, still: set[str]) -> Iterator[Edit]:
        kept = []
        for alias in node.names:
            name = alias.asname or alias.name
            if name in self.numbers or (name in self.modules and name not in still):
                continue
            kept.append(f"{alias.name} as {alias.asname}" if alias.asname else alias.name)
        if len(kept) == len(node.names):
            return
        yield from imports(self.lines, node, f"from {node.module} import {', '.join(kept)}" if kept else "pass")


def inline(sources: Mapping[str, str]) -> dict[str, str]:
    """The same program, {module's name: source}, without public numbers. Raises SyntaxError."""
    program = {module: constants(ast.parse(source)) for module, source in sources.items()}
    return {module: apply(source, list(_File(source, module, program).edits())) for module, source in sources.items()}


def names_of(source: str) -> set[str]:
    """Every name that the source mentions."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME}
