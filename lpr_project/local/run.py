"""`make run`: from whatever is there to a server that runs, in the foreground, until stopped."""

import os
import textwrap
import time
from collections.abc import Mapping
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
        log = LogFollower(supervision.logs, supervision.programs)
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
    deadline = time.monotonic() + READY_LIMIT_S
    ask_at = 0.0
    while True:
        if time.monotonic() >= ask_at:
            if _is_ready(environment):
                return
            ask_at = time.monotonic() + ASK_EVERY_S
        _glance(supervision, log)
        if time.monotonic() > deadline:
            say(
                f"The server is not ready after {READY_LIMIT_S:.0f} seconds; it goes on trying. "
                "The lines above and .local/log say what is wrong."
            )
            return


def _glance(supervision: Supervision, log: LogFollower) -> None:
    for line in log.new_lines():
        say(line)
    end_orphans(supervision.pid)
    time.sleep(GLANCE_S)


def _is_ready(environment: Mapping[str, str]) -> bool:
    address = urlsplit(_address(environment["LPR_HOST"], int(environment["LPR_PORT"])))
    connection = HTTPConnection(address.netloc, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
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
