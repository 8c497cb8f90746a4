"""Feeds bring entries as a whole or not at all, and say in a sentence what is wrong."""

import os
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import pyzipper
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from accounts.models import User
from alerts.errors import FeedRefusedError
from alerts.models import Entry, Feed, FeedRun, ListChange, Watchlist
from alerts.selectors.feeds import feed_runs_visible_to, feeds_visible_to
from alerts.services.feeds import fetching, files, updating
from alerts.services.feeds.setting_up import create_feed, delete_feed, update_feed
from alerts.services.feeds.updating import forget_files, update_from
from alerts.services.reminding import remind
from cameras.models import Camera
from tests.alerts.factories import apply_run, make_entry, make_watchlist, run_feed, see
from tests.alerts.servers import PASSWORD, sftp_server, web_server

State = FeedRun.State
OTHER_KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB"
HEAD = "plate,province,reason,case\n"


@pytest.fixture
def watchlist(camera: Camera) -> Watchlist:
    return make_watchlist(camera.organization)


def make_feed(watchlist: Watchlist, **fields: Any) -> Feed:
    defaults = {"name": "Police", "kind": "folder", "address": "feed.csv", "format": "csv"}
    return create_feed(watchlist=watchlist, actor=None, **{**defaults, **fields})


def update(feed: Feed, folder: Path, content: str | bytes, **options: Any) -> FeedRun:
    path = folder / "feed.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return update_from(feed=feed, path=path, actor=None, **options)


def numbers(watchlist: Watchlist) -> list[str]:
    return sorted(watchlist.entries.values_list("number", flat=True))


def test_update_adds_changes_removes_and_leaves_peoples_entries_alone(
    watchlist: Watchlist, tmp_path: Path
) -> None:
    own = make_entry(watchlist, "9กก9999", reason="by hand")
    feed = make_feed(watchlist)
    first = update(feed, tmp_path, HEAD + "1กข-1234,กรุงเทพ,theft,C-1\nAB 123,,,\nAB 124,,,\n")
    kept = Entry.objects.get(number="1กข1234")

    second = update(
        feed, tmp_path, HEAD + "1กข1234,Bangkok,robbery,C-1\nAB123,,,\n9กก9999,,x,\nAB125,,,\n"
    )

    assert (first.state, first.added, first.rows) == (State.APPLIED, 3, 3)
    counts = (second.added, second.changed, second.removed, second.unchanged, second.kept)
    assert counts == (1, 1, 1, 1, 1)
    assert numbers(watchlist) == ["1กข1234", "9กก9999", "AB123", "AB125"]
    kept.refresh_from_db()
    assert (kept.reason, kept.province, kept.expires_at) == ("robbery", "TH-10", None)
    own.refresh_from_db()
    assert (own.reason, own.feed) == ("by hand", None)
    change = ListChange.objects.filter(subject_id=str(kept.pk), operation="UPDATE").get()
    assert (change.before, change.actor_label) == ({"reason": "theft"}, "feed Police")


def test_dry_run_changes_nothing_and_is_applied_when_somebody_agrees(
    watchlist: Watchlist, tmp_path: Path, staff: User
) -> None:
    feed = make_feed(watchlist)
    run = update(feed, tmp_path, HEAD + "AB123,,,\nbroken<b>,,,\n", is_dry=True)

    assert (run.state, run.added, run.problems_count) == (State.TRIED, 1, 1)
    assert run.sample["added"] == [["AB123", "", ""]]
    assert run.problems[0][0] == 3
    assert not Entry.objects.exists()
    assert apply_run(run=run, actor=staff).state == State.FAILED
    update_feed(feed=feed, actor=staff, problems_most=1)
    run.refresh_from_db()
    assert apply_run(run=FeedRun.objects.get(pk=run.pk), actor=staff).state == State.APPLIED
    assert numbers(watchlist) == ["AB123"]
    with pytest.raises(FeedRefusedError):
        apply_run(run=FeedRun.objects.get(pk=run.pk), actor=staff)


def test_feed_that_shrinks_by_half_waits_for_a_person(
    watchlist: Watchlist, tmp_path: Path, staff: User
) -> None:
    feed = make_feed(watchlist)
    update(feed, tmp_path, HEAD + "".join(f"AB{n:03},,,\n" for n in range(40)))

    run = update(feed, tmp_path, HEAD + "AB001,,,\n")

    assert (run.state, run.removed) == (State.WAITING, 39)
    assert "39" in run.sentence
    assert watchlist.entries.count() == 40
    assert apply_run(run=run, actor=staff).state == State.APPLIED
    assert numbers(watchlist) == ["AB001"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("<!DOCTYPE html><html>Log in</html>", "web page"),
        ("", "empty"),
        (HEAD + "AB123,,theft,C-1\nAB124,,th", "ends in the middle"),
        (HEAD + "AB123,,,\nAB-123,,,\n", "stands in line 2 already"),
        ((HEAD + "AB123,กรุงเทพ,,\n").encode("cp874"), "TIS-620"),
        ((HEAD + "AB123,,,\n").encode("utf-16"), "UTF-16"),
        (HEAD + "=HYPERLINK(1),,,\n", "formula"),
        (HEAD + "AB123,,=1+1,\n", "formula"),
        (HEAD + "*,,,\n", "nearly every plate"),
        (HEAD + ".*,,,\n", "regular expression"),
        (HEAD + "AB123,Atlantis,,\n", "province"),
        (HEAD + 'AB123,,"theft,\n', "quotation mark"),
        ("name,colour\nx,y\n", "No column is called number"),
        (HEAD + "A" * 30_000, "longer than any entry"),
        ("plate,from,until\nAB123,2026-02-01,2026-01-01\n", "must end after it begins"),
        ("plate,until\nAB123,0001-01-01\n", "Write dates as"),
        ("plate,until\nAB123,9999-12-31 23:59\n", "Write dates as"),
        ((HEAD + "1กข1,,,\n").encode() + "2กข2,,,\n".encode("cp874"), "TIS-620"),
        (b"PK\x03\x04 and no more", "damaged"),
    ],
)
def test_bad_table_is_refused_in_a_sentence_and_changes_nothing(
    watchlist: Watchlist, tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    run = update(make_feed(watchlist), tmp_path, content)

    assert run.state == State.FAILED
    assert sentence in run.sentence
    assert not Entry.objects.exists()


def test_other_formats_and_encodings_are_read(watchlist: Watchlist, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["plate", "case", "expires"])
    sheet.append(["1กข1234", 77, timezone.now().replace(tzinfo=None) + timedelta(days=9)])
    book.save(tmp_path / "book.xlsx")
    tables: list[tuple[dict[str, Any], bytes]] = [
        ({"format": "csv"}, b"plate;case\n1\xe0\xb8\x81\xe0\xb8\x821234;77\n"),
        ({"format": "tsv"}, "\ufeffplate\tcase\n1กข1234\t77\n".encode()),
        ({"format": "csv", "encoding": "utf-16"}, "plate,case\r\n1กข1234,77\r\n".encode("utf-16")),
        ({"format": "csv", "encoding": "cp874"}, "plate,case\n1กข1234,77\n".encode("cp874")),
        ({"format": "json"}, '[{"number": "1กข1234", "case_number": "77"}]'.encode()),
        ({"format": "json"}, '{"number": "1กข1234", "case_number": 77}\n'.encode()),
        (
            {"format": "fixed", "mapping": {"number": [3, 9], "case_number": [10, 12]}},
            "xx1กข1234 77\n".encode(),
        ),
        (
            {"format": "csv", "mapping": {"number": "reg", "case_number": "file"}},
            "file,reg\n77,1กข1234\n".encode(),
        ),
        ({"format": "xlsx"}, (tmp_path / "book.xlsx").read_bytes()),
    ]
    for place, (fields, content) in enumerate(tables):
        target = make_watchlist(watchlist.organization)
        run = update(make_feed(target, name=f"Feed {place}", **fields), tmp_path, content)
        assert (run.state, run.sentence) == (State.APPLIED, ""), fields
        assert target.entries.get().number == "1กข1234"
        assert target.entries.get().case_number == "77"


def test_numbers_and_dates_are_read_as_thai_offices_write_them(
    watchlist: Watchlist, tmp_path: Path
) -> None:
    table = "plate,from,until\n๑กข\u200b-๑๒๓๔,31/01/2569,2570-01-31 18:00\n"

    run = update(make_feed(watchlist), tmp_path, table)

    assert (run.state, run.sentence) == (State.APPLIED, "")
    entry = watchlist.entries.get()
    assert entry.number == "1กข1234"
    assert entry.effective_from.year == 2026
    assert entry.expires_at is not None
    assert entry.expires_at.year == 2027


@pytest.mark.parametrize("encoding", [Feed.Encoding.UTF_8, Feed.Encoding.TIS_620])
def test_words_of_personal_plates_are_kept_and_told_when_they_pass(
    watchlist: Watchlist, camera: Camera, tmp_path: Path, encoding: Feed.Encoding
) -> None:
    table = HEAD + "สิริ ๙๙๙๙,กรุงเทพมหานคร,theft,\nน\u0e33\u0e49ทอง 1,,,\nเศรษฐี*,,,\n"

    content = table.encode(encoding)
    run = update(make_feed(watchlist, encoding=encoding), tmp_path, content)

    assert (run.state, run.sentence) == (State.APPLIED, "")
    assert numbers(watchlist) == ["น\u0e49\u0e33ทอง1", "สิริ9999", "เศรษฐี*"]
    for text, found in (("สิริ9999", 1), ("น\u0e49\u0e33ทอง 1", 1), ("เศรษฐี 88", 1), ("สร9999", 0)):
        assert len(see(camera, text=text)[1]) == found, text
    doubled = update(make_feed(watchlist, name="Doubled"), tmp_path, HEAD + "สิิริ 9999,,,\n")
    assert doubled.state == State.FAILED
    assert "doubled" in doubled.sentence


def test_what_a_feed_says_of_ends_keeps_beginnings_before_them(
    watchlist: Watchlist, tmp_path: Path
) -> None:
    feed = make_feed(watchlist, removes_missing=False)
    states = [
        update(feed, tmp_path, f"plate,from,until\nAB123,{begins},{ends}\n").state
        for begins, ends in (("", "2020-01-01"), ("2098-01-01", ""), ("", "2097-01-01"))
    ]

    assert states == [State.APPLIED] * 3
    entry = watchlist.entries.get()
    assert entry.expires_at is not None
    assert entry.effective_from < entry.expires_at
    assert entry.expires_at.year in {2096, 2097}  # by the zone


def test_excel_formula_is_refused(watchlist: Watchlist, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["plate", "reason"])
    sheet.append(["AB123", "=WEBSERVICE(A1)"])
    book.save(tmp_path / "book.xlsx")

    run = update(
        make_feed(watchlist, format="xlsx"), tmp_path, (tmp_path / "book.xlsx").read_bytes()
    )

    assert run.state == State.FAILED
    assert "formula" in run.sentence


def test_zip_needs_its_password_and_is_no_bomb(watchlist: Watchlist, tmp_path: Path) -> None:
    packed = tmp_path / "packed.zip"
    with pyzipper.AESZipFile(packed, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"secret")
        archive.writestr("feed.csv", HEAD + "AB123,,,\n")
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("feed.csv", b"0" * 3_000_000)
    feed = make_feed(watchlist)

    assert "asks for a password" in update(feed, tmp_path, packed.read_bytes()).sentence
    update_feed(feed=feed, actor=None, zip_password="other")
    assert "is wrong" in update(feed, tmp_path, packed.read_bytes()).sentence
    update_feed(feed=feed, actor=None, zip_password="secret")
    assert update(feed, tmp_path, packed.read_bytes()).state == State.APPLIED
    assert "times its size" in update(feed, tmp_path, bomb.read_bytes()).sentence
    assert "damaged" in update(feed, tmp_path, packed.read_bytes()[:-30]).sentence


def test_too_large_file_is_refused_before_it_is_read(watchlist: Watchlist, tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    with path.open("wb") as file:
        file.truncate(2 * 1024**3)  # sparse: it takes no room

    run = update_from(feed=make_feed(watchlist), path=path, actor=None)

    assert "512 MiB" in run.sentence


@pytest.mark.usefixtures("loopback")
def test_web_feed_is_fetched_and_not_again_while_it_is_the_same(
    watchlist: Watchlist, tmp_path: Path
) -> None:
    (tmp_path / "feed.csv").write_text(HEAD + "AB123,,,\n")
    with web_server(tmp_path) as address:
        feed = make_feed(watchlist, kind="http", address=f"{address}/feed.csv")
        states = [run_feed(feed=feed).state, run_feed(feed=feed).state]
        assert feed.last_modified
        (tmp_path / "feed.csv").write_text(HEAD + "AB124,,,\n")
        later = time.time() + 5
        os.utime(tmp_path / "feed.csv", (later, later))
        states.append(run_feed(feed=feed).state)
        missing = make_feed(watchlist, name="Gone", kind="http", address=f"{address}/gone.csv")
        failed = run_feed(feed=missing)

    assert states == [State.APPLIED, State.UNCHANGED, State.APPLIED]
    assert numbers(watchlist) == ["AB124"]
    assert "status 404" in failed.sentence


def test_feeds_do_not_lead_into_the_servers_own_network(
    watchlist: Watchlist, tmp_path: Path, settings: Any
) -> None:
    settings.OUTGOING_ALLOWED_NETWORKS = []
    with web_server(tmp_path) as address:
        web = run_feed(feed=make_feed(watchlist, kind="http", address=f"{address}/feed.csv"))
    sftp = run_feed(
        feed=make_feed(
            watchlist, name="SSH", kind="sftp", address="sftp://127.0.0.1/x", host_key=OTHER_KEY
        )
    )
    folder = run_feed(feed=make_feed(watchlist, name="Up", address="../../etc/passwd"))

    assert "private or reserved" in web.sentence
    assert "private or reserved" in sftp.sentence
    assert "no file" in folder.sentence


@pytest.mark.usefixtures("loopback")
def test_sftp_feed_is_fetched_from_the_server_whose_key_was_entered(
    watchlist: Watchlist, tmp_path: Path
) -> None:
    (tmp_path / "feed.csv").write_text(HEAD + "AB123,,,\n")
    with sftp_server(tmp_path) as (address, key):
        feed = make_feed(
            watchlist,
            kind="sftp",
            address=f"{address}/feed.csv",
            username="feeds",
            password=PASSWORD,
            host_key=key,
        )
        states = [run_feed(feed=feed).state, run_feed(feed=feed).state]
        update_feed(feed=feed, actor=None, host_key=OTHER_KEY, password=PASSWORD)
        posed = run_feed(feed=feed)
        update_feed(feed=feed, actor=None, host_key=key, password="wrong")
        refused = run_feed(feed=feed)

    assert states == [State.APPLIED, State.UNCHANGED]
    assert numbers(watchlist) == ["AB123"]
    assert "another key" in posed.sentence
    assert "user name and password" in refused.sentence


@pytest.mark.usefixtures("loopback")
def test_server_of_another_kind_at_an_sftp_address_is_told(
    watchlist: Watchlist, tmp_path: Path
) -> None:
    with web_server(tmp_path) as address:
        port = address.rpartition(":")[2]
        feed = make_feed(
            watchlist, kind="sftp", address=f"sftp://127.0.0.1:{port}/x", host_key=OTHER_KEY
        )
        run = run_feed(feed=feed)

    assert "does not answer as an SSH server does" in run.sentence


@pytest.mark.usefixtures("loopback")
def test_sftp_server_shows_the_key_that_was_entered_whichever_it_likes_best(
    watchlist: Watchlist, tmp_path: Path
) -> None:
    (tmp_path / "feed.csv").write_text(HEAD + "AB123,,,\n")
    with sftp_server(tmp_path) as (address, keys):
        for place, key in enumerate(keys.splitlines()):
            feed = make_feed(
                watchlist,
                name=f"Key {place}",
                kind="sftp",
                address=f"{address}/feed.csv",
                username="feeds",
                password=PASSWORD,
                host_key=key,
            )
            assert run_feed(feed=feed).state == State.APPLIED


@pytest.mark.usefixtures("loopback")
@pytest.mark.parametrize(
    ("endless_s", "most_bytes", "total_s", "sentence"),
    [(0.0, 200_000, 60, "more than"), (0.05, 2**30, 0.8, "was cut off")],
)
def test_sftp_server_that_lies_of_its_size_or_never_ends_is_cut_off(
    watchlist: Watchlist,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    endless_s: float,
    most_bytes: int,
    total_s: float,
    sentence: str,
) -> None:
    monkeypatch.setattr(files, "FILE_MOST_BYTES", most_bytes)
    monkeypatch.setattr(fetching, "TOTAL_S", total_s)
    (tmp_path / "feed.csv").write_text(HEAD)
    with sftp_server(tmp_path, endless_s=endless_s) as (address, keys):
        feed = make_feed(
            watchlist,
            kind="sftp",
            address=f"{address}/feed.csv",
            username="feeds",
            password=PASSWORD,
            host_key=keys,
        )
        began = time.monotonic()
        run = run_feed(feed=feed)

    assert run.state == State.FAILED
    assert sentence in run.sentence
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("sftp", "sftp://h:99999/x"),
        ("sftp", "sftp://[::1/x"),
        ("sftp", "sftp://h:x/x"),
        ("sftp", "sftp:///x"),
        ("sftp", "sftp://h"),
        ("sftp", "https://h/x"),
        ("sftp", "sftp://feeds:secret@h/x"),
        ("http", "https://h:99999/x"),
        ("http", "https://[::1/x"),
        ("http", "ftp://h/x"),
        ("http", "http://2130706433/x"),
    ],
)
def test_address_that_is_none_is_refused_at_its_field(
    watchlist: Watchlist, kind: str, address: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        make_feed(watchlist, kind=kind, address=address, host_key=OTHER_KEY)
    assert refused.value.message_dict.keys() == {"address"}


@pytest.mark.parametrize("key", ["", "AAAA", "ssh-ed25519", "ssh-rsa AAAA%%%", "ssh-rsa AAAB"])
def test_host_key_that_is_none_is_refused_at_its_field(watchlist: Watchlist, key: str) -> None:
    with pytest.raises(ValidationError) as refused:
        make_feed(watchlist, kind="sftp", address="sftp://h/x", host_key=key)
    assert refused.value.message_dict.keys() == {"host_key"}


def test_folder_feed_reads_its_organizations_folder_only(
    watchlist: Watchlist, tmp_path: Path, settings: Any
) -> None:
    settings.SOURCES_DIR = tmp_path
    own = tmp_path / "feeds" / watchlist.organization.slug
    others = tmp_path / "feeds" / "police"
    for folder in (own, others):
        folder.mkdir(parents=True)
        (folder / "feed.csv").write_text(HEAD + "AB123,,,\n")
    (tmp_path / "feed.csv").write_text(HEAD + "AB999,,,\n")
    (own / "link.csv").symlink_to(others / "feed.csv")

    assert run_feed(feed=make_feed(watchlist)).state == State.APPLIED
    assert numbers(watchlist) == ["AB123"]
    for address in (
        "../police/feed.csv",
        "../../feed.csv",
        "police/feed.csv",
        str(others / "feed.csv"),
        "link.csv",
        "x" * 400,
    ):
        run = run_feed(feed=make_feed(watchlist, name=address[:100], address=address))
        assert run.state == State.FAILED, address
        assert f"feeds/{watchlist.organization.slug}" in run.sentence


def test_schedule_is_a_row_that_follows_the_feed(watchlist: Watchlist) -> None:
    feed = make_feed(watchlist, every_minutes=15)
    task = PeriodicTask.objects.get(name=f"feed {feed.pk}")
    assert (task.interval.every, task.enabled, task.args) == (15, True, f'["{feed.pk}"]')

    update_feed(feed=feed, actor=None, is_active=False)
    assert not PeriodicTask.objects.get(pk=task.pk).enabled
    update_feed(feed=feed, actor=None, every_minutes=None)
    assert not PeriodicTask.objects.filter(pk=task.pk).exists()
    update_feed(feed=feed, actor=None, every_minutes=60)
    delete_feed(feed=feed, actor=None)
    assert not PeriodicTask.objects.filter(task="alerts.tasks.run_feed").exists()


def test_feed_is_stale_when_nothing_good_came_for_long(watchlist: Watchlist) -> None:
    feed = make_feed(watchlist, every_minutes=15, stale_after_hours=2)
    assert not feed.is_stale
    feed.succeeded_at = timezone.now() - timedelta(hours=3)
    assert feed.is_stale


def test_another_address_forgets_the_password(watchlist: Watchlist) -> None:
    feed = make_feed(watchlist, kind="http", address="https://a.example/x", password="secret")
    update_feed(feed=feed, actor=None, address="https://b.example/x")

    assert not Feed.objects.get(pk=feed.pk).password
    with pytest.raises(ValidationError):
        make_feed(watchlist, name="Bad", mapping={"plate": "x"})


def test_strangers_see_no_feeds(
    watchlist: Watchlist, outsider: User, viewer: User, staff: User, tmp_path: Path
) -> None:
    update(make_feed(watchlist), tmp_path, HEAD)

    assert [feeds_visible_to(who).count() for who in (staff, viewer, outsider)] == [1, 0, 0]
    assert [feed_runs_visible_to(who).count() for who in (staff, viewer, outsider)] == [1, 0, 0]


def test_old_dry_runs_lose_their_files(watchlist: Watchlist, tmp_path: Path) -> None:
    run = update(make_feed(watchlist), tmp_path, HEAD + "AB123,,,\n", is_dry=True)
    old = timezone.now() - timedelta(days=updating.KEPT_DAYS + 1)
    FeedRun.objects.filter(pk=run.pk).update(started_at=old)

    assert forget_files() == 1
    assert not FeedRun.objects.get(pk=run.pk).can_be_applied


def test_people_are_reminded_once_of_what_ends_soon(
    watchlist: Watchlist, staff: User, mailoutbox: list[EmailMessage]
) -> None:
    soon = timezone.now() + timedelta(days=2)
    make_entry(watchlist, "AB123", expires_at=soon, responsible=staff, case_number="C-7")
    make_entry(watchlist, "AB124", responsible=staff)

    assert (remind(), remind()) == (1, 0)
    [mail] = mailoutbox
    assert mail.to == [staff.email]
    assert "C-7" in mail.body
    assert "AB123" not in mail.body
