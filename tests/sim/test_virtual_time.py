"""The clock by itself, with a device that is none."""

import asyncio

import pytest

from host_tools.sim.clock import Clock


class Answering:
    """Wakes each second; what `on_wake` does happens while it settles, as its wires are read then."""

    def __init__(self, clock, on_wake):
        self.clock = clock
        self.on_wake = on_wake
        self.wakes_at_us = clock.now_us + 1_000_000
        self.has_input = False
        self.released = []
        self._woken = False

    def settle(self):
        if self._woken:
            self._woken = False
            self.on_wake()
        return False

    def release(self, now_us):
        self.released.append((now_us - self.clock.start_us) / 1e6)
        self.has_input = False
        self.wakes_at_us = now_us + 1_000_000
        self._woken = True


def run(story, served):
    with asyncio.Runner(loop_factory=lambda: Clock(served=served)) as runner:
        return runner.run(story(runner.get_loop()))


@pytest.mark.parametrize("served", [False, True])
def test_what_a_device_answers_is_heard_at_the_time_it_says_so(served):
    async def story(clock):
        heard = []
        answers = asyncio.Queue()
        clock.device = Answering(clock, lambda: answers.put_nowait(clock.time()))
        while len(heard) < 3:
            said = await answers.get()
            heard.append((said, clock.time()))
        return heard

    assert run(story, served) == [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]


@pytest.mark.parametrize("served", [False, True])
def test_the_home_s_part_of_an_instant_comes_before_the_device_s(served):
    """Or what arrives at a device in the very instant in which it wakes would find it awake or not, as it happens."""

    async def story(clock):
        device = clock.device = Answering(clock, lambda: None)
        seen = []
        clock.call_later(1.0, lambda: seen.append(list(device.released)))
        await asyncio.sleep(1.5)
        return seen, device.released

    assert run(story, served) == ([[]], [1.0])


def test_timers_go_off_in_their_order_and_not_when_cancelled():
    async def story(clock):
        seen = []
        for seconds in (3, 1, 2, 5):
            clock.call_later(seconds, seen.append, seconds)
        clock.call_later(4, seen.append, 4).cancel()
        await asyncio.sleep(6)
        return seen, clock.time()

    assert run(story, False) == ([1, 2, 3, 5], 6.0)


def test_nothing_left_to_happen_is_said():
    async def story(clock):
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="nothing is left to happen"):
        run(story, False)
