"""Commands for this machine: `python -m lpr_project.local --help`."""

import argparse
import sys
from typing import Any

from lpr_project.local import service_commands
from lpr_project.local.checks import CHECKS, check, run_with_services
from lpr_project.local.errors import LocalError
from lpr_project.local.interrupts import treat_signals_as_ctrl_c
from lpr_project.local.run import run
from lpr_project.local.run_lock import current_run, stop_run
from lpr_project.local.say import say
from lpr_project.local.setup import set_up


def main(arguments: list[str] | None = None) -> int:
    """Run one command; what a person can mend is said in one sentence, without a traceback."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options) or 0)
    except LocalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"This machine refused what was needed: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lpr_project.local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_setup(commands)
    _add_run(commands)
    _add_checks(commands)
    service_commands.add_to(commands)
    return parser


def _add_setup(commands: "argparse._SubParsersAction[Any]") -> None:
    setup = commands.add_parser("setup", help="install and create what is missing")
    setup.add_argument("--for-tests", action="store_true", help="also what the checks need")
    setup.set_defaults(command=_set_up)


def _set_up(options: argparse.Namespace) -> None:
    set_up(for_tests=options.for_tests)


def _add_run(commands: "argparse._SubParsersAction[Any]") -> None:
    start = commands.add_parser("run", help="set up, start everything and stay")
    start.add_argument("--source", help="a video file or an RTSP address to read")
    start.set_defaults(command=lambda options: run(options.source))
    stop = commands.add_parser("stop", help="stop what `run` started")
    stop.set_defaults(command=_stop)


def _add_checks(commands: "argparse._SubParsersAction[Any]") -> None:
    checks = commands.add_parser("check", help="run the checks")
    checks.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CHECKS)}")
    checks.set_defaults(command=lambda options: check(options.names))
    within = commands.add_parser("with-services", help="run a command on throwaway servers")
    within.add_argument("arguments", nargs="+", metavar="COMMAND")
    within.set_defaults(command=lambda options: run_with_services(options.arguments))


def _stop(_options: argparse.Namespace) -> None:
    running = current_run()
    if running is None:
        say("Nothing runs from this folder.")
        return
    stop_run(running)
    say("The server has stopped.")


if __name__ == "__main__":
    treat_signals_as_ctrl_c()
    sys.exit(main())
