"""The `inkmeter` command."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from host_tools import build, toolchain
from host_tools.sim.clock import START_US


def _demo(arguments: argparse.Namespace) -> int:
    from host_tools.demo import demo

    return 0 if demo(_settings(arguments)) else 1


def _run(arguments: argparse.Namespace) -> int:
    from host_tools.sim.device import DeviceError
    from host_tools.web import server
    from host_tools.web.controls import Refused
    from host_tools.web.folders import InUse
    from host_tools.web.orders import Order, changes_at, order_from, parse

    settings = _settings(arguments)
    order = Order(settings, steps=changes_at(arguments.at))
    if arguments.replay:
        if arguments.at:
            return _complain("run", "--replay and --at do not go together: a replay has its own changes")
        try:
            order = order_from(parse(arguments.replay.read_text()), settings)
        except Refused as error:
            return _complain("run", f"{arguments.replay}: {error}")
        except ValueError:
            return _complain("run", f"{arguments.replay} is not a replay file")
    try:
        server.run(order, arguments.host, arguments.port, arguments.folder)
    except InUse as error:
        return _complain("run", error)
    except DeviceError as error:
        return _complain("run", f"{error}; see the log that is named above")
    return 0


def _complain(command: str, words: object) -> int:
    print(f"inkmeter {command}: {words}", file=sys.stderr)
    return 1


def _deploy(arguments: argparse.Namespace) -> int:
    from host_tools.deploy import DeployError, deploy

    try:
        done = deploy(arguments.board, arguments.port)
    except DeployError as error:
        return _complain("deploy", error)
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

    right = simulate(
        arguments.scenario, _settings(arguments), arguments.pcap, arguments.keys, arguments.faults, arguments.at
    )
    return 0 if right else 1


def _scenarios(arguments: argparse.Namespace) -> int:
    from host_tools.sim.scenarios import SCENARIOS

    for one in SCENARIOS.values():
        print(f"{one.name}\n    {one.about}")
    return 0


def _homes(arguments: argparse.Namespace) -> int:
    from host_tools.sim.changes import CHANGES
    from host_tools.sim.homes import HOMES

    for home in HOMES.values():
        print(f"{home.name}\n    {home.about}")
    print("\nWhat can change in them, with --at SECONDS CHANGE:")
    for change in CHANGES.values():
        print(f"{change.name}{f':{change.argument.upper()}' if change.argument else ''}\n    {change.about}")
    return 0


def _home(text: str) -> str:
    from host_tools.sim.homes import HOMES

    if text not in HOMES:
        raise argparse.ArgumentTypeError(f"there is no home {text!r}; see `inkmeter homes`")
    return text


def _start(text: str) -> int:
    from host_tools.sim import starts

    try:
        return starts.parse(text)
    except starts.NoSuchTime as error:
        raise argparse.ArgumentTypeError(str(error)) from None


class _At(argparse.Action):
    """--at SECONDS CHANGE, as often as wanted."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        from host_tools.sim.changes import ChangeError, check

        seconds, change = values
        try:
            check(change)
            at = (float(seconds), change)
            if not 0 <= at[0] < 1e9:
                raise ValueError
        except ChangeError as error:
            raise argparse.ArgumentError(self, str(error)) from None
        except ValueError:
            raise argparse.ArgumentError(self, f"{seconds!r} is not a number of seconds") from None
        setattr(namespace, self.dest, (*getattr(namespace, self.dest), at))


def _scenario(text: str) -> str:
    from host_tools.sim.scenarios import SCENARIOS

    if text not in SCENARIOS:
        raise argparse.ArgumentTypeError(f"there is no scenario {text!r}; see `inkmeter scenarios`")
    return text


def _settings(arguments: argparse.Namespace):
    from host_tools.sim.world import Settings

    return Settings(
        seed=arguments.seed, ezsp_version=arguments.ezsp, panel=arguments.panel, baud=arguments.baud,
        home=arguments.home, buttons=arguments.buttons, start_us=arguments.start,
    )  # fmt: skip


def _build(arguments: argparse.Namespace) -> int:
    print(build.build(arguments.board))
    return 0


def _lint(arguments: argparse.Namespace) -> int:
    from host_tools.lint import lint

    return 1 if lint() else 0


def _bench(arguments: argparse.Namespace) -> int:
    from host_tools.bench import BenchError, bench, bench_day

    try:
        if arguments.what == "day":
            bench_day()
        else:
            bench()
    except BenchError as error:
        return _complain("bench", error)
    return 0


def _pictures(arguments: argparse.Namespace) -> int:
    from host_tools import ROOT, gallery
    from host_tools.web import pictures

    for path in gallery.make_documents():
        print(path)
    try:
        for path in pictures.take(ROOT / "docs/pictures"):
            print(path)
    except pictures.NoBrowser as missing:
        return _complain("pictures", missing)
    return 0


def _screens(arguments: argparse.Namespace) -> int:
    from host_tools import gallery

    for path in gallery.make_all(*arguments.words):
        print(path)
    return 0


def _words(arguments: argparse.Namespace) -> int:
    from host_tools import words

    try:
        words.make()
    except (words.WordsWrong, ValueError) as error:
        return _complain("words", f"{words.SOURCE.name}: {error}")
    return 0


def _fonts(arguments: argparse.Namespace) -> int:
    from host_tools import fonts

    try:
        for path in fonts.make_all():
            print(path)
    except fonts.FaceMissing as missing:
        return _complain("fonts", missing)
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: choose a number from 0 to 65535, 0 for any free one")
    return int(text)


def _baud(text: str) -> int:
    from host_tools.sim.uart import FASTEST_BAUD, SLOWEST_BAUD

    if not text.isdecimal() or not SLOWEST_BAUD <= int(text) <= FASTEST_BAUD:
        raise argparse.ArgumentTypeError(f"{text!r} is not a speed: a number from {SLOWEST_BAUD} to {FASTEST_BAUD}")
    return int(text)


def _seed(text: str) -> int:
    # What a page and a replay hold to the unit.
    if not text.isdecimal() or int(text) >= 1 << 53:
        raise argparse.ArgumentTypeError(f"{text!r} is not a seed: a whole number from 0 to {(1 << 53) - 1}")
    return int(text)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address: write it as 127.0.0.1:8322")
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
    parser.add_argument(
        "--faults", type=_faults, help=f"serial faults, separated by commas. {words}".replace("%", "%%")
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="inkmeter", description="Inkmeter's host tools and simulated home")
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("run", help="run the simulated home, and serve its web page")
    _simulation(command)
    command.add_argument("--host", default="127.0.0.1", help="address to serve the page on (default: 127.0.0.1)")
    command.add_argument(
        "--port", type=_port, default=8321, help="port to serve it on (default: 8321, or any free one)"
    )
    command.add_argument(
        "--folder",
        type=Path,
        help="where flash, log and capture go (default: build/run)",
    )
    command.add_argument("--replay", type=Path, metavar="FILE", help="replay a run that was downloaded from the page")
    _home_argument(command)
    _at_argument(command)
    command.set_defaults(run=_run)

    demo = commands.add_parser("demo", help="pair, read and compare without a browser; writes build/demo")
    _simulation(demo)
    demo.set_defaults(run=_demo)

    command = commands.add_parser("sim", help="run one scenario on virtual time, with a capture of the air")
    _simulation(command)
    command.add_argument("--scenario", type=_scenario, default="pairing", help="which one (default: pairing)")
    command.add_argument("--pcap", type=Path, help="write the air's frames to this file, for Wireshark")
    _faults_argument(command)
    command.add_argument("--keys", type=Path, help="write the keys to this file, Wireshark's zigbee_pc_keys")
    _home_argument(command)
    _at_argument(command)
    command.set_defaults(run=_sim)

    command = commands.add_parser("homes", help="list the homes and what can change in them")
    command.set_defaults(run=_homes)

    command = commands.add_parser("scenarios", help="list the scenarios")
    command.set_defaults(run=_scenarios)

    command = commands.add_parser("ncp", help="the simulated radio module on a TCP port, for other EZSP hosts")
    _simulation(command)
    command.add_argument(
        "--listen", type=_address, default=("127.0.0.1", 8322), metavar="HOST:PORT",
        help="where to listen (default: 127.0.0.1:8322; port 0 for any free one)",
    )  # fmt: skip
    _home_argument(command)
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

    command = commands.add_parser("bench", help="measure the firmware's hot paths, and a simulated day")
    command.add_argument("what", nargs="?", choices=("all", "day"), default="all", help="all, or the day alone")
    command.set_defaults(run=_bench)

    command = commands.add_parser("screens", help="draw every page in every kind of home; writes build/screens")
    command.add_argument("words", nargs="*", help="only those whose names hold all of these, such as now or _cy_")
    command.set_defaults(run=_screens)

    command = commands.add_parser("words", help="compile the firmware's words from words.txt")
    command.set_defaults(run=_words)

    command = commands.add_parser(
        "pictures", help="make the documents' pictures, and what tests compare the panel's pages with"
    )
    command.set_defaults(run=_pictures)
    return parser


def _home_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--home", type=_home, help="which home (default: demo; see `inkmeter homes`)")


def _at_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at", nargs=2, action=_At, default=(), metavar=("SECONDS", "CHANGE"),
        help="change the home after so many simulated seconds (may be repeated); `inkmeter homes` lists the changes",
    )  # fmt: skip


def _simulation(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(home="demo")
    parser.add_argument(
        "--start", type=_start, default=START_US, metavar="WHEN",
        help="when the home begins, by the British clock, such as 2026-10-24T22:00 (default: 2026-05-12T11:50)",
    )  # fmt: skip
    parser.add_argument("--seed", type=_seed, default=1, help="the source of every random choice (default: 1)")
    parser.add_argument(
        "--ezsp",
        type=int,
        default=13,
        choices=range(8, 15),
        help="the radio module's EZSP version (default: 13)",
    )
    parser.add_argument("--baud", type=_baud, default=115200, help="the UART's speed (default: 115200)")
    parser.add_argument("--panel", choices=("2.9", "2.13", "4.2"), default="2.9", help="the panel's size in inches")
    parser.add_argument("--buttons", type=int, choices=(3, 1), default=3, help="how many buttons (default: 3)")


def main(argv: list[str] | None = None) -> int:
    arguments = argparse.Namespace(command="inkmeter")
    try:
        _parser().parse_args(argv, arguments)
        return arguments.run(arguments)
    except (toolchain.ToolchainError, build.BuildError) as error:
        return _complain(arguments.command, error)
    except OSError as error:
        words = error.strerror or str(error)
        return _complain(arguments.command, f"{error.filename}: {words}" if error.filename else words)
    except KeyboardInterrupt:
        print()
        return 0 if arguments.command in ("run", "ncp", "inkmeter") else 130


if __name__ == "__main__":
    sys.exit(main())
