"""What operators do: watch, open, use the keyboard, lose the connection."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from cameras.models import Camera, CameraStatus
from detections.events import publish_camera
from detections.models import Detection
from detections.services.frames import keep_last_frame
from tests.alerts.factories import make_entry, make_watchlist
from tests.detections.factories import make_detection
from tests.pictures import draw_picture

LogIn = Callable[[User], None]
LIVE = "live"


def wait_until_live(page: Page) -> None:
    expect(page.locator("#connection")).to_have_attribute("data-state", LIVE)


def numbers(page: Page) -> list[str]:
    return [
        text.replace(" ", "") for text in page.locator("#passings .plate-number").all_inner_texts()
    ]


def test_detection_arrives_without_reload_and_opens(
    page: Page, log_in: LogIn, operator: User, camera: Camera, jpeg: bytes
) -> None:
    make_entry(make_watchlist(camera.organization, name="Stolen cars"))
    log_in(operator)
    wait_until_live(page)
    expect(page.get_by_text("No detections yet.")).to_be_visible()
    picture = draw_picture(size=(640, 360))
    detection = make_detection(
        camera,
        text="1กข 1234",
        frame=picture,
        crop=jpeg,
        box=(192, 144, 256, 72),
        frame_size=(640, 360),
    )
    row = page.locator("#passings a.passing")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Camera 1")
    expect(page.locator("#hero .plate-number")).to_have_text("1กข 1234")
    expect(page.get_by_text("No detections yet.")).to_be_hidden()
    # The list that names it is known a moment after the row was sent.
    expect(page.locator("#passings .mark")).to_have_text("On the watchlist Stolen cars")
    expect(page.locator("#hero .mark")).to_have_attribute(
        "href", re.compile("^/alerts/[0-9a-f-]+/$")
    )
    expect(page.locator("#passings .plate-link")).to_have_attribute(
        "href", f"/plates/{detection.plate_id}/"
    )
    row.click()
    page.wait_for_url(f"**/detections/{detection.pk}/")
    frame = page.locator("#frame img")
    assert frame.evaluate("image => image.naturalWidth") == 640
    expect(page.locator("#frame rect")).to_be_visible()
    page.keyboard.press("b")
    expect(page.locator("#frame rect")).to_be_hidden()
    page.get_by_role("button", name="Check the pictures now").click()
    expect(page.get_by_text("The frame is the one that was recorded.")).to_be_visible()


def test_rows_of_the_script_and_of_the_server_are_the_same(
    page: Page, log_in: LogIn, operator: User, camera: Camera
) -> None:
    chars = [0.99, 0.99, 0.6, 0.99, 0.99, 0.99, 0.99]
    make_detection(camera, text="1กข1234", evidence={"char_confidences": chars})
    make_detection(camera, text="MAB1234", country="DE", province="", confidence=0.5)
    make_detection(camera, text="XY1", country="", province="", review=Detection.Review.PENDING)
    log_in(operator)
    parts = (".plate", ".certainty", ".tag")

    def drawn() -> list[list[str]]:
        rows = page.locator(".passings")
        html = "nodes => nodes.map(node => node.outerHTML)"
        return [rows.locator(part).evaluate_all(html) for part in parts]

    expect(page.locator(".passings .plate")).to_have_count(3)
    by_script = drawn()
    page.goto("/detections/")
    assert drawn() == by_script


def test_list_stands_still_while_somebody_has_a_row_in_hand(
    page: Page, log_in: LogIn, operator: User, camera: Camera
) -> None:
    now = timezone.now()
    for n in range(3):
        make_detection(camera, text=f"1กข {n + 1}", captured_at=now - timedelta(seconds=9 - n))
    log_in(operator)
    wait_until_live(page)
    assert numbers(page) == ["1กข3", "1กข2", "1กข1"]
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#passings a.passing").nth(1)).to_be_focused()
    expect(page.locator("#hero .plate-number")).to_have_text("1กข 2")
    make_detection(camera, text="1กข 4")
    expect(page.get_by_role("button", name="1 new detection")).to_be_visible()
    assert numbers(page) == ["1กข3", "1กข2", "1กข1"]
    page.keyboard.press("Escape")
    expect(page.locator("#passings a.passing")).to_have_count(4)
    assert numbers(page)[0] == "1กข4"
    page.keyboard.press("p")
    make_detection(camera, text="1กข 5")
    page.get_by_role("button", name="1 new detection").click()
    expect(page.locator("#passings a.passing")).to_have_count(5)
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/detections/*/")


def test_help_opens_by_key(page: Page, log_in: LogIn, operator: User) -> None:
    log_in(operator)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Row before")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_filters_stay_in_the_address(
    page: Page, log_in: LogIn, operator: User, camera: Camera, second_camera: Camera
) -> None:
    log_in(operator)
    page.get_by_label("Camera", exact=True).select_option("Camera 2")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(f"**camera={second_camera.pk}**")
    wait_until_live(page)
    make_detection(camera, text="1กข 1")
    make_detection(second_camera, text="2กข 2")
    expect(page.locator("#passings a.passing")).to_have_count(1)
    assert numbers(page) == ["2กข2"]
    expect(page.locator(".tile")).to_have_count(1)


def test_nothing_is_missed_while_the_socket_was_cut(
    page: Page, log_in: LogIn, operator: User, camera: Camera, complaints: list[str]
) -> None:
    cut: list[Any] = []
    is_down = False

    def pass_on(route: Any) -> None:
        if is_down:
            route.close()
            return
        cut.append(route)
        route.connect_to_server()

    page.route_web_socket("**/ws/live/**", pass_on)
    log_in(operator)
    wait_until_live(page)
    is_down = True
    cut[-1].close()
    expect(page.locator("#banner")).to_contain_text("Trying again in")
    make_detection(camera, text="1กข 1111")
    make_detection(camera, text="1กข 2222", captured_at=timezone.now() - timedelta(hours=3))
    is_down = False
    expect(page.locator("#passings a.passing")).to_have_count(2, timeout=60_000)
    wait_until_live(page)
    expect(page.locator("#banner")).to_be_empty()


@pytest.mark.usefixtures("unpublished")
def test_messages_lost_by_redis_come_from_the_database(
    page: Page, log_in: LogIn, operator: User, camera: Camera
) -> None:
    log_in(operator)
    wait_until_live(page)
    make_detection(camera)
    expect(page.locator("#passings a.passing")).to_have_count(1, timeout=60_000)


def test_who_is_logged_out_elsewhere_is_told_so(
    page: Page, log_in: LogIn, operator: User, complaints: list[str]
) -> None:
    log_in(operator)
    wait_until_live(page)
    User.objects.filter(pk=operator.pk).update(is_active=False)
    page.wait_for_url("**/accounts/login/**", timeout=60_000)


def test_tile_shows_the_last_frame_with_boxes_and_says_what_is_wrong(
    page: Page, log_in: LogIn, operator: User, camera: Camera
) -> None:
    Camera.objects.filter(pk=camera.pk).update(
        source_kind=Camera.SourceKind.RTSP, source_url="rtsp://10.0.0.1/live"
    )
    CameraStatus.objects.filter(camera=camera).update(
        state=CameraStatus.State.ONLINE, updated_at=timezone.now()
    )
    log_in(operator)
    wait_until_live(page)
    keep_last_frame(camera.pk, draw_picture(size=(640, 360)), [])
    seen: Any = {
        "type": "live.camera",
        "camera_id": str(camera.pk),
        "state": "online",
        "error": "",
        "fps": 8.0,
        "frame_at": timezone.now().isoformat(),
        "boxes": [{"x": 0.3, "y": 0.4, "width": 0.4, "height": 0.2, "text": ""}],
    }
    publish_camera(camera.pk, seen)
    tile = page.locator(".tile")
    expect(tile).to_contain_text("8 frames/s")
    page.wait_for_timeout(1_100)
    publish_camera(camera.pk, seen)
    expect(tile.locator("img")).to_be_visible()
    expect(tile.locator("rect")).to_have_count(1)
    seen |= {"state": "failing", "error": "The camera hung up.", "boxes": []}
    publish_camera(camera.pk, seen)
    # Both at once: a few seconds later it is no longer just now.
    expect(tile).to_contain_text(re.compile(r"just now\s+The camera hung up\."))


@pytest.mark.parametrize("theme", ["Light", "Contrast", "System", "Dark"])
def test_look_is_chosen_and_kept(page: Page, log_in: LogIn, operator: User, theme: str) -> None:
    log_in(operator)
    page.get_by_role("button", name=operator.email).first.click()
    page.get_by_role("button", name=theme, exact=True).first.click()
    page.reload()
    expected = {"System": "light"}.get(theme, theme.lower())
    expect(page.locator("html")).to_have_attribute("data-bs-theme", expected)
