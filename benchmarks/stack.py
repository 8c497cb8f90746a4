"""The product's own processes on a database made for one benchmark."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import django
import psycopg
from psycopg import sql

ROOT = Path(__file__).parents[1]
START_SECONDS = 60


@contextmanager
def scratch_server() -> Iterator[dict[str, str]]:
    """Django on a migrated database and a data folder of its own, which go when all is done.

    Yields:
        The environment in which other processes use the same two.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lpr_project.settings.base")
    django.setup()
    from django.db import connection  # noqa: PLC0415  # set up only now

    chosen = connection.settings_dict
    host = f"{quote(chosen['USER'])}:{quote(chosen['PASSWORD'])}@{chosen['HOST']}:{chosen['PORT']}"
    name, scratch = chosen["NAME"], f"bench_{os.getpid()}"
    with (
        psycopg.connect(f"postgresql://{host}/{name}", autocommit=True) as server,
        TemporaryDirectory() as data,
    ):
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(scratch)))
        chosen["NAME"] = scratch
        try:
            environment = {
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "LPR_DATABASE_URL": f"postgresql://{host}/{scratch}",
                "LPR_DATA_DIR": data,
                "LPR_LOG_LEVEL": "warning",
            }
            manage(environment, "migrate", "--verbosity=0")
            yield environment
        finally:
            chosen["NAME"] = name
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(scratch))
            server.execute(drop)


@contextmanager
def kept_server(name: str) -> Iterator[dict[str, str]]:
    """Django on a migrated database that stays, so that what was seeded once serves again.

    Yields:
        The environment in which other processes use the same database.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lpr_project.settings.base")
    django.setup()
    from django.db import connection  # noqa: PLC0415  # set up only now

    chosen = connection.settings_dict
    host = f"{quote(chosen['USER'])}:{quote(chosen['PASSWORD'])}@{chosen['HOST']}:{chosen['PORT']}"
    usual = chosen["NAME"]
    with psycopg.connect(f"postgresql://{host}/{usual}", autocommit=True) as server:
        known = server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known is None:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LPR_DATABASE_URL": f"postgresql://{host}/{name}",
        "LPR_LOG_LEVEL": "warning",
    }
    chosen["NAME"] = name
    try:
        manage(environment, "migrate", "--verbosity=0")
        yield environment
    finally:
        connection.close()
        chosen["NAME"] = usual


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a command of `manage.py`; returns what it printed."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout


def programs() -> dict[str, list[str]]:
    """The Procfile: each program's command line."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {
        name: ["sh", "-c", f"exec {command}"]
        for name, _, command in (line.partition(": ") for line in lines)
    }


@contextmanager
def running(names: Sequence[str], environment: Mapping[str, str]) -> Iterator[dict[str, int]]:
    """Some programs of the Procfile, started; ids of their processes by name."""
    started: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name in names:
            started[name] = subprocess.Popen(  # noqa: S603  # our own Procfile
                programs()[name],
                env=environment,
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        yield {name: process.pid for name, process in started.items()}
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_until(is_true: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Wait for something to become true.

    Raises:
        TimeoutError: It did not.
    """
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            message = f"Waited {seconds:.0f} s for {what}."
            raise TimeoutError(message)
        time.sleep(0.2)


def family(process_id: int) -> list[int]:
    """A process and all that it started."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return [process_id, *(member for child in children for member in family(int(child)))]


def cpu_seconds(process_id: int) -> float:
    """Processor time of a process and all that it started, user and system.

    Source: proc(5), /proc/pid/stat, fields 14 and 15.
    """
    ticks = 0
    for member in family(process_id):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mib(process_id: int) -> float:
    """Proportional set size of a process and all that it started: shared pages count once."""
    kib = 0
    for member in family(process_id):
        for line in Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kib += int(line.split()[1])
    return kib / 1024
