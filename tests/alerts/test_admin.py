"""Staff pages: recipients, templates, policies and deliveries."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, Role, User
from alerts.models import (
    Channel,
    Delivery,
    Endpoint,
    Entry,
    EscalationPolicy,
    FeedRun,
    MessageTemplate,
    Watchlist,
)
from alerts.services.feeds.setting_up import create_feed
from alerts.services.outbox import Told, make_deliveries
from alerts.services.sending import drain_lane
from cameras.models import Camera
from tests.accounts.factories import make_member
from tests.alerts.factories import (
    make_alert,
    make_endpoint,
    make_entry,
    make_policy,
    make_watchlist,
    see,
)
from tests.alerts.receivers import Mailbox, Receiver

Clients = Callable[[User], APIClient]


def recipient(organization: Organization, channel: str, **fields: Any) -> dict[str, Any]:
    return {
        "organization": organization.pk,
        "name": "Gate keeper",
        "channel": channel,
        "language": "th",
        "picture": "link",
        "is_active": "on",
        "loud_priority": 80,
        **fields,
    }


def post(client: APIClient, name: str, data: dict[str, Any], *args: Any) -> Any:
    return client.post(reverse(f"admin:alerts_{name}", args=args), data, format="multipart")


def test_recipient_is_added_and_its_key_shown_once(
    organization: Organization, staff: User, client_of: Clients, receiver: Receiver
) -> None:
    client = client_of(staff)
    data = recipient(organization, Channel.WEBHOOK, url=receiver.url)
    answer = post(client, "endpoint_add", data)
    endpoint = Endpoint.objects.get()
    key = answer.context["key"]
    assert key in answer.content.decode()
    assert f'"{key}"' in endpoint.secret
    page = client.get(reverse("admin:alerts_endpoint_change", args=[endpoint.pk]))
    assert page.status_code == 200
    assert key not in page.content.decode()
    assert receiver.url not in page.content.decode()
    # Saved without the address: it stays.
    post(client, "endpoint_change", {**data, "url": "", "name": "Other"}, endpoint.pk)
    endpoint.refresh_from_db()
    assert endpoint.name == "Other"
    assert receiver.url in endpoint.secret


def test_recipient_in_a_private_network_is_refused_at_its_field(
    organization: Organization, staff: User, client_of: Clients
) -> None:
    data = recipient(organization, Channel.WEBHOOK, url="http://10.0.0.1/")
    answer = post(client_of(staff), "endpoint_add", data)
    assert "private network" in str(answer.context["adminform"].form.errors["url"])
    assert not Endpoint.objects.exists()


def test_recipients_are_for_managers(
    organization: Organization, operator: User, outsider: User, client_of: Clients
) -> None:
    endpoint = make_endpoint(organization)
    address = reverse("admin:alerts_endpoint_change", args=[endpoint.pk])
    assert client_of(operator).get(address).status_code == 302
    assert client_of(outsider).get(address).status_code == 302
    data = recipient(organization, Channel.EMAIL, address="a@example.org")
    post(client_of(outsider), "endpoint_add", data)
    assert Endpoint.objects.count() == 1


def test_test_is_sent_and_dead_deliveries_are_sent_again(
    camera: Camera, staff: User, outsider: User, client_of: Clients, receiver: Receiver
) -> None:
    endpoint = make_endpoint(camera.organization, Channel.WEBHOOK, wanted={"url": receiver.url})
    client = client_of(staff)
    chosen = {"action": "send_test", "_selected_action": [endpoint.pk]}
    post(client, "endpoint_changelist", chosen)
    drain_lane(endpoint_id=endpoint.pk)
    assert b'"type":"test"' in receiver.received[0].body
    receiver.behave = "400"
    make_deliveries([Told(make_alert(camera), 0, endpoint)])
    drain_lane(endpoint_id=endpoint.pk)
    dead = Delivery.objects.get(state="dead")
    again = {"action": "replay", "_selected_action": [str(dead.pk)]}
    post(client_of(outsider), "delivery_changelist", again)
    dead.refresh_from_db()
    assert dead.state == "dead"
    post(client, "delivery_changelist", again)
    receiver.behave = "take"
    drain_lane(endpoint_id=endpoint.pk)
    dead.refresh_from_db()
    assert dead.state == "sent"
    page = client.get(reverse("admin:alerts_delivery_change", args=[dead.pk]))
    assert "1กข1234" in page.content.decode()


@pytest.mark.parametrize("body", ["{% load x %}", "{{ password }}"])
def test_template_with_code_is_refused_and_a_good_one_previewed(
    body: str, organization: Organization, staff: User, client_of: Clients
) -> None:
    client = client_of(staff)
    data = {"organization": organization.pk, "name": "Short", "subject": "{{ plate }}"}
    refused = post(client, "messagetemplate_add", {**data, "body": body})
    assert refused.context["adminform"].form.errors["body"]
    post(client, "messagetemplate_add", {**data, "body": "{{ province }} {{ camera }}"})
    template = MessageTemplate.objects.get()
    page = client.get(reverse("admin:alerts_messagetemplate_change", args=[template.pk]))
    assert "กรุงเทพมหานคร Gate 1" in page.content.decode()
    assert "Bangkok Gate 1" in page.content.decode()


def test_policy_takes_steps_and_refuses_circles(
    organization: Organization, other_organization: Organization, staff: User, client_of: Clients
) -> None:
    client = client_of(staff)
    mine, other = make_endpoint(organization), make_endpoint(other_organization)
    first = make_policy(organization, name="First")
    second = make_policy(organization, name="Second", hands_over_to=first)
    data = {
        "name": "First",
        "position": 1,
        "least_priority": 0,
        "cooldown_seconds": 60,
        "is_active": "on",
        "steps-TOTAL_FORMS": 1,
        "steps-INITIAL_FORMS": 0,
        "steps-0-after_seconds": 0,
        "steps-0-repeats": 0,
        "steps-0-repeat_every_seconds": 300,
    }
    circle = post(
        client,
        "escalationpolicy_change",
        {**data, "steps-TOTAL_FORMS": 0, "hands_over_to": second.pk},
        first.pk,
    )
    assert "circle" in str(circle.context["adminform"].form.errors)
    post(client, "escalationpolicy_change", {**data, "steps-0-endpoints": [other.pk]}, first.pk)
    assert not first.steps.exists()
    post(client, "escalationpolicy_change", {**data, "steps-0-endpoints": [mine.pk]}, first.pk)
    assert [list(step.endpoints.all()) for step in first.steps.all()] == [[mine]]
    assert EscalationPolicy.objects.get(pk=first.pk).cooldown_seconds == 60


def test_lists_are_shown_in_the_admin_to_their_audience_only(
    camera: Camera, staff: User, operator: User, client_of: Clients
) -> None:
    open_list = make_watchlist(camera.organization, name="Open")
    closed = make_watchlist(
        camera.organization, name="Closed", list_roles=[], entry_roles=[], hit_roles=[]
    )
    for watchlist in (open_list, closed):
        make_entry(watchlist, "AB1234")
    see(camera, "AB1234")
    client = client_of(staff)
    for name, count in (("watchlist", 1), ("entry", 1), ("hit", 1)):
        answer = client.get(reverse(f"admin:alerts_{name}_changelist"))
        assert len(answer.context["cl"].result_list) == count, name
        assert "Closed" not in answer.content.decode()
    entry = closed.entries.get()
    assert client.get(reverse("admin:alerts_entry_change", args=[entry.pk])).status_code == 302
    # They work with the pages.
    assert client_of(operator).get(reverse("admin:alerts_entry_changelist")).status_code == 302


def test_number_is_searched_by_the_index_and_noted(
    camera: Camera, staff: User, client_of: Clients
) -> None:
    watchlist = make_watchlist(camera.organization)
    for number in ("AB0123", "ABO123", "AB9999", "AB01*"):
        make_entry(watchlist, number)
    see(camera, "AB0123")
    client = client_of(staff)

    def numbers(name: str, term: str) -> list[str]:
        answer = client.get(reverse(f"admin:alerts_{name}_changelist"), {"q": term})
        return sorted(row.number for row in answer.context["cl"].result_list)

    assert numbers("entry", "ab-0123") == ["AB0123", "ABO123"]
    assert set(numbers("hit", "AB 0123")) == {"AB0123"}
    assert numbers("entry", "<b>") == numbers("hit", "<b>") == []
    searched = AuditEvent.objects.filter(action=AuditEvent.Action.SEARCHED, actor=staff)
    assert searched.count() == 4


def test_staff_end_renew_switch_and_fetch_what_they_may_change(
    camera: Camera, other_camera: Camera, staff: User, client_of: Clients
) -> None:
    mine, others = make_watchlist(camera.organization), make_watchlist(other_camera.organization)
    entries = [make_entry(mine), make_entry(others)]
    feeds = [
        create_feed(
            watchlist=one, actor=None, name="F", kind="folder", address="f.csv", format="csv"
        )
        for one in (mine, others)
    ]
    client = client_of(staff)

    def act(name: str, action: str, *rows: Any) -> None:
        chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
        assert post(client, f"{name}_changelist", chosen).status_code == 302

    act("entry", "end", *entries)
    assert [Entry.objects.get(pk=one.pk).is_expired for one in entries] == [True, False]
    act("entry", "renew", *entries)
    assert not Entry.objects.get(pk=entries[0].pk).is_expired
    act("watchlist", "switch_off", mine, others)
    active = Watchlist.objects.order_by("pk").values_list("is_active", flat=True)
    assert list(active) == [False, True]
    act("feed", "fetch_now", *feeds)
    assert FeedRun.objects.get().feed == feeds[0]


@pytest.mark.parametrize("gathers", [{}, {"digest_minutes": 15}])
def test_messages_name_no_plate_to_whom_its_list_shows_no_hits(
    gathers: dict[str, Any], camera: Camera, staff: User, client_of: Clients, mailbox: Mailbox
) -> None:
    endpoint = make_endpoint(camera.organization, **gathers)
    watchlist = make_watchlist(camera.organization, hit_roles=[Role.OPERATOR])
    make_deliveries([Told(make_alert(camera, watchlist=watchlist), 0, endpoint)])
    Delivery.objects.filter(kind=Delivery.Kind.DIGEST).update(
        due_at=timezone.now() - timedelta(seconds=5)
    )
    drain_lane(endpoint_id=endpoint.pk)
    sent = Delivery.objects.get(state=Delivery.State.SENT)
    owner = make_member(camera.organization, Role.OWNER)
    for person, sees in ((owner, True), (staff, False)):
        one = client_of(person).get(reverse("admin:alerts_delivery_change", args=[sent.pk]))
        every = client_of(person).get(reverse("admin:alerts_delivery_changelist"))
        for page in (one, every):
            assert page.status_code == 200
            assert ("1กข1234" in page.content.decode()) == sees
