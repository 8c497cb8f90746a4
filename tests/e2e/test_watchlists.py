"""What managers do with watchlists: a file is tried, applied, and what it names hits."""

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from accounts.models import User
from alerts.models import Entry, FeedRun
from alerts.services.feeds.running import work_on
from cameras.models import Camera
from tests.alerts.factories import make_watchlist
from tests.detections.factories import make_detection

LogIn = Callable[[User], None]

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def work() -> None:
    """What a worker does of the one update that waits."""
    work_on(run_id=FeedRun.objects.get(state=FeedRun.State.QUEUED).pk)


def test_file_is_tried_and_applied_and_what_it_names_hits(
    page: Page, log_in: LogIn, staff: User, camera: Camera, tmp_path: Path
) -> None:
    file = tmp_path / "stolen.csv"
    file.write_text("plate,province,reason\n1กข1234,TH-10,Taken at night\n2ขค5678,,Fuel not paid\n")
    watchlist = make_watchlist(camera.organization, name="Stolen vehicles")
    log_in(staff)
    page.goto(f"/watchlists/{watchlist.pk}/import")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("It waits for a worker.")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="What it would change")).to_be_visible()
    expect(page.get_by_text("1กข1234")).to_be_visible()
    assert Entry.objects.count() == 0
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("It waits for a worker.")).to_be_visible()
    work()
    expect(page.get_by_text("2 entries added, 0 changed, 0 deleted.")).to_be_visible()
    page.get_by_role("link", name="To the list").click()
    expect(page.get_by_text("Taken at night")).to_be_visible()

    make_detection(camera, text="1กข 1234")
    page.goto("/watchlists/hits")
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Stolen vehicles")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(OVERFLOW) <= 0
    page.goto(f"/watchlists/{watchlist.pk}/")
    expect(page.get_by_text("Taken at night")).to_be_visible()
    assert page.evaluate(OVERFLOW) <= 0


def test_list_counts_in_several_polygons(
    page: Page, log_in: LogIn, staff: User, camera: Camera
) -> None:
    watchlist = make_watchlist(camera.organization, name="Stolen vehicles")
    log_in(staff)
    page.goto(f"/watchlists/{watchlist.pk}/edit")
    land, area = page.locator(".list-area .search-map"), page.locator("[name=area]")
    expect(land.locator(".map-land").first).to_be_attached()

    def draw(left: int) -> None:
        page.get_by_role("button", name="Draw a polygon").click()
        for x, y in ((left, 60), (left + 60, 60), (left + 60, 120)):
            land.click(position={"x": x, "y": y})
        page.get_by_role("button", name="Done").click()

    draw(60)
    draw(180)
    draw(300)
    assert len(json.loads(area.input_value())["coordinates"]) == 3
    page.get_by_role("button", name="Take the last one away").click()
    expect(page.get_by_text("inside the polygons")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**/watchlists/{watchlist.pk}/")
    watchlist.refresh_from_db()
    assert watchlist.area is not None
    assert len(watchlist.area) == 2

    page.goto(f"/watchlists/{watchlist.pk}/edit")
    expect(land.locator("path.map-drawn")).to_have_count(2)
    page.get_by_role("button", name="Draw a polygon").click()
    land.click(position={"x": 20, "y": 20})
    land.press("Escape")
    expect(land.locator("path.map-drawn")).to_have_count(2)
    page.get_by_role("button", name="Everywhere").click()
    expect(area).to_have_value("")
