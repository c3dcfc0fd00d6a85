"""Compiles the firmware's words, firmware/inkmeter/words.txt, into the file that the device looks them up in.

    inkmeter words

words.dat: "IKW1", number of texts (16 bits), number of outcomes, a spare octet; per outcome its code (3 letters) and
the numbers of the texts that say who must act and when it tries again; then, English first and Welsh after, the
place of each text in the file, and one for the end (16 bits each, low octet first); then the texts, UTF-8.
The numbers stand as constants in firmware/inkmeter/words.py, in the file's order.
"""

from __future__ import annotations

import dataclasses
import re
import struct
from pathlib import Path

from host_tools import ROOT

SOURCE = ROOT / "firmware/inkmeter/words.txt"
OUTPUT = ROOT / "firmware/inkmeter/words.dat"
MODULE = ROOT / "firmware/inkmeter/words.py"
_BEGIN, _END = "# Made by `inkmeter words` from words.txt.\n", "# End of what is made.\n"


class WordsWrong(Exception):
    """words.txt does not follow its own rules; the message gives the line."""


@dataclasses.dataclass(frozen=True)
class Text:
    """One text: its name, and its wordings, longest first, in both languages."""

    name: str
    english: str
    welsh: str


@dataclasses.dataclass(frozen=True)
class Outcome:
    """One outcome: its code, its two texts, and the names of the texts for who and when."""

    code: str
    happened: Text
    todo: Text
    who: str
    when: str


def read(source: Path = SOURCE) -> tuple[list[Text], list[Outcome]]:
    """The texts and outcomes of words.txt. Raises WordsWrong."""
    texts: list[Text] = []
    outcomes: list[Outcome] = []
    head: tuple[str, str, str] | None = None
    pair: list[Text] = []
    for number, line in enumerate(source.read_text().splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 3 or not all(parts):
            raise WordsWrong(f"line {number}: wants three parts")
        if re.fullmatch(r"[A-Z]\d\d", parts[0]):
            head = (parts[0], parts[1], parts[2])
        elif parts[0] in ("happened", "do"):
            if head is None:
                raise WordsWrong(f"line {number}: belongs to no code")
            pair.append(Text(f"{head[0]}.{parts[0]}", parts[1], parts[2]))
            if len(pair) == 2:
                outcomes.append(Outcome(head[0], pair[0], pair[1], head[1], head[2]))
                head, pair = None, []
        elif re.fullmatch(r"[A-Z][A-Z0-9_]*", parts[0]):
            texts.append(Text(parts[0], parts[1], parts[2]))
        else:
            raise WordsWrong(f"line {number}: {parts[0]!r} is no name")
    names = [text.name for text in texts]
    for name in names:
        if names.count(name) > 1:
            raise WordsWrong(f"{name} stands twice")
    return texts, outcomes


def compiled(source: Path = SOURCE) -> bytes:
    """words.dat. Raises WordsWrong, ValueError for a name of who or when that is not there."""
    texts, outcomes = read(source)
    numbers = [text.name for text in texts]
    every = texts + [text for outcome in outcomes for text in (outcome.happened, outcome.todo)]
    codes = b"".join(
        outcome.code.encode() + bytes((numbers.index(outcome.who), numbers.index(outcome.when))) for outcome in outcomes
    )
    bodies = [text.english.encode() for text in every] + [text.welsh.encode() for text in every]
    at = 8 + len(codes) + 2 * (len(bodies) + 1)
    places = []
    for body in bodies:
        places.append(at)
        at += len(body)
    places.append(at)
    head = struct.pack("<4sHBB", b"IKW1", len(every), len(outcomes), 0)
    return head + codes + struct.pack(f"<{len(places)}H", *places) + b"".join(bodies)


def module(source: Path = SOURCE, module: Path = MODULE) -> str:
    """words.py with the numbers of words.txt in it."""
    texts, _ = read(source)
    before, rest = module.read_text().split(_BEGIN)
    after = rest.split(_END)[1]
    constants = "".join(f"{text.name} = const({number})\n" for number, text in enumerate(texts))
    return before + _BEGIN + constants + _END + after


def make() -> None:
    """Writes words.dat and the numbers in words.py."""
    OUTPUT.write_bytes(compiled())
    MODULE.write_text(module())
