"""`services start|stop|status|env` and `serve`: the private PostgreSQL and Redis by hand."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from lpr_project.local.errors import LocalError
from lpr_project.local.paths import LOCAL
from lpr_project.local.services import (
    load_services,
    prepare_services,
    start_services,
    stop_services,
)


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the commands."""
    services = commands.add_parser("services", help="the private PostgreSQL and Redis")
    services.add_argument("action", choices=_ACTIONS)
    services.set_defaults(command=lambda options: _ACTIONS[options.action](options))
    serve = commands.add_parser("serve", help="become one of the servers, in the foreground")
    serve.add_argument("server", choices=["postgres", "redis"])
    serve.set_defaults(command=_serve)
    for parser in (services, serve):
        parser.add_argument("--dir", type=Path, default=LOCAL, help="where they live")
        parser.add_argument("--disposable", action="store_true", help="speed before durability")


def _start(options: argparse.Namespace) -> int:
    services = prepare_services(options.dir, {}, is_disposable=options.disposable)
    start_services(services)
    return _status(options)


def _stop(options: argparse.Namespace) -> int:
    stop_services(load_services(options.dir, {}))
    return _status(options)


def _status(options: argparse.Namespace) -> int:
    services = load_services(options.dir, {})
    answers = {name: server.accepts_connections() for name, server in services.servers.items()}
    for name, is_up in answers.items():
        port = services.servers[name].port
        sys.stdout.write(f"{name}: {f'answers on port {port}' if is_up else 'stopped'}\n")
    return 0


def _env(options: argparse.Namespace) -> int:
    for name, value in load_services(options.dir, {}).environment().items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    return 0


def _serve(options: argparse.Namespace) -> int:
    # Its port is kept even when somebody has taken it: those who use it know no other.
    services = load_services(options.dir, {}, is_disposable=options.disposable)
    server = services.servers[options.server]
    if server.port == 0:
        raise LocalError(f"{options.dir} has no {options.server}: `services start` makes one.")
    server.exec_in_foreground()


_ACTIONS = {"start": _start, "stop": _stop, "status": _status, "env": _env}
