"""The vehicle adapters with two models of OpenVINO's zoo, which operators may supply."""

from pathlib import Path

import pytest

from detections.recognition.evaluation.labels import load_labels
from detections.recognition.images import crop_plates, read_picture
from detections.recognition.loading import load_observer
from detections.recognition.registry import ModelRegistry, sha256_of
from detections.recognition.types import Frame, VehicleColor, VehicleLook, VehicleObserver
from detections.recognition.vehicles.looks import vehicle_of_plate, vote_looks

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the real pictures are not at {DATA}"),
]

FINDER, CLASSIFIER = "vehicle-detection-0202", "vehicle-attributes-recognition-barrier-0039"
REGISTRY = """
[models.vehicles]
kind = "vehicle_detector"
{common}
files = {finder_files}

[models.attributes]
kind = "vehicle_classifier"
{common}
files = {classifier_files}

[models.attributes.vehicle]
kinds = ["car", "bus", "truck", "van"]
colors = ["white", "gray", "yellow", "red", "green", "blue", "black"]
kind_output = "type"
color_output = "color"
channels = "{channels}"

[sets.with-vehicles]
detector = "plate-detector-v1"
reader = "plate-reader-v1"
vehicle_detector = "vehicles"
vehicle_classifier = "attributes"
"""
COMMON = "\n".join(
    f'{field} = "-"' for field in ("licence", "source", "training_data", "accuracy", "input")
)


def files_of(name: str) -> str:
    paths = [DATA / "weights" / f"{name}{ending}" for ending in (".xml", ".bin")]
    return str([{"name": path.name, "sha256": sha256_of(path)} for path in paths]).replace(
        "': '", "' = '"
    )


def observer(folder: Path, channels: str) -> VehicleObserver:
    for name in (FINDER, CLASSIFIER):
        for ending in (".xml", ".bin"):
            source = DATA / "weights" / f"{name}{ending}"
            (folder / source.name).symlink_to(source)
    (folder / "registry.toml").write_text(
        REGISTRY.format(
            common=COMMON,
            finder_files=files_of(FINDER),
            classifier_files=files_of(CLASSIFIER),
            channels=channels,
        )
    )
    loaded = load_observer(ModelRegistry.load(folder), "with-vehicles")
    assert loaded is not None
    return loaded


def test_every_plate_lies_in_a_vehicle_whose_colour_the_picture_shows(tmp_path: Path) -> None:
    """Swapped colours would call most red cars blue, and a lost crop would find hues anywhere."""
    right, swapped = (tmp_path / "bgr", tmp_path / "rgb")
    for folder in (right, swapped):
        folder.mkdir()
    as_trained, as_not = observer(right, "bgr"), observer(swapped, "rgb")
    plates = found = 0
    agreed: dict[str, list[bool]] = {"as trained": [], "swapped": []}
    for picture in load_labels(DATA / "recognition" / "labels.jsonl"):
        if picture.folder not in {"us", "eu", "br"}:
            continue
        frame, box = read_picture(picture.path), picture.plates[0].box
        assert box is not None
        plates += 1
        for name, model in (("as trained", as_trained), ("swapped", as_not)):
            vehicle = vehicle_of_plate(box, model.observe([frame])[0])
            found += vehicle is not None and name == "as trained"
            if vehicle is not None and (says := said(vehicle, frame)) is not None:
                agreed[name].append(says)
    assert found / plates >= 0.95
    assert len(agreed["as trained"]) >= 20
    shares = {name: sum(votes) / len(votes) for name, votes in agreed.items()}
    assert shares["as trained"] >= 0.8
    assert shares["swapped"] <= 0.5


def said(vehicle: VehicleLook, frame: Frame) -> bool | None:
    """Whether a vehicle called red or blue is so on the whole; None where it is called neither."""
    _, color = vote_looks([vehicle])
    if color not in {VehicleColor.RED, VehicleColor.BLUE}:
        return None
    [crop] = crop_plates(frame, [vehicle.box], margin_x=0, margin_y=0)
    blue, _, red = crop.reshape(-1, 3).mean(axis=0)
    return bool(red > blue) is (color is VehicleColor.RED)
