"""Answers that come in several commands (SE 1.4, "command index" and "total number of commands")."""

import asyncio

from micropython import const

from inkmeter import zcl
from inkmeter.commands import command

_WAIT = const(2000)
_LOOK = const(100)
_MOST = const(8)


async def parts(rounds, commodity, cluster, number, expected, payload, at):
    """command() for an answer of several commands, whose index and total stand at octet `at` of each. Returns their
    payloads in order; empty for none. Raises ZclError where one is missing.
    """
    first = await command(rounds, commodity, cluster, number, expected, payload)
    if first is None:
        return []
    if len(first) < at + 2 or not 0 < first[at + 1] <= _MOST:
        raise zcl.ZclError("parts")
    total = first[at + 1]
    found = {first[at]: first}
    server = rounds.session.servers[commodity]
    published = rounds.session.radio.published
    left = _WAIT if total > 1 else 0
    while True:
        for message in published[:]:
            body = message[11]
            if (message[8], message[2], body[2]) == (server.node_id, cluster, expected) and len(body) >= at + 5:
                published.remove(message)
                found[body[3 + at]] = memoryview(body)[3:]
        if len(found) >= total or left <= 0:
            break
        await asyncio.sleep_ms(_LOOK)
        left -= _LOOK
    if sorted(found) != list(range(total)):
        raise zcl.ZclError("parts")
    return [found[i] for i in range(total)]
