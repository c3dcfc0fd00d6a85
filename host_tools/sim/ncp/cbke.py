"""The NCP's CBKE commands: the curve arithmetic, with the radio off while it lasts (UG100, CBKE frames)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import bellows.types as t

from host_tools.sim import aps
from host_tools.sim.crypto.cbke import SUITES, Agreement, Ephemeral, agree, scalar
from host_tools.sim.radio.nwk import TRUST_CENTRE

if TYPE_CHECKING:
    from host_tools.sim.ncp.stack import Stack

EMBER = t.EmberStatus
GENERATE_S = {1: 0.4, 2: 0.8}
CALCULATE_S = {1: 1.2, 2: 2.6}
_ENDINGS = {1: "", 2: "283k1"}
_CERTIFICATES = {1: t.EmberCertificateData, 2: t.EmberCertificate283k1Data}
_POINTS = {1: t.EmberPublicKeyData, 2: t.EmberPublicKey283k1Data}


class CbkeEngine:
    """The commands of both suites. One computation at a time; the derived key is stored only when told."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        for suite in SUITES:
            ending = _ENDINGS[suite]
            for name in (
                "getCertificate",
                "generateCbkeKeys",
                "calculateSmacs",
                "clearTemporaryDataMaybeStoreLinkKey",
            ):
                method = getattr(self, f"_{name}")
                setattr(
                    self,
                    f"do_{name}{ending}",
                    lambda suite=suite, method=method, **values: method(suite, **values),
                )
        self.reset()

    @property
    def radio_off(self) -> bool:
        """Whether a computation is under way, during which the NCP hears nothing."""
        return not self._stack.mac.listening

    @radio_off.setter
    def radio_off(self, off: bool) -> None:
        self._stack.mac.listening = not off

    def reset(self) -> None:
        self.radio_off = False
        self._ephemeral: Ephemeral | None = None
        self._agreement: Agreement | None = None

    def _getCertificate(self, suite: int) -> dict[str, Any]:
        identity = self._stack.tokens.identities.get(suite)
        if identity is None:
            kind = _CERTIFICATES[suite]
            return {"status": EMBER.ERR_FATAL, "localCert": kind(bytes(SUITES[suite].certificate_octets))}
        return {"status": EMBER.SUCCESS, "localCert": _CERTIFICATES[suite](identity.certificate)}

    def _generateCbkeKeys(self, suite: int) -> dict[str, Any]:
        if self.radio_off:
            return {"status": EMBER.INVALID_CALL}
        if suite not in self._stack.tokens.identities:
            return {"status": EMBER.LIBRARY_NOT_PRESENT}
        self.radio_off = True
        self._stack.start(self._generate(suite))
        return {"status": EMBER.OPERATION_IN_PROGRESS}

    async def _generate(self, suite: int) -> None:
        await asyncio.sleep(GENERATE_S[suite])
        curve = SUITES[suite].curve
        self._ephemeral = Ephemeral(curve, scalar(curve, self._stack.rng))
        self.radio_off = False
        name = f"generateCbkeKeysHandler{_ENDINGS[suite]}"
        point = _POINTS[suite](self._ephemeral.public)
        self._stack.callback(name, status=EMBER.SUCCESS, ephemeralPublicKey=point)

    def _calculateSmacs(
        self,
        suite: int,
        amInitiator,
        partnerCertificate,
        partnerEphemeralPublicKey,
    ) -> dict[str, Any]:
        if self.radio_off or self._ephemeral is None:
            return {"status": EMBER.INVALID_CALL}
        self.radio_off = True
        certificate = bytes(partnerCertificate.serialize())
        point = bytes(partnerEphemeralPublicKey.serialize())
        self._stack.start(self._calculate(suite, bool(amInitiator), certificate, point))
        return {"status": EMBER.OPERATION_IN_PROGRESS}

    async def _calculate(self, suite: int, initiator: bool, certificate: bytes, point: bytes) -> None:
        await asyncio.sleep(CALCULATE_S[suite])
        identity = self._stack.tokens.identities[suite]
        assert self._ephemeral
        status, smacs = EMBER.SUCCESS, (bytes(16), bytes(16))
        try:
            self._agreement = agree(identity, self._ephemeral, certificate, point, initiator=initiator)
            smacs = (self._agreement.initiator_smac, self._agreement.responder_smac)
        except ValueError:
            status = EMBER.ERR_FATAL
        self.radio_off = False
        self._stack.callback(
            f"calculateSmacsHandler{_ENDINGS[suite]}", status=status,
            initiatorSmac=t.EmberSmacData(smacs[0]), responderSmac=t.EmberSmacData(smacs[1]),
        )  # fmt: skip

    def _clearTemporaryDataMaybeStoreLinkKey(self, suite: int, storeLinkKey) -> dict[str, Any]:
        agreement, self._agreement, self._ephemeral = self._agreement, None, None
        if not storeLinkKey or agreement is None:
            return {"status": EMBER.ERR_FATAL}  # also when all went well: there was nothing to store
        trust_centre = self._stack.addresses[TRUST_CENTRE]
        self._stack.keys[trust_centre] = aps.LinkKey(agreement.link_key, authorised=True)
        return {"status": EMBER.SUCCESS}
