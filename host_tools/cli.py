"""The `inkmeter` command."""

from __future__ import annotations

import argparse
import sys

from host_tools import build, toolchain


def _demo(arguments: argparse.Namespace) -> int:
    from host_tools.demo import demo
    from host_tools.sim.world import Settings

    return 0 if demo(Settings(seed=arguments.seed, ezsp_version=arguments.ezsp, panel=arguments.panel)) else 1


def _build(arguments: argparse.Namespace) -> int:
    print(build.build(arguments.board))
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="inkmeter", description="Inkmeter's host tools and simulated home")
    commands = parser.add_subparsers(dest="command", required=True)

    demo = commands.add_parser("demo", help="pair, read and compare with nobody watching; writes build/demo")
    _simulation(demo)
    demo.set_defaults(run=_demo)

    command = commands.add_parser("build", help="compile the firmware for a board")
    command.add_argument("board", nargs="?", default="simulator", help="a folder of boards/ (default: simulator)")
    command.set_defaults(run=_build)

    command = commands.add_parser("fonts", help="make the firmware's fonts from the DejaVu face")
    command.set_defaults(run=_fonts)
    return parser


def _simulation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1, help="every random choice comes from it (default: 1)")
    parser.add_argument(
        "--ezsp", type=int, default=13, choices=range(8, 15), help="the radio module's EZSP version (default: 13)"
    )
    parser.add_argument("--panel", choices=("2.9", "2.13"), default="2.9", help="the panel's size in inches")


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except (toolchain.ToolchainError, build.BuildError) as error:
        print(f"inkmeter {arguments.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
