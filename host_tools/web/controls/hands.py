"""The hands on the device, and what somebody does on the supplier's website."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from host_tools.sim.crypto import mmo
from host_tools.sim.device import BUTTONS
from host_tools.sim.portal import STAGES, FormError, parse_eui64, parse_install_code
from host_tools.web.controls.control import Refused, switch, within

if TYPE_CHECKING:
    from host_tools.web.bench import Bench

# What the light says, by the firmware's numbers.
LIGHT = (
    "is off", "is steady: low use", "fades in and out: moderate use", "blinks twice: high use",
    "pulses slowly: sending power out", "blinks three times: please look",
)  # fmt: skip
_LABELS = {"next": "Next", "ok": "OK", "back": "Back"}
_LONGEST_PRESS_MS = 60_000


def hands(bench: Bench) -> dict[str, Callable[[Any], Any]]:
    """What the page does by its own pictures, by name."""
    return {
        "button": lambda value: _button(bench, value), "plug": lambda value: _plug(bench, switch(value)),
        "make-new": lambda value: _make_new(bench),
        "reset": lambda value: _reset(bench), "add-device": lambda value: _add_device(bench, value),
        "remove-device": lambda value: bench.world.portal.remove_device(str(value)),
        "pair-for-me": lambda value: _pair(bench),
    }  # fmt: skip


def buttons(bench: Bench) -> tuple[str, ...]:
    """The buttons that this run's device has."""
    return BUTTONS if bench.world.settings.buttons == len(BUTTONS) else ("ok",)


def held_ms(value: dict[str, Any]) -> int:
    """How long a page says that there was a finger on a button which it lets go of, in ms. Raises Refused."""
    return int(within(value.get("held_ms", 0), 0, _LONGEST_PRESS_MS))


def _button(bench: Bench, value: Any) -> None:
    if not isinstance(value, dict) or value.get("name") not in buttons(bench):
        raise Refused("This display has no such button.")
    down = switch(value.get("down"))
    device = bench.world.device
    if not device:
        raise Refused("The display has no power.")
    device.set_button(value["name"], down)
    if down:
        bench.tell("person", "device", f"{_LABELS[value['name']]} button", "Somebody presses a button.")


def _make_new(bench: Bench) -> None:
    if not bench.world.device:
        raise Refused("The display has no power.")
    held, seconds = ("back+next", 10) if len(buttons(bench)) > 1 else ("ok", 20)
    bench.home.press(held, seconds + 0.5)
    words = f"{' and '.join(_LABELS[one] for one in held.split('+'))}, for {seconds} seconds"
    bench.tell("person", "device", words, "Somebody resets the display to factory settings.")


def _plug(bench: Bench, on: bool) -> None:
    if on and not bench.world.device:
        bench.failure = ""
        bench.home.power_on()
    elif not on:
        bench.home.power_off()
        bench.held = {}
    bench.tell("person", "device", "Plugged in" if on else "Unplugged")


def _reset(bench: Bench) -> None:
    if not bench.world.device:
        raise Refused("The display has no power.")
    bench.failure = ""
    bench.home.reset()
    bench.tell("person", "device", "Reset button")


def _add_device(bench: Bench, value: Any) -> str:
    if not isinstance(value, dict):
        raise FormError("eui64", "That form could not be understood.")
    request = bench.world.portal.submit(_filled(bench, value))
    bench.tell("person", "supplier", "Add a device", "The household fills in the supplier's form.", "Joining")
    return request.reference


def _pair(bench: Bench) -> str:
    ours = bench.world.label[0]
    for request in bench.world.portal.requests:
        if request.eui64.hex().upper() == ours and not request.failed and request.stage != STAGES[-1]:
            raise Refused(f"Your supplier is already working on it: {request.reference}.")
    request = bench.world.portal.add_device(*bench.world.label)
    bench.tell("person", "supplier", "Add a device", "The household fills in the supplier's form.", "Joining")
    return request.reference


_OURS = "as on the screen"
_FORM = ("device_type", "eui64", "install_code", "mpan", "mprn", "postcode", "consent")


def _filled(bench: Bench, form: dict[str, Any]) -> dict[str, Any]:
    eui64, code = bench.world.label
    filled = dict(form)
    for field, value in (("eui64", eui64), ("install_code", code)):
        if filled.get(field) == _OURS:
            filled[field] = value
    return filled


def for_the_record(bench: Bench, name: str, value: Any) -> Any:
    """What a replay says of a step: no install code; and how long a button was held its times say."""
    if name == "button":
        return {"name": value["name"], "down": value["down"]}
    if name != "add-device":
        return value
    value = _filled(bench, value)
    noted = {field: value[field] for field in _FORM if field in value}
    eui64, code = bench.world.label
    if parse_eui64(str(value["eui64"])).hex().upper() == eui64:
        noted["eui64"] = _OURS
    # Another device's joins as little here whatever its code is, and is nobody's business.
    ours = parse_install_code(str(value["install_code"])).hex().upper() == code[:-4]
    noted["install_code"] = _OURS if ours else mmo.with_crc(bytes(16)).hex()
    return noted
