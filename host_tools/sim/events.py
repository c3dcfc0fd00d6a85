"""Events 0x0709: what a meter has noticed, kept in its logs (SE 1.4, annex D.11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from host_tools.sim import smart_energy as se
from host_tools.sim.metering import Now
from host_tools.sim.supply import to_utc
from host_tools.sim.zcl_server import Answer, Answers, asked, in_parts

EVENTS = 0x0709
ALL, TAMPER, FAULT, GENERAL = 0, 1, 2, 3
# What is noted here, with its log and event number: GBCS's alert codes. 0x816E, which GB test data have, is in no list.
KINDS = {
    "clock adjusted": (GENERAL, 0x8145),
    "supply interrupted": (FAULT, 0x8F57),
    "supply restored": (FAULT, 0x8F35),
    "supply restored after minutes": (FAULT, 0x8F36),
    "tamper": (TAMPER, 0x8F3F),
    "cover opened": (TAMPER, 0x8F74),
    "cover closed": (TAMPER, 0x81B9),
    "low credit": (GENERAL, 0x810D),
    "supply disabled": (GENERAL, 0x8F0F),
    "supply armed": (GENERAL, 0x8F32),
    "supply enabled": (GENERAL, 0x8161),
    "supply stays on": (GENERAL, 0x8F83),
    "emergency credit available": (GENERAL, 0x8119),
    "emergency credit activated": (GENERAL, 0x81AB),
    "emergency credit exhausted": (GENERAL, 0x81AA),
    "credit added": (GENERAL, 0x810E),
    "valve closed": (GENERAL, 0x81BF),
    "firmware changed": (GENERAL, 0x8F43),
    "low battery": (FAULT, 0x8F1F),
    "tariff changed": (GENERAL, 0x816E),
}
_LONG_OUTAGE_S = 180
_KEPT = 100
_REPORT = 0x01


class EventServer:
    """The logs of one meter, newest last."""

    def __init__(self, now: Now, longest: Callable[[], int], publish: Callable[[int, list[Answer]], None]) -> None:
        self._now = now
        self._longest = longest
        self._publish = publish
        self.log: list[se.LoggedEvent] = []

    def note(self, what: str, at_us: int | None = None) -> None:
        """Logs one of KINDS, or an event number (0x...), of now or of `at_us`, and tells the displays. Raises
        ValueError for what is neither.
        """
        log_id, event_id = KINDS[what] if what in KINDS else (GENERAL, int(what, 16))
        if not 0 < event_id <= 0xFFFF:
            raise ValueError(what)
        now_us = self._now() if at_us is None else at_us
        utc = 0 if now_us is None else to_utc(now_us)
        self.log.append(se.LoggedEvent(log_id=log_id, event_id=event_id, time=utc, data=b""))
        del self.log[:-_KEPT]
        command = se.PublishEvent(log_id=log_id, event_id=event_id, time=utc, control=_REPORT, data=b"")
        self._publish(EVENTS, [(0x00, command.serialize())])

    def outage(self, since_us: int) -> None:
        """Notes, with the power back, that it was off since then."""
        now_us = self._now()
        long = now_us is not None and now_us - since_us >= _LONG_OUTAGE_S * 1_000_000
        self.note("supply interrupted", since_us)
        self.note("supply restored after minutes" if long else "supply restored")

    def _get_log(self, payload: bytes, message) -> Answers:
        request = asked(se.GetEventLog, payload)
        wanted = request.control_and_log & 0x0F
        found = [
            one for one in reversed(self.log)
            if wanted in (ALL, one.log_id) and request.event_id in (0, one.event_id)
            and request.start <= one.time and (one.time <= request.end or request.end in (0, 0xFFFFFFFF))
        ]  # fmt: skip
        shown = found[request.offset :][: request.count or None]
        if not shown:
            return None
        # The count of a command's entries is a nibble.
        parts = in_parts(shown, 8, min(self._longest() - 3 - 5, 15 * 8))
        return [
            (0x01, se.PublishEventLog(
                found=len(found), index=index, total=len(parts), count_and_log=len(part) << 4 | wanted, entries=part
            ).serialize())
            for index, part in enumerate(parts)
        ]  # fmt: skip

    @property
    def commands(self) -> dict[tuple[int, int], Any]:
        """Handlers by (cluster, command)."""
        return {(EVENTS, 0x00): self._get_log}
