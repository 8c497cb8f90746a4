"""The supervisor: its configuration from the Procfile, its start, its orders, its end."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from lpr_project.local.descendants import end_descendants
from lpr_project.local.errors import LocalError
from lpr_project.local.installation import PYTHON
from lpr_project.local.paths import ROOT

START_LIMIT_S = 20.0
# Longer than any one process is given, since the supervisor stops group after group.
STOP_LIMIT_S = 75.0

HEAD = """\
[supervisord]
nodaemon = true
silent = true
logfile = {logs}/supervisor.log
logfile_maxbytes = 5MB
logfile_backups = 2
pidfile = {folder}/supervisord.pid
childlogdir = {logs}
{user}
[unix_http_server]
file = {socket}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl = unix://{socket}
"""

# A process that dies at its start is tried again for ever, each time a second later than before.
# Only the leader is asked to stop, so that a Celery worker ends its pool in order; what does not
# end in time is killed with all its children.
PROGRAM = """
[program:{name}]
command = {command}
priority = {priority}
autostart = {autostart}
autorestart = true
startsecs = 1
startretries = 1000000
stopsignal = {stop_signal}
stopwaitsecs = 20
killasgroup = true
redirect_stderr = true
stdout_logfile = {logs}/{name}.log
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 3
"""
# What stands in one group starts and stops at the same time. Groups stop in the opposite order of
# their start, so the servers outlive those who need them.
GROUP = """
[group:{name}]
programs = {programs}
priority = 10
"""
APPLICATION = "application"
# What the supervisor says of a process that ended at once, which it starts again by itself.
TRIED_AGAIN = ("(spawn error)", "(abnormal termination)")
STOP_SIGNALS = {"postgres": "INT"}


class Supervision:
    """A supervisor in a session of its own, which no signal of the terminal reaches."""

    def __init__(
        self,
        local_dir: Path,
        servers: Collection[str],
        commands: Mapping[str, str],
        environment: Mapping[str, str],
    ) -> None:
        """Write the configuration.

        Args:
            local_dir: Where configuration and logs lie, and where the servers work.
            servers: The private servers to run, of "postgres" and "redis".
            commands: The processes of the application by name, as the Procfile gives them.
            environment: What every process gets.
        """
        self.logs = local_dir / "log"
        self.logs.mkdir(exist_ok=True)
        self._environment = dict(environment)
        # A socket's path may hold 107 bytes, which a deep checkout exceeds.
        self._socket = Path(tempfile.mkdtemp(prefix="lpr-server-")) / "supervisor.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self._configuration = local_dir / "supervisord.conf"
        serve = f"{_in_checkout(PYTHON)} -m lpr_project.local serve"
        work_in = f"--dir {shlex.quote(_in_checkout(local_dir))}"
        parts = [
            self._head(local_dir),
            *(self._program(name, f"{serve} {name} {work_in}", is_server=True) for name in servers),
            *(self._program(name, text, is_server=False) for name, text in commands.items()),
            GROUP.format(name=APPLICATION, programs=",".join(commands)),
        ]
        self._configuration.write_text("".join(parts), encoding="utf-8")

    @property
    def pid(self) -> int:
        """The supervisor's process number, 0 before its start."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start the supervisor, and with it the servers.

        Raises:
            LocalError: It ended at once.
        """
        self._socket.unlink(missing_ok=True)
        # Should this process be killed outright, the kernel tells the supervisor to stop.
        guarded = ["setpriv", "--pdeathsig", "TERM", str(PYTHON), "-m", "supervisor.supervisord"]
        command = [*guarded, "--configuration", str(self._configuration)]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_LIMIT_S
        while not self._socket.exists():
            if not self.is_running() or time.monotonic() > deadline:
                log = self.logs / "supervisor.log"
                raise LocalError(f"The supervisor did not start: {log} says why.")
            time.sleep(0.05)

    def start_application(self) -> None:
        """Start the processes of the Procfile.

        Raises:
            LocalError: The supervisor refuses.
        """
        failed = [line for line in self._control("start") if "ERROR" in line]
        if refused := [line for line in failed if not line.endswith(TRIED_AGAIN)]:
            raise LocalError(f"The supervisor did not start every process: {'; '.join(refused)}")

    def processes_down(self) -> list[str]:
        """Name the processes of the Procfile that ended and are to be started again."""
        said = map(str.split, self._control("status"))
        states = [words[:2] for words in said if len(words) > 1]
        return [
            name.removeprefix(f"{APPLICATION}:")
            for name, state in states
            if state not in {"RUNNING", "STARTING"}
        ]

    def _control(self, verb: str) -> list[str]:
        """Let the supervisor act on all processes of the Procfile, and return what it says."""
        control = [str(PYTHON), "-m", "supervisor.supervisorctl", "-c", str(self._configuration)]
        done = subprocess.run(
            [*control, verb, f"{APPLICATION}:*"],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.splitlines()

    def is_running(self) -> bool:
        """Say whether the supervisor itself is alive."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stop every process that was started, and those that they started."""
        if self._process and self.is_running():
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        end_descendants()

    def close(self) -> None:
        """Stop, and remove the socket."""
        self.stop()
        shutil.rmtree(self._socket.parent, ignore_errors=True)

    def _head(self, local_dir: Path) -> str:
        return HEAD.format(
            folder=_in_checkout(local_dir),
            logs=_in_checkout(self.logs),
            socket=self._socket,
            user="user = root\n" if os.geteuid() == 0 else "",
        )

    def _program(self, name: str, command: str, *, is_server: bool) -> str:
        shell = f"/bin/sh -c {shlex.quote(f'exec {command}')}"
        return PROGRAM.format(
            name=name,
            command=shell.replace("%", "%%"),
            priority=1 if is_server else 10,
            autostart="true" if is_server else "false",
            stop_signal=STOP_SIGNALS.get(name, "TERM"),
            logs=_in_checkout(self.logs),
        )


def _in_checkout(path: Path) -> str:
    """Name a path from the checkout, where the supervisor works, so that only its own part counts.

    What the supervisor takes for its own notation may then stand in the checkout's name.
    """
    return os.path.relpath(path, ROOT)
