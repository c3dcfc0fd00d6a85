"""`inkmeter ncp`: the simulated radio module on a TCP port, for any EZSP host to connect to.

bellows, zigbee-herdsman and others take `socket://...` or `tcp://...` for a serial port. The home around it is the
usual one: its hub, its meters; the supplier admits the module at once.
"""

from __future__ import annotations

import asyncio
import contextlib

from host_tools.sim.clock import Clock
from host_tools.sim.faults import Faults
from host_tools.sim.world import Settings, World


class NcpServer:
    """Serves one host at a time. To be used inside a Clock in real time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Begins to listen; returns the port."""
        self.world.on_uart = self._to_host
        self.world.start_home()
        self._server = await asyncio.start_server(self._serve, host, port)
        return self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes the port and ends the home."""
        self.world.stop_home()
        if self._writer:
            self._writer.close()
        if self._server:
            self._server.close()

    def _to_host(self, data: bytes) -> None:
        if self._writer:
            self._writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer:
            writer.close()
            return
        self._writer = writer
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                self.world.uart_to_ncp.send(data)
        self._writer = None
        writer.close()


def serve(settings: Settings, host: str, port: int, faults: Faults | None = None) -> None:
    """Serves until Ctrl-C."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Clock)
        world = World(loop, settings)
        server = NcpServer(world)
        for coroutine in faults.put_on(world) if faults else ():
            world.beside(coroutine)
        port_used = await server.start(host, port)
        eui64, code = world.label
        world.portal.add_device(eui64, code)
        print(f"A radio module with EZSP {settings.ezsp_version} listens on {host}:{port_used}.")
        print(
            f"Its EUI-64 is {eui64}; the hub on channel {world.hub.channel} expects it for ten minutes. "
            "Press Ctrl-C to stop."
        )
        try:
            while True:
                await asyncio.sleep(1)
                world.check()
        finally:
            await server.stop()

    with asyncio.Runner(loop_factory=lambda: Clock(real_time=1.0)) as runner:
        runner.run(main())
