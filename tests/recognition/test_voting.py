from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.recognition.types import Reading
from detections.recognition.voting import vote, vote_regions

TEXTS = st.text("ABCDEF0123456789", min_size=0, max_size=10)
READINGS = st.lists(
    TEXTS.flatmap(
        lambda text: st.builds(
            Reading,
            text=st.just(text),
            char_confidences=st.tuples(*[st.floats(0, 1)] * len(text)),
        )
    ),
    max_size=12,
)

ALPHABET = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"


def reading(text: str, confidence: float = 0.9) -> Reading:
    return Reading(text=text, char_confidences=(confidence,) * len(text))


@pytest.mark.parametrize(
    ("texts", "winner"),
    [
        (["34A36837"] * 3, "34A36837"),
        (["34A36837", "34A36837", "34A3683"], "34A36837"),
        (["4A36837", "34A36837", "34A36837"], "34A36837"),
        (["34A36837", "34AA36837", "34A36837"], "34A36837"),
        (["34A36887", "34A86837", "84A36837"], "34A36837"),
        (["34A3683", "4A36837", "34A6837", "34A3687", "34A36837"], "34A36837"),
        (["A23126", "34A23126", "34A23126"], "34A23126"),
        (["", "34A36837", ""], "34A36837"),
        (["1กข1234", "1กช1234", "1กข1234", "กข1234"], "1กข1234"),
    ],
)
def test_vote_finds_the_text_behind_its_misreadings(texts: list[str], winner: str) -> None:
    assert vote([reading(text) for text in texts]).text == winner


def test_vote_of_texts_that_differ_in_two_places_makes_none_that_is_longer() -> None:
    readings = [reading("89C20339", 0.88), reading("89C23399", 0.67), reading("69C20339", 0.67)]
    assert vote(readings).text == "89C20339"


def test_vote_keeps_every_reading_and_judges_the_winner() -> None:
    result = vote([reading("34A36837"), reading("34A36837"), reading("4A36837"), reading("")])
    assert (result.frames_agreed, result.frames_read) == (2, 3)
    assert [candidate.text for candidate in result.candidates] == ["34A36837", "4A36837"]
    assert [candidate.frames for candidate in result.candidates] == [2, 1]
    assert sum(candidate.share for candidate in result.candidates) == pytest.approx(1)


def test_vote_of_one_reading_has_its_confidences() -> None:
    single = Reading(text="AB1", char_confidences=(0.9, 0.4, 0.8))
    result = vote([single])
    assert result.char_confidences == pytest.approx((0.9, 0.4, 0.8))
    assert result.confidence == pytest.approx(0.4)


def test_vote_doubts_the_character_that_readings_differ_on() -> None:
    result = vote([reading("AB12"), reading("AB12"), reading("A812")])
    assert result.text == "AB12"
    assert result.char_confidences.index(result.confidence) == 1
    assert result.confidence == pytest.approx(0.6)


def test_vote_is_not_drowned_by_frames_in_which_nothing_could_be_read() -> None:
    junk = [reading(text, 0.15) for text in ("W17797", "V1100", "24111", "11777", "K10111") * 3]
    result = vote([*junk, reading("89C20339"), reading("89C20339")])
    assert result.text == "89C20339"
    assert result.confidence > 0.7


def test_sure_readings_end_where_doubtful_ones_add_a_character() -> None:
    whole = Reading(text="KVD81", char_confidences=(0.99,) * 5)
    longer = Reading(text="KVD811", char_confidences=(0.9,) * 5 + (0.6,))
    assert vote([whole, whole, longer, longer, longer]).text == "KVD81"
    half = Reading(text="KVD8", char_confidences=(0.7,) * 4)
    assert vote([whole, half, half]).text == "KVD81", "what hides the end is not heard as loudly"


def test_vote_follows_the_weights() -> None:
    one, other = reading("AAAA"), reading("BBBB")
    assert vote([one, other], [2.0, 1.0]).text == "AAAA"
    assert vote([one, other], [1.0, 2.0]).text == "BBBB"


def test_vote_of_nothing_is_nothing() -> None:
    for readings in ([], [reading("")]):
        result = vote(readings)
        assert (result.text, result.confidence, result.frames_read) == ("", 0.0, 0)


@given(READINGS)
def test_vote_does_not_depend_on_order(readings: list[Reading]) -> None:
    result = vote(readings)
    assert len(result.char_confidences) == len(result.text)
    assert all(0 <= value <= 1 for value in result.char_confidences)
    assert result.frames_agreed <= result.frames_read <= len(readings)
    backwards = vote(readings[::-1])
    assert backwards.text == result.text
    assert backwards.char_confidences == pytest.approx(result.char_confidences)


@given(TEXTS.filter(bool), st.integers(1, 5), st.floats(0.1, 1))
def test_vote_of_equal_readings_is_the_reading(text: str, times: int, confidence: float) -> None:
    result = vote([reading(text, confidence)] * times)
    assert result.text == text
    assert result.confidence == pytest.approx(confidence)
    assert result.frames_agreed == times


def test_region_vote_weighs_what_every_frame_holds_for_possible() -> None:
    def labelled(region: str | None, confidence: float) -> Reading:
        return Reading(
            text="1", char_confidences=(1.0,), region=region, region_confidence=confidence
        )

    readings = [labelled("TH-10", 0.9), labelled("TH-12", 0.4), labelled("TH-12", 0.4)]
    shares = vote_regions(readings)
    assert list(shares) == ["TH-12", "TH-10"]
    assert sum(shares.values()) == pytest.approx(1.7 / 3)
    torn = vote_regions([labelled("TH-10", 0.9), labelled("TH-12", 0.9)])
    assert torn == pytest.approx({"TH-10": 0.45, "TH-12": 0.45})
    assert vote_regions([*readings, labelled(None, 0.9)]) == vote_regions(readings)
    assert vote_regions([labelled(None, 0.0)]) == {}


def test_second_thoughts_on_the_region_vote_too() -> None:
    first = Reading(
        text="1",
        char_confidences=(1.0,),
        region="GB",
        region_confidence=0.5,
        region_alternatives={"EU": 0.4},
    )
    second = Reading(text="1", char_confidences=(1.0,), region="EU", region_confidence=0.9)
    # EU was possible to both: the root of 0.4 x 0.9 against that of 0.5 x 0.02, and 0.9 of all.
    assert vote_regions([first, second]) == pytest.approx({"EU": 0.9 * 6 / 7, "GB": 0.9 / 7})


def test_second_thoughts_on_a_character_vote_too() -> None:
    torn = Reading(text="A8", char_confidences=(0.9, 0.5), char_alternatives=({}, {"B": 0.45}))
    clear = Reading(text="AB", char_confidences=(0.9, 0.8), char_alternatives=({}, {}))
    result = vote([*[torn] * 5, clear])
    assert result.text == "AB"
    assert result.alternatives[1]["8"] > 0.1
    assert vote([reading("AB", 0.9)]).alternatives == ()


def degraded_frames(text: str, random: Random, count: int = 6) -> list[Reading]:
    """Frames in which each character is misread in one of seven cases, and ends are often cut."""
    readings = []
    for _ in range(count):
        characters = [
            (random.choice(ALPHABET), random.uniform(0.3, 0.8))
            if random.random() < 0.15
            else (character, random.uniform(0.5, 0.99))
            for character in text
        ]
        if random.random() < 0.25:
            characters = characters[1:] if random.random() < 0.5 else characters[:-1]
        readings.append(
            Reading(
                text="".join(character for character, _ in characters),
                char_confidences=tuple(confidence for _, confidence in characters),
            )
        )
    return readings


def test_vote_beats_the_best_single_frame() -> None:
    """Of 300 plates the vote reads 290, the surest frame of each 123."""
    random = Random(5)  # noqa: S311 - a simulation
    voted = single = 0
    for _ in range(300):
        text = "".join(random.choice(ALPHABET) for _ in range(7))
        readings = degraded_frames(text, random)
        voted += vote(readings).text == text
        single += max(readings, key=lambda reading: reading.confidence).text == text
    assert voted >= 280
    assert single <= voted / 2
