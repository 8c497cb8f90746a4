"""The search page: what it finds, says and asks; saved searches and their mails."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import AccessReason, AuditEvent, Organization, Role, User
from accounts.services import remove_member
from cameras.models import Camera
from detections.models import Detection, SavedSearch, SearchSubscription
from detections.services.saved_searches import due_subscriptions, tell_subscriber
from detections.tasks import tell_subscribers
from detections.views.likeness import mark_letters
from tests.accounts.factories import make_member
from tests.detections.factories import make_detection
from vehicles.plates.matching import edits_between

ClientOf = Callable[[User], APIClient]
Ask = Callable[..., str]


@pytest.fixture
def analyst(organization: Organization) -> User:
    return make_member(organization, Role.ANALYST, email="analyst@example.org")


@pytest.fixture
def auditor(organization: Organization) -> User:
    return make_member(organization, Role.AUDITOR, email="auditor@example.org")


@pytest.fixture
def seen(camera: Camera, second_camera: Camera, other_camera: Camera) -> dict[str, Detection]:
    return {
        "first": make_detection(camera, text="1กข1834"),
        "alike": make_detection(camera, text="1กข1B34"),
        "second": make_detection(second_camera, text="1กข1834"),
        "strange": make_detection(other_camera, text="1กข1834"),
    }


@pytest.fixture
def ask(client_of: ClientOf, analyst: User) -> Ask:
    client = client_of(analyst)

    def look(**query: Any) -> str:
        return str(client.get("/search/", query).content.decode())

    return look


def test_page_without_a_question_says_how_to_ask(ask: Ask, seen: dict[str, Detection]) -> None:
    page = ask()

    assert "Thai digits make no difference" in page
    assert "data-results" not in page
    assert not AuditEvent.objects.filter(action=AuditEvent.Action.SEARCHED).exists()


def test_page_shows_what_is_alike_nearest_first_and_why(
    ask: Ask, seen: dict[str, Detection]
) -> None:
    page = ask(text="1กข1B34", match="fuzzy")

    first, second = (seen[name].plate_id for name in ("alike", "first"))
    assert re.findall(r'data-plate="([^"]+)"', page) == [str(first), str(second)]
    assert "the same number" in page
    assert '<mark class="edit edit-confusable" title="8 for B, which look alike">8</mark>' in page
    assert "distance 0.2" in page
    event = AuditEvent.objects.get(action=AuditEvent.Action.SEARCHED)
    assert event.target_label == "1กข1B34"


def test_page_shows_sightings_of_a_plate_and_notes_the_search_once(
    client_of: ClientOf, analyst: User, outsider: User, seen: dict[str, Detection]
) -> None:
    client = client_of(analyst)
    page = client.get("/search/", {"text": "๑กข 1834"})
    url = re.search(r'hx-get="(/search/plates/[^"]+)"', page.content.decode())
    assert url is not None
    path = url[1].replace("&amp;", "&")

    part = client.get(path).content.decode()

    assert [str(seen[name].pk) in part for name in ("first", "second", "alike", "strange")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert AuditEvent.objects.filter(action=AuditEvent.Action.SEARCHED).count() == 1
    client.get(path.replace("noted=", "noted=x"))
    assert AuditEvent.objects.filter(action=AuditEvent.Action.SEARCHED).count() == 2
    assert client_of(outsider).get(path).status_code == 404


def test_results_are_only_what_the_person_may_see(
    client_of: ClientOf,
    viewer: User,
    outsider: User,
    analyst: User,
    auditor: User,
    seen: dict[str, Detection],
) -> None:
    expected = {
        viewer: {"first"},
        outsider: {"strange"},
        analyst: {"first", "second"},
        auditor: {"first", "second"},
    }
    for user, names in expected.items():
        query = {"text": "1กข1834", "show": "detections"}
        page = client_of(user).get("/search/", query).content.decode()
        answer = client_of(user).get("/api/v1/detections/", {"text": "1กข1834"}).json()
        assert {name for name, row in seen.items() if str(row.pk) in page} == names
        ids = {row["id"] for row in answer["results"]}
        assert {name for name, row in seen.items() if str(row.pk) in ids} == names
    # Without plates to see, the detections are shown at once.
    assert "data-results" in client_of(viewer).get("/search/", {"text": "1กข1834"}).content.decode()
    plates = client_of(viewer).get("/search/", {"text": "1กข1834", "show": "plates"})
    assert "You see single cameras" in plates.content.decode()


@pytest.mark.parametrize(
    ("query", "is_open", "said"),
    [
        ({}, False, ""),
        ({"text": "*"}, False, ""),
        ({"direction": "left"}, False, "1 set"),
        ({"area": "x"}, True, "1 set"),
    ],
)
def test_filters_make_room_for_what_they_found(
    ask: Ask, seen: dict[str, Detection], query: dict[str, str], is_open: bool, said: str
) -> None:
    page = ask(**query)
    assert ("data-filters open" in page) is is_open
    assert said in page
    assert ("1 set" in page) is bool(said)


def test_pages_go_on_by_key(client_of: ClientOf, analyst: User, camera: Camera) -> None:
    at = timezone.now()
    for number in range(56):
        make_detection(camera, text=f"AB{number:03}", captured_at=at - timedelta(minutes=number))
    client = client_of(analyst)
    for show, mark, most in (("plates", "data-plate=", 25), ("detections", "data-row=", 50)):
        url, found = f"/search/?text=AB*&match=wildcard&show={show}", list[str]()
        while url:
            page = client.get(url, headers={"HX-Request": "1"} if found else {}).content.decode()
            rows = re.findall(rf'{mark}"([^"]+)"', page)
            assert len(rows) <= most
            found += rows
            link = re.search(r'hx-get="(\?[^"]+)"', page)
            url = f"/search/{link[1].replace('&amp;', '&')}" if link else ""
        assert len(found) == len(set(found)) == 56, show
    assert AuditEvent.objects.filter(action=AuditEvent.Action.SEARCHED).count() == 2


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"text": "ฮฮ9999"}, "Search for what is alike"),
        ({"text": "ฮฮ9999", "match": "fuzzy"}, "No number here is so near"),
        ({"text": "*"}, "less finds nearly every plate"),
        ({"text": "(a+)+b", "match": "regex"}, "Repeat no part that repeats something itself."),
        ({"text": "<script>alert(1)</script>"}, "letters and digits only"),
        ({"text": "' OR 1=1 --"}, "letters and digits only"),
        ({"since": "2026-02-01T00:00", "until": "2026-01-01T00:00"}, "before the beginning"),
        ({"area": '{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}'}, "cross"),
        ({"near": "1,2,9e9"}, "The radius lies between"),
        ({"text": "1กข1834", "after": "x"}, ""),
    ],
)
def test_page_says_what_is_wrong(
    ask: Ask, seen: dict[str, Detection], query: dict[str, Any], sentence: str
) -> None:
    page = ask(**query)

    assert sentence in page
    assert "<script>alert" not in page
    assert "1กข 1834" not in page.partition('id="found"')[2]


def test_search_that_takes_too_long_is_stopped_in_words(
    ask: Ask, seen: dict[str, Detection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vehicles.selectors.SEARCH_MOST_MS", "1")
    monkeypatch.setattr(
        "detections.views.search.plates_found",
        lambda *_: __import__("vehicles.models").models.Plate.objects.extra(
            where=["pg_sleep(0.2) IS NOT NULL"]
        ),
    )

    assert "takes too long" in ask(text="1กข1834")


def test_page_asks_why_where_the_organization_demands_it(
    client_of: ClientOf, analyst: User, organization: Organization, seen: dict[str, Detection]
) -> None:
    organization.demands_reason = True
    organization.save()
    AccessReason.objects.create(organization=organization, text="stolen vehicle")
    client = client_of(analyst)

    asked = client.get("/search/", {"text": "1กข1834"})
    assert asked.status_code == 422
    assert "<option>stolen vehicle</option>" in asked.content.decode()
    stated = client.get(
        "/search/",
        {"text": "1กข1834", "reason": "stolen vehicle"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert "reason" not in stated["Location"]
    assert "data-plate" in client.get(stated["Location"]).content.decode()

    event = AuditEvent.objects.get(action=AuditEvent.Action.SEARCHED)
    assert event.reason == "stolen vehicle"


def test_edits_stand_on_the_letters_that_they_concern() -> None:
    def marked(asked: str, spaced: str) -> list[tuple[str, str]]:
        number = "".join(filter(str.isalnum, spaced))
        return [
            (letter.text, letter.mark)
            for letter in mark_letters(spaced, edits_between(asked, number))
            if letter.mark
        ]

    assert marked("1กข1B34", "1กข 1834") == [("8", "confusable")]
    assert marked("1กข1834", "1กข 18345") == [("5", "added")]
    assert marked("1กข1834", "1กข 184") == [("", "missing")]
    assert marked("AB12", "X-AB12") == [("X", "added")]
    assert marked("1กข1834", "1กค 1834") == [("ค", "replaced")]


@pytest.mark.parametrize(
    ("asked", "marked"),
    [
        ("สร9", [("สิ", "added", "\u25ccิ is one more")]),
        ("สิริ9", [("", "missing", "\u25ccิ is missing")]),
        ("สีร9", [("สิ", "replaced", "\u25ccิ for \u25ccี")]),
    ],
)
def test_edits_of_marks_stand_on_the_letter_that_bears_them(
    asked: str, marked: list[tuple[str, str, str]]
) -> None:
    letters = mark_letters("สิร 9", edits_between(asked, "สิร9"))
    assert "".join(letter.text for letter in letters) == "สิร 9"
    assert [tuple(letter) for letter in letters if letter.mark] == marked


def save(client: APIClient, query: str = "text=1%E0%B8%81*&match=wildcard") -> SavedSearch:
    client.post("/search/saved/", {"query": query}, format="multipart")
    return SavedSearch.objects.latest("id")


def change(client: APIClient, search: SavedSearch, **fields: str) -> int:
    return client.post(f"/search/saved/{search.pk}/", fields, format="multipart").status_code


def test_saved_search_is_ones_own_until_it_is_shared(
    client_of: ClientOf, analyst: User, staff: User, outsider: User
) -> None:
    mine, theirs, strangers = (client_of(user) for user in (analyst, staff, outsider))
    search = save(mine)

    def lists(client: APIClient) -> bool:
        return str(search.pk) in client.get("/search/saved/").content.decode()

    assert [lists(client) for client in (mine, theirs, strangers)] == [True, False, False]
    assert change(theirs, search, do="delete") == 404
    assert change(mine, search, name="ของ\0หาย", is_shared="on") == 302
    assert SavedSearch.objects.get().name == "ของหาย"
    assert [lists(client) for client in (mine, theirs, strangers)] == [True, True, False]
    assert change(theirs, search, do="delete") == 403
    assert change(strangers, search, do="delete") == 404
    assert change(mine, search, do="delete") == 302
    assert not SavedSearch.objects.exists()


def test_what_cannot_be_read_is_not_saved(client_of: ClientOf, analyst: User) -> None:
    answer = client_of(analyst).post("/search/saved/", {"query": "text=*"}, format="multipart")

    assert answer["Location"] == "/search/"
    assert not SavedSearch.objects.exists()


def tell_all(days: float = 0) -> list[Any]:
    """Mails that are sent some days from now, and in a moment when rows have settled."""
    SearchSubscription.objects.update(told_until=timezone.now() - timedelta(days=days, seconds=90))
    Detection.objects.update(recorded_at=timezone.now() - timedelta(seconds=60))
    mail.outbox.clear()
    for pk in due_subscriptions(timezone.now()):
        tell_subscriber(subscription_id=pk)
    return list(mail.outbox)


@pytest.fixture
def subscribed(client_of: ClientOf, viewer: User) -> SavedSearch:
    """The viewer of camera 1 hears of all that begins with 1ก."""
    client = client_of(viewer)
    search = save(client)
    change(client, search, do="subscribe", every="at_once")
    return search


def test_subscriber_is_told_once_of_what_it_may_see(
    subscribed: SavedSearch, seen: dict[str, Detection], settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://lpr.example"

    (sent,) = tell_all()

    assert sent.to == ["viewer@example.org"]
    names = ("first", "alike", "second", "strange")
    assert [str(seen[name].pk) in sent.body for name in names] == [
        True, True, False, False,
    ]  # fmt: skip
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    event = AuditEvent.objects.get(action=AuditEvent.Action.SEARCHED)
    assert (event.actor, event.detail["told"]) == (subscribed.owner, 2)
    mail.outbox.clear()
    for _ in range(2):
        tell_subscribers()
        tell_subscriber(subscription_id=subscribed.subscriptions.get().pk)
    assert mail.outbox == []


def test_mail_waits_for_its_period(subscribed: SavedSearch, seen: dict[str, Detection]) -> None:
    subscribed.subscriptions.update(every="day")

    assert tell_all(days=0.9) == []
    assert len(tell_all(days=1)) == 1


def test_mail_that_fails_is_sent_later(
    subscribed: SavedSearch, seen: dict[str, Detection], settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(OSError, match="refused"):
        tell_all()

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    tell_subscriber(subscription_id=subscribed.subscriptions.get().pk)
    assert len(mail.outbox) == 1


def test_mails_end_with_what_one_may_see(
    subscribed: SavedSearch, seen: dict[str, Detection], viewer: User
) -> None:
    remove_member(membership=viewer.memberships.get(), actor=None)

    assert tell_all() == []
    assert not SearchSubscription.objects.exists()


def test_mails_wait_for_the_reason_that_is_demanded(
    subscribed: SavedSearch, seen: dict[str, Detection], organization: Organization
) -> None:
    organization.demands_reason = True
    organization.save()

    assert tell_all() == []
    subscribed.subscriptions.update(reason="stolen vehicle")
    assert len(tell_all()) == 1


def test_subscribing_asks_why(
    client_of: ClientOf, analyst: User, organization: Organization
) -> None:
    organization.demands_reason = True
    organization.save()
    client = client_of(analyst)
    search = save(client)

    answer = client.post(
        f"/search/saved/{search.pk}/", {"do": "subscribe", "every": "day"}, format="multipart"
    )

    assert answer["Location"] == "/reason/?next=%2Fsearch%2Fsaved%2F"
    assert not SearchSubscription.objects.exists()


def test_link_of_a_mail_ends_the_mails(
    client: Any, subscribed: SavedSearch, seen: dict[str, Detection], settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://lpr.example"
    (sent,) = tell_all()
    link = sent.extra_headers["List-Unsubscribe"].strip("<>").removeprefix("https://lpr.example")

    assert client.get(link + "x").status_code == 403
    assert "No more such mails?" in client.get(link).content.decode()
    assert SearchSubscription.objects.exists()
    assert client.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not SearchSubscription.objects.exists()
