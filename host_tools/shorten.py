"""Shortens a firmware module's private names on its way to the device: each name that is not in MicroPython's own
image stays in the device's heap for good (docs/decisions/0004-heap.md).

A private name belongs to its file, so every file's are `_a`, `_b` ... again. Lines stay where they are, for the sake
of tracebacks.
"""

from __future__ import annotations

import ast
import io
import itertools
import string
import tokenize
from collections.abc import Iterator


class NotOwn(Exception):
    """A file uses a private name that is not its own; the message says which."""


def _is_private(name: str) -> bool:
    return len(name) > 1 and name[0] == "_" and name[1] != "_"


def _is_constant(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name()], value=ast.Call(func=ast.Name(id="const"))):
            return True
    return False


def _private_names(tree: ast.Module) -> dict[str, None]:
    """Those that a file defines, in order; without its constants, which the compiler takes out."""
    constants = {target.id for statement in tree.body if _is_constant(statement) for target in statement.targets}
    defined: dict[str, None] = {}
    used: dict[str, int] = {}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                name, owns = node.name, True
            case ast.Name():
                name, owns = node.id, isinstance(node.ctx, ast.Store)
            case ast.Attribute():
                name, owns = node.attr, isinstance(node.ctx, ast.Store)
            case ast.arg():
                name, owns = node.arg, True
            case ast.alias() if _is_private(node.asname or node.name):
                raise NotOwn(f"line {node.lineno} imports {node.name}, a private name of another file")
            case _:
                continue
        if _is_private(name) and name not in constants:
            used.setdefault(name, node.lineno)
            if owns:
                defined[name] = None
    for name, line in used.items():
        if name not in defined:
            raise NotOwn(f"line {line} uses {name}, a private name of another file")
    return defined


def _short_names() -> Iterator[str]:
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            yield "_" + "".join(letters)


def shorten(source: str) -> str:
    """The same module with short private names. Raises NotOwn, SyntaxError."""
    private = _private_names(ast.parse(source))
    names = dict(zip(private, _short_names(), strict=False))
    lines = source.splitlines(keepends=True)
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for token in reversed(tokens):
        if token.type == tokenize.NAME and token.string in names:
            row, start = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:start] + names[token.string] + line[start + len(token.string) :]
    return "".join(lines)
