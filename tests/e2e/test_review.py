"""Two reviewers in two browsers: each gets another detection; one corrects, and takes it back."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import Organization, Role, User
from cameras.models import Camera
from detections.models import Detection, ReviewEntry
from tests.accounts.factories import make_member
from tests.detections.factories import make_detection
from tests.e2e.conftest import enter
from tests.pictures import draw_picture

LogIn = Callable[[User], None]
WAITING = 5


@pytest.fixture(autouse=True)
def _no_chance(organization: Organization) -> None:
    organization.review_sample_rate = 0.0
    organization.save()


@pytest.fixture
def waiting(camera: Camera) -> list[Detection]:
    """Five that wait, newest first, each with its pictures."""
    now = timezone.now()
    return [
        make_detection(
            camera,
            text=f"1กข 123{number}",
            confidence=0.5,
            review=Detection.Review.PENDING,
            captured_at=now - timedelta(minutes=2 * number),
            frame=draw_picture(size=(640, 360)),
            crop=draw_picture(size=(240, 80)),
            box=(192, 144, 256, 72),
            frame_size=(640, 360),
            evidence={
                "candidates": [
                    {"text": f"1กข123{number}", "share": 0.6, "frames": 3},
                    {"text": f"1กข128{number}", "share": 0.4, "frames": 2},
                ],
                "char_confidences": [0.99, 0.98, 0.97, 0.9, 0.9, 0.5, 0.9],
            },
        )
        for number in range(WAITING)
    ]


@pytest.fixture
def other_page(browser: Browser, base_url: str, organization: Organization) -> Iterator[Page]:
    """The browser of a second reviewer, who is logged in."""
    analyst = make_member(organization, Role.ANALYST, email="analyst@example.org")
    context = browser.new_context(base_url=base_url)
    page = context.new_page()
    enter(page, analyst)
    yield page
    context.close()


def item_of(page: Page) -> str:
    item = page.locator(".review-item:visible")
    expect(item).to_have_count(1)
    return str(item.get_attribute("data-item"))


def test_two_reviewers_get_different_ones_and_one_corrects_and_takes_back(
    page: Page, other_page: Page, log_in: LogIn, operator: User, waiting: list[Detection]
) -> None:
    log_in(operator)
    page.goto("/review/")
    other_page.goto("/detections/")
    row = other_page.locator(f'a[data-row="{waiting[0].pk}"]')
    expect(row.locator(".tag")).to_have_text("to be reviewed")
    assert item_of(page) == str(waiting[0].pk)
    expect(page.locator("#waiting")).to_contain_text("5")
    expect(page.locator(".review-item")).to_have_count(2)  # the next one is there already

    page.keyboard.press("2")
    number = page.locator(".review-item:visible [data-correct] [name=number]")
    expect(number).to_have_value("1กข1280")
    number.press("Enter")
    expect(page.locator("#said")).to_contain_text("corrected: 1กข1280")
    expect(page.locator("#waiting")).to_contain_text("4")
    assert item_of(page) == str(waiting[1].pk)
    stands = Detection.objects.select_related("plate").get(pk=waiting[0].pk)
    assert (stands.read_number, stands.shown_number) == ("1กข1230", "1กข1280")
    # The list that somebody else has open shows it without a reload.
    expect(row.locator(".tag")).to_have_text("corrected")
    expect(row.locator(".plate-number")).to_have_text("1กข 1280")

    # As far as it fetches for itself.
    expect(page.locator(".review-item")).to_have_count(2)
    other_page.goto("/review/")
    theirs = item_of(other_page)
    expect(other_page.locator(".review-item")).to_have_count(2)
    mine = {page.locator(".review-item").nth(n).get_attribute("data-item") for n in (0, 1)}
    yours = {other_page.locator(".review-item").nth(n).get_attribute("data-item") for n in (0, 1)}
    assert not mine & yours
    assert theirs == str(waiting[3].pk)

    page.keyboard.press("u")
    expect(page.locator("#said")).to_contain_text("Undone")
    assert item_of(page) == str(waiting[0].pk)
    expect(page.locator(".review-item:visible .tag").first).to_have_text("Not certain enough")
    kinds = list(ReviewEntry.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["corrected", "undone"]

    page.keyboard.press("c")
    expect(page.locator("#said")).to_contain_text("confirmed")
    other_page.keyboard.press("x")
    other_page.keyboard.press("1")
    expect(other_page.locator("#said")).to_contain_text("rejected")
    assert Detection.objects.get(pk=waiting[3].pk).review == "rejected"


def test_queue_empties_and_says_so(
    page: Page, log_in: LogIn, operator: User, waiting: list[Detection]
) -> None:
    log_in(operator)
    page.goto("/review/")
    for detection in waiting:
        expect(page.locator(f'.review-item:visible[data-item="{detection.pk}"]')).to_be_visible()
        page.keyboard.press("c")
    expect(page.get_by_text("Nothing waits for review.")).to_be_visible()
    assert Detection.objects.filter(review="confirmed").count() == WAITING


def test_wrong_number_is_refused_in_words_and_passed_over_stays(
    page: Page,
    log_in: LogIn,
    operator: User,
    waiting: list[Detection],
    complaints: list[str],
) -> None:
    log_in(operator)
    page.goto("/review/")
    assert item_of(page) == str(waiting[0].pk)
    page.keyboard.press("e")
    page.keyboard.type("<b>")
    page.keyboard.press("Enter")
    expect(page.get_by_text("letters and digits only")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator(f'.review-item:visible[data-item="{waiting[1].pk}"]')).to_be_visible()
    assert not ReviewEntry.objects.exists()
    complaints[:] = [heard for heard in complaints if "400" not in heard]


@pytest.mark.parametrize("language", ["English", "ภาษาไทย"])
@pytest.mark.parametrize("width", [390, 1440])
def test_review_pages_fit_and_complain_of_nothing(
    page: Page,
    staff: User,
    waiting: list[Detection],
    width: int,
    language: str,
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    enter(page, staff, language=language)
    for path in ("/review/", "/review/corrections/", "/review/accuracy/"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_staff_corrects_a_batch_after_seeing_it(
    page: Page, log_in: LogIn, staff: User, waiting: list[Detection]
) -> None:
    log_in(staff)
    page.goto("/review/corrections/")
    page.locator("[name=camera]").select_option("Camera 1")
    page.locator("[name=read_number]").fill("1กข 12")
    page.locator("[name=match]").select_option("beginning")
    page.locator("[name=number]").fill("1กข 72")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("5 detections would change.")).to_be_visible()
    expect(page.locator(".moves li")).to_have_count(WAITING)
    page.get_by_role("button", name="Correct 5 detections").click()
    expect(page.get_by_text("5 detections corrected.")).to_be_visible()
    assert Detection.objects.filter(plate__number__startswith="1กข72").count() == WAITING
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("5 detections stand as before.")).to_be_visible()
    assert Detection.objects.filter(review="pending").count() == WAITING
