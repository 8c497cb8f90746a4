"""What is known so far of one vehicle in view: its sightings, readings, vote and best frame."""

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice

from detections.recognition.config import RecognitionConfig
from detections.recognition.decision import identify_vote, is_sure
from detections.recognition.passing import CropRequest, Decision, Direction, Passing
from detections.recognition.quality import legibility
from detections.recognition.tracking import Track, size_px
from detections.recognition.types import (
    AnyFrame,
    PlateBox,
    Reading,
    Rejection,
    Sighting,
    VehicleLook,
)
from detections.recognition.vehicles.looks import vote_looks
from detections.recognition.voting import Vote, vote, vote_regions
from vehicles.plates.confusables import similarity
from vehicles.plates.grammar import Identity
from vehicles.plates.provinces import Province

_MAX_PENDING = 2
_FIRST_SPACING_S = 0.1
_SPACING_GROWTH = 1.25
_MAX_SPACING_S = 0.5
_GROWN = 1.1
_GROWN_MUCH = 1.3
_HOPELESS_FACTOR = 4
"""Readings are spread out, for frames in a row are alike: at growing intervals, sooner when the
plate has grown. A reading below the review threshold costs a quarter of the budget's share, so that
a lorry that is too far away for seconds can still be read when it is near."""

_RECHECK_S = 5.0
_DOUBTFUL_JUMP = 1.0
"""A vehicle told of is read again when its track jumped by a plate's size, and when it is found
again where it stood, the more seldom the longer it has been known: some ten times in an hour at the
most."""

_SAME_VEHICLE = 0.5
_MAX_UNREAD_SIGHTINGS = 64
_CAPTION_ROWS = 0.06
_OVERLAY_S = 2.0


@dataclass(slots=True)
class Vehicle:
    """The evidence for one vehicle; `vehicle_id` is the id of its first track.

    `sightings` are by frame index. `is_told` holds once its passing was handed out, after which it
    is only followed. `pending` are the frames whose crops are being read. `moved_on` is the frame
    from which on the track was another vehicle's. Of the crops `asked` to be read, `useful` had a
    reading worth keeping; `is_legible`: the last one did.
    """

    track: Track
    frame_size: tuple[int, int]
    sightings: dict[int, Sighting] = field(default_factory=dict)
    defects: Counter[Rejection] = field(default_factory=Counter)
    pending: set[int] = field(default_factory=set)
    vote: Vote = field(default_factory=lambda: vote([]))
    identity: Identity | None = None
    province: Province | None = None
    province_confidence: float = 0.0
    is_sure: bool = False
    is_told: bool = False
    best: Sighting | None = None
    frame: AnyFrame | None = None
    last_asked_s: float = 0.0
    vehicle_id: int = 0
    moved_on: "tuple[int, Vehicle] | None" = None
    asked: int = 0
    asked_size: float = 0.0
    useful: int = 0
    is_legible: bool = False
    looked: int = 0
    looks: list[VehicleLook] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.vehicle_id = self.track.track_id

    @property
    def first_seen_s(self) -> float:
        return self.track.first_seen_s

    @property
    def last_seen_s(self) -> float:
        return self.track.seen_s

    @property
    def text(self) -> str:
        """The vote, repaired where the plate grammar allows."""
        return self.identity.text if self.identity else self.vote.text

    @property
    def readings(self) -> list[Reading]:
        """Those that have come, in order of time."""
        return [item.reading for item in self.sightings.values() if item.reading is not None]

    @property
    def found(self) -> float:
        """Confidence of the best box."""
        return max((item.box.confidence for item in self.sightings.values()), default=0.0)

    @property
    def may_be_overlay(self) -> bool:
        """Whether it may be a caption or a sign, for it has not moved and is no known plate's text.

        A parked car in view since the start has not moved either, but its plate has a format and
        does not lie in the rows where cameras write captions.
        """
        height, box = self.frame_size[1], self.track.box
        top, bottom = _CAPTION_ROWS * height, (1 - _CAPTION_ROWS) * height
        is_caption_place = box.y_max <= top or box.y_min >= bottom
        is_plate_text = self.identity is not None and self.identity.is_known_format
        return not self.track.has_moved and (is_caption_place or not is_plate_text)

    @property
    def is_overlay(self) -> bool:
        """Whether it may be one, and was in view for longer than vehicles stand by chance."""
        return self.may_be_overlay and self.track.stood_s(self.last_seen_s) >= _OVERLAY_S

    @property
    def direction(self) -> Direction:
        first, last = self.track.first_box, self.track.box
        width, height = self.frame_size
        return Direction(
            dx=(last.center[0] - first.center[0]) / width,
            dy=(last.center[1] - first.center[1]) / height,
            growth=size_px(last) / size_px(first),
        )

    def see(self, sighting: Sighting) -> None:
        """Add a sighting; of a long row of unread ones every other goes, to stay small."""
        self.sightings[sighting.frame_index] = sighting
        unread = [index for index, item in self.sightings.items() if item.quality is None]
        if len(unread) > _MAX_UNREAD_SIGHTINGS:
            for index in islice(unread, 1, None, 2):
                del self.sightings[index]

    def is_settled(self, config: RecognitionConfig, *, reads_on: bool) -> bool:
        """Say whether no more readings are wanted unless the plate comes much nearer."""
        spent = self.useful + (self.asked - self.useful) / _HOPELESS_FACTOR
        is_enough = self.is_sure and not reads_on
        return self.is_told or is_enough or spent >= config.reads_per_track

    def wants_reading(
        self, box: PlateBox, seen_s: float, config: RecognitionConfig, *, reads_on: bool
    ) -> bool:
        """Say whether a sighting is worth reading; `reads_on` though the vote is sure already."""
        if len(self.pending) >= _MAX_PENDING:
            return False
        waited_s = seen_s - self.last_asked_s
        if self.is_told or (self.is_sure and not reads_on):
            return self._is_doubtful(waited_s, config)
        growth = size_px(box) / self.asked_size if self.asked else _GROWN_MUCH
        if self.is_settled(config, reads_on=reads_on):
            return growth >= (_GROWN_MUCH if self.is_sure else _GROWN)
        spent = self.useful if self.is_legible else self.asked
        spacing_s = min(_FIRST_SPACING_S * _SPACING_GROWTH**spent, _MAX_SPACING_S)
        return growth >= _GROWN or waited_s >= spacing_s

    def _is_doubtful(self, waited_s: float, config: RecognitionConfig) -> bool:
        """Say whether another vehicle may have taken this one's place in the track."""
        if self.track.sought_in_vain and self.track.gap_s >= config.track_expiry_s:
            return waited_s >= max(_RECHECK_S, self.last_asked_s - self.first_seen_s)
        return self.track.jump > _DOUBTFUL_JUMP and waited_s >= _MAX_SPACING_S

    def ask(self, sighting: Sighting) -> None:
        """Note that a sighting is being read."""
        self.sightings[sighting.frame_index] = sighting
        self.pending.add(sighting.frame_index)
        self.asked += 1
        self.last_asked_s = sighting.seen_s
        self.asked_size = max(self.asked_size, size_px(sighting.box))

    def contradicts(self, reading: Reading, config: RecognitionConfig) -> bool:
        """Say whether a reading is surely of another vehicle."""
        return (
            reading.confidence >= config.accept_confidence
            and len(reading.text) >= config.min_text_length
            and self.vote.confidence >= config.accept_confidence
            and similarity(reading.text, self.vote.text) < _SAME_VEHICLE
        )

    def take(self, request: CropRequest, reading: Reading, config: RecognitionConfig) -> None:
        """Add a reading, vote again, and keep the frame if it is the best so far."""
        sighting = replace(request.sighting, reading=reading)
        self.sightings[sighting.frame_index] = sighting
        self.is_legible = reading.confidence >= config.review_confidence
        self.useful += self.is_legible
        self.judge(config)
        if self.is_told:
            return
        if self.best is None or self._worth(sighting) > self._worth(self.best):
            self.best, self.frame = sighting, request.frame

    def judge(self, config: RecognitionConfig) -> None:
        """Vote over all readings, and understand the result."""
        read = [item for item in self.sightings.values() if item.reading is not None]
        readings = self.readings
        weights = [legibility(item.quality) if item.quality else 1.0 for item in read]
        self.vote = vote(readings, weights)
        regions = vote_regions(readings, weights)
        self.identity, self.province, self.province_confidence = identify_vote(
            self.vote, regions=regions, country=config.country
        )
        self.is_sure = is_sure(self.vote, readings, self.identity, config)

    def _worth(self, sighting: Sighting) -> tuple[bool, float]:
        """Rank frames as the passing's picture: first those that show what was voted."""
        if sighting.reading is None or sighting.quality is None:
            return False, 0.0
        agrees = sighting.reading.text == self.vote.text
        return agrees, sighting.reading.confidence * legibility(sighting.quality)

    def split(self, frame_index: int, track: Track, config: RecognitionConfig) -> "Vehicle":
        """Give the sightings from a frame on to another vehicle, whose `track` that is."""
        other = Vehicle(track=track, frame_size=self.frame_size)
        for index in [index for index in self.sightings if index >= frame_index]:
            other.sightings[index] = self.sightings.pop(index)
        other.pending = {index for index in self.pending if index >= frame_index}
        self.pending -= other.pending
        other.last_asked_s = self.last_asked_s
        self.moved_on = frame_index, other
        self.judge(config)
        return other

    def absorb(self, later: "Vehicle", config: RecognitionConfig) -> None:
        """Take over the evidence of a later track, which turned out to be this vehicle."""
        self.sightings |= later.sightings
        self.defects += later.defects
        self.pending |= later.pending
        self.last_asked_s = max(self.last_asked_s, later.last_asked_s)
        self.asked += later.asked
        self.asked_size = max(self.asked_size, later.asked_size)
        self.useful += later.useful
        self.looked += later.looked
        self.looks += later.looks
        later.track.first_box = self.track.first_box
        later.track.first_seen_s = self.track.first_seen_s
        later.track.has_moved = True
        self.track = later.track
        self.judge(config)
        if later.best and (self.best is None or self._worth(later.best) > self._worth(self.best)):
            self.best, self.frame = later.best, later.frame

    def as_passing(self, decision: Decision) -> Passing:
        """All that is known of the vehicle, as it is handed out."""
        identity, vote = self.identity, self.vote
        repairs = identity.repairs if identity else ()
        kind, color = vote_looks(self.looks)
        return Passing(
            track_id=self.vehicle_id,
            text=self.text,
            raw_text=vote.text,
            char_confidences=vote.char_confidences,
            confidence=vote.confidence,
            repairs=tuple((item.position, item.read, item.repaired) for item in repairs),
            country=identity.country if identity else None,
            country_confidence=identity.country_confidence if identity else 0.0,
            province=self.province.code if self.province else None,
            province_confidence=self.province_confidence,
            frames_agreed=vote.frames_agreed,
            frames_read=vote.frames_read,
            candidates=vote.candidates,
            first_seen_s=self.first_seen_s,
            last_seen_s=self.last_seen_s,
            sightings=tuple(self.sightings.values()),
            best=self.best,
            direction=self.direction,
            decision=decision,
            vehicle_kind=kind,
            vehicle_color=color,
            frame=self.frame,
        )

    def forget_pictures(self) -> None:
        """Let go of what only an untold vehicle needs, for it may stand there for days."""
        self.best = self.frame = None
