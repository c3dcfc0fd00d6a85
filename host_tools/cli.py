"""The `inkmeter` command."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from host_tools import build, toolchain


def _demo(arguments: argparse.Namespace) -> int:
    from host_tools.demo import demo

    return 0 if demo(_settings(arguments)) else 1


def _run(arguments: argparse.Namespace) -> int:
    from host_tools.sim.device import DeviceError
    from host_tools.web import FOLDER, server
    from host_tools.web.bench import Order, Refused, order_from

    settings, folder = _settings(arguments), arguments.folder or FOLDER
    try:
        order = Order(settings)
        if arguments.replay:
            order = order_from(json.loads(arguments.replay.read_text()), settings)
        server.run(order, arguments.host, arguments.port, folder)
    except DeviceError as error:
        print(f"inkmeter run: {error}; its log is {folder / 'firmware.log'}", file=sys.stderr)
        return 1
    except (Refused, ValueError) as error:
        print(f"inkmeter run: {arguments.replay}: {error}", file=sys.stderr)
        return 1
    return 0


def _deploy(arguments: argparse.Namespace) -> int:
    from host_tools.deploy import DeployError, deploy

    try:
        done = deploy(arguments.board, arguments.port)
    except DeployError as error:
        print(f"inkmeter deploy: {error}", file=sys.stderr)
        return 1
    for what, files in done.items():
        print(f"{what}: {len(files)}" + (f" ({', '.join(files)})" if 0 < len(files) <= 8 else ""))
    print(f"{arguments.board} on {arguments.port} has been started")
    return 0


def _ncp(arguments: argparse.Namespace) -> int:
    from host_tools.ncp_server import serve

    host, port = arguments.listen
    serve(_settings(arguments), host, port, arguments.faults)
    return 0


def _sim(arguments: argparse.Namespace) -> int:
    from host_tools.simulate import simulate

    right = simulate(arguments.scenario, _settings(arguments), arguments.pcap, arguments.keys, arguments.faults)
    return 0 if right else 1


def _scenarios(arguments: argparse.Namespace) -> int:
    from host_tools.sim.scenarios import SCENARIOS

    for one in SCENARIOS.values():
        print(f"{one.name}\n    {one.about}")
    return 0


def _scenario(text: str) -> str:
    from host_tools.sim.scenarios import SCENARIOS

    if text not in SCENARIOS:
        raise argparse.ArgumentTypeError(f"there is no scenario {text!r}; `inkmeter scenarios` lists those there are")
    return text


def _settings(arguments: argparse.Namespace):
    from host_tools.sim.world import Settings

    return Settings(seed=arguments.seed, ezsp_version=arguments.ezsp, panel=arguments.panel, baud=arguments.baud)


def _build(arguments: argparse.Namespace) -> int:
    print(build.build(arguments.board))
    return 0


def _lint(arguments: argparse.Namespace) -> int:
    from host_tools.lint import lint

    return 1 if lint() else 0


def _bench(arguments: argparse.Namespace) -> int:
    from host_tools.bench import BenchError, bench

    try:
        bench()
    except BenchError as error:
        print(f"inkmeter bench: {error}", file=sys.stderr)
        return 1
    return 0


def _pictures(arguments: argparse.Namespace) -> int:
    from host_tools import pictures

    for path in pictures.make_all():
        print(path)
    return 0


def _fonts(arguments: argparse.Namespace) -> int:
    from host_tools import fonts

    try:
        for path in fonts.make_all():
            print(path)
    except fonts.FaceMissing as missing:
        print(f"inkmeter fonts: {missing}", file=sys.stderr)
        return 1
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 0 to 65535, 0 for any free one")
    return int(text)


def _baud(text: str) -> int:
    if not text.isdecimal() or not 1200 <= int(text) <= 3_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed: a number from 1200 to 3000000")
    return int(text)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is no address: write it as 127.0.0.1:8322")
    return host.strip("[]") or "127.0.0.1", _port(port)


def _faults(text: str):
    from host_tools.sim.faults import Faults, FaultsError

    try:
        return Faults(text)
    except FaultsError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _faults_argument(parser: argparse.ArgumentParser) -> None:
    from host_tools.sim import faults

    table = [row.strip("| ").split(" | ") for row in (faults.__doc__ or "").splitlines() if row.startswith("| ")][1:]
    words = "; ".join(f"{word}: {what}" for word, what in table)
    parser.add_argument("--faults", type=_faults, help=f"serial faults, parted by commas. {words}".replace("%", "%%"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="inkmeter", description="Inkmeter's host tools and simulated home")
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("run", help="the simulated home in real time, with a page to look at it")
    _simulation(command)
    command.add_argument("--host", default="127.0.0.1", help="address to serve the page on (default: 127.0.0.1)")
    command.add_argument(
        "--port", type=_port, default=8321, help="port to serve it on (default: 8321, or any free one)"
    )
    command.add_argument("--folder", type=Path, help="where flash, log and capture go (default: build/run)")
    command.add_argument("--replay", type=Path, metavar="FILE", help="play a run again that the page gave away")
    command.set_defaults(run=_run)

    demo = commands.add_parser("demo", help="pair, read and compare with nobody watching; writes build/demo")
    _simulation(demo)
    demo.set_defaults(run=_demo)

    command = commands.add_parser("sim", help="one scenario on virtual time, with a capture of the air")
    _simulation(command)
    command.add_argument("--scenario", type=_scenario, default="pairing", help="which one (default: pairing)")
    command.add_argument("--pcap", type=Path, help="write the air's frames to this file, for Wireshark")
    _faults_argument(command)
    command.add_argument("--keys", type=Path, help="write the keys to this file, Wireshark's zigbee_pc_keys")
    command.set_defaults(run=_sim)

    command = commands.add_parser("scenarios", help="list the scenarios, with a sentence each")
    command.set_defaults(run=_scenarios)

    command = commands.add_parser("ncp", help="the simulated radio module on a TCP port, for other EZSP hosts")
    _simulation(command)
    command.add_argument(
        "--listen", type=_address, default=("127.0.0.1", 8322), metavar="HOST:PORT",
        help="where to listen (default: 127.0.0.1:8322; port 0 for any free one)",
    )  # fmt: skip
    _faults_argument(command)
    command.set_defaults(run=_ncp)

    command = commands.add_parser("build", help="compile the firmware for a board")
    command.add_argument("board", nargs="?", default="simulator", help="a folder of boards/ (default: simulator)")
    command.set_defaults(run=_build)

    command = commands.add_parser("deploy", help="put the firmware on a board that runs MicroPython")
    command.add_argument("board", help="a folder of boards/")
    command.add_argument("port", help="its serial port, such as /dev/ttyUSB0")
    command.set_defaults(run=_deploy)

    command = commands.add_parser("lint", help="check the firmware's types against the MicroPython stubs")
    command.set_defaults(run=_lint)

    command = commands.add_parser("fonts", help="make the firmware's fonts from the DejaVu face")
    command.set_defaults(run=_fonts)

    command = commands.add_parser("bench", help="what the firmware's hot paths cost, in instructions and heap")
    command.set_defaults(run=_bench)

    command = commands.add_parser("pictures", help="make the pictures of the screens that the documents show")
    command.set_defaults(run=_pictures)
    return parser


def _simulation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1, help="every random choice comes from it (default: 1)")
    parser.add_argument(
        "--ezsp",
        type=int,
        default=13,
        choices=range(8, 15),
        help="the radio module's EZSP version (default: 13)",
    )
    parser.add_argument("--baud", type=_baud, default=115200, help="the UART's speed (default: 115200)")
    parser.add_argument("--panel", choices=("2.9", "2.13"), default="2.9", help="the panel's size in inches")


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except (toolchain.ToolchainError, build.BuildError) as error:
        print(f"inkmeter {arguments.command}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"inkmeter {arguments.command}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
        return 0 if arguments.command in ("run", "ncp") else 130


if __name__ == "__main__":
    sys.exit(main())
