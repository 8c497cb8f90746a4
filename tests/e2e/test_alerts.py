"""What operators do with alerts: one arrives, they judge it, nobody else is told."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from alerts.models import Alert, Rule
from alerts.services.escalation import escalate_due
from cameras.models import Camera
from tests.alerts.factories import make_endpoint, make_entry, make_policy, make_watchlist
from tests.detections.factories import make_detection
from tests.pictures import draw_picture

LogIn = Callable[[User], None]


@pytest.fixture
def look(page: Page) -> Callable[[str], None]:
    """Keeps pictures of the page for people who ask for them by LPR_LOOK."""

    def keep(name: str) -> None:
        if folder := os.environ.get("LPR_LOOK"):
            page.screenshot(path=Path(folder) / f"{name}.png")

    return keep


def wait_until_live(page: Page) -> None:
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")


def test_hit_arrives_is_verified_and_its_escalation_stops(
    page: Page,
    log_in: LogIn,
    operator: User,
    camera: Camera,
    jpeg: bytes,
    look: Callable[[str], None],
) -> None:
    organization = camera.organization
    watchlist = make_watchlist(organization, name="Stolen vehicles", category="stolen", priority=90)
    make_entry(watchlist, "1กข1234", reason="Taken at night", case_number="7/2026")
    first, later = make_endpoint(organization), make_endpoint(organization, name="Chief")
    make_policy(organization, (0, [first]), (600, [later]))
    log_in(operator)
    page.goto("/alerts/")
    wait_until_live(page)
    expect(page.get_by_text("Nothing to be done.")).to_be_visible()
    look("empty")
    make_detection(
        camera,
        text="1กข 1234",
        crop=jpeg,
        frame=draw_picture(size=(640, 360)),
        frame_size=(640, 360),
    )
    row = page.locator("#alerts a")
    expect(row).to_have_count(1)
    expect(row.locator(".plate-number")).to_have_text("1กข 1234")
    expect(page.locator(".side-link .count")).to_contain_text("1")
    page.keyboard.press("Enter")
    panel = page.locator("#panel")
    expect(panel.get_by_text("Taken at night")).to_be_visible()
    expect(panel.get_by_text("Next are told")).to_be_visible()
    alert = Alert.objects.get()
    assert alert.next_step_at is not None
    page.keyboard.press("v")
    expect(panel.locator("[data-state=verified]")).to_be_visible()
    expect(panel.get_by_text("Next are told")).to_be_hidden()
    expect(page.locator(".side-link .count")).to_have_count(0)
    look("verified")
    alert = Alert.objects.get(pk=alert.pk)
    assert (alert.state, alert.next_step_at) == (Alert.State.VERIFIED, None)
    assert escalate_due() == 0
    page.keyboard.press("x")
    page.locator("#reject select").select_option("misread")
    page.locator("#reject button[value=reject]").click()
    expect(panel.locator("[data-state=rejected]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(row).to_have_count(0)


def test_rule_is_built_held_against_the_past_and_kept_in_shadow(
    page: Page, log_in: LogIn, staff: User, camera: Camera, look: Callable[[str], None]
) -> None:
    for text in ("1กข1234", "1กข1299", "9กก9999"):
        make_detection(camera, text=text)
    log_in(staff)
    page.goto("/alerts/rules/")
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Name").fill("Plates of one series, not one of them")
    conditions = page.locator("#conditions")
    conditions.get_by_role("button", name="Add a condition").click()
    conditions.get_by_label("Condition", exact=True).select_option("plate")
    conditions.get_by_label("Plate; ? is one letter").fill("1กข*")
    conditions.get_by_role("button", name="Add a group").click()
    inner = conditions.locator(".rule-group .rule-group")
    inner.get_by_label("How many of these must hold").select_option("none")
    inner.get_by_role("button", name="Add a condition").click()
    inner.get_by_label("Condition", exact=True).select_option("plate")
    inner.get_by_label("Plate; ? is one letter").fill("1กข1299")
    page.get_by_role("button", name="Try against the last week").click()
    answer = page.locator("#answer")
    expect(answer.get_by_text("This rule would have raised 1 alert")).to_be_visible()
    expect(answer.get_by_role("link")).to_have_text(["1กข1234"])
    look("rule")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/alerts/rules/")
    expect(page.get_by_text("would have fired")).to_be_visible()
    assert Rule.objects.get().conditions == {
        "all": [
            {"kind": "plate", "pattern": "1กข*"},
            {"not": {"any": [{"kind": "plate", "pattern": "1กข1299"}]}},
        ]
    }
    look("rules")


def test_alert_is_acknowledged_on_a_phone(
    page: Page, log_in: LogIn, operator: User, camera: Camera, look: Callable[[str], None]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    organization = camera.organization
    for number, priority in enumerate((95, 60, 20)):
        watchlist = make_watchlist(
            organization, priority=priority, name=f"รถที่ต้องเฝ้าระวังเป็นพิเศษ {number}"
        )
        make_entry(watchlist, f"1กข123{number}")
        make_detection(camera, text=f"1กข123{number}", captured_at=timezone.now())
    log_in(operator)
    page.goto("/alerts/")
    wait_until_live(page)
    expect(page.locator("#alerts a")).to_have_count(3)
    look("phone-list")
    page.locator("#alerts a").first.click()
    look("phone-panel")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#panel [data-state=acked]")).to_be_visible()
    page.get_by_role("button", name="Back to the list").click()
    expect(page.locator("#alerts a").first).to_contain_text("acknowledged")
    overflow = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0
