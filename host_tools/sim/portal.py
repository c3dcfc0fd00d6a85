"""The supplier's website, back office included: from a form to an open hub and, later, access to the meters."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools

from host_tools.sim.crypto import mmo
from host_tools.sim.hub import Hub, LogFull

_CODE_OCTETS = (6, 8, 12, 16)
_PATIENCE_S = 86_400
_LOOK_ALIKES = str.maketrans("OoIlS", "00115")


class FormError(Exception):
    """A field that does not do; `field` names it, the message is for the person."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclasses.dataclass
class Timeline:
    """How long the back office takes, in seconds."""

    accepted: float = 1.0
    matched: float = 3.0
    hub_reached: float = 4.0
    listed: float = 2.0
    window: float = 600.0
    granted: float = 5.0


@dataclasses.dataclass
class Request:
    """One device on its way into the home. `stage` is what the page says."""

    reference: str
    eui64: bytes
    stage: str
    failed: bool = False


def _only_hex(text: str, field: str) -> str:
    digits = "".join(c for c in text if c not in " -:\t")
    if not digits:
        raise FormError(field, "Please fill this in.")
    if all(c in "0123456789abcdefABCDEF" for c in digits):
        return digits.upper()
    likely = digits.translate(_LOOK_ALIKES)
    if all(c in "0123456789abcdefABCDEF" for c in likely):
        raise FormError(field, f"There is a letter O, I or S where a number belongs. Did you mean {likely.upper()}?")
    raise FormError(field, "Only the numbers 0 to 9 and the letters A to F are used here.")


def parse_eui64(text: str) -> bytes:
    """The EUI-64, big-endian. Raises FormError."""
    digits = _only_hex(text, "eui64")
    if len(digits) == 12:
        raise FormError("eui64", "That looks like the Wi-Fi address. Use the 16-character Zigbee ID.")
    if len(digits) != 16:
        raise FormError("eui64", f"16 characters are needed, you typed {len(digits)}.")
    return bytes.fromhex(digits)


def parse_install_code(text: str) -> bytes:
    """The install code without its CRC. Raises FormError, naming the group that is likely wrong."""
    digits = _only_hex(text, "install_code")
    if len(digits) not in [2 * n + 4 for n in _CODE_OCTETS]:
        raise FormError("install_code", f"Install codes are 16, 20, 28 or 36 characters; you typed {len(digits)}.")
    code = bytes.fromhex(digits)
    if mmo.with_crc(code[:-2]) == code:
        return code[:-2]
    group = _likely_group(digits)
    where = f"Check group {group} again." if group else "Check it again, group by group."
    raise FormError("install_code", f"One or more characters are wrong. {where}")


def _likely_group(digits: str) -> int | None:
    # The group of four that single corrections agree on; None where they point to several.
    groups = set()
    for at, digit in itertools.product(range(len(digits)), "0123456789ABCDEF"):
        code = bytes.fromhex(digits[:at] + digit + digits[at + 1 :])
        if mmo.with_crc(code[:-2]) == code:
            groups.add(at // 4 + 1)
    return groups.pop() if len(groups) == 1 else None


class Portal:
    """The supplier of one home."""

    def __init__(self, hub: Hub, timeline: Timeline | None = None) -> None:
        self.hub = hub
        self.timeline = timeline or Timeline()
        self.requests: list[Request] = []
        self.hub_offline = False

    def add_device(self, eui64: str, install_code: str) -> Request:
        """The form "add a device". Raises FormError."""
        device = parse_eui64(eui64)
        code = parse_install_code(install_code)
        request = Request(f"R{1001 + len(self.requests)}", device, "Request received")
        self.requests.append(request)
        self.hub.start(self._back_office(request, code))
        return request

    async def _back_office(self, request: Request, code: bytes) -> None:
        times = self.timeline
        await asyncio.sleep(times.accepted)
        request.stage = "Checking your address"
        await asyncio.sleep(times.matched)
        request.stage = "Calling your hub"
        await asyncio.sleep(times.hub_reached)
        if self.hub_offline:
            request.stage, request.failed = "We cannot reach your hub. Try again in 24 hours.", True
            return
        device = request.eui64[::-1]
        try:
            self.hub.admit(device, code, times.window)
        except LogFull:
            request.stage, request.failed = "Your hub is full. Remove a display or device first.", True
            return
        await asyncio.sleep(times.listed)
        request.stage = "Your hub is open: the device can join now"
        if not await self._wait_for(lambda: self._vouched(device), times.window):
            request.stage, request.failed = "The device did not join in time. Ask us to open again.", True
            # It may be on the network and only late with its key.
            if not await self._wait_for(lambda: self._vouched(device), _PATIENCE_S):
                return
            request.failed = False
        request.stage = "The device has joined; giving it access to the meters"
        await asyncio.sleep(times.granted)
        self.hub.grant_meters(device)
        request.stage = "Done: the device may read your meters"

    def _vouched(self, device: bytes) -> bool:
        key = self.hub.keys.get(device)
        return key is not None and key.authorised

    @staticmethod
    async def _wait_for(condition, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not condition():
            if loop.time() >= until:
                return False
            await asyncio.sleep(1)
        return True
