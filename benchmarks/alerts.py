"""From a detection's commit to the console, to a webhook's receiver and to a mail server."""

import asyncio
import base64
import multiprocessing
import os
import secrets
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

import orjson

from benchmarks.receivers import note_arrivals
from benchmarks.result import Result
from benchmarks.stack import running, scratch_server, wait_until

if TYPE_CHECKING:
    from accounts.models import Organization
    from cameras.models import Camera

GOAL_MS, MESSAGE_GOAL_MS = 100, 500
CAMERAS = 5
PER_SECOND = 200
# Detections come from cameras and devices in small batches; each is one transaction.
BATCH = 5
SHARE_THAT_HITS = 0.05
SECONDS = 20
WARM_UP_SECONDS = 5
SETTLE_SECONDS = 10
LISTS = 50
Moments = dict[str, list[float]]


def run(size: int = 1_000_000) -> Result:
    """Record at a pace against `size` entries; note when each alert is where, on one clock."""
    http_port, smtp_port, web_port = (_free_port() for _ in range(3))
    os.environ |= {
        "LPR_OUTGOING_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
        "LPR_EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
    }
    with scratch_server() as environment:
        organization, cameras, cookie = _people_and_cameras()
        _fill(organization, size)
        _recipients(organization, http_port)
        environment |= {"LPR_PORT": str(web_port), "LPR_DATABASE_POOL_SIZE": "10"}
        with (
            _child(note_arrivals, http_port, smtp_port) as receivers,
            running(["web", "deliveries", "beat"], environment),
        ):
            wait_until(lambda: _is_alive(web_port), "the web process")
            with _child(_hear_console, web_port, cookie) as console:
                committed, behind = _record(cameras, size)
                time.sleep(SETTLE_SECONDS)
                console.send("finish")
                shown = console.recv()
                receivers.send("finish")
                webhooks, mails = receivers.recv()
    return _result(size, committed, behind, shown, webhooks, mails)


def _result(
    size: int, committed: dict[str, float], behind: float, shown: Moments, *messages: Moments
) -> Result:
    webhooks, mails = messages
    at_console = _delays(committed, shown)
    figures = {"hits": float(len(committed)), "recording_behind_s": behind}
    for name, arrivals in (("console", shown), ("webhook", webhooks), ("mail", mails)):
        delays = _delays(committed, arrivals)
        figures |= {
            f"{name}_p50_ms": _percentile(delays, 50),
            f"{name}_p95_ms": _percentile(delays, 95),
            f"{name}_arrived_share": len(delays) / max(len(committed), 1),
        }
    load = os.getloadavg()
    return Result(
        name="alerts",
        figures=figures,
        limit={"webhook_goal_p95_ms": MESSAGE_GOAL_MS, "mail_goal_p95_ms": MESSAGE_GOAL_MS},
        reached=_percentile(at_console, 95),
        goal=GOAL_MS,
        better="lower",
        unit="ms to the console, 95 of 100",
        conditions=(
            f"{size:,} entries in {LISTS} lists, half exact, half confusable; {PER_SECOND} "
            f"detections a second in batches of {BATCH}, {SHARE_THAT_HITS:.0%} of which hit, no "
            f"picture, {SECONDS} s after {WARM_UP_SECONDS} s of warm-up; one console, one webhook, "
            f"one mail recipient; {os.cpu_count()} cores, which also record, receive, and run "
            f"PostgreSQL and Redis; load average of the machine {load[0]:.1f} at the end."
        ),
    )


def _people_and_cameras() -> "tuple[Organization, list[Camera], str]":
    from django.conf import settings  # noqa: PLC0415
    from django.contrib import auth  # noqa: PLC0415
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415

    from accounts.models import Role, User  # noqa: PLC0415
    from accounts.services import add_member, create_organization  # noqa: PLC0415
    from cameras.services import create_camera  # noqa: PLC0415

    organization = create_organization(name="Benchmark")
    user = User.objects.create_user("manager@example.org", secrets.token_urlsafe())
    add_member(organization=organization, user=user, role=Role.MANAGER, actor=None)
    cameras = [
        create_camera(
            organization=organization, actor=None, name=f"Camera {number}", source_kind="push"
        )
        for number in range(CAMERAS)
    ]
    session = SessionStore()
    session[auth.SESSION_KEY] = str(user.pk)
    session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return organization, cameras, f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def plate_of(number: int) -> str:
    """The plate of an entry: one letter and eight digits."""
    return f"B{number:08d}"


def _fill(organization: "Organization", size: int) -> None:
    """Entries by SQL: services would take an hour."""
    from django.db import connection  # noqa: PLC0415

    from alerts.services.watchlists import create_watchlist  # noqa: PLC0415

    lists = [
        create_watchlist(
            organization=organization,
            actor=None,
            name=f"List {number}",
            match=("exact", "confusable")[number % 2],
        )
        for number in range(LISTS)
    ]
    with connection.cursor() as cursor:
        for number, watchlist in enumerate(lists):
            cursor.execute(
                "INSERT INTO alerts_entry (id, organization_id, watchlist_id, number, country,"
                " province, vehicle, reason, case_number, source, confidence, effective_from,"
                " created_at, updated_at, variants)"
                " SELECT gen_random_uuid(), %s, %s, 'B' || lpad(n::text, 8, '0'), '', '', '', '',"
                " '', '', 'medium', now() - interval '1 day', now(), now(), '{}'"
                " FROM generate_series(%s, %s - 1, %s) AS n",
                [organization.pk, watchlist.pk, number, size, LISTS],
            )
        cursor.execute("ANALYZE alerts_entry")


def _recipients(organization: "Organization", http_port: int) -> None:
    from accounts.models import User  # noqa: PLC0415
    from alerts.models import Channel, Endpoint, EscalationPolicy, EscalationStep  # noqa: PLC0415
    from alerts.services.endpoints import save_endpoint  # noqa: PLC0415

    manager = User.objects.get()
    policy = EscalationPolicy.objects.create(organization=organization, name="All")
    step = EscalationStep.objects.create(policy=policy)
    for channel, wanted in (
        (Channel.WEBHOOK, {"url": f"http://127.0.0.1:{http_port}/"}),
        (Channel.EMAIL, {"address": "guard@example.org"}),
    ):
        endpoint = Endpoint(
            organization=organization, name=channel, channel=channel, most_per_minute=10_000
        )
        step.endpoints.add(save_endpoint(endpoint=endpoint, wanted=wanted, actor=manager))


def _record(cameras: "list[Camera]", size: int) -> tuple[dict[str, float], float]:
    """Record at the pace; when each hit's detection was committed, and how late the last was."""
    from django.utils import timezone  # noqa: PLC0415

    from alerts.receivers import find_hits, hold_against_rules  # noqa: PLC0415
    from detections.models import Detection  # noqa: PLC0415
    from detections.services.recording import NewDetection, record_detections  # noqa: PLC0415
    from detections.signals import detections_recorded  # noqa: PLC0415

    committed: dict[str, float] = {}

    def note(detections: Any, **_kwargs: object) -> None:
        now = time.monotonic()
        committed.update((one.read_number, now) for one in detections if one.read_number[0] == "B")

    # The first to hear of a commit notes when that was.
    for receiver in (find_hits, hold_against_rules):
        detections_recorded.disconnect(receiver)
    detections_recorded.connect(note)
    for receiver in (find_hits, hold_against_rules):
        detections_recorded.connect(receiver)
    begin = time.monotonic()
    total = (WARM_UP_SECONDS + SECONDS) * PER_SECOND
    every = round(1 / SHARE_THAT_HITS)
    behind = 0.0
    for first in range(0, total, BATCH):
        due = begin + first / PER_SECOND
        time.sleep(max(due - time.monotonic(), 0))
        behind = time.monotonic() - due
        if first == WARM_UP_SECONDS * PER_SECOND:
            committed.clear()
        items = [
            NewDetection(
                camera=cameras[number % CAMERAS],
                key=str(number),
                captured_at=timezone.now(),
                text=plate_of(number * 7 % size) if number % every == 0 else f"Z{number:08d}",
                confidence=0.9,
                origin=Detection.Origin.INGEST,
            )
            for number in range(first, first + BATCH)
        ]
        record_detections(items=items)
    return committed, behind


@contextmanager
def _child(target: Any, *where: object) -> Iterator[Connection]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *where))
    process.start()
    try:
        if not ours.poll(60):
            raise TimeoutError("A listener was not ready within a minute.")
        ours.recv()
        yield ours
    finally:
        process.join(10)
        process.kill()


def _hear_console(parent: Connection, port: int, cookie: str) -> None:
    asyncio.run(_hear(parent, port, cookie))


async def _hear(parent: Connection, port: int, cookie: str) -> None:
    """A console's end of the socket, as thin as can be. Source: RFC 6455, sections 4.1 and 5.2."""
    heard: Moments = {}
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = (
        "GET /ws/alerts/ HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}",
        f"Cookie: {cookie}",
    )
    writer.write("\r\n".join((*lines, "", "")).encode())
    if b" 101 " not in (answer := await reader.readuntil(b"\r\n\r\n")):
        raise ConnectionError(answer.decode())

    async def listen() -> None:
        while True:
            message = await _frame(reader)
            now = time.monotonic()
            for event in orjson.loads(message) if message else ():
                for item in event.get("items", ()):
                    heard.setdefault(item["title"].partition(" ")[0], []).append(now)

    listening = asyncio.create_task(listen())
    parent.send("connected")
    await asyncio.to_thread(parent.recv)
    listening.cancel()
    parent.send(heard)


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """The text of the next frame; empty where it is none. Servers send frames unmasked."""
    kind, length = await reader.readexactly(2)
    if length == 126:  # noqa: PLR2004  # RFC 6455: two more bytes
        length = int.from_bytes(await reader.readexactly(2))
    elif length == 127:  # noqa: PLR2004  # RFC 6455: eight more bytes
        length = int.from_bytes(await reader.readexactly(8))
    content = await reader.readexactly(length)
    return content if kind & 0xF == 1 else b""


def _delays(committed: dict[str, float], arrivals: Moments) -> list[float]:
    """Milliseconds to the first arrival of each; sorted."""
    return sorted(
        (min(arrivals[plate]) - at) * 1000 for plate, at in committed.items() if plate in arrivals
    )


def _percentile(ordered: list[float], percent: int) -> float:
    if not ordered:
        return float("inf")
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_alive(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2)
    except (URLError, OSError):
        return False
    return True
