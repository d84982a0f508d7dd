"""Make and steer a simulated cluster by hand: `python -m tests.runai_standin --help`."""

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from .settings import Others, Settings
from .standin import StandIn
from .switches import Fault, Switches, Trouble


def main(argv: list[str]) -> int:
    """Run one command and return 0; wrong usage ends with 2."""
    arguments = _parser().parse_args(argv)
    lines: list[str] = arguments.run(arguments)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.runai_standin", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _add_make(commands.add_parser("make", help="make a cluster and install the program runai"))
    move = commands.add_parser("move", help="move the clock on")
    move.add_argument("folder", type=Path)
    move.add_argument("seconds", type=float)
    move.set_defaults(run=_move)
    _add_fault(commands.add_parser("fault", help="add a fault from now on"))
    for name, run, text in (
        ("clear", _clear, "take all faults away"),
        ("truth", _truth, "print what really happened"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("folder", type=Path)
        command.set_defaults(run=run)
    return parser


def _add_make(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, help="where the cluster is kept")
    command.add_argument("--bin", type=Path, help="where runai goes (default: FOLDER/bin)")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--generation", choices=("2.18", "2.25", "3.0"), default="2.25")
    command.add_argument("--project", default="talmo-lab")
    command.add_argument("--nodes", type=int, default=8)
    command.add_argument("--mount-table", type=int, default=64, help="mounts that a node takes")
    command.add_argument("--others", type=int, default=33, help="other people's, always Running")
    command.add_argument(
        "--time-factor", type=float, default=60.0, help="cluster seconds in a real second (60)"
    )
    command.set_defaults(run=_make)


def _add_fault(command: argparse.ArgumentParser) -> None:
    troubles = [trouble.name.lower().replace("_", "-") for trouble in Trouble]
    command.add_argument("folder", type=Path)
    command.add_argument("trouble", choices=troubles)
    command.add_argument("--rate", type=float, default=1.0)
    command.add_argument("--for", type=float, dest="for_s", help="seconds of the cluster's time")
    command.add_argument("--verb", action="append", default=[])
    command.add_argument("--name", action="append", default=[], help="may end in *")
    command.add_argument("--seconds", type=float, default=0.0)
    command.add_argument("--text", default="")
    command.set_defaults(run=_fault)


def _make(arguments: argparse.Namespace) -> list[str]:
    settings = Settings(
        seed=arguments.seed,
        generation=arguments.generation,
        project=arguments.project,
        default_project=arguments.project,
        nodes=arguments.nodes,
        mount_table=arguments.mount_table,
        time_factor=arguments.time_factor,
        others=Others(running=arguments.others),
    )
    standin = StandIn.create(arguments.folder, settings)
    program = standin.install(arguments.bin or arguments.folder / "bin")
    return [f'export PATH="{program.parent.resolve()}:$PATH"']


def _move(arguments: argparse.Namespace) -> list[str]:
    standin = StandIn(arguments.folder)
    standin.advance(arguments.seconds)
    return [f"{standin.now_s:.0f} s"]


def _fault(arguments: argparse.Namespace) -> list[str]:
    standin = StandIn(arguments.folder)
    now_s = standin.now_s
    fault = Fault(
        Trouble[arguments.trouble.upper().replace("-", "_")],
        rate=arguments.rate,
        from_s=now_s,
        until_s=None if arguments.for_s is None else now_s + arguments.for_s,
        verbs=tuple(arguments.verb),
        names=tuple(arguments.name),
        seconds=arguments.seconds,
        text=arguments.text,
    )
    switches = standin.switches
    standin.switch(replace(switches, faults=(*switches.faults, fault)))
    return [f"from now on: {fault.trouble.value}"]


def _clear(arguments: argparse.Namespace) -> list[str]:
    standin = StandIn(arguments.folder)
    standin.switch(Switches())
    return ["no faults"]


def _truth(arguments: argparse.Namespace) -> list[str]:
    standin = StandIn(arguments.folder)
    truth = standin.truth()
    phases = Counter(phase.value for phase in truth.live().values())
    calls = Counter(call.verb for call in truth.calls)
    return [
        f"time: {standin.now_s:.0f} s",
        f"workloads now: {dict(sorted(phases.items()))}",
        f"most active at once: {truth.max_active()}",
        f"names ever: {len(truth.names())}",
        f"calls: {dict(sorted(calls.items()))}",
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
