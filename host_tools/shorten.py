"""Shortens a program's names on its way to the device: each that is not in MicroPython's own image stays in the
device's heap for good (docs/decisions/0004-heap.md).

A private name belongs to its file, so every file's are `_a`, `_b` ... again. A public one that the program itself
defines becomes the same other one everywhere: one that the image has, as long as there are any, or two letters. Lines
stay where they are, for the sake of tracebacks; what was compiled lies beside the result
(`build/device/<board>.source`).
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import io
import itertools
import json
import keyword
import os
import string
import struct
import sys
import time
import tokenize
from collections.abc import Iterable, Iterator, Mapping

from host_tools.flatten import flatten, rename
from host_tools.inline import apply, inline, names_of

# Names that somebody else's code may mean when the program says them: no object of these is ours to rename.
_OTHERS = (
    builtins, str, bytes, bytearray, memoryview, int, list, tuple, dict, set, BaseException, type, sys, os, time, json,
    struct, asyncio, asyncio.Event, asyncio.Lock, asyncio.StreamReader, asyncio.StreamWriter, asyncio.Task, io.BytesIO,
    io.StringIO,
)  # fmt: skip
# Keyword arguments of builtins, and what MicroPython has and CPython has not, as far as a name of ours might meet it.
_ALSO = {
    "mount",
    "key",
    "reverse",
    "sep",
    "end",
    "file",
    "default",
    "mode",
    "const",
    "readinto",
    "ticks_ms",
    "fill",
    "blit",
    "text",
    "wait_io_event",
}

# Names that are in every ESP32's image, and so cost nothing there: of math, cmath, random, heapq, framebuf,
# collections, uctypes, binascii, machine and time. One that the program uses itself is not taken.
IN_THE_IMAGE = """
    acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees erf erfc exp expm1 fabs factorial floor fmod
    frexp gamma inf isclose isfinite isinf isnan ldexp lgamma log10 log2 modf nan pi radians sin sinh sqrt tan tanh tau
    trunc phase polar rect choice getrandbits randint randrange seed uniform heapify heappop heappush
    hline vline ellipse scroll poly pixel popleft appendleft namedtuple deque addressof bytearray_at bytes_at sizeof
    unhexlify a2b_base64 b2a_base64 mem8 mem16 mem32 ticks_cpu ticks_us
"""


class NotOwn(Exception):
    """A file uses a private name that is not its own; the message says which."""


def _is_private(name: str) -> bool:
    return len(name) > 1 and name[0] == "_" and name[1] != "_"


def _is_constant(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name()], value=ast.Call(func=ast.Name(id="const"))):
            return True
    return False


def _mentions(tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """(name, line, whether this defines it) of each name in a file."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno, True
            case ast.Name():
                yield node.id, node.lineno, isinstance(node.ctx, ast.Store)
            case ast.Attribute():
                yield node.attr, node.lineno, isinstance(node.ctx, ast.Store)
            case ast.arg():
                yield node.arg, node.lineno, True
            case ast.alias() if _is_private(node.asname or node.name):
                raise NotOwn(f"line {node.lineno} imports {node.name}, a private name of another file")


def _constants(tree: ast.Module) -> set[str]:
    # The compiler takes the private ones out.
    return {target.id for statement in tree.body if _is_constant(statement) for target in statement.targets}


def _private_names(tree: ast.Module) -> dict[str, None]:
    """Those that a file defines, in order; without its constants."""
    constants = _constants(tree)
    defined: dict[str, None] = {}
    used: dict[str, int] = {}
    for name, line, owns in _mentions(tree):
        if _is_private(name) and name not in constants:
            used.setdefault(name, line)
            if owns:
                defined[name] = None
    for name, line in used.items():
        if name not in defined:
            raise NotOwn(f"line {line} uses {name}, a private name of another file")
    return defined


def _short_names(prefix: str = "") -> Iterator[str]:
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            yield prefix + "".join(letters)


def _replace(source: str, names: Mapping[str, str]) -> str:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return apply(
        source,
        [
            (*token.start, token.end[1], names[token.string])
            for token in tokens
            if token.type == tokenize.NAME and token.string in names
        ],
    )


def shorten(source: str) -> str:
    """The same module with short private names. Raises NotOwn, SyntaxError."""
    return _replace(source, dict(zip(_private_names(ast.parse(source)), _short_names("_"), strict=False)))


def _lasting(tree: ast.AST, within: bool = False) -> Iterator[str]:
    """The names that a file defines and that live as long as it does: all but a function's own."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                if not isinstance(node, ast.Lambda):
                    yield node.name
                yield from (one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg))
                yield from _lasting(node, True)
                continue
            case ast.ClassDef():
                if not node.bases:  # else it is an exception, which the log calls by its name
                    yield node.name
                yield from _lasting(node)
                continue
            case ast.Name(id=name, ctx=ast.Store()) if not within:
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
        yield from _lasting(node, within)


def _foreign() -> set[str]:
    return {name for other in _OTHERS for name in dir(other)} | _ALSO


def _public_names(sources: Mapping[str, str], kept: Iterable[str]) -> dict[str, str]:
    """{name: short name} of what the program defines for itself."""
    others = set(kept) | set(keyword.kwlist)
    # A module's name is a file's.
    others |= {part for module in sources for part in module.split(".")}
    taken = others.union(*(names_of(source) for source in sources.values()))
    names = itertools.chain(IN_THE_IMAGE.split(), (name for name in _short_names() if len(name) > 1))
    free = (name for name in names if name not in taken)
    found = dict.fromkeys(name for source in sources.values() for name in _lasting(ast.parse(source)))
    return dict(zip((n for n in found if n[0] != "_" and len(n) > 2 and n not in others), free, strict=False))


def _outermost(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
        else:
            yield from _outermost(node)


def _fixed(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[str]:
    """Names in a function that are not an argument's alone, or that no node of their own stands for."""
    own = {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
    for node in ast.walk(function):
        match node:
            case ast.Nonlocal(names=names) | ast.Global(names=names):
                yield from names
            case ast.ExceptHandler(name=str(name)):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) if name not in own:
                yield name
            case ast.arguments():
                # Defaults belong to the scope outside.
                for default in (*node.defaults, *(one for one in node.kw_defaults if one)):
                    yield from (name.id for name in ast.walk(default) if isinstance(name, ast.Name))


def _arguments(source: str, keywords: set[str]) -> str:
    """The same module with each function's arguments called `a`, `b` ... again; those that are given by keyword keep
    their names.
    """
    lines = source.splitlines()
    edits = []
    for function in _outermost(ast.parse(source)):
        nodes = [node for node in ast.walk(function) if isinstance(node, ast.Name | ast.arg)]
        own = {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
        stays = {node.id for node in nodes if isinstance(node, ast.Name)} - own | set(_fixed(function))
        free = (name for name in _short_names() if name not in stays)
        names = dict(zip(sorted(own - keywords - stays - {"self"}), free, strict=False))
        for node in nodes:
            name = node.id if isinstance(node, ast.Name) else node.arg
            if name in names:
                start = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
                edits.append((node.lineno, start, start + len(name), names[name]))
    return apply(source, edits)


def program(sources: Mapping[str, str], kept: Iterable[str] = ()) -> dict[str, str]:
    """The same program, {name on the device: source}, with its numbers written in, no packages and short names.

    `kept` are names that others use: those of a board. Raises NotOwn, SyntaxError.
    """
    for module, source in sources.items():
        if any(isinstance(node, ast.JoinedStr) for node in ast.walk(ast.parse(source))):
            raise NotOwn(f"{module} has an f-string, in which names would stay as they are")
    inlined = flatten(inline(sources))
    keywords = {node.arg for source in inlined.values() for node in ast.walk(ast.parse(source))
                if isinstance(node, ast.keyword) and node.arg}  # fmt: skip
    bare = {module: _arguments(source, keywords) for module, source in inlined.items()}
    others = set(kept) | _foreign()
    scoped = rename(bare, others)
    public = _public_names(scoped, others)
    return {module: shorten(_replace(source, public)) for module, source in scoped.items()}
