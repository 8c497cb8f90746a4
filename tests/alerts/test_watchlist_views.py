"""Pages of watchlists: who sees what, adding, previewing, importing with a dry run, undoing."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, Role, User
from accounts.services import add_member
from alerts.models import Entry, FeedRun, Hit, ListChange, Watchlist
from alerts.services.feeds.running import work_on
from cameras.models import Camera
from tests.accounts.factories import make_member
from tests.alerts.factories import make_entry, make_watchlist, see
from tests.vehicles.factories import make_plate

ClientOf = Callable[[User], APIClient]


@pytest.fixture
def watchlist(camera: Camera) -> Watchlist:
    return make_watchlist(camera.organization, name="Stolen cars")


def page(client: APIClient, name: str, *args: Any, **data: Any) -> str:
    answer = client.get(reverse(f"alerts:{name}", args=args), data)
    assert answer.status_code == 200
    return str(answer.content.decode())


def post(client: APIClient, page_name: str, /, *args: Any, **data: Any) -> Any:
    return client.post(reverse(f"alerts:{page_name}", args=args), data, format="multipart")


def test_strangers_get_404_everywhere(
    watchlist: Watchlist, outsider: User, viewer: User, client_of: ClientOf
) -> None:
    entry = make_entry(watchlist)
    change = ListChange.objects.first()
    assert change is not None
    for who in (outsider, viewer):
        client = client_of(who)
        assert "Stolen cars" not in page(client, "watchlists")
        assert client.get(reverse("alerts:watchlist", args=[watchlist.pk])).status_code == 404
        for name in ("watchlist", "watchlist-edit", "watchlist-archive", "watchlist-import"):
            assert post(client, name, watchlist.pk).status_code == 404, name
        assert post(client, "entry-act", entry.pk, do="delete").status_code == 404
        assert post(client, "change-undo", change.pk).status_code == 404
        assert post(client, "watchlist-preview", list=watchlist.pk, number="AB1").status_code == 404


def test_operator_sees_entries_and_changes_nothing(
    watchlist: Watchlist, operator: User, client_of: ClientOf
) -> None:
    entry = make_entry(watchlist, reason="theft")
    client = client_of(operator)

    assert "theft" in page(client, "watchlist", watchlist.pk)
    assert post(client, "watchlist", watchlist.pk, number="AB123").status_code == 404
    assert post(client, "entry-act", entry.pk, do="delete").status_code == 404
    assert Entry.objects.count() == 1


def test_manager_makes_a_list_and_adds_searches_ends_and_renews(
    camera: Camera, staff: User, client_of: ClientOf
) -> None:
    client = client_of(staff)
    # Who sees lists and hits, where nobody says otherwise, is chosen from the start.
    assert page(client, "watchlist-new").count(" checked") == 4 + 3 + 4 + 1
    answer = post(
        client,
        "watchlist-new",
        **LIST,
        organization=camera.organization_id,
        name="Banned",
        hit_roles=["operator"],
    )
    assert answer.status_code == 302
    made = Watchlist.objects.get(name="Banned")
    assert (made.owner, made.hit_roles) == (staff, ["operator"])

    assert (
        post(
            client, "watchlist", made.pk, number="1กข-1234", province="กรุงเทพ", confidence="high"
        ).status_code
        == 302
    )  # one form
    entry = made.entries.get()
    assert (entry.number, entry.province, entry.confidence) == ("1กข1234", "TH-10", "high")
    assert entry.expires_at is not None
    assert "1กข1234" in page(client, "watchlist", made.pk, q="1กข")
    assert "1กข1234</b>" not in page(client, "watchlist", made.pk, q="9")
    post(client, "entry-act", entry.pk, do="expire")
    assert made.entries.get().is_expired
    post(client, "entry-act", entry.pk, do="renew")
    assert not made.entries.get().is_expired


LIST = {
    "category": "banned",
    "priority": 80,
    "color": "#aa0000",
    "sound": "alarm",
    "is_active": "on",
    "match": "confusable",
    "edits_most": 1,
    "province_rule": "if_known",
    "country_rule": "if_known",
    "active_hours": "[]",
    "entry_days": 30,
    "reminder_days": 3,
}


def test_area_is_drawn_on_the_lists_page_and_hits_inside_it_only(
    watchlist: Watchlist, camera: Camera, second_camera: Camera, staff: User, client_of: ClientOf
) -> None:
    Camera.objects.filter(pk=camera.pk).update(point=Point(100.5, 13.7, srid=4326))
    Camera.objects.filter(pk=second_camera.pk).update(point=Point(99.0, 18.8, srid=4326))
    make_entry(watchlist)
    client = client_of(staff)
    ring = [[100.4, 13.6], [100.6, 13.6], [100.6, 13.8], [100.4, 13.6]]
    drawn = {"type": "Polygon", "coordinates": [ring]}
    fields = {
        **LIST,
        "organization": watchlist.organization_id,
        "name": "Stolen cars",
        "entry_roles": ["manager"],
    }
    area = json.dumps(drawn)
    assert post(client, "watchlist-edit", watchlist.pk, **fields, area=area).status_code == 302
    assert len(see(camera)[1]) == 1
    assert not see(second_camera)[1]

    shown = client.get(reverse("alerts:watchlist-edit", args=[watchlist.pk])).content.decode()
    assert "13.6], [100.6" in shown.replace("13.6],[", "13.6], [")
    assert '"longitude": 100.5' in shown
    post(client, "watchlist-edit", watchlist.pk, **fields, area="")
    assert Watchlist.objects.get().area is None


@pytest.mark.parametrize(
    "area",
    [
        "rubbish",
        "[]",
        '{"type": "Point", "coordinates": [1, 2]}',
        '{"type": "Polygon", "coordinates": [[[1, 1], [2, 2], [2, 1], [1, 2], [1, 1]]]}',
        '{"type": "MultiPolygon", "coordinates": []}',
        '{"type": "MultiPolygon", "coordinates": [7]}',
    ],
)
def test_area_that_is_none_is_refused_at_its_field(
    area: str, watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    answer = post(client_of(staff), "watchlist-edit", watchlist.pk, **LIST, name="X", area=area)
    assert answer.status_code == 422
    assert "area" in answer.context["form"].errors


@pytest.mark.parametrize("number", ["*", "??", "A*", ".*", "[AB]12", "<b>"])
def test_entry_that_matches_everything_is_refused_in_words(
    watchlist: Watchlist, staff: User, client_of: ClientOf, number: str
) -> None:
    answer = post(client_of(staff), "watchlist", watchlist.pk, number=number, confidence="low")

    assert answer.status_code == 422
    assert 'class="field-error"' in answer.content.decode()
    assert not Entry.objects.exists()


def test_search_in_a_list_is_audited_and_asks_why_where_that_is_demanded(
    watchlist: Watchlist, operator: User, client_of: ClientOf
) -> None:
    make_entry(watchlist, "AB1234")
    client, address = client_of(operator), reverse("alerts:watchlist", args=[watchlist.pk])
    searches = AuditEvent.objects.filter(action=AuditEvent.Action.SEARCHED)
    assert "AB1234" in client.get(address).content.decode()
    assert not searches.exists()

    assert "AB1234" in client.get(address, {"q": "AB12"}).content.decode()
    noted = searches.get()
    assert (noted.actor, noted.organization) == (operator, watchlist.organization)
    assert (noted.detail["plate"], noted.target_id) == ("AB12", str(watchlist.pk))

    Organization.objects.update(demands_reason=True)
    asked = client.get(address, {"q": "AB12"})
    assert asked["Location"].startswith(reverse("accounts:reason"))
    part = client.get(address, {"q": "AB12"}, headers={"HX-Request": "true"})
    assert "AB1234" not in part.content.decode()
    assert part.headers["HX-Redirect"].startswith(reverse("accounts:reason"))
    assert searches.count() == 1
    assert "AB1234" in client.get(address).content.decode()


def test_entry_is_changed_on_its_page_with_a_reason_and_somebody_who_answers_for_it(
    watchlist: Watchlist, staff: User, operator: User, outsider: User, client_of: ClientOf
) -> None:
    entry = make_entry(watchlist, "AB111", province="กรุงเทพ", reason="theft")
    client, address = client_of(staff), reverse("alerts:entry-edit", args=[entry.pk])
    assert client_of(operator).get(address).status_code == 404
    form = client.get(address).context["form"]
    assert {staff, operator} <= set(form.fields["responsible"].queryset)
    assert outsider not in form.fields["responsible"].queryset
    assert f'value="{timezone.localtime(entry.expires_at):%Y-%m-%dT%H:%M}"' in str(form)

    fields = {"number": "AB111", "province": "TH-10", "confidence": "high", "reason": "found"}
    answer = post(
        client, "entry-edit", entry.pk, **fields, responsible=operator.pk, change_reason="why"
    )
    assert answer.status_code == 302
    changed = Entry.objects.get()
    assert (changed.reason, changed.responsible, changed.confidence) == ("found", operator, "high")
    assert changed.expires_at == entry.expires_at
    assert changed.effective_from == entry.effective_from
    assert ListChange.objects.latest("id").reason == "why"
    refused = post(client, "entry-edit", entry.pk, **fields, responsible=outsider.pk)
    assert refused.status_code == 422
    # Who left hinders no other change.
    operator.memberships.all().delete()
    Entry.objects.update(responsible=operator)
    post(client, "entry-act", entry.pk, do="renew")
    assert Entry.objects.get().expires_at != entry.expires_at


def test_entry_without_an_end_is_a_choice_with_a_reason_that_stands_in_the_trail(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    client = client_of(staff)
    fields: dict[str, Any] = {"number": "AB111", "confidence": "high", "never_ends": "on"}
    assert "nobody is reminded of it" in page(client, "watchlist", watchlist.pk)

    unexplained = post(client, "watchlist", watchlist.pk, **fields)
    both = post(
        client,
        "watchlist",
        watchlist.pk,
        **fields,
        expires_at="2099-01-01T00:00",
        change_reason="x",
    )
    assert [unexplained.status_code, both.status_code, Entry.objects.count()] == [422, 422, 0]
    assert "Say why this entry must not end" in unexplained.content.decode()
    post(client, "watchlist", watchlist.pk, **fields, change_reason="court order")

    entry = Entry.objects.get()
    assert (entry.expires_at, ListChange.objects.latest("id").reason) == (None, "court order")
    event = AuditEvent.objects.filter(target_id=str(entry.pk)).latest("id")
    assert (event.reason, event.detail["never_ends"]) == ("court order", True)
    assert "never" in page(client, "watchlist", watchlist.pk)
    # Opened again it still has none; without the choice it ends when the list says.
    form = client.get(reverse("alerts:entry-edit", args=[entry.pk])).context["form"]
    assert form["never_ends"].value()
    post(client, "entry-edit", entry.pk, **fields, reason="found")
    assert Entry.objects.get().expires_at is None
    post(client, "entry-edit", entry.pk, **{**fields, "never_ends": ""})
    ends = Entry.objects.get().expires_at
    assert ends is not None
    assert timedelta(days=29) < ends - timezone.now() <= timedelta(days=30)


def test_nobody_is_shut_out_of_a_list_for_good(
    watchlist: Watchlist, staff: User, operator: User, client_of: ClientOf
) -> None:
    Watchlist.objects.update(owner=None)
    client = client_of(staff)
    fields: dict[str, Any] = {
        **LIST, "name": "Mine", "organization": watchlist.organization_id,
        "entry_roles": ["operator"],
    }  # fmt: skip

    refused = post(client, "watchlist-edit", watchlist.pk, **fields)

    assert refused.status_code == 422
    assert "Nobody could see and change this list any more" in refused.content.decode()
    assert str(Role.MANAGER) in Watchlist.objects.get().entry_roles
    # Whoever owns the list, or the organization, can still open it again.
    make_member(watchlist.organization, Role.OWNER)
    assert post(client, "watchlist-edit", watchlist.pk, **fields).status_code == 302
    assert Watchlist.objects.get().entry_roles == [Role.OPERATOR]


def test_entry_that_begins_later_is_renewed_from_then_on_and_days_are_bounded(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    begins = timezone.now() + timedelta(days=365)
    entry = make_entry(watchlist, effective_from=begins, expires_at=begins + timedelta(days=1))
    client = client_of(staff)

    assert post(client, "entry-act", entry.pk, do="renew").status_code == 302
    assert Entry.objects.get().expires_at == begins + timedelta(days=30)
    fields = {**LIST, "name": "Mine", "organization": watchlist.organization_id}
    endless = post(client, "watchlist-edit", watchlist.pk, **{**fields, "entry_days": 2**31 - 1})
    assert endless.status_code == 422
    late = post(client, "watchlist", watchlist.pk, number="AB9", confidence="low",
                effective_from="9999-12-30T00:00")  # fmt: skip
    assert late.status_code == 422
    assert "an earlier day" in late.content.decode()


def test_entries_that_end_soon_are_shown_until_they_are_renewed(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    soon = make_entry(watchlist, "AB111", expires_at=timezone.now() + timedelta(days=2))
    make_entry(watchlist, "AB222")
    make_entry(watchlist, "AB333", expires_at=timezone.now() - timedelta(hours=1))
    client = client_of(staff)

    assert "1 entry ends soon" in page(client, "watchlist", watchlist.pk)
    shown = page(client, "watchlist", watchlist.pk, ending="1")
    assert ["AB111</b>" in shown, "AB222</b>" in shown, "AB333</b>" in shown] == [
        True,
        False,
        False,
    ]
    post(client, "entry-act", soon.pk, do="renew")
    assert "ends soon" not in page(client, "watchlist", watchlist.pk)


def test_nul_in_a_text_is_refused_in_words_and_nothing_happens(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    entry, client = make_entry(watchlist), client_of(staff)
    address = reverse("alerts:watchlist", args=[watchlist.pk])
    assert client.get(address, {"q": "A\0"}).status_code == 400
    for name, pk in (("entry-act", entry.pk), ("watchlist-archive", watchlist.pk)):
        answer = post(client, name, pk, do="delete", why="no\0more")
        assert answer.status_code == 302
        assert "Null characters" in client.get(answer.url).content.decode()
    fields = {"number": "AB99", "confidence": "low"}
    for name in ("reason", "case_number", "vehicle", "source", "change_reason", "number"):
        answer = post(client, "watchlist", watchlist.pk, **(fields | {name: "x\0y"}))
        assert answer.status_code == 422
    for name in ("name", "change_reason"):
        assert post(client, "watchlist-edit", watchlist.pk, **{name: "x\0y"}).status_code == 422
    for name in ("name", "address", "username", "host_key", "column_number", "password"):
        assert post(client, "feed-new", watchlist.pk, **{name: "x\0y"}).status_code == 422
    assert not Watchlist.objects.get().is_archived
    assert Entry.objects.get() == entry


def test_preview_shows_seen_plates_and_misreads_before_anything_is_saved(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    organization = watchlist.organization
    for number in ("B0SS123", "8O55123", "ZZ99"):
        make_plate(organization, number, "TH", "")
    make_plate(organization, "BQSS123", seen_at=timezone.now() - timedelta(days=40))
    client = client_of(staff)
    rules = {"organization": organization.pk, "province_rule": "if_known"}

    loose = post(client, "watchlist-preview", match="confusable", number="BOSS123", **rules)
    strict = post(client, "watchlist-preview", match="exact", number="BOSS123", **rules)
    saved = post(client, "watchlist-preview", list=watchlist.pk, number="BOSS*")
    refused = post(client, "watchlist-preview", list=watchlist.pk, number="*")

    text = loose.content.decode()
    assert "B0SS123" in text
    assert "8O55123" in text
    assert "BQSS123 TH" not in text
    assert "ZZ99" not in text
    assert "Likely misreads" in text
    assert "No plate" in strict.content.decode()
    assert "B0SS123" in saved.content.decode()
    assert "nearly every plate" in refused.content.decode()
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "asked",
    [{"list": "x"}, {"organization": "x"}, {"match": "zz"}, {"province_rule": "zz"}],
)
def test_preview_that_is_not_understood_is_said_in_words(
    asked: dict[str, str], watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    wanted = {"organization": watchlist.organization_id, "number": "AB12", **asked}
    answer = post(client_of(staff), "watchlist-preview", **wanted)
    assert answer.status_code == 200
    assert "not understood" in answer.content.decode()


def test_preview_of_edits_shows_plates_one_letter_off(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    make_plate(watchlist.organization, "1กข1274", "TH", "TH-10")
    answer = post(
        client_of(staff),
        "watchlist-preview",
        organization=watchlist.organization_id,
        match="edits",
        edits_most=1,
        number="1กข1234",
    )

    assert "1กข1274" in answer.content.decode()


def test_file_is_shown_first_and_applied_then(
    watchlist: Watchlist, staff: User, camera: Camera, client_of: ClientOf
) -> None:
    client = client_of(staff)
    file = SimpleUploadedFile("list.csv", "plate,reason\n1กข1234,theft\n".encode())
    answer = post(
        client, "watchlist-import", watchlist.pk, file=file, format="csv", encoding="utf-8-sig"
    )
    run = FeedRun.objects.get()
    assert answer.url == reverse("alerts:run", args=[run.pk])
    work_on(run_id=run.pk)

    assert "1กข1234" in client.get(answer.url).content.decode()
    assert not Entry.objects.exists()
    assert post(client, "run-apply", run.pk).status_code == 302
    work_on(run_id=run.pk)
    assert Entry.objects.get().number == "1กข1234"
    assert len(see(camera)[1]) == 1


def test_change_is_undone_from_the_page(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    entry = make_entry(watchlist)
    client = client_of(staff)
    post(client, "entry-act", entry.pk, do="delete")
    deleted = ListChange.objects.get(operation="DELETE")

    assert post(client, "change-undo", deleted.pk).status_code == 302
    assert Entry.objects.get().pk == entry.pk


def test_hits_are_listed_page_by_page_for_whom_they_concern(
    watchlist: Watchlist, camera: Camera, second_camera: Camera, viewer: User, client_of: ClientOf
) -> None:
    Watchlist.objects.filter(pk=watchlist.pk).update(hit_roles=["viewer"])
    make_entry(watchlist)
    see(camera)
    see(second_camera)
    last = Hit.objects.order_by("-id")[0]

    shown = page(client_of(viewer), "hits")
    assert "Camera 1" in shown
    assert "Camera 2" not in shown
    assert "1กข1234" in page(client_of(viewer), "hits", before=str(last.pk))


@pytest.mark.parametrize("named", [None, "", "abc", "²", "999999999", "9" * 5000])
def test_list_of_no_organization_is_refused_at_the_field(
    camera: Camera, staff: User, operator: User, client_of: ClientOf, named: str | None
) -> None:
    chosen = {} if named is None else {"organization": named}
    for who in (staff, operator):
        answer = post(client_of(who), "watchlist-new", **LIST, **chosen, name="Banned")
        assert answer.status_code == 422
        [sentence] = answer.context["form"].errors["organization"]
        assert sentence in answer.content.decode()
    assert not Watchlist.objects.exists()


def test_hours_of_a_list_that_are_no_json_are_refused_at_the_field(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    fields = {**LIST, "organization": watchlist.organization_id, "name": "Banned"}
    for hours in (f"[{'9' * 5000}]", "[" * 100_000, '["\\u0000"]'):
        answer = post(client_of(staff), "watchlist-new", **{**fields, "active_hours": hours})
        assert answer.status_code == 422
        assert answer.context["form"].errors.keys() == {"active_hours"}


def test_list_is_made_for_the_organization_that_a_manager_of_two_chooses(
    organization: Organization,
    other_organization: Organization,
    staff: User,
    client_of: ClientOf,
) -> None:
    add_member(organization=other_organization, user=staff, role=Role.MANAGER, actor=None)
    client = client_of(staff)
    assert f'<option value="{other_organization.pk}"' in page(client, "watchlist-new")
    answer = post(
        client, "watchlist-new", **LIST, name="Banned", organization=other_organization.pk
    )
    assert answer.status_code == 302
    assert Watchlist.objects.get().organization == other_organization
