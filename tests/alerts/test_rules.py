"""Rules: what they may ask for, when they fire, and what they would have done."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Organization, Role, User
from alerts.models import Alert, PendingMatch, Rule, ShadowFiring
from alerts.services.hits import LOST_AFTER, match_pending
from alerts.services.rules import looking_back
from alerts.services.rules.conditions import ConditionError, check_conditions
from alerts.services.rules.firing import fire_for_passes, fire_for_states, sweep_passes
from alerts.services.rules.keeping import delete_rule
from alerts.services.rules.looking_back import look_back
from cameras.models import Camera, CameraStatus
from detections.models import Detection
from tests.accounts.factories import make_member
from tests.alerts.factories import make_entry, make_watchlist, see
from tests.detections.factories import make_detection

Clients = Callable[[User], APIClient]
Tree = dict[str, Any]
Callbacks = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


def make_rule(organization: Organization, tree: Tree, **fields: Any) -> Rule:
    defaults = {"name": f"Rule {Rule.objects.count()}", "is_shadow": False}
    return Rule.objects.create(organization=organization, conditions=tree, **{**defaults, **fields})


def passing(camera: Camera, text: str = "1กข1234", **fields: Any) -> Detection:
    made = make_detection(camera, text=text, **fields)
    return Detection.objects.select_related("camera__organization", "plate").get(pk=made.pk)


def fires(tree: Tree, detection: Detection) -> bool:
    """Whether a rule of these conditions raises an alert for a pass."""
    organization = detection.camera.organization
    check_conditions(tree, trigger="pass", organization_id=organization.pk)
    rule = make_rule(organization, tree, cooldown_seconds=0)
    fire_for_passes(detections=[detection])
    fired = Alert.objects.filter(rule=rule).exists()
    Rule.objects.filter(pk=rule.pk).update(is_active=False)
    return fired


def leaf(kind: str, **fields: Any) -> Tree:
    return {"kind": kind, **fields}


def test_conditions_of_a_pass(camera: Camera, second_camera: Camera) -> None:
    one = passing(camera, vehicle_kind="pickup", confidence=0.8)
    assert fires({}, one)
    assert fires(leaf("camera", values=[str(camera.pk)]), one)
    assert not fires(leaf("camera", values=[str(second_camera.pk)]), one)
    assert fires(leaf("plate", pattern="1??12*"), one)
    assert not fires(leaf("plate", pattern="2*"), one)
    assert fires(leaf("vehicle", values=["pickup"]), one)
    assert fires(leaf("confidence", **{"is": "below", "value": 0.9}), one)
    assert not fires(leaf("confidence", **{"is": "least", "value": 0.9}), one)
    yes, no = leaf("plate", pattern="1*"), leaf("plate", pattern="9*")
    assert fires({"any": [no, yes]}, one)
    assert not fires({"all": [no, yes]}, one)
    assert fires({"all": [yes, {"not": no}]}, one)
    word = passing(camera, text="สิริ 9999")
    assert fires(leaf("plate", pattern="สิริ๙*"), word)
    assert fires(leaf("plate", pattern="?ิริ*"), word)
    assert not fires(leaf("plate", pattern="สร*"), word)


def test_conditions_of_lists_bind_who_sees_the_alert(camera: Camera) -> None:
    watchlist = make_watchlist(camera.organization, category="vip")
    make_entry(watchlist, "1กข1234")
    detection, _ = see(camera)
    one = Detection.objects.select_related("camera__organization", "plate").get(pk=detection.pk)
    assert fires(leaf("list", values=[str(watchlist.pk)]), one)
    assert Alert.objects.latest("id").watchlist == watchlist
    assert fires(leaf("category", values=["vip"]), one)
    assert not fires(leaf("category", values=["stolen"]), one)
    assert not fires(leaf("province_mismatch"), one)


@pytest.mark.parametrize("is_listed", [True, False])
def test_rule_for_what_is_on_no_list_waits_until_the_lists_were_asked(
    camera: Camera, django_capture_on_commit_callbacks: Callbacks, *, is_listed: bool
) -> None:
    watchlist = make_watchlist(camera.organization, category="permitted")
    make_entry(watchlist, "1กข1234" if is_listed else "9กข9999")
    known = leaf("category", values=["permitted"])
    unknown = make_rule(camera.organization, {"all": [leaf("first"), {"not": {"any": [known]}}]})
    other = make_rule(camera.organization, {"not": leaf("plate", pattern="9*")})

    # Recorded, and whoever was to match it died.
    fire_for_passes(detections=[passing(camera)])
    sweep_passes()
    assert [alert.rule for alert in Alert.objects.all()] == [other]
    PendingMatch.objects.update(created_at=timezone.now() - 2 * LOST_AFTER)
    with django_capture_on_commit_callbacks(execute=True):
        assert match_pending() == 1

    assert Alert.objects.filter(rule=other).count() == 1
    assert Alert.objects.filter(rule=unknown).exists() is not is_listed
    sweep_passes()
    assert Alert.objects.filter(rule=unknown).exists() is not is_listed


def test_conditions_of_the_past(camera: Camera) -> None:
    now = timezone.now()
    first = passing(camera, captured_at=now - timedelta(hours=30))
    assert first.plate is not None
    second = passing(camera, captured_at=now - timedelta(minutes=20))
    third = passing(camera, captured_at=now)
    other = passing(camera, "2กข2222", captured_at=now)
    assert fires(leaf("first"), other)
    assert not fires(leaf("first"), third)
    assert fires(leaf("seen", times=2, minutes=30), third)
    assert not fires(leaf("seen", times=3, minutes=30), third)
    assert fires(leaf("unseen", hours=24), second)
    assert not fires(leaf("unseen", hours=24), third)
    assert not fires(leaf("unseen", hours=24), other)


def test_conditions_of_place_and_time(camera: Camera) -> None:
    Camera.objects.filter(pk=camera.pk).update(point="SRID=4326;POINT(100.5 13.75)")
    one = passing(camera)
    inside = [[100, 13], [101, 13], [101, 14], [100, 14]]
    outside = [[x + 5, y] for x, y in inside]
    assert fires(leaf("zone", corners=inside), one)
    assert not fires(leaf("zone", corners=outside), one)
    local: datetime = one.captured_at.astimezone(camera.zone)
    today, begin = local.weekday(), local.hour * 60
    hour = {"from": begin, "to": begin + 60}
    assert fires(leaf("time", days=[today], **hour), one)
    assert not fires(leaf("time", days=[(today + 1) % 7], **hour), one)
    # Passes midnight.
    assert fires(leaf("time", days=[today], **{"from": begin, "to": begin}), one)


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        ([], "missing"),
        ({"all": []}, "at least one"),
        ({"all": [{}], "any": [{}]}, "one of"),
        (leaf("magic"), "no condition of the kind"),
        (leaf("plate", pattern="*"), "every plate"),
        (leaf("plate", pattern="(a+)+$"), "letters, digits"),
        (leaf("seen", times=1, minutes=5), "a number from 2"),
        (leaf("seen", times=10**9, minutes=5), "a number from 2"),
        (leaf("unseen", hours="x"), "a number from 1"),
        (leaf("camera", values=["x"]), "not known"),
        (leaf("camera", values=[]), "at least one"),
        (leaf("zone", corners=[[0, 0], [1, 1]]), "3 to"),
        (leaf("zone", corners=[[0, 0], [1, 1], [1, 0], [0, 1]]), "crosses itself"),
        (leaf("zone", corners=[[0, 0], [999, 1], [1, 0]]), "3 to"),
        (leaf("time", days=[9], **{"from": 0, "to": 5}), "day of the week"),
        ({"not": {"not": {"not": {"not": {"not": leaf("first")}}}}}, "groups deep"),
        ({"any": [leaf("first")] * 41}, "at least one condition"),
    ],
)
def test_conditions_that_cannot_be_are_refused_in_words(
    tree: Any, says: str, organization: Organization
) -> None:
    with pytest.raises(ConditionError, match=says):
        check_conditions(tree, trigger="pass", organization_id=organization.pk)


def test_conditions_of_other_organizations_are_refused(
    organization: Organization, other_camera: Camera
) -> None:
    others = make_watchlist(other_camera.organization)
    for tree in (
        leaf("camera", values=[str(other_camera.pk)]),
        leaf("list", values=[str(others.pk)]),
    ):
        with pytest.raises(ConditionError):
            check_conditions(tree, trigger="pass", organization_id=organization.pk)


def test_pass_fires_once_whoever_holds_it_against_the_rules(camera: Camera) -> None:
    make_rule(camera.organization, {}, cooldown_seconds=0)
    sweep_passes()
    one = passing(camera)
    fire_for_passes(detections=[one])
    fire_for_passes(detections=[one])
    sweep_passes()
    assert Alert.objects.count() == 1
    # What nobody held against them, the sweeper does.
    passing(camera, "2กข2222")
    sweep_passes()
    assert Alert.objects.count() == 2


def test_rule_in_shadow_counts_and_tells_nobody(camera: Camera) -> None:
    rule = make_rule(camera.organization, {}, is_shadow=True)
    fire_for_passes(detections=[passing(camera)])
    assert not Alert.objects.exists()
    assert ShadowFiring.objects.get().rule == rule


def test_camera_that_is_down_raises_once_for_each_time(camera: Camera) -> None:
    rule = make_rule(camera.organization, {}, trigger="camera", threshold=5, cooldown_seconds=0)
    now = timezone.now()
    CameraStatus.objects.update_or_create(
        camera=camera,
        defaults={"state": "failing", "since": now - timedelta(minutes=3), "error": "no answer"},
    )
    assert fire_for_states() == []
    CameraStatus.objects.update(since=now - timedelta(minutes=6))
    (alert,) = fire_for_states()
    assert fire_for_states() == []
    assert camera.name in alert.title
    assert (alert.rule, alert.facts["reason"]) == (rule, "no answer")
    CameraStatus.objects.update(since=now - timedelta(minutes=5, seconds=30))
    assert len(fire_for_states()) == 1


def test_full_disk_raises_an_alert(organization: Organization) -> None:
    make_rule(organization, {}, trigger="disk", threshold=100)
    assert fire_for_states() == []
    make_rule(organization, {}, trigger="disk", threshold=1)
    assert len(fire_for_states()) == 1


def test_look_back_counts_what_would_have_fired(
    camera: Camera, other_camera: Camera, staff: User
) -> None:
    now = timezone.now()
    for minutes in (1, 2, 60):
        passing(camera, captured_at=now - timedelta(minutes=minutes))
    passing(camera, "2กข2222")
    passing(other_camera)
    rule = Rule(
        organization=camera.organization,
        conditions=leaf("plate", pattern="1*"),
        cooldown_seconds=300,
    )
    found = look_back(rule=rule, user=staff)
    assert (found.firings, found.alerts, found.passes) == (3, 2, 4)
    assert found.is_whole
    assert len(found.examples) == 3
    bounded = look_back(rule=rule, user=staff, seconds=0)
    assert (bounded.passes, bounded.is_whole) == (0, False)


@pytest.mark.parametrize(
    ("tree", "fires"),
    [
        (leaf("category", values=["vip"]), 0),
        ({"not": leaf("category", values=["vip"])}, 1),
    ],
)
def test_look_back_tells_nobody_of_hits_that_it_does_not_see(
    tree: Tree, fires: int, camera: Camera, staff: User
) -> None:
    make_entry(
        make_watchlist(camera.organization, category="vip", hit_roles=[Role.OPERATOR]), "1กข1234"
    )
    see(camera)
    rule = Rule(organization=camera.organization, conditions=tree)
    owner = make_member(camera.organization, Role.OWNER)
    assert look_back(rule=rule, user=staff).firings == fires
    assert look_back(rule=rule, user=owner).firings == 1 - fires


def test_look_back_goes_by_pages(
    camera: Camera, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking_back, "AT_ONCE", 2)
    for _ in range(5):
        passing(camera)
    found = look_back(rule=Rule(organization=camera.organization, conditions={}), user=staff)
    assert (found.passes, found.firings, found.is_whole) == (5, 5, True)


def test_look_back_stops_in_the_midst_of_a_page(
    camera: Camera, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [passing(camera) for _ in range(5)]
    # A clock that goes on by a second whenever it is looked at.
    clock = SimpleNamespace(monotonic=count().__next__)
    monkeypatch.setattr(looking_back, "time", clock)
    rule = Rule(organization=camera.organization, conditions={})
    found = look_back(rule=rule, user=staff, seconds=4)
    assert (found.passes, found.firings, found.is_whole) == (2, 2, False)
    assert found.since == made[-2].captured_at


def test_conditions_that_ask_much_are_few(camera: Camera) -> None:
    dear = [leaf("first"), leaf("unseen", hours=2), leaf("seen", times=2, minutes=5)] * 2
    asked: dict[str, Any] = {"trigger": "pass", "organization_id": camera.organization_id}
    check_conditions({"any": dear[:5]}, **asked)
    with pytest.raises(ConditionError, match="at most 5 times"):
        check_conditions({"any": [{"all": dear[:3]}, {"all": dear[3:]}]}, **asked)


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"organization": "x"}, 404),
        ({"organization": [1]}, 404),
        ({"conditions": {"kind": [1]}}, 400),
        ({"conditions": {"kind": "category", "values": [{}]}}, 400),
        ({"conditions": {"kind": "vehicle", "values": [[]]}}, 400),
    ],
)
def test_rule_that_is_not_understood_is_refused(
    wanted: dict[str, Any], status: int, camera: Camera, staff: User, client_of: Clients
) -> None:
    wanted = {"organization": camera.organization_id, "trigger": "pass", **wanted}
    assert send(client_of(staff), reverse("alerts:try-rule"), **wanted).status_code == status


def test_rule_that_postgresql_cannot_keep_is_refused(
    camera: Camera, staff: User, client_of: Clients
) -> None:
    rule = make_rule(camera.organization, {})
    address = reverse("alerts:alert-rule", args=[rule.pk])
    usual = {"name": "A", "trigger": "pass"}
    for wrong in ({"name": "A\0"}, {"conditions": leaf("first", note="\0")}):
        assert send(client_of(staff), address, **{**usual, **wrong}).status_code == 400


def test_rule_that_raised_alerts_is_switched_off_instead_of_deleted(
    camera: Camera, staff: User
) -> None:
    used, unused = make_rule(camera.organization, {}), make_rule(camera.organization, {})
    Rule.objects.filter(pk=unused.pk).update(is_active=False)
    fire_for_passes(detections=[passing(camera)])
    for rule in (used, unused):
        delete_rule(rule=rule, actor=staff)
    assert list(Rule.objects.values_list("pk", "is_active")) == [(used.pk, False)]


def send(client: APIClient, address: str, **wanted: Any) -> Any:
    body = orjson.dumps(wanted)
    return client.post(address, body, content_type="application/json")


def test_try_that_is_refused_for_want_of_a_reason_says_where_to_state_it(
    camera: Camera, staff: User, client_of: Clients
) -> None:
    camera.organization.demands_reason = True
    camera.organization.save()
    wanted = {"organization": camera.organization_id, "trigger": "pass", "conditions": {}}
    refused = send(client_of(staff), reverse("alerts:try-rule"), **wanted)
    assert refused.status_code == 400
    assert refused.json()["reason_url"] == reverse("accounts:reason")


def test_managers_make_rules_in_the_form(
    camera: Camera, staff: User, operator: User, outsider: User, client_of: Clients
) -> None:
    client = client_of(staff)
    wanted = {
        "organization": camera.organization_id,
        "name": "Often here",
        "trigger": "pass",
        "conditions": {"all": [leaf("camera", values=[str(camera.pk)])]},
        "is_active": True,
        "is_shadow": True,
    }
    passing(camera)
    tried = send(client, reverse("alerts:try-rule"), **wanted).json()
    assert (tried["alerts"], tried["is_whole"]) == (1, True)
    assert send(client, reverse("alerts:new-rule"), **wanted).status_code == 200
    rule = Rule.objects.get()
    assert (rule.name, rule.is_shadow, rule.created_by) == ("Often here", True, staff)
    address = reverse("alerts:alert-rule", args=[rule.pk])
    assert client.get(address).context["page"]["rule"]["conditions"] == wanted["conditions"]
    assert "Often here" in client.get(reverse("alerts:rules")).content.decode()
    refused = send(client, address, **{**wanted, "conditions": {"all": []}})
    assert refused.status_code == 400
    assert "at least one" in refused.json()["message"]
    for nonsense in ({**wanted, "name": ""}, {**wanted, "priority": "x"}, {"conditions": 7}):
        assert send(client, address, **nonsense).status_code == 400
    for person in (operator, outsider):
        other = client_of(person)
        assert other.get(address).status_code == 404
        assert send(other, address, **wanted).status_code == 404
        assert send(other, reverse("alerts:try-rule"), **wanted).status_code == 404
        assert other.post(reverse("alerts:alert-rule-delete", args=[rule.pk])).status_code == 404
    assert client_of(operator).get(reverse("alerts:rules")).status_code == 404
