"""Every staff page opens for whom it concerns, shows nothing of others, and costs the same.

The same number of queries, however many rows there are.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import AccessReason, AuditEvent, Organization, Role, Scope, User
from accounts.services import create_api_key, record_audit_event
from alerts.models import FeedRun, MessageTemplate
from alerts.services.feeds.running import queue_run
from alerts.services.feeds.setting_up import create_feed
from alerts.services.outbox import Told, make_deliveries
from cameras.models import Camera, CameraGroup, CameraStatus, PurposeRetention
from detections.models import DeletionCertificate, FunnelHour, NumberMatch, Upload
from detections.services.corrections import Wanted, correct_batch, create_rule
from detections.services.keeping.certificates import close_certificate, open_certificate
from detections.services.keeping.holds import create_hold
from detections.services.reviewing import confirm_detection
from reports.models import Export
from tests.accounts.factories import make_member
from tests.alerts.factories import make_alert, make_endpoint, make_policy
from tests.cameras.factories import make_camera, make_camera_group
from tests.detections.factories import make_detection
from vehicles.models import (
    CustomField,
    IgnoredPlate,
    LookUpResult,
    LookUpSource,
    Plate,
    Tag,
    Vehicle,
    VehicleImport,
)
from vehicles.services import PlateKey
from vehicles.services.registrations import assign_plate, ensure_plate, set_plate_status

OPENS = {200, 403}
PAGES = ("changelist", "add", "change", "history", "delete")
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def url_of(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def fill(organization: Organization, count: int = 1) -> None:
    """Rows of every kind in one organization."""
    for number in range(count):
        camera = make_camera(organization)
        make_camera_group(organization, [camera])
        detection = make_detection(camera, text="0ABC")
        manager = make_member(organization, Role.MANAGER)
        wanted = Wanted(camera=camera, match=NumberMatch.WHOLE, read_number="0ABC", number="OABC")
        correct_batch(wanted=wanted, actor=manager)
        AccessReason.objects.create(organization=organization, text=f"Reason {number} of {camera}")
        name = f"Words of {camera.pk}"
        MessageTemplate.objects.create(
            organization=organization, name=name, subject="Wanted", body="Seen"
        )
        endpoint = make_endpoint(organization)
        make_policy(organization, (0, [endpoint]))
        alert = make_alert(camera, f"AB{number}")
        make_deliveries([Told(alert, 0, endpoint)])
        assert alert.watchlist is not None
        feed = create_feed(
            watchlist=alert.watchlist,
            actor=manager,
            name="Police",
            kind="folder",
            address="police.csv",
            format="csv",
        )
        queue_run(feed=feed, actor=manager, work=FeedRun.Work.TRY)
        alert.watchlist.entries.update(feed=feed)
        create_rule(wanted=wanted, actor=manager)
        confirm_detection(detection_id=detection.pk, actor=manager)
        create_hold(
            organization=organization, actor=manager, reason="order", detection_ids=[detection.pk]
        )
        certificate = open_certificate(
            organization=organization, kind=DeletionCertificate.Kind.ERASURE
        )
        close_certificate(certificate=certificate, is_whole=True)
        PurposeRetention.objects.get_or_create(
            organization=organization, purpose=Camera.Purpose.values[number % 6]
        )
        make_member(organization, Role.VIEWER)
        create_api_key(
            organization=organization,
            name=f"Program {number}",
            role=Role.VIEWER,
            scopes=[Scope.CAMERAS_READ],
            expires_at=timezone.now() + timedelta(days=1),
            created_by=None,
        )
        vehicle = Vehicle.objects.create(organization=organization, name=f"Van {number}")
        plate = ensure_plate(organization=organization, key=PlateKey(f"VAN{number}", "GB", ""))
        if not plate.tenures.exists():
            assign_plate(vehicle=vehicle, plate=plate, actor=manager)
            set_plate_status(plate=plate, status=Plate.Status.STOLEN, reason="Test", actor=manager)
            IgnoredPlate.objects.create(organization=organization, number=plate.number, reason="T")
            Tag.objects.create(organization=organization, name=f"Tag {number}")
            CustomField.objects.create(organization=organization, key=f"key{number}", label="Key")
            register = LookUpSource.objects.create(organization=organization, name=f"R{number}")
            LookUpResult.objects.create(plate=plate, source=register, outcome="failed")
            VehicleImport.objects.create(
                organization=organization, original_name="cars.csv", size_bytes=1
            )
        Upload.objects.create(
            organization=organization,
            camera=camera,
            original_name=f"{camera.name}.mp4",
            kind=Upload.Kind.VIDEO,
            size_bytes=1,
            captured_at=timezone.now(),
        )
        FunnelHour.objects.create(camera=camera, hour=timezone.now())
        record_audit_event(action=AuditEvent.Action.EXPORTED, actor=None, target=camera)
        Export.objects.create(
            organization=organization,
            created_by=manager,
            kind=Export.Kind.DETECTIONS,
            format=Export.Format.CSV,
        )


def page_statuses(client: APIClient, model: type[Model]) -> dict[str, int]:
    statuses = {}
    row = model._default_manager.first()
    for page in PAGES:
        if page in {"changelist", "add"}:
            statuses[page] = client.get(url_of(model, page)).status_code
        elif row is not None:
            statuses[page] = client.get(url_of(model, page, row.pk)).status_code
    return statuses


def test_admin_pages_open_for_superuser(
    organization: Organization, superuser: User, client_of: Callable[[User], APIClient]
) -> None:
    fill(organization)
    client = client_of(superuser)
    for model in MODELS:
        statuses = page_statuses(client, model)
        assert statuses["changelist"] == 200, model
        assert set(statuses.values()) <= OPENS, model


def test_admin_lists_show_a_manager_own_rows_only(
    organization: Organization,
    other_organization: Organization,
    staff: User,
    client_of: Callable[[User], APIClient],
) -> None:
    fill(organization)
    fill(other_organization)
    client = client_of(staff)
    for model in MODELS:
        answer = client.get(url_of(model, "changelist"))
        assert answer.status_code in OPENS, model
        if answer.status_code == 403:
            continue
        page = admin.site._registry[model]
        own = set(page.readable(staff).values_list("pk", flat=True))  # type: ignore[attr-defined]
        shown = {row.pk for row in answer.context["cl"].result_list}
        assert shown == own, model
        strange = model._default_manager.exclude(pk__in=own).first()
        assert strange is not None, model
        for name in ("change", "history", "delete"):
            refused = client.get(url_of(model, name, strange.pk))
            # Django leads from a row that is not there to the first page, with a message.
            assert refused.status_code in {302, 403, 404}, (model, name)


def test_admin_lists_ask_no_more_queries_for_more_rows(
    organization: Organization, superuser: User, client_of: Callable[[User], APIClient]
) -> None:
    client = client_of(superuser)

    def queries_of(model: type[Model]) -> int:
        client.get(url_of(model, "changelist"))  # what is cached is cached
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url_of(model, "changelist")).status_code == 200, model
        return len(queries)

    fill(organization, 1)
    before = {model: queries_of(model) for model in MODELS}
    fill(organization, 5)
    assert {model: queries_of(model) for model in MODELS} == before


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ANALYST, Role.VIEWER])
def test_admin_is_closed_to_those_who_work_with_pages(
    role: Role, organization: Organization, client_of: Callable[[User], APIClient]
) -> None:
    client = client_of(make_member(organization, role))
    for model in (User, CameraGroup, Organization):
        assert client.get(url_of(model, "changelist")).status_code in {302, 403}
    assert client.get(reverse("admin:index")).status_code in {302, 403}


def test_admin_log_in_leads_to_the_one_log_in_page(db: None, client: APIClient) -> None:
    answer = client.get(reverse("admin:login"), {"next": "/admin/"})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_first_page_shows_own_cameras_and_no_machine_to_a_manager(
    organization: Organization,
    other_organization: Organization,
    staff: User,
    client_of: Callable[[User], APIClient],
) -> None:
    own = make_camera(organization, name="North gate")
    strange = make_camera(other_organization, name="Runway")
    for camera in (own, strange):
        CameraStatus.objects.filter(camera=camera).update(
            state=CameraStatus.State.FAILING, error="Nothing listens on port 554."
        )
        make_detection(camera)
    client = client_of(staff)
    for name in ("admin:index", "admin-system-state"):
        page = client.get(reverse(name)).content.decode()
        assert "North gate" in page
        assert "Nothing listens on port 554." in page
        assert "Runway" not in page
        assert "busiest hour 1" in page
    assert client.get(reverse("admin-host-state")).status_code == 403


def test_host_panels_say_what_is_missing(
    superuser: User, client_of: Callable[[User], APIClient], settings: Settings
) -> None:
    client = client_of(superuser)
    page = client.get(reverse("admin-host-state")).content.decode()
    assert "No “recognition” worker answered" in page
    assert "free" in page
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    page = client.get(reverse("admin-host-state")).content.decode()
    assert "Redis does not answer." in page


def test_page_that_renews_itself_fills_no_audit_trail(
    superuser: User, client_of: Callable[[User], APIClient]
) -> None:
    client = client_of(superuser)
    viewed = AuditEvent.objects.filter(action=AuditEvent.Action.VIEWED)
    client.get(reverse("admin:index"))
    before = viewed.count()
    for name in ("admin-system-state", "admin-host-state"):
        assert client.get(reverse(name)).status_code == 200
    assert viewed.count() == before == 1
