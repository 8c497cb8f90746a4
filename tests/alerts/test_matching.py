"""Which detections hit which entries: by number, place, time, direction and province."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.db import connection
from django.utils import timezone

from accounts.models import Organization
from alerts.models import Agreement, Entry, Hit, Watchlist
from alerts.services.entries import delete_entry, expire_entry, renew_entry
from alerts.services.watchlists import archive_watchlist, update_watchlist
from cameras.models import Camera
from tests.alerts.factories import make_entry, make_watchlist, see
from tests.cameras.factories import make_camera, make_camera_group
from vehicles.plates.confusables import GROUPS, fold

Match = Watchlist.Match


@pytest.mark.parametrize(
    ("match", "entry", "seen", "policy", "edits", "distance"),
    [
        (Match.EXACT, "1กข1234", "1กข-1234", "exact", 0, 0.0),
        (Match.EXACT, "1กข1234", "1กช1234", None, 0, 0.0),
        (Match.CONFUSABLE, "1กข1234", "1กข1234", "exact", 0, 0.0),
        (Match.CONFUSABLE, "1กข1234", "1กช1234", "confusable", 0, 0.2),
        (Match.CONFUSABLE, "B0SS123", "8OS5I23", "confusable", 0, 0.8),
        (Match.CONFUSABLE, "1กข1234", "1กข1244", None, 0, 0.0),
        (Match.EDITS, "1กข1234", "1กข1274", "edits", 1, 1.0),
        (Match.EDITS, "1กข1234", "1กข124", "edits", 1, 1.0),
        (Match.EDITS, "1กข1234", "11กข1234", "edits", 1, 1.0),
        (Match.EDITS, "1กข1234", "1กช1274", "edits", 1, 1.2),
        (Match.EDITS, "1กข1234", "1กข1774", None, 0, 0.0),
        (Match.EDITS, "AB12", "AB37", None, 0, 0.0),
        (Match.EXACT, "1กข*", "1กข9", "pattern", 0, 0.0),
        (Match.EXACT, "1กข??34", "1กข1234", "pattern", 0, 0.0),
        (Match.EXACT, "1กข??34", "1กข134", None, 0, 0.0),
        (Match.EXACT, "1กข*", "1กช9", None, 0, 0.0),
        (Match.CONFUSABLE, "1กข*", "1กช9", "pattern", 0, 0.0),
    ],
)
def test_number_is_matched_as_the_list_says(
    camera: Camera,
    match: Match,
    entry: str,
    seen: str,
    policy: str | None,
    edits: int,
    distance: float,
) -> None:
    wanted = make_entry(make_watchlist(camera.organization, match=match), entry, reason="theft")

    detection, hits = see(camera, seen, confidence=0.8)

    if policy is None:
        assert hits == []
        return
    [hit] = hits
    assert (hit.policy, hit.edits, hit.distance) == (policy, edits, distance)
    assert hit.entry == wanted
    assert hit.captured_at == detection.captured_at
    assert hit.entry_said["reason"] == "theft"
    assert hit.certainty == pytest.approx(0.8 * 0.5**distance, abs=1e-4)


def test_two_edits_anywhere_in_a_number_are_found(camera: Camera) -> None:
    watchlist = make_watchlist(camera.organization, match=Match.EDITS, edits_most=2)
    make_entry(watchlist, "ABC1234")

    found = [see(camera, text)[1] for text in ("XBC7234", "ABC12", "ABXC12X34", "AC1X34", "AB")]

    assert [[hit.edits for hit in hits] for hits in found] == [[2], [2], [2], [2], []]


@pytest.mark.parametrize(
    ("rule", "seen", "hits", "agrees"),
    [
        (Agreement.REQUIRED, "TH-10", 1, True),
        (Agreement.REQUIRED, "", 0, None),
        (Agreement.REQUIRED, "TH-50", 0, None),
        (Agreement.IF_KNOWN, "", 1, None),
        (Agreement.IF_KNOWN, "TH-50", 0, None),
        (Agreement.IGNORED, "TH-50", 1, False),
    ],
)
def test_province_agrees_as_the_list_says(
    camera: Camera, rule: Agreement, seen: str, hits: int, *, agrees: bool | None
) -> None:
    watchlist = make_watchlist(camera.organization, province_rule=rule)
    make_entry(watchlist, province="กรุงเทพ")

    _detection, found = see(camera, province=seen)

    assert [hit.province_agrees for hit in found] == [agrees] * hits


def test_entry_without_province_fits_all_of_them(camera: Camera) -> None:
    make_entry(make_watchlist(camera.organization, province_rule=Agreement.REQUIRED))

    assert len(see(camera, province="TH-50")[1]) == 1


def test_country_must_agree_where_it_was_read(camera: Camera) -> None:
    make_entry(make_watchlist(camera.organization), "AB123", country="LA")

    assert see(camera, "AB123", country="MY", province="")[1] == []
    assert len(see(camera, "AB123", country="", province="")[1]) == 1


def test_entry_counts_from_its_beginning_to_its_end(camera: Camera) -> None:
    now = timezone.now()
    make_entry(
        make_watchlist(camera.organization),
        effective_from=now - timedelta(hours=2),
        expires_at=now - timedelta(hours=1),
    )

    seen = [see(camera, captured_at=now - timedelta(minutes=m))[1] for m in (150, 90, 30)]

    assert [len(hits) for hits in seen] == [0, 1, 0]


def test_hours_are_those_of_the_organization(camera: Camera) -> None:
    # Friday night in Bangkok until three on Saturday.
    night = [{"days": [4], "from": 22 * 60, "to": 3 * 60}]
    make_entry(
        make_watchlist(camera.organization, active_hours=night),
        effective_from=datetime(2026, 1, 1, tzinfo=UTC),
    )
    friday = datetime(2026, 11, 27, tzinfo=camera.organization.zone)
    hours = {20: 0, 22: 1, 26: 1, 27: 0}

    for hour, expected in hours.items():
        moment = friday + timedelta(hours=hour)
        assert len(see(camera, captured_at=moment)[1]) == expected, hour


def test_hours_in_sql_are_those_of_cameras(camera: Camera) -> None:
    camera.active_hours = [
        {"days": [0, 6], "from": 1380, "to": 60},
        {"days": [2], "from": 0, "to": 1440},
        {"days": [3], "from": 600, "to": 600},
    ]
    sunday = datetime(2026, 11, 22, tzinfo=camera.zone)
    moments = [sunday + timedelta(minutes=10 * step) for step in range(8 * 144)]

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT alerts_is_within(%s::jsonb, moment AT TIME ZONE 'Asia/Bangkok')"
            " FROM unnest(%s::timestamptz[]) AS moment",
            [json.dumps(camera.active_hours), moments],
        )
        held = [holds for (holds,) in cursor.fetchall()]

    assert held == [camera.is_active_at(moment) for moment in moments]
    assert True in held
    assert False in held


def test_places_are_cameras_groups_and_area_together(organization: Organization) -> None:
    named, grouped, inside, elsewhere = (
        make_camera(organization, point=Point(longitude, 13.7))
        for longitude in (101.0, 101.1, 100.5, 102.0)
    )
    make_entry(
        make_watchlist(
            organization,
            cameras=[named],
            camera_groups=[make_camera_group(organization, [grouped])],
            area=MultiPolygon(Polygon.from_bbox((100.4, 13.6, 100.6, 13.8))),
        )
    )

    hits = [len(see(camera)[1]) for camera in (named, grouped, inside, elsewhere)]

    assert hits == [1, 1, 1, 0]


def test_direction_is_one_of_those_chosen(camera: Camera) -> None:
    make_entry(make_watchlist(camera.organization, directions=["approaching"]))

    hits = [len(see(camera, direction=way)[1]) for way in ("approaching", "receding", "")]

    assert hits == [1, 0, 0]


def test_other_organizations_lists_match_nothing(camera: Camera, other_camera: Camera) -> None:
    make_entry(make_watchlist(other_camera.organization))

    assert see(camera)[1] == []


def test_plate_hits_each_list_once(camera: Camera) -> None:
    for _ in range(3):
        make_entry(make_watchlist(camera.organization))

    detection, hits = see(camera)

    assert len(hits) == 3
    assert Hit.objects.filter(detection=detection).count() == 3


def test_changes_of_lists_and_entries_hold_at_once(camera: Camera) -> None:
    watchlist = make_watchlist(camera.organization)
    entry = make_entry(watchlist)
    counts = [len(see(camera)[1])]
    expire_entry(entry=entry, actor=None)
    counts.append(len(see(camera)[1]))
    renew_entry(entry=entry, actor=None)
    counts.append(len(see(camera)[1]))
    update_watchlist(watchlist=watchlist, actor=None, is_active=False)
    counts.append(len(see(camera)[1]))
    update_watchlist(watchlist=watchlist, actor=None, is_active=True)
    counts.append(len(see(camera)[1]))
    archive_watchlist(watchlist=watchlist, actor=None)
    counts.append(len(see(camera)[1]))

    assert counts == [1, 0, 1, 0, 1, 0]


def test_hit_outlives_its_entry_and_says_what_it_said(camera: Camera) -> None:
    entry = make_entry(make_watchlist(camera.organization), case_number="C-7", vehicle="white van")
    _detection, [hit] = see(camera)

    delete_entry(entry=entry, actor=None)
    hit.refresh_from_db()

    assert hit.entry is None
    assert (hit.entry_number, hit.entry_said["case_number"]) == ("1กข1234", "C-7")
    assert see(camera)[1] == []


def test_policy_is_followed_by_entries_that_are_there(camera: Camera) -> None:
    watchlist = make_watchlist(camera.organization, match=Match.EXACT)
    make_entry(watchlist, "1กข1234")

    update_watchlist(watchlist=watchlist, actor=None, match=Match.EDITS, edits_most=1)
    assert len(see(camera, "1กข1239")[1]) == 1
    update_watchlist(watchlist=watchlist, actor=None, match=Match.CONFUSABLE)
    assert see(camera, "1กข1239")[1] == []
    assert Entry.objects.get().variants == []


def test_database_folds_as_python_does(camera: Camera) -> None:
    watchlist = make_watchlist(camera.organization, match=Match.EDITS)
    for number in ("".join(group)[:12] for group in ("".join(GROUPS[:4]), "".join(GROUPS[4:]))):
        entry = make_entry(watchlist, number.ljust(8, "9"))
        entry.refresh_from_db()
        assert entry.folded == fold(entry.number)
        assert entry.folded in entry.variants
    for group in GROUPS:
        entry = make_entry(watchlist, f"{group}7777")
        entry.refresh_from_db()
        assert entry.folded == fold(entry.number)
        assert entry.folded in entry.variants


@pytest.mark.parametrize("fields", [{"match": Match.EXACT}, {"match": Match.CONFUSABLE}])
def test_lists_without_edits_keep_no_variants(camera: Camera, fields: dict[str, Any]) -> None:
    entry = make_entry(make_watchlist(camera.organization, **fields))
    entry.refresh_from_db()

    assert entry.variants == []
