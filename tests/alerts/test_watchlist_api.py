"""Watchlists, entries, feeds and hits by REST; many entries at once, a result for each line."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import orjson
import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Role, Scope, User
from alerts.models import Entry, Watchlist
from alerts.services import bulk
from cameras.models import Camera
from tests.accounts.factories import make_api_key
from tests.alerts.factories import make_entry, make_watchlist, see

ClientOf = Callable[[User], APIClient]


@pytest.fixture
def watchlist(camera: Camera) -> Watchlist:
    return make_watchlist(camera.organization)


def send(client: APIClient, watchlist: Watchlist, *lines: Any) -> list[dict[str, Any]]:
    body = b"\n".join(line if isinstance(line, bytes) else orjson.dumps(line) for line in lines)
    answer: Any = client.post(
        reverse("api:bulk-entries", args=[watchlist.pk]),
        body,
        content_type="application/x-ndjson",
    )
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content)
    return [orjson.loads(line) for line in content.splitlines()]


def test_bulk_answers_each_line_and_a_repeat_changes_nothing(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    client = client_of(staff)
    lines = [
        {"number": "1กข-1234", "province": "กรุงเทพ", "reason": "theft"},
        b"{broken",
        {"number": "*"},
        {"number": "AB123"},
        {"number": "AB 123"},
    ]
    first = send(client, watchlist, *lines)
    second = send(client, watchlist, *lines)
    third = send(client, watchlist, {**lines[0], "reason": "found"})  # type: ignore[dict-item]  # the first is a table

    statuses = ["created", "refused", "refused", "created", "created"]
    assert [line["status"] for line in first] == statuses
    assert [line["line"] for line in first] == [1, 2, 3, 4, 5]
    assert "nearly every plate" in first[2]["message"]
    assert [line["status"] for line in second][::3] == ["unchanged", "unchanged"]
    assert third[0]["status"] == "changed"
    assert third[0]["id"] == first[0]["id"]
    assert Entry.objects.count() == 2
    assert Entry.objects.get(number="1กข1234").reason == "found"


def test_bulk_keeps_beginnings_before_ends(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    make_entry(watchlist, "AB001")
    told = send(
        client_of(staff),
        watchlist,
        {"number": "AB001", "expires_at": "2020-01-01"},
        {"number": "AB002", "expires_at": "2020-01-01"},
        {"number": "AB003", "effective_from": "2098-01-01"},
        {"number": "AB004", "effective_from": "2026-02-01", "expires_at": "2026-01-01"},
        {"number": "AB005", "expires_at": "0001-01-01T00:00:00"},
    )

    assert [line["status"] for line in told] == [
        "changed", "created", "created", "refused", "refused",
    ]  # fmt: skip
    assert "must end after it begins" in told[3]["message"]
    assert all(
        entry.expires_at and entry.effective_from < entry.expires_at
        for entry in Entry.objects.all()
    )


def test_bulk_stops_reading_at_the_first_line_over_the_limit(
    watchlist: Watchlist, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "LINES_MOST", 3)
    read: list[int] = []

    def endless() -> Iterator[bytes]:
        for number in count(1):
            read.append(number)
            # Nothing at all would go on for ever, too.
            yield b"\n" if number > 2 else b'{"number": "AB10%d"}' % number

    outcomes = list(bulk.upsert_lines(watchlist=watchlist, lines=endless(), actor=staff))

    assert [outcome.status for outcome in outcomes] == ["created", "created", "refused"]
    assert "At most 3 lines" in outcomes[-1].message
    assert read == [1, 2, 3, 4]


def test_strangers_and_keys_without_scope_are_refused(
    watchlist: Watchlist, outsider: User, operator: User, client_of: ClientOf
) -> None:
    entry = make_entry(watchlist)
    for who, status in ((outsider, 404), (operator, 404)):
        client = client_of(who)
        bulk = client.post(
            reverse("api:bulk-entries", args=[watchlist.pk]), b"{}", content_type="text/plain"
        )
        assert bulk.status_code == status
        assert client.delete(reverse("api:entry-detail", args=[entry.pk])).status_code == status
        assert client.delete(reverse("api:watchlist-detail", args=[watchlist.pk])).status_code == (
            status
        )
    assert client_of(outsider).get(reverse("api:entry-list")).json()["results"] == []
    _key, text = make_api_key(watchlist.organization, Scope.DETECTIONS_READ, role=Role.MANAGER)
    keyed = APIClient(headers={"Authorization": f"Bearer {text}"})
    assert keyed.get(reverse("api:watchlist-list")).status_code == 403


def test_lists_and_entries_are_made_changed_and_deleted(
    camera: Camera, staff: User, client_of: ClientOf
) -> None:
    client = client_of(staff)
    slug = camera.organization.slug
    made = client.post(
        reverse("api:watchlist-list"),
        {"organization": slug, "name": "Stolen", "priority": 90, "cameras": [str(camera.pk)]},
    )
    assert made.status_code == 201
    pk = made.json()["id"]
    entry = client.post(
        reverse("api:entry-list"), {"watchlist": pk, "number": "1กข 1234", "reason": "theft"}
    )
    assert entry.status_code == 201
    assert entry.json()["number"] == "1กข1234"
    refused = client.post(reverse("api:entry-list"), {"watchlist": pk, "number": "*"})
    assert refused.status_code == 400
    where = reverse("api:entry-detail", args=[entry.json()["id"]])
    assert client.patch(where, {"reason": "found"}).json()["reason"] == "found"
    assert len(see(camera)[1]) == 1
    hits = client.get(reverse("api:hit-list"), {"watchlist": pk}).json()["results"]
    assert [hit["policy"] for hit in hits] == ["exact"]
    assert client.delete(where).status_code == 204
    assert client.delete(reverse("api:watchlist-detail", args=[pk])).status_code == 204
    assert client.get(reverse("api:watchlist-list")).json()["results"] == []


def test_passwords_of_feeds_are_not_told(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    made = client_of(staff).post(
        reverse("api:feed-list"),
        {
            "watchlist": str(watchlist.pk),
            "name": "Police",
            "kind": "http",
            "address": "https://police.example/list.csv",
            "password": "secret",
            "format": "csv",
            "every_minutes": 60,
        },
    )
    assert made.status_code == 201
    assert "secret" not in made.content.decode()
    assert watchlist.feeds.get().password == "secret"


def test_area_of_a_list_is_geojson(watchlist: Watchlist, staff: User, client_of: ClientOf) -> None:
    client, address = client_of(staff), reverse("api:watchlist-detail", args=[watchlist.pk])
    ring = [[100.4, 13.6], [100.6, 13.6], [100.6, 13.8], [100.4, 13.6]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    east = [[number + 1, other] for number, other in ring]
    several = {"type": "MultiPolygon", "coordinates": [[ring], [east]]}
    for area in (polygon, several, None):
        answer: Any = client.patch(address, {"area": area}, format="json")
        assert (answer.status_code, answer.json()["area"]) == (200, area)
    for wrong in ("x", [1], {"type": "Polygon"}, {"type": "Point", "coordinates": [1, 2]}):
        assert client.patch(address, {"area": wrong}, format="json").status_code == 400
