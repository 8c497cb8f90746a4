import json

from detections.recognition.types import Reading
from detections.services.batches import pack_reading, unpack_reading


def test_a_reading_survives_its_way_from_the_worker() -> None:
    reading = Reading(
        text="1ก",
        char_confidences=(0.9, 0.5),
        region="TH-50",
        region_confidence=0.7,
        is_plate=False,
        char_alternatives=({}, {"ถ": 0.4}),
        region_alternatives={"TH-51": 0.2},
    )
    assert unpack_reading(json.loads(json.dumps(pack_reading(reading)))) == reading
