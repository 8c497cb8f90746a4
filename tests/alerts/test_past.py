"""What an entry would have hit before it was in its list: shown, audited, and noted as hits."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, User
from alerts import tasks
from alerts.models import Alert, Entry, Hit, Watchlist
from alerts.selectors.past import past_of_entry
from alerts.services.hits import match_reviewed, note_past_hits
from cameras.models import Camera
from detections.models import Detection
from detections.services.reviewing import correct_detection
from tests.alerts.factories import make_entry, make_watchlist, see
from tests.detections.factories import make_detection

ClientOf = Callable[[User], APIClient]


@pytest.fixture
def watchlist(camera: Camera) -> Watchlist:
    return make_watchlist(camera.organization)


def ago(**span: float) -> Any:
    return timezone.now() - timedelta(**span)


def late_entry(watchlist: Watchlist, number: str = "1กข1234", **fields: Any) -> Entry:
    """An entry that counts from now on."""
    return make_entry(watchlist, number, effective_from=timezone.now(), **fields)


def found(entry: Entry, user: User, days: int = 7) -> list[Detection]:
    return [one.detection for one in past_of_entry(entry, user=user, days=days).passes]


def test_past_goes_by_the_rules_of_the_list_and_by_what_the_person_sees(
    watchlist: Watchlist,
    camera: Camera,
    second_camera: Camera,
    other_camera: Camera,
    staff: User,
    viewer: User,
) -> None:
    near = make_detection(camera, text="1กข1234", captured_at=ago(hours=2))
    alike = make_detection(second_camera, text="1กช1234", captured_at=ago(days=3))
    old = make_detection(camera, text="1กข1234", captured_at=ago(days=9))
    make_detection(camera, text="1กข9999", captured_at=ago(hours=2))
    make_detection(other_camera, text="1กข1234", captured_at=ago(hours=2))
    entry = late_entry(watchlist)

    assert found(entry, staff) == [near, alike]
    assert found(entry, staff, days=1) == [near]
    assert found(entry, staff, days=30) == [near, alike, old]
    assert found(entry, viewer) == [near]
    pattern = late_entry(watchlist, "1กข*")
    assert len(found(pattern, staff)) == 3
    watchlist.cameras.set([second_camera])
    assert found(entry, staff) == [alike]
    Watchlist.objects.update(directions=["approaching"])
    assert found(entry, staff) == []


def test_past_is_shown_asks_why_and_stands_in_the_trail(
    watchlist: Watchlist, camera: Camera, operator: User, outsider: User, client_of: ClientOf
) -> None:
    make_detection(camera, text="1กข1234", captured_at=ago(hours=2))
    address = reverse("alerts:entry-past", args=[late_entry(watchlist).pk])
    assert client_of(outsider).get(address).status_code == 404

    client = client_of(operator)
    shown = client.get(address, {"days": "1"}).content.decode()
    assert "1 pass would have been a hit" in shown
    assert "Note them as hits" not in shown
    searched = AuditEvent.objects.filter(action=AuditEvent.Action.SEARCHED, actor=operator)
    assert searched.get().detail["plate"] == "1กข1234"
    Organization.objects.update(demands_reason=True)
    asked: Any = client.get(address)
    assert asked.url.startswith(reverse("accounts:reason"))
    assert searched.count() == 1


def test_past_hits_are_noted_once_say_so_and_alert_nobody(
    watchlist: Watchlist,
    camera: Camera,
    staff: User,
    operator: User,
    client_of: ClientOf,
    django_capture_on_commit_callbacks: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed = make_detection(camera, text="1กช1234", captured_at=ago(hours=1))
    entry = late_entry(watchlist, reason="theft")
    monkeypatch.setattr(tasks.note_past_hits, "delay", tasks.note_past_hits)
    address = reverse("alerts:entry-past-note", args=[entry.pk])
    assert client_of(operator).post(address, {"days": "7"}).status_code == 404
    client = client_of(staff)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post(address, {"days": "7"}).status_code == 302

    hit = Hit.objects.get()
    assert (hit.detection_id, hit.origin, hit.policy) == (passed.pk, "past", "confusable")
    assert (hit.entry_said["reason"], hit.distance) == ("theft", 0.2)
    assert Detection.objects.get(pk=passed.pk).is_hit
    assert not Alert.objects.exists()
    assert "found afterwards" in client.get(reverse("alerts:hits")).content.decode()
    page = client.get(reverse("alerts:entry-past", args=[entry.pk])).content.decode()
    assert "is a hit" in page
    assert "Note them as hits" not in page


def test_detection_is_no_hit_any_more_when_its_last_hit_is_withdrawn(
    watchlist: Watchlist, camera: Camera, operator: User
) -> None:
    other = make_watchlist(camera.organization)
    make_entry(watchlist)
    make_entry(other, "1กข9999")
    detection, _hits = see(camera)
    assert Detection.objects.get(pk=detection.pk).is_hit

    for number, is_hit in (("1กข9999", True), ("2ขค5678", False), ("1กข1234", True)):
        change = correct_detection(
            detection_id=detection.pk, actor=operator, number=number, country="TH", province=""
        )
        match_reviewed(changes=[change])
        assert Detection.objects.get(pk=detection.pk).is_hit is is_hit, number


def test_hits_and_their_mark_stay_when_the_entry_goes(
    watchlist: Watchlist, camera: Camera, staff: User
) -> None:
    make_detection(camera, text="1กข1234", captured_at=ago(hours=1))
    entry = late_entry(watchlist)
    assert note_past_hits(entry=entry, actor=staff, days=1) == 1
    entry.delete()

    assert Hit.objects.get().entry is None
    assert Detection.objects.get().is_hit
