from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detections.recognition.config import RecognitionConfig
from detections.recognition.errors import FrameError
from detections.recognition.passing import CropRequest, Decision, Emission, Outcome, Passing
from detections.recognition.passing_reader import PassingReader
from detections.recognition.types import PlateBox, Reading, Rejection
from tests.recognition.simulation import HEIGHT, WIDTH, Camera, Car, Path, drive, stand

CONFIG = RecognitionConfig()
ACROSS = drive(start=(60, 120), end=(580, 260), begin_s=1, seconds=3)
BACK = drive(start=(580, 120), end=(60, 260), begin_s=1, seconds=3)
NOISE = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def watch(camera: Camera, until_s: float, emission: Emission = Emission.DECIDED) -> list[Passing]:
    reader = PassingReader(CONFIG, emission=emission)
    passings = [*camera.watch(reader, until_s=until_s), *reader.flush()]
    funnel = reader.funnel
    assert funnel.tracks == funnel.accepted + funnel.rejected
    return [passing for passing in passings if passing.is_accepted]


def texts(passings: Sequence[Passing]) -> list[str]:
    return sorted(passing.text for passing in passings)


def confuse(text: str, random: np.random.Generator) -> str:
    """Change one character, lose one or add one in four of ten readings."""
    at = int(random.integers(len(text)))
    chance = random.random()
    if chance < 0.2:
        return text[:at] + str(random.choice(list("0O8B1I"))) + text[at + 1 :]
    if chance < 0.3:
        return text[:at] + text[at + 1 :]
    if chance < 0.4:
        return text[:at] + "1" + text[at:]
    return text


@pytest.mark.parametrize("emission", list(Emission))
def test_one_car_passes_once(emission: Emission) -> None:
    [passing] = watch(Camera(cars=[Car(text="34A36837", path=ACROSS)]), 8, emission)
    assert passing.text == "34A36837"
    assert passing.country == "VN"
    assert passing.decision.outcome is Outcome.ACCEPTED
    assert all(check.passed for check in passing.decision.checks)
    assert passing.frames_agreed >= CONFIG.min_frames_agreed
    assert passing.first_seen_s == pytest.approx(1, abs=0.2)


def test_decided_emission_hands_out_within_a_few_frames() -> None:
    camera = Camera(cars=[Car(text="34A36837", path=ACROSS)])
    passings = camera.watch(PassingReader(CONFIG), until_s=2)
    assert texts(passings) == ["34A36837"]
    assert passings[0].last_seen_s <= 1.5


def test_ended_emission_keeps_a_nearer_frame_and_the_last_moment() -> None:
    [passing] = watch(Camera(cars=[Car(text="34A36837", path=ACROSS)]), 8, Emission.ENDED)
    assert passing.best is not None
    assert passing.best.box.width > 60
    assert passing.last_seen_s == pytest.approx(4, abs=0.2)
    assert passing.direction.heading == "approaching"


def test_kept_frame_is_the_frame_that_was_read() -> None:
    reader = PassingReader(CONFIG, emission=Emission.ENDED)
    frames = [np.full((HEIGHT, WIDTH, 3), 10 * index, np.uint8) for index in range(10)]
    box = PlateBox(x_min=200, y_min=200, x_max=260, y_max=220, confidence=0.9)
    for index, frame in enumerate(frames):
        requests = reader.select(frame_index=index, seen_s=index / 5, boxes=[box], frame=frame)
        confidence = 0.95 if index == 4 else 0.8
        reader.accept(
            requests, [Reading(text="34A36837", char_confidences=(confidence,) * 8)] * len(requests)
        )
    [passing] = reader.flush()
    assert passing.best is not None
    assert passing.best.reading is not None
    assert passing.frame is frames[passing.best.frame_index]


@pytest.mark.parametrize(
    ("read", "grown", "reads_on"),
    [("unsure", 1.15, True), ("unsure", 1.05, False), ("sure", 1.15, False)],
)
def test_plate_that_is_unsure_after_many_readings_is_read_again_when_a_little_nearer(
    read: str, grown: float, reads_on: bool
) -> None:
    reader = PassingReader(CONFIG, emission=Emission.ENDED)

    def ask(index: int, width: float) -> int:
        box = PlateBox(
            x_min=200, y_min=200, x_max=200 + width, y_max=200 + width / 3, confidence=0.9
        )
        requests = reader.select(frame_index=index, seen_s=index / 2, boxes=[box], frame=NOISE)
        text = "34A36837" if read == "sure" else f"34A36{index:03}"
        confidences = ((0.95,) if read == "sure" else (0.5,)) * 8
        reader.accept(requests, [Reading(text=text, char_confidences=confidences)] * len(requests))
        return len(requests)

    asked = [ask(index, 60) for index in range(CONFIG.reads_per_track + 4)]
    assert asked[-2:] == [0, 0]
    assert ask(len(asked), 60 * grown) == reads_on


def test_two_cars_that_cross_are_two() -> None:
    cars = [Car(text="34A36837", path=ACROSS), Car(text="89C20339", path=BACK)]
    assert texts(watch(Camera(cars=cars, fps=5), 8)) == ["34A36837", "89C20339"]


def test_two_similar_plates_in_one_frame_are_two() -> None:
    cars = [
        Car(text="34A36837", path=ACROSS),
        Car(text="34A36831", path=drive(start=(60, 220), end=(580, 340), begin_s=1, seconds=3)),
    ]
    assert texts(watch(Camera(cars=cars), 8)) == ["34A36831", "34A36837"]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("fps", [5, 25])
def test_missed_boxes_dropped_frames_and_late_readings_cost_no_car(seed: int, fps: float) -> None:
    cars = [
        Car(text="34A36837", path=ACROSS),
        Car(text="89C20339", path=drive(start=(580, 200), end=(60, 100), begin_s=2, seconds=4)),
    ]
    camera = Camera(
        cars=cars, fps=fps, seed=seed, missed_boxes=0.3, dropped_frames=0.3, latency_frames=2
    )
    assert texts(watch(camera, 10)) == ["34A36837", "89C20339"]


def test_lost_readings_are_asked_for_again() -> None:
    camera = Camera(cars=[Car(text="34A36837", path=ACROSS)], lost_readings=0.6)
    assert texts(watch(camera, 8)) == ["34A36837"]


@pytest.mark.parametrize("emission", list(Emission))
def test_parked_for_an_hour_is_one_passing_and_read_once(emission: Emission) -> None:
    camera = Camera(
        cars=[Car(text="34A36837", path=stand(300, 200))], fps=5, missed_boxes=0.4, seed=3
    )
    assert texts(watch(camera, 3600, emission)) == ["34A36837"]
    assert camera.readings <= 20
    assert camera.looks < 0.1 * 3600 * 5


def test_parked_behind_passing_traffic_is_one_passing() -> None:
    others = [
        Car(
            text=f"89C2033{number}",
            path=drive(start=(60, 260), end=(580, 280), begin_s=20 + 30 * number, seconds=3),
        )
        for number in range(6)
    ]
    parked = Car(text="34A36837", path=stand(300, 120))
    found = texts(watch(Camera(cars=[parked, *others], missed_boxes=0.3), 220))
    assert found == ["34A36837", *(car.text for car in others)]


def test_stop_and_go_is_one_passing() -> None:
    def path(seen_s: float) -> tuple[float, float, float] | None:
        moved_s = min(seen_s, 2) + max(seen_s - 40, 0) if seen_s < 42 else None
        return None if moved_s is None else (60 + 100 * moved_s, 200, 50)

    assert texts(watch(Camera(cars=[Car(text="34A36837", path=path)], missed_boxes=0.2), 60)) == [
        "34A36837"
    ]


def test_leaving_and_coming_back_is_two_passings() -> None:
    again = drive(start=(60, 120), end=(580, 260), begin_s=60, seconds=3)

    def path(seen_s: float) -> tuple[float, float, float] | None:
        return ACROSS(seen_s) or again(seen_s)

    assert len(watch(Camera(cars=[Car(text="34A36837", path=path)]), 70)) == 2


def test_track_broken_for_seconds_is_one_passing() -> None:
    def path(seen_s: float) -> tuple[float, float, float] | None:
        return (
            None
            if 2 < seen_s < 5
            else drive(start=(60, 120), end=(580, 260), begin_s=1, seconds=6)(seen_s)
        )

    for emission in Emission:
        assert len(watch(Camera(cars=[Car(text="34A36837", path=path)]), 12, emission)) == 1


@pytest.mark.parametrize("emission", list(Emission))
@pytest.mark.parametrize(
    ("confidence", "told"), [(0.9, ["1กข1234", "1ถข1234"]), (0.75, ["1กข1234"])]
)
def test_confusable_plate_seconds_later_is_another_where_both_were_read_surely(
    emission: Emission, confidence: float, told: list[str]
) -> None:
    later = drive(start=(60, 260), end=(580, 120), begin_s=9, seconds=3)
    cars = [
        Car(text="1กข1234", path=ACROSS, confidence=0.9),
        Car(text="1ถข1234", path=later, confidence=confidence),
    ]
    assert texts(watch(Camera(cars=cars), 16, emission)) == told


@pytest.mark.parametrize("emission", list(Emission))
def test_confusable_plates_that_cross_are_two_though_unsure(emission: Emission) -> None:
    cars = [
        Car(text="1กข1234", path=ACROSS, confidence=0.75),
        Car(text="1ถข1234", path=BACK, confidence=0.75),
    ]
    assert texts(watch(Camera(cars=cars), 8, emission)) == ["1กข1234", "1ถข1234"]


def test_plate_is_read_though_the_stream_changes_its_size_in_mid_track() -> None:
    """What lay beyond the small picture's border lies well inside the large one."""
    reader = PassingReader(CONFIG, emission=Emission.ENDED)
    small = PlateBox(x_min=560, y_min=320, x_max=600, y_max=335, confidence=0.9)
    large = PlateBox(x_min=620, y_min=340, x_max=670, y_max=358, confidence=0.9)
    reader.select(frame_index=0, seen_s=0, boxes=[small], frame=NOISE)
    frame = NOISE.repeat(2, axis=0).repeat(2, axis=1)
    [request] = reader.select(frame_index=1, seen_s=0.2, boxes=[large], frame=frame)
    assert (request.track_id, request.sighting.box) == (1, large)


def test_too_fast_to_follow_is_joined_by_its_text() -> None:
    path = drive(start=(20, 180), end=(620, 180), begin_s=1.05, seconds=0.9)
    passings = watch(Camera(cars=[Car(text="34A36837", path=path)], fps=3), 6)
    assert texts(passings) == ["34A36837"]


def test_another_car_in_the_same_place_is_a_second_passing() -> None:
    cars = [
        Car(text="34A36837", path=stand(300, 200, end_s=20)),
        Car(text="89C20339", path=stand(302, 201, begin_s=24)),
    ]
    assert texts(watch(Camera(cars=cars, fps=5), 60)) == ["34A36837", "89C20339"]


def test_track_that_took_over_another_car_is_split() -> None:
    reader = PassingReader(CONFIG, emission=Emission.ENDED)
    box = PlateBox(x_min=200, y_min=200, x_max=260, y_max=220, confidence=0.9)
    for index in range(12):
        requests = reader.select(frame_index=index, seen_s=index / 5, boxes=[box], frame=NOISE)
        text = "34A36837" if index < 6 else "89C20339"
        reader.accept(requests, [Reading(text=text, char_confidences=(0.95,) * 8)] * len(requests))
    passings = reader.flush()
    assert texts(passings) == ["34A36837", "89C20339"]
    assert [len(passing.candidates) for passing in passings] == [1, 1]


def test_answers_out_of_order_leave_nothing_waiting_where_a_track_is_split() -> None:
    """The new vehicle is told of at once: nobody waits for an answer that the old one had."""
    reader = PassingReader(CONFIG)

    def ask(index: int) -> list[CropRequest]:
        moved = PlateBox(
            x_min=200 + 6 * index,
            y_min=200,
            x_max=260 + 6 * index,
            y_max=220,
            confidence=0.9,
        )
        return reader.select(frame_index=index, seen_s=index / 2, boxes=[moved], frame=NOISE)

    def answer(requests: Sequence[CropRequest], text: str, confidence: float = 0.95) -> None:
        reader.accept(requests, [Reading(text=text, char_confidences=(confidence,) * 8)])

    answer(ask(0), "34A36837")
    earlier, later = ask(1), ask(2)
    answer(later, "89C20339")
    answer(earlier, "34A36837")
    answer(ask(3), "89C20339")
    assert texts(reader.expire(1.5)) == ["34A36837", "89C20339"]


@pytest.mark.parametrize("seed", range(5))
def test_flickering_readings_are_outvoted(seed: int) -> None:
    camera = Camera(cars=[Car(text="34A36837", path=ACROSS)], fps=25, seed=seed, misread=confuse)
    assert texts(watch(camera, 8, Emission.ENDED)) == ["34A36837"]


def test_far_for_long_and_near_for_a_second_is_still_read() -> None:
    def path(seen_s: float) -> tuple[float, float, float]:
        return 300, 100 + 2 * seen_s, 24 if seen_s < 20 else min(24 + 20 * (seen_s - 20), 80)

    def misread(text: str, _: np.random.Generator) -> str:
        return text

    far = Camera(cars=[Car(text="34A36837", path=path, confidence=0.2)], misread=misread)
    near = Camera(cars=[Car(text="34A36837", path=path)], misread=misread)
    reader = PassingReader(CONFIG)
    assert far.watch(reader, until_s=20) == []
    assert texts(near.watch(reader, from_s=20, until_s=23)) == ["34A36837"]


def test_caption_is_no_vehicle_and_a_parked_car_is() -> None:
    caption: Path = stand(500, 9, width=64)
    cars = [
        Car(text="14B02819", path=caption),
        Car(text="20200522", path=stand(200, 340, width=64)),
        Car(text="34A36837", path=stand(300, 200)),
    ]
    camera = Camera(cars=cars, jitter_px=0.3)
    reader = PassingReader(CONFIG)
    passings = [*camera.watch(reader, until_s=60), *reader.flush()]
    assert texts([passing for passing in passings if passing.is_accepted]) == ["34A36837"]
    assert reader.funnel.rejections == {Rejection.STATIONARY: 2}


def test_partly_hidden_plate_of_no_known_format_waits_for_more() -> None:
    def misread(text: str, random: np.random.Generator) -> str:
        return text

    hidden = Camera(cars=[Car(text="A36837", path=ACROSS)], fps=25, misread=misread)
    whole = Camera(cars=[Car(text="34A36837", path=ACROSS)], fps=25, misread=misread)
    reader = PassingReader(CONFIG)
    early = hidden.watch(reader, until_s=1.3)
    assert texts([*early, *whole.watch(reader, from_s=1.3, until_s=8)]) == ["34A36837"]


def read_at_the_border(
    text: str,
    confidence: float,
    config: RecognitionConfig,
    *,
    distance_px: float = 0,
    y_min: float = 200,
) -> Decision:
    reader = PassingReader(config)
    box = PlateBox(
        x_min=distance_px, y_min=y_min, x_max=distance_px + 90, y_max=y_min + 30, confidence=0.5
    )
    frame = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    requests = reader.select(frame_index=0, seen_s=0, boxes=[box], frame=frame)
    reading = Reading(text=text, char_confidences=(confidence,) * len(text))
    reader.accept(requests, [reading] * len(requests))
    [passing] = reader.flush()
    return passing.decision


def test_plate_at_the_border_of_a_picture_is_left_to_a_person_if_it_may_be_whole() -> None:
    picture = RecognitionConfig(min_frames_agreed=1, reads_cut_off=True)

    sure = read_at_the_border("34A36837", 0.99, picture)
    half = read_at_the_border("A36837", 0.99, picture)
    near = read_at_the_border("A36837", 0.99, picture, distance_px=3)
    clear = read_at_the_border("34A36837", 0.99, picture, distance_px=4)
    through = read_at_the_border("34A36837", 0.99, picture, distance_px=50, y_min=HEIGHT - 31)
    faint = read_at_the_border("34A36837", 0.3, picture)
    in_video = read_at_the_border("34A36837", 0.99, RecognitionConfig(min_frames_agreed=1))

    assert (sure.outcome, sure.reasons) == (Outcome.REVIEW, ())
    assert [check.rule for check in sure.checks if not check.passed] == ["border_distance_px"]
    assert (near.outcome, clear.outcome) == (Outcome.REVIEW, Outcome.ACCEPTED)
    assert half.reasons == (Rejection.CUT_OFF, Rejection.NOT_A_PLATE)
    assert through.reasons == (Rejection.CUT_OFF, Rejection.NOT_A_PLATE)
    assert faint.reasons == (Rejection.NOT_A_PLATE,)
    assert in_video.reasons == (Rejection.CUT_OFF, Rejection.NOT_A_PLATE)


BOXES = {
    Rejection.TOO_SMALL: PlateBox(x_min=200, y_min=200, x_max=215, y_max=206, confidence=0.9),
    Rejection.CUT_OFF: PlateBox(x_min=0, y_min=200, x_max=60, y_max=220, confidence=0.9),
    Rejection.EXCLUDED_ZONE: PlateBox(x_min=500, y_min=20, x_max=560, y_max=40, confidence=0.9),
    Rejection.TOO_DARK: PlateBox(x_min=200, y_min=200, x_max=260, y_max=220, confidence=0.9),
    Rejection.BLURRED: PlateBox(x_min=300, y_min=100, x_max=360, y_max=120, confidence=0.9),
}


@pytest.mark.parametrize("reason", BOXES)
def test_unreadable_vehicle_is_counted_once_with_its_reason(reason: Rejection) -> None:
    config = RecognitionConfig(
        exclude_polygons=(((0.7, 0), (1, 0), (1, 0.3), (0.7, 0.3)),),
        min_sharpness=50,
        min_brightness=20,
    )
    reader = PassingReader(config)
    frame = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    frame[190:230, 190:270] = 5
    for index in range(10):
        requests = reader.select(
            frame_index=index, seen_s=index / 5, boxes=[BOXES[reason]], frame=frame
        )
        assert requests == []
    [passing] = reader.flush()
    assert passing.decision.reasons == (reason,)
    assert passing.best is None
    assert passing.frame is None
    assert reader.funnel.rejections == {reason: 1}
    assert reader.funnel.boxes == 10


@pytest.mark.parametrize(
    ("width", "height", "is_read"), [(22, 15, False), (22, 17, True), (24, 14, True), (22, 9, True)]
)
def test_plate_is_too_small_by_the_height_of_a_line(
    width: float, height: float, *, is_read: bool
) -> None:
    """A squarish one has two; one that is nearly twice as wide as high may have one."""
    box = PlateBox(x_min=200, y_min=200, x_max=200 + width, y_max=200 + height, confidence=0.9)
    reader = PassingReader(RecognitionConfig())
    requests = reader.select(frame_index=0, seen_s=0, boxes=[box], frame=NOISE)
    assert bool(requests) is is_read


def test_what_the_reader_calls_no_plate_is_none() -> None:
    box = PlateBox(x_min=200, y_min=200, x_max=260, y_max=220, confidence=0.9)
    emblem = Reading(text="F1AT", char_confidences=(0.9,) * 4, is_plate=False)
    reader = PassingReader(RecognitionConfig())
    for index in range(5):
        requests = reader.select(frame_index=index, seen_s=index / 2, boxes=[box], frame=NOISE)
        reader.accept(requests, [emblem] * len(requests))
    [passing] = reader.flush()
    assert passing.decision.reasons == (Rejection.NOT_A_PLATE,)
    assert passing.text == ""
    assert reader.funnel.readings > 0


def test_low_confidence_goes_to_a_person_or_is_rejected() -> None:
    for confidence, outcome in ((0.1, Outcome.REJECTED), (0.5, Outcome.REVIEW)):
        camera = Camera(cars=[Car(text="34A36837", path=ACROSS, confidence=confidence)])
        reader = PassingReader(CONFIG)
        [passing] = [*camera.watch(reader, until_s=8), *reader.flush()]
        assert passing.decision.outcome is outcome


def test_nested_boxes_are_one_plate() -> None:
    reader = PassingReader(CONFIG)
    outer = PlateBox(x_min=190, y_min=190, x_max=290, y_max=230, confidence=0.5)
    inner = PlateBox(x_min=200, y_min=200, x_max=260, y_max=220, confidence=0.9)
    requests = reader.select(frame_index=0, seen_s=0, boxes=[outer, inner], frame=NOISE)
    assert [request.sighting.box for request in requests] == [inner]


def test_quiet_road_is_looked_at_only_as_often_as_forced() -> None:
    camera = Camera(cars=[], fps=10)
    reader = PassingReader(CONFIG)
    camera.watch(reader, until_s=60)
    assert camera.looks == pytest.approx(60 / CONFIG.forced_look_s, abs=1)
    assert reader.funnel.frames == 600
    assert reader.funnel.moved == 1


def test_undecided_vehicle_is_looked_at_though_nothing_moves() -> None:
    camera = Camera(cars=[Car(text="34A36837", path=stand(300, 200), confidence=0.5)], fps=5)
    reader = PassingReader(CONFIG)
    camera.watch(reader, until_s=2)
    assert camera.looks == 10


def test_as_many_readings_as_requests_are_demanded() -> None:
    with pytest.raises(FrameError, match="0 crops were to be read, and 1 readings came"):
        PassingReader(CONFIG).accept([], [Reading(text="A", char_confidences=(1.0,))])


def test_reconfigure_applies_to_the_next_call() -> None:
    reader = PassingReader(CONFIG)
    box = PlateBox(x_min=200, y_min=200, x_max=260, y_max=220, confidence=0.9)
    assert reader.select(frame_index=0, seen_s=0, boxes=[box], frame=NOISE)
    reader.reconfigure(RecognitionConfig(min_plate_width_px=100))
    assert not reader.select(frame_index=1, seen_s=1, boxes=[box], frame=NOISE)


def test_following_tells_what_is_in_view() -> None:
    reader = PassingReader(CONFIG)
    box = PlateBox(x_min=200, y_min=200, x_max=260, y_max=220, confidence=0.9)
    requests = reader.select(frame_index=0, seen_s=0, boxes=[box], frame=NOISE)
    reader.accept(requests, [Reading(text="34A36837", char_confidences=(0.9,) * 8)])
    [followed] = reader.following()
    assert (followed.box, followed.text) == (box, "34A36837")
    reader.select(frame_index=1, seen_s=0.2, boxes=[], frame=NOISE)
    assert reader.following() == []


def test_evidence_of_a_long_stay_stays_small() -> None:
    reader = PassingReader(CONFIG, emission=Emission.ENDED)
    box = PlateBox(x_min=200, y_min=200, x_max=260, y_max=220, confidence=0.9)
    for index in range(2000):
        reader.select(frame_index=index, seen_s=index / 25, boxes=[box], frame=NOISE)
    [passing] = reader.flush()
    assert len(passing.sightings) < 100
    assert passing.sightings[0].frame_index == 0


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32 - 1),
    missed_boxes=st.floats(0, 0.9),
    lost_readings=st.floats(0, 0.9),
    latency_frames=st.integers(0, 10),
    fps=st.sampled_from([2, 5, 12.5, 25]),
    emission=st.sampled_from(list(Emission)),
)
def test_every_track_ends_once_and_calls_repeat(
    *,
    seed: int,
    missed_boxes: float,
    lost_readings: float,
    latency_frames: int,
    fps: float,
    emission: Emission,
) -> None:
    def run() -> list[Passing]:
        camera = Camera(
            cars=[
                Car(text="34A36837", path=ACROSS),
                Car(text="AB12CDE", path=BACK),
                Car(text="89C20339", path=stand(100, 300, end_s=5)),
            ],
            fps=fps,
            seed=seed,
            missed_boxes=missed_boxes,
            lost_readings=lost_readings,
            latency_frames=latency_frames,
            misread=confuse,
        )
        reader = PassingReader(CONFIG, emission=emission)
        passings = [*camera.watch(reader, until_s=9), *reader.flush()]
        funnel = reader.funnel
        assert funnel.tracks == funnel.accepted + funnel.rejected
        assert funnel.accepted == sum(passing.is_accepted for passing in passings)
        assert len({passing.track_id for passing in passings}) == len(passings)
        assert reader.flush() == []
        return passings

    assert run() == run()
