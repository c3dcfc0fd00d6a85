"""The NCP's manufacturing tokens: what the maker wrote once, and the install code's layout in flash."""

from __future__ import annotations

import dataclasses

import bellows.types as t

from host_tools.sim.crypto import mmo
from host_tools.sim.crypto.cbke import Identity

_SIZES = {6: 0, 8: 1, 12: 2, 16: 3}
ERASED_INSTALL_CODE = b"\xff" * 20


def install_code_token(code: bytes) -> bytes:
    """INSTALLATION_CODE, 20 octets: flags, the code to the left, its CRC."""
    flags = _SIZES[len(code)] << 1
    return flags.to_bytes(2, "little") + code.ljust(16, b"\xff") + mmo.crc_x25(code).to_bytes(2, "little")


@dataclasses.dataclass
class Tokens:
    """`eui64` is in air order; `identities` are the CBKE tokens by suite."""

    eui64: bytes
    install_code: bytes
    identities: dict[int, Identity]

    def manufacturing(self, token_id: int) -> bytes:
        """A manufacturing token's octets, 0xFF where it was never written."""
        if token_id == t.EzspMfgTokenId.MFG_INSTALLATION_CODE:
            return self.install_code
        if token_id == t.EzspMfgTokenId.MFG_CUSTOM_EUI_64:
            return self.eui64
        return b"\xff" * 16

    def install_key(self) -> bytes | None:
        """The preconfigured link key that the install code makes; None where there is no valid code."""
        flags = int.from_bytes(self.install_code[:2], "little")
        if flags & 1:
            return None
        size = (6, 8, 12, 16)[flags >> 1 & 3]
        return mmo.link_key(self.install_code[2 : 2 + size] + self.install_code[18:20])
