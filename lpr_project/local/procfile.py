"""The Procfile: which processes the server has, in the notation that other programs read too."""

from pathlib import Path

from lpr_project.local.errors import LocalError


def read_procfile(path: Path) -> dict[str, str]:
    """Read `name: command` lines, in their order.

    Raises:
        LocalError: A line is not of that form.
    """
    commands = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, separator, command = line.partition(":")
        if not (separator and name.strip().isidentifier() and command.strip()):
            raise LocalError(f"{path.name} has a line that is not `name: command`: {line}")
        commands[name.strip()] = command.strip()
    return commands
