"""What the jobs of `rounds` share that send commands: a command and the one that answers it."""

from inkmeter import metering, zcl


class Another(zcl.ZclError):
    """Another command than the one that answers. args: its number and payload."""


async def command(rounds, commodity, cluster, number, expected, payload=b""):
    """Sends a command to a commodity's server. Returns the payload of the command `expected`; None where the server
    has no such thing or does not know the command. Raises NoReply, Another, ZclError.
    """
    await rounds.turn()
    session = rounds.session
    server = session.servers[commodity]
    frame = bytes((zcl.CLUSTER_SPECIFIC, session.radio.next_sequence(), number)) + payload
    header = zcl.Header(await session.radio.request(server.node_id, metering.endpoint(server, cluster), cluster, frame))
    if header.is_general(zcl.DEFAULT_RESPONSE):
        return None
    if header.control & 3 != zcl.CLUSTER_SPECIFIC:
        raise zcl.ZclError("another answer")
    if header.command != expected:
        raise Another(header.command, header.payload)
    return header.payload
