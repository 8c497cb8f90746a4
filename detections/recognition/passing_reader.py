"""From the boxes and readings of one camera to passings: each vehicle once, with its evidence.

Nothing here finds or reads plates, waits, or looks at a clock. Whoever owns the camera calls, for
every frame and in the order of the frames:

1. `PassingReader.look`: does this frame deserve the detector?
2. `PassingReader.select`, when the detector's boxes are there: which crops should be read?
3. `PassingReader.accept`, when their readings are there, or `abandon`, when they got lost.
4. `PassingReader.expire`, as often as one likes: the passings decided since.

Between 2 and 3 of one frame, 1 and 2 of later frames may happen: inference is elsewhere.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from detections.recognition.config import RecognitionConfig
from detections.recognition.decision import decide
from detections.recognition.errors import FrameError
from detections.recognition.funnel import Funnel
from detections.recognition.images import crop_plates
from detections.recognition.motion import MotionGate
from detections.recognition.passing import (
    Check,
    CropRequest,
    Decision,
    Emission,
    Followed,
    Outcome,
    Passing,
)
from detections.recognition.quality import line_height_px, measure_quality
from detections.recognition.told import ToldVehicles, is_same_vehicle
from detections.recognition.tracking import Track, Tracker, covers, is_lost
from detections.recognition.types import (
    AnyFrame,
    PlateBox,
    PlateQuality,
    Reading,
    Rejection,
    Sighting,
    VehicleLook,
)
from detections.recognition.vehicle import Vehicle
from detections.recognition.vehicles.looks import vehicle_of_plate
from detections.recognition.zones import is_inside

_SAME_PLATE_COVERED = 0.6
_TOUCHES_PX = 2
_BORDER_SHARE = 0.12
"""A box this share of its height away from the frame's border, or less, may be cut by it: boxes of
plates that lack a character were found to end 4 to 7 px inside, with heights about 70."""

_STANDING_S = 2.0
_LATE_READING_S = 5.0


class PassingReader:
    """The state of one camera: its motion gate, its tracks, and the vehicles lately told of.

    Not thread-safe. Time is the source's own, in seconds, and may stand still but not run back.
    Frames may be missing and irregular. The same calls give the same passings.
    """

    def __init__(self, config: RecognitionConfig, *, emission: Emission = Emission.DECIDED) -> None:
        self._config = config
        self._reads_on = emission is Emission.ENDED
        self._gate = _gate_of(config)
        self._tracker = Tracker()
        self._open: dict[int, Vehicle] = {}
        self._told = ToldVehicles()
        self._looked_s = float("-inf")
        self._counts: Counter[str] = Counter()
        self._rejections: Counter[Rejection] = Counter()

    @property
    def funnel(self) -> Funnel:
        """What was counted since the start; take differences with `Funnel.__sub__`."""
        return Funnel(**self._counts, rejections=dict(self._rejections))

    def reconfigure(self, config: RecognitionConfig) -> None:
        """Go on with other settings from the next call on; tracks and readings stay."""
        self._config = config
        self._gate = _gate_of(config)

    def following(self) -> list[Followed]:
        """The plates that the last searched frame showed, for a live picture."""
        return [
            Followed(
                track_id=vehicle.vehicle_id,
                box=vehicle.track.box,
                text=vehicle.text,
                confidence=vehicle.vote.confidence,
            )
            for vehicle in self._vehicles()
            if not vehicle.track.missed
        ]

    def look(self, frame: NDArray[np.uint8], seen_s: float) -> bool:
        """Say whether a frame deserves the detector: something moved, or a vehicle is undecided.

        Args:
            frame: Luma of shape (H, W), or BGR of shape (H, W, 3); any size, the same each time.
            seen_s: When, on the source's clock.
        """
        has_moved = self._gate.has_moved(frame, seen_s)
        self._counts["frames"] += 1
        self._counts["moved"] += has_moved
        is_due = seen_s - self._looked_s >= self._config.forced_look_s
        if not (has_moved or is_due or any(map(self._needs_looks, self._vehicles()))):
            return False
        self._looked_s = seen_s
        return True

    def _needs_looks(self, vehicle: Vehicle) -> bool:
        """Say whether a vehicle must be sought although nothing moves: not if it waits, decided."""
        is_settled = vehicle.is_settled(self._config, reads_on=self._reads_on)
        stands = vehicle.track.stood_s(vehicle.last_seen_s) >= _STANDING_S
        return not (is_settled and stands)

    def select(
        self, *, frame_index: int, seen_s: float, boxes: Sequence[PlateBox], frame: AnyFrame
    ) -> list[CropRequest]:
        """Follow the boxes of one frame and choose what is worth reading.

        Call it also with no boxes: that is how a track learns that its vehicle has gone.

        Args:
            frame_index: Of the frame, as it is to appear in sightings; higher than the last one's.
            seen_s: When the frame was taken, on the source's clock; not before the last call's.
            boxes: All boxes of the detector, in pixels of `frame`.
            frame: Shape (H, W, 3), uint8, BGR, full resolution; not to be written to afterwards.
                Of a deferred one only the crops are converted.

        Returns:
            At most one request for each box.
        """
        plates = _distinct(boxes, self._config.detector_confidence)
        self._counts["boxes"] += len(plates)
        tracks = self._tracker.update(plates, seen_s)
        requests = []
        for box, track in zip(plates, tracks, strict=True):
            vehicle = self._vehicle_of(track, frame)
            sighting = Sighting(frame_index=frame_index, seen_s=seen_s, box=box)
            vehicle.see(sighting)
            request = self._request(vehicle, sighting, frame)
            if request is not None:
                requests.append(request)
        return requests

    def _vehicle_of(self, track: Track, frame: AnyFrame) -> Vehicle:
        height, width = frame.shape[:2]
        if track.track_id not in self._open:
            self._open[track.track_id] = Vehicle(track=track, frame_size=(width, height))
            self._counts["tracks"] += 1
        vehicle = self._open[track.track_id]
        vehicle.frame_size = width, height  # A stream may change its size while a vehicle is seen.
        return vehicle

    def _request(self, vehicle: Vehicle, sighting: Sighting, frame: AnyFrame) -> CropRequest | None:
        defect = self._defect_of_place(sighting.box, vehicle.frame_size)
        if defect is not None:
            vehicle.defects[defect] += 1
            if not (defect is Rejection.CUT_OFF and self._reads_at_border(sighting.box, frame)):
                return None
        if not vehicle.wants_reading(
            sighting.box, sighting.seen_s, self._config, reads_on=self._reads_on
        ):
            return None
        crop = crop_plates(
            frame,
            [sighting.box],
            margin_x=self._config.crop_margin_x,
            margin_y=self._config.crop_margin_y,
        )[0]
        quality = measure_quality(crop, sighting.box)
        defect = self._defect_of_picture(quality)
        if defect is not None:
            vehicle.defects[defect] += 1
            return None
        sighting = replace(sighting, quality=quality)
        vehicle.ask(sighting)
        return CropRequest(
            track_id=vehicle.track.track_id, sighting=sighting, crop=crop, frame=frame
        )

    def _reads_at_border(self, box: PlateBox, frame: AnyFrame) -> bool:
        """Say whether a box at the border is worth reading: not above or below, through letters.

        There cameras write their captions, too, each of which would cost five readings.
        """
        is_clear = box.y_min >= _TOUCHES_PX and frame.shape[0] - box.y_max >= _TOUCHES_PX
        return self._config.reads_cut_off and is_clear

    def _defect_of_place(self, box: PlateBox, frame_size: tuple[int, int]) -> Rejection | None:
        config = self._config
        width, height = frame_size
        center = (box.center[0] / width, box.center[1] / height)
        if not is_inside(center, include=config.include_polygons, exclude=config.exclude_polygons):
            return Rejection.EXCLUDED_ZONE
        line_px = line_height_px(box.width, box.height)
        if box.width < config.min_plate_width_px or line_px < config.min_plate_height_px:
            return Rejection.TOO_SMALL
        return None if _border_check(box, frame_size).passed else Rejection.CUT_OFF

    def _defect_of_picture(self, quality: PlateQuality) -> Rejection | None:
        if quality.brightness < self._config.min_brightness:
            return Rejection.TOO_DARK
        return Rejection.BLURRED if quality.sharpness < self._config.min_sharpness else None

    def accept(self, requests: Sequence[CropRequest], readings: Sequence[Reading]) -> None:
        """Take the readings of some requests, one each, in the same order.

        Raises:
            FrameError: there are not as many readings as requests.
        """
        if len(requests) != len(readings):
            message = f"{len(requests)} crops were to be read, and {len(readings)} readings came."
            raise FrameError(message)
        self._counts["readings"] += len(readings)
        for request, reading in zip(requests, readings, strict=True):
            vehicle = self._asker(request)
            if vehicle is not None:
                vehicle.pending.discard(request.sighting.frame_index)
                self._take(vehicle, request, reading)

    def wants_look(self, requests: Sequence[CropRequest]) -> bool:
        """Say whether kind and colour of the vehicles in a frame should be looked at."""
        return any(self._unseen(requests))

    def look_at_vehicles(
        self, requests: Sequence[CropRequest], looks: Sequence[VehicleLook]
    ) -> None:
        """Take the vehicles that were found in the frame of some requests, in its pixels."""
        for vehicle, plate in self._unseen(requests):
            vehicle.looked += 1
            look = vehicle_of_plate(plate, looks)
            if look is not None:
                vehicle.looks.append(look)

    def _unseen(self, requests: Sequence[CropRequest]) -> list[tuple[Vehicle, PlateBox]]:
        asked = [(self._asker(request), request.sighting.box) for request in requests]
        most = self._config.vehicle_looks
        return [
            (vehicle, box)
            for vehicle, box in asked
            if vehicle and not vehicle.is_told and vehicle.looked < most
        ]

    def abandon(self, requests: Sequence[CropRequest]) -> None:
        """Forget requests whose readings will not come: a worker died or was too slow."""
        for request in requests:
            vehicle = self._asker(request)
            if vehicle is not None:
                vehicle.pending.discard(request.sighting.frame_index)

    def _asker(self, request: CropRequest) -> Vehicle | None:
        """Find whose crop it was, which may have ended, or been two vehicles after all."""
        vehicle = self._open.get(request.track_id)
        while vehicle and vehicle.moved_on and request.sighting.frame_index >= vehicle.moved_on[0]:
            vehicle = vehicle.moved_on[1]
        return vehicle

    def _take(self, vehicle: Vehicle, request: CropRequest, reading: Reading) -> None:
        if not reading.is_plate:
            vehicle.defects[Rejection.NOT_A_PLATE] += 1
            return
        if vehicle.contradicts(reading, self._config):
            vehicle = self._split(vehicle, request.sighting)
        vehicle.take(request, reading, self._config)
        if not vehicle.is_told:
            self._join(vehicle)

    def _split(self, vehicle: Vehicle, first: Sighting) -> Vehicle:
        """Let another vehicle begin where a reading is surely not this one's."""
        before = [item for item in vehicle.sightings.values() if item.seen_s < first.seen_s]
        if vehicle.moved_on or not before:
            return vehicle
        track = self._tracker.split(vehicle.track, last=before[-1], first=first)
        other = vehicle.split(first.frame_index, track, self._config)
        self._open[track.track_id] = other
        self._counts["tracks"] += 1
        return other

    def _join(self, later: Vehicle) -> None:
        """Let a track go on from an earlier one of the same text, which place did not tell."""
        if len(later.vote.text) < self._config.min_text_length:
            return
        for earlier in self._vehicles():
            if earlier is not later and not earlier.is_told and self._is_same(earlier, later):
                self._tracker.end(earlier.track)
                earlier.absorb(later, self._config)
                self._open[later.track.track_id] = earlier
                self._rejections[Rejection.DUPLICATE] += 1
                return

    def _is_same(self, earlier: Vehicle, later: Vehicle) -> bool:
        gap_s = later.first_seen_s - earlier.last_seen_s
        return 0 < gap_s <= self._config.track_expiry_s and is_same_vehicle(earlier, later)

    def expire(self, now_s: float) -> list[Passing]:
        """Hand out the passings that are decided or over by now; each vehicle once, oldest first.

        Rejected passings are handed out too, when they are over, so that a person can be told why.
        """
        passings = []
        for vehicle in self._vehicles():
            is_over = self._is_over(vehicle, now_s)
            if not vehicle.is_told and (is_over or self._is_ready(vehicle)):
                passings.append(self._tell(vehicle))
            if is_over:
                self._close(vehicle)
        self._told.forget(now_s - self._config.repeat_after_s)
        return passings

    def flush(self) -> list[Passing]:
        """End all tracks, the source being at its end, and hand out what was not yet handed out."""
        passings = []
        for vehicle in self._vehicles():
            if not vehicle.is_told:
                passings.append(self._tell(vehicle))
            self._close(vehicle)
        return passings

    def _vehicles(self) -> list[Vehicle]:
        """Those in view or lately lost, each once, oldest first."""
        return list({id(vehicle): vehicle for vehicle in self._open.values()}.values())

    def _is_over(self, vehicle: Vehicle, now_s: float) -> bool:
        config = self._config
        if vehicle.pending and now_s - vehicle.last_asked_s < _LATE_READING_S:
            return False
        is_parked = self._is_parked(vehicle)
        expiry_s = config.stationary_memory_s if is_parked else config.track_expiry_s
        return is_lost(vehicle.track, now_s, expiry_s=expiry_s)

    def _is_parked(self, vehicle: Vehicle) -> bool:
        return vehicle.track.stood_s(vehicle.last_seen_s) >= self._config.stationary_after_s

    def _is_ready(self, vehicle: Vehicle) -> bool:
        """Say whether a passing can be handed out while its vehicle is still in view.

        One that parks is, whatever was read, unless nothing was: it may come nearer when it leaves.
        """
        if vehicle.pending:
            return False
        if self._is_parked(vehicle):
            is_accepted = self._decide(vehicle).outcome is not Outcome.REJECTED
            return is_accepted or (vehicle.is_overlay and bool(vehicle.readings))
        return vehicle.is_sure and not self._reads_on and not vehicle.may_be_overlay

    def _tell(self, vehicle: Vehicle) -> Passing:
        passing = vehicle.as_passing(self._decide(vehicle))
        vehicle.is_told = True
        vehicle.forget_pictures()
        if passing.is_accepted:
            self._counts["accepted"] += 1
        else:
            self._rejections[passing.decision.reasons[0]] += 1
        if passing.is_accepted or Rejection.DUPLICATE in passing.decision.reasons:
            self._told.add(vehicle)
        return passing

    def _close(self, vehicle: Vehicle) -> None:
        self._tracker.end(vehicle.track)
        self._open = {key: other for key, other in self._open.items() if other is not vehicle}

    def _decide(self, vehicle: Vehicle) -> Decision:
        against = set()
        repeat_after_s = self._config.repeat_after_s
        if self._told.has(vehicle, repeat_after_s=repeat_after_s):
            against.add(Rejection.DUPLICATE)
        if vehicle.is_overlay:
            against.add(Rejection.STATIONARY)
        border = self._missed_border(vehicle)
        is_known = vehicle.identity is not None and vehicle.identity.is_known_format
        if border and border.value < _TOUCHES_PX and not is_known:
            against.add(Rejection.CUT_OFF)
        return decide(
            vehicle.vote,
            config=self._config,
            defects=vehicle.defects,
            against=against,
            found=vehicle.found,
            border=border,
        )

    def _missed_border(self, vehicle: Vehicle) -> Check | None:
        """The rule of the distance to the border, of a vehicle that may be read and misses it."""
        border = _border_check(vehicle.track.box, vehicle.frame_size)
        return border if self._config.reads_cut_off and not border.passed else None


def _gate_of(config: RecognitionConfig) -> MotionGate:
    return MotionGate(
        threshold=config.motion_threshold,
        min_area=config.motion_min_area,
        include=config.include_polygons,
        exclude=config.exclude_polygons,
    )


def _border_check(box: PlateBox, frame_size: tuple[int, int]) -> Check:
    """Hold the distance of a box to the frame's border, in pixels, to what shows it whole."""
    width, height = frame_size
    nearest = max(0.0, min(box.x_min, box.y_min, width - box.x_max, height - box.y_max))
    limit = max(_TOUCHES_PX, round(_BORDER_SHARE * box.height, 1))
    return Check(rule="border_distance_px", value=round(nearest, 1), limit=limit)


def _distinct(boxes: Sequence[PlateBox], min_confidence: float) -> list[PlateBox]:
    """Keep the surest of boxes that lie on or in one another: they are of one plate.

    Overlap over union, by which detectors tell boxes apart, misses a small box in a large one.
    """
    kept: list[PlateBox] = []
    for box in sorted(boxes, key=lambda box: -box.confidence):
        if box.confidence < min_confidence:
            break
        if all(covers(box, other) < _SAME_PLATE_COVERED for other in kept):
            kept.append(box)
    return kept
