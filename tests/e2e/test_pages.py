"""Every page on a desk and on a phone, and what people may not see."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Role, User
from cameras.models import Camera
from tests.accounts.factories import make_member
from tests.detections.factories import make_detection
from tests.e2e.conftest import enter

LogIn = Callable[[User], None]


@pytest.mark.parametrize("language", ["English", "ภาษาไทย"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_complains_or_scrolls_sideways(
    page: Page, log_in: LogIn, staff: User, camera: Camera, jpeg: bytes, width: int, language: str
) -> None:
    camera.name = "ลานจอดรถพนักงานฝั่งตะวันออกอาคารอำนวยการชั้นใต้ดินสอง"
    camera.save()
    detection = make_detection(
        camera, frame=jpeg, crop=jpeg, box=(9, 9, 9, 9), frame_size=(320, 180)
    )
    page.set_viewport_size({"width": width, "height": 844})
    enter(page, staff, language=language)
    paths = (
        "/",
        "/detections/",
        f"/detections/{detection.pk}/",
        "/uploads/",
        "/cameras/",
        "/accounts/2fa/",
        "/accounts/password/change/",
    )
    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_another_organization_is_out_of_sight(
    page: Page,
    log_in: LogIn,
    operator: User,
    camera: Camera,
    other_camera: Camera,
    jpeg: bytes,
    complaints: list[str],
) -> None:
    theirs = make_detection(other_camera, frame=jpeg, crop=jpeg)
    log_in(operator)
    expect(page.locator(".tile")).to_have_count(1)
    for path in (
        f"/detections/{theirs.pk}/",
        f"/detections/{theirs.pk}/frame",
        f"/cameras/{other_camera.pk}/frame",
    ):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_text("There is nothing here")).to_be_visible()
    page.goto(f"/detections/?camera={other_camera.pk}")
    expect(page.get_by_text("Select a valid choice")).to_be_visible()
    # The browser itself notes each 404.
    complaints[:] = [heard for heard in complaints if "404" not in heard]


def test_wrong_password_is_refused_in_words(page: Page, operator: User) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(operator.email)
    page.get_by_label("Password").fill("something else entirely")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("not correct")).to_be_visible()


def test_staff_adds_a_camera_in_the_admin(page: Page, log_in: LogIn, organization: object) -> None:
    owner = make_member(organization, Role.OWNER, email="owner@example.org")  # type: ignore[arg-type]  # a fixture
    log_in(owner)
    page.goto("/cameras/")
    page.get_by_role("link", name="Add a camera").first.click()
    page.wait_for_url("**/admin/cameras/camera/add/")
    page.locator("[name=name]").fill("North gate")
    page.locator("[name=organization]").select_option(label="Harbour")
    page.locator("[name=source_kind]").select_option("push")
    page.get_by_role("button", name=re.compile("^Save$")).first.click()
    page.wait_for_url(lambda url: not url.endswith("/add/"))
    page.goto("/cameras/")
    expect(page.get_by_role("heading", name="North gate")).to_be_visible()


def test_upload_shows_its_progress_and_why_it_was_refused(
    page: Page,
    log_in: LogIn,
    operator: User,
    camera: Camera,
    tmp_path: Path,
    jpeg: bytes,
    complaints: list[str],
) -> None:
    picture, text = tmp_path / "gate.jpg", tmp_path / "notes.txt"
    picture.write_bytes(jpeg)
    text.write_text("not a picture")
    log_in(operator)
    page.goto("/uploads/")
    page.get_by_label("Camera").select_option("Camera 1")
    page.locator("[name=file]").set_input_files(text)
    page.get_by_role("button", name="Send and read").click()
    expect(page.get_by_text("This is no picture")).to_be_visible()
    page.locator("[name=file]").set_input_files(picture)
    expect(page.locator("#drop-text")).to_have_text("gate.jpg")
    page.get_by_role("button", name="Send and read").click()
    page.wait_for_url("**/uploads/*-*/")
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    # The browser itself notes the refusal.
    complaints[:] = [heard for heard in complaints if "422" not in heard]


def test_session_ends_with_the_log_out(page: Page, log_in: LogIn, operator: User) -> None:
    log_in(operator)
    page.get_by_role("button", name=operator.email).first.click()
    with page.expect_navigation():
        page.get_by_role("button", name="Log out").first.click()
    page.goto("/detections/")
    page.wait_for_url("**/accounts/login/**")
