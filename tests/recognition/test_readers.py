"""The fast-plate-ocr adapter: colours, slots, pads, regions, failures."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from detections.recognition.calibration import Calibration, Scaling
from detections.recognition.errors import EngineError, FrameError
from detections.recognition.readers.fast_plate_ocr import FastPlateOcrReader
from detections.recognition.readers.glances import glances
from detections.recognition.readers.openvino import OpenVinoSession
from detections.recognition.types import Frame
from detections.recognition.voting import vote
from tests.recognition.tiny_models import (
    BLACK,
    BLUE,
    GREEN,
    RED,
    SLOTS,
    write_detector,
    write_gray_reader,
    write_reader,
)

# In which OpenVINO computes where the processor has it.
BFLOAT16_STEP = 0.004


def strips(*colors: tuple[int, int, int]) -> Frame:
    crop = np.zeros((30, 30 * len(colors), 3), np.uint8)
    for index, color in enumerate(colors):
        crop[:, 30 * index : 30 * (index + 1)] = color
    return crop


@pytest.fixture(params=["onnxruntime", "openvino"])
def reader(tmp_path: Path, request: pytest.FixtureRequest) -> FastPlateOcrReader:
    model, config = write_reader(tmp_path)
    session = OpenVinoSession(model) if request.param == "openvino" else None
    return FastPlateOcrReader(model, config, session=session, looks_again=False)


@pytest.mark.parametrize(
    ("colors", "text"),
    [
        ((RED, GREEN, BLUE, RED), "RGBR"),
        ((BLUE, BLUE, RED, GREEN), "BBRG"),
        ((GREEN, RED, BLACK, BLACK), "GR"),
        ((BLACK, RED, BLACK, GREEN), "RG"),
        ((BLACK, BLACK, BLACK, BLACK), ""),
    ],
)
def test_every_slot_is_read_in_its_colour(
    reader: FastPlateOcrReader, colors: tuple[tuple[int, int, int], ...], text: str
) -> None:
    [reading] = reader.read([strips(*colors)])
    assert reading.text == text
    assert reading.char_confidences == pytest.approx([1.0] * len(text), abs=BFLOAT16_STEP)


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize(("crop", "luma"), [((0, 255, 255), 0.886), ((255, 255, 0), 0.701)])
def test_reader_of_gray_crops_is_shown_the_luma_of_ours(
    tmp_path: Path, engine: str, crop: tuple[int, int, int], luma: float
) -> None:
    """Swapped, yellow would be as dark as cyan."""
    model, config = write_gray_reader(tmp_path)
    session = OpenVinoSession(model) if engine == "openvino" else None
    reader = FastPlateOcrReader(model, config, session=session, looks_again=False)
    [reading] = reader.read([strips(*[crop] * 4)])
    assert reading.text == "W"
    assert reading.confidence == pytest.approx(luma, abs=BFLOAT16_STEP)


def test_confidence_is_that_of_the_least_certain_character(reader: FastPlateOcrReader) -> None:
    dark_green = (0, 153, 0)
    [reading] = reader.read([strips(RED, dark_green, BLUE, BLACK)])
    assert reading.text == "RGB"
    assert reading.confidence == pytest.approx(0.6, abs=BFLOAT16_STEP)


def test_nothing_legible_has_no_confidence(reader: FastPlateOcrReader) -> None:
    [reading] = reader.read([strips(BLACK, BLACK, BLACK, BLACK)])
    assert reading.confidence == 0


def test_a_batch_keeps_its_order(reader: FastPlateOcrReader) -> None:
    crops = [strips(RED, RED, RED, BLACK), strips(GREEN, BLUE, BLACK, BLACK), strips(*[BLUE] * 4)]
    assert [reading.text for reading in reader.read(crops)] == ["RRR", "GB", "BBBB"]
    assert reader.read([]) == []
    many = [crops[index % 3] for index in range(11)]
    assert reader.read(many) == [reader.read([crop])[0] for crop in many]


def test_threads_share_a_reader(reader: FastPlateOcrReader) -> None:
    crops = [strips(RED, GREEN, BLUE, BLACK), strips(BLUE, GREEN, RED, RED)] * 20
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda crop: reader.read([crop])[0].text, crops))
    assert texts == ["RGB", "BGRR"] * 20


def test_region_head_is_read(tmp_path: Path) -> None:
    reader = FastPlateOcrReader(
        *write_reader(tmp_path, regions=("Redland", "Blueland")), looks_again=False
    )
    red, blue = reader.read([strips(*[RED] * 4), strips(BLUE, BLUE, BLUE, BLACK)])
    assert (red.region, blue.region) == ("Redland", "Blueland")
    assert [red.region_confidence, blue.region_confidence] == pytest.approx([1, 0.75], abs=1e-3)


def test_reader_may_say_that_it_sees_no_plate_or_knows_no_region(tmp_path: Path) -> None:
    reader = FastPlateOcrReader(
        *write_reader(tmp_path, regions=("none", "unknown")), looks_again=False
    )
    nothing, somewhere = reader.read([strips(*[RED] * 4), strips(*[BLUE] * 4)])
    assert (nothing.is_plate, nothing.region) == (False, None)
    assert (somewhere.is_plate, somewhere.region) == (True, None)


def test_what_else_a_reader_saw_is_told(tmp_path: Path) -> None:
    reader = FastPlateOcrReader(
        *write_reader(tmp_path, regions=("US", "unknown")), looks_again=False
    )
    brownish = (0, 153, 76)
    [reading] = reader.read([strips(RED, brownish, BLUE, BLUE)])
    assert len(reading.char_alternatives) == len(reading.text)
    assert reading.char_alternatives[0] == {}
    [(character, probability)] = reading.char_alternatives[1].items()
    assert character != reading.text[1]
    assert probability == pytest.approx(0.3, abs=0.01)
    assert "unknown" not in reading.region_alternatives


def test_correction_moves_doubt_to_the_alternatives(tmp_path: Path) -> None:
    calibration = Calibration(text=Scaling(offset=-1.0))
    reader = FastPlateOcrReader(*write_reader(tmp_path), calibration=calibration, looks_again=False)
    [reading] = reader.read([strips(RED, (0, 153, 76), BLUE, BLACK)])
    assert 0.1 < reading.char_alternatives[1]["R"] < reading.char_confidences[1] < 0.5


def test_correction_never_makes_the_second_best_the_best(tmp_path: Path) -> None:
    calibration = Calibration(text=Scaling(offset=-3.0))
    reader = FastPlateOcrReader(*write_reader(tmp_path), calibration=calibration, looks_again=False)
    [reading] = reader.read([strips(RED, (0, 153, 140), BLUE, BLACK)])
    voted = vote([reading])
    assert (voted.text, voted.frames_agreed) == (reading.text, 1)


def test_doubtful_crop_is_looked_at_again(tmp_path: Path) -> None:
    files = write_reader(tmp_path)
    once, again = (FastPlateOcrReader(*files, looks_again=looks) for looks in (False, True))
    sure, doubtful = strips(RED, GREEN, BLUE, RED), strips(RED, (0, 140, 0), BLUE, RED)
    assert again.read([sure]) == once.read([sure])
    [single], [voted] = once.read([doubtful]), again.read([doubtful])
    assert single.text == voted.text == "RGBR"
    # Cut-outs let each strip reach into its neighbour's slot, as no single look does.
    assert voted.char_confidences[0] < single.char_confidences[0]


def test_crops_of_a_batch_are_looked_at_again_apart(tmp_path: Path) -> None:
    reader = FastPlateOcrReader(*write_reader(tmp_path))
    crops = [
        strips(RED, (0, 140, 0), BLUE, RED),
        strips(GREEN, GREEN, RED, BLUE),
        strips(BLUE, RED, (0, 140, 0), GREEN),
    ]
    together = reader.read(crops)
    assert [reading.text for reading in together] == ["RGBR", "GGRB", "BRGG"]
    assert together == [reader.read([crop])[0] for crop in crops]


def test_region_is_that_of_the_looks_that_cut_nothing_off(tmp_path: Path) -> None:
    files = write_reader(tmp_path, regions=("TH-10", "TH-62"))
    once, again = (FastPlateOcrReader(*files, looks_again=looks) for looks in (False, True))
    crop = strips((0, 0, 200), BLACK, BLUE, BLACK)
    crop[-4:] = RED
    first, drawn_in, widened, *_ = once.read([crop, *glances(crop)])
    assert drawn_in.region_confidence < first.region_confidence < widened.region_confidence
    [reading] = again.read([crop])
    expected = (first.region_confidence + widened.region_confidence) / 2
    assert reading.region == "TH-10"
    assert reading.region_confidence == pytest.approx(expected, abs=1e-3)


def test_reader_that_hardly_doubts_a_plate_is_not_believed(tmp_path: Path) -> None:
    reader = FastPlateOcrReader(
        *write_reader(tmp_path, regions=("TH-10", "none")), looks_again=False
    )
    doubtful, sure = reader.read([strips(BLUE, BLUE, BLUE, BLACK), strips(*[BLUE] * 4)])
    assert (doubtful.is_plate, doubtful.region) == (True, None)
    assert not sure.is_plate


def test_a_model_without_region_head_says_none(reader: FastPlateOcrReader) -> None:
    [reading] = reader.read([strips(*[RED] * 4)])
    assert (reading.region, reading.region_confidence) == (None, 0.0)


def test_alphabet_and_length_are_told(reader: FastPlateOcrReader) -> None:
    assert (reader.alphabet, reader.max_characters) == ("RGB", SLOTS)


def test_configuration_with_a_slot_cut_is_refused(tmp_path: Path) -> None:
    model, config = write_reader(tmp_path)
    config.write_text(config.read_text().replace("max_plate_slots: 4", "max_plate_slots: 2"))
    with pytest.raises(EngineError, match="answers 16 values a plate"):
        FastPlateOcrReader(model, config)


@pytest.mark.parametrize("named", ["[FR]", "[FR, DE, IT]"])
def test_configuration_with_other_regions_is_refused(tmp_path: Path, named: str) -> None:
    model, config = write_reader(tmp_path, regions=("FR", "DE"))
    config.write_text(config.read_text().replace("['FR', 'DE']", named))
    count = named.count(",") + 1
    with pytest.raises(EngineError, match=rf"answers 2 regions, .* names {count}\."):
        FastPlateOcrReader(model, config)


def test_damaged_model_is_refused(tmp_path: Path) -> None:
    model, config = write_reader(tmp_path)
    model.write_bytes(b"not a model")
    with pytest.raises(EngineError, match=r"cannot load strips\.onnx"):
        FastPlateOcrReader(model, config)


def test_damaged_model_is_refused_by_openvino(tmp_path: Path) -> None:
    model, _ = write_reader(tmp_path)
    model.write_bytes(b"not a model")
    with pytest.raises(EngineError, match=r"OpenVINO cannot load strips\.onnx"):
        OpenVinoSession(model)


def test_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    _, config = write_reader(tmp_path)
    detector = write_detector(tmp_path / "red.onnx", end_to_end=True)
    with pytest.raises(EngineError, match=r"red\.onnx is no model of fast-plate-ocr's kind"):
        FastPlateOcrReader(detector, config)


@pytest.mark.parametrize("crop", [np.zeros((8, 8), np.uint8), np.zeros((0, 4, 3), np.uint8)])
def test_what_is_no_crop_is_refused(reader: FastPlateOcrReader, crop: Frame) -> None:
    with pytest.raises(FrameError):
        reader.read([crop])
