"""Exports: what is in the files, who may have them, and what becomes of those that fail."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from django.contrib.gis.geos import Point
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.errors import ReasonDemandedError
from accounts.models import AuditEvent, Organization, Role, User
from cameras.models import Camera
from detections.models import Detection
from detections.services.reviewing import correct_detection
from lpr_project.common.errors import LprError, NotAllowedError
from reports.errors import ExportGoneError, ExportTooLargeError, TooManyExportsError
from reports.models import Export
from reports.selectors import exports_visible_to
from reports.services import columns, making
from reports.services.exports import (
    Wanted,
    cancel_export,
    check_link,
    expire_exports,
    exports_to_resume,
    link_token,
    new_export,
    take_file,
)
from reports.services.making import make_export, send_at_once
from reports.tasks import expire_exports as expire_task
from tests.accounts.factories import make_member
from tests.cameras.factories import make_camera
from tests.detections.factories import make_detection
from tests.reports.factories import ask_export, made_file

AT = datetime(2026, 11, 20, 17, 30, 0, 250_000, tzinfo=UTC)
DANGEROUS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", " =1", "＝1+1"]  # noqa: RUF001  # as meant


@pytest.fixture
def detections(camera: Camera) -> list[Detection]:
    """Three, oldest first."""
    camera.point = Point(100.5, 13.75, srid=4326)
    camera.save()
    return [
        make_detection(camera, text=f"1กข 123{number}", captured_at=AT + timedelta(minutes=number))
        for number in range(3)
    ]


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_csv_holds_what_was_asked_for_in_the_zone_of_the_organization(
    analyst: User, detections: list[Detection]
) -> None:
    export = ask_export(
        analyst,
        columns=["captured_at", "camera", "number", "province_name", "latitude", "confidence"],
        criteria={"text": "1กข1232"},
    )

    content = made_file(export)

    assert content.startswith(b"\xef\xbb\xbfcaptured_at,camera,number,")
    [row] = table(content)
    assert row == {
        "captured_at": "2026-11-21T00:32:00.250+07:00",
        "camera": "Camera 1",
        "number": "1กข1232",
        "province_name": "Bangkok",
        "latitude": "13.75",
        "confidence": "0.9",
    }
    assert (export.rows_count, export.progress, export.error) == (1, 1.0, "")
    assert export.size_bytes == len(content)


def test_csv_without_mark_and_in_thai(analyst: User, detections: list[Detection]) -> None:
    content = made_file(
        ask_export(analyst, columns=["province_name"], for_excel=False, language="th")
    )

    assert content.splitlines()[:2] == [b"province_name", "กรุงเทพมหานคร".encode()]


def test_every_row_is_written_once_newest_first_over_many_batches(
    analyst: User, detections: list[Detection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "BATCH_ROWS", 2)

    rows = table(made_file(ask_export(analyst, columns=["id"])))

    assert [row["id"] for row in rows] == [str(row.pk) for row in reversed(detections)]


@pytest.mark.parametrize("text", DANGEROUS)
def test_formulas_in_csv_and_xlsx_are_text(
    analyst: User, organization: Organization, text: str
) -> None:
    make_detection(make_camera(organization, name=f"{text}|x"))

    [row] = table(made_file(ask_export(analyst, columns=["camera", "confidence"])))
    assert row == {"camera": f"'{text}|x", "confidence": "0.9"}

    content = made_file(ask_export(analyst, format=Export.Format.XLSX, columns=["camera"]))
    cell = openpyxl.load_workbook(io.BytesIO(content)).active["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (f"{text}|x", "s", True)


def test_xlsx_holds_dates_numbers_and_text(analyst: User, detections: list[Detection]) -> None:
    content = made_file(
        ask_export(
            analyst,
            format=Export.Format.XLSX,
            columns=["captured_at", "number", "confidence", "longitude", "is_hit"],
        )
    )

    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == (
        "Captured", "Hours from UTC", "Number", "Confidence", "Longitude", "Hit",
    )  # fmt: skip
    assert rows[1] == (
        datetime(2026, 11, 21, 0, 32, 0, 250_000),  # noqa: DTZ001  # Excel knows no zones
        "+07:00",
        "1กข1232",
        0.9,
        100.5,
        False,
    )
    assert len(rows) == 4
    assert sheet.freeze_panes == "A2"


def test_xlsx_takes_what_xml_cannot_hold(analyst: User, organization: Organization) -> None:
    make_detection(make_camera(organization, name="gate\x0b\x1f2"))

    content = made_file(ask_export(analyst, format=Export.Format.XLSX, columns=["camera"]))

    assert openpyxl.load_workbook(io.BytesIO(content)).active["A2"].value == "gate\ufffd\ufffd2"


def test_geo_json_places_each_detection(
    analyst: User, detections: list[Detection], organization: Organization
) -> None:
    nowhere = make_detection(make_camera(organization))

    content = made_file(ask_export(analyst, format=Export.Format.GEO_JSON, columns=["number"]))

    collection = json.loads(content)
    assert collection["type"] == "FeatureCollection"
    first, second, *_ = collection["features"]
    assert (first["id"], first["geometry"]) == (str(nowhere.pk), None)
    assert second == {
        "type": "Feature",
        "id": str(detections[2].pk),
        "geometry": {"type": "Point", "coordinates": [100.5, 13.75]},
        "properties": {"number": "1กข1232"},
    }


def test_json_lines_of_nothing_is_empty_and_of_something_reads_back(
    analyst: User, detections: list[Detection]
) -> None:
    fields: dict[str, Any] = {"format": Export.Format.JSON_LINES, "columns": ["id", "confidence"]}
    lines = made_file(ask_export(analyst, **fields)).splitlines()

    assert json.loads(lines[0]) == {"id": str(detections[2].pk), "confidence": 0.9}
    assert made_file(ask_export(analyst, **fields, criteria={"text": "ABSENT1"})) == b""


def test_export_uses_what_was_corrected(analyst: User, detections: list[Detection]) -> None:
    correct_detection(
        detection_id=detections[0].pk, actor=analyst, number="9ขก9", country="TH", province="TH-20"
    )

    rows = table(made_file(ask_export(analyst, columns=["number", "read_number"])))

    assert rows[-1] == {"number": "9ขก9", "read_number": "1กข1230"}


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER, Role.AUDITOR])
def test_roles_that_take_nothing_away_are_refused(organization: Organization, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        ask_export(make_member(organization, role))
    assert not Export.objects.exists()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ANALYST, Role.OPERATOR, Role.VIEWER])
def test_audit_trail_is_exported_by_owners_and_auditors_only(
    organization: Organization, auditor: User, role: Role
) -> None:
    with pytest.raises(NotAllowedError):
        ask_export(make_member(organization, role), kind=Export.Kind.AUDIT_TRAIL)

    export = ask_export(auditor, kind=Export.Kind.AUDIT_TRAIL, criteria={"action": "granted"})
    rows = table(made_file(export))
    events = AuditEvent.objects.filter(action="granted", organization=organization)
    assert [row["id"] for row in rows] == [str(event.pk) for event in events]
    assert json.loads(rows[0]["detail"])["role"]


def test_rows_are_those_of_the_moment_of_making(
    analyst: User, organization: Organization, other_camera: Camera, detections: list[Detection]
) -> None:
    make_detection(other_camera)
    export = ask_export(analyst, columns=["id"])
    analyst.groups.clear()  # sees no camera any more

    assert table(made_file(export)) == []


def test_viewer_who_became_analyst_exports_the_cameras_that_it_sees(
    viewer: User, organization: Organization, camera: Camera, second_camera: Camera
) -> None:
    viewer.memberships.update(role=Role.ANALYST)  # with the grants of a viewer still
    seen, _hidden = make_detection(camera), make_detection(second_camera)

    assert [row["id"] for row in table(made_file(ask_export(viewer, columns=["id"])))] == [
        str(seen.pk)
    ]


def test_somebody_who_lost_the_role_gets_nothing(
    analyst: User, detections: list[Detection]
) -> None:
    done = ask_export(analyst)
    made_file(done)
    assert exports_visible_to(analyst).filter(pk=done.pk).exists()

    analyst.memberships.update(role=Role.OPERATOR)
    assert not exports_visible_to(analyst).exists()


def test_reason_and_case_number_are_demanded(
    analyst: User, organization: Organization, detections: list[Detection]
) -> None:
    organization.demands_reason = organization.demands_case_number = True
    organization.save()
    with pytest.raises(ReasonDemandedError) as refused:
        ask_export(analyst)
    assert refused.value.detail.keys() >= {"reason", "case_number"}

    ask_export(analyst, reason="theft", case_number="12/2569")
    event = AuditEvent.objects.filter(action=AuditEvent.Action.EXPORTED).latest("id")
    assert (event.reason, event.case_number) == ("theft", "12/2569")


def test_what_is_asked_made_and_downloaded_is_audited(
    analyst: User, detections: list[Detection]
) -> None:
    export = ask_export(analyst, criteria={"text": "1กข123*"}, columns=["number"])
    made_file(export)
    take_file(export=export, user=analyst)

    events = AuditEvent.objects.filter(action="exported", target_id=str(export.pk)).order_by("id")
    assert [event.detail["stage"] for event in events] == ["asked", "made", "downloaded"]
    assert {event.actor for event in events} == {analyst}
    assert events[1].detail["rows"] == 3
    assert events[2].detail["sha256"] == export.sha256
    assert events[0].detail["criteria"] == {"text": "1กข123*", "match": "wildcard"}


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"columns": ["number", "password"]}, "columns"),
        ({"columns": ["number", "number"]}, "columns"),
        ({"format": Export.Format.ZIP}, "format"),
        ({"criteria": {"since": "yesterday"}}, "since"),
        ({"criteria": {"text": "***"}}, "text"),
        ({"kind": Export.Kind.EVIDENCE, "format": Export.Format.ZIP, "reason": "x"}, "detections"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    analyst: User, fields: dict[str, Any], name: str
) -> None:
    with pytest.raises(LprError) as refused:
        ask_export(analyst, **fields)
    assert name in refused.value.detail


def test_few_rows_are_sent_at_once_and_many_are_not(
    analyst: User, detections: list[Detection], settings: Settings
) -> None:
    wanted = Wanted(kind=Export.Kind.DETECTIONS, format=Export.Format.CSV, columns=["id"])
    settings.EXPORT_DIRECT_ROWS = 3
    content = b"".join(send_at_once(user=analyst, export=new_export(user=analyst, wanted=wanted)))
    assert len(table(content)) == 3
    event = AuditEvent.objects.filter(action="exported").latest("id")
    assert (event.detail["stage"], event.detail["rows"]) == ("sent", 3)
    assert not Export.objects.exists()

    settings.EXPORT_DIRECT_ROWS = 2
    with pytest.raises(ExportTooLargeError):
        send_at_once(user=analyst, export=new_export(user=analyst, wanted=wanted))


def test_more_rows_or_bytes_than_allowed_end_in_a_sentence(
    analyst: User,
    detections: list[Detection],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.EXPORT_MAX_ROWS = 2
    export = ask_export(analyst)
    make_export(export.pk)
    export.refresh_from_db()
    assert export.state == Export.State.FAILED
    assert "more than 2 rows" in export.error

    settings.EXPORT_MAX_ROWS, settings.EXPORT_MAX_BYTES = 10, 10
    monkeypatch.setattr(columns, "BATCH_ROWS", 1)
    export = ask_export(analyst)
    make_export(export.pk)
    export.refresh_from_db()
    assert "grew larger" in export.error
    assert not export.stored_name


def test_one_account_has_only_so_many_in_the_making(analyst: User, settings: Settings) -> None:
    settings.EXPORTS_AT_ONCE = 2
    first, _second = ask_export(analyst), ask_export(analyst)
    with pytest.raises(TooManyExportsError):
        ask_export(analyst)

    cancel_export(export=first, actor=analyst)
    ask_export(analyst)


def test_cancelled_while_it_is_made_leaves_no_file(
    analyst: User, detections: list[Detection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "BATCH_ROWS", 1)
    export = ask_export(analyst)
    pieces = making._pieces

    def cancel_then_write(*arguments: Any) -> Any:
        for number, piece in enumerate(pieces(*arguments)):
            if number == 1:
                cancel_export(export=export, actor=analyst)
            yield piece

    monkeypatch.setattr(making, "_pieces", cancel_then_write)
    make_export(export.pk)

    export.refresh_from_db()
    assert (export.state, export.stored_name) == (Export.State.CANCELLED, "")
    with pytest.raises(ExportGoneError):
        take_file(export=export, user=analyst)


def test_export_of_a_killed_worker_is_begun_anew(
    analyst: User, detections: list[Detection]
) -> None:
    export = ask_export(analyst, columns=["id"])
    killed = timezone.now() - timedelta(minutes=5)
    Export.objects.filter(pk=export.pk).update(
        state="running", heartbeat_at=killed, updated_at=killed, attempts=1, rows_count=2
    )

    assert exports_to_resume() == [export.pk]
    assert len(table(made_file(export))) == 3
    assert (export.attempts, export.rows_count) == (2, 3)


def test_export_that_another_worker_makes_is_left_to_it(analyst: User) -> None:
    export = ask_export(analyst)
    Export.objects.filter(pk=export.pk).update(state="running", heartbeat_at=timezone.now())

    make_export(export.pk)

    export.refresh_from_db()
    assert (export.state, export.attempts) == (Export.State.RUNNING, 0)
    assert exports_to_resume() == []


def test_worker_that_was_given_up_does_not_finish(
    analyst: User, detections: list[Detection], monkeypatch: pytest.MonkeyPatch
) -> None:
    export = ask_export(analyst)
    pieces = making._pieces

    def taken_over(*arguments: Any) -> Any:
        yield from pieces(*arguments)
        Export.objects.filter(pk=export.pk).update(attempts=2)

    monkeypatch.setattr(making, "_pieces", taken_over)
    make_export(export.pk)

    export.refresh_from_db()
    assert (export.state, export.stored_name) == (Export.State.RUNNING, "")


def test_export_that_kills_its_workers_is_given_up(analyst: User) -> None:
    export = ask_export(analyst)
    Export.objects.filter(pk=export.pk).update(attempts=3)

    make_export(export.pk)

    export.refresh_from_db()
    assert export.state == Export.State.FAILED
    assert "3 times" in export.error


def test_file_goes_when_its_time_is_over(analyst: User, detections: list[Detection]) -> None:
    export = ask_export(analyst)
    made_file(export)
    name = export.stored_name
    Export.objects.filter(pk=export.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    export.refresh_from_db()
    with pytest.raises(ExportGoneError):
        take_file(export=export, user=analyst)

    expire_task()

    assert not storages["exports"].exists(name)
    export.refresh_from_db()
    assert (export.state, export.stored_name) == (Export.State.EXPIRED, "")
    assert expire_exports() == 0


def test_deleted_export_takes_its_file_along(
    analyst: User, detections: list[Detection], django_capture_on_commit_callbacks: Any
) -> None:
    export = ask_export(analyst)
    made_file(export)
    name = export.stored_name
    assert storages["exports"].exists(name)

    with django_capture_on_commit_callbacks(execute=True):
        cancel_export(export=export, actor=analyst)

    assert not storages["exports"].exists(name)


def test_link_is_for_one_user_one_file_and_some_minutes(
    analyst: User, staff: User, time_machine: Any
) -> None:
    export, other = ask_export(analyst), ask_export(analyst)
    time_machine.move_to(timezone.now(), tick=False)
    token = link_token(export=export, user=analyst)
    check_link(export=export, user=analyst, token=token)

    for thing, user, text in (
        (other, analyst, token),
        (export, staff, token),
        (export, analyst, ""),
    ):
        with pytest.raises(LprError, match="not made for you"):
            check_link(export=thing, user=user, token=text)
    time_machine.shift(timedelta(minutes=11))
    with pytest.raises(LprError, match="no longer good"):
        check_link(export=export, user=analyst, token=token)


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_one_file(analyst: User, detections: list[Detection]) -> None:
    export = ask_export(analyst)
    made: list[UUID] = []

    def work() -> None:
        try:
            make_export(export.pk)
            made.append(export.pk)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    export.refresh_from_db()
    assert len(made) == 2
    assert (export.state, export.attempts) == (Export.State.DONE, 1)
