"""What meters and hubs serve: attributes and the commands that go with them, in zigpy's types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zigpy.zcl import foundation
from zigpy.zcl.foundation import DataType, Direction, GeneralCommand, Status

from host_tools.sim.node import Message, Node

# Open with the network key alone (Smart Energy, section 5.4.6).
OPEN_CLUSTERS = {0x0000, 0x000A, 0x0800}
_LARGEST_RESPONSE = 73  # a ZCL frame under APS and NWK security

# What a handler of a command returns: answers (command, payload), one or several, none but "done", or not found.
Answer = tuple[int, bytes]
Answers = Answer | list[Answer] | None


class Absent:
    """The value of an attribute that a server does not have now."""


ABSENT = Absent()
Value = int | bytes | None | Absent
Getter = Callable[[], Value]
Handler = Callable[[bytes, Message], Answers]
Attributes = dict[int, "Attribute"]


def asked(schema: type, payload: bytes) -> Any:
    """A request by its schema. Raises ValueError for one that is cut short."""
    return schema.deserialize(payload)[0]


def in_parts(items: list, octets_each: int, room: int) -> list[list]:
    """Items by the command that carries them, where a command has room for so many octets of them; one at least."""
    each = max(1, room // octets_each)
    return [items[at : at + each] for at in range(0, len(items), each)] or [[]]


class Attribute:
    """One attribute: its data type and where its value comes from; a value of None is the type's invalid code."""

    def __init__(self, kind: int, get: Getter | Value) -> None:
        self.type = DataType.from_type_id(kind)
        self._get = get if callable(get) else lambda: get

    def record(self, identifier: int) -> bytes:
        """The read attribute status record (ZCL specification, section 2.5.2.1.1)."""
        value = self._get()
        if value is ABSENT:
            return unsupported(identifier)
        if value is None:
            value = self.type.non_value
        head = bytes((identifier & 0xFF, identifier >> 8, Status.SUCCESS, self.type.type_id))
        return head + self.type.python_type(value).serialize()


def unsupported(identifier: int) -> bytes:
    """The record of an attribute that there is not."""
    return bytes((identifier & 0xFF, identifier >> 8, Status.UNSUPPORTED_ATTRIBUTE))


class ZclServer(Node):
    """A node whose endpoints serve. `attributes` is {endpoint: {cluster: {identifier: Attribute}}},
    `commands` {(endpoint, cluster, command): handler}; a handler takes the payload and the message and
    returns one answer (command, payload) or a list of them, which may be empty for done, or None for NOT_FOUND.
    """

    # What one command may be long, where a server can part what it has to say over several.
    longest = _LARGEST_RESPONSE

    def __init__(self, air, eui64: bytes, **kwargs) -> None:
        super().__init__(air, eui64, **kwargs)
        self.attributes: dict[int, dict[int, dict[int, Attribute]]] = {}
        self.commands: dict[tuple[int, int, int], Handler] = {}
        self._published = 0
        self.served: list[tuple[int, int]] = []

    def may_read(self, message: Message) -> bool:
        """Whether the sender is someone this server answers at all."""
        return True

    def on_message(self, message: Message) -> None:
        frame = message.frame
        if frame.cluster not in OPEN_CLUSTERS and not message.secured:
            self._refuse(message)
            return
        try:
            header, payload = foundation.ZCLHeader.deserialize(frame.payload)
        except ValueError:
            return
        if header.frame_control.direction != Direction.Client_to_Server:
            self.on_client_message(message, header, payload)
        elif not self.may_read(message):
            return
        elif header.frame_control.is_general:
            if header.command_id == GeneralCommand.Read_Attributes:
                self._read(message, header, payload)
        else:
            self._command(message, header, payload)

    def on_client_message(self, message: Message, header: foundation.ZCLHeader, payload: bytes) -> None:
        """Something from a server to this node's client side."""

    def reply(self, message: Message, header: foundation.ZCLHeader, payload: bytes) -> None:
        frame = message.frame
        body = header.serialize() + payload
        self.start(
            self.send(
                message.sender_id, frame.cluster, body, source=frame.destination, destination=frame.source,
                secure=message.secured,
            )
        )  # fmt: skip

    def _refuse(self, message: Message) -> None:
        # Default Response FAILURE under the network key alone.
        payload = message.frame.payload
        if len(payload) >= 3:
            self._default_response(message, payload[1], payload[2], Status.FAILURE)

    def _default_response(self, message: Message, tsn: int, command: int, status: Status) -> None:
        header = foundation.ZCLHeader.general(
            tsn, GeneralCommand.Default_Response, direction=Direction.Server_to_Client
        )
        schema = foundation.GENERAL_COMMANDS[GeneralCommand.Default_Response].schema
        self.reply(message, header, schema(command_id=command, status=status).serialize())

    def _read(self, message: Message, header: foundation.ZCLHeader, payload: bytes) -> None:
        try:
            request, _ = foundation.GENERAL_COMMANDS[GeneralCommand.Read_Attributes].schema.deserialize(payload)
        except ValueError:
            return
        frame = message.frame
        held = self.attributes.get(frame.destination, {}).get(frame.cluster)
        if held is None:
            self._default_response(message, header.tsn, header.command_id, Status.UNSUP_CLUSTER_COMMAND)
            return
        answer = foundation.ZCLHeader.general(
            header.tsn, GeneralCommand.Read_Attributes_rsp, direction=Direction.Server_to_Client
        )
        body = b""
        for identifier in request.attribute_ids:
            attribute = held.get(identifier)
            record = unsupported(identifier) if attribute is None else attribute.record(identifier)
            # A server sends what fits one frame; what is missing is to be asked for again.
            if len(body) + len(record) > _LARGEST_RESPONSE - 3:
                break
            body += record
            self.served.append((frame.cluster, identifier))
        self.reply(message, answer, body)

    def _command(self, message: Message, header: foundation.ZCLHeader, payload: bytes) -> None:
        handler = self.commands.get((message.frame.destination, message.frame.cluster, header.command_id))
        if handler is None:
            self._default_response(message, header.tsn, header.command_id, Status.UNSUP_CLUSTER_COMMAND)
            return
        try:
            answers = handler(payload, message)
        except ValueError:
            self._default_response(message, header.tsn, header.command_id, Status.MALFORMED_COMMAND)
            return
        if answers is None:
            self._default_response(message, header.tsn, header.command_id, Status.NOT_FOUND)
        elif answers == [] and not header.frame_control.disable_default_response:
            self._default_response(message, header.tsn, header.command_id, Status.SUCCESS)
        else:
            replies = [answers] if isinstance(answers, tuple) else answers
            self.start(self._reply_in_turn(message, header.tsn, replies))

    async def _reply_in_turn(self, message: Message, tsn: int, answers: list[Answer]) -> None:
        frame = message.frame
        for command, body in answers:
            header = foundation.ZCLHeader.cluster(tsn, command, direction=Direction.Server_to_Client)
            await self.send(
                message.sender_id, frame.cluster, header.serialize() + body, source=frame.destination,
                destination=frame.source, secure=message.secured,
            )  # fmt: skip

    # What nobody asked for

    def displays(self) -> list[int]:
        """The node ids of the displays that it may speak to."""
        return []

    def publish(self, endpoint: int, cluster: int, answers: list[Answer]) -> None:
        """Sends commands to each display, as on a change (SE 1.4: published, unsolicited)."""
        for node_id in self.displays():
            self.start(self._publish(node_id, endpoint, cluster, answers))

    async def _publish(self, node_id: int, endpoint: int, cluster: int, answers: list[Answer]) -> None:
        for command, body in answers:
            self._published = (self._published + 1) & 0x7F
            header = foundation.ZCLHeader.cluster(self._published, command, direction=Direction.Server_to_Client)
            await self.send(node_id, cluster, header.serialize() + body, source=endpoint, secure=True)
