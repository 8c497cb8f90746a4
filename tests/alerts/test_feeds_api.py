"""The API of files of entries and updates of feeds: tried, looked at, applied."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import Scope, User
from alerts import tasks
from alerts.models import Entry, Feed, FeedRun, Watchlist
from alerts.services.feeds.running import work_on
from cameras.models import Camera
from tests.accounts.factories import make_api_key
from tests.alerts.factories import make_entry, make_watchlist

ClientOf = Callable[[User], APIClient]
ROOT = "/api/v1"
TABLE = "plate,province,reason\n1กข 1234,กรุงเทพมหานคร,theft\n2กข 5678,TH-50,theft\n"


@pytest.fixture
def watchlist(camera: Camera, staff: User) -> Watchlist:
    return make_watchlist(camera.organization, owner=staff)


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is queued for workers is run by the tests themselves, when they want."""
    monkeypatch.setattr(tasks.work_on_feed, "apply_async", lambda **_: None)


def send(client: APIClient, watchlist: Watchlist, content: bytes | str, **fields: Any) -> Any:
    raw = content.encode() if isinstance(content, str) else content
    body = {"file": SimpleUploadedFile("list.csv", raw), "format": "csv", **fields}
    return client.post(f"{ROOT}/watchlists/{watchlist.pk}/import/", body, format="multipart")


def test_file_is_tried_looked_at_and_applied(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    client = client_of(staff)

    sent = send(client, watchlist, TABLE)
    path = f"{ROOT}/feed-runs/{sent.json()['id']}/"

    assert (sent.status_code, sent.json()["state"], sent.json()["lines_read"]) == (202, "queued", 0)
    assert client.post(f"{path}apply/").status_code == 400
    work_on(run_id=sent.json()["id"])
    tried = client.get(path).json()
    assert (tried["state"], tried["added"], tried["can_be_applied"]) == ("tried", 2, True)
    assert tried["sample"]["added"][0] == ["1กข1234", "TH-10", "theft"]
    assert not Entry.objects.exists(), "a dry run writes nothing"
    assert client.post(f"{path}apply/").status_code == 202
    assert client.post(f"{path}apply/").status_code == 400, "it is applied once"
    work_on(run_id=sent.json()["id"])
    assert client.get(path).json()["state"] == "applied"
    assert Entry.objects.filter(watchlist=watchlist).count() == 2


def test_wrong_lines_are_named_and_nothing_is_applied(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    client = client_of(staff)
    sent = send(client, watchlist, f"{TABLE}*,,everything\n1กข1234,TH-10,twice\n").json()
    path = f"{ROOT}/feed-runs/{sent['id']}/"
    work_on(run_id=sent["id"])

    tried = client.get(path).json()

    assert [problem["line"] for problem in tried["problems"]] == [4, 5]
    assert "stands in line 2 already" in tried["problems"][1]["message"]
    client.post(f"{path}apply/")
    work_on(run_id=sent["id"])
    assert client.get(path).json()["state"] == "failed"
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"format": "exe"},
        {"encoding": "klingon"},
        {"mapping": "["},
        {"mapping": "5"},
        {"mapping": "[" * 5000},
        {"mapping": '{"number": %s}' % ("9" * 5000)},
        {"mapping": '{"number": "\\u0000"}'},
        {"mapping": '{"number": ""}'},
        {"mapping": '{"password": "x"}'},
        {"mapping": "[1, 2]"},
    ],
)
def test_what_is_not_understood_is_refused_in_words(
    watchlist: Watchlist, staff: User, client_of: ClientOf, fields: dict[str, str]
) -> None:
    answer = send(client_of(staff), watchlist, TABLE, **fields)

    assert (answer.status_code, answer.json()["error"]["detail"].keys()) == (400, fields.keys())
    assert not FeedRun.objects.exists()


def test_feed_is_tried_and_fetched_by_one_worker_at_a_time(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    client = client_of(staff)
    made = client.post(
        f"{ROOT}/feeds/",
        {
            "watchlist": str(watchlist.pk), "name": "Police", "kind": "http", "format": "csv",
            "address": "https://police.example/list.csv",
        },
    ).json()  # fmt: skip

    tried = client.post(f"{ROOT}/feeds/{made['id']}/try/")
    again = client.post(f"{ROOT}/feeds/{made['id']}/fetch/")

    assert (tried.status_code, tried.json()["work"]) == (202, "try")
    assert again.json()["id"] == tried.json()["id"]
    FeedRun.objects.all().delete()
    assert client.post(f"{ROOT}/feeds/{made['id']}/fetch/").json()["work"] == "fetch"
    assert len(client.get(f"{ROOT}/feed-runs/", {"feed": made["id"]}).json()["results"]) == 1
    assert client.get(f"{ROOT}/feed-runs/", {"state": "tried"}).json()["results"] == []
    send(client, watchlist, TABLE)
    upload = Feed.objects.get(kind=Feed.Kind.UPLOAD)
    assert (
        "people send" in client.post(f"{ROOT}/feeds/{upload.pk}/fetch/").json()["error"]["message"]
    )


def test_strangers_and_readers_send_try_and_apply_nothing(
    watchlist: Watchlist, staff: User, operator: User, outsider: User, client_of: ClientOf
) -> None:
    sent = send(client_of(staff), watchlist, TABLE).json()
    work_on(run_id=sent["id"])
    feed = Feed.objects.get()

    for who, reads in ((outsider, 404), (operator, 200)):
        client = client_of(who)
        assert client.get(f"{ROOT}/feed-runs/{sent['id']}/").status_code == reads
        assert client.post(f"{ROOT}/feed-runs/{sent['id']}/apply/").status_code == 404
        assert client.post(f"{ROOT}/feeds/{feed.pk}/try/").status_code == 404
        assert send(client, watchlist, TABLE).status_code == 404
    _key, text = make_api_key(watchlist.organization, Scope.WATCHLISTS_READ)
    keyed = APIClient(headers={"Authorization": f"Bearer {text}"})
    assert keyed.post(f"{ROOT}/feed-runs/{sent['id']}/apply/").status_code == 403
    assert FeedRun.objects.get().state == "tried"


def test_file_for_one_list_reaches_no_other(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    other = make_watchlist(watchlist.organization, name="Other")
    kept = make_entry(other, "9กข9999")
    sent = send(client_of(staff), watchlist, TABLE, removes_missing="true").json()
    work_on(run_id=sent["id"])
    client_of(staff).post(f"{ROOT}/feed-runs/{sent['id']}/apply/")
    work_on(run_id=sent["id"])

    assert list(Entry.objects.filter(watchlist=other)) == [kept]
