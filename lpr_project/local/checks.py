"""`make check`: everything that a change must pass, piece by piece or all at once."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from lpr_project.local.errors import LocalError
from lpr_project.local.paths import ROOT, VENV
from lpr_project.local.say import say
from lpr_project.local.services import Services, throwaway_services
from lpr_project.local.setup import given_environment, set_up

MANAGE = ("python", "manage.py")
CHECK_DEPLOYMENT = ("check", "--deploy", "--fail-level", "WARNING")
CHECKS: dict[str, Sequence[Sequence[str]]] = {
    "lint": (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("lint-imports",),
    ),
    "types": (("mypy", "."),),
    "django": (
        # As behind a proxy that ends TLS, which is how others reach a server.
        (
            *("env", "LPR_BEHIND_HTTPS_PROXY=true"),
            *(*MANAGE, "check", "--deploy", "--fail-level", "WARNING"),
        ),
        (*MANAGE, "makemigrations", "--check", "--dry-run"),
    ),
    "schema": ((*MANAGE, "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull),),
    "tests": (("pytest", "-n", "auto"),),
    "e2e": (("pytest", "-m", "e2e", "-n", "auto"),),
}
# Reading code takes no database; settings only want to know one's address.
WITHOUT_SERVERS = {"lint", "types"}


def check(names: Sequence[str]) -> None:
    """Run the named checks, or all, on a PostgreSQL and a Redis of their own.

    Every check runs also when one before it failed, so that one go shows all that is wrong.

    Raises:
        LocalError: At least one failed.
    """
    if unknown := set(names) - set(CHECKS):
        raise LocalError(f"There is no check {', '.join(unknown)}, but {', '.join(CHECKS)}.")
    services = set_up(for_tests=True)
    wanted = names or list(CHECKS)
    commands = [command for name in wanted for command in CHECKS[name]]
    with ExitStack() as stack:
        if not WITHOUT_SERVERS.issuperset(wanted):
            throwaway = throwaway_services(given_environment(), is_disposable=True)
            services = stack.enter_context(throwaway)
        environment = environment_of(services)
        results = [(command, *_timed(command, environment)) for command in commands]
    say("")
    for command, passed, seconds in results:
        say(f"{'passed' if passed else 'FAILED':6} {seconds:6.1f} s  {' '.join(command)}")
    if failed := sum(not passed for _, passed, _ in results):
        raise LocalError(f"{failed} of {len(results)} checks failed.")


def run_with_services(command: Sequence[str]) -> int:
    """Run a command on a PostgreSQL and a Redis of its own and give its exit status."""
    set_up(for_tests=True)
    with throwaway_services(given_environment(), is_disposable=False) as services:
        return subprocess.run(
            command, cwd=ROOT, env=environment_of(services), check=False
        ).returncode


def environment_of(services: Services) -> Mapping[str, str]:
    """Give the environment in which a command finds these servers and the project's programs."""
    environment = {**services.environment(), **given_environment(), "PYTHONUTF8": "1"}
    environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment['PATH']}"
    return environment


def _timed(command: Sequence[str], environment: Mapping[str, str]) -> tuple[bool, float]:
    say(f"\n$ {' '.join(command)}")
    start = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    return done.returncode == 0, time.monotonic() - start
