"""An erased plate stands in no hit, alert or message any more; an export tells of no watching."""

import zipfile

from django.core.files.storage import storages

from accounts.models import Role
from alerts.models import Alert, Hit
from cameras.models import Camera
from detections.models import Detection, PlateRequest
from detections.services.keeping.subjects import request_plate, serve_request
from tests.accounts.factories import make_member
from tests.alerts.factories import make_alert, make_entry, make_watchlist, see
from vehicles.models import Plate


def test_erased_plate_leaves_hits_and_alerts_without_its_number(camera: Camera) -> None:
    watchlist = make_watchlist(camera.organization)
    for number in ("1กข1234", "9กข9999"):
        make_entry(watchlist, number)
        see(camera, number)
    alert, other = make_alert(camera, "1กข1234"), make_alert(camera, "9กข9999")
    manager = make_member(camera.organization, Role.MANAGER)
    plate = Plate.objects.get(number="1กข1234")

    request = request_plate(
        plate=plate, kind=PlateRequest.Kind.ERASURE, actor=manager, reason="its owner asks"
    )
    serve_request(request_id=request.pk)

    assert "1กข1234" not in str(list(Hit.objects.values())) + str(list(Alert.objects.values()))
    alert.refresh_from_db()
    other.refresh_from_db()
    assert alert.number == ""
    assert other.number == "9กข9999"
    assert Hit.objects.filter(number="9กข9999").exists()


def test_export_does_not_tell_that_or_why_a_plate_is_watched(camera: Camera) -> None:
    watchlist = make_watchlist(camera.organization)
    make_entry(watchlist, "1กข1234", reason="suspected arson", case_number="SECRET-7")
    make_alert(camera, "1กข1234", watchlist=watchlist)
    hit = Hit.objects.get()
    assert hit.entry_said["case_number"] == "SECRET-7"
    manager = make_member(camera.organization, Role.MANAGER)

    request = request_plate(
        plate=Plate.objects.get(),
        kind=PlateRequest.Kind.EXPORT,
        actor=manager,
        reason="its owner asks",
    )
    serve_request(request_id=request.pk)

    request.refresh_from_db()
    with storages["exports"].open(request.stored_name) as file, zipfile.ZipFile(file) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist() if "json" in name]
    told = "".join(texts)
    assert str(Detection.objects.earliest("id").pk) in told
    for secret in ("arson", "SECRET-7", "is_hit", "alerts.", str(watchlist.pk)):
        assert secret not in told
