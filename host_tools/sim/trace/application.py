"""Application messages, ZDO's and ZCL's, whichever wire they came by."""

from __future__ import annotations

import functools
import inspect

import zigpy.types as zt
import zigpy.zcl.clusters.general as general
import zigpy.zcl.clusters.smartenergy as smartenergy
import zigpy.zdo.types as zdo
from zigpy.zcl.foundation import GENERAL_COMMANDS, FrameType, GeneralCommand, ZCLHeader

from host_tools.sim.trace.attributes import NAMES
from host_tools.sim.trace.said import HIDDEN, Fields, Said, in_words, short
from host_tools.sim.trace.words import COMMANDS

_CLUSTERS = {
    cluster.cluster_id: cluster
    for module in (general, smartenergy)
    for _, cluster in inspect.getmembers(module, inspect.isclass)
    if getattr(cluster, "cluster_id", None) is not None
}
_CLUSTER_NAMES = {0x0800: "Key Establishment"}


def cluster(profile: int, cluster: int) -> str:
    """A cluster's number and name; of profile 0, those of a ZDO command."""
    if profile == 0:
        try:
            return f"0x{cluster:04x} {zdo.ZDOCmd(cluster).name}"
        except ValueError:
            return f"0x{cluster:04x}"
    return f"0x{cluster:04x} {cluster_name(cluster)}"


def cluster_name(cluster: int) -> str:
    """A cluster's name, or "cluster" where it is not known."""
    if cluster in _CLUSTER_NAMES:
        return _CLUSTER_NAMES[cluster]
    known = _CLUSTERS.get(cluster)
    return known.__name__ if known else "cluster"


def describe(said: Said, profile: int, cluster: int, payload: bytes) -> None:
    """An application message: ZDO's or ZCL's."""
    try:
        if profile == 0:
            _zdo(said, cluster, payload)
        else:
            _zcl(said, cluster, payload)
    except Exception as error:  # zigpy raises whatever its types do on octets that are none of its own
        said.name = said.name or cluster_name(cluster)
        said.layers.append(("Not understood", [("fault", short(error)), ("octets", payload.hex(" "))]))


def _zdo(said: Said, cluster: int, payload: bytes) -> None:
    command = zdo.ZDOCmd(cluster)
    names, types = zdo.CLUSTERS[command]
    fields: Fields = [("sequence", str(payload[0]))]
    rest = payload[1:]
    for name, kind in zip(names, types, strict=True):
        if not rest:
            break
        value, rest = kind.deserialize(rest)
        fields.append((name, short(value)))
    said.means(command.name)
    said.layers.append(("ZDO", fields))


def _zcl(said: Said, cluster: int, payload: bytes) -> None:
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
        fields.append(("octets", f"{len(rest)}, {HIDDEN}"))
        said.secret = True
    else:
        fields += _command_fields(schema, rest)
    said.layers.append((f"ZCL {cluster_name(cluster)}", [("command", name), *fields]))


def _command(cluster: int, to_client: bool, number: int) -> tuple[str, type[zt.Struct] | None]:
    # Its name, and its fields where they are known.
    if (cluster, to_client, number) in COMMANDS:
        return COMMANDS[cluster, to_client, number]
    known = _CLUSTERS.get(cluster)
    command = (known.client_commands if to_client else known.server_commands).get(number) if known else None
    if command:
        return command.name.replace("_", " ").capitalize(), command.schema
    return f"{cluster_name(cluster)} {number:#04x}", None


def _command_fields(schema: type[zt.Struct] | None, data: bytes) -> Fields:
    if schema and data:
        try:
            values, _ = schema.deserialize(data)
        except ValueError:
            pass  # cut short, or of another revision: the octets then
        else:
            named = [(field.name.replace("_", " "), getattr(values, field.name)) for field in schema.fields]
            return [(name, in_words(value)) for name, value in named if value is not None]
    return [("octets", data.hex(" "))] if data else []


def _global_command(said: Said, cluster: int, header: ZCLHeader, data: bytes, fields: Fields) -> None:
    kind = GeneralCommand(header.command_id)
    name = kind.name.replace("_", " ").replace(" rsp", " Response").title()
    values, _ = GENERAL_COMMANDS[kind].schema.deserialize(data)
    if kind is GeneralCommand.Read_Attributes:
        fields += [("attribute", _attribute(cluster, identifier)) for identifier in values.attribute_ids]
    elif kind is GeneralCommand.Read_Attributes_rsp:
        for record in values.status_records:
            value = record.value.value if record.status == 0 else record.status.name
            fields.append((_attribute(cluster, record.attrid), in_words(value)))
    elif kind is GeneralCommand.Report_Attributes:
        for record in values.attribute_reports:
            fields.append((_attribute(cluster, record.attrid), in_words(record.value.value)))
    else:
        fields += [(field.name, short(getattr(values, field.name))) for field in type(values).fields]
    said.means(name)
    said.name = f"{name}, {cluster_name(cluster)}"
    said.layers.append((f"ZCL {cluster_name(cluster)}", [("command", name), *fields]))


def _attribute(cluster: int, identifier: int) -> str:
    return _attribute_names(cluster).get(identifier, f"{identifier:#06x}")


@functools.cache
def _attribute_names(cluster: int) -> dict[int, str]:
    known = _CLUSTERS.get(cluster)
    zigpys = {number: attribute.name for number, attribute in known.attributes.items()} if known else {}
    return NAMES.get(cluster, {}) | zigpys
