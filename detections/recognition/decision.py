"""When the readings of one vehicle are enough, and what becomes of it if they are not."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from detections.recognition.config import RecognitionConfig
from detections.recognition.passing import Check, Decision, Outcome
from detections.recognition.types import Reading, Rejection
from detections.recognition.voting import Vote
from vehicles.plates.confusables import distance
from vehicles.plates.grammar import Identity, identify
from vehicles.plates.provinces import Province, find_province
from vehicles.plates.text import PlateTextError, normalise

_UNKNOWN_FORMAT_FACTOR = 2
"""A text of no known format must be read twice as often before it is believed early: it may be the
part of a plate that a barrier leaves free."""


_SURELY_FOUND = 0.6
"""From this on a detector needs no reader to confirm that it saw a plate. Lamps, emblems and clocks
that cameras write into their pictures are seldom found so surely, and never read surely."""

_BORDER_EVIDENCE = 2
"""So many times more a faint box must be confirmed at the border, where cameras write captions."""

_PROVINCE_CONFIDENCE = 0.5
"""Below this no province is given: a wrong one is worse than none. Of the regions that the reader
named at 0.5 or more on labelled crops 25 of 26 were right."""


_CAPITAL_CODE = "TH-10"
_IN_CAPITAL = 0.27
"""Share of Thailand's vehicles that are registered in Bangkok: 12 of 44 million.

After what the Department of Land Transport counted at the end of 2023, rounded; its publication was
not looked up for this.
"""

_TAUGHT_CAPITAL = 0.13
"""Share of Bangkok among the Thai plates that our reader was taught (`training.plates`)."""


class Understood(NamedTuple):
    """What a vote is taken for; `province_confidence`, 0 to 1, is 0 where none is given."""

    identity: Identity | None = None
    province: Province | None = None
    province_confidence: float = 0.0


def identify_vote(vote: Vote, *, regions: Mapping[str, float], country: str | None) -> Understood:
    """Understand a vote by the plate grammar, the readers' word on its region and the place.

    A province of Thailand is given only where the plate is named one of Thailand.

    Args:
        vote: May be empty or no plate at all; then there is neither identity nor province.
        regions: What the readers say together, the likeliest first; may be empty.
        country: Where the camera stands.
    """
    try:
        is_aligned = bool(vote.alternatives) and normalise(vote.text) == vote.text
        seen = vote.alternatives if is_aligned else None
        identity = identify(vote.text, country, regions=regions, seen=seen)
    except PlateTextError:
        return Understood()
    if identity.country != "TH":
        return Understood(identity)
    registered = _as_registered(regions)
    label = max(registered, key=lambda name: registered[name], default="")
    confidence = registered.get(label, 0.0)
    province = find_province(label) if confidence >= _PROVINCE_CONFIDENCE else None
    return Understood(identity, province, confidence if province else 0.0)


def _as_registered(regions: Mapping[str, float]) -> dict[str, float]:
    """Weigh provinces by the vehicles registered there instead of the plates a reader was taught.

    >>> _as_registered({"TH-10": 0.3, "TH-62": 0.3, "US": 0.2})["TH-10"] > 0.4
    True
    """
    capital, thai = _CAPITAL_CODE, [label for label in regions if label.startswith("TH-")]
    factor = {capital: _IN_CAPITAL / _TAUGHT_CAPITAL}
    elsewhere = (1 - _IN_CAPITAL) / (1 - _TAUGHT_CAPITAL)
    weighed = {label: regions[label] * factor.get(label, elsewhere) for label in thai}
    scale = sum(regions[label] for label in thai) / (sum(weighed.values()) or 1.0)
    return {**regions, **{label: share * scale for label, share in weighed.items()}}


def is_sure(
    vote: Vote, readings: Sequence[Reading], identity: Identity | None, config: RecognitionConfig
) -> bool:
    """Say whether more readings would hardly change the vote."""
    if identity is None or vote.confidence < config.accept_confidence:
        return False
    sure = sum(
        reading.text == vote.text and reading.confidence >= config.accept_confidence
        for reading in readings
    )
    factor = 1 if identity.is_known_format else _UNKNOWN_FORMAT_FACTOR
    return len(vote.text) >= config.min_text_length and sure >= factor * config.min_frames_agreed


def _frames_for(vote: Vote) -> int:
    """Frames that speak for a vote: those that read just that, or half of those that nearly did.

    Where each frame misses another character, hardly one reads what all of them together tell.
    """
    near = sum(item.frames for item in vote.candidates if distance(item.text, vote.text) <= 1)
    return max(vote.frames_agreed, near // 2)


def decide(
    vote: Vote,
    *,
    config: RecognitionConfig,
    defects: Mapping[Rejection, int],
    against: Collection[Rejection] = (),
    found: float = 1.0,
    border: Check | None = None,
) -> Decision:
    """Hold a vote to the rules.

    Args:
        vote: Of all readings of one vehicle.
        config: Holds the limits.
        defects: Why boxes of this vehicle were not read, and how many.
        against: What else was found out: DUPLICATE, the vehicle was handed out already;
            STATIONARY, it is a caption or a sign; CUT_OFF, what the border left is no whole
            registration.
        found: Confidence of the vehicle's best box, 0 to 1.
        border: The rule that it missed if it was read too near the frame's border, which may hide
            a character: a person looks, however sure the reading is.
    """
    review = Check(rule="review_confidence", value=vote.confidence, limit=config.review_confidence)
    accept = Check(rule="accept_confidence", value=vote.confidence, limit=config.accept_confidence)
    length = Check(rule="min_text_length", value=len(vote.text), limit=config.min_text_length)
    agreed = Check(
        rule="min_frames_agreed", value=_frames_for(vote), limit=config.min_frames_agreed
    )
    checks: tuple[Check, ...] = (length, review, accept, agreed)
    evidence = config.plate_evidence
    if border:
        checks += (border,)
        evidence *= _BORDER_EVIDENCE
    if not vote.frames_read:
        unread = max(defects, key=lambda reason: defects[reason], default=Rejection.LOW_CONFIDENCE)
        # What was seen faintly and never read has nobody who says that it was a plate.
        faint = [Rejection.NOT_A_PLATE] if found < _SURELY_FOUND else []
        reasons = list(dict.fromkeys([unread, *faint]))
    else:
        failed = {
            Rejection.DUPLICATE: Rejection.DUPLICATE in against,
            Rejection.CUT_OFF: Rejection.CUT_OFF in against,
            Rejection.NOT_A_PLATE: found < _SURELY_FOUND
            and (Rejection.CUT_OFF in against or found * vote.confidence < evidence),
            Rejection.BAD_FORMAT: not length.passed,
            Rejection.LOW_CONFIDENCE: not review.passed,
            Rejection.STATIONARY: Rejection.STATIONARY in against,
            Rejection.ONE_FRAME_ONLY: not agreed.passed,
        }
        reasons = [reason for reason, has_failed in failed.items() if has_failed]
    if reasons:
        return Decision(outcome=Outcome.REJECTED, reasons=tuple(reasons), checks=checks)
    outcome = Outcome.ACCEPTED if accept.passed and not border else Outcome.REVIEW
    return Decision(outcome=outcome, reasons=(), checks=checks)
