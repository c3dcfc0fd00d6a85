"""Frames on the air, opened layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from host_tools.sim import aps
from host_tools.sim.radio import ieee802154, nwk
from host_tools.sim.radio.ieee802154 import Kind
from host_tools.sim.trace.application import cluster, describe
from host_tools.sim.trace.said import HIDDEN, Said

if TYPE_CHECKING:
    from host_tools.sim.node import Node
    from host_tools.sim.world import World


class _OneKey:
    """A network of which nothing but a key is known: enough to open a frame with it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def key_numbered(self, sequence: int) -> bytes:
        return self._key


class AirDecoder:
    """Opens frames that nodes have put on the air, with every key that was ever in use."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._channel = 0  # of the frame in hand
        self._fits: dict[bytes, bytes] = {}  # the link key that last opened something of this EUI-64's

    def decode(self, sender: Node, channel: int, data: bytes) -> Said:
        """What a frame says that this node has sent on this channel."""
        self._channel = channel
        said = Said(self._who(sender), "all")
        try:
            frame = ieee802154.decode(data)
        except ValueError as error:
            said.name, said.layers = "No frame", [("IEEE 802.15.4", [("fault", str(error))])]
            return said
        said.to = self._who(self._by_address(frame.destination)) if frame.destination is not None else "all"
        if frame.destination == ieee802154.BROADCAST:
            said.to = "all"
        said.layers.append(("IEEE 802.15.4", [
            ("kind", frame.kind.name.lower()), ("channel", str(self._channel)), ("sequence", str(frame.sequence)),
            ("PAN", "none" if frame.pan is None else f"0x{frame.pan:04x}"),
            ("from", _address(frame.source)), ("to", _address(frame.destination)),
        ]))  # fmt: skip
        if frame.kind is Kind.ACK:
            said.means("MAC acknowledgement")
        elif frame.kind is Kind.BEACON:
            self._beacon(said, frame.payload)
        elif frame.kind is Kind.COMMAND:
            self._mac_command(said, frame.payload)
        else:
            self._network(said, frame)
        return said

    def _who(self, node: Node | None) -> str:
        world = self._world
        names = ((world.ncp.stack, "ncp"), (world.hub, "hub"), (world.meter, "meter"), (world.gas_meter, "gas"),
                 (world.neighbour, "neighbour"))  # fmt: skip
        return next((name for known, name in names if known is node and node is not None), "other")

    def _by_address(self, address: ieee802154.Address | None) -> Node | None:
        for node in self._world.air.nodes:
            if node.powered and address in (node.eui64, node.node_id) and node.mac.channel == self._channel:
                return node
        return None

    def _beacon(self, said: Said, payload: bytes) -> None:
        said.means("Beacon")
        try:
            beacon = ieee802154.Beacon.decode(payload)
        except ValueError as error:
            said.layers.append(("Beacon", [("fault", str(error))]))
            return
        said.name = "Beacon: open" if beacon.permits_association else "Beacon: closed"
        said.layers.append(("Beacon", [
            ("extended PAN id", beacon.extended_pan_id[::-1].hex(":")),
            ("permits joining", "yes" if beacon.permits_association else "no"),
            ("has room", "yes" if beacon.has_room else "no"), ("update id", str(beacon.update_id)),
        ]))  # fmt: skip

    @staticmethod
    def _mac_command(said: Said, payload: bytes) -> None:
        names = {
            0x01: "Association Request", 0x02: "Association Response", 0x04: "Data Request", 0x07: "Beacon Request",
        }  # fmt: skip
        number = payload[0] if payload else 0
        said.means(names.get(number, f"MAC command {number:#04x}"))
        fields = [("command", said.name)]
        if number == 0x02 and len(payload) >= 4:
            status = {0: "success", 1: "PAN at capacity", 2: "access denied"}.get(payload[3], hex(payload[3]))
            fields += [("short address", f"0x{payload[2]:02x}{payload[1]:02x}"), ("status", status)]
        said.layers.append(("MAC command", fields))

    # The network layer

    def _network(self, said: Said, frame: ieee802154.Frame) -> None:
        opened = self._open_nwk(frame.payload)
        if opened is None:
            said.name = "Cannot be opened"
            said.about = "Secured with a key that is not this home's, or damaged on purpose."
            said.layers.append(("Zigbee network", [("security", "no known key opens it")]))
            return
        inner, label = opened
        said.layers.append(("Zigbee network", [
            ("kind", inner.kind.name.lower()), ("from", f"0x{inner.source:04x}"), ("to", f"0x{inner.destination:04x}"),
            ("sequence", str(inner.sequence)), ("radius", str(inner.radius)), ("security", label),
        ]))  # fmt: skip
        first_hop = frame.source == inner.source
        said.to = "all" if inner.is_broadcast else self._who(self._by_address(inner.destination))
        if inner.kind is nwk.Kind.COMMAND:
            self._nwk_command(said, inner.payload)
        else:
            self._application(said, inner)
        if not first_hop:
            # Relayed by the hub: told already.
            said.story = False
            said.source = self._who(self._by_address(inner.source))
            said.name += " (relayed)"

    def _open_nwk(self, data: bytes) -> tuple[nwk.Frame, str] | None:
        keys = self._world.air.keys
        network_keys = [key for key, label in keys.items() if "network" in label] or [b""]
        for key in reversed(network_keys):
            try:
                frame, _ = nwk.decode(data, _OneKey(key), nwk.Counters())  # type: ignore[arg-type]
            except (nwk.Undecipherable, ValueError):
                continue
            return frame, "network key" if frame.secured else "none"
        return None

    @staticmethod
    def _nwk_command(said: Said, payload: bytes) -> None:
        number = payload[0] if payload else 0
        try:
            name = nwk.Command(number).name.replace("_", " ").capitalize()
        except ValueError:
            name = f"Network command {number:#04x}"
        said.means(name)
        said.layers.append(("Network command", [("command", name), ("octets", payload[1:].hex(" "))]))

    # The application layers

    def _application(self, said: Said, network: nwk.Frame) -> None:
        frame, label = self._open_aps(network)
        if frame is None:
            said.means("Cannot be opened")
            said.layers.append(("APS", [("security", label)]))
            return
        fields = [("kind", frame.kind.name.lower()), ("counter", str(frame.counter)), ("security", label)]
        if frame.kind is not aps.Kind.COMMAND:
            fields += [
                ("profile", f"0x{frame.profile:04x}"), ("cluster", cluster(frame.profile, frame.cluster)),
                ("endpoints", f"{frame.source} to {frame.destination}"),
            ]  # fmt: skip
        said.layers.append(("APS", fields))
        if frame.kind is aps.Kind.ACK:
            said.means("APS acknowledgement")
        elif frame.kind is aps.Kind.COMMAND:
            _aps_command(said, frame.payload)
        else:
            describe(said, frame.profile, frame.cluster, frame.payload)

    def _open_aps(self, network: nwk.Frame) -> tuple[aps.Frame | None, str]:
        data = network.payload
        if not data:
            return None, "empty"
        try:
            if not aps.is_secured(data):
                return aps.decode(data, None, None), "none"
            source = aps.named_source(data)
            node = self._by_address(network.source)
            eui64 = source or (node.eui64 if node else None)
            keys = self._world.air.keys
            last = self._fits.get(eui64 or b"")
            for key in (last, *keys) if last in keys else keys:
                try:
                    frame = aps.decode(data, eui64, aps.LinkKey(key))
                except aps.Undecipherable:
                    continue
                self._fits[eui64 or b""] = key
                return frame, keys[key]
        except (aps.Undecipherable, ValueError) as error:
            return None, str(error)
        return None, "no known key opens it"


def _aps_command(said: Said, payload: bytes) -> None:
    number = payload[0] if payload else 0
    names = {
        0x05: "Transport Key", 0x06: "Update Device", 0x07: "Remove Device", 0x08: "Request Key", 0x09: "Switch Key",
        0x0E: "Tunnel", 0x0F: "Verify Key", 0x10: "Confirm Key",
    }  # fmt: skip
    name = names.get(number, f"APS command {number:#04x}")
    fields = [("command", name)]
    if number == 0x05 and len(payload) > 1:
        kind = {1: "network key", 3: "link key for two devices", 4: "link key"}.get(payload[1], hex(payload[1]))
        if kind == "network key" and any(("security", "network key") in fields for _, fields in said.layers):
            kind = "new network key"
        said.means(name, kind)
        fields += [("key type", kind), ("key", HIDDEN)]
    else:
        said.means(name)
        fields.append(("octets", payload[1:].hex(" ")))
    said.layers.append(("APS command", fields))


def _address(value: ieee802154.Address | None) -> str:
    if value is None:
        return "none"
    if isinstance(value, int):
        return "broadcast" if value == ieee802154.BROADCAST else f"0x{value:04x}"
    return value[::-1].hex(":")
