"""The live socket, through the whole ASGI application, with a real Redis and committed rows."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from accounts import consumers
from accounts.models import User
from cameras.models import Camera
from cameras.services import create_camera, revoke_camera
from detections import consumers as live
from detections.consumers import Outbox
from detections.events import publish_camera
from lpr_project.asgi import application
from lpr_project.common.heartbeat import alive_key
from lpr_project.common.watchman import SENTENCES
from tests.detections.factories import make_detection

Event = dict[str, Any]
pytestmark = pytest.mark.django_db(transaction=True)
make = sync_to_async(make_detection)


@pytest.fixture(autouse=True)
def _fast_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "BEAT_SECONDS", 0.3)
    monkeypatch.setattr(consumers, "RECHECK_BEATS", 3)


class Page:
    """A browser's end of the socket."""

    def __init__(
        self, user: User | None, query: str = "", origin: str = "http://localhost"
    ) -> None:
        self.client = Client()
        if user:
            backend = "allauth.account.auth_backends.AuthenticationBackend"
            self.client.force_login(user, backend=backend)
        session = self.client.cookies.get(settings.SESSION_COOKIE_NAME)
        cookie = f"{settings.SESSION_COOKIE_NAME}={session.value}" if session else ""
        headers = [(b"cookie", cookie.encode()), (b"origin", origin.encode())]
        self.socket = WebsocketCommunicator(application, f"/ws/live/?{query}", headers=headers)

    async def resume(self, seconds_ago: float = 0) -> None:
        since = timezone.now() - timedelta(seconds=seconds_ago)
        await self.socket.send_json_to({"type": "resume", "since": since.isoformat()})

    async def wait_for(self, wanted: Callable[[Event], bool], seconds: float = 30) -> Event:
        """The next event of a kind; others are passed over."""
        async with asyncio.timeout(seconds):
            while True:
                events: list[Event] = orjson.loads(await self.socket.receive_from(seconds))
                for event in events:
                    if wanted(event):
                        return event

    async def numbers(self) -> list[str]:
        event = await self.wait_for(is_detections)
        return [number_of(item) for item in event["items"]]

    async def close_code(self, seconds: float = 30) -> int:
        async with asyncio.timeout(seconds):
            while True:
                message = await self.socket.receive_output(timeout=seconds)
                if message["type"] == "websocket.close":
                    return int(message.get("code", 1000))

    async def hears_nothing_new(self, seconds: float = 1.0) -> bool:
        try:
            await self.wait_for(is_detections, seconds)
        except TimeoutError:
            return True
        return False


def is_detections(event: Event) -> bool:
    return bool(event["type"] == "detections")


def is_status(**wanted: bool) -> Callable[[Event], bool]:
    return lambda event: {**event, **wanted, "type": "status"} == dict(event)


def number_of(item: Event) -> str:
    plate = item["plate"]
    return "".join((plate["before"] + plate["doubtful"] + plate["after"]).split())


@asynccontextmanager
async def opened(user: User, query: str = "") -> AsyncIterator[Page]:
    page = await sync_to_async(Page)(user, query)
    connected, _ = await page.socket.connect(timeout=30)
    assert connected
    yield page
    await page.socket.disconnect(timeout=30)


async def test_strangers_and_other_origins_are_refused(operator: User) -> None:
    for page in (
        await sync_to_async(Page)(None),
        await sync_to_async(Page)(operator, origin="https://elsewhere.example"),
    ):
        connected, _ = await page.socket.connect(timeout=30)
        assert not connected


async def test_new_detections_arrive_at_who_may_see_them(
    viewer: User, camera: Camera, second_camera: Camera
) -> None:
    async with opened(viewer) as page:
        await page.resume()
        await make(second_camera, text="2กข 2222")
        await make(camera, text="1กข 1111")
        assert await page.numbers() == ["1กข1111"]
        assert await page.hears_nothing_new()


async def test_outsider_hears_nothing(outsider: User, camera: Camera) -> None:
    async with opened(outsider) as page:
        await page.resume(60)
        await make(camera)
        assert await page.hears_nothing_new()


async def test_resume_tells_what_happened_meanwhile_oldest_first(
    operator: User, camera: Camera
) -> None:
    now = timezone.now()
    await make(camera, text="1กข 2", captured_at=now - timedelta(seconds=5))
    await make(camera, text="1กข 1", captured_at=now - timedelta(seconds=9))
    # Captured long before, and sent by a device that was offline.
    await make(camera, text="1กข 3", captured_at=now - timedelta(hours=20))
    async with opened(operator) as page:
        await page.resume(60)
        assert await page.numbers() == ["1กข3", "1กข1", "1กข2"]
        await page.resume(60)
        assert await page.hears_nothing_new()


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_resume_from_either_end_of_time_is_answered(
    operator: User, camera: Camera, since: str
) -> None:
    async with opened(operator) as page:
        await page.socket.send_json_to({"type": "resume", "since": since})
        assert await page.wait_for(lambda event: event["type"] == "status")


async def test_resume_says_when_there_was_more_than_a_page_shows(
    operator: User, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "ROWS_MOST", 2)
    for _ in range(3):
        await make(camera)
    async with opened(operator) as page:
        await page.resume(60)
        event = await page.wait_for(is_detections)
        assert (len(event["items"]), event["complete"]) == (2, False)


async def test_messages_that_the_layer_lost_come_from_the_database(
    operator: User, camera: Camera, unpublished: None
) -> None:
    async with opened(operator) as page:
        await page.resume()
        await page.wait_for(is_status(layer=True))
        await make(camera, text="1กข 7777")
        assert await page.numbers() == ["1กข7777"]


async def test_page_lives_from_the_database_while_redis_is_away(
    operator: User, camera: Camera, settings: Any
) -> None:
    nowhere = {"hosts": ["redis://127.0.0.1:9/0"]}
    layer = {**settings.CHANNEL_LAYERS["default"], "CONFIG": nowhere}
    settings.CHANNEL_LAYERS = {"default": layer}
    channel_layers.backends.clear()
    try:
        async with opened(operator) as page:
            await page.resume()
            await page.wait_for(is_status(layer=False, database=True))
            await make(camera, text="1กข 8888")
            assert await page.numbers() == ["1กข8888"]
    finally:
        channel_layers.backends.clear()


async def test_page_says_which_process_is_away_and_that_it_came_back(operator: User) -> None:
    def is_away(part: str, *, away: bool) -> Callable[[Event], bool]:
        with override("th"):
            sentence = str(SENTENCES[part])
        return lambda event: event["type"] == "status" and (sentence in event["away"]) is away

    async with opened(operator, "language=th") as page:
        await page.wait_for(is_away("recognition", away=True))
        await sync_to_async(cache.set)(alive_key("recognition"), "node:1", 30)
        event = await page.wait_for(is_away("recognition", away=False))
        assert event["layer"]
        assert event["database"]


async def test_page_says_that_the_database_is_away_and_catches_up_when_it_is_back(
    operator: User, camera: Camera, unpublished: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(operator) as page:
        await page.wait_for(is_status(database=True))
        place = dict(connection.settings_dict)
        with monkeypatch.context() as patched:
            patched.setitem(connection.settings_dict, "PORT", 9)
            event = await page.wait_for(is_status(database=False))
            assert str(SENTENCES["database"]) in event["away"]
            await make(camera, text="1กข 9999")
        assert connection.settings_dict == place
        assert await page.numbers() == ["1กข9999"]


async def test_filters_of_the_page_hold_for_the_socket(
    operator: User, camera: Camera, second_camera: Camera
) -> None:
    await make(camera, text="2กข 1")
    await make(camera, text="1กข 1", confidence=0.4)
    await make(camera, text="1กข 2")
    query = f"text=1กข&confidence=0.7&camera={camera.pk}"
    async with opened(operator, query) as page:
        await page.resume(60)
        assert await page.numbers() == ["1กข2"]
        await make(second_camera, text="1กข 3")
        await make(camera, text="1กข 4", confidence=0.4)
        await make(camera, text="3กข 5")
        await make(camera, text="1กข 6")
        assert await page.numbers() == ["1กข6"]


async def test_rows_speak_the_language_of_the_page(operator: User, camera: Camera) -> None:
    async with opened(operator, "language=th") as page:
        await make(camera, province="TH-50")
        event = await page.wait_for(is_detections)
        assert event["items"][0]["plate"]["place"] == "เชียงใหม่"


async def test_cameras_are_told_of(operator: User, camera: Camera) -> None:
    async with opened(operator) as page:
        seen: Any = {
            "type": "live.camera",
            "camera_id": str(camera.pk),
            "state": "online",
            "error": "",
            "fps": 8.0,
            "frame_at": None,
            "boxes": [{"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.1, "text": ""}],
        }
        publish_camera(camera.pk, seen)
        event = await page.wait_for(lambda event: event["type"] == "camera")
        assert event == {**seen, "type": "camera"}


async def test_new_camera_is_heard_without_reconnecting(
    operator: User, camera: Camera, unpublished: None
) -> None:
    async with opened(operator) as page:
        await page.resume()
        added = await sync_to_async(create_camera)(
            organization=camera.organization,
            actor=None,
            name="Added later",
            source_kind=Camera.SourceKind.PUSH,
        )
        await make(added, text="1กข 9999")
        assert await page.numbers() == ["1กข9999"]


@pytest.mark.parametrize("reason", ["logged out", "locked", "camera revoked"])
async def test_who_loses_the_right_is_disconnected(
    viewer: User, camera: Camera, reason: str
) -> None:
    async with opened(viewer) as page:
        actions: dict[str, Callable[[], object]] = {
            "logged out": page.client.logout,
            "locked": lambda: User.objects.filter(pk=viewer.pk).update(is_active=False),
            "camera revoked": lambda: revoke_camera(
                camera=camera, user=viewer, permission="view_camera", actor=None
            ),
        }
        await sync_to_async(actions[reason])()
        assert await page.close_code() == consumers.FORBIDDEN


@pytest.mark.parametrize(
    "text", ["[]", "{}", "nonsense", '{"type": "resume", "since": "2026-01-01"}', "1" * 50_000]
)
async def test_nonsense_closes_the_socket(operator: User, text: str) -> None:
    async with opened(operator) as page:
        await page.socket.send_to(text_data=text)
        assert await page.close_code() == consumers.BAD_MESSAGE


async def test_outbox_sends_a_burst_as_few_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "GATHER_SECONDS", 0.3)
    sent: list[list[Event]] = []
    is_all_sent = asyncio.Event()
    began = time.monotonic()

    async def send(text: str) -> None:
        sent.append(orjson.loads(text))
        if sent[-1][0] == {"type": "camera", "number": 49}:
            is_all_sent.set()

    outbox = Outbox(send)
    for number in range(50):
        outbox.put_detections([b'{"id": %d}' % number])
        outbox.put_latest("camera", {"type": "camera", "number": number})
        await asyncio.sleep(0.002)
    async with asyncio.timeout(30):
        await is_all_sent.wait()
    items = [item["id"] for events in sent for event in events for item in event.get("items", [])]
    assert items == list(range(50))
    # The first at once, and then one for each while in which it gathers.
    assert len(sent) <= 2 + (time.monotonic() - began) / 0.3
