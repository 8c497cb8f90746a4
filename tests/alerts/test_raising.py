"""Alerts of hits: once for each, together within the cooldown, told step by step."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import Organization, Role, User
from alerts.errors import AlertError
from alerts.models import (
    Alert,
    AlertChange,
    AlertRejectReason,
    Delivery,
    EscalationPolicy,
    EscalationStep,
    Hit,
    Watchlist,
)
from alerts.selectors.alerts import (
    alerts_answered_by,
    alerts_visible_to,
    audience_of,
    count_unanswered,
    precision_by,
)
from alerts.services.answering import (
    acknowledge_alerts,
    assign_alert,
    comment_alert,
    hand_over,
    note_withdrawn,
    reject_alerts,
    reopen_alerts,
    resolve_alerts,
    see_alerts,
    verify_alerts,
)
from alerts.services.escalation import escalate_due
from alerts.services.raising import MISSED_AFTER, raise_for_hits, raise_missed
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

State = Alert.State


def kinds(alert: Alert) -> list[str]:
    return list(AlertChange.objects.filter(alert=alert).values_list("kind", flat=True))


def test_hit_raises_one_alert_whose_title_begins_with_the_plate(camera: Camera) -> None:
    watchlist = make_watchlist(camera.organization, name="Stolen cars", priority=90)
    make_entry(watchlist, "1กข1234", reason="Taken at night", case_number="7/2026")
    _, hits = see(camera)
    (alert,) = raise_for_hits(hits=hits)
    assert raise_for_hits(hits=hits) == []
    assert Alert.objects.count() == 1
    assert alert.title == f"1กข1234 · Stolen cars · {camera.name}"
    assert (alert.priority, alert.state) == (90, State.NEW)
    assert alert.facts["reason"] == "Taken at night"
    assert alert.facts["case_number"] == "7/2026"
    assert alert.facts["category"] == watchlist.category
    assert kinds(alert) == ["raised"]


def test_same_plate_at_the_same_camera_adds_to_its_alert_until_the_cooldown_ends(
    camera: Camera, second_camera: Camera
) -> None:
    watchlist = make_watchlist(camera.organization)
    make_entry(watchlist)
    first, again, elsewhere = (see(place)[1] for place in (camera, camera, second_camera))
    (alert,) = raise_for_hits(hits=first)
    assert raise_for_hits(hits=again) == []
    alert.refresh_from_db()
    assert (alert.passes, kinds(alert)) == (2, ["raised", "repeated"])
    assert len(raise_for_hits(hits=elsewhere)) == 1
    Alert.objects.filter(pk=alert.pk).update(raised_at=timezone.now() - timedelta(minutes=6))
    assert len(raise_for_hits(hits=see(camera)[1])) == 1


def test_hits_of_one_transaction_that_are_the_same_are_one_alert(camera: Camera) -> None:
    make_entry(make_watchlist(camera.organization))
    hits = [*see(camera)[1], *see(camera)[1]]
    (alert,) = raise_for_hits(hits=hits)
    assert Alert.objects.get().passes == alert.passes == 2


@pytest.mark.parametrize("misread_first", [True, False])
def test_passing_that_two_entries_of_a_list_match_is_one_pass_and_shows_the_surest(
    camera: Camera, *, misread_first: bool
) -> None:
    watchlist = make_watchlist(camera.organization, match=Watchlist.Match.CONFUSABLE)
    make_entry(watchlist, "MAB8888", country="DE")
    make_entry(watchlist, "MA88888", country="DE")

    def hits() -> list[Hit]:
        found = see(camera, "MA88888", country="DE", province="")[1]
        return sorted(found, key=lambda hit: hit.certainty, reverse=not misread_first)

    assert len(hits()) == 2
    (alert,) = raise_for_hits(hits=hits())
    assert (alert.passes, alert.facts["entry"]) == (1, "MA88888")
    raise_for_hits(hits=hits())
    alert.refresh_from_db()
    assert (alert.passes, kinds(alert)) == (2, ["raised", "repeated"])


def test_old_hits_and_those_of_the_past_raise_nothing(camera: Camera) -> None:
    make_entry(make_watchlist(camera.organization), effective_from=timezone.now() - timedelta(2))
    _, hits = see(camera, captured_at=timezone.now() - timedelta(hours=7))
    assert hits
    assert raise_for_hits(hits=hits) == []


@pytest.mark.django_db(transaction=True)
def test_same_hits_raised_at_once_by_many_are_one_alert(camera: Camera) -> None:
    make_entry(make_watchlist(camera.organization))
    _, hits = see(camera)
    Alert.objects.all().delete()
    hit = Hit.objects.select_related("watchlist", "camera", "detection__plate").get(pk=hits[0].pk)

    def go() -> None:
        try:
            raise_for_hits(hits=[hit])
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Alert.objects.count() == 1


def test_sweeper_raises_what_a_dead_process_left(camera: Camera) -> None:
    make_entry(make_watchlist(camera.organization))
    see(camera)
    assert raise_missed() == 0
    Hit.objects.update(matched_at=timezone.now() - 2 * MISSED_AFTER)
    assert raise_missed() == 1
    assert raise_missed() == 0
    assert Alert.objects.count() == 1


def test_alert_takes_the_first_policy_that_fits_and_tells_at_once(camera: Camera) -> None:
    organization = camera.organization
    watchlist = make_watchlist(organization, priority=60)
    one, two = make_endpoint(organization), make_endpoint(organization)
    make_policy(organization, (0, [two]), position=1, least_priority=70)
    fits = make_policy(organization, (0, [one]), (60, [two]), position=2)
    fits.watchlists.add(watchlist)
    make_policy(organization, (0, [two]), position=3)
    alert = make_alert(camera, watchlist=watchlist)
    assert alert.policy == fits
    delivery = Delivery.objects.get(alert=alert)
    assert (delivery.endpoint, delivery.state, delivery.step) == (one, "pending", 0)
    assert alert.next_step_at == alert.raised_at + timedelta(seconds=60)


def overdue(alert: Alert) -> None:
    now = timezone.now() - timedelta(seconds=1)
    Alert.objects.filter(pk=alert.pk).exclude(next_step_at=None).update(next_step_at=now)


def test_escalation_goes_on_by_repeats_and_hand_over_until_it_ends(camera: Camera) -> None:
    organization = camera.organization
    first, second, last = (make_endpoint(organization) for _ in range(3))
    chief = make_policy(organization, (0, [last]), position=99, least_priority=100)
    policy = make_policy(organization, (0, [first]), position=1, hands_over_to=chief)
    step = EscalationStep.objects.create(
        policy=policy, after_seconds=30, repeats=1, repeat_every_seconds=30
    )
    step.endpoints.set([second])
    alert = make_alert(camera)
    for _ in range(5):
        overdue(alert)
        escalate_due()
    told = Delivery.objects.filter(alert=alert).order_by("step")
    assert [(one.step, one.endpoint) for one in told] == [
        (0, first),
        (1, second),
        (2, second),
        (3, last),
    ]
    alert.refresh_from_db()
    assert alert.next_step_at is None
    assert kinds(alert) == ["raised", "escalate", "escalate", "escalate"]


@pytest.mark.parametrize(
    "answer",
    [
        acknowledge_alerts,
        verify_alerts,
        resolve_alerts,
        lambda **kw: reject_alerts(reason=AlertRejectReason.MISREAD, **kw),
    ],
)
def test_escalation_stops_when_somebody_answers(
    answer: Callable[..., object], camera: Camera, operator: User
) -> None:
    one, two = make_endpoint(camera.organization), make_endpoint(camera.organization)
    make_policy(camera.organization, (0, [one]), (30, [two]), (60, [two]))
    alert = make_alert(camera)
    overdue(alert)
    escalate_due()
    answer(alert_ids=[alert.pk], actor=operator)
    alert.refresh_from_db()
    assert alert.next_step_at is None
    overdue(alert)
    assert escalate_due() == 0
    by_step = dict(Delivery.objects.filter(alert=alert).values_list("step", "state"))
    # Who was to be told at first still is; who was only to be reminded is not.
    assert by_step == {0: "pending", 1: "cancelled"}


def test_seen_does_not_stop_escalation(camera: Camera, operator: User) -> None:
    make_policy(camera.organization, (30, [make_endpoint(camera.organization)]))
    alert = make_alert(camera)
    see_alerts(alert_ids=[alert.pk], actor=operator)
    overdue(alert)
    assert escalate_due() == 1


def test_circle_of_policies_is_refused_in_words(organization: Organization) -> None:
    one = make_policy(organization, name="Guards")
    two = make_policy(organization, name="Chiefs", hands_over_to=one)
    one.hands_over_to = two
    with pytest.raises(ValidationError, match="Guards → Chiefs → Guards"):
        one.full_clean()
    one.hands_over_to = one
    with pytest.raises(ValidationError, match="circle"):
        one.full_clean()
    # Rows that were written otherwise hang nobody.
    EscalationPolicy.objects.filter(pk=one.pk).update(hands_over_to=two)
    assert escalate_due() == 0


def test_life_of_an_alert_is_in_its_history(camera: Camera, operator: User, staff: User) -> None:
    alert = make_alert(camera)
    ids = [alert.pk]
    see_alerts(alert_ids=ids, actor=operator)
    acknowledge_alerts(alert_ids=ids, actor=operator)
    acknowledge_alerts(alert_ids=ids, actor=staff)
    comment_alert(alert_id=alert.pk, actor=operator, text="Turned left")
    assign_alert(alert_id=alert.pk, actor=operator, assignee=staff)
    reject_alerts(alert_ids=ids, actor=operator, reason="misread", text="8, not B")
    reopen_alerts(alert_ids=ids, actor=staff)
    verify_alerts(alert_ids=ids, actor=staff)
    resolve_alerts(alert_ids=ids, actor=staff)
    assert kinds(alert) == [
        "raised", "seen", "acked", "comment", "assigned", "rejected", "reopened", "verified",
        "resolved",
    ]  # fmt: skip
    alert.refresh_from_db()
    assert (alert.state, alert.verdict) == (State.RESOLVED, "verified")
    assert (alert.acknowledged_by, alert.assigned_to) == (operator, staff)
    rejected = AlertChange.objects.get(alert=alert, kind="rejected")
    assert "8, not B" in rejected.text
    assert (rejected.before, rejected.after) == ("acked", "rejected")


def test_history_cannot_be_changed(camera: Camera) -> None:
    change = AlertChange.objects.get(alert=make_alert(camera))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AlertChange.objects.filter(pk=change.pk).update(text="other")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AlertChange.objects.filter(pk=change.pk).delete()


def test_rejection_needs_a_reason_and_comments_words(camera: Camera, operator: User) -> None:
    alert = make_alert(camera)
    with pytest.raises(AlertError, match="why"):
        reject_alerts(alert_ids=[alert.pk], actor=operator, reason="")
    with pytest.raises(AlertError):
        comment_alert(alert_id=alert.pk, actor=operator, text="  ")
    with pytest.raises(AlertError):
        comment_alert(alert_id=alert.pk, actor=operator, text="x" * 1_001)


def test_who_sees_and_answers_alerts(
    camera: Camera, second_camera: Camera, operator: User, viewer: User, outsider: User
) -> None:
    organization = camera.organization
    analyst = make_member(organization, Role.ANALYST)
    manager = make_member(organization, Role.MANAGER)
    shown = make_alert(camera)
    restricted = make_alert(
        camera, "2กข2222", watchlist=make_watchlist(organization, hit_roles=[Role.MANAGER])
    )
    for_viewers = make_alert(
        camera, "3กข3333", watchlist=make_watchlist(organization, hit_roles=[Role.VIEWER])
    )
    hidden_camera = make_alert(
        second_camera, "4กข4444", watchlist=make_watchlist(organization, hit_roles=[Role.VIEWER])
    )
    assert set(alerts_visible_to(operator)) == {shown}
    assert set(alerts_visible_to(analyst)) == {shown}
    assert set(alerts_visible_to(manager)) == {shown, restricted}
    assert set(alerts_visible_to(viewer)) == {for_viewers}
    assert not alerts_visible_to(outsider).exists()
    assert not alerts_answered_by(analyst).exists()
    assert not alerts_answered_by(viewer).exists()
    assert count_unanswered(operator) == 1
    for person in (analyst, viewer, outsider):
        with pytest.raises(Alert.DoesNotExist):
            acknowledge_alerts(alert_ids=[shown.pk], actor=person)
    audience = audience_of(viewer)
    for alert in (shown, restricted, for_viewers, hidden_camera):
        sees = audience.sees(
            organization_id=alert.organization_id,
            watchlist_id=alert.watchlist_id,
            camera_id=alert.camera_id,
        )
        assert sees == (alert == for_viewers)


def test_assignee_must_answer_alerts_here(camera: Camera, operator: User, outsider: User) -> None:
    alert = make_alert(camera)
    with pytest.raises(AlertError, match="Choose somebody"):
        assign_alert(alert_id=alert.pk, actor=operator, assignee=outsider)


def test_precision_comes_from_verdicts(camera: Camera, operator: User) -> None:
    watchlist = make_watchlist(camera.organization, name="Stolen")
    alerts = [make_alert(camera, f"1กข100{n}", watchlist=watchlist) for n in range(4)]
    verify_alerts(alert_ids=[alert.pk for alert in alerts[:3]], actor=operator)
    reject_alerts(alert_ids=[alerts[3].pk], actor=operator, reason="misread")
    since = timezone.now() - timedelta(days=1)
    (by_list,) = precision_by(operator, "watchlist__name", since=since)
    (by_match,) = precision_by(operator, "facts__policy", since=since)
    assert (by_list.name, by_list.right, by_list.judged) == ("Stolen", 3, 4)
    assert (by_match.name, by_match.right) == ("exact", 3)


def test_hand_over_note_counts_what_is_open(
    camera: Camera, operator: User, organization: Organization
) -> None:
    make_alert(camera)
    note = hand_over(organization=organization, actor=operator, text="Watch gate 2")
    assert note.open_alerts == 1
    with pytest.raises(AlertError):
        hand_over(organization=organization, actor=operator, text=" ")


def test_withdrawn_hit_stops_the_escalation_and_says_so(camera: Camera) -> None:
    make_policy(camera.organization, (600, [make_endpoint(camera.organization)]))
    alert = make_alert(camera)
    note_withdrawn(hits=Hit.objects.all())
    alert.refresh_from_db()
    assert (alert.state, alert.next_step_at) == (State.NEW, None)
    assert kinds(alert) == ["raised", "comment"]
