"""Commands for this machine: `python -m lpr_project.local --help`."""

import argparse
import sys

from lpr_project.local import service_commands
from lpr_project.local.errors import LocalError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; what a person can mend is said in one sentence, without a traceback."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except LocalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lpr_project.local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    service_commands.add_to(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
