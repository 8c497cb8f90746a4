"""From a passing to the row that is kept of it."""

from dataclasses import replace

import pytest

from cameras.models import Camera
from detections.models import Detection
from detections.recognition.config import RecognitionConfig
from detections.recognition.passing import Direction, Emission, Passing
from detections.recognition.passing_reader import PassingReader
from detections.recognition.types import VehicleColor, VehicleKind
from detections.services.evidence import detection_of_passing, recognition_config
from detections.services.recording import NewDetection
from tests.recognition.simulation import Camera as SimulatedCamera
from tests.recognition.simulation import Car


@pytest.fixture
def passing() -> Passing:
    """A car that crosses the picture from left to right."""
    car = Car(text="34A36837", path=lambda second: (60 + 100 * second, 180, 60))
    reader = PassingReader(RecognitionConfig(), emission=Emission.ENDED)
    passings = [*SimulatedCamera(cars=[car]).watch(reader, until_s=8), *reader.flush()]
    return passings[0]


def kept(passing: Passing, camera: Camera) -> NewDetection:
    return detection_of_passing(
        passing,
        camera=camera,
        key="1",
        captured_at=camera.created_at,
        origin=Detection.Origin.CAMERA,
    )


@pytest.mark.parametrize(("heading", "travel"), [(None, None), (0.0, 90), (300.0, 30)])
def test_direction_of_travel_follows_from_where_the_camera_looks(
    passing: Passing, camera: Camera, heading: float | None, travel: int | None
) -> None:
    camera.heading_degrees = heading
    item = kept(passing, camera)
    assert (item.direction, item.travel_degrees) == ("right", travel)


@pytest.mark.parametrize(("stands_in", "named"), [("", ""), ("BR", "BR")])
def test_number_that_fits_several_countries_is_of_that_where_the_camera_stands(
    camera: Camera, stands_in: str, named: str
) -> None:
    camera.country = stands_in
    car = Car(text="ABC1234", path=lambda second: (60 + 100 * second, 180, 60))
    reader = PassingReader(recognition_config(camera), emission=Emission.ENDED)
    [passing] = [*SimulatedCamera(cars=[car]).watch(reader, until_s=8), *reader.flush()]
    assert kept(passing, camera).country == named


def test_what_stands_has_no_direction(passing: Passing, camera: Camera) -> None:
    camera.heading_degrees = 10.0
    item = kept(replace(passing, direction=Direction(dx=0.01, dy=0, growth=1.05)), camera)
    assert (item.direction, item.travel_degrees) == ("", None)


def test_vehicle_is_kept_as_far_as_it_is_known(passing: Passing, camera: Camera) -> None:
    seen = replace(passing, vehicle_kind=VehicleKind.VAN, vehicle_color=VehicleColor.GRAY)
    item = kept(seen, camera)
    assert (item.vehicle_kind, item.vehicle_color) == ("van", "gray")
    assert (kept(passing, camera).vehicle_kind, kept(passing, camera).vehicle_color) == ("", "")


def test_models_named_are_those_that_answered_and_none_is_made_up(
    passing: Passing, camera: Camera
) -> None:
    """The camera's set may name others by now than those that a worker had loaded."""
    best = passing.best
    assert best is not None
    assert best.reading is not None
    told = {"set": "before", "reader": "old", "reader_sha256": "0f" * 32}
    read_by = replace(passing, best=replace(best, reading=replace(best.reading, models=told)))
    item = kept(read_by, camera)
    assert (item.model_set, item.evidence["models"]) == ("before", told)
    item = kept(passing, camera)
    assert (item.model_set, item.evidence["models"]) == ("default", {"set": "default"})
