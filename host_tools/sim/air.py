"""The radio medium, at the level of messages: who hears whom, how late and how well."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from host_tools.sim.hub import Hub
    from host_tools.sim.node import Node

TRUST_CENTRE = 0x0000
_BROADCASTS = range(0xFFF8, 0x10000)


@dataclasses.dataclass
class Network:
    """What a node must hold to be on a network."""

    pan_id: int
    extended_pan_id: bytes
    channel: int
    key: bytes
    key_sequence: int = 0
    update_id: int = 0


class Air:
    """All radios of the street. `loss` is the probability that a message is lost."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.nodes: list[Node] = []
        self.hubs: list[Hub] = []
        self.loss = 0.0
        self.messages = 0
        self.fault: BaseException | None = None

    def latency_s(self) -> float:
        """One hop through the hub, contention included."""
        return self._rng.uniform(0.006, 0.022)

    def lqi(self, node: Node) -> tuple[int, int]:
        """(LQI, RSSI in dBm) of a message at or from a node."""
        rssi = max(-100, min(-20, node.rssi + self._rng.randrange(-2, 3)))
        return max(0, min(255, (rssi + 100) * 4)), rssi

    def connects(self, a: Node, b: Node) -> bool:
        return a.in_range and b.in_range and a.powered and b.powered

    def send(self, sender: Node, destination: int, data: bytes) -> None:
        """Puts an APS frame on the sender's network; it reaches the node of that address, or all for a broadcast."""
        network = sender.network
        assert network is not None
        self.messages += 1
        loop = asyncio.get_running_loop()
        for node in self.nodes:
            if node is sender or node.network is None or node.network.pan_id != network.pan_id:
                continue
            if destination not in _BROADCASTS and node.node_id != destination:
                continue
            if not self.connects(sender, node) or self._rng.random() < self.loss:
                continue
            loop.call_later(self.latency_s(), node.hear, data, sender, network.key, destination in _BROADCASTS)

    def hubs_heard(self, node: Node, channel: int) -> list[Hub]:
        """The hubs whose beacons a node hears on a channel."""
        return [hub for hub in self.hubs if hub.channel == channel and self.connects(node, hub)]
