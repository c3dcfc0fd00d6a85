"""Messaging 0x0703: what the supplier has to say, and whether anybody has said that it was read (SE 1.4, annex D.5)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from host_tools.sim import smart_energy as se
from host_tools.sim.metering import Now
from host_tools.sim.supply import to_utc
from host_tools.sim.zcl_server import Answer, Answers, asked

MESSAGING = 0x0703
LONGEST_TEXT = 116  # octets, GBCS
UNTIL_CHANGED = 0xFFFF
DISPLAY, CANCEL, DISPLAY_PROTECTED, CANCEL_ALL = 0x00, 0x01, 0x02, 0x03
_ENHANCED, _CONFIRM = 0x20, 0x80


class Importance(IntEnum):
    """Bits 2 and 3 of the message control."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3


@dataclasses.dataclass
class Text:
    """A message: `minutes` from `start` on (Zigbee UTC). `confirmed_by` are the EUI-64s that confirmed it."""

    identifier: int
    text: bytes
    importance: Importance
    start: int
    minutes: int
    confirm: bool
    protected: bool
    confirmed_by: list[bytes | None] = dataclasses.field(default_factory=list)


class MessageServer:
    """One message at a time: a new one takes the old one's place. `publish` sends commands to the displays."""

    def __init__(self, now: Now, publish: Callable[[int, list[Answer]], None]) -> None:
        self._now = now
        self._publish = publish
        self.texts: list[Text] = []
        self.confirmations: list[se.MessageConfirmation] = []
        self._current: Text | None = None
        self._cancelled: tuple[int, Text] | None = None

    def _utc(self) -> int:
        now_us = self._now()
        return 0 if now_us is None else to_utc(now_us)

    @property
    def current(self) -> Text | None:
        """The message in force or to come."""
        text = self._current
        if text and text.minutes != UNTIL_CHANGED and self._utc() >= text.start + text.minutes * 60:
            return None
        return text

    def display(
        self, text: str, importance: Importance = Importance.LOW, *, confirm: bool = False, protected: bool = False,
        minutes: int = UNTIL_CHANGED, start: int = 0,
    ) -> Text:  # fmt: skip
        """Shows a message on the displays. Raises ValueError for one too long."""
        octets = text.encode()
        if len(octets) > LONGEST_TEXT:
            raise ValueError(f"a message has {LONGEST_TEXT} octets at the most, this one has {len(octets)}")
        identifier = max([self._utc()] + [one.identifier + 1 for one in self.texts])
        one = Text(identifier, octets, importance, start or self._utc(), minutes, confirm, protected)
        self.texts.append(one)
        self._current = one
        self._publish(MESSAGING, [self._command(one)])
        return one

    def cancel(self) -> None:
        """Takes the message back."""
        if self._current:
            self._cancelled = self._utc(), self._current
            command = se.CancelMessage(identifier=self._current.identifier, control=0)
            self._current = None
            self._publish(MESSAGING, [(CANCEL, command.serialize())])

    @staticmethod
    def _command(one: Text) -> Answer:
        command = se.DisplayMessage(
            identifier=one.identifier, control=one.importance << 2 | (_CONFIRM | _ENHANCED if one.confirm else 0),
            start=one.start, duration=one.minutes, text=one.text, extended_control=1 if one.confirmed_by else 0,
        )  # fmt: skip
        return DISPLAY_PROTECTED if one.protected else DISPLAY, command.serialize()

    def _get_last(self, payload: bytes, message) -> Answers:
        return self._command(self.current) if self.current else None

    def _confirm(self, payload: bytes, message) -> Answers:
        confirmation = asked(se.MessageConfirmation, payload)
        for one in self.texts:
            if one.identifier == confirmation.identifier:
                one.confirmed_by.append(message.sender_eui64)
                self.confirmations.append(confirmation)
                return []
        return None

    def _get_cancellation(self, payload: bytes, message) -> Answers:
        request = asked(se.GetMessageCancellation, payload)
        if self._cancelled is None or self._cancelled[0] < request.earliest:
            return None
        return CANCEL, se.CancelMessage(identifier=self._cancelled[1].identifier, control=0).serialize()

    @property
    def commands(self) -> dict[tuple[int, int], Any]:
        """Handlers by (cluster, command)."""
        return {
            (MESSAGING, 0x00): self._get_last,
            (MESSAGING, 0x01): self._confirm,
            (MESSAGING, 0x02): self._get_cancellation,
        }
