"""`make run`: from whatever is there to a server that runs, in the foreground, until stopped."""

import json
import os
import textwrap
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from lpr_project.local.descendants import adopt_orphans, end_orphans
from lpr_project.local.errors import LocalError
from lpr_project.local.log_follower import LogFollower
from lpr_project.local.paths import LOCAL, ROOT, VENV
from lpr_project.local.preflight import check_folder, check_port
from lpr_project.local.preparation import Preparation
from lpr_project.local.procfile import read_procfile
from lpr_project.local.run_lock import run_lock
from lpr_project.local.say import say
from lpr_project.local.services import Services, wait_for_services
from lpr_project.local.setup import given_environment, set_up
from lpr_project.local.supervision import Supervision

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = "8000"
LAST_PORT = 65535
# Under all of these a browser on this machine finds the server as localhost.
LOCAL_HOSTS = {DEFAULT_HOST, "0.0.0.0", "::", "::1"}  # noqa: S104  # compared with, not bound to
READY_LIMIT_S = 120.0
# How often a slow start says what it waits for.
PATIENCE_S = 60.0
# What is silent while its processes load, which time mends.
LOADING = {"web", "workers"}
NO_ANSWER = {"web": "The web page does not answer yet."}
GLANCE_S = 0.2
ASK_EVERY_S = 1.0


def run(source: str | None) -> None:
    """Set up what is missing, start everything, and stay until a signal says stop.

    Args:
        source: What the demonstration's camera plays in place of the clip that the product
            renders: a file or an address.

    Raises:
        LocalError: Something stands in the way that a person can mend.
    """
    check_folder()
    source = _source(source)
    environment = _environment()
    host, port = environment["LPR_HOST"], int(environment["LPR_PORT"])
    with run_lock(_address(host, port)):
        check_port(host, port)
        services = set_up()
        adopt_orphans()
        commands = read_procfile(ROOT / "Procfile")
        supervision = Supervision(LOCAL, services.servers, commands, environment)
        # PostgreSQL and Redis write much that is well; their files lie beside these.
        log = LogFollower(supervision.logs, commands)
        preparation = Preparation(services, environment, source)
        try:
            _serve(services, supervision, log, environment, preparation)
        except KeyboardInterrupt:
            say("\nStopping the server.")
        finally:
            preparation.close()
            supervision.close()
            log.close()
        say("The server has stopped.")


def _serve(
    services: Services,
    supervision: Supervision,
    log: LogFollower,
    environment: Mapping[str, str],
    preparation: Preparation,
) -> None:
    say("Starting the services.")
    supervision.start()
    wait_for_services(services)
    is_prepared = preparation.is_done()
    if not is_prepared:
        say("Bringing the database up to date.")
        preparation.migrate()
    say("Starting the server.")
    supervision.start_application()
    if not is_prepared:
        # The server's processes load meanwhile; the camera is taken up when it is there.
        say("Preparing the demonstration.")
        preparation.seed()
    _follow_until_ready(supervision, log, environment)
    say(_welcome(environment, preparation.log_in, may_be_old=is_prepared))
    while True:
        _glance(supervision, log)
        if not supervision.is_running():
            say("The supervisor died; starting everything again.")
            supervision.stop()
            supervision.start()
            wait_for_services(services)
            supervision.start_application()


def _follow_until_ready(
    supervision: Supervision, log: LogFollower, environment: Mapping[str, str]
) -> None:
    """Stay until it is ready; a slow start is told of, and only what time cannot mend ends it."""
    begun = time.monotonic()
    ask_at, say_at = 0.0, begun + PATIENCE_S
    while supervision.is_running():
        now = time.monotonic()
        if now >= ask_at:
            lacks = what_lacks(environment)
            if not lacks:
                return
            ask_at = time.monotonic() + ASK_EVERY_S
            if now >= say_at:
                say_at = now + PATIENCE_S
                sentence, may_help = how_it_starts(
                    lacks, supervision.processes_down(), seconds=now - begun
                )
                say(sentence)
                if not may_help:
                    return
        _glance(supervision, log)


def how_it_starts(
    lacks: Mapping[str, str], down: Sequence[str], *, seconds: float
) -> tuple[str, bool]:
    """How a start stands that takes long, in a sentence, and whether waiting on may help.

    Args:
        lacks: What is not ready, with a sentence for each part.
        down: Processes that ended and are to be started again.
        seconds: Since the start.

    >>> how_it_starts({"web": "The web page does not answer yet."}, [], seconds=180)
    ('Still starting after 180 seconds. The web page does not answer yet.', True)
    """
    hindrances = [sentence for part, sentence in lacks.items() if part not in LOADING]
    if down:
        hindrances.append(f"These end again and again: {', '.join(down)}.")
    if hindrances and seconds >= READY_LIMIT_S:
        sentence = (
            f"The server is not ready after {seconds:.0f} seconds; it goes on trying. "
            f"{' '.join(hindrances)} .local/log says more."
        )
        return sentence, False
    # What the supervisor starts need not be started by a person.
    awaited = " ".join(lacks.values()).removesuffix(" Start one.")
    return f"Still starting after {seconds:.0f} seconds. {awaited}", True


def _glance(supervision: Supervision, log: LogFollower) -> None:
    for line in log.new_lines():
        say(line)
    end_orphans(supervision.pid)
    time.sleep(GLANCE_S)


def what_lacks(environment: Mapping[str, str]) -> dict[str, str]:
    """What is not ready yet, with a sentence for each part; nothing once the server is."""
    address = urlsplit(_address(environment["LPR_HOST"], int(environment["LPR_PORT"])))
    connection = HTTPConnection(address.netloc, timeout=2)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        if answer.status == HTTPStatus.OK:
            return {}
        parts = json.loads(answer.read()).get("parts", {})
        return {part: said for part, said in parts.items() if said != "works"} or NO_ANSWER
    except (OSError, HTTPException, ValueError, AttributeError):
        return NO_ANSWER
    finally:
        connection.close()


def _environment() -> dict[str, str]:
    environment = {
        "LPR_HOST": DEFAULT_HOST,
        "LPR_PORT": DEFAULT_PORT,
        "LPR_LOG_FORMAT": "console",
        **given_environment(),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        # Root was this person's own choice, and no task here is pickled.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
    }
    port = environment["LPR_PORT"]
    if not (port.isdigit() and 0 < int(port) <= LAST_PORT):
        raise LocalError(f"LPR_PORT is {port!r} and must be a number from 1 to {LAST_PORT}.")
    environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment['PATH']}"
    return environment


def _source(source: str | None) -> str | None:
    if not source or "://" in source:
        return source
    path = Path(source).expanduser().resolve()
    if not path.exists():
        raise LocalError(f"SOURCE names {path}, and there is no such file.")
    return str(path)


def _address(host: str, port: int) -> str:
    name = "localhost" if host in LOCAL_HOSTS else host
    return f"http://{name}:{port}/"


def _welcome(environment: Mapping[str, str], log_in: str, *, may_be_old: bool) -> str:
    address = _address(environment["LPR_HOST"], int(environment["LPR_PORT"]))
    log_ins = textwrap.indent(log_in, "  ")
    unless = ", unless you changed the password" if may_be_old else ""
    return (
        f"\nThe server runs at {address}\nLog in with one of these{unless}:\n{log_ins}\n"
        "Ctrl-C stops it, and so does `make stop`. Logs: .local/log\n"
    )
