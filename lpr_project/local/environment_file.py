"""The file `services.env`: addresses and secrets of this machine, readable by its owner alone."""

import shlex
from collections.abc import Mapping
from pathlib import Path


def read_environment(path: Path) -> dict[str, str]:
    """Read `NAME=value` lines as a shell would; an absent file is an empty environment."""
    if not path.exists():
        return {}
    values = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if separator and not name.startswith("#"):
            values[name.strip()] = "".join(shlex.split(value, comments=True))
    return values


def write_environment(path: Path, values: Mapping[str, str]) -> None:
    """Replace the file in one step, so that no reader finds half of it."""
    draft = path.with_name(path.name + ".new")
    draft.touch(mode=0o600)
    draft.write_text(
        "".join(f"{name}='{value}'\n" for name, value in values.items()), encoding="utf-8"
    )
    draft.replace(path)
