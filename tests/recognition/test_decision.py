"""What the grammar, the readers' word on the region and the place make of a vote."""

import pytest

from detections.recognition.config import RecognitionConfig
from detections.recognition.decision import decide, identify_vote
from detections.recognition.types import Reading, Rejection
from detections.recognition.voting import Vote, vote


def understood(
    text: str, regions: dict[str, float], country: str | None = None
) -> tuple[str | None, str | None]:
    reading = Reading(text=text, char_confidences=(0.9,) * len(text))
    identity, province, _ = identify_vote(vote([reading]), regions=regions, country=country)
    return identity.country if identity else None, province.code if province else None


@pytest.mark.parametrize(
    ("text", "regions", "country", "province"),
    [
        ("ABC1234", {"US": 0.95}, "US", None),
        ("ABC1234", {"BR": 0.95}, "BR", None),
        ("ABC1234", {"US": 0.2, "BR": 0.2}, None, None),
        ("1กข1234", {"TH-50": 0.9}, "TH", "TH-50"),
        ("1กข1234", {"TH-95B": 0.9}, "TH", "TH-95B"),
        ("1กข1234", {"TH-50": 0.35, "TH-51": 0.3}, "TH", None),
        # Of names that look alike Bangkok's is likelier by its cars, but not by itself.
        ("1กข1234", {"TH-10": 0.4, "TH-62": 0.3}, "TH", "TH-10"),
        ("1กข1234", {"TH-62": 0.65, "TH-10": 0.1}, "TH", "TH-62"),
        ("1กข1234", {"TH-10": 0.4}, "TH", None),
        ("701234", {"TH-50": 0.95}, "TH", "TH-50"),
        ("ABC1234", {"TH-50": 0.95}, None, None),
        ("กขค1234", {"TH-50": 0.95}, "TH", "TH-50"),
        # Nothing tells that five digits are a Thai plate's, so no province may say it.
        ("12345", {"TH-50": 0.6}, None, None),
        ("1กข1234", {"US": 0.9}, "TH", None),
        ("1กข1234", {}, "TH", None),
        ("ABC1234", {}, None, None),
    ],
)
def test_region_confirms_a_country_and_a_province_only_where_the_text_allows(
    text: str, regions: dict[str, float], country: str | None, province: str | None
) -> None:
    assert understood(text, regions) == (country, province)


def test_place_of_the_camera_counts_without_and_against_a_region() -> None:
    assert understood("ABC1234", {}, "BR") == ("BR", None)
    assert understood("ABC1234", {"US": 0.3}, "BR") == ("BR", None)
    assert understood("701234", {}, "TH") == ("TH", None)


def test_nothing_read_is_nothing() -> None:
    assert identify_vote(vote([]), regions={"TH-10": 0.9}, country="TH") == (None, None, 0.0)


def test_confidence_told_is_that_of_the_province_told() -> None:
    """Kamphaeng Phet is what the reader gives more; weighed by vehicles it is Bangkok."""
    reading = Reading(text="1กข1234", char_confidences=(0.9,) * 7)
    _, province, confidence = identify_vote(
        vote([reading]), regions={"TH-62": 0.45, "TH-10": 0.4}, country=None
    )
    assert province is not None
    assert (province.code, round(confidence, 2)) == ("TH-10", 0.58)
    _, unsure, confidence = identify_vote(
        vote([reading]), regions={"TH-62": 0.4, "TH-50": 0.3}, country=None
    )
    assert (unsure, confidence) == (None, 0.0)


def test_alternatives_of_the_readers_reach_the_grammar() -> None:
    confidences = (0.9, 0.9, 0.9, 0.9, 0.5, 0.9, 0.9, 0.9)
    text = "89C2G553"
    alternatives = tuple({"0": 0.45} if character == "G" else {} for character in text)
    torn = Reading(text=text, char_confidences=confidences, char_alternatives=alternatives)
    identity, *_ = identify_vote(vote([torn, torn]), regions={}, country="VN")
    assert identity is not None
    assert (identity.raw_text, identity.text) == (text, "89C20553")


def test_frames_that_each_miss_another_character_stand_for_the_vote_together() -> None:
    def voted(*texts: str) -> Vote:
        return vote([Reading(text=text, char_confidences=(0.9,) * len(text)) for text in texts])

    def reasons(*texts: str) -> tuple[Rejection, ...]:
        return decide(voted(*texts), config=RecognitionConfig(), defects={}).reasons

    torn = ("89C2055", "89C2053", "9C20553", "89C20553")
    assert (voted(*torn).text, voted(*torn).frames_agreed) == ("89C20553", 1)
    assert Rejection.ONE_FRAME_ONLY not in reasons(*torn)
    assert Rejection.ONE_FRAME_ONLY in reasons("89C20553")
    assert Rejection.ONE_FRAME_ONLY in reasons("89C20553", "51G1")


@pytest.mark.parametrize(
    ("found", "read", "is_plate"),
    [(0.2, 0.5, True), (0.2, 0.3, False), (0.5, 0.2, True), (0.5, 0.1, False), (0.7, 0.05, True)],
)
def test_faint_box_is_a_plate_only_where_a_reader_confirms_it(
    found: float, read: float, is_plate: bool
) -> None:
    reading = Reading(text="AB1234", char_confidences=(read,) * 6)
    decision = decide(
        vote([reading]), config=RecognitionConfig(min_frames_agreed=1), defects={}, found=found
    )
    assert (Rejection.NOT_A_PLATE not in decision.reasons) is is_plate


def test_box_that_nobody_read_is_a_plate_only_where_it_was_surely_found() -> None:
    def reasons(found: float) -> tuple[Rejection, ...]:
        cut_off = {Rejection.CUT_OFF: 1}
        config = RecognitionConfig()
        return decide(vote([]), config=config, defects=cut_off, found=found).reasons

    assert reasons(0.7) == (Rejection.CUT_OFF,)
    assert reasons(0.4) == (Rejection.CUT_OFF, Rejection.NOT_A_PLATE)
