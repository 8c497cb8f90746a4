"""A camera task on a real clip, answered by a real recognition worker."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from accounts.models import Organization
from cameras.models import Camera, CameraStatus
from cameras.selectors import sources_folder
from cameras.services import update_camera
from cameras.streams.demo.clip import DURATION_S, demo_passings, ensure_demo_clip
from detections.models import Detection, FunnelHour
from detections.recognition.registry import ModelRegistry
from detections.services import watching
from detections.services.frames import frames_redis, last_frame
from detections.services.leases import is_leased
from detections.services.watching import watch_camera
from tests.cameras.factories import make_camera
from tests.detections.conftest import TOLLGATE_PLATES, assert_pictures_are_whole

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

DEMO_PLATES = {passing.plate.replace(" ", "") for passing in demo_passings()}


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sources folder with the demonstration clip in it."""
    folder = tmp_path_factory.mktemp("sources")
    ensure_demo_clip(folder)
    return folder


def _lend(folder: Path, organization: Organization) -> None:
    """Let an organization's cameras play what lies in a folder."""
    own = sources_folder(organization)
    own.parent.mkdir(exist_ok=True)
    own.unlink(missing_ok=True)
    own.symlink_to(folder)


@pytest.fixture
def road(organization: Organization, clips: Path, settings: Settings) -> Camera:
    """A camera that plays the demonstration clip."""
    settings.SOURCES_DIR = clips
    _lend(clips, organization)
    [clip] = clips.glob("demonstration*.mp4")
    return make_camera(
        organization, name="Road", source_kind=Camera.SourceKind.FILE, source_url=clip.name
    )


@pytest.fixture
def watched() -> Iterator[Callable[[Camera], threading.Thread]]:
    """A function that watches a camera on a thread, as the streams process does."""
    threads: list[threading.Thread] = []

    def start(camera: Camera) -> threading.Thread:
        thread = threading.Thread(target=watch_camera, args=(camera.pk,))
        threads.append(thread)
        thread.start()
        return thread

    yield start
    watching.shutting_down.set()
    for thread in threads:
        thread.join(60)
    watching.shutting_down.clear()
    assert not any(thread.is_alive() for thread in threads)


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    pause = threading.Event()
    for _ in range(int(seconds * 5)):
        if condition():
            return
        pause.wait(0.2)
    pytest.fail("It did not happen in time.")


@pytest.mark.usefixtures("recognition_worker")
def test_watch_camera_records_passing_vehicles_with_the_frames_that_were_read(
    road: Camera, watched: Callable[[Camera], threading.Thread]
) -> None:
    watched(road)
    passings = Detection.objects.order_by("captured_at")
    wait_until(lambda: len(set(passings.values_list("read_number", flat=True))) >= 2)
    loaded = ModelRegistry.load(configured.MODELS_DIR).fingerprint("default")
    for detection in Detection.objects.all():
        assert detection.read_number in DEMO_PLATES
        assert detection.frames_agreed >= road.min_frames_agreed
        assert detection.evidence["models"] == loaded
    assert_pictures_are_whole()
    # Once in each round of the clip, of which a slow machine needs several.
    seen: dict[str, datetime] = {}
    for number, at in passings.values_list("read_number", "captured_at"):
        assert number not in seen or at - seen[number] > timedelta(seconds=DURATION_S / 2)
        seen[number] = at
    status = CameraStatus.objects.get(camera=road)
    assert (status.state, status.error) == (CameraStatus.State.ONLINE, "")
    assert last_frame(road.pk) is not None


@pytest.mark.usefixtures("recognition_worker")
def test_watch_camera_forgets_a_malformed_registry_once_it_is_mended(
    road: Camera,
    watched: Callable[[Camera], threading.Thread],
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.MODELS_DIR = tmp_path
    watched(road)
    status = CameraStatus.objects.filter(camera=road)
    wait_until(status.filter(state=CameraStatus.State.ONLINE).exists)
    (tmp_path / "registry.toml").write_text("[models.evil]\nfiles = []\n")
    update_camera(camera=road, actor=None, analyse_fps=7.0)
    wait_until(status.filter(error__contains="models.evil").exists)
    (tmp_path / "registry.toml").unlink()
    wait_until(status.filter(error="").exists)


@pytest.mark.usefixtures("recognition_worker")
def test_watch_camera_that_is_switched_off_ends_and_gives_its_lease_back(
    road: Camera, watched: Callable[[Camera], threading.Thread]
) -> None:
    thread = watched(road)
    wait_until(lambda: is_leased(road.pk))
    update_camera(camera=road, actor=None, is_enabled=False)
    thread.join(60)
    assert not thread.is_alive()
    assert not is_leased(road.pk)
    assert CameraStatus.objects.get(camera=road).state == CameraStatus.State.OFF


def test_watch_camera_outside_its_active_hours_rests(
    road: Camera, watched: Callable[[Camera], threading.Thread]
) -> None:
    yesterday = (datetime.now(road.zone).weekday() - 1) % 7
    update_camera(
        camera=road, actor=None, active_hours=[{"days": [yesterday], "from": 60, "to": 120}]
    )
    watched(road)
    resting = CameraStatus.objects.filter(camera=road, state=CameraStatus.State.RESTING)
    wait_until(resting.exists)
    assert resting.get().last_frame_at is None


def test_watch_camera_that_another_task_holds_ends_at_once(
    road: Camera, watched: Callable[[Camera], threading.Thread]
) -> None:
    frames_redis().set(f"lpr:lease:{road.pk.hex}", "another", px=60_000)
    thread = watched(road)
    thread.join(60)
    assert not thread.is_alive()
    assert frames_redis().get(f"lpr:lease:{road.pk.hex}") == b"another"


def test_watch_camera_without_recognition_worker_says_so_and_goes_on(
    road: Camera,
    watched: Callable[[Camera], threading.Thread],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("detections.services.inference.ANSWER_WITHIN_SECONDS", 0.3)
    watched(road)
    status = CameraStatus.objects.filter(camera=road, error__contains="No recognition worker")
    wait_until(status.exists)
    # It is written right after the status.
    wait_until(FunnelHour.objects.filter(camera=road, frames__gt=0).exists)


def test_watch_camera_whose_file_is_gone_fails_in_words(
    road: Camera, watched: Callable[[Camera], threading.Thread]
) -> None:
    update_camera(camera=road, actor=None, source_url="gone.mp4")
    watched(road)
    failing = CameraStatus.objects.filter(camera=road, state=CameraStatus.State.FAILING)
    wait_until(failing.exists)
    assert failing.get().error == "The file gone.mp4 does not exist."


def test_watch_camera_does_not_leave_the_sources_folder(
    road: Camera, watched: Callable[[Camera], threading.Thread]
) -> None:
    update_camera(camera=road, actor=None, source_url="/etc/passwd")
    watched(road)
    failing = CameraStatus.objects.filter(camera=road, state=CameraStatus.State.FAILING)
    wait_until(failing.exists)
    assert "outside the folder" in failing.get().error


def test_watch_camera_with_unknown_models_fails_in_words(road: Camera) -> None:
    Camera.objects.filter(pk=road.pk).update(model_set="nothing-of-this-name")

    watch_camera(road.pk)

    status = CameraStatus.objects.get(camera=road)
    assert status.state == CameraStatus.State.FAILING
    assert "nothing-of-this-name" in status.error
    assert not is_leased(road.pk)


@pytest.mark.realdata
@pytest.mark.usefixtures("recognition_worker")
def test_watch_camera_on_the_toll_gate_gives_its_three_plates_once_a_round(
    road: Camera,
    watched: Callable[[Camera], threading.Thread],
    tollgate: Path,
    tmp_path: Path,
    settings: Settings,
) -> None:
    settings.SOURCES_DIR = tmp_path
    _lend(tollgate.parent, road.organization)
    update_camera(camera=road, actor=None, source_url=tollgate.name)
    watched(road)
    numbers = Detection.objects.order_by("id").values_list("read_number", flat=True)
    wait_until(lambda: set(numbers.all()) >= TOLLGATE_PLATES, seconds=200)
    assert set(numbers.all()) == TOLLGATE_PLATES
    assert_pictures_are_whole()
