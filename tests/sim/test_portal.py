"""The supplier's form: what it takes, and in which words it refuses."""

import asyncio
import random

import pytest

from host_tools.sim import aps
from host_tools.sim.clock import Clock
from host_tools.sim.crypto import mmo
from host_tools.sim.portal import FormError, parse_eui64, parse_install_code
from host_tools.sim.world import Settings, World

CODE = "83FED3407A939723A5C639B26916D505C3B5"


@pytest.mark.parametrize("text", ["00DB1234567890A0", "00-DB-12-34-56-78-90-A0", " 00db:1234:5678:90a0 "])
def test_an_eui64_as_people_write_it(text):
    assert parse_eui64(text).hex() == "00db1234567890a0"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "fill this in"),
        ("001122334455", "looks like the Wi-Fi address"),
        ("00DB1234567890A", "16 characters are needed, you typed 15"),
        ("00DB1234567890A01", "you typed 17"),
        ("O0DBI234567890A0", "Did you mean 00DB1234567890A0?"),
        ("hello", "Use only the digits 0 to 9 and the letters A to F"),
    ],
)
def test_an_eui64_that_is_none(text, words):
    with pytest.raises(FormError, match=words) as caught:
        parse_eui64(text)
    assert caught.value.field == "eui64"


@pytest.mark.parametrize("code", ["83FED3407A932B70", "83FED3407A939738C552", "83FED3407A939723A5C639FF4C12", CODE])
def test_install_codes_of_every_length(code):
    grouped = " ".join(code[at : at + 4] for at in range(0, len(code), 4)).lower()
    assert mmo.with_crc(parse_install_code(grouped)).hex().upper() == code


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "fill this in"),
        (CODE[:-1], "16, 20, 28 or 36 characters; you typed 35"),
        ("00DB1234567890A0", "One or more characters are wrong"),  # the other field's number
        (CODE[:8] + "FFFF" + CODE[12:], "One or more characters are wrong"),
    ],
)
def test_an_install_code_that_is_none(text, words):
    with pytest.raises(FormError, match=words) as caught:
        parse_install_code(text)
    assert caught.value.field == "install_code"


def test_a_single_wrong_character_is_found():
    rng = random.Random(1)
    named = 0
    for _ in range(60):
        at = rng.randrange(36)
        wrong = CODE[:at] + rng.choice([d for d in "0123456789ABCDEF" if d != CODE[at]]) + CODE[at + 1 :]
        with pytest.raises(FormError) as caught:
            parse_install_code(wrong)
        said = str(caught.value)
        if "Check group" in said:
            assert f"Check group {at // 4 + 1} again" in said
            named += 1
    assert named > 40


def in_a_world(story, **settings):
    async def main():
        world = World(asyncio.get_running_loop(), Settings(**settings))
        await story(world)
        world.check()

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main())


def test_the_way_of_a_request():
    async def story(world):
        request = world.portal.add_device(*world.label)
        stages = [request.stage]
        for _ in range(30):
            await asyncio.sleep(1)
            if request.stage != stages[-1]:
                stages.append(request.stage)
        assert stages == [
            "Request received", "Checking your address", "Checking the device's model", "Calling your hub",
            "Your hub is open: the device can join now",
        ]  # fmt: skip
        assert world.hub.is_open and not request.failed
        await asyncio.sleep(700)
        assert request.failed and "did not join in time" in request.stage
        assert not world.hub.is_open

    in_a_world(story)


def test_a_device_that_is_removed_ends_its_request():
    async def story(world):
        request = world.portal.add_device(*world.label)
        await asyncio.sleep(30)
        assert "the device can join now" in request.stage
        world.portal.remove_device(world.label[0])
        await asyncio.sleep(10)
        assert request.failed and request.stage == "This device has been removed from your list."
        # Another request is no reason for the first to go on.
        again = world.portal.add_device(*world.label)
        await asyncio.sleep(30)
        once_more = world.portal.add_device(*world.label)
        await asyncio.sleep(30)
        assert request.stage == "This device has been removed from your list."
        assert again.stage == f"See {once_more.reference}."
        assert not once_more.failed and "the device can join now" in once_more.stage

    in_a_world(story)


def test_a_device_that_is_removed_before_it_has_access_ends_its_request():
    async def story(world):
        world.portal.troubles.add("no-access")
        request = world.portal.add_device(*world.label)
        await asyncio.sleep(30)
        device = bytes.fromhex(world.label[0].replace(" ", ""))[::-1]
        world.hub.keys[device] = aps.LinkKey(bytes(16), authorised=True)
        await asyncio.sleep(60)
        assert "has joined" in request.stage
        world.portal.remove_device(world.label[0])
        await asyncio.sleep(120)
        assert request.failed and "removed from your list" in request.stage

    in_a_world(story)


def test_a_device_that_reads_the_meters_is_not_added_again():
    async def story(world):
        world.portal.add_device(*world.label)
        await asyncio.sleep(30)
        device = bytes.fromhex(world.label[0].replace(" ", ""))[::-1]
        world.hub.keys[device] = aps.LinkKey(bytes(16), authorised=True)
        await asyncio.sleep(10)
        assert world.portal.requests[0].stage.startswith("Done")
        with pytest.raises(FormError, match="already on your list") as caught:
            world.portal.add_device(*world.label)
        assert caught.value.field == "eui64" and len(world.portal.requests) == 1
        world.portal.remove_device(world.label[0])
        await asyncio.sleep(5)
        # It is told of as done no longer, and is not told of otherwise when it comes again.
        assert world.portal.requests[0].stage == "This device has been removed from your list."
        world.portal.add_device(*world.label)
        await asyncio.sleep(30)
        assert world.portal.requests[0].stage == "This device has been removed from your list."

    in_a_world(story)


async def reads_the_meters(world):
    """The request of a device that has come all the way."""
    request = world.portal.add_device(*world.label)
    await asyncio.sleep(30)
    device = bytes.fromhex(world.label[0])[::-1]
    world.hub.keys[device] = aps.LinkKey(bytes(16), authorised=True)
    world.hub.log[device].node_id = 0x1234
    await asyncio.sleep(10)
    assert request.stage == "Done: the device can now read your meters"
    return request


def test_a_device_that_the_hub_no_longer_lists_is_told_of_as_done_no_longer():
    async def story(world):
        request = await reads_the_meters(world)
        world.hub.remove(bytes.fromhex(world.label[0])[::-1])
        assert request.failed and request.stage == "This device has been removed from your list."
        assert world.portal.devices() == []

    in_a_world(story)


def test_another_hub_is_another_list():
    async def story(world):
        request = await reads_the_meters(world)
        waits = world.portal.add_device("00DB1234567890A0", CODE)
        await asyncio.sleep(30)
        world.swap_hub(restored=True)
        await asyncio.sleep(5)
        assert request.stage.startswith("Done") and not request.failed
        assert waits.failed and waits.stage == "This device has been removed from your list."
        old = world.hub
        new = world.swap_hub(restored=False)
        assert request.failed and request.stage.startswith("Your hub has been replaced, and the new one does not know")
        # Its list may come a day later.
        new.restore(old)
        assert request.stage.startswith("Done") and not request.failed

    in_a_world(story)


def test_a_hub_that_cannot_be_reached():
    async def story(world):
        world.portal.hub_offline = True
        request = world.portal.add_device(*world.label)
        await asyncio.sleep(30)
        assert request.failed and "cannot reach your hub" in request.stage and not world.hub.is_open

    in_a_world(story)


def test_a_wrong_form_starts_nothing():
    async def story(world):
        with pytest.raises(FormError):
            world.portal.add_device("nonsense", CODE)
        assert world.portal.requests == []

    in_a_world(story)
