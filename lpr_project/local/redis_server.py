"""A private Redis, for this checkout alone."""

import os
import shutil
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from lpr_project.local.errors import LocalError
from lpr_project.local.ports import LOOPBACK
from lpr_project.local.processes import end_processes, processes_in

PROGRAM = "redis-server"
# Debian and Ubuntu ship the server's program in redis-tools, under this name; the package
# redis-server adds a link and a service that nobody asked for.
SAME_PROGRAM = Path("/usr/bin/redis-check-rdb")


@dataclass(frozen=True, kw_only=True, slots=True)
class RedisServer:
    """A server in a directory of its own, and how it is reached."""

    local_dir: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """The address that Celery, Channels and the cache connect to."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}"

    @property
    def directory(self) -> Path:
        """Where it works."""
        return self.local_dir / "redis"

    def write_configuration(self) -> None:
        """Make its directory and configuration, which keeps the password off the command line."""
        self.directory.mkdir(mode=0o700, exist_ok=True)
        configuration = self.directory / "redis.conf"
        configuration.touch(mode=0o600)
        # Nothing is saved: Redis is transport and cache here and may be lost at any moment.
        configuration.write_text(
            f"bind {LOOPBACK}\nport {self.port}\nrequirepass {self.password}\n"
            # Tests give each of their processes databases of its own.
            'databases 256\nsave ""\nappendonly no\nmaxmemory-policy noeviction\n',
            encoding="ascii",
        )

    def exec_in_foreground(self) -> NoReturn:
        """Become the server, after ending what a killed predecessor left behind."""
        program = redis_program(self.local_dir)
        self.stop()
        os.chdir(self.directory)
        os.execv(program, [str(program), "redis.conf"])

    def stop(self) -> None:
        """End the server."""
        end_processes(processes_in(self.directory, PROGRAM), signal.SIGTERM)

    def remove(self) -> None:
        """Forget all that it held."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def is_running(self) -> bool:
        """Say whether the server's process exists."""
        return bool(processes_in(self.directory, PROGRAM))

    def accepts_connections(self) -> bool:
        """Say whether the server answers under its password."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as answers:
                    return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False


def redis_program(local_dir: Path) -> Path:
    """Find the server's program.

    Raises:
        LocalError: Redis is not installed.
    """
    installed = shutil.which(PROGRAM)
    if installed:
        return Path(installed)
    if not SAME_PROGRAM.exists():
        raise LocalError("Redis is not installed: run `make setup`.")
    link = local_dir / PROGRAM
    link.unlink(missing_ok=True)
    link.symlink_to(SAME_PROGRAM)
    return link
