"""The radio module (NCP) on its UART: one EZSP command at a time, callbacks to whoever expects them.

This is where ASH meets a real UART and a real clock; what can be reasoned about stands in `ash` and `ezsp`.
"""

import asyncio
from time import ticks_diff, ticks_ms

from micropython import const

from inkmeter import ash
from inkmeter.ezsp import NEWEST, OLDEST, Ezsp, EzspError, FrameError
from inkmeter.log import log

_COMMAND_WAIT = const(10000)
_NO_ANSWER = const(0x153)
_WAITING_CALLBACKS = const(24)


class NcpLost(Exception):
    """The link to the NCP broke, or the NCP restarted: nothing that was set in it holds. args: the ASH code."""


class UnsupportedNcp(Exception):
    """The NCP speaks a version of EZSP that this firmware does not know. args: that version."""


class Refused(Exception):
    """The NCP answered a command with a status other than OK. args: command, sl_status_t."""


class Expected:
    """Callbacks of the given names, from the moment this exists: `with ncp.expect(name) as events`."""

    def __init__(self, ncp, names):
        self._ncp = ncp
        self.names = names
        self.got = []
        self.event = asyncio.Event()

    def __enter__(self):
        self._ncp.expected.append(self)
        return self

    def __exit__(self, *exc):
        self._ncp.expected.remove(self)

    async def get(self, wait_ms):
        """(name, values) of the next callback, or None if none comes in time. Raises NcpLost."""
        if not self.got:
            self.event.clear()
            try:
                await asyncio.wait_for_ms(self.event.wait(), wait_ms)
            except asyncio.TimeoutError:
                return None
        self._ncp.check()
        return self.got.pop(0)


class Ncp:
    """`uart` is a stream as machine.UART is one; `on_callback(name, values)`, once set, sees every known callback,
    and `lost()` is called when the link breaks.

    read() and keep_time() are its two long-lived tasks.
    """

    def __init__(self, uart):
        self.ash = ash.Ash(self._frame)
        self.ezsp = Ezsp()
        self.expected = []
        self.bytes_in = 0
        self.bytes_out = 0
        self.discarded = 0
        self._uart = uart
        self.on_callback = lambda name, values: None
        self.lost = lambda: None
        self._lock = asyncio.Lock()
        self._done = asyncio.Event()
        self._timer = asyncio.Event()
        self._waiting = False
        self._asked_at = 0
        self._values = []
        self._error = None
        self._was_connected = False

    # Tasks

    async def read(self):
        """Reads the UART for ever."""
        reader = asyncio.StreamReader(self._uart)
        buffer = bytearray(256)
        while True:
            count = await reader.readinto(buffer)
            if not count:
                await asyncio.sleep_ms(10)
                continue
            self.bytes_in += count
            self.ash.receive(buffer, count, ticks_ms())
            self._flush()

    async def keep_time(self):
        """Retransmits, and gives up on what is never answered."""
        while True:
            wait = self.ash.deadline(ticks_ms())
            if self._waiting:
                left = max(_COMMAND_WAIT - ticks_diff(ticks_ms(), self._asked_at), 0)
                wait = left if wait < 0 else min(wait, left)
            if wait < 0:
                self._timer.clear()
                await self._timer.wait()
                continue
            # Short, as the next command may be due for a retransmission sooner than this one.
            await asyncio.sleep_ms(min(wait, 200))
            now = ticks_ms()
            self.ash.tick(now)
            if self._waiting and ticks_diff(now, self._asked_at) >= _COMMAND_WAIT:
                self._fail(_NO_ANSWER)
            self._flush()

    # Commands

    async def start(self):
        """Restarts the NCP and agrees on the EZSP version.

        Raises NcpLost where it does not answer, UnsupportedNcp where its EZSP is not known here.
        """
        self._fail(ash.NO_RSTACK)
        self.ezsp.version = 0
        self._was_connected = False
        self.ash.reset()
        self._flush()
        self._timer.set()
        while self.ash.state == ash.RESETTING:
            await asyncio.sleep_ms(50)
        self._was_connected = self.ash.state == ash.CONNECTED
        async with self._lock:
            self.check()
            version, _, stack = await self._exchange(self.ezsp.encode_version(NEWEST, self.ash.payload))
            if not OLDEST <= version <= NEWEST:
                raise UnsupportedNcp(version)
            self.ezsp.version = version
            again, _, stack = await self._exchange(self.ezsp.encode_version(version, self.ash.payload))
            if again != version:
                raise UnsupportedNcp(again)
        log("ncp", "EZSP", version, "stack %x.%x.%x" % (stack >> 12, stack >> 8 & 15, stack >> 4 & 15))

    def check(self):
        """Raises NcpLost unless the link is up."""
        if self.ash.state != ash.CONNECTED:
            raise NcpLost(self.ash.code)

    async def command(self, name, *values):
        """Sends one command; returns the response's values as a list.

        Raises NcpLost, and EzspError where the NCP or its EZSP version does not know the command.
        """
        async with self._lock:
            await self._free()
            return await self._exchange(self.ezsp.encode(name, values, self.ash.payload))

    async def do(self, name, *values):
        """command() for responses that begin with a status: returns what follows it.

        Raises Refused where the status is not OK.
        """
        answer = await self.command(name, *values)
        if answer and answer[0]:
            raise Refused(name, answer[0])
        return answer[1:]

    async def set_address(self, index, server):
        """Tells the NCP which EUI-64 a server's node id belongs to, so that it finds the link key for it."""
        if not server.eui64:
            return
        eui64 = bytes(reversed(server.eui64))
        if self.ezsp.has("setAddressTableInfo"):
            await self.do("setAddressTableInfo", index, eui64, server.node_id)
        else:
            await self.do("setAddressTableRemoteEui64", index, eui64)
            await self.command("setAddressTableRemoteNodeId", index, server.node_id)

    def expect(self, *names):
        return Expected(self, names)

    async def _free(self):
        # A command whose caller has gone may still be on its way.
        self.check()
        while self.ash.busy():
            await asyncio.sleep_ms(20)
            self.check()

    async def _exchange(self, count):
        self.ash.send(count)
        self._done.clear()
        self._error = None
        self._asked_at = ticks_ms()
        self._waiting = True
        self._flush()
        self._timer.set()
        try:
            await self._done.wait()
        finally:
            self._waiting = False
        if self._error:
            raise self._error
        return self._values

    # What comes back

    def _frame(self, payload):
        try:
            callback, name, values = self.ezsp.decode(payload)
        except FrameError:
            self.discarded += 1
            return
        except EzspError as error:
            self._error = error
            self._done.set()
            return
        if not callback:
            self._values = values
            self._done.set()
        elif name:
            self.on_callback(name, values)
            for expected in self.expected:
                if name in expected.names and len(expected.got) < _WAITING_CALLBACKS:
                    expected.got.append((name, values))
                    expected.event.set()

    def _flush(self):
        now = ticks_ms()
        while True:
            frame = self.ash.output(now)
            if frame is None:
                break
            self.bytes_out += len(frame)
            self._uart.write(frame)
        if self._was_connected and self.ash.state != ash.CONNECTED:
            self._was_connected = False
            log("ncp", "link lost, code 0x%02x" % self.ash.code)
            self._fail(self.ash.code)
        self._timer.set()

    def _fail(self, code):
        # Whatever waits, waits no longer.
        if self.ash.state == ash.CONNECTED:
            self.ash.fail(code)
        self._error = NcpLost(code)
        self._done.set()
        for expected in self.expected:
            expected.event.set()
        self.lost()
