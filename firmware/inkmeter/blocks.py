"""Messages that do not fit a frame: they come in blocks, and the NCP leaves it to its host to put them together and to
acknowledge each (EmberApsFrame's FRAGMENT option; Zigbee specification, section 2.2.8.4.5, with a window of 1).
"""

from time import ticks_diff, ticks_ms

from micropython import const

_FRAGMENT = const(0x8000)
_LONGEST = const(400)
_WAIT = const(10000)  # ms


async def run(message, radio):
    """Takes one block, an incomingMessageHandler's values; a message that is whole goes back to the radio as if it had
    come in one. One message at a time. Raises Refused, NcpLost.
    """
    _, profile, cluster, source, endpoint, options, group, sequence, sender, _, _, payload = message
    index = group & 0xFF
    whose = (sender, sequence, cluster, options)
    now = ticks_ms()
    # Whose message, how many blocks it has, how many have come, their octets, when the last one did
    held = radio.blocks or (None, 0, 0, b"", now)
    if index == 0 and (ticks_diff(now, held[4]) > _WAIT or (held[0] != whose and held[2] >= held[1])):
        radio.discarded += held[2] < held[1]
        held = (whose, group >> 8, 0, b"", now)
    if held[0] != whose or index > held[2] or len(held[3]) + len(payload) > _LONGEST:
        radio.discarded += 1
        return
    if index == held[2]:
        held = (whose, held[1], index + 1, held[3] + payload, now)
        if index + 1 == held[1]:
            message[5] ^= _FRAGMENT
            message[11] = held[3]
            radio.callback("incomingMessageHandler", message)
            held = held[:3] + (b"", now)
        radio.blocks = held
    await radio.ncp.do("sendReply", sender, profile, cluster, source, endpoint, options, 0xFF00 | index, sequence, b"")
