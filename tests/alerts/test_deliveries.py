"""Deliveries against real receivers that fail in every way."""

import hashlib
import hmac
import json
import threading
import time
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Organization, User
from alerts.errors import EndpointRefusedError
from alerts.models import (
    Channel,
    Delivery,
    DeliveryAttempt,
    Endpoint,
    Lane,
    PushSubscription,
)
from alerts.models.deliveries import LONGEST_REST_SECONDS
from alerts.services.channels import SENDERS, calls
from alerts.services.endpoints import drop_old_keys, rotate_signing_key, save_endpoint
from alerts.services.outbox import Told, lanes_to_wake, make_deliveries, next_end, quiet_end
from alerts.services.sending import (
    STUCK_AFTER,
    Sent,
    drain_lane,
    replay_delivery,
    rest_seconds,
    send_next,
)
from cameras.models import Camera
from lpr_project.common.errors import NotAllowedError
from lpr_project.common.outgoing import Limits
from tests.alerts.factories import make_alert, make_endpoint
from tests.alerts.receivers import Mailbox, Receiver, http_receiver, self_signed

State = Delivery.State


@pytest.fixture
def webhook(organization: Organization, receiver: Receiver) -> Endpoint:
    return make_endpoint(organization, Channel.WEBHOOK, wanted={"url": receiver.url})


@pytest.fixture
def public(settings: Settings) -> None:
    """Addresses set aside for documentation count as public."""
    settings.OUTGOING_ALLOWED_NETWORKS = [
        ip_network("198.51.100.0/24"),
        ip_network("203.0.113.0/24"),
    ]


def tell(camera: Camera, endpoint: Endpoint, text: str = "1กข1234", step: int = 0) -> Delivery:
    """A delivery of an alert of its own to an endpoint."""
    alert = make_alert(camera, text)
    make_deliveries([Told(alert, step, endpoint)])
    return Delivery.objects.get(alert=alert, endpoint=endpoint, step=step)


def rested(endpoint: Endpoint) -> None:
    Lane.objects.filter(endpoint=endpoint).update(rests_until=None)


def states(endpoint: Endpoint) -> list[str]:
    rows = Delivery.objects.filter(endpoint=endpoint, carried_by=None).order_by("id")
    return list(rows.values_list("state", flat=True))


def test_webhook_is_signed_json_with_the_plate_and_an_idempotency_key(
    camera: Camera, webhook: Endpoint, receiver: Receiver
) -> None:
    delivery = tell(camera, webhook)
    drain_lane(endpoint_id=webhook.pk)
    delivery.refresh_from_db()
    (call,) = receiver.received
    facts = json.loads(call.body)
    assert (delivery.state, delivery.attempts) == (State.SENT, 1)
    assert call.headers["idempotency-key"] == str(delivery.pk) == facts["id"]
    assert (facts["version"], facts["type"]) == (1, "alert.raised")
    assert facts["alert"]["plate"]["number"] == "1กข1234"
    moment, digest = call.headers["lpr-signature"].removeprefix("t=").split(",v1=")
    key = json.loads(webhook.secret)["keys"][0]
    signed = f"{moment}.".encode() + call.body
    assert digest == hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
    assert abs(int(moment) - time.time()) < 60


def test_webhook_signs_with_both_keys_while_one_is_changed(
    camera: Camera, webhook: Endpoint, receiver: Receiver, staff: User
) -> None:
    new = rotate_signing_key(endpoint=webhook, actor=staff)
    tell(camera, webhook)
    drain_lane(endpoint_id=webhook.pk)
    drop_old_keys(endpoint=webhook, actor=staff)
    tell(camera, webhook, "2กข2222")
    drain_lane(endpoint_id=webhook.pk)
    both, one = (call.headers["lpr-signature"] for call in receiver.received)
    assert (both.count("v1="), one.count("v1=")) == (2, 1)
    webhook.refresh_from_db()
    assert json.loads(webhook.secret)["keys"] == [new]


@pytest.mark.parametrize("behave", ["500", "503", "404", "401", "redirect"])
def test_receiver_that_fails_keeps_the_delivery_waiting_and_the_lane_resting(
    behave: str, camera: Camera, webhook: Endpoint, receiver: Receiver
) -> None:
    receiver.behave = behave
    delivery = tell(camera, webhook)
    # It rests for half a second at least, which a busy machine may take for what follows.
    with time_machine.travel(timezone.now(), tick=False):
        assert drain_lane(endpoint_id=webhook.pk) is False
        assert send_next(endpoint_id=webhook.pk) is Sent.RESTING
    delivery.refresh_from_db()
    lane = Lane.objects.get(endpoint=webhook)
    assert (delivery.state, delivery.attempts, lane.failures) == (State.PENDING, 1, 1)
    assert delivery.last_error
    assert "hook" not in delivery.last_error
    assert lane.rests_until is not None
    assert len(receiver.received) == 1


@pytest.mark.parametrize("behave", ["slow", "hang"])
def test_receiver_that_keeps_silent_or_hangs_after_headers_is_given_up(
    behave: str,
    camera: Camera,
    webhook: Endpoint,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calls, "LIMITS", Limits(connect_s=1, read_s=0.3, total_s=1))
    monkeypatch.setattr("alerts.services.channels.webhook.LIMITS", calls.LIMITS)
    receiver.behave = behave
    delivery = tell(camera, webhook)
    started = time.monotonic()
    drain_lane(endpoint_id=webhook.pk)
    assert time.monotonic() - started < 20
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (State.PENDING, 1)


def test_receiver_with_a_wrong_certificate_gets_nothing_until_it_is_trusted(
    camera: Camera, organization: Organization, loopback: None, tmp_path: Path, superuser: User
) -> None:
    context, authority = self_signed(tmp_path)
    with http_receiver(context) as receiver:
        wanted = {"url": receiver.url}
        endpoint = make_endpoint(organization, Channel.WEBHOOK, wanted=wanted)
        delivery = tell(camera, endpoint)
        drain_lane(endpoint_id=endpoint.pk)
        delivery.refresh_from_db()
        assert receiver.received == []
        assert "certificate" in delivery.last_error
        save_endpoint(
            endpoint=endpoint, wanted={**wanted, "ca_certificate": authority}, actor=superuser
        )
        drain_lane(endpoint_id=endpoint.pk)
        assert receiver.keys == [str(delivery.pk)]


def test_message_that_the_receiver_refuses_is_dead_and_does_not_hold_up_others(
    camera: Camera, webhook: Endpoint, receiver: Receiver, staff: User
) -> None:
    receiver.behave = "422"
    refused = tell(camera, webhook)
    drain_lane(endpoint_id=webhook.pk)
    receiver.behave = "take"
    tell(camera, webhook, "2กข2222")
    drain_lane(endpoint_id=webhook.pk)
    assert states(webhook) == [State.DEAD, State.SENT]
    replay_delivery(delivery=refused, actor=staff)
    drain_lane(endpoint_id=webhook.pk)
    assert states(webhook) == [State.SENT, State.SENT]
    # The same message with the same key, for the receiver to know again.
    first, last = receiver.received[0], receiver.received[-1]
    assert first.headers["idempotency-key"] == last.headers["idempotency-key"]
    assert first.body == last.body


def test_endpoint_that_was_down_catches_up_in_order(
    camera: Camera, webhook: Endpoint, receiver: Receiver
) -> None:
    receiver.behave = "503"
    plates = ["1กข1111", "1กข2222", "1กข3333"]
    told = [tell(camera, webhook, plate) for plate in plates]
    for _ in range(4):
        rested(webhook)
        drain_lane(endpoint_id=webhook.pk)
    # Only the head of the queue knocks.
    assert set(receiver.keys) == {str(told[0].pk)}
    receiver.behave = "take"
    receiver.received.clear()
    rested(webhook)
    drain_lane(endpoint_id=webhook.pk)
    assert receiver.keys == [str(delivery.pk) for delivery in told]
    lane = Lane.objects.get(endpoint=webhook)
    assert (lane.failures, lane.failing_since, lane.last_error) == (0, None, "")


def test_message_that_always_fails_is_laid_aside_once_another_passes(
    camera: Camera, webhook: Endpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = tell(camera, webhook, "1กข1111")
    other = tell(camera, webhook, "1กข2222")
    real = SENDERS[Channel.WEBHOOK]
    receiver.behave = "500"
    for _ in range(STUCK_AFTER):
        rested(webhook)
        drain_lane(endpoint_id=webhook.pk)

    def fail_stuck(message: object, target: object) -> None:
        receiver.behave = "500" if getattr(message, "key", None) == stuck.pk else "take"
        real(message, target)  # type: ignore[arg-type]  # as they came

    monkeypatch.setitem(SENDERS, Channel.WEBHOOK, fail_stuck)
    for _ in range(3):
        rested(webhook)
        drain_lane(endpoint_id=webhook.pk)
    stuck.refresh_from_db()
    other.refresh_from_db()
    assert (stuck.state, other.state) == (State.DEAD, State.SENT)


def test_retry_after_is_heeded(camera: Camera, webhook: Endpoint, receiver: Receiver) -> None:
    receiver.behave = "429"
    tell(camera, webhook)
    drain_lane(endpoint_id=webhook.pk)
    rests_until = Lane.objects.get(endpoint=webhook).rests_until
    assert rests_until is not None
    assert rests_until - timezone.now() > timedelta(seconds=30)


def test_rest_grows_with_failures_and_is_bounded() -> None:
    for failures in range(1, 40):
        longest = min(2 ** (failures - 1), LONGEST_REST_SECONDS)
        assert longest / 2 <= rest_seconds(failures) <= longest


@pytest.mark.django_db(transaction=True)
def test_two_senders_never_send_at_the_same_time(
    camera: Camera, webhook: Endpoint, receiver: Receiver
) -> None:
    for number in range(12):
        tell(camera, webhook, f"1กข{2000 + number}")

    def drain() -> None:
        try:
            drain_lane(endpoint_id=webhook.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=drain) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain_lane(endpoint_id=webhook.pk)
    assert len(receiver.keys) == len(set(receiver.keys)) == 12
    assert receiver.keys == sorted(receiver.keys)


def test_delivery_is_one_for_each_alert_step_and_recipient(
    camera: Camera, webhook: Endpoint
) -> None:
    alert = make_alert(camera)
    for _ in range(3):
        make_deliveries([Told(alert, 0, webhook), Told(alert, 1, webhook)])
    assert Delivery.objects.filter(alert=alert).count() == 2


def test_sweeper_finds_what_no_task_knows_of(camera: Camera, webhook: Endpoint) -> None:
    tell(camera, webhook)
    assert lanes_to_wake() == [webhook.pk]
    Lane.objects.filter(endpoint=webhook).update(rests_until=timezone.now() + timedelta(minutes=1))
    assert lanes_to_wake() == []


def test_mail_has_text_html_and_the_plate_first(
    camera: Camera, organization: Organization, mailbox: Mailbox, jpeg: bytes
) -> None:
    endpoint = make_endpoint(organization, picture=Endpoint.Picture.ATTACHED)
    alert = make_alert(camera, crop=jpeg)
    make_deliveries([Told(alert, 0, endpoint)])
    drain_lane(endpoint_id=endpoint.pk)
    (mail,) = mailbox.mails
    delivery = Delivery.objects.get(endpoint=endpoint)
    types = [part.get_content_type() for part in mail.walk()]
    assert {"text/plain", "text/html", "image/jpeg"} <= set(types)
    assert str(delivery.content["subject"]).startswith("1กข1234")
    assert mail["Message-ID"] == f"<{delivery.pk}@lpr-server>"
    assert DeliveryAttempt.objects.filter(delivery=delivery, error="").count() == 1


def test_mail_to_an_unknown_mailbox_is_dead_and_a_failing_server_is_waited_for(
    camera: Camera, organization: Organization, mailbox: Mailbox
) -> None:
    unknown = make_endpoint(organization, wanted={"address": "unknown@example.org"})
    known = make_endpoint(organization)
    tell(camera, unknown)
    mailbox.answer = "451 try later"
    waiting = tell(camera, known, "2กข2222")
    drain_lane(endpoint_id=unknown.pk)
    drain_lane(endpoint_id=known.pk)
    assert states(unknown) == [State.DEAD]
    assert states(known) == [State.PENDING]
    mailbox.answer = "250 taken"
    rested(known)
    drain_lane(endpoint_id=known.pk)
    waiting.refresh_from_db()
    assert waiting.state == State.SENT


def test_relay_opens_now_or_not_at_all(
    camera: Camera, organization: Organization, receiver: Receiver
) -> None:
    relay = make_endpoint(
        organization, Channel.RELAY, wanted={"url": receiver.url, "method": "PUT", "body": "open"}
    )
    tell(camera, relay)
    drain_lane(endpoint_id=relay.pk)
    assert [(one.method, one.body) for one in receiver.received] == [("PUT", b"open")]
    late = tell(camera, relay, "2กข2222")
    Delivery.objects.filter(pk=late.pk).update(created_at=timezone.now() - timedelta(minutes=2))
    drain_lane(endpoint_id=relay.pk)
    late.refresh_from_db()
    assert late.state == State.DEAD
    assert len(receiver.received) == 1


@pytest.mark.usefixtures("standing_clock")
def test_storm_becomes_one_message_that_says_so(
    camera: Camera, organization: Organization, mailbox: Mailbox, settings: Settings
) -> None:
    endpoint = make_endpoint(organization, most_per_minute=3)
    alerts = [make_alert(camera, f"1กข{1000 + number}") for number in range(8)]
    for alert in alerts:
        make_deliveries([Told(alert, 0, endpoint)])
    drain_lane(endpoint_id=endpoint.pk)
    assert len(mailbox.mails) == 3
    carrier = Delivery.objects.get(endpoint=endpoint, kind=Delivery.Kind.STORM)
    Delivery.objects.filter(pk=carrier.pk).update(due_at=timezone.now() - timedelta(seconds=5))
    drain_lane(endpoint_id=endpoint.pk)
    assert len(mailbox.mails) == 4
    carrier.refresh_from_db()
    assert carrier.content["subject"].startswith("5 more alerts")
    assert carrier.carries.count() == 5
    assert Delivery.objects.filter(endpoint=endpoint, alert__isnull=False).count() == 8


@pytest.mark.usefixtures("standing_clock")
def test_quiet_hours_and_digest_gather_what_is_not_loud(
    camera: Camera, organization: Organization
) -> None:
    now = timezone.localtime(timezone.now(), organization.zone)
    quiet = make_endpoint(
        organization,
        quiet_from=(now - timedelta(hours=1)).time(),
        quiet_until=(now + timedelta(hours=1)).time(),
        loud_priority=80,
    )
    digest = make_endpoint(organization, digest_minutes=15)
    alert = make_alert(camera)
    make_deliveries([Told(alert, 0, quiet), Told(alert, 0, digest)])
    rows = Delivery.objects.filter(alert=alert)
    assert set(rows.values_list("state", flat=True)) == {State.GATHERED}
    kinds = {row.carried_by.kind: row.carried_by.due_at for row in rows if row.carried_by}
    assert kinds.keys() == {"quiet", "digest"}
    assert kinds["digest"] == next_end(alert.raised_at, timedelta(minutes=15))
    alert.priority = 90
    make_deliveries([Told(alert, 1, quiet)])
    assert Delivery.objects.get(alert=alert, step=1).state == State.PENDING


def test_quiet_hours_may_pass_midnight(organization: Organization) -> None:
    endpoint = Endpoint(organization=organization)
    day = timezone.localtime(timezone.now(), organization.zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    endpoint.quiet_from = (day + timedelta(hours=22)).time()
    endpoint.quiet_until = (day + timedelta(hours=6)).time()
    assert quiet_end(endpoint, day + timedelta(hours=23)) == day + timedelta(hours=30)
    assert quiet_end(endpoint, day + timedelta(hours=3)) == day + timedelta(hours=6)
    assert quiet_end(endpoint, day + timedelta(hours=12)) is None


@pytest.mark.parametrize(
    ("channel", "wanted", "says"),
    [
        (Channel.WEBHOOK, {"url": "http://10.1.2.3/hook"}, "private network"),
        (Channel.WEBHOOK, {"url": "http://169.254.169.254/"}, "private network"),
        (Channel.WEBHOOK, {"url": "http://localhost/"}, "private network"),
        (Channel.WEBHOOK, {"url": "ftp://example.org/"}, "https://"),
        (Channel.WEBHOOK, {"url": "https://a:b@198.51.100.7/"}, "password"),
        (Channel.RELAY, {"url": "http://192.168.1.5/open"}, "private network"),
        (Channel.MQTT, {"host": "192.168.1.5"}, "private network"),
        (Channel.SERVICE, {"url": "json://10.0.0.1/x"}, "Telegram"),
        (Channel.SERVICE, {"url": "ntfy://10.0.0.1/topic"}, "Telegram"),
        (Channel.SERVICE, {"url": "tgram://"}, "Telegram"),
        (Channel.SERVICE, {"url": "discord://1/a?template=/tmp/x.json"}, "“template”"),
        (Channel.SERVICE, {"url": "discord://1/a?tts=no&TEMPLATE=/tmp/x.json"}, "“template”"),
        (Channel.SERVICE, {"url": "slack://T1/A1/T2/?attach=file:///etc/passwd"}, "“attach”"),
        (Channel.SERVICE, {"url": "discord://1/a?verify=no"}, "“verify”"),
        (Channel.SERVICE, {"url": "discord://1/a?:token=x"}, "“:token”"),
        (Channel.EMAIL, {"address": "a@b.c, d@e.f"}, "e-mail"),
        (Channel.EMAIL, {"address": "a@example.org\nBcc: b@example.org"}, "e-mail"),
    ],
)
def test_recipient_that_cannot_be_is_refused_in_words(
    channel: str, wanted: dict[str, str], says: str, organization: Organization, staff: User
) -> None:
    endpoint = Endpoint(organization=organization, name="Wrong", channel=channel)
    with pytest.raises(EndpointRefusedError, match=says):
        save_endpoint(endpoint=endpoint, wanted=wanted, actor=staff)
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize("channel", [Channel.WEBHOOK, Channel.RELAY])
@pytest.mark.parametrize(
    ("url", "is_same"),
    [
        ("", True),
        ("https://198.51.100.7:443/other", True),
        ("http://198.51.100.7/hook", False),
        ("https://198.51.100.7:8443/hook", False),
        ("https://203.0.113.9/hook", False),
    ],
)
def test_headers_go_to_no_other_server(
    channel: str, url: str, is_same: bool, organization: Organization, staff: User, public: None
) -> None:
    headers = {"Authorization": "Bearer one"}
    endpoint = make_endpoint(
        organization, channel, wanted={"url": "https://198.51.100.7/hook", "headers": headers}
    )
    save_endpoint(endpoint=endpoint, wanted={"url": url, "headers": None}, actor=staff)
    assert json.loads(endpoint.secret)["headers"] == (headers if is_same else {})


@pytest.mark.parametrize(
    ("changed", "is_same"),
    [
        ({"topic": "gates"}, True),
        ({"host": "203.0.113.9"}, False),
        ({"port": 8884}, False),
        ({"tls": False, "port": 8883}, False),
        ({"username": "other"}, False),
    ],
)
def test_password_goes_to_no_other_broker(
    changed: dict[str, object], is_same: bool, organization: Organization, staff: User, public: None
) -> None:
    wanted = {"host": "198.51.100.7", "tls": True, "username": "lpr", "password": "secret"}
    endpoint = make_endpoint(organization, Channel.MQTT, wanted=wanted)
    wanted = {**wanted, "password": "", **changed}
    save_endpoint(endpoint=endpoint, wanted=wanted, actor=staff)
    assert json.loads(endpoint.secret)["password"] == ("secret" if is_same else "")


def test_only_managers_add_recipients(
    organization: Organization, operator: User, outsider: User
) -> None:
    for person in (operator, outsider):
        endpoint = Endpoint(organization=organization, name="X", channel=Channel.EMAIL)
        with pytest.raises(NotAllowedError):
            save_endpoint(endpoint=endpoint, wanted={"address": "a@example.org"}, actor=person)


def test_secrets_are_encrypted_at_rest(webhook: Endpoint, receiver: Receiver) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM alerts_endpoint WHERE id = %s", [webhook.pk])
        (stored,) = cursor.fetchone()
    assert receiver.url not in stored
    assert stored.startswith("gAAAA")


def test_browser_that_is_gone_is_not_told_again(
    camera: Camera, operator: User, receiver: Receiver
) -> None:
    keys = {
        # Source: RFC 8291, section 5.
        "p256dh": (
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        ),
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    }
    secret = json.dumps({"endpoint": receiver.url, "keys": keys})
    browser = PushSubscription.objects.create(user=operator, address_sha256="x", secret=secret)
    endpoint = make_endpoint(camera.organization, Channel.WEB_PUSH, wanted={"roles": ["operator"]})
    make_deliveries([Told(make_alert(camera), 0, endpoint)])
    drain_lane(endpoint_id=endpoint.pk)
    receiver.behave = "410"
    make_deliveries([Told(make_alert(camera, "2กข2222"), 0, endpoint)])
    drain_lane(endpoint_id=endpoint.pk)
    assert states(endpoint) == [State.SENT, State.DEAD]
    browser.refresh_from_db()
    assert browser.gone_at is not None
    make_deliveries([Told(make_alert(camera, "3กข3333"), 0, endpoint)])
    assert len(states(endpoint)) == 2
    assert Lane.objects.get(endpoint=endpoint).failures == 0


def test_message_that_cannot_be_made_holds_up_no_other(
    camera: Camera, webhook: Endpoint, receiver: Receiver
) -> None:
    good = webhook.secret
    broken = tell(camera, webhook)
    Endpoint.objects.filter(pk=webhook.pk).update(secret="{}")
    drain_lane(endpoint_id=webhook.pk)
    Endpoint.objects.filter(pk=webhook.pk).update(secret=good)
    other = tell(camera, webhook, "2กข2222")
    drain_lane(endpoint_id=webhook.pk)
    broken.refresh_from_db()
    other.refresh_from_db()
    assert (broken.state, other.state) == (State.DEAD, State.SENT)
