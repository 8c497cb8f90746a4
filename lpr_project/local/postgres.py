"""A private PostgreSQL with PostGIS, for this checkout alone."""

import hashlib
import os
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from lpr_project.local.accounts import Account, database_account, run_as
from lpr_project.local.errors import LocalError
from lpr_project.local.paths import ROOT
from lpr_project.local.ports import LOOPBACK
from lpr_project.local.processes import end_processes, processes_in

VERSIONS = Path("/usr/lib/postgresql")
SHARED_FILES = Path("/usr/share/postgresql")
FALLBACK = Path("/var/lib/lpr-server")
ROLE = DATABASE = "lpr"
EXTENSIONS = ("postgis", "pg_trgm", "fuzzystrmatch", "btree_gin", "btree_gist")

SETTINGS = {
    "listen_addresses": LOOPBACK,
    # No socket file: its path may hold 107 bytes, which a deep checkout exceeds.
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "cluster_name": "lpr-server",
    # A failing statement carries the plates that it was about.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "[%p] ",
}
# The first version that lets others than superusers change a setting of a superuser's.
GRANTS_SET = 15
# A test cluster is thrown away: it may be lost, and must be fast.
DISPOSABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, kw_only=True, slots=True)
class PostgresServer:
    """A cluster in a directory of its own, and how it is reached."""

    local_dir: Path
    port: int
    password: str
    is_disposable: bool = False

    @property
    def url(self) -> str:
        """The address that Django connects to."""
        return f"postgresql://{ROLE}:{self.password}@{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def directory(self) -> Path:
        """The cluster's directory, behind a link where its account cannot enter the checkout."""
        return (self.local_dir / "postgres").resolve()

    def create(self) -> bool:
        """Make the cluster, its role and its database, where they are not there yet.

        Returns:
            Whether they were made now; the role has no password yet.

        Raises:
            LocalError: PostgreSQL is not installed or cannot create a cluster.
        """
        if (self.directory / "PG_VERSION").exists():
            return False
        account = database_account()
        directory = self._place(account)
        draft = directory.with_name(directory.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        os.chown(draft, account.uid, account.gid)
        binaries = newest_binaries()
        options: list[str | Path] = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256"]
        password_file = draft.with_name(draft.name + ".password")
        try:
            password_file.touch(mode=0o600)
            os.chown(password_file, account.uid, account.gid)
            password_file.write_text(self.password, encoding="ascii")
            options += ["--username=postgres", f"--pwfile={password_file}"]
            _run(account, [binaries / "initdb", "--pgdata", draft, *options], draft)
        finally:
            password_file.unlink(missing_ok=True)
        self._fill(account, binaries, draft)
        # Renamed last: a cluster that was interrupted half-way is never taken for a whole one.
        draft.rename(directory)
        return True

    def set_password(self) -> None:
        """Give the role this password, while no server runs: a new one, or one that was lost.

        Raises:
            LocalError: A server runs on the cluster.
        """
        directory = self.directory
        program = str(binaries_of(directory) / "postgres")
        statement = f"ALTER ROLE {ROLE} PASSWORD '{self.password}';\n"
        server = [program, "--single", "-D", str(directory), "postgres"]
        _run(database_account(), server, directory, stdin=statement)

    def exec_in_foreground(self) -> NoReturn:
        """Become the server, after ending what a killed predecessor left behind."""
        account = database_account()
        directory = self.directory
        self.stop()
        (directory / "postmaster.pid").unlink(missing_ok=True)
        server = str(binaries_of(directory) / "postgres")
        settings = SETTINGS | (DISPOSABLE if self.is_disposable else {})
        command = [server, "-D", ".", "-p", str(self.port), *_arguments(settings)]
        os.chdir(directory)
        if os.geteuid() == 0:
            # From here on Python's own files may be out of reach.
            account.become()
        os.execv(server, command)

    def stop(self) -> None:
        """End the server and whatever is left of an earlier one."""
        processes = processes_in(self.directory, "postgres")
        end_processes(processes, signal.SIGINT, signal.SIGQUIT)

    def remove(self) -> None:
        """Delete the cluster and all its data."""
        directory = self.directory
        shutil.rmtree(directory, ignore_errors=True)
        if directory.parent.parent == FALLBACK:
            directory.parent.rmdir()

    def is_running(self) -> bool:
        """Say whether any process works in the cluster."""
        return bool(processes_in(self.directory, "postgres"))

    def accepts_connections(self) -> bool:
        """Say whether the server answers a query under its password."""
        return self.ask("SELECT 1") is not None

    def ask(self, query: str) -> str | None:
        """Give the answer to a query as text, or None where it fails."""
        client = shutil.which("psql") or str(binaries_of(self.directory) / "psql")
        environment = f"PGPASSWORD={self.password}"
        target = f"postgresql://{ROLE}@{LOOPBACK}:{self.port}/{DATABASE}?connect_timeout=2"
        command = ["env", environment, client, "--no-psqlrc", "-Atc", query, target]
        me = Account(os.geteuid(), os.getegid())
        done = run_as(me, command, cwd=ROOT)
        return done.stdout.strip() if done.returncode == 0 else None

    def _place(self, account: Account) -> Path:
        """Choose the directory, and put a link in its stead where the account cannot enter."""
        link = self.local_dir / "postgres"
        link.unlink(missing_ok=True)
        if run_as(account, ["test", "-x", self.local_dir], cwd=Path("/")).returncode == 0:
            return link
        digest = hashlib.sha256(os.fsencode(self.local_dir)).hexdigest()[:16]
        directory = FALLBACK / digest / "postgres"
        directory.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        link.symlink_to(directory)
        return directory

    def _fill(self, account: Account, binaries: Path, directory: Path) -> None:
        server: list[str | Path] = [binaries / "postgres", "--single", "-D", directory]
        # In template1, so that databases which the role makes for tests have them too: creating
        # PostGIS takes a superuser, and the application's role is none.
        extensions = "".join(f"CREATE EXTENSION {name};\n" for name in EXTENSIONS)
        _run(account, [*server, "template1"], directory, stdin=extensions)
        role = f"CREATE ROLE {ROLE} LOGIN CREATEDB;\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n"
        if self.is_disposable and int(directory.joinpath("PG_VERSION").read_text()) >= GRANTS_SET:
            # Tests empty tables without asking the triggers that forbid it.
            role += f"GRANT SET ON PARAMETER session_replication_role TO {ROLE};\n"
        _run(account, [*server, "postgres"], directory, stdin=role)


def newest_binaries() -> Path:
    """Find the programs of the newest installed PostgreSQL that has PostGIS.

    Raises:
        LocalError: There is none.
    """
    found = [
        VERSIONS / version / "bin"
        for version in _versions()
        if (SHARED_FILES / version / "extension" / "postgis.control").exists()
        and (VERSIONS / version / "bin" / "initdb").exists()
    ]
    if not found:
        raise LocalError("PostgreSQL with PostGIS is not installed: run `make setup`.")
    return found[0]


def binaries_of(directory: Path) -> Path:
    """Find the programs of the version that made a cluster.

    Raises:
        LocalError: That version is no longer installed.
    """
    version = (directory / "PG_VERSION").read_text(encoding="ascii").strip()
    binaries = VERSIONS / version / "bin"
    if not (binaries / "postgres").exists():
        raise LocalError(
            f"The database in {directory} was made by PostgreSQL {version}, which is gone: install "
            f"postgresql-{version}-postgis-3, or remove the directory to start with an empty one."
        )
    return binaries


def _versions() -> list[str]:
    if not VERSIONS.is_dir():
        return []
    names = [entry.name for entry in VERSIONS.iterdir() if entry.name.isdigit()]
    return sorted(names, key=int, reverse=True)


def _arguments(settings: Mapping[str, str]) -> Iterator[str]:
    for name, value in settings.items():
        yield from ("-c", f"{name}={value}")


def _run(account: Account, command: Sequence[str | Path], cwd: Path, stdin: str = "") -> None:
    done = run_as(account, command, cwd=cwd, stdin=stdin)
    lines = done.stderr.splitlines()
    # The single-user server goes on after a failed statement and ends with status 0.
    failures = [line for line in lines if "ERROR: " in line or "FATAL: " in line]
    if failures or done.returncode != 0:
        reason = (failures or lines or [f"exit status {done.returncode}"])[-1]
        raise LocalError(f"PostgreSQL could not prepare its database: {reason}")
