"""What is told later or together with others: digests, quiet hours, storms, and what is let go."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Organization, User
from accounts.services import remove_member
from alerts.errors import AlertError, DeliveryFailedError, EndpointRefusedError
from alerts.models import Alert, Channel, Delivery, Endpoint, Lane, MessageTemplate
from alerts.services import sending
from alerts.services.answering import acknowledge_alerts
from alerts.services.channels import SENDERS
from alerts.services.endpoints import delete_endpoint, save_endpoint
from alerts.services.outbox import Told, lanes_to_wake, make_deliveries
from alerts.services.sending import drain_lane
from alerts.services.subscriptions import subscribe
from cameras.models import Camera
from tests.alerts.factories import make_alert, make_endpoint
from tests.alerts.receivers import Mailbox, Receiver
from tests.alerts.test_channels import Browser

pytestmark = pytest.mark.usefixtures("standing_clock")
State, Kind = Delivery.State, Delivery.Kind


@pytest.fixture
def browser_of(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Callable[[User, str], Browser]:
    """A function that lets a person be told in a browser, whose push service is the receiver."""
    monkeypatch.setattr("alerts.services.subscriptions._is_push_address", lambda _address: True)

    def subscribed(user: User, name: str) -> Browser:
        browser = Browser(f"{receiver.url}/{name}")
        subscribe(user=user, subscription=browser.subscription)
        return browser

    return subscribed


def due(endpoint: Endpoint) -> None:
    """As if the time of what gathers at an endpoint had come."""
    Delivery.objects.filter(endpoint=endpoint, kind__in=Delivery.CARRIERS).update(
        due_at=timezone.now() - timedelta(seconds=5)
    )


def states(endpoint: Endpoint) -> list[tuple[str, str]]:
    rows = Delivery.objects.filter(endpoint=endpoint).order_by("id")
    return list(rows.values_list("kind", "state"))


@pytest.mark.parametrize("gathers", [{"digest_minutes": 15}, {"most_per_minute": 1}])
def test_browsers_hear_of_what_was_gathered_each_of_its_own(
    gathers: dict[str, int],
    camera: Camera,
    operator: User,
    staff: User,
    receiver: Receiver,
    browser_of: Callable[[User, str], Browser],
) -> None:
    browsers = {name: browser_of(user, name) for name, user in (("o", operator), ("s", staff))}
    endpoint = make_endpoint(camera.organization, Channel.WEB_PUSH, wanted={}, **gathers)
    for number in ("1กข1111", "2กข2222", "3กข3333"):
        make_deliveries([Told(make_alert(camera, number), 0, endpoint)])
    alone = 2 if "most_per_minute" in gathers else 0
    drain_lane(endpoint_id=endpoint.pk)
    assert len(receiver.received) == alone
    due(endpoint)
    drain_lane(endpoint_id=endpoint.pk)
    told = {call.path.rpartition("/")[2]: call.body for call in receiver.received[alone:]}
    assert told.keys() == browsers.keys()
    for name, browser in browsers.items():
        count = 2 if alone else 3
        assert browser.read(told[name])["title"].startswith(f"{count} ")
    assert State.DEAD not in {state for _kind, state in states(endpoint)}


def test_browser_of_who_is_no_member_any_more_is_told_nothing(
    camera: Camera,
    operator: User,
    staff: User,
    receiver: Receiver,
    browser_of: Callable[[User, str], Browser],
) -> None:
    browser_of(operator, "o")
    alone = make_endpoint(camera.organization, Channel.WEB_PUSH, wanted={})
    together = make_endpoint(camera.organization, Channel.WEB_PUSH, wanted={}, digest_minutes=15)
    alert = make_alert(camera)
    make_deliveries([Told(alert, 0, alone), Told(alert, 0, together)])
    remove_member(membership=operator.memberships.get(), actor=staff)
    due(together)
    for endpoint in (alone, together):
        drain_lane(endpoint_id=endpoint.pk)
    assert receiver.received == []
    assert states(alone) == [(Kind.ALERT, State.CANCELLED)]
    assert (Kind.DIGEST, State.CANCELLED) in states(together)


def test_test_of_browsers_reaches_those_of_who_tests(
    camera: Camera,
    staff: User,
    receiver: Receiver,
    browser_of: Callable[[User, str], Browser],
) -> None:
    endpoint = make_endpoint(camera.organization, Channel.WEB_PUSH, wanted={})
    with pytest.raises(AlertError, match="No browser of yours"):
        sending.test_endpoint(endpoint=endpoint, actor=staff)
    browser = browser_of(staff, "s")
    sending.test_endpoint(endpoint=endpoint, actor=staff)
    drain_lane(endpoint_id=endpoint.pk)
    (call,) = receiver.received
    assert "Test" in browser.read(call.body)["title"]


@pytest.mark.parametrize(
    "now",
    [
        # Half past two is there twice, or not at all.
        datetime(2026, 10, 24, 23, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 0, 30, tzinfo=UTC),
    ],
)
def test_quiet_hours_may_end_in_an_hour_that_clocks_repeat_or_skip(
    now: datetime, camera: Camera, organization: Organization
) -> None:
    organization.time_zone = "Europe/Berlin"
    organization.save()
    endpoint = make_endpoint(organization, quiet_from=time(22), quiet_until=time(2, 30))
    alerts = [make_alert(camera, number) for number in ("1กข1111", "2กข2222")]
    with time_machine.travel(now, tick=False):
        for alert in alerts:
            make_deliveries([Told(alert, 0, endpoint)])
    carrier = Delivery.objects.get(endpoint=endpoint, kind=Kind.QUIET)
    assert carrier.due_at - now == timedelta(hours=1)
    assert carrier.carries.count() == 2


def test_alert_whose_message_of_many_was_sent_already_travels_alone(
    camera: Camera, organization: Organization, mailbox: Mailbox
) -> None:
    endpoint = make_endpoint(organization, digest_minutes=15)
    early, late = make_alert(camera, "1กข1111"), make_alert(camera, "2กข2222")
    now = timezone.now().replace(minute=5)
    with time_machine.travel(now, tick=False):
        make_deliveries([Told(early, 0, endpoint)])
    with time_machine.travel(now + timedelta(minutes=15), tick=False):
        drain_lane(endpoint_id=endpoint.pk)
    # The clock goes back.
    with time_machine.travel(now + timedelta(minutes=1), tick=False):
        make_deliveries([Told(late, 0, endpoint)])
        drain_lane(endpoint_id=endpoint.pk)
    assert mailbox.mails[0]["Subject"] == "1 alert"
    assert Delivery.objects.get(alert=late).state == State.SENT
    assert len(mailbox.mails) == 2


def test_clock_that_goes_back_stops_no_endpoint(
    camera: Camera, organization: Organization, mailbox: Mailbox
) -> None:
    endpoint = make_endpoint(organization)
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        make_deliveries([Told(make_alert(camera), 0, endpoint)])
        soon = timezone.now() + timedelta(minutes=2)
        Lane.objects.filter(endpoint=endpoint).update(rests_until=soon)
        assert lanes_to_wake() == []
    assert lanes_to_wake() == [endpoint.pk]
    drain_lane(endpoint_id=endpoint.pk)
    assert len(mailbox.mails) == 1


def test_message_of_many_names_each_alert_once_and_none_that_was_answered(
    camera: Camera, organization: Organization, operator: User, mailbox: Mailbox
) -> None:
    endpoint = make_endpoint(organization, digest_minutes=15)
    twice, answered = make_alert(camera, "1กข1111"), make_alert(camera, "2กข2222")
    make_deliveries([Told(twice, 0, endpoint), Told(twice, 1, endpoint)])
    make_deliveries([Told(answered, 1, endpoint)])
    acknowledge_alerts(alert_ids=[answered.pk], actor=operator)
    due(endpoint)
    drain_lane(endpoint_id=endpoint.pk)
    (mail,) = mailbox.mails
    assert mail["Subject"] == "1 alert"
    assert Delivery.objects.get(alert=answered).state == State.CANCELLED


def test_message_of_many_with_nothing_in_it_is_not_sent(
    camera: Camera, organization: Organization, operator: User, mailbox: Mailbox
) -> None:
    endpoint = make_endpoint(organization, digest_minutes=15)
    reminded, forgotten = make_alert(camera, "1กข1111"), make_alert(camera, "2กข2222")
    make_deliveries([Told(reminded, 1, endpoint), Told(forgotten, 0, endpoint)])
    acknowledge_alerts(alert_ids=[reminded.pk], actor=operator)
    Alert.objects.filter(pk=forgotten.pk).delete()
    due(endpoint)
    drain_lane(endpoint_id=endpoint.pk)
    assert mailbox.mails == []
    assert Delivery.objects.get(kind=Kind.DIGEST).state == State.CANCELLED


def test_reminder_that_failed_while_somebody_answered_is_not_tried_again(
    camera: Camera, organization: Organization, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = make_endpoint(organization)
    alert = make_alert(camera)
    make_deliveries([Told(alert, 1, endpoint)])

    def answer_meanwhile(message: object, target: object) -> None:
        acknowledge_alerts(alert_ids=[alert.pk], actor=operator)
        raise DeliveryFailedError("It took too long.")

    monkeypatch.setitem(SENDERS, Channel.EMAIL, answer_meanwhile)
    drain_lane(endpoint_id=endpoint.pk)
    delivery = Delivery.objects.get(alert=alert)
    assert (delivery.state, delivery.attempts) == (State.CANCELLED, 1)


def test_what_waits_at_a_recipient_that_is_taken_away_is_let_go(
    camera: Camera, organization: Organization, staff: User
) -> None:
    endpoint = make_endpoint(organization)
    gathering = make_endpoint(organization, digest_minutes=15)
    alert = make_alert(camera)
    make_deliveries([Told(alert, 0, endpoint), Told(alert, 0, gathering)])
    for one in (endpoint, gathering):
        delete_endpoint(endpoint=one, actor=staff)
        one.refresh_from_db()
        assert not one.is_active
        assert {state for _kind, state in states(one)} == {State.CANCELLED}


def test_words_of_another_organization_are_refused(
    organization: Organization, other_organization: Organization
) -> None:
    words = MessageTemplate.objects.create(
        organization=other_organization, name="Short", subject="{{ plate }}", body="{{ plate }}"
    )
    superuser = User.objects.create_superuser("both@example.org", "a long enough passphrase")
    endpoint = Endpoint(organization=organization, name="X", channel="email", template=words)
    with pytest.raises(EndpointRefusedError, match="another organization"):
        save_endpoint(endpoint=endpoint, wanted={"address": "a@example.org"}, actor=superuser)
    assert json.loads(endpoint.secret or "{}") == {}
