"""What goes on in the home, decoded: who said what to whom, layer by layer, and what it means.

Frames are noted as they pass and decoded when somebody looks. Types are zigpy's and bellows'; the headers below them
are the simulator's own. Keys, install codes and certificates' private halves are named, never shown.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import functools
import inspect
import math
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import bellows.types as bt
import zigpy.types as zt
import zigpy.zcl.clusters.general as general
import zigpy.zcl.clusters.smartenergy as smartenergy
import zigpy.zdo.types as zdo
from zigpy.zcl.foundation import GENERAL_COMMANDS, FrameType, GeneralCommand, ZCLHeader

from host_tools.sim import aps
from host_tools.sim.attribute_names import NAMES
from host_tools.sim.radio import ieee802154, nwk
from host_tools.sim.radio.ieee802154 import Kind
from host_tools.sim.trace_words import ABOUT, COMMANDS, EZSP_STORY, Stage

if TYPE_CHECKING:
    from host_tools.sim.node import Node
    from host_tools.sim.radio.mac import Mac
    from host_tools.sim.world import World

_WAITING, _WAITING_IN_HASTE = 5000, 300  # undecoded frames; older ones are dropped when nobody keeps up
_HASTE_S = 0.006
_KEPT, _STORY_KEPT = 1500, 800
_LONGEST_VALUE = 120
_HIDDEN = "not shown"
_SECRET_TYPES = (zt.KeyData, bt.KeyData)
_SECRET_NAMES = ("key", "token", "psk", "securitystate", "partnercert", "smac", "ephemeral", "contents of the key")
_CLUSTERS = {
    cluster.cluster_id: cluster
    for module in (general, smartenergy)
    for _, cluster in inspect.getmembers(module, inspect.isclass)
    if getattr(cluster, "cluster_id", None) is not None
}
_CLUSTER_NAMES = {0x0800: "Key Establishment"}
_EPOCH = datetime.datetime(2000, 1, 1)

Fields = list[tuple[str, str]]
_Waiting = collections.deque[tuple[int, int, Callable[[int, float], "Row"]]]
Layer = tuple[str, Fields]


@dataclasses.dataclass(frozen=True)
class Row:
    """One thing said. `t` is simulated seconds since the start; `wire` is "air", "uart" or "life"; `story` is whether
    it belongs to the tale of joining and key establishment; `layers` go from the outermost inwards.
    """

    n: int
    t: float
    wire: str
    source: str
    to: str
    name: str
    stage: str
    about: str
    story: bool
    layers: list[Layer]
    octets: str


@dataclasses.dataclass
class _Said:
    """What a frame turned out to be, filled in from the outside inwards."""

    source: str
    to: str
    name: str = ""
    stage: str = ""
    about: str = ""
    story: bool = False
    layers: list[Layer] = dataclasses.field(default_factory=list)
    secret: bool = False

    def means(self, name: str, also: str = "") -> None:
        """Names it, and looks its meaning up."""
        self.name = name + (f": {also}" if also else "")
        if self.name in ABOUT:
            self.stage, self.about = ABOUT[self.name]
            self.story = self.stage != Stage.QUIET


class _OneKey:
    """A network of which nothing but a key is known: enough to open a frame with it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def key_numbered(self, sequence: int) -> bytes:
        return self._key


class Trace:
    """Notes what passes in a world from now on; `rows` and `story` are what has been decoded of it. `in_haste` is
    whether more passes than anybody could read: what it costs is to leave the home its time then.
    """

    def __init__(self, world: World, elapsed_us: Callable[[], int]) -> None:
        self._world = world
        self._air = AirDecoder(world)
        self._elapsed_us = elapsed_us
        self._frames: _Waiting = collections.deque()
        self._told: _Waiting = collections.deque()  # what no wire carries: never dropped
        self._noted = 0
        self.rows: collections.deque[Row] = collections.deque(maxlen=_KEPT)
        self.story: collections.deque[Row] = collections.deque(maxlen=_STORY_KEPT)
        self.count = self.dropped = 0
        self.in_haste = False
        world.air.taps.append(self._on_air)
        world.ncp.ezsp.taps.append(self._on_ezsp)

    def _note(self, waiting: _Waiting, decoder: Callable[[int, float], Row]) -> None:
        self._noted += 1
        waiting.append((self._noted, self._elapsed_us(), decoder))
        while waiting is self._frames and len(waiting) > (_WAITING_IN_HASTE if self.in_haste else _WAITING):
            waiting.popleft()
            self.dropped += 1

    def _on_air(self, sender: Mac, frame: bytes) -> None:
        node, channel = sender.node, sender.channel
        self._note(self._frames, lambda n, t: self._row(n, t, "air", frame, self._air.decode(node, channel, frame)))

    def _on_ezsp(self, to_ncp: bool, frame: bytes) -> None:
        ezsp = self._world.ncp.ezsp
        self._note(self._frames, lambda n, t: self._row(n, t, "uart", frame, decode_ezsp(ezsp, to_ncp, frame)))

    def tell(self, source: str, to: str, name: str, about: str = "", stage: str = "", *, story: bool = True) -> None:
        """Notes something that no wire carries: a press, a form, a picture."""
        said = _Said(source, to, name, stage, about, story=story)
        self._note(self._told, lambda n, t: self._row(n, t, "life", b"", said))

    @staticmethod
    def _row(n: int, t: float, wire: str, frame: bytes, said: _Said) -> Row:
        octets = "" if said.secret else frame.hex(" ")
        return Row(
            n, t, wire, said.source, said.to, said.name, said.stage, said.about, said.story, said.layers, octets
        )  # fmt: skip

    def decode(self, limit: int) -> list[Row]:
        """Decodes up to so many events that wait, in haste as many as there is time for; returns them."""
        new: list[Row] = []
        until = time.monotonic() + (_HASTE_S if self.in_haste else math.inf)
        while len(new) < limit and (waiting := [one for one in (self._frames, self._told) if one]):
            if time.monotonic() >= until:
                break
            _, at_us, decoder = min(waiting, key=lambda one: one[0][0]).popleft()
            self.count += 1
            row = decoder(self.count, at_us / 1e6)
            new.append(row)
            self.rows.append(row)
            if row.story:
                self.story.append(row)
        return new


def _address(value: ieee802154.Address | None) -> str:
    if value is None:
        return "none"
    if isinstance(value, int):
        return "everybody" if value == ieee802154.BROADCAST else f"0x{value:04x}"
    return value[::-1].hex(":")


def _short(value: Any) -> str:
    if isinstance(value, enum.Enum):
        # zigpy names what it does not know "undefined_0x0c".
        text = value.name.removeprefix("undefined_")
    else:
        text = value.hex(" ") if isinstance(value, bytes) else str(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"


def _in_words(value: Any) -> str:
    # Smart Energy's times and texts.
    if isinstance(value, zt.UTCTime) and value:
        return f"{_EPOCH + datetime.timedelta(seconds=value):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, zt.LVBytes) and value.isascii() and (text := value.decode("ascii")).isprintable():
        return _short(text)
    return _short(value)


class AirDecoder:
    """Opens frames that nodes have put on the air, with every key that was ever in use."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._channel = 0  # of the frame in hand
        self._fits: dict[bytes, bytes] = {}  # the link key that last opened something of this EUI-64's

    def decode(self, sender: Node, channel: int, data: bytes) -> _Said:
        """What a frame says that this node has sent on this channel."""
        self._channel = channel
        said = _Said(self._who(sender), "all")
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

    def _beacon(self, said: _Said, payload: bytes) -> None:
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
    def _mac_command(said: _Said, payload: bytes) -> None:
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

    def _network(self, said: _Said, frame: ieee802154.Frame) -> None:
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
            # Passed on by the hub: told already.
            said.story = False
            said.source = self._who(self._by_address(inner.source))
            said.name += " (passed on)"

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
    def _nwk_command(said: _Said, payload: bytes) -> None:
        number = payload[0] if payload else 0
        try:
            name = nwk.Command(number).name.replace("_", " ").capitalize()
        except ValueError:
            name = f"Network command {number:#04x}"
        said.means(name)
        said.layers.append(("Network command", [("command", name), ("octets", payload[1:].hex(" "))]))

    # The application layers

    def _application(self, said: _Said, network: nwk.Frame) -> None:
        frame, label = self._open_aps(network)
        if frame is None:
            said.means("Cannot be opened")
            said.layers.append(("APS", [("security", label)]))
            return
        fields = [("kind", frame.kind.name.lower()), ("counter", str(frame.counter)), ("security", label)]
        if frame.kind is not aps.Kind.COMMAND:
            fields += [
                ("profile", f"0x{frame.profile:04x}"), ("cluster", _cluster(frame.profile, frame.cluster)),
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


def _aps_command(said: _Said, payload: bytes) -> None:
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
        fields += [("key type", kind), ("key", _HIDDEN)]
    else:
        said.means(name)
        fields.append(("octets", payload[1:].hex(" ")))
    said.layers.append(("APS command", fields))


def _cluster(profile: int, cluster: int) -> str:
    if profile == 0:
        try:
            return f"0x{cluster:04x} {zdo.ZDOCmd(cluster).name}"
        except ValueError:
            return f"0x{cluster:04x}"
    return f"0x{cluster:04x} {_cluster_name(cluster)}"


def _cluster_name(cluster: int) -> str:
    if cluster in _CLUSTER_NAMES:
        return _CLUSTER_NAMES[cluster]
    known = _CLUSTERS.get(cluster)
    return known.__name__ if known else "cluster"


def describe(said: _Said, profile: int, cluster: int, payload: bytes) -> None:
    """An application message: ZDO's or ZCL's."""
    try:
        if profile == 0:
            _zdo(said, cluster, payload)
        else:
            _zcl(said, cluster, payload)
    except Exception as error:  # zigpy raises whatever its types do on octets that are none of its own
        said.name = said.name or _cluster_name(cluster)
        said.layers.append(("Not understood", [("fault", _short(error)), ("octets", payload.hex(" "))]))


def _zdo(said: _Said, cluster: int, payload: bytes) -> None:
    command = zdo.ZDOCmd(cluster)
    names, types = zdo.CLUSTERS[command]
    fields: Fields = [("sequence", str(payload[0]))]
    rest = payload[1:]
    for name, kind in zip(names, types, strict=True):
        if not rest:
            break
        value, rest = kind.deserialize(rest)
        fields.append((name, _short(value)))
    said.means(command.name)
    said.layers.append(("ZDO", fields))


def _zcl(said: _Said, cluster: int, payload: bytes) -> None:
    header, rest = ZCLHeader.deserialize(payload)
    to_client = bool(header.frame_control.direction)
    fields: Fields = [
        ("sequence", str(header.tsn)), ("direction", "server to client" if to_client else "client to server")
    ]  # fmt: skip
    if header.frame_control.frame_type == FrameType.GLOBAL_COMMAND:
        _global_command(said, cluster, header, rest, fields)
        return
    name, schema = _command(cluster, to_client, header.command_id)
    said.means(name)
    if cluster == 0x0800 and header.command_id in (0, 1, 2):
        fields.append(("octets", f"{len(rest)}, {_HIDDEN}"))
        said.secret = True
    else:
        fields += _command_fields(schema, rest)
    said.layers.append((f"ZCL {_cluster_name(cluster)}", [("command", name), *fields]))


def _command(cluster: int, to_client: bool, number: int) -> tuple[str, type[zt.Struct] | None]:
    # Its name, and its fields where they are known.
    if (cluster, to_client, number) in COMMANDS:
        return COMMANDS[cluster, to_client, number]
    known = _CLUSTERS.get(cluster)
    command = (known.client_commands if to_client else known.server_commands).get(number) if known else None
    if command:
        return command.name.replace("_", " ").capitalize(), command.schema
    return f"{_cluster_name(cluster)} {number:#04x}", None


def _command_fields(schema: type[zt.Struct] | None, data: bytes) -> Fields:
    if schema and data:
        try:
            values, _ = schema.deserialize(data)
        except ValueError:
            pass  # cut short, or of another revision: the octets then
        else:
            named = [(field.name.replace("_", " "), getattr(values, field.name)) for field in schema.fields]
            return [(name, _in_words(value)) for name, value in named if value is not None]
    return [("octets", data.hex(" "))] if data else []


def _global_command(said: _Said, cluster: int, header: ZCLHeader, data: bytes, fields: Fields) -> None:
    kind = GeneralCommand(header.command_id)
    name = kind.name.replace("_", " ").replace(" rsp", " Response").title()
    values, _ = GENERAL_COMMANDS[kind].schema.deserialize(data)
    names = _attribute_names(cluster)
    what = []
    if kind is GeneralCommand.Read_Attributes:
        what = [names.get(attribute, f"{attribute:#06x}") for attribute in values.attribute_ids]
        fields += [("attribute", one) for one in what]
    elif kind is GeneralCommand.Read_Attributes_rsp:
        for record in values.status_records:
            one = names.get(record.attrid, f"{record.attrid:#06x}")
            value = record.value.value if record.status == 0 else record.status.name
            fields.append((one, _in_words(value)))
            what.append(one)
    elif kind is GeneralCommand.Report_Attributes:
        for record in values.attribute_reports:
            one = names.get(record.attrid, f"{record.attrid:#06x}")
            fields.append((one, _in_words(record.value.value)))
            what.append(one)
    else:
        fields += [(field.name, _short(getattr(values, field.name))) for field in type(values).fields]
    said.means(name)
    said.name = f"{name}, {_cluster_name(cluster)}"
    said.layers.append((f"ZCL {_cluster_name(cluster)}", [("command", name), *fields]))


@functools.cache
def _attribute_names(cluster: int) -> dict[int, str]:
    known = _CLUSTERS.get(cluster)
    zigpys = {number: attribute.name for number, attribute in known.attributes.items()} if known else {}
    return NAMES.get(cluster, {}) | zigpys


# The serial link


def decode_ezsp(ezsp: Any, to_ncp: bool, frame: bytes) -> _Said:
    """An EZSP frame between the device's firmware and its radio module, by bellows' tables of the version in force."""
    said = _Said(*(("device", "ncp") if to_ncp else ("ncp", "device")))
    extended = len(frame) >= 5 and frame[2] & 3 == 1 and frame[1] & 0x60 == 0
    identifier = frame[3] | frame[4] << 8 if extended else frame[2] if len(frame) > 2 else 0
    payload = frame[5:] if extended else frame[3:]
    name = ezsp.by_id.get(identifier, f"command {identifier:#06x}")
    fields: Fields = [("sequence", str(frame[0])), ("frame id", f"{identifier:#06x}")]
    _, sends, answers = ezsp.table.get(name, (0, {}, {}))
    values: dict[str, Any] = {}
    if name != "version":
        values, fault = _values(sends if to_ncp else answers, payload)
        if fault:
            fields.append(("not understood", fault))
    for field, value in values.items():
        hidden = _is_secret(name, field, value)
        said.secret = said.secret or hidden
        fields.append((field, _HIDDEN if hidden else _short(value)))
    if name in EZSP_STORY and (to_ncp or name.endswith("Handler")):
        said.stage, said.about = EZSP_STORY[name]
        said.story = True
    said.layers.append(("EZSP", fields))
    said.name = name if to_ncp or name.endswith("Handler") else f"{name}: answered"
    _inner_message(said, values)
    return said


def _values(schema: Any, payload: bytes) -> tuple[dict[str, Any], str]:
    if not isinstance(schema, dict):
        return {}, ""
    values: dict[str, Any] = {}
    rest = payload
    for field, kind in schema.items():
        try:
            value, rest = kind.deserialize(rest)
        except ValueError as error:
            return values, _short(error)
        values[field] = value
    return values, ""


def _is_secret(command: str, field: str, value: Any) -> bool:
    if isinstance(value, _SECRET_TYPES):
        return True
    text = f"{command} {field}".lower()
    return any(word in text for word in _SECRET_NAMES) and not field.lower().startswith("status")


def _inner_message(said: _Said, values: dict[str, Any]) -> None:
    frame = next((v for k, v in values.items() if k.lower().replace("_", "") == "apsframe"), None)
    message = next((v for k, v in values.items() if k in ("message", "messageContents")), None)
    if frame is None or message is None or not bytes(message):
        return
    inner = _Said(said.source, said.to)
    describe(inner, int(frame.profileId), int(frame.clusterId), bytes(message))
    said.layers += inner.layers
    said.secret = said.secret or inner.secret
    if inner.name:
        said.name = f"{said.name}: {inner.name}"


def as_dicts(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """For JSON."""
    return [vars(row) for row in rows]
