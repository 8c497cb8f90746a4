"""What people do with vehicles: a file with wrong lines is refused, a right one is taken over."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from accounts.models import Organization, User
from tests.vehicles.test_services import make_vehicle
from vehicles.models import Vehicle, VehicleImport
from vehicles.services.imports.imports import apply_file, check_file
from vehicles.services.registrations import assign_plate, ensure_plate
from vehicles.services.sightings import PlateKey

LogIn = Callable[[User], None]
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
HEAD = "ทะเบียน,จังหวัด,ชื่อ,ยี่ห้อ\n"
GOOD = "1กข 1234,กรุงเทพมหานคร,รถรับส่งผู้ป่วย,Toyota\n2กข 5678,เชียงใหม่,Bus,Hino\n"


def sent() -> VehicleImport:
    return VehicleImport.objects.latest("id")


def test_file_with_wrong_lines_is_refused_and_the_mended_one_taken_over(
    page: Page, log_in: LogIn, operator: User, organization: Organization, tmp_path: Path
) -> None:
    known = make_vehicle(organization, name="Van", make="Isuzu")
    plate = ensure_plate(organization=organization, key=PlateKey("1กข1234", "TH", "TH-10"))
    assign_plate(vehicle=known, plate=plate, actor=operator)
    file = tmp_path / "vehicles.csv"
    log_in(operator)

    def send(text: str) -> None:
        file.write_bytes(text.encode("cp874"))
        page.goto("/vehicles/import/")
        page.get_by_label("File").set_input_files(file)
        page.get_by_role("button", name="Show what would change").click()
        expect(page.get_by_text("The file is being compared with what is known.")).to_be_visible()
        check_file(import_id=sent().pk)
        expect(page.locator(".import-lines")).to_be_visible()

    send(f"{HEAD}{GOOD}???,,Nothing,\n2กข5678,เชียงใหม่,Twice,\n")
    expect(page.get_by_text("Lines are wrong, so nothing can be taken over.")).to_be_visible()
    expect(page.get_by_text("The same plate stands on line 3 already.")).to_be_visible()
    expect(page.get_by_role("button", name="Take all of it over")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(OVERFLOW) <= 0

    send(HEAD + GOOD)
    changed = page.locator(".import-lines tbody tr").first
    expect(changed.locator("del", has_text="Isuzu")).to_be_visible()
    expect(changed.locator("ins", has_text="Toyota")).to_be_visible()
    assert Vehicle.objects.count() == 1
    page.get_by_role("button", name="Take all of it over").click()
    expect(page.get_by_text("The file is being taken over.")).to_be_visible()
    apply_file(import_id=sent().pk)
    expect(page.get_by_text("Everything below was taken over.")).to_be_visible()
    page.get_by_role("link", name="To the vehicles").click()
    expect(page.get_by_text("รถรับส่งผู้ป่วย")).to_be_visible()
