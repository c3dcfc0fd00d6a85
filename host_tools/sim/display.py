"""A display that is not ours: asks meters and mirror in zigpy's words and keeps what they say. For judging homes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from zigpy.zcl import foundation
from zigpy.zcl.foundation import Direction, GeneralCommand, Status

from host_tools.sim import aps
from host_tools.sim.end_device import EndDevice
from host_tools.sim.hub import Entry
from host_tools.sim.node import Endpoint, Message
from host_tools.sim.world import World

_EUI64 = b"\x01\x02\x03\x04\x05\x06\x07\x02"
_NODE_ID = 0x1234
_SETTLED_S = 3.0
MIRROR = 2


class Display(EndDevice):
    """Trusted by the hub and the electricity meter of a world, as after pairing. Has no receiver's troubles."""

    def __init__(self, world: World) -> None:
        super().__init__(world.air, _EUI64)
        self._world = world
        self._sequence = 0
        self.heard: list[tuple[int, int, bytes]] = []
        self._answers: list[tuple[foundation.ZCLHeader, bytes]] = []
        self.endpoints[1] = Endpoint(0x0502, (), ())
        world.hub.trust(self, _NODE_ID)
        world.hub.log[self.eui64] = Entry(self.eui64, bytes(16), 0.0, _NODE_ID, meters_granted=True)
        self.meet_meter()

    def meet_meter(self) -> None:
        """Gets a link key with the electricity meter that is there now."""
        meter = self._world.meter
        key = self._world.clock.now_us.to_bytes(16, "little")
        self._world.air.keys[key] = "link key between two devices"
        self.keys[meter.eui64] = aps.LinkKey(key, authorised=True)
        meter.keys[self.eui64] = aps.LinkKey(key, authorised=True)
        self.addresses[meter.node_id] = meter.eui64
        meter.addresses[_NODE_ID] = self.eui64

    def on_message(self, message: Message) -> None:
        if not message.secured:
            return
        header, payload = foundation.ZCLHeader.deserialize(message.frame.payload)
        if header.tsn == self._sequence and header.frame_control.direction == Direction.Server_to_Client:
            self._answers.append((header, payload))
        elif not header.frame_control.is_general:
            self.heard.append((message.frame.cluster, int(header.command_id), payload))

    def _place(self, mirror: bool) -> tuple[int, int]:
        return (0x0000, MIRROR) if mirror else (self._world.meter.node_id, 1)

    async def _say(self, mirror: bool, cluster: int, header: foundation.ZCLHeader, payload: bytes) -> None:
        node_id, endpoint = self._place(mirror)
        self._answers.clear()
        if not await self.send(node_id, cluster, header.serialize() + payload, destination=endpoint, secure=True):
            raise TimeoutError(f"nobody answers at {node_id:04X}")

    def _next(self) -> int:
        # From 128 on: servers number what nobody asked for by themselves, from 1 on.
        self._sequence = (self._sequence + 1) & 0x7F | 0x80
        return self._sequence

    async def read(self, cluster: int, identifiers: Iterable[int], *, mirror: bool = False) -> dict[int, Any]:
        """Attributes by identifier: zigpy's value, or the Status of one that could not be read. Raises LookupError for
        another answer and TimeoutError for none.
        """
        found: dict[int, Any] = {}
        left = list(identifiers)
        schema = foundation.GENERAL_COMMANDS[GeneralCommand.Read_Attributes].schema
        while left:
            header = foundation.ZCLHeader.general(self._next(), GeneralCommand.Read_Attributes)
            await self._say(mirror, cluster, header, schema(attribute_ids=left[:12]).serialize())
            for _ in range(30):
                await asyncio.sleep(0.1)
                if self._answers:
                    break
            else:
                raise TimeoutError(f"no answer about {left[:12]}")
            header, payload = self._answers[0]
            response, rest = foundation.GENERAL_COMMANDS[GeneralCommand(header.command_id)].schema.deserialize(payload)
            if rest or header.command_id != GeneralCommand.Read_Attributes_rsp:
                raise LookupError(f"{response}")
            for record in response.status_records:
                ok = record.status == Status.SUCCESS
                found[record.attrid] = record.value.value if ok else record.status
            left = [one for one in left if one not in found]
        return found

    async def get(self, cluster: int, identifier: int, *, mirror: bool = False) -> Any:
        """One attribute."""
        return (await self.read(cluster, (identifier,), mirror=mirror))[identifier]

    async def ask(
        self, cluster: int, command: int, payload: bytes = b"", *, mirror: bool = False
    ) -> list[tuple[int, bytes]]:
        """Sends a cluster's command; its answers (command, payload), or (-1, status) for a default response."""
        header = foundation.ZCLHeader.cluster(self._next(), command)
        await self._say(mirror, cluster, header, payload)
        count = -1
        while count != len(self._answers):
            count = len(self._answers)
            await asyncio.sleep(_SETTLED_S)
        return [
            (-1, body[1:2]) if header.frame_control.is_general else (int(header.command_id), body)
            for header, body in self._answers
        ]
