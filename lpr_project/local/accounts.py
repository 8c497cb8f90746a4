"""The account that PostgreSQL runs under, which is never root."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lpr_project.local.errors import LocalError

POSTGRES_ACCOUNT = "postgres"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the system, by its numbers."""

    uid: int
    gid: int

    def become(self) -> None:
        """Give up root for good; the caller is about to exec."""
        os.setgroups([self.gid])
        os.setgid(self.gid)
        os.setuid(self.uid)


def database_account() -> Account:
    """Say who runs PostgreSQL: the person at the keyboard, or `postgres` when that is root.

    Raises:
        LocalError: Root asks and the machine has no account `postgres`.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(POSTGRES_ACCOUNT)
    except KeyError as error:
        raise LocalError(
            f"PostgreSQL refuses to run as root and there is no account {POSTGRES_ACCOUNT!r}: "
            "run `make setup`, which installs the package that creates it."
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)


def run_as(
    account: Account, command: Sequence[str | Path], *, cwd: Path, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end under an account and keep what it says."""
    as_root = os.geteuid() == 0
    return subprocess.run(
        command,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        user=account.uid if as_root else None,
        group=account.gid if as_root else None,
        extra_groups=[] if as_root else None,
    )
