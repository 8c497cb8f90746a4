"""What managers set up, by REST: rules, escalation, recipients, words, deliveries."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, Role, Scope, User
from alerts.models import (
    Alert,
    Delivery,
    Endpoint,
    EscalationPolicy,
    MessageTemplate,
    Rule,
)
from cameras.models import Camera
from tests.accounts.factories import make_api_key, make_member
from tests.alerts.factories import make_alert, make_endpoint, make_policy, make_watchlist
from tests.detections.factories import make_detection

Clients = Callable[[User], APIClient]
ROOT = "/api/v1"
RESOURCES = ("alert-rules", "escalation-policies", "recipients", "message-templates", "deliveries")


@pytest.fixture
def manager(organization: Organization) -> User:
    return make_member(organization, Role.MANAGER)


def delivered(endpoint: Endpoint, state: str, **fields: Any) -> Delivery:
    return Delivery.objects.create(
        organization=endpoint.organization,
        endpoint=endpoint,
        kind=Delivery.Kind.TEST,
        state=state,
        due_at=timezone.now(),
        **fields,
    )


def test_rules_are_made_changed_held_against_the_past_and_deleted(
    camera: Camera, manager: User, client_of: Clients
) -> None:
    client, slug = client_of(manager), camera.organization.slug
    make_detection(camera, text="1กข1234")
    made = client.post(
        f"{ROOT}/alert-rules/",
        {
            "organization": slug,
            "name": "Gate",
            "conditions": {"all": [{"kind": "camera", "values": [str(camera.pk)]}]},
        },
    )
    assert made.status_code == 201, made.content
    assert made.json()["is_shadow"] is True
    where = f"{ROOT}/alert-rules/{made.json()['id']}/"
    found = client.get(f"{where}look-back/").json()
    assert (found["firings"], found["passes"], len(found["examples"])) == (1, 1, 1)
    assert client.patch(where, {"is_shadow": False}).json()["is_shadow"] is False
    wrong = client.patch(where, {"conditions": {"kind": "weather"}})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "condition_refused")
    assert client.delete(where).status_code == 204
    assert not Rule.objects.exists()


def test_a_look_back_is_audited_as_a_search(
    camera: Camera, manager: User, client_of: Clients
) -> None:
    camera.organization.demands_reason = True
    camera.organization.save()
    rule = Rule.objects.create(organization=camera.organization, name="R")
    where = f"{ROOT}/alert-rules/{rule.pk}/look-back/"
    refused = client_of(manager).get(where)
    assert refused.json()["error"]["code"] == "reason_demanded"
    assert client_of(manager).get(where, {"reason": refused_reason(refused)}).status_code == 200
    assert AuditEvent.objects.filter(actor=manager, detail__icontains=f"rule {rule.pk}").exists()


def refused_reason(refused: Any) -> str:
    return str(next(iter(refused.json()["error"]["detail"]["reasons"]), "patrol"))


def test_policies_are_made_with_their_steps_and_circles_refused(
    organization: Organization, manager: User, client_of: Clients
) -> None:
    client = client_of(manager)
    guard, chief = make_endpoint(organization), make_endpoint(organization)
    watchlist = make_watchlist(organization)
    made = client.post(
        f"{ROOT}/escalation-policies/",
        {
            "organization": organization.slug,
            "name": "Night",
            "watchlists": [str(watchlist.pk)],
            "steps": [
                {"after_seconds": 0, "recipients": [guard.pk]},
                {"after_seconds": 300, "recipients": [guard.pk, chief.pk], "repeats": 2},
            ],
        },
        format="json",
    )
    assert made.status_code == 201, made.content
    night = made.json()["id"]
    assert [step["recipients"] for step in made.json()["steps"]] == [
        [guard.pk],
        [guard.pk, chief.pk],
    ]
    day = make_policy(organization, (0, [chief]), name="Day")
    EscalationPolicy.objects.filter(pk=day.pk).update(hands_over_to=night)
    circle = client.patch(f"{ROOT}/escalation-policies/{night}/", {"hands_over_to": day.pk})
    assert circle.status_code == 400
    assert "Night → Day → Night" in circle.content.decode()
    in_use = client.delete(f"{ROOT}/escalation-policies/{night}/")
    assert (in_use.status_code, in_use.json()["error"]["code"]) == (400, "alert_refused")
    assert client.delete(f"{ROOT}/escalation-policies/{day.pk}/").status_code == 204
    fewer = client.patch(
        f"{ROOT}/escalation-policies/{night}/",
        {"steps": [{"after_seconds": 60, "recipients": [chief.pk]}]},
        format="json",
    )
    assert [step["after_seconds"] for step in fewer.json()["steps"]] == [60]
    assert client.delete(f"{ROOT}/escalation-policies/{night}/").status_code == 204


def test_steps_tell_nobody_of_another_organization(
    organization: Organization, other_camera: Camera, superuser: User, client_of: Clients
) -> None:
    stranger = make_endpoint(other_camera.organization)
    answer = client_of(superuser).post(
        f"{ROOT}/escalation-policies/",
        {
            "organization": organization.slug,
            "name": "Night",
            "steps": [{"after_seconds": 0, "recipients": [stranger.pk]}],
        },
        format="json",
    )
    assert answer.status_code == 400
    assert not EscalationPolicy.objects.exists()


def test_recipients_show_their_key_once_and_no_secret_ever(
    organization: Organization, manager: User, client_of: Clients
) -> None:
    client = client_of(manager)
    wanted = {
        "organization": organization.slug,
        "name": "Control room",
        "channel": "webhook",
        "settings": {"url": "https://8.8.8.8/hook?token=s3cret", "headers": {"X-Key": "s3cret"}},
    }
    made = client.post(f"{ROOT}/recipients/", wanted, format="json")
    assert made.status_code == 201, made.content
    key = made.json()["signing_key"]
    assert len(key) > 30
    where = f"{ROOT}/recipients/{made.json()['id']}/"
    shown = client.get(where).content.decode() + client.get(f"{ROOT}/recipients/").content.decode()
    assert "s3cret" not in made.content.decode() + shown
    assert key not in shown
    assert client.post(f"{where}rotate-key/").json()["signing_key"] != key
    assert client.patch(where, {"language": "th"}).json()["language"] == "th"
    queued = client.post(f"{where}test/")
    assert queued.status_code == 202
    assert Delivery.objects.get(pk=queued.json()["delivery"]).kind == "test"
    # Something is on its way: it is switched off and not forgotten.
    assert client.delete(where).status_code == 204
    assert Endpoint.objects.get().is_active is False


def test_recipients_that_share_a_broker_are_devices_of_their_own(
    organization: Organization, manager: User, client_of: Clients
) -> None:
    client = client_of(manager)
    nodes = []
    for name in ("North", "South"):
        wanted = {
            "organization": organization.slug,
            "name": name,
            "channel": "mqtt",
            "settings": {"host": "8.8.8.8", "topic": f"lpr/{name}"},
        }
        made = client.post(f"{ROOT}/recipients/", wanted, format="json").json()
        where = f"{ROOT}/recipients/{made['id']}/"
        changed = client.patch(where, {"settings": wanted["settings"]}, format="json").json()
        # Home Assistant knows it by this.
        assert changed["options"]["node"] == made["options"]["node"]
        nodes.append(made["options"]["node"])
    assert len(set(nodes)) == 2


def test_recipients_lead_into_no_private_network(
    organization: Organization, manager: User, client_of: Clients
) -> None:
    answer = client_of(manager).post(
        f"{ROOT}/recipients/",
        {
            "organization": organization.slug,
            "name": "Inside",
            "channel": "webhook",
            "settings": {"url": "http://169.254.169.254/latest/"},
        },
        format="json",
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "recipient_refused"
    assert "private network" in answer.json()["error"]["message"]
    assert not Endpoint.objects.exists()


def test_templates_refuse_code_and_show_how_they_read(
    organization: Organization, manager: User, client_of: Clients
) -> None:
    client = client_of(manager)
    wanted = {
        "organization": organization.slug,
        "name": "Short",
        "subject": "{{ plate }} {{ province }}",
        "body": "{{ camera }}",
    }
    made = client.post(f"{ROOT}/message-templates/", wanted)
    assert made.status_code == 201, made.content
    where = f"{ROOT}/message-templates/{made.json()['id']}/"
    reads = {
        (one["channel"], one["language"]): one for one in client.get(f"{where}preview/").json()
    }
    assert reads["email", "en"]["subject"] == "1กข 1234 Bangkok"
    assert reads["service", "th"]["subject"] == "1กข 1234 กรุงเทพมหานคร"
    for code in ("{% load x %}", "{{ plate|safe }}", "{{ plate.__class__ }}", "${7*7}"):
        refused = client.patch(where, {"body": code})
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "template_refused")
    endpoint = make_endpoint(organization)
    Endpoint.objects.filter(pk=endpoint.pk).update(template=made.json()["id"])
    assert client.delete(where).status_code == 400
    Endpoint.objects.update(template=None)
    assert client.delete(where).status_code == 204
    assert not MessageTemplate.objects.exists()


def test_deliveries_are_listed_by_state_and_replayed(
    organization: Organization, manager: User, client_of: Clients
) -> None:
    client = client_of(manager)
    endpoint = make_endpoint(organization)
    dead = delivered(endpoint, Delivery.State.DEAD, last_error="Unknown mailbox.")
    dead.tries.create(took_ms=12, error="Unknown mailbox.")
    delivered(endpoint, Delivery.State.SENT)
    [row] = client.get(f"{ROOT}/deliveries/", {"state": "dead"}).json()["results"]
    assert (row["id"], row["last_error"]) == (str(dead.pk), "Unknown mailbox.")
    assert client.get(f"{ROOT}/deliveries/{dead.pk}/").json()["tries"][0]["took_ms"] == 12
    assert client.post(f"{ROOT}/deliveries/{dead.pk}/replay/").status_code == 202
    dead.refresh_from_db()
    assert dead.state == Delivery.State.PENDING
    assert AuditEvent.objects.filter(actor=manager, detail__replayed=True).exists()


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ANALYST, Role.AUDITOR, Role.VIEWER, None])
def test_only_managers_see_and_set_up(
    role: Role | None,
    resource: str,
    organization: Organization,
    outsider: User,
    client_of: Clients,
) -> None:
    endpoint = make_endpoint(organization)
    policy = make_policy(organization, (0, [endpoint]))
    rule = Rule.objects.create(organization=organization, name="R")
    words = MessageTemplate.objects.create(
        organization=organization, name="T", subject="S", body="B"
    )
    sent = delivered(endpoint, Delivery.State.DEAD)
    things = dict(zip(RESOURCES, (rule, policy, endpoint, words, sent), strict=True))
    client = client_of(make_member(organization, role) if role else outsider)

    where = f"{ROOT}/{resource}/{things[resource].pk}/"
    assert client.get(f"{ROOT}/{resource}/").json()["results"] == []
    assert client.get(where).status_code == 404
    if resource == "deliveries":
        assert client.post(f"{where}replay/").status_code == 404
        return
    assert client.patch(where, {"name": "Mine"}).status_code == 404
    assert client.delete(where).status_code == 404
    wanted = {
        "organization": organization.slug,
        "name": "Mine",
        "channel": "email",
        "settings": {"address": "me@example.org"},
        "subject": "S",
        "body": "B",
    }
    made = client.post(f"{ROOT}/{resource}/", wanted, format="json")
    assert made.status_code == 400
    assert "organization" in made.json()["error"]["detail"]
    assert not Endpoint.objects.filter(name="Mine").exists()


def test_a_key_that_answers_alerts_adds_no_recipient(organization: Organization) -> None:
    _, presented = make_api_key(
        organization, Scope.ALERTS_READ, Scope.ALERTS_WRITE, role=Role.MANAGER
    )
    client = APIClient(headers={"Authorization": f"Bearer {presented}"})
    assert client.get(f"{ROOT}/recipients/").status_code == 403
    assert client.post(f"{ROOT}/recipients/", {}).status_code == 403


def test_alerts_are_assigned_to_those_who_answer_them(
    camera: Camera, operator: User, viewer: User, client_of: Clients
) -> None:
    alert = make_alert(camera)
    client = client_of(operator)
    wanted = {"alerts": [str(alert.pk)], "answer": "assign", "assigned_to": operator.email}
    [shown] = client.post(f"{ROOT}/alerts/", wanted, format="json").json()
    assert shown["assigned_to"] == operator.email
    for other in (viewer.email, "nobody@example.org"):
        refused = client.post(f"{ROOT}/alerts/", {**wanted, "assigned_to": other}, format="json")
        assert refused.status_code == 400
        assert refused.json()["error"]["message"] == "Choose somebody who answers alerts here."
    nobody = client.post(f"{ROOT}/alerts/", {**wanted, "assigned_to": None}, format="json")
    assert nobody.json()[0]["assigned_to"] is None
    assert Alert.objects.get().changes.filter(kind="assigned").count() == 2
