"""From a detection's commit to 50 live pages, at 50 detections a second, against bare Redis."""

import asyncio
import base64
import multiprocessing
import os
import secrets
import socket
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING
from urllib.error import URLError

import orjson

from benchmarks.result import Result
from benchmarks.stack import cpu_seconds, running, scratch_server, wait_until

if TYPE_CHECKING:
    from cameras.models import Camera

GOAL_MS = 100
SOCKETS = 50
CAMERAS = 5
PER_SECOND = 50
SECONDS = 20
# The first connections, queries and texts are not what a running server costs.
WARM_UP = 2 * PER_SECOND
SETTLE_SECONDS = 2

Arrivals = dict[str, list[float]]


def run() -> Result:
    """Record at a steady pace; note when each socket has each detection, on one clock."""
    with scratch_server() as environment:
        cameras, cookie = _people_and_cameras()
        port = _free_port()
        environment |= {"LPR_PORT": str(port), "LPR_DATABASE_POOL_SIZE": "4"}
        with running(["web"], environment) as processes:
            wait_until(lambda: _is_alive(port), "the web process")
            with _listening(_listen_to_pages, port, cookie) as finish:
                before = cpu_seconds(processes["web"])
                committed = _record(cameras)
                load = (cpu_seconds(processes["web"]) - before) / SECONDS
                pages = _delays(committed, finish())
        with _listening(_listen_to_redis, _redis_url(), "bench") as finish:
            published = _publish(_redis_url(), "bench")
            bare = _delays(published, finish())
    return Result(
        name="live",
        figures={
            "p50_ms": _percentile(pages, 50),
            "p95_ms": _percentile(pages, 95),
            "worst_ms": pages[-1],
            "delivered_share": len(pages) / (SOCKETS * (len(committed) - WARM_UP)),
            "web_cores": load,
        },
        limit={"redis_p50_ms": _percentile(bare, 50), "redis_p95_ms": _percentile(bare, 95)},
        reached=_percentile(pages, 95),
        goal=GOAL_MS,
        better="lower",
        unit="ms",
        conditions=(
            f"{SOCKETS} sockets of one Daphne process, each hearing {CAMERAS} cameras; "
            f"{PER_SECOND} detections a second, no picture, each committed alone, for {SECONDS} s; "
            f"{os.cpu_count()} cores, which also record, listen, and run PostgreSQL and Redis. The "
            "limit is the same number of bare Redis subscribers and messages of 500 bytes."
        ),
    )


def _people_and_cameras() -> "tuple[list[Camera], str]":
    """Some cameras, and the session cookie of somebody who sees them."""
    from django.conf import settings  # noqa: PLC0415
    from django.contrib import auth  # noqa: PLC0415
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415

    from accounts.models import Role, User  # noqa: PLC0415
    from accounts.services import add_member, create_organization  # noqa: PLC0415
    from cameras.services import create_camera  # noqa: PLC0415

    organization = create_organization(name="Benchmark")
    user = User.objects.create_user("operator@example.org", secrets.token_urlsafe())
    add_member(organization=organization, user=user, role=Role.OPERATOR, actor=None)
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
    return cameras, f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _record(cameras: "list[Camera]") -> dict[str, float]:
    """Record detections at the pace; returns when each was committed."""
    from django.utils import timezone  # noqa: PLC0415

    from detections.models import Detection  # noqa: PLC0415
    from detections.receivers import show_live  # noqa: PLC0415
    from detections.services.recording import NewDetection, record_detections  # noqa: PLC0415
    from detections.signals import detections_recorded  # noqa: PLC0415

    committed: dict[str, float] = {}

    def note(detections: "Sequence[Detection]", **_kwargs: object) -> None:
        committed.update((str(detection.pk), time.monotonic()) for detection in detections)

    # The first to hear of a commit notes when that was.
    detections_recorded.disconnect(show_live)
    detections_recorded.connect(note)
    detections_recorded.connect(show_live)
    for number in _paced():
        item = NewDetection(
            camera=cameras[number % len(cameras)],
            key=str(number),
            captured_at=timezone.now(),
            text=f"1กข{number % 9000 + 1000}",
            country="TH",
            province="TH-10",
            confidence=0.9,
            origin=Detection.Origin.INGEST,
            evidence={"char_confidences": [0.99] * 6 + [0.9]},
        )
        record_detections(items=[item])
    return committed


def _publish(url: str, channel: str) -> dict[str, float]:
    """The same pace and number of messages through Redis alone."""
    from redis import Redis  # noqa: PLC0415

    client = Redis.from_url(url)
    sent = {}
    for number in _paced():
        sent[str(number)] = time.monotonic()
        client.publish(channel, orjson.dumps({"id": str(number), "rest": "x" * 480}))
    client.close()
    return sent


def _paced() -> Iterator[int]:
    """Numbers at the pace, whatever each costs: a slow one is not forgiven."""
    begin = time.monotonic()
    for number in range(WARM_UP + PER_SECOND * SECONDS):
        time.sleep(max(begin + number / PER_SECOND - time.monotonic(), 0))
        yield number


@contextmanager
def _listening(listen: Callable[..., None], *where: object) -> Iterator[Callable[[], Arrivals]]:
    """A process that listens; calling what is yielded ends it and gives what it heard."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=listen, args=(theirs, *where))
    process.start()

    def finish() -> Arrivals:
        time.sleep(SETTLE_SECONDS)
        ours.send("finish")
        heard: Arrivals = ours.recv()
        return heard

    try:
        if not ours.poll(60):
            raise TimeoutError("The listeners did not connect within a minute.")
        ours.recv()
        yield finish
    finally:
        process.join(10)
        process.kill()


def _listen_to_pages(parent: Connection, port: int, cookie: str) -> None:
    asyncio.run(_hear(parent, partial(_hear_page, port, cookie)))


def _listen_to_redis(parent: Connection, url: str, channel: str) -> None:
    asyncio.run(_hear(parent, partial(_hear_redis, url, channel)))


Source = Callable[[asyncio.Semaphore, Arrivals], Coroutine[None, None, None]]


async def _hear(parent: Connection, source: Source) -> None:
    """Open all listeners, tell the parent, and give it what they heard when it asks."""
    connected = asyncio.Semaphore(0)
    arrivals: Arrivals = defaultdict(list)
    listeners = [asyncio.create_task(source(connected, arrivals)) for _ in range(SOCKETS)]
    for _ in listeners:
        await connected.acquire()
    parent.send("connected")
    await asyncio.to_thread(parent.recv)
    parent.send(dict(arrivals))
    for listener in listeners:
        listener.cancel()


async def _hear_page(port: int, cookie: str, connected: asyncio.Semaphore, heard: Arrivals) -> None:
    """A page's end of the socket, as thin as can be. Source: RFC 6455, sections 4.1 and 5.2."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = (
        "GET /ws/live/ HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}",
        f"Cookie: {cookie}",
    )
    writer.write("\r\n".join((*lines, "", "")).encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in answer:
        raise ConnectionError(answer.decode())
    connected.release()
    while True:
        message = await _frame(reader)
        now = time.monotonic()
        for event in orjson.loads(message) if message else ():
            for item in event.get("items", ()):
                heard[item["id"]].append(now)


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """The text of the next frame; empty where it is none. Servers send frames unmasked."""
    kind, length = await reader.readexactly(2)
    if length == 126:  # noqa: PLR2004  # RFC 6455: two more bytes
        length = int.from_bytes(await reader.readexactly(2))
    elif length == 127:  # noqa: PLR2004  # RFC 6455: eight more bytes
        length = int.from_bytes(await reader.readexactly(8))
    content = await reader.readexactly(length)
    return content if kind & 0xF == 1 else b""


async def _hear_redis(
    url: str, channel: str, connected: asyncio.Semaphore, heard: Arrivals
) -> None:
    from redis.asyncio import Redis  # noqa: PLC0415

    listener = Redis.from_url(url).pubsub()
    await listener.subscribe(channel)
    connected.release()
    async for message in listener.listen():
        if message["type"] == "message":
            heard[orjson.loads(message["data"])["id"]].append(time.monotonic())


def _delays(sent: dict[str, float], heard: Arrivals) -> list[float]:
    """Milliseconds from each sending to each arrival, the warm-up left out; sorted."""
    measured = list(sent.items())[WARM_UP:]
    return sorted((moment - at) * 1000 for key, at in measured for moment in heard.get(key, ()))


def _percentile(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def _redis_url() -> str:
    from django.conf import settings  # noqa: PLC0415

    return str(settings.FRAMES_REDIS_URL)


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
