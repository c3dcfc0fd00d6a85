"""The hub's half of key establishment: cluster 0x0800, server side (SE 1.4, annex C.3 and C.4)."""

from __future__ import annotations

import asyncio
import enum
import hmac
import random
from typing import TYPE_CHECKING

from zigpy.zcl.foundation import Direction, ZCLHeader

from host_tools.sim import aps
from host_tools.sim.crypto.cbke import SUITES, Agreement, Ephemeral, Identity, agree, scalar

if TYPE_CHECKING:
    from host_tools.sim.hub import Hub
    from host_tools.sim.node import Message

EPHEMERAL_S, CONFIRM_S = 3, 6  # what it tells its partner


class Reason(enum.IntEnum):
    UNKNOWN_ISSUER = 1
    BAD_KEY_CONFIRM = 2
    BAD_MESSAGE = 3
    NO_RESOURCES = 4
    UNSUPPORTED_SUITE = 5
    INVALID_CERTIFICATE = 6


class Terminate(Exception):
    """Ends the session with this reason."""


class KeyResponder:
    """One session at a time. `faults` names what goes wrong, for tests: see `FAULTS`."""

    FAULTS = (
        "silent after initiate", "silent after ephemeral", "silent after confirm", "tampered confirmation", "busy",
        "unknown issuer", "bad message", "invalid certificate", "two suites",
    )  # fmt: skip

    def __init__(self, hub: Hub, rng: random.Random, identities: dict[int, Identity]) -> None:
        self._hub = hub
        self._rng = rng
        self.identities = identities
        self.faults: set[str] = set()
        self.busy_wait_s = 10
        self.completed = 0
        self.terminated: list[Reason] = []
        self._forget()

    @property
    def suites(self) -> int:
        """The KeyEstablishmentSuite attribute."""
        return sum(self.identities)

    def forget(self, partner: bytes) -> None:
        """Ends what has been begun with a device that is off the hub's list."""
        if partner == self._partner:
            self._forget()

    def _forget(self) -> None:
        self._partner: bytes | None = None
        self._identity: Identity | None = None
        self._certificate = b""
        self._ephemeral: Ephemeral | None = None
        self._agreement: Agreement | None = None
        self._until = 0.0

    def on_message(self, message: Message) -> None:
        """A command from an initiator."""
        header, payload = ZCLHeader.deserialize(message.frame.payload)
        steps = {0: self._initiate, 1: self._ephemeral_data, 2: self._confirm}
        if header.command_id == 3:
            self._forget()
            return
        step = steps.get(header.command_id)
        if step is None:
            return
        try:
            answer, seconds = step(payload, message)
        except Terminate as end:
            self._end(message, end.args[0])
            return
        self._hub.start(self._answer(message, header, answer, seconds))

    async def _answer(self, message: Message, header: ZCLHeader, answer: bytes | None, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if answer is not None:
            reply = ZCLHeader.cluster(header.tsn, header.command_id, direction=Direction.Server_to_Client)
            self._hub.reply(message, reply, answer)

    def _end(self, message: Message, reason: Reason) -> None:
        self.terminated.append(reason)
        wait = self.busy_wait_s if reason is Reason.NO_RESOURCES else 0
        header = ZCLHeader.cluster(self._rng.randrange(256), 3, direction=Direction.Server_to_Client)
        payload = bytes([reason, wait]) + self.suites.to_bytes(2, "little")
        self._hub.reply(message, header, payload)
        if reason is not Reason.NO_RESOURCES:
            self._forget()

    # The steps: each returns its answer and how long it takes to work it out

    def _initiate(self, payload: bytes, message: Message) -> tuple[bytes | None, float]:
        now = asyncio.get_running_loop().time()
        partner = message.sender_eui64 or b""
        if "busy" in self.faults or (self._partner not in (None, partner) and now < self._until):
            raise Terminate(Reason.NO_RESOURCES)
        if partner not in self._hub.log:
            raise Terminate(Reason.NO_RESOURCES)
        self._forget()
        for fault, reason in (
            ("unknown issuer", Reason.UNKNOWN_ISSUER), ("bad message", Reason.BAD_MESSAGE),
            ("invalid certificate", Reason.INVALID_CERTIFICATE),
        ):  # fmt: skip
            if fault in self.faults:
                raise Terminate(reason)
        suite = SUITES.get(int.from_bytes(payload[:2], "little"))
        if suite is None or suite.number not in self.identities:
            raise Terminate(Reason.UNSUPPORTED_SUITE)
        own = self.identities[suite.number]
        certificate = payload[4:]
        if len(certificate) != suite.certificate_octets:
            raise Terminate(Reason.BAD_MESSAGE)
        if certificate[suite.issuer] != own.certificate[suite.issuer]:
            raise Terminate(Reason.UNKNOWN_ISSUER)
        if certificate[suite.subject] != partner[::-1]:
            raise Terminate(Reason.INVALID_CERTIFICATE)
        self._partner, self._identity, self._certificate = partner, own, certificate
        self._until = now + payload[2] + EPHEMERAL_S + 10
        if "silent after initiate" in self.faults:
            return None, 0
        number = 3 if "two suites" in self.faults else suite.number
        return number.to_bytes(2, "little") + bytes([EPHEMERAL_S, CONFIRM_S]) + own.certificate, 0.2

    def _session(self, message: Message) -> Identity:
        if self._identity is None or message.sender_eui64 != self._partner:
            raise Terminate(Reason.BAD_MESSAGE)
        return self._identity

    def _ephemeral_data(self, payload: bytes, message: Message) -> tuple[bytes | None, float]:
        own = self._session(message)
        curve = own.suite.curve
        self._ephemeral = Ephemeral(curve, scalar(curve, self._rng))
        try:
            self._agreement = agree(own, self._ephemeral, self._certificate, payload, initiator=False)
        except ValueError as error:
            raise Terminate(Reason.BAD_MESSAGE) from error
        if "silent after ephemeral" in self.faults:
            return None, 0
        return self._ephemeral.public, 1.1

    def _confirm(self, payload: bytes, message: Message) -> tuple[bytes | None, float]:
        self._session(message)
        if self._agreement is None:
            raise Terminate(Reason.BAD_MESSAGE)
        agreement = self._agreement
        if not hmac.compare_digest(payload, agreement.initiator_smac):
            raise Terminate(Reason.BAD_KEY_CONFIRM)
        if "silent after confirm" in self.faults:
            return None, 0
        mac = agreement.responder_smac
        if "tampered confirmation" in self.faults:
            return bytes([mac[0] ^ 1]) + mac[1:], 1.4
        self._hub.start(self._install(message.sender_eui64 or b"", agreement))
        self.completed += 1
        return mac, 1.4

    async def _install(self, partner: bytes, agreement: Agreement) -> None:
        # The new key counts from the answer on.
        await asyncio.sleep(1.4)
        if self._agreement is not agreement:
            return
        self._hub.keys[partner] = aps.LinkKey(agreement.link_key, authorised=True)
        self._hub.air.keys[agreement.link_key] = "link key, agreed"
        self._forget()
