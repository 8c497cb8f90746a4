"""The reader that ships on eight photographs of each rendered plate: voting is worth it."""

import numpy as np

from detections.recognition.loading import load_reader
from detections.recognition.quality import legibility, measure_quality
from detections.recognition.registry import SHIPPED_WEIGHTS, ModelRegistry
from detections.recognition.types import Frame, PlateBox
from detections.recognition.voting import vote
from training.photos import MARGIN_X, MARGIN_Y, photograph
from training.plates import choose_layout, draw_plate

PLATES = 40
PHOTOGRAPHS = 8


def legibility_of(crop: Frame) -> float:
    height, width = crop.shape[:2]
    box = PlateBox(
        x_min=0,
        y_min=0,
        x_max=width / (1 + 2 * MARGIN_X),
        y_max=height / (1 + 2 * MARGIN_Y),
        confidence=1.0,
    )
    return legibility(measure_quality(crop, box))


def test_vote_reads_more_than_the_clearest_photograph(fonts: None) -> None:
    reader = load_reader(ModelRegistry.load(SHIPPED_WEIGHTS), "plate-reader-v1")
    random = np.random.default_rng(37)
    voted = clearest = read = 0
    for _ in range(PLATES):
        plate = draw_plate(choose_layout(random), random)
        crops = [
            np.ascontiguousarray(photograph(plate, random, is_far=True).picture[..., ::-1])
            for _ in range(PHOTOGRAPHS)
        ]
        readings = reader.read(crops)
        weights = [legibility_of(crop) for crop in crops]
        voted += vote(readings, weights).text == plate.text
        clearest += readings[int(np.argmax(weights))].text == plate.text
        read += sum(reading.text == plate.text for reading in readings)
    assert voted >= 0.7 * PLATES
    assert voted >= clearest + 3
    assert voted >= 1.2 * read / PHOTOGRAPHS
