"""What a database needs before the server runs on it, and whether it has that already.

A second start must take seconds, and each command of Django's takes several to load: where nothing
changed since the last start, none is run.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from lpr_project.local.errors import LocalError
from lpr_project.local.installation import PYTHON
from lpr_project.local.paths import LOCAL, ROOT, VENV
from lpr_project.local.services import Services

STAMP = LOCAL / "prepared.json"
_DRAW = (
    "import sys; from pathlib import Path; from cameras.streams.demo.clip import ensure_demo_clip; "
    "ensure_demo_clip(Path(sys.argv[1]))"
)
# Only a database that was changed by hand differs in this and in nothing else.
_STATE = (
    "SELECT (SELECT count(*) FROM django_migrations), (SELECT max(id) FROM django_migrations), "
    "(SELECT count(*) FROM accounts_user WHERE email LIKE '%@lpr.example')"
)


class Preparation:
    """Migrations and the demonstration of one database."""

    def __init__(
        self, services: Services, environment: Mapping[str, str], source: str | None
    ) -> None:
        self._services = services
        self._environment = environment
        self._source = source
        self._drawing: subprocess.Popen[bytes] | None = None
        self.log_in = ""

    def is_done(self) -> bool:
        """Say whether an earlier start prepared all that this one needs; `log_in` is set then."""
        if self._source or not STAMP.exists():
            return False
        try:
            stamp: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
        except ValueError:
            return False
        self.log_in = stamp.get("log_in", "")
        return bool(self.log_in) and stamp.get("fingerprint") == self._fingerprint()

    def migrate(self) -> None:
        """Bring the tables up to date, and draw the demonstration's clip meanwhile.

        Raises:
            LocalError: Django failed.
        """
        STAMP.unlink(missing_ok=True)
        self._drawing = subprocess.Popen(
            [PYTHON, "-c", _DRAW, self._sources], cwd=ROOT, env=self._environment
        )
        self._manage("migrate", "--verbosity=0")

    def seed(self) -> None:
        """Make the demonstration, and remember that all is prepared.

        Raises:
            LocalError: Django failed.
        """
        if self._drawing is not None:
            # Where it failed, the command draws again and says why.
            self._drawing.wait()
        source = ["--source", self._source] if self._source else []
        self.log_in = self._manage("seed_demo", *source)
        fingerprint = self._fingerprint()
        if fingerprint:
            opened = os.open(STAMP, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(opened, "w", encoding="utf-8") as stamp:
                json.dump({"fingerprint": fingerprint, "log_in": self.log_in}, stamp)

    def close(self) -> None:
        """End what was begun."""
        if self._drawing is not None and self._drawing.poll() is None:
            self._drawing.kill()
            self._drawing.wait()

    @property
    def _sources(self) -> Path:
        sources = Path(self._environment.get("LPR_SOURCES_DIR") or LOCAL / "sources")
        # Where the demonstration organization's cameras find their files.
        return sources / "cameras" / "demonstration"

    def _fingerprint(self) -> str:
        """What the preparation depends on and what it left; empty where that cannot be known."""
        postgres = self._services.postgres
        state = postgres.ask(_STATE) if postgres else None
        if postgres is None or not state or not any(self._sources.glob("demonstration-*.mp4")):
            return ""
        cluster = (postgres.directory / "PG_VERSION").stat().st_mtime_ns
        digest = hashlib.sha256(f"{cluster} {state} {self._settings()}\n".encode())
        for file in _origins():
            found = file.stat()
            digest.update(f"{file} {found.st_size} {found.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def _settings(self) -> list[tuple[str, str]]:
        """What was set for the server, such as other folders."""
        return sorted(item for item in self._environment.items() if item[0].startswith("LPR_"))

    def _manage(self, *arguments: str) -> str:
        """Run one of Django's commands to its end and give what it printed."""
        done = subprocess.run(
            [PYTHON, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            # Ctrl-C is for this process, which ends it without its traceback.
            start_new_session=True,
        )
        if done.returncode != 0:
            raise LocalError(f"`manage.py {arguments[0]}` failed; the lines above say why.")
        return done.stdout.strip()


def _origins() -> Iterator[Path]:
    """Files of which tables and demonstration are made: migrations, seeds, installed packages."""
    yield VENV / ".installed-recognition"
    for pattern in ("*/migrations/*.py", "*/management/commands/seed*.py"):
        yield from sorted(ROOT.glob(pattern))
    yield from sorted((ROOT / "cameras" / "streams" / "demo").glob("*.py"))
