"""EZSP at the NCP: frames by bellows' tables of the version in force, commands by the stack's methods."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import bellows.types as t
from zigpy.types import serialize as serialize_list

STACK_VERSIONS = {8: 0x6A30, 9: 0x7120, 10: 0x7210, 11: 0x7250, 12: 0x7320, 13: 0x7410, 14: 0x8020}
_STACK_TYPE_MESH = 2
_VERSION, _INVALID_COMMAND = 0x0000, 0x0058
# The names that version 14's tables give to what earlier ones call otherwise.
_EUI64_AND_KEY = 24  # zigbee-herdsman sends no flags in version 14, bellows does
_ALIASES = {
    "type": "message_type", "indexOrDestination": "nwk", "apsFrame": "aps_frame", "messageTag": "message_tag",
    "messageContents": "message", "lastHopLqi": "lqi", "lastHopRssi": "rssi", "sender": "nwk",
    "bindingIndex": "binding_index", "addressIndex": "address_index", "destination": "nwk",
    "addressTableIndex": "index", "id": "nwk",
}  # fmt: skip


def command_table(version: int) -> dict[str, tuple[int, dict[str, Any], dict[str, Any]]]:
    """bellows' table for a version, with what the vendor's own code says otherwise put right."""
    table = dict(importlib.import_module(f"bellows.ezsp.v{version}.commands").COMMANDS)
    if version >= 9:
        # The NCP answers startScan with 32 bits from version 9 on; bellows has one octet.
        identifier, sends, _ = table["startScan"]
        table["startScan"] = (identifier, sends, {"status": t.sl_Status})
    return table


class Invalid(Exception):
    """The command is refused with invalidCommand and this EzspStatus."""


class NcpEzsp:
    """`call(name, values)` runs a command and returns its response's values by name, or None for an unknown one;
    `send(frame, is_callback)` takes frames for the host. Statuses are EmberStatus or EzspStatus everywhere here;
    version 14's are made of them by bellows' own mapping.
    """

    def __init__(
        self,
        version: int,
        call: Callable[[str, dict[str, Any]], dict[str, Any] | None],
        send: Callable[[bytes, bool], None],
    ) -> None:
        self.version = version
        self.table = command_table(version)
        self.by_id = {row[0]: name for name, row in self.table.items()}
        self._call = call
        self._write = send
        self.unknown: set[str] = set()  # commands that this build of the NCP was made without
        # Called with whether it goes to the NCP, and each frame.
        self.taps: list[Callable[[bool, bytes], None]] = []
        self.reset()

    def _send(self, frame: bytes, is_callback: bool) -> None:
        for tap in self.taps:
            tap(False, frame)
        self._write(frame, is_callback)

    def reset(self) -> None:
        self._agreed = False
        self._sequence = 0
        self._legacy = True

    def receive(self, frame: bytes) -> None:
        """A frame from the host."""
        for tap in self.taps:
            tap(True, frame)
        self._sequence = frame[0]
        extended = len(frame) >= 5 and frame[2] & 3 == 1
        self._legacy = not extended
        if extended:
            identifier, payload = frame[3] | frame[4] << 8, frame[5:]
        else:
            identifier, payload = frame[2], frame[3:]
        if identifier == _VERSION:
            self._version(payload)
            return
        try:
            if not self._agreed or not extended:
                raise Invalid(t.EzspStatus.ERROR_VERSION_NOT_SET)
            name = self.by_id.get(identifier)
            if name is None or name in self.unknown or name.endswith("Handler"):
                raise Invalid(t.EzspStatus.ERROR_INVALID_FRAME_ID)
            self._respond(name, self._parse(name, payload))
        except Invalid as invalid:
            # In version 14 bellows reads 32 bits, the vendor's host and zigbee-herdsman one octet: both find theirs.
            reason = int(invalid.args[0]).to_bytes(4 if self.version >= 14 else 1, "little")
            self._send(self._header(_INVALID_COMMAND, 0x80) + reason, False)

    def _version(self, payload: bytes) -> None:
        desired = payload[0] if payload else 0
        self._agreed = desired == self.version
        body = bytes([self.version, _STACK_TYPE_MESH]) + STACK_VERSIONS.get(self.version, 0).to_bytes(2, "little")
        self._send(self._header(_VERSION, 0x80) + body, False)

    def _parse(self, name: str, payload: bytes) -> dict[str, Any]:
        _, schema, _ = self.table[name]
        if name == "importTransientKey" and len(payload) == _EUI64_AND_KEY:
            schema = {field: kind for field, kind in schema.items() if field != "flags"}
        try:
            values, rest = t.deserialize_dict(payload, schema) if isinstance(schema, dict) else ({}, b"")
        except ValueError as error:
            raise Invalid(t.EzspStatus.ERROR_TRUNCATED) from error
        if rest:
            raise Invalid(t.EzspStatus.ERROR_COMMAND_TOO_LONG)
        return {_ALIASES.get(key, key): value for key, value in values.items()}

    def _respond(self, name: str, values: dict[str, Any]) -> None:
        answer = self._call(name, values)
        if answer is None:
            raise Invalid(t.EzspStatus.ERROR_INVALID_FRAME_ID)
        identifier, _, schema = self.table[name]
        self._send(self._header(identifier, 0x80) + self._body(schema, answer), False)

    def callback(self, name: str, **values: Any) -> None:
        """Pushes a callback to the host; one that its version does not have is not sent."""
        if self._agreed and name in self.table:
            identifier, _, schema = self.table[name]
            self._send(self._header(identifier, 0x90) + self._body(schema, values), True)

    def _header(self, identifier: int, control: int) -> bytes:
        if self._legacy:
            return bytes([self._sequence, control, identifier])
        return bytes([self._sequence, control, 0x01, identifier & 0xFF, identifier >> 8])

    def _body(self, schema: dict[str, Any], values: dict[str, Any]) -> bytes:
        out = []
        for field, kind in schema.items():
            name = _ALIASES.get(field, field)
            # From version 14 on some commands answer with a status that had none.
            new = self.version >= 14 and name == "status" and name not in values
            value = t.EmberStatus.SUCCESS if new else values[name]
            if kind is t.sl_Status and not isinstance(value, t.sl_Status):
                value = t.sl_Status.from_ember_status(value)
            out.append(value if type(value) is kind else kind(value))
        return serialize_list(out, list(schema.values()))
