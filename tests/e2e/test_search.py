"""A search with a reason, by keyboard and on the map, which the auditor then finds in the trail."""

import re
from collections.abc import Callable

import pytest
from django.contrib.gis.geos import Point
from playwright.sync_api import Browser, Page, expect

from accounts.models import AccessReason, Organization, Role, User
from cameras.models import Camera
from tests.accounts.factories import make_member
from tests.detections.factories import make_detection
from tests.e2e.conftest import enter
from tests.pictures import draw_picture

LogIn = Callable[[User], None]


@pytest.fixture
def demanding(organization: Organization, camera: Camera) -> Organization:
    """The organization demands a reason of its list and a case number; one car passed."""
    organization.demands_reason = organization.demands_case_number = True
    organization.save()
    AccessReason.objects.create(organization=organization, text="stolen vehicle")
    camera.point = Point(100.5, 13.75, srid=4326)
    camera.save()
    crop = draw_picture(size=(240, 80))
    make_detection(camera, text="1กข 1834", crop=crop, frame=draw_picture(size=(640, 360)))
    return organization


def test_search_with_a_reason_stands_in_the_trail(
    page: Page,
    browser: Browser,
    base_url: str,
    log_in: LogIn,
    demanding: Organization,
    camera: Camera,
    complaints: list[str],
) -> None:
    analyst = make_member(demanding, Role.ANALYST, email="analyst@example.org")
    auditor = make_member(demanding, Role.AUDITOR, email="auditor@example.org")
    log_in(analyst)
    page.goto("/search/")
    page.keyboard.press("/")
    page.keyboard.type("1กข 1B34")
    page.get_by_label("Find", exact=True).select_option("fuzzy")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("State why you look this up.")).to_be_visible()
    # The refusal is what was looked for here.
    (refused,) = complaints
    assert "422" in refused
    complaints.clear()

    page.get_by_label("Reason", exact=True).select_option("stolen vehicle")
    page.get_by_label("Case number").fill("A-7")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("mark.edit-confusable")).to_have_text("8")
    assert "reason" not in page.url

    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    sighting = page.locator(".found-sightings a.passing")
    expect(sighting).to_have_count(1)
    sighting.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    # A place is drawn by keyboard: a circle around what the map shows first, which is the camera.
    page.goto("/search/")
    page.keyboard.press("f")
    page.get_by_role("button", name="Draw a circle").click()
    page.keyboard.press("Space")
    # The middle of the map is the camera, to the pixel.
    expect(page.locator("[name=near]")).to_have_value(
        re.compile(r"^100\.50*\d*,13\.7[45]\d*,1000$")
    )
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#found a.passing")).to_have_count(1)

    context = browser.new_context(base_url=base_url)
    trail = context.new_page()
    enter(trail, auditor)
    trail.goto("/audit/")
    trail.get_by_label("Plate or other target").fill("1กข 1B34")
    trail.get_by_role("button", name="Apply").click()
    row = trail.locator(".audit-row")
    expect(row).to_have_count(1)
    for text in ("analyst@example.org", "1กข1B34", "searched", "stolen vehicle", "case A-7"):
        expect(row).to_contain_text(text)
    context.close()
