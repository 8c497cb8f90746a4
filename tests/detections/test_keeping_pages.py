"""Pages and API of keeping: who sees and does what."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Organization, Role, User
from cameras.models import Camera
from detections.models import DeletionCertificate, Detection, LegalHold
from detections.services.keeping.certificates import close_certificate, open_certificate
from detections.services.keeping.holds import create_hold
from tests.accounts.factories import make_member
from tests.detections.factories import make_detection

ClientOf = Callable[[User], APIClient]
HOLDS, CERTIFICATES = "/api/v1/legal-holds/", "/api/v1/deletion-certificates/"


@pytest.fixture
def manager(organization: Organization) -> User:
    return make_member(organization, Role.MANAGER, email="manager@example.org")


@pytest.fixture
def auditor(organization: Organization) -> User:
    return make_member(organization, Role.AUDITOR, email="auditor@example.org")


@pytest.fixture
def detection(camera: Camera) -> Detection:
    return make_detection(camera)


@pytest.fixture
def hold(organization: Organization, manager: User, detection: Detection) -> LegalHold:
    return create_hold(
        organization=organization,
        actor=manager,
        reason="court order",
        case_number="A 1/26",
        detection_ids=[detection.pk],
    )


@pytest.fixture
def certificate(organization: Organization) -> DeletionCertificate:
    row = open_certificate(organization=organization, kind=DeletionCertificate.Kind.ERASURE)
    close_certificate(certificate=row, is_whole=True)
    return row


@pytest.mark.parametrize(
    ("keeps", "named"),
    [("detection", (1, 0, 0)), ("plate", (0, 1, 0)), ("around", (0, 0, 1))],
)
def test_detection_page_holds_what_is_chosen(
    client_of: ClientOf,
    detection: Detection,
    manager: User,
    operator: User,
    keeps: str,
    named: tuple[int, int, int],
) -> None:
    page = f"/detections/{detection.pk}/"
    form = {"keeps": keeps, "reason": "court order", "case_number": "A 1/26"}
    assert "Put a legal hold" in client_of(manager).get(page).content.decode()
    assert "Put a legal hold" not in client_of(operator).get(page).content.decode()

    refused = client_of(operator).post(f"{page}hold", form, format="multipart", follow=True)
    assert "for owners and managers" in refused.content.decode()
    answer = client_of(manager).post(f"{page}hold", form, format="multipart", follow=True)

    assert "This is kept now" in answer.content.decode()
    kept = LegalHold.objects.get()
    assert named == (
        kept.held_detections.count(),
        kept.held_plates.count(),
        kept.held_spans.count(),
    )
    assert "court order" in client_of(manager).get(page).content.decode()
    # Others learn that it is kept, and not why.
    seen = client_of(operator).get(page).content.decode()
    assert "Legal hold" in seen
    assert "court order" not in seen


def test_keeping_page_makes_and_ends_a_hold_on_a_span(
    client_of: ClientOf, camera: Camera, manager: User
) -> None:
    client = client_of(manager)
    form = {
        "camera": str(camera.pk),
        "since": "2026-01-02T10:00",
        "until": "2026-01-02T11:00",
        "reason": "accident",
    }
    wrong = client.post("/keeping/", {**form, "until": "2026-01-02T09:00"}, format="multipart")
    assert wrong.status_code == 422
    assert "must end after it begins" in wrong.content.decode()

    client.post("/keeping/", form, format="multipart")

    kept = LegalHold.objects.get()
    span = kept.held_spans.get()
    assert span.until - span.since == timedelta(hours=1)
    assert "accident" in client.get("/keeping/").content.decode()
    unsaid = client.post(
        f"/keeping/holds/{kept.pk}/lift", {"reason": ""}, format="multipart", follow=True
    )
    assert "Say why the hold ends" in unsaid.content.decode()
    client.post(f"/keeping/holds/{kept.pk}/lift", {"reason": "settled"}, format="multipart")
    kept.refresh_from_db()
    assert (kept.is_active, kept.lift_reason, kept.lifted_by) == (False, "settled", manager)


def test_keeping_page_is_for_those_who_answer_for_it(
    client_of: ClientOf,
    hold: LegalHold,
    certificate: DeletionCertificate,
    auditor: User,
    operator: User,
    viewer: User,
    outsider: User,
) -> None:
    for user in (operator, viewer, outsider):
        page = client_of(user).get("/keeping/").content.decode()
        # Who manages another organization sees the page, and that one's rows.
        assert user == outsider or "for owners, managers and auditors" in page
        assert "court order" not in page
        assert str(certificate.pk) not in page
        assert client_of(user).get(f"/keeping/certificates/{certificate.pk}").status_code == 404
        assert client_of(user).post(f"/keeping/holds/{hold.pk}/lift").status_code == 404
    page = client_of(auditor).get("/keeping/").content.decode()
    assert "court order" in page
    assert "End the hold" not in page
    document = client_of(auditor).get(f"/keeping/certificates/{certificate.pk}")
    assert document.json()["sha256_chain"] == "0" * 64
    assert "attachment" in document["Content-Disposition"]
    client_of(auditor).post(
        f"/keeping/holds/{hold.pk}/lift", {"reason": "because"}, format="multipart"
    )
    hold.refresh_from_db()
    assert hold.is_active


def test_certificate_that_is_being_written_cannot_be_taken(
    client_of: ClientOf, organization: Organization, auditor: User
) -> None:
    running = open_certificate(organization=organization, kind=DeletionCertificate.Kind.RETENTION)
    running.save()
    assert client_of(auditor).get(f"/keeping/certificates/{running.pk}").status_code == 404


def test_api_makes_shows_and_ends_holds(
    client_of: ClientOf, camera: Camera, detection: Detection, manager: User, auditor: User
) -> None:
    client = client_of(manager)
    now = timezone.now()
    body = {
        "reason": "court order",
        "detections": [str(detection.pk)],
        "plates": [str(detection.plate_id)],
        "spans": [
            {
                "camera": str(camera.pk),
                "since": (now - timedelta(hours=1)).isoformat(),
                "until": now.isoformat(),
            }
        ],
    }

    made = client.post(HOLDS, body, format="json")

    assert made.status_code == 201
    url = f"{HOLDS}{made.json()['id']}/"
    shown = client_of(auditor).get(url).json()
    assert shown["detections"] == [str(detection.pk)]
    assert shown["plates"] == [str(detection.plate_id)]
    assert shown["spans"][0]["camera"] == str(camera.pk)
    assert client_of(auditor).post(f"{url}lift/", {"reason": "x"}).status_code == 403
    assert client.post(f"{url}lift/", {}, format="json").status_code == 400
    assert client.post(f"{url}lift/", {"reason": "settled"}).json()["is_active"] is False
    assert client.post(f"{url}lift/", {"reason": "again"}).status_code == 409


def test_api_shows_and_does_nothing_to_others(
    client_of: ClientOf,
    hold: LegalHold,
    certificate: DeletionCertificate,
    detection: Detection,
    operator: User,
    viewer: User,
    outsider: User,
    auditor: User,
) -> None:
    body = {"reason": "why not", "detections": [str(detection.pk)]}
    for user in (operator, viewer, auditor):
        assert client_of(user).post(HOLDS, body, format="json").status_code == 403
    # Who manages another organization finds no such detection there.
    assert client_of(outsider).post(HOLDS, body, format="json").status_code in {400, 403}
    for user in (operator, viewer, outsider):
        for url, row in ((HOLDS, hold), (CERTIFICATES, certificate)):
            assert client_of(user).get(url).json()["results"] == []
            assert client_of(user).get(f"{url}{row.pk}/").status_code == 404
    [shown] = client_of(auditor).get(CERTIFICATES).json()["results"]
    assert shown["document"]["deleted"]["detections"] == 0
    assert LegalHold.objects.count() == 1
