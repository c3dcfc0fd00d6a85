"""EZSP frames on the serial link."""

from __future__ import annotations

from typing import Any

import bellows.types as bt
import zigpy.types as zt

from host_tools.sim.trace.application import describe
from host_tools.sim.trace.said import HIDDEN, Fields, Said, short
from host_tools.sim.trace.words import EZSP_STORY

_SECRET_TYPES = (zt.KeyData, bt.KeyData)
_SECRET_NAMES = ("key", "token", "psk", "securitystate", "partnercert", "smac", "ephemeral", "contents of the key")


def decode_ezsp(ezsp: Any, to_ncp: bool, frame: bytes) -> Said:
    """An EZSP frame between the device's firmware and its radio module, by bellows' tables of the version in force."""
    said = Said(*(("device", "ncp") if to_ncp else ("ncp", "device")))
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
        fields.append((field, HIDDEN if hidden else short(value)))
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
            return values, short(error)
        values[field] = value
    return values, ""


def _is_secret(command: str, field: str, value: Any) -> bool:
    if isinstance(value, _SECRET_TYPES):
        return True
    text = f"{command} {field}".lower()
    return any(word in text for word in _SECRET_NAMES) and not field.lower().startswith("status")


def _inner_message(said: Said, values: dict[str, Any]) -> None:
    frame = next((v for k, v in values.items() if k.lower().replace("_", "") == "apsframe"), None)
    message = next((v for k, v in values.items() if k in ("message", "messageContents")), None)
    if frame is None or message is None or not bytes(message):
        return
    inner = Said(said.source, said.to)
    describe(inner, int(frame.profileId), int(frame.clusterId), bytes(message))
    said.layers += inner.layers
    said.secret = said.secret or inner.secret
    if inner.name:
        said.name = f"{said.name}: {inner.name}"
