"""The pages of detections, as a browser asks for them."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import AuditEvent, Organization, User
from cameras.models import Camera, CameraStatus
from detections.models import Detection, FunnelHour, Upload
from detections.services.frames import keep_last_frame
from detections.views.cameras import judge_health
from detections.views.evidence import show_evidence
from detections.views.presentation import show_plate
from tests.cameras.factories import make_camera
from tests.detections.factories import make_detection

ClientOf = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _language_of_its_own() -> Iterator[None]:
    """A page's language stays active in this thread; it must not reach the next test."""
    yield
    translation.deactivate()


@pytest.fixture
def client_of() -> ClientOf:
    """A function that gives a browser logged in as somebody, which sends forms as browsers do."""

    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return log_in


def test_live_page_shows_only_what_the_viewer_may_see(
    client_of: ClientOf, viewer: User, camera: Camera, second_camera: Camera
) -> None:
    seen = make_detection(camera)
    unseen = make_detection(second_camera)
    page = client_of(viewer).get("/")
    assert [row["id"] for row in page.context["page"]["rows"]] == [str(seen.pk)]
    assert [tile.pk for tile, _health in page.context["tiles"]] == [camera.pk]
    assert str(unseen.pk) not in page.content.decode()
    assert "Camera 2" not in page.content.decode()


def test_live_page_sends_strangers_to_the_log_in(client: Client) -> None:
    assert client.get("/").url.startswith("/accounts/login/")  # type: ignore[attr-defined]
    assert client.get("/session").status_code == 302


def test_live_filters_stay_in_the_socket_address(
    client_of: ClientOf, operator: User, camera: Camera
) -> None:
    page = client_of(operator).get("/", {"camera": str(camera.pk), "text": "1กข"})
    assert page.context["form"].filter.prefix == "1กข"
    assert f"camera={camera.pk}" in page.context["page"]["socket"]
    assert "language=en" in page.context["page"]["socket"]


def test_searching_by_plate_is_audited(client_of: ClientOf, operator: User) -> None:
    client_of(operator).get("/detections/", {"text": "1กข 12"})
    event = AuditEvent.objects.get(action=AuditEvent.Action.SEARCHED)
    assert (event.actor, event.target_label) == (operator, "1กข12")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"near", "far", "doubtful"}),
        ({"text": "34a-3"}, {"near"}),
        ({"review": "pending"}, {"doubtful"}),
        ({"confidence": "0.85"}, {"near", "far"}),
        ({"until": "{noon}"}, {"far"}),
        ({"since": "{noon}"}, {"near", "doubtful"}),
        ({"camera": "{second}"}, {"far"}),
        ({"direction": "approaching"}, {"near"}),
        ({"vehicle_kind": "van", "vehicle_color": "red"}, {"near"}),
        ({"vehicle_kind": "bus"}, set()),
        ({"vehicle_kind": "tank"}, {"near", "far", "doubtful"}),
        ({"text": "<b>"}, {"near", "far", "doubtful"}),
        ({"camera": "not an id"}, {"near", "far", "doubtful"}),
    ],
)
def test_list_filters(
    client_of: ClientOf,
    operator: User,
    camera: Camera,
    second_camera: Camera,
    query: dict[str, str],
    expected: set[str],
) -> None:
    now = timezone.now()
    rows = {
        "near": make_detection(
            camera,
            text="34A 36837",
            country="VN",
            province="",
            direction="approaching",
            vehicle_kind="van",
            vehicle_color="red",
        ),
        "far": make_detection(second_camera, captured_at=now - timedelta(hours=30)),
        "doubtful": make_detection(camera, confidence=0.5, review=Detection.Review.PENDING),
    }
    noon = timezone.localtime(now - timedelta(hours=10)).strftime("%Y-%m-%dT%H:%M")
    filled = {k: v.format(noon=noon, second=second_camera.pk) for k, v in query.items()}
    page = client_of(operator).get("/detections/", filled)
    shown = {row["id"] for row in page.context["rows"]}
    assert {name for name, row in rows.items() if str(row.pk) in shown} == expected


def test_list_turns_pages_by_key(
    client_of: ClientOf, operator: User, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detections.views.detections.PAGE_ROWS", 2)
    now = timezone.now()
    made = [make_detection(camera, captured_at=now - timedelta(seconds=n)) for n in range(5)]
    client = client_of(operator)

    def ids(query: dict[str, str]) -> list[int]:
        rows = client.get("/detections/", query).context["rows"]
        return [next(n for n, row in enumerate(made) if str(row.pk) == r["id"]) for r in rows]

    first = client.get("/detections/").context
    assert (first["newer"], first["older"]) == (None, made[1].pk)
    assert ids({"after": str(made[1].pk)}) == [2, 3]
    assert ids({"after": str(made[3].pk)}) == [4]
    assert ids({"before": str(made[2].pk)}) == [0, 1]
    assert client.get("/detections/", {"after": str(made[3].pk)}).context["older"] is None
    assert client.get("/detections/", {"after": "x"}).status_code == 404


def test_list_costs_the_same_queries_for_one_row_and_for_many(
    client_of: ClientOf,
    operator: User,
    camera: Camera,
    django_assert_max_num_queries: Callable[[int], object],
) -> None:
    for _ in range(12):
        make_detection(camera)
    client = client_of(operator)
    with django_assert_max_num_queries(14):  # type: ignore[attr-defined]
        client.get("/detections/")


def test_opening_a_detection_is_audited(
    client_of: ClientOf, operator: User, camera: Camera
) -> None:
    detection = make_detection(camera)
    assert client_of(operator).get(f"/detections/{detection.pk}/").status_code == 200
    event = AuditEvent.objects.get(action=AuditEvent.Action.VIEWED)
    assert (event.actor, event.target_id) == (operator, str(detection.pk))


def test_detail_tells_of_the_vehicle(client_of: ClientOf, operator: User, camera: Camera) -> None:
    known = make_detection(
        camera, direction="receding", travel_degrees=48, vehicle_kind="pickup", vehicle_color="teal"
    )
    unknown = make_detection(camera)
    client = client_of(operator)
    page = client.get(f"/detections/{known.pk}/").content.decode()
    assert "<dd>receding (NE)</dd>" in page
    assert "<dd>teal pick-up</dd>" in page
    assert "<dt>Direction</dt>" not in client.get(f"/detections/{unknown.pk}/").content.decode()


def test_detail_explains_itself(client_of: ClientOf, operator: User, camera: Camera) -> None:
    detection = make_detection(
        camera,
        text="34A3683O",
        number="34A36830",
        country="VN",
        province="",
        confidence=0.62,
        evidence={
            "readings": [
                {"t": 0.5, "text": "34A3683O", "confidence": 0.62, "chars": [0.9], "box": [1]}
            ],
            "candidates": [{"text": "34A3683O", "share": 0.9, "frames": 3}],
            "checks": [{"rule": "accept_confidence", "value": 0.62, "limit": 0.7}],
            "repairs": [{"position": 7, "read": "O", "repaired": "0"}],
            "char_confidences": [0.99] * 7 + [0.62],
            "models": {"set": "default", "detector": "plates", "detector_sha256": "4f" * 32},
        },
    )
    page = client_of(operator).get(f"/detections/{detection.pk}/").content.decode()
    assert '34A-3683<mark class="plate-doubtful"' in page
    assert "Certain enough to be accepted" in page
    assert "Character 8 was read as O and taken as 0" in page
    assert "4f" * 32 in page
    assert "0.50 s" in page


def test_evidence_of_a_strange_shape_is_left_out(camera: Camera) -> None:
    detection = make_detection(
        camera,
        evidence={
            "readings": [1, {"t": "soon", "confidence": "high"}],
            "candidates": {"text": "x"},
            "checks": [{"value": 1}],
            "repairs": None,
            "char_confidences": [1],
            "models": ["a"],
        },
    )
    shown = show_evidence(detection)
    assert [(reading.at_s, reading.confidence) for reading in shown.readings] == [(None, 0.0)]
    assert (shown.candidates, shown.checks, shown.repairs) == ([], [], [])
    assert (shown.characters, shown.models) == ([], {})


def test_markup_in_names_is_shown_as_text(
    client_of: ClientOf, operator: User, organization: Organization, camera: Camera
) -> None:
    camera.name = "</script><script>alert(1)</script>"
    camera.save()
    detection = make_detection(camera)
    client = client_of(operator)
    for path in ("/", "/detections/", f"/detections/{detection.pk}/", "/cameras/", "/uploads/"):
        assert "<script>alert(1)" not in client.get(path).content.decode(), path


PAGES = ("detail", "frame", "crop")


@pytest.mark.parametrize("name", PAGES)
def test_strangers_get_404(
    client_of: ClientOf, outsider: User, camera: Camera, jpeg: bytes, name: str
) -> None:
    detection = make_detection(camera, frame=jpeg, crop=jpeg)
    client = client_of(outsider)
    assert client.get(reverse(f"detections:{name}", args=[detection.pk])).status_code == 404
    assert client.post(reverse("detections:verify", args=[detection.pk])).status_code == 404
    assert client.get(reverse("detections:camera-frame", args=[camera.pk])).status_code == 404


def test_viewer_gets_404_for_the_camera_that_was_not_granted(
    client_of: ClientOf, viewer: User, second_camera: Camera, jpeg: bytes
) -> None:
    detection = make_detection(second_camera, frame=jpeg)
    for name in PAGES:
        url = reverse(f"detections:{name}", args=[detection.pk])
        assert client_of(viewer).get(url).status_code == 404


def test_picture_is_private_hashed_and_not_sent_twice(
    client_of: ClientOf, operator: User, camera: Camera, jpeg: bytes, webp: bytes
) -> None:
    detection = make_detection(camera, frame=jpeg, crop=webp)
    client = client_of(operator)
    frame = client.get(f"/detections/{detection.pk}/frame")
    assert frame.content == jpeg
    assert frame["Content-Type"] == "image/jpeg"
    assert frame["X-Content-Type-Options"] == "nosniff"
    assert frame["ETag"] == f'"{detection.frame_sha256}"'
    assert "private" in frame["Cache-Control"]
    again = client.get(
        f"/detections/{detection.pk}/frame", headers={"If-None-Match": frame["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"/detections/{detection.pk}/crop")["Content-Type"] == "image/webp"


def test_picture_that_was_not_kept_is_404(
    client_of: ClientOf, operator: User, camera: Camera
) -> None:
    detection = make_detection(camera)
    assert client_of(operator).get(f"/detections/{detection.pk}/frame").status_code == 404


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (None, "The frame is the one that was recorded."),
        ("alter", "The frame was altered after it was recorded."),
        ("delete", "The frame is missing from the store."),
    ],
)
def test_verification_says_what_happened_to_a_picture(
    client_of: ClientOf,
    operator: User,
    camera: Camera,
    jpeg: bytes,
    harm: str | None,
    sentence: str,
) -> None:
    detection = make_detection(camera, frame=jpeg)
    store = storages["pictures"]
    if harm:
        store.delete(detection.frame_name)
    if harm == "alter":
        with store.open(detection.frame_name, "wb") as stored:
            stored.write(jpeg[:-1] + b"!")
    page = client_of(operator).post(f"/detections/{detection.pk}/verify")
    assert sentence in page.content.decode()


def test_camera_frame_is_the_last_one_and_never_cached(
    client_of: ClientOf, operator: User, camera: Camera, jpeg: bytes
) -> None:
    client = client_of(operator)
    url = f"/cameras/{camera.pk}/frame"
    assert client.get(url).status_code == 204
    keep_last_frame(camera.pk, jpeg, [])
    answer = client.get(url)
    assert (answer.content, answer["Cache-Control"]) == (jpeg, "no-store")


def test_upload_is_taken_and_shown(
    client_of: ClientOf, operator: User, camera: Camera, jpeg: bytes
) -> None:
    client = client_of(operator)
    sent = {"file": SimpleUploadedFile("gate.jpg", jpeg), "camera": str(camera.pk)}
    answer = client.post("/uploads/", sent, headers={"Accept": "application/json"})
    upload = Upload.objects.get()
    assert (answer.status_code, answer.json()) == (201, {"url": f"/uploads/{upload.pk}/"})
    assert "gate.jpg" in client.get("/uploads/").content.decode()
    waiting = client.get(f"/uploads/{upload.pk}/").content.decode()
    assert 'hx-trigger="every 1s"' in waiting
    Upload.objects.update(state=Upload.State.DONE, progress=1.0, detections_count=1)
    make_detection(camera, upload_id=upload.pk, text="34A36837", country="VN", province="")
    done = client.get(f"/uploads/{upload.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in done
    assert "34A-36837" in done


def test_upload_form_takes_the_only_camera_and_leaves_a_choice_to_people(
    client_of: ClientOf, operator: User, camera: Camera, organization: Organization
) -> None:
    client = client_of(operator)
    assert f'value="{camera.pk}" selected' in client.get("/uploads/").content.decode()
    make_camera(organization)
    page = client.get("/uploads/").content.decode()
    assert f'value="{camera.pk}" selected' not in page
    assert "Choose a camera" in page


def test_uploads_are_asked_for_again_while_one_is_read(
    client_of: ClientOf, operator: User, camera: Camera, jpeg: bytes
) -> None:
    client = client_of(operator)
    sent = {"file": SimpleUploadedFile("gate.jpg", jpeg), "camera": str(camera.pk)}
    client.post("/uploads/", sent)
    assert "hx-trigger" in client.get("/uploads/").content.decode()
    Upload.objects.update(state=Upload.State.DONE, progress=1.0)
    assert "hx-trigger" not in client.get("/uploads/").content.decode()


def test_upload_without_script_leads_to_its_page(
    client_of: ClientOf, operator: User, camera: Camera, jpeg: bytes
) -> None:
    sent = {"file": SimpleUploadedFile("gate.jpg", jpeg), "camera": str(camera.pk)}
    answer = client_of(operator).post("/uploads/", sent)
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"file": SimpleUploadedFile("a.jpg", b"")}, "file"),
        ({"file": SimpleUploadedFile("a.jpg", b"#!/bin/sh\nexit")}, "file"),
        ({"camera": str(uuid.uuid4())}, "camera"),
        ({"captured_at": "1970-01-01T00:00"}, "captured_at"),
        ({"captured_at": "2999-01-01T00:00"}, "captured_at"),
        ({"captured_at": "yesterday"}, "captured_at"),
    ],
)
def test_bad_uploads_name_the_field(
    client_of: ClientOf,
    operator: User,
    camera: Camera,
    jpeg: bytes,
    changes: dict[str, object],
    field: str,
) -> None:
    sent = {
        "file": SimpleUploadedFile("gate.jpg", jpeg),
        "camera": str(camera.pk),
        **changes,
    }
    client = client_of(operator)
    answer = client.post("/uploads/", sent, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert not Upload.objects.exists()
    assert client.post("/uploads/", sent).status_code == 422


def test_viewer_may_look_and_not_send(
    client_of: ClientOf, viewer: User, camera: Camera, jpeg: bytes
) -> None:
    sent = {"file": SimpleUploadedFile("gate.jpg", jpeg), "camera": str(camera.pk)}
    answer = client_of(viewer).post("/uploads/", sent, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert "no camera to which you may send" in client_of(viewer).get("/uploads/").content.decode()


def test_failed_upload_says_why(client_of: ClientOf, operator: User, camera: Camera) -> None:
    upload = Upload.objects.create(
        organization=camera.organization,
        camera=camera,
        original_name="notes.mp4",
        stored_name="x",
        sha256="00",
        size_bytes=5,
        kind=Upload.Kind.VIDEO,
        captured_at=timezone.now(),
        state=Upload.State.FAILED,
        error="This video is damaged after 3 seconds.",
    )
    page = client_of(operator).get(f"/uploads/{upload.pk}/").content.decode()
    assert "This video is damaged after 3 seconds." in page


def test_outsider_sees_no_upload(
    client_of: ClientOf, outsider: User, operator: User, camera: Camera, jpeg: bytes
) -> None:
    sent = {"file": SimpleUploadedFile("gate.jpg", jpeg), "camera": str(camera.pk)}
    client_of(operator).post("/uploads/", sent)
    upload = Upload.objects.get()
    assert client_of(outsider).get(f"/uploads/{upload.pk}/").status_code == 404


def make_watched(camera: Camera, **status: object) -> Camera:
    camera.source_kind, camera.source_url = Camera.SourceKind.RTSP, "rtsp://10.0.0.1/live"
    camera.save()
    defaults = {"state": CameraStatus.State.ONLINE, "updated_at": timezone.now()}
    CameraStatus.objects.filter(camera=camera).update(**{**defaults, **status})
    return Camera.objects.select_related("status").get(pk=camera.pk)


@pytest.mark.parametrize(
    ("status", "word", "is_wrong"),
    [
        ({}, "online", False),
        ({"error": "The camera refuses the password."}, "online", True),
        ({"state": CameraStatus.State.FAILING}, "failing", True),
        ({"state": CameraStatus.State.RESTING}, "outside its active hours", False),
        ({"updated_at": None}, "nobody watches it", True),
        ({"updated_at": timezone.now() - timedelta(minutes=5)}, "nobody watches it", True),
    ],
)
def test_health_of_a_camera(
    camera: Camera, status: dict[str, object], word: str, is_wrong: bool
) -> None:
    health = judge_health(make_watched(camera, **status), timezone.now())
    assert (health.word, health.is_wrong) == (word, is_wrong)


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({}, "No pictures came from it."),
        ({"frames": 900}, "nothing moved in them"),
        ({"frames": 900, "moved": 40}, "no plate was found"),
        (
            {"frames": 900, "moved": 40, "boxes": 30, "tracks": 9, "too_small": 7, "accepted": 1},
            "Most were lost here: Plate too small. Zoom in",
        ),
    ],
)
def test_cameras_page_says_why_nothing_was_read(
    client_of: ClientOf, operator: User, camera: Camera, counts: dict[str, int], sentence: str
) -> None:
    make_watched(camera)
    if counts:
        FunnelHour.objects.create(camera=camera, hour=timezone.now(), **counts)
    assert sentence in client_of(operator).get("/cameras/").content.decode()


def test_cameras_page_is_empty_for_who_sees_none(client_of: ClientOf, camera: Camera) -> None:
    nobody = User.objects.create_user("nobody@example.org", "a long enough passphrase")
    page = client_of(nobody).get("/cameras/").content.decode()
    assert "No camera to show." in page


def test_plates_are_set_by_country() -> None:
    thai = show_plate("1กข1234", "TH", "TH-10", [0.99, 0.99, 0.6, 0.99, 0.99, 0.99, 0.99])
    assert (thai["before"], thai["doubtful"], thai["after"]) == ("1ก", "ข", " 1234")
    assert (thai["style"], thai["province"], thai["place"]) == ("thai", "กรุงเทพมหานคร", "Bangkok")
    german = show_plate("MAB1234", "DE", "")
    assert (german["style"], german["sign"]) == ("band", "D")
    unknown = show_plate("XY1", "", "")
    assert (unknown["style"], unknown["before"], unknown["place"]) == ("plain", "XY1", "")


@pytest.mark.parametrize("path", ["/", "/detections/", "/uploads/", "/cameras/"])
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_pages_open_in_each_language_and_name_one_current_entry(
    client_of: ClientOf, staff: User, camera: Camera, path: str, language: str
) -> None:
    make_detection(camera)
    client = client_of(staff)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    page = client.get(path).content.decode()
    assert f'<html lang="{language}"' in page
    assert page.count('aria-current="page"') == 2  # side bar and bottom bar
    assert page.count('href="/admin/"') == 2


def test_unknown_page_is_404_in_our_look(client_of: ClientOf, operator: User) -> None:
    answer = client_of(operator).get("/nothing-here")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
