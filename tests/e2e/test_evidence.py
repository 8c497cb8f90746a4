"""An export from the list, and an evidence pack that is altered by one byte and refused."""

import csv
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Organization, Role, User
from cameras.models import Camera
from detections.models import Detection
from reports.models import Export
from reports.services.making import make_export
from tests.accounts.factories import make_member
from tests.detections.factories import make_detection
from tests.pictures import draw_picture

LogIn = Callable[[User], None]


@pytest.fixture
def analyst(organization: Organization) -> User:
    return make_member(organization, Role.ANALYST, email="analyst@example.org")


@pytest.fixture
def detections(camera: Camera) -> list[Detection]:
    return [
        make_detection(
            camera,
            text=f"1กข 123{number}",
            frame=draw_picture(size=(640, 360)),
            crop=draw_picture(size=(240, 80)),
            box=(192, 144, 256, 72),
            frame_size=(640, 360),
        )
        for number in range(3)
    ]


def test_list_is_exported_at_once(
    page: Page, log_in: LogIn, analyst: User, detections: list[Detection], tmp_path: Path
) -> None:
    log_in(analyst)
    page.goto("/detections/?text=1กข")
    page.get_by_role("link", name="Export", exact=True).click()
    expect(page.get_by_text("prefix")).to_be_visible()
    page.get_by_label("Confidence", exact=True).uncheck()
    page.get_by_label("Reason").fill("theft")

    with page.expect_download() as started:
        page.get_by_role("button", name="Export").click()

    file = tmp_path / started.value.suggested_filename
    started.value.save_as(file)
    assert file.suffix == ".csv"
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert [row["number"] for row in rows] == ["1กข1232", "1กข1231", "1กข1230"]
    assert "confidence" not in rows[0]


def test_pack_is_made_downloaded_altered_and_refused(
    page: Page, log_in: LogIn, analyst: User, detections: list[Detection], tmp_path: Path
) -> None:
    log_in(analyst)
    page.goto(f"/detections/{detections[0].pk}/")
    page.get_by_role("link", name="Evidence pack").click()
    expect(page.locator(".offered-one")).to_have_count(1)
    page.get_by_label("Reason").fill("hit and run")
    page.get_by_label("Case number").fill("2569/114")
    page.get_by_role("button", name="Make the evidence pack").click()
    page.wait_for_url("**/exports/")
    row = page.locator(".export")
    expect(row).to_have_attribute("data-state", "queued")

    make_export(Export.objects.get().pk)  # what a worker does meanwhile

    expect(row).to_have_attribute("data-state", "done")  # without a reload
    with page.expect_download() as started:
        row.get_by_role("button", name="Download").click()
    pack = tmp_path / "pack.zip"
    started.value.save_as(pack)
    page.goto("/evidence/")
    key = page.locator(".key").inner_text()
    with page.expect_download() as started:
        page.get_by_role("link", name="verify_evidence.py").click()
    program = tmp_path / "verify_evidence.py"
    started.value.save_as(program)

    def verify(file: Path) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-I", "-S", str(program), str(file), "--key", key]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert verify(pack).returncode == 0
    name = f"detections/{detections[0].pk}/frame.jpg"
    content = bytearray(pack.read_bytes())
    content[zipfile.ZipFile(pack).getinfo(name).header_offset + 300] ^= 1
    altered = tmp_path / "altered.zip"
    altered.write_bytes(content)
    refused = verify(altered)
    assert refused.returncode == 1
    assert f"changed: {name}." in refused.stdout
