"""The supplier's website, back office included: from a form to an open hub and, later, access to the meters."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import re
from collections.abc import Callable
from typing import Any

from host_tools.sim.crypto import mmo
from host_tools.sim.hub import Hub, LogFull

_CODE_OCTETS = (6, 8, 12, 16)
_PATIENCE_S = 86_400
_LOOK_ALIKES = str.maketrans("OoIlS", "00115")


class FormError(Exception):
    """A field that does not do; `field` names it, the message is for the person. `fields` has all that do not."""

    def __init__(self, field: str, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.fields = fields or {field: message}


@dataclasses.dataclass
class Timeline:
    """How long the back office takes, in seconds."""

    accepted: float = 1.0
    matched: float = 2.0
    model_known: float = 1.0
    hub_reached: float = 4.0
    retry: float = 5.0
    listed: float = 2.0
    window: float = 600.0
    granted: float = 5.0
    by_hand: float = 86_400.0
    removed: float = 2.0


@dataclasses.dataclass(frozen=True)
class Account:
    """Whose meters they are, as the supplier has it."""

    name: str = "A. Householder"
    mpan: str = "1200000000011"
    mprn: str = "7400000018"
    postcode: str = "ZZ9 9ZZ"  # a postcode that no place has


# What the back office says, in order; the page shows how far a request has come.
STAGES = (
    "Request received", "Checking your address", "Checking the device's model", "Calling your hub",
    "Your hub is open: the device can join now", "The device has joined; giving it access to the meters",
    "Done: the device can now read your meters",
)  # fmt: skip
(_RECEIVED, _ADDRESS, _MODEL, _CALLING, _OPEN, _JOINED, _DONE) = STAGES
_REMOVED = "This device has been removed from your list."
_UNKNOWN = "Your hub has been replaced, and the new one does not know this device. Add it again."

# What can go wrong in the back office, by name: for the page and for tests.
TROUBLES = {
    "address": "the meters are at another address",
    "old-supplier": "the meters are still with the household's old supplier",
    "unknown-model": "nobody knows the model: someone checks it by hand, which takes a day",
    "hub-offline": "the hub cannot be reached",
    "listed-elsewhere": "the device is on another hub's list",
    "no-access": "it joins, but is not given access to the meters",
}


@dataclasses.dataclass
class Request:
    """One device on its way into the home. `stage` is what the page says, `past` when it said what, in seconds since
    the start.
    """

    reference: str
    eui64: bytes
    stage: str
    failed: bool = False
    past: list[tuple[float, str]] = dataclasses.field(default_factory=list)

    def says(self, stage: str, *, failed: bool = False) -> None:
        """It has come so far."""
        self.stage, self.failed = stage, failed
        self.past.append((asyncio.get_running_loop().time(), stage))

    @property
    def step(self) -> int:
        """How many of STAGES it has reached."""
        return max((STAGES.index(said) for _, said in self.past if said in STAGES), default=0)


def _only_hex(text: str, field: str) -> str:
    digits = "".join(c for c in text if c not in " -:\t")
    if not digits:
        raise FormError(field, "Please fill this in.")
    if all(c in "0123456789abcdefABCDEF" for c in digits):
        return digits.upper()
    likely = digits.translate(_LOOK_ALIKES)
    if all(c in "0123456789abcdefABCDEF" for c in likely):
        raise FormError(field, f"There is a letter O, I or S where a digit should be. Did you mean {likely.upper()}?")
    raise FormError(field, "Use only the digits 0 to 9 and the letters A to F.")


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


_MPAN_WEIGHTS = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}")
_TYPES = ("CAD", "IHD")


def mpan_check_digit(digits: str) -> int:
    """The 13th digit of an MPAN from its first twelve."""
    return sum(int(d) * w for d, w in zip(digits, _MPAN_WEIGHTS, strict=True)) % 11 % 10


def parse_mpan(text: str) -> str:
    """The 13 digits. Raises FormError."""
    digits = "".join(text.split())
    if not digits:
        raise FormError("mpan", "Please fill this in.")
    if not (len(digits) == 13 and digits.isascii() and digits.isdecimal()):
        raise FormError("mpan", "MPANs are 13 digits.")
    if mpan_check_digit(digits[:12]) != int(digits[12]):
        raise FormError("mpan", "MPANs are 13 digits. The last one is a check digit and does not agree.")
    return digits


def parse_mprn(text: str) -> str:
    """6 to 10 digits, or nothing. Raises FormError."""
    digits = "".join(text.split())
    if digits and not (6 <= len(digits) <= 10 and digits.isascii() and digits.isdecimal()):
        raise FormError("mprn", "MPRNs are 6 to 10 digits. Leave this empty if you have no gas.")
    return digits


def parse_postcode(text: str) -> str:
    """A GB postcode in capitals with its space. Raises FormError."""
    letters = "".join(text.split()).upper()
    if not letters:
        raise FormError("postcode", "Please fill this in.")
    postcode = f"{letters[:-3]} {letters[-3:]}"
    if not _POSTCODE.fullmatch(postcode):
        raise FormError("postcode", "That is not a valid postcode. They look like AB1 2CD.")
    return postcode


class Portal:
    """The supplier of one home. `troubles` are those of TROUBLES that are there now, `before` how many requests it has
    had from the household's last home.
    """

    def __init__(
        self, hub: Hub, timeline: Timeline | None = None, account: Account | None = None, before: int = 0
    ) -> None:  # fmt: skip
        self._before = before
        self.timeline = timeline or Timeline()
        self.account = account or Account()
        self.requests: list[Request] = []
        self.troubles: set[str] = set()
        self.hub = hub

    @property
    def hub(self) -> Hub:
        """The home's hub; in place of a broken one comes another, with that one's list or without."""
        return self._hub

    @hub.setter
    def hub(self, hub: Hub) -> None:
        self._hub = hub
        hub.on_log = self._compare
        self._compare(_UNKNOWN)

    def _compare(self, otherwise: str = _REMOVED) -> None:
        # Whoever takes a device off the hub's list: it is not told of as one that may read the meters.
        for request in self.requests:
            entry = self.hub.log.get(request.eui64[::-1])
            if request.stage == _DONE and entry is None:
                request.says(otherwise, failed=True)
            elif request.stage == _UNKNOWN and entry and entry.meters_granted and not self._later(request):
                request.says(_DONE)

    @property
    def hub_offline(self) -> bool:
        """Whether the supplier cannot reach the hub."""
        return "hub-offline" in self.troubles

    @hub_offline.setter
    def hub_offline(self, offline: bool) -> None:
        (self.troubles.add if offline else self.troubles.discard)("hub-offline")

    @property
    def asked(self) -> int:
        """How many requests this household has made, in all its homes."""
        return self._before + len(self.requests)

    def check(self, form: dict[str, Any]) -> tuple[bytes, bytes]:
        """The whole form as the page sends it; returns EUI-64 and install code. Raises FormError with all fields."""
        wrong: dict[str, str] = {}

        def take(parse: Callable[[str], Any], field: str) -> Any:
            try:
                return parse(str(form.get(field, "")))
            except FormError as error:
                wrong[field] = str(error)
                return None

        if form.get("device_type", "CAD") not in _TYPES:
            wrong["device_type"] = "This page adds display or CAD devices only."
        eui64, code = take(parse_eui64, "eui64"), take(parse_install_code, "install_code")
        mpan, mprn, postcode = take(parse_mpan, "mpan"), take(parse_mprn, "mprn"), take(parse_postcode, "postcode")
        ours = self.account
        if mpan and mpan != ours.mpan:
            wrong["mpan"] = "We do not supply this meter."
        if mprn and mprn != ours.mprn:
            wrong["mprn"] = "We do not supply this meter."
        if postcode and postcode != ours.postcode:
            wrong["postcode"] = "We do not have this meter at that postcode."
        if form.get("consent") is not True:
            wrong["consent"] = "Without your consent we cannot let a device read your meters."
        if wrong:
            field, message = next(iter(wrong.items()))
            raise FormError(field, message, wrong)
        return eui64, code

    def submit(self, form: dict[str, Any]) -> Request:
        """The page's form "add a device". Raises FormError."""
        eui64, code = self.check(form)
        return self._accept(eui64, code)

    def add_device(self, eui64: str, install_code: str) -> Request:
        """The form's two fields that are the device's; the rest filled in rightly. Raises FormError."""
        return self._accept(parse_eui64(eui64), parse_install_code(install_code))

    def _accept(self, eui64: bytes, code: bytes) -> Request:
        if self._vouched(eui64[::-1]):
            # The hub has agreed on a key with it, and talks to it by no other.
            message = "This device is already on your list. If you have factory reset it, remove it there first."
            raise FormError("eui64", message)
        request = Request(f"R{1001 + self.asked}", eui64, _RECEIVED)
        request.says(_RECEIVED)
        self.requests.append(request)
        self.hub.start(self._back_office(request, code))
        return request

    def devices(self) -> list[tuple[bytes, str]]:
        """(EUI-64, status) of the devices that the hub lists."""
        now = asyncio.get_running_loop().time()
        found = []
        for device, entry in self.hub.log.items():
            if self._vouched(device):
                status = "Reads your meters" if entry.meters_granted else "Joined; no access to the meters yet"
            else:
                status = "The hub is open for it" if entry.window_until > now else "Listed; not joined"
            found.append((device[::-1], status))
        return found

    def remove_device(self, eui64: str) -> None:
        """Takes a device off the home's list, which takes a moment. Raises FormError."""
        device = parse_eui64(eui64)[::-1]
        if device not in self.hub.log:
            raise FormError("eui64", "That device is not on your list.")

        async def remove() -> None:
            await asyncio.sleep(self.timeline.removed)
            self.hub.remove(device)

        self.hub.start(remove())

    async def _back_office(self, request: Request, code: bytes) -> None:
        if not await self._paperwork(request) or not await self._call_hub(request):
            return
        times, hub = self.timeline, self.hub
        device = request.eui64[::-1]
        try:
            hub.admit(device, code, times.window)
        except LogFull:
            request.says("Your hub is full. Remove a display or device first.", failed=True)
            return
        await asyncio.sleep(times.listed)
        if self._has_ended(request):
            return
        request.says(_OPEN)
        if not await self._joins(request, times.window):
            if self._has_ended(request):
                return
            request.says("The device did not join in time. Ask us to open again.", failed=True)
            # It may be on the network and only late with its key.
            if not await self._joins(request, _PATIENCE_S):
                return
        request.says(_JOINED)
        while "no-access" in self.troubles and not self._is_over(request):
            await asyncio.sleep(60)
        await asyncio.sleep(times.granted)
        if not self._has_ended(request):
            self.hub.grant_meters(device)
            request.says(_DONE)

    async def _joins(self, request: Request, seconds: float) -> bool:
        device = request.eui64[::-1]
        await self._wait_for(lambda: self._vouched(device) or self._is_over(request), seconds)
        return self._vouched(device) and not self._has_ended(request)

    def _is_over(self, request: Request) -> bool:
        # Its device has been removed, or is asked for anew; or another hub has another list.
        return request.eui64[::-1] not in self.hub.log or self._later(request) is not None

    def _later(self, request: Request) -> Request | None:
        after = self.requests[self.requests.index(request) + 1 :]
        return next((one for one in after if one.eui64 == request.eui64), None)

    def _has_ended(self, request: Request) -> bool:
        # Says so, where it has not said how it ended.
        over = self._is_over(request)
        if over and not request.failed:
            later = self._later(request)
            words = f"See {later.reference}." if later else _REMOVED
            request.says(words, failed=True)
        return over

    async def _paperwork(self, request: Request) -> bool:
        times, troubles = self.timeline, self.troubles
        await asyncio.sleep(times.accepted)
        request.says(_ADDRESS)
        await asyncio.sleep(times.matched)
        for trouble, words in (
            ("address", "We could not match your address. Check the MPAN and the postcode, or call us."),
            ("old-supplier", "Your meters are still with your old supplier. Ask them to release the meters."),
        ):
            if trouble in troubles:
                request.says(words, failed=True)
                return False
        request.says(_MODEL)
        await asyncio.sleep(times.model_known)
        if "unknown-model" in troubles:
            request.says("We do not know this model. Somebody will look at it: allow one or two days.")
            await asyncio.sleep(times.by_hand)
        return True

    async def _call_hub(self, request: Request) -> bool:
        times = self.timeline
        request.says(_CALLING)
        await asyncio.sleep(times.hub_reached)
        for again in range(1, 4):
            if not self.hub_offline:
                break
            request.says(f"We cannot reach your hub. Trying again ({again} of 3).")
            await asyncio.sleep(times.retry)
        if self.hub_offline:
            request.says("We cannot reach your hub. Try again in 24 hours.", failed=True)
            return False
        if "listed-elsewhere" in self.troubles:
            request.says("This device is on another home's list. Its last owner must remove it first.", failed=True)
            return False
        return True

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
