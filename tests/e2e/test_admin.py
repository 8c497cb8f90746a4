"""The admin in a browser: its content policy, and the fields that are set by pointing."""

import json
from collections.abc import Callable

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from cameras.models import Camera
from tests.accounts.factories import PASSWORD, make_user
from tests.detections.factories import make_detection

LogIn = Callable[[User], None]
EVAL = "'unsafe-eval'"


def policy(page: Page, path: str) -> str:
    answer = page.request.get(path)
    return answer.headers["content-security-policy"]


@pytest.fixture
def root() -> User:
    return make_user(is_superuser=True, is_staff=True, password=PASSWORD)


def test_no_staff_page_breaks_the_content_policy(
    page: Page, log_in: LogIn, root: User, camera: Camera, jpeg: bytes
) -> None:
    make_detection(camera, frame=jpeg, crop=jpeg)
    log_in(root)
    paths = [reverse("admin:index"), reverse("admin:cameras_camera_add")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        paths.append(reverse(f"{name}_changelist"))
        row = model._default_manager.first()
        if row is not None:
            paths.append(reverse(f"{name}_change", args=[row.pk]))
    for path in paths:
        page.goto(path)
        # Alpine.js takes the page over: the policy let it evaluate its attributes.
        expect(page.locator("html:not([x-cloak])"), path).to_have_count(1)


def test_only_the_admin_may_evaluate(page: Page, log_in: LogIn, root: User) -> None:
    log_in(root)
    assert EVAL in policy(page, "/admin/")
    for path in ("/", "/detections/", "/accounts/password/change/"):
        assert EVAL not in policy(page, path)


def test_inline_script_is_refused_in_the_admin(
    page: Page, log_in: LogIn, root: User, complaints: list[str]
) -> None:
    log_in(root)
    page.goto("/admin/")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ranInline = true";
            document.body.append(script);
        }"""
    )
    assert page.evaluate("window.ranInline") is None
    assert any("Content Security Policy" in complaint for complaint in complaints)
    complaints.clear()


def test_camera_is_placed_and_its_areas_drawn(
    page: Page, log_in: LogIn, staff: User, camera: Camera
) -> None:
    log_in(staff)
    page.goto(reverse("admin:cameras_camera_change", args=[camera.pk]))
    page.wait_for_load_state("networkidle")
    page.locator(".lpr-map").click(position={"x": 300, "y": 150})
    latitude = page.locator("[name=point_latitude]")
    expect(latitude).not_to_have_value("")

    canvas = page.locator(".lpr-canvas svg")
    page.locator("[data-draw=include]").click()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    corners = ((0.1, 0.1), (0.6, 0.1), (0.6, 0.4), (0.1, 0.1))
    for x, y in corners:
        canvas.click(position={"x": x * box["width"], "y": y * box["height"]})
    areas = page.locator("#id_include_areas")
    [area] = json.loads(areas.input_value())
    assert area == [
        [pytest.approx(x, abs=0.01), pytest.approx(y, abs=0.01)] for x, y in corners[:3]
    ]

    page.locator("[data-area='0'][data-corner='2']").focus()
    page.keyboard.press("ArrowDown")
    assert json.loads(areas.input_value())[0][2][1] > area[2][1]

    page.locator("[data-draw=exclude]").click()
    for key in (" ", "Shift+ArrowRight", " ", "Shift+ArrowDown", " ", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Add hours").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/admin/cameras/camera/")
    camera.refresh_from_db()
    assert camera.point is not None
    assert len(camera.include_areas) == len(camera.exclude_areas) == 1
    assert camera.active_hours == [{"days": [0, 1, 2, 3, 4], "from": 420, "to": 1140}]


def test_camera_of_another_organization_is_refused(
    page: Page, log_in: LogIn, staff: User, other_camera: Camera
) -> None:
    log_in(staff)
    page.goto(reverse("admin:cameras_camera_change", args=[other_camera.pk]))
    page.wait_for_url("**/admin/")
    expect(page.get_by_text("exist. Perhaps it was deleted")).to_be_visible()
    page.goto(reverse("admin:cameras_camera_changelist"))
    expect(page.get_by_text("0 cameras")).to_be_visible()


def test_recipient_shows_what_its_channel_needs(page: Page, log_in: LogIn, staff: User) -> None:
    log_in(staff)
    page.goto(reverse("admin:alerts_endpoint_add"))
    address, broker = page.locator("[name=address]"), page.locator("[name=host]")
    url, channel = page.locator("[name=url]"), page.locator("[name=channel]")

    channel.select_option("email")
    expect(address).to_be_visible()
    expect(broker).to_be_hidden()
    expect(url).to_be_hidden()
    channel.select_option("mqtt")
    expect(broker).to_be_visible()
    expect(address).to_be_hidden()
    page.locator("[name=name]").fill("Gate")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Write the broker's name or address.")).to_be_visible()
    expect(address).to_be_hidden()
