"""The console: pages, answers, and who gets them."""

import asyncio
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
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import consumers
from accounts.models import Organization, Role, Scope, User
from alerts.models import Alert, AlertChange, PushSubscription, ShiftNote, Watchlist
from alerts.services.answering import acknowledge_alerts
from alerts.services.messages import picture_token
from alerts.services.raising import raise_for_hits
from cameras.models import Camera
from cameras.services import revoke_camera
from lpr_project.asgi import application
from tests.accounts.factories import make_api_key
from tests.alerts.factories import make_alert, make_entry, make_watchlist, see
from tests.detections.factories import make_detection

Clients = Callable[[User], APIClient]
Event = dict[str, Any]


def act(client: Client, **wanted: object) -> Any:
    return client.post(reverse("alerts:act"), orjson.dumps(wanted), content_type="application/json")


def test_console_shows_open_alerts_the_most_urgent_first(
    camera: Camera, operator: User, client_of: Clients
) -> None:
    organization = camera.organization
    low = make_alert(camera, "1กข1111", watchlist=make_watchlist(organization, priority=10))
    urgent = make_alert(camera, "2กข2222", watchlist=make_watchlist(organization, priority=95))
    closed = make_alert(camera, "3กข3333")
    client = client_of(operator)
    act(client, action="resolve", ids=[str(closed.pk)])
    page = client.get(reverse("alerts:console")).context["page"]
    assert [row["id"] for row in page["alerts"]] == [str(urgent.pk), str(low.pk)]
    everything = client.get(reverse("alerts:console"), {"show": "all"}).context["page"]
    assert len(everything["alerts"]) == 3
    assert page["alerts"][0]["plate"]["before"] == "2กข 2222"


def test_navigation_counts_what_nobody_has_taken_on(
    camera: Camera, operator: User, outsider: User, client_of: Clients
) -> None:
    alert, _other = make_alert(camera, "1กข1111"), make_alert(camera, "2กข2222")
    address = reverse("alerts:unanswered")
    client = client_of(operator)
    assert client.get(address).json() == {"count": 2}
    acknowledge_alerts(alert_ids=[alert.pk], actor=operator)
    assert client.get(address).json() == {"count": 1}
    assert client_of(outsider).get(address).json() == {"count": 0}


@pytest.mark.parametrize("asked", ["../search/?text=1", "x", "%2e%2e/"])
def test_console_opens_nothing_but_an_alert(
    asked: str, camera: Camera, operator: User, client_of: Clients
) -> None:
    client, alert = client_of(operator), make_alert(camera)
    address = reverse("alerts:console")
    assert client.get(address, {"alert": asked}).context["page"]["open"] == ""
    assert client.get(address, {"alert": str(alert.pk)}).context["page"]["open"] == str(alert.pk)


def test_panel_says_what_disagrees(camera: Camera, operator: User, client_of: Clients) -> None:
    watchlist = make_watchlist(camera.organization, match=Watchlist.Match.CONFUSABLE)
    make_entry(watchlist, "MAB8888", country="DE", reason="Taken <b>at</b> night")
    (alert,) = raise_for_hits(hits=see(camera, "MA88888", country="DE", province="")[1])
    page = client_of(operator).get(reverse("alerts:panel", args=[alert.pk]))
    text = page.content.decode()
    assert "differs" in text
    assert "Taken &lt;b&gt;at&lt;/b&gt; night" in text
    assert 'data-act="acknowledge"' in text


def test_answers_are_given_by_those_who_may(
    camera: Camera, operator: User, viewer: User, outsider: User, client_of: Clients
) -> None:
    alert = make_alert(camera)
    analyst_sees = make_watchlist(camera.organization, hit_roles=[Role.VIEWER, Role.OPERATOR])
    shown = make_alert(camera, "2กข2222", watchlist=analyst_sees)
    ids = [str(alert.pk)]
    for person in (viewer, outsider):
        assert act(client_of(person), action="acknowledge", ids=ids).status_code == 404
        assert client_of(person).get(reverse("alerts:panel", args=ids)).status_code == 404
        assert client_of(person).get(reverse("alerts:alert", args=ids)).status_code == 404
    # A viewer who sees an alert looks, and answers nothing.
    looked = client_of(viewer).get(reverse("alerts:panel", args=[shown.pk]))
    assert looked.status_code == 200
    assert "data-act" not in looked.content.decode()
    assert act(client_of(viewer), action="verify", ids=[str(shown.pk)]).status_code == 404
    answer = act(client_of(operator), action="acknowledge", ids=ids)
    assert answer.json()["items"][0]["state"] == "acked"
    assert Client().get(reverse("alerts:console")).status_code == 302


@pytest.mark.parametrize(
    "wanted",
    [
        {"action": "explode", "ids": []},
        {"action": "verify"},
        {"action": "verify", "ids": ["x"]},
        [],
        {"action": "reject", "ids": []},
    ],
)
def test_answers_that_are_not_understood_are_refused(
    wanted: Any, operator: User, client_of: Clients
) -> None:
    client = client_of(operator)
    body = orjson.dumps(wanted)
    answer = client.post(reverse("alerts:act"), body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_assign_and_comment(camera: Camera, operator: User, client_of: Clients) -> None:
    alert = make_alert(camera)
    client, ids = client_of(operator), [str(alert.pk)]
    act(client, action="assign", ids=ids, assignee=str(operator.pk))
    act(client, action="comment", ids=ids, text="Turned left")
    alert.refresh_from_db()
    assert alert.assigned_to == operator
    assert AlertChange.objects.filter(alert=alert, text="Turned left").exists()
    mine = client.get(reverse("alerts:console"), {"show": "mine"}).context["page"]["alerts"]
    assert [row["id"] for row in mine] == ids


def test_what_postgresql_cannot_keep_is_left_out(
    camera: Camera, operator: User, client_of: Clients
) -> None:
    alert = make_alert(camera)
    client = client_of(operator)
    answer = act(client, action="comment", ids=[str(alert.pk)], text="Turned\0 left")
    assert answer.status_code == 200
    assert AlertChange.objects.filter(alert=alert, text="Turned left").exists()
    assert act(client, action="verify", ids=[str(alert.pk)], text="\0").status_code == 200
    client.post(reverse("alerts:note"), {"text": "Gate\0 2"}, format="multipart")
    assert ShiftNote.objects.get().text == "Gate 2"


def test_note_is_left_for_the_next_shift(
    organization: Organization, operator: User, viewer: User, client_of: Clients
) -> None:
    client = client_of(operator)
    assert client.post(reverse("alerts:note"), {"text": "Gate 2"}, format="multipart")["Location"]
    assert "Gate 2" in client.get(reverse("alerts:console")).content.decode()
    refused = client_of(viewer).post(reverse("alerts:note"), {"text": "x"}, format="multipart")
    assert refused.status_code == 404
    assert "Gate 2" not in client_of(viewer).get(reverse("alerts:console")).content.decode()


def test_picture_opens_by_its_link_until_it_expires(
    camera: Camera, jpeg: bytes, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    detection = make_detection(camera, crop=jpeg)
    address = reverse("alerts:picture", args=[picture_token(detection.pk)])
    assert client.get(address).content == jpeg
    assert client.get(address[:-2] + "xx").status_code == 404
    monkeypatch.setattr("alerts.services.messages.LINK_SECONDS", -1)
    assert client.get(address).status_code == 404


def test_browser_subscribes_and_is_forgotten(operator: User, client_of: Clients) -> None:
    client = client_of(operator)
    subscription = {
        "endpoint": "https://push.example.org/abc",
        "keys": {"p256dh": "B" + "A" * 86, "auth": "A" * 22},
    }
    address = reverse("alerts:subscribe")
    assert client.post(address, subscription).status_code == 204
    assert client.post(address, subscription).status_code == 204
    assert PushSubscription.objects.get().user == operator
    for wrong in (
        {**subscription, "endpoint": "http://10.0.0.1/x"},
        {**subscription, "keys": {"p256dh": "x", "auth": "y"}},
        {},
    ):
        assert client.post(address, wrong).status_code == 400
    assert client.post(address, {"remove": subscription["endpoint"]}).status_code == 204
    assert not PushSubscription.objects.exists()


class Console:
    """A browser's end of the socket."""

    def __init__(self, user: User | None, key: str = "") -> None:
        client = Client()
        if user:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.cookies.get(settings.SESSION_COOKIE_NAME)
        cookie = f"{settings.SESSION_COOKIE_NAME}={session.value}" if session else ""
        headers = [(b"cookie", cookie.encode()), (b"origin", b"http://localhost")]
        if key:
            headers.append((b"authorization", f"Bearer {key}".encode()))
        self.socket = WebsocketCommunicator(application, "/ws/alerts/", headers=headers)

    async def alerts(self, seconds: float = 30) -> list[Event]:
        async with asyncio.timeout(seconds):
            while True:
                for event in orjson.loads(await self.socket.receive_from(seconds)):
                    if event["type"] == "alerts" and event["items"]:
                        items: list[Event] = event["items"]
                        return items

    async def hears_nothing(self, seconds: float = 0.8) -> bool:
        try:
            await self.alerts(seconds)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def opened(user: User) -> AsyncIterator[Console]:
    console = await sync_to_async(Console)(user)
    connected, _ = await console.socket.connect(timeout=30)
    assert connected
    try:
        yield console
    finally:
        await console.socket.disconnect(timeout=30)
        channel_layers.backends.clear()


@pytest.fixture
def fast_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "BEAT_SECONDS", 0.3)
    monkeypatch.setattr(consumers, "RECHECK_BEATS", 3)


@pytest.mark.django_db(transaction=True)
async def test_socket_tells_of_alerts_at_once_and_of_what_became_of_them(
    camera: Camera, operator: User
) -> None:
    async with opened(operator) as console:
        alert = await sync_to_async(make_alert)(camera)
        (item,) = await console.alerts()
        assert (item["id"], item["state"]) == (str(alert.pk), "new")
        assert item["title"].startswith("1กข1234")
        await sync_to_async(acknowledge_alerts)(alert_ids=[alert.pk], actor=operator)
        (item,) = await console.alerts()
        assert (item["state"], item["who"]) == ("acked", str(operator))


@pytest.mark.django_db(transaction=True)
async def test_socket_tells_nobody_who_may_not_see(
    camera: Camera, second_camera: Camera, viewer: User, outsider: User, operator: User
) -> None:
    organization = camera.organization
    for_viewers = await sync_to_async(make_watchlist)(organization, hit_roles=[Role.VIEWER])
    for_managers = await sync_to_async(make_watchlist)(organization, hit_roles=[Role.MANAGER])
    make = sync_to_async(make_alert)
    async with opened(outsider) as stranger, opened(viewer) as looker, opened(operator) as person:
        await make(camera, "1กข1111", watchlist=for_managers)
        await make(second_camera, "2กข2222", watchlist=for_viewers)
        assert await looker.hears_nothing()
        assert await person.hears_nothing(0.1)
        shown = await make(camera, "3กข3333", watchlist=for_viewers)
        assert [item["id"] for item in await looker.alerts()] == [str(shown.pk)]
        assert await stranger.hears_nothing(0.3)


@pytest.mark.django_db(transaction=True)
async def test_socket_catches_up_with_what_the_layer_lost(
    camera: Camera, operator: User, fast_beat: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.services.announcing.publish_alerts", lambda *_args: None)
    async with opened(operator) as console:
        alert = await sync_to_async(make_alert)(camera)
        assert [item["id"] for item in await console.alerts()] == [str(alert.pk)]
    monkeypatch.setattr(consumers, "BEAT_SECONDS", 60)
    async with opened(operator) as console:
        since = (timezone.now() - timedelta(minutes=1)).isoformat()
        await console.socket.send_json_to({"type": "resume", "since": since})
        assert [item["id"] for item in await console.alerts()] == [str(alert.pk)]


@pytest.mark.django_db(transaction=True)
async def test_socket_ends_for_who_lost_a_camera(
    camera: Camera, viewer: User, fast_beat: None
) -> None:
    async with opened(viewer) as console:
        await sync_to_async(revoke_camera)(
            camera=camera, user=viewer, permission="view_camera", actor=None
        )
        async with asyncio.timeout(30):
            while (await console.socket.receive_output(30))["type"] != "websocket.close":
                pass


@pytest.mark.django_db(transaction=True)
async def test_socket_is_closed_to_strangers_and_to_nonsense(operator: User) -> None:
    stranger = await sync_to_async(Console)(None)
    connected, _ = await stranger.socket.connect(timeout=30)
    assert not connected
    async with opened(operator) as console:
        await console.socket.send_to("nonsense")
        async with asyncio.timeout(30):
            while (await console.socket.receive_output(30))["type"] != "websocket.close":
                pass
    assert await sync_to_async(Alert.objects.count)() == 0


@pytest.mark.django_db(transaction=True)
async def test_socket_takes_programs_whose_key_may_see_alerts(
    camera: Camera, organization: Organization
) -> None:
    make_key = sync_to_async(make_api_key)
    _, good = await make_key(organization, Scope.ALERTS_READ, role=Role.OPERATOR)
    _, other = await make_key(organization, Scope.CAMERAS_READ, role=Role.OPERATOR)
    refused = await sync_to_async(Console)(None, other)
    assert not (await refused.socket.connect(timeout=30))[0]
    program = await sync_to_async(Console)(None, good)
    assert (await program.socket.connect(timeout=30))[0]
    alert = await sync_to_async(make_alert)(camera)
    assert [item["id"] for item in await program.alerts()] == [str(alert.pk)]
    await program.socket.disconnect(timeout=30)
    channel_layers.backends.clear()
