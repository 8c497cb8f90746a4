"""PostgreSQL and Redis of one checkout: their place, their secrets, their start and end."""

import base64
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from lpr_project.local.environment_file import read_environment, write_environment
from lpr_project.local.errors import LocalError
from lpr_project.local.paths import LOCAL, ROOT
from lpr_project.local.ports import LOOPBACK, free_port, is_free
from lpr_project.local.postgres import PostgresServer
from lpr_project.local.processes import is_alive
from lpr_project.local.redis_server import RedisServer

DATABASE_URL = "LPR_DATABASE_URL"
REDIS_URL = "LPR_REDIS_URL"
START_LIMIT_S = 60.0

Server = PostgresServer | RedisServer
AnyServer = TypeVar("AnyServer", PostgresServer | None, RedisServer | None)


@dataclass(frozen=True, slots=True)
class Services:
    """The private servers under one directory.

    Either is None where the environment names another to use in its stead.
    """

    local_dir: Path
    postgres: PostgresServer | None
    redis: RedisServer | None

    @property
    def servers(self) -> dict[str, Server]:
        """The private servers by name, in the order of their start."""
        named = {"postgres": self.postgres, "redis": self.redis}
        return {name: server for name, server in named.items() if server is not None}

    @property
    def environment_file(self) -> Path:
        """Where their addresses and this machine's secrets stand."""
        return environment_file(self.local_dir)

    def environment(self) -> dict[str, str]:
        """Give the addresses and secrets that the server's processes need."""
        return read_environment(self.environment_file)


def environment_file(local_dir: Path) -> Path:
    """Name the file of addresses and secrets of a directory."""
    return local_dir / "services.env"


def prepare_services(
    local_dir: Path, given: Mapping[str, str], *, is_disposable: bool = False
) -> Services:
    """Create what is missing of the servers and write their addresses and secrets down.

    Args:
        local_dir: The directory that belongs to them alone.
        given: An environment; an address in it stands for a server that somebody else runs.
        is_disposable: Whether the data may be lost for speed, as in tests.

    Raises:
        LocalError: A server is not installed or cannot be created.
    """
    local_dir.mkdir(parents=True, exist_ok=True)
    # The account of PostgreSQL must pass through, and need not list.
    local_dir.chmod(0o711)
    services = load_services(local_dir, given, is_disposable=is_disposable)
    services = replace(
        services,
        postgres=_on_a_usable_port(services.postgres),
        redis=_on_a_usable_port(services.redis),
    )
    known = services.environment()
    if services.postgres and (services.postgres.create() or DATABASE_URL not in known):
        services.postgres.set_password()
    if services.redis:
        services.redis.write_configuration()
    values = {
        "LPR_SECRET_KEY": known.get("LPR_SECRET_KEY") or secrets.token_urlsafe(48),
        "LPR_ENCRYPTION_KEYS": known.get("LPR_ENCRYPTION_KEYS") or f'["{_fernet_key()}"]',
    }
    if services.postgres:
        values[DATABASE_URL] = services.postgres.url
    if services.redis:
        values[REDIS_URL] = services.redis.url
    if values != known:
        write_environment(services.environment_file, known | values)
    return services


def load_services(
    local_dir: Path, given: Mapping[str, str], *, is_disposable: bool = False
) -> Services:
    """Say which servers a directory has and where they listen, changing nothing.

    A server that was never prepared has the port 0.
    """
    local_dir = local_dir.resolve()
    known = read_environment(environment_file(local_dir))
    postgres = redis = None
    if not given.get(DATABASE_URL):
        port, password = _address(known.get(DATABASE_URL))
        postgres = PostgresServer(
            local_dir=local_dir, port=port, password=password, is_disposable=is_disposable
        )
    if not given.get(REDIS_URL):
        port, password = _address(known.get(REDIS_URL))
        redis = RedisServer(local_dir=local_dir, port=port, password=password)
    return Services(local_dir, postgres, redis)


def start_services(services: Services) -> None:
    """Start what does not run yet, apart from this terminal, and wait until it answers.

    Raises:
        LocalError: A server did not come up.
    """
    for name, server in services.servers.items():
        if not server.is_running():
            _start_apart(services, name, server)
    wait_for_services(services)


def wait_for_services(services: Services) -> None:
    """Wait until every server answers a request.

    Raises:
        LocalError: One did not within a minute.
    """
    deadline = time.monotonic() + START_LIMIT_S
    for name, server in services.servers.items():
        while not server.accepts_connections():
            if time.monotonic() > deadline:
                raise LocalError(
                    f"{name} did not start within {START_LIMIT_S:.0f} seconds: "
                    f"{services.local_dir / 'log'} says why."
                )
            time.sleep(0.1)


def stop_services(services: Services) -> None:
    """End the servers, in the opposite order of their start."""
    for server in reversed(services.servers.values()):
        server.stop()


@contextmanager
def throwaway_services(given: Mapping[str, str], *, is_disposable: bool) -> Iterator[Services]:
    """Run servers of one's own for as long as the block lasts, then remove them and their data."""
    LOCAL.mkdir(exist_ok=True)
    for abandoned in LOCAL.glob("throwaway-*"):
        if not is_alive(int(abandoned.name.split("-")[1])):
            _remove(abandoned)
    local_dir = Path(tempfile.mkdtemp(prefix=f"throwaway-{os.getpid()}-", dir=LOCAL))
    try:
        services = prepare_services(local_dir, given, is_disposable=is_disposable)
        start_services(services)
        yield services
    finally:
        _remove(local_dir)


def _remove(local_dir: Path) -> None:
    services = load_services(local_dir, {})
    stop_services(services)
    for server in services.servers.values():
        server.remove()
    shutil.rmtree(local_dir, ignore_errors=True)


def _start_apart(services: Services, name: str, server: Server) -> None:
    logs = services.local_dir / "log"
    logs.mkdir(exist_ok=True)
    # A session and a parent of its own: it lives on when this process and its terminal are gone.
    command = ["setsid", "--fork", sys.executable, "-m", "lpr_project.local", "serve", name]
    command += ["--dir", str(services.local_dir)]
    if isinstance(server, PostgresServer) and server.is_disposable:
        command.append("--disposable")
    with (logs / f"{name}.log").open("ab") as log:
        subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True
        )


def _address(url: str | None) -> tuple[int, str]:
    parts = urlsplit(url or "")
    return parts.port or 0, parts.password or secrets.token_hex(24)


def _on_a_usable_port(server: AnyServer) -> AnyServer:
    if server is None or server.is_running():
        return server
    if server.port and is_free(LOOPBACK, server.port):
        return server
    return replace(server, port=free_port())


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()
