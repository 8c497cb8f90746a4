"""Alerts while the sending worker, Redis and the receiving server are each killed three times."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.alerts import _fill, _free_port, _people_and_cameras, plate_of
from benchmarks.result import Result
from benchmarks.stack import ROOT, programs, scratch_server, wait_until
from lpr_project.local.redis_server import redis_program

if TYPE_CHECKING:
    from accounts.models import Organization
    from cameras.models import Camera

KILLS = 3
BATCH = 20
BATCHES_PER_SECOND = 10
# How long each stays down, and how long the last message may take after all is up again.
DOWN_SECONDS = 1.5
FINISH_SECONDS = 900


class Programs:
    """Our own children by name: started, killed with -9 by their process id, started again."""

    def __init__(self) -> None:
        self._commands: dict[str, tuple[list[str], dict[str, str]]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._down: set[str] = set()
        self.killed: dict[str, int] = {}
        self.ended: dict[str, int] = {}

    def start(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        """Start a program, and remember how."""
        self._commands[name] = (command, environment)
        self._running[name] = subprocess.Popen(  # noqa: S603  # our own programs
            command,
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def revive(self) -> None:
        """Start again what ended by itself, as the supervisor does: a worker may at Redis' end."""
        for name, process in list(self._running.items()):
            if process.poll() is not None and name not in self._down:
                self.ended[name] = self.ended.get(name, 0) + 1
                self.start(name, *self._commands[name])

    def kill(self, name: str) -> None:
        """Kill it without warning; a second and a half later it is back."""
        self._down.add(name)
        process = self._running[name]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        self.killed[name] = self.killed.get(name, 0) + 1
        time.sleep(DOWN_SECONDS)
        self.start(name, *self._commands[name])
        self._down.discard(name)

    def stop(self) -> None:
        """End all of them."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def run(size: int = 10_000) -> Result:
    """Raise `size` alerts, each told to one webhook, and count what came."""
    redis_port, http_port = _free_port(), _free_port()
    children = Programs()
    with TemporaryDirectory() as folder:
        os.environ |= {
            "LPR_REDIS_URL": f"redis://127.0.0.1:{redis_port}",
            "LPR_OUTGOING_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
        }
        keys = Path(folder) / "keys"
        redis = [str(redis_program(Path(folder))), "--port", str(redis_port)]
        receiver = [sys.executable, "-m", "benchmarks.receivers", str(http_port), str(keys)]
        try:
            children.start(
                "redis", [*redis, "--bind", "127.0.0.1", "--save", "", "--dir", folder], {}
            )
            with scratch_server() as environment:
                organization, cameras, _cookie = _people_and_cameras()
                _fill(organization, size)
                _recipient(organization, http_port)
                children.start("receiver", receiver, environment)
                for name in ("deliveries", "beat"):
                    children.start(name, programs()[name], environment)
                started = time.monotonic()
                _raise_while_killing(children, cameras, size, keys)
                raised_s = time.monotonic() - started
                _wait_for_the_last(children, size)
                figures = _counted(keys) | {
                    "raising_took_s": raised_s,
                    "all_delivered_after_s": time.monotonic() - started,
                }
                children.stop()
        finally:
            children.stop()
    figures |= {f"kills_of_{name}": float(count) for name, count in children.killed.items()}
    figures |= {f"{name}_ended_by_itself": float(n) for name, n in children.ended.items()}
    wrong = (
        (size - figures["alerts"])
        + (figures["alerts"] - figures["keys_taken"])
        + figures["taken_twice"]
    )
    return Result(
        name="alerts_under_kills",
        figures=figures,
        limit={"alerts_wanted": float(size)},
        reached=wrong,
        goal=0,
        better="lower",
        unit="alerts lost or taken twice",
        conditions=(
            f"{size:,} detections that hit, in batches of {BATCH}; the process of deliveries, "
            f"Redis and the receiving server are killed -9 {KILLS} times each at random moments "
            f"of the sending, and are down for {DOWN_SECONDS} s. The receiver "
            "writes each idempotency key to disk before it answers, and knows repeated ones by it; "
            f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
        ),
    )


def _recipient(organization: "Organization", http_port: int) -> None:
    from accounts.models import User  # noqa: PLC0415
    from alerts.models import Channel, Endpoint, EscalationPolicy, EscalationStep  # noqa: PLC0415
    from alerts.services.endpoints import save_endpoint  # noqa: PLC0415

    policy = EscalationPolicy.objects.create(organization=organization, name="All")
    step = EscalationStep.objects.create(policy=policy)
    endpoint = Endpoint(organization=organization, name="Receiver", channel=Channel.WEBHOOK)
    wanted = {"url": f"http://127.0.0.1:{http_port}/"}
    step.endpoints.add(save_endpoint(endpoint=endpoint, wanted=wanted, actor=User.objects.get()))


def _raise_while_killing(
    children: Programs, cameras: "list[Camera]", size: int, keys: Path
) -> None:
    """Record hits at a pace; meanwhile, from another thread, kill each program three times.

    A kill comes when a random share of all was taken, so that it always falls into the sending.
    """
    chance = random.Random()  # noqa: S311  # moments, not secrets
    moments = sorted(
        (chance.uniform(0.02, 0.9) * size, name)
        for name in ("deliveries", "redis", "receiver")
        for _ in range(KILLS)
    )

    def kill_all() -> None:
        for taken, name in moments:
            _patiently(partial(_has_taken, keys, taken), children)
            children.kill(name)

    killer = threading.Thread(target=kill_all)
    killer.start()
    _record(cameras, size)
    killer.join()


def _record(cameras: "list[Camera]", size: int) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from detections.models import Detection  # noqa: PLC0415
    from detections.services.recording import NewDetection, record_detections  # noqa: PLC0415

    begin = time.monotonic()
    for batch, first in enumerate(range(0, size, BATCH)):
        time.sleep(max(begin + batch / BATCHES_PER_SECOND - time.monotonic(), 0))
        items = [
            NewDetection(
                camera=cameras[number % len(cameras)],
                key=str(number),
                captured_at=timezone.now(),
                text=plate_of(number),
                confidence=0.9,
                origin=Detection.Origin.INGEST,
            )
            for number in range(first, min(first + BATCH, size))
        ]
        record_detections(items=items)


def _wait_for_the_last(children: Programs, size: int) -> None:
    from alerts.models import Alert, Delivery  # noqa: PLC0415

    def is_done() -> bool:
        unsent = Delivery.objects.exclude(state=Delivery.State.SENT).exists()
        return not unsent and Alert.objects.count() >= size

    _patiently(is_done, children)


def _patiently(is_done: Callable[[], bool], children: Programs) -> None:
    def is_done_or_revived() -> bool:
        children.revive()
        return is_done()

    try:
        wait_until(is_done_or_revived, "the last delivery", FINISH_SECONDS)
    except TimeoutError:
        # The figures say what is missing.
        return


def _has_taken(keys: Path, wanted: float) -> bool:
    return keys.exists() and len(keys.read_text().split()) >= wanted


def _counted(keys: Path) -> dict[str, float]:
    from alerts.models import Alert, Delivery, DeliveryAttempt  # noqa: PLC0415

    taken = keys.read_text().split() if keys.exists() else []
    repeated = keys.with_suffix(".repeated")
    return {
        "alerts": float(Alert.objects.count()),
        "deliveries_sent": float(Delivery.objects.filter(state=Delivery.State.SENT).count()),
        "keys_taken": float(len(set(taken))),
        "taken_twice": float(len(taken) - len(set(taken))),
        "repeats_known_by_key": float(
            len(repeated.read_text().split()) if repeated.exists() else 0
        ),
        "failed_tries": float(DeliveryAttempt.objects.exclude(error="").count()),
    }
