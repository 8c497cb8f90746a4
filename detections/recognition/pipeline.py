"""Frames in, vehicles out: composes a detector, a reader and what is known of one camera."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from detections.recognition.config import RecognitionConfig
from detections.recognition.passing import Emission, Passing
from detections.recognition.passing_reader import PassingReader
from detections.recognition.types import (
    Frame,
    PlateBox,
    PlateDetector,
    PlateReader,
    VehicleObserver,
)

_LOOK_WIDTH_PX = 320
"""Width at which motion is looked for."""


class TimedFrame(Protocol):
    """A frame of a video that is converted only where somebody asks for its pixels."""

    @property
    def index(self) -> int: ...

    @property
    def seen_s(self) -> float: ...

    def bgr(self) -> Frame:
        """Shape (H, W, 3), uint8, BGR, full resolution."""
        ...

    def gray(self, width: int) -> Frame:
        """Luma of shape (h, width), uint8, in the frame's proportions."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognizer:
    """Reads pictures and videos with one detector and one reader. Thread-safe as they are.

    With an observer, and where the configuration asks for looks, it tells of the vehicles too.
    """

    detector: PlateDetector
    reader: PlateReader
    observer: VehicleObserver | None = None
    config: RecognitionConfig = field(default_factory=RecognitionConfig)

    def read_picture(self, frame: Frame, boxes: Sequence[PlateBox] | None = None) -> list[Passing]:
        """Read every plate of one picture.

        Args:
            frame: Shape (H, W, 3), uint8, BGR.
            boxes: Where the plates are, in pixels of the frame; None lets the detector find them.

        Returns:
            One passing for each plate, rejected ones too, which say why. One at the border
            is never accepted, but left to a person. Boxes fainter than
            `detector_confidence`, and those mostly covered by a surer one, are of none.

        Raises:
            RecognitionError: the frame is none, or an engine failed.
        """
        config = replace(self.config, min_frames_agreed=1, reads_cut_off=True)
        passings = PassingReader(config, emission=Emission.ENDED)
        if boxes is None:
            [boxes] = self.detector.detect([frame])
        self._read(passings, 0, 0.0, frame, boxes)
        return passings.flush()

    def read_video(self, frames: Iterable[TimedFrame]) -> Iterator[Passing]:
        """Follow the vehicles of one camera or file through its frames, in the order of time.

        Yields:
            Each vehicle once, after it has left, rejected ones too, which say why.

        Raises:
            RecognitionError: an engine failed.
        """
        passings = PassingReader(self.config, emission=Emission.ENDED)
        for frame in frames:
            if passings.look(frame.gray(_LOOK_WIDTH_PX), frame.seen_s):
                picture = frame.bgr()
                [boxes] = self.detector.detect([picture])
                self._read(passings, frame.index, frame.seen_s, picture, boxes)
            yield from passings.expire(frame.seen_s)
        yield from passings.flush()

    def _read(
        self,
        passings: PassingReader,
        index: int,
        seen_s: float,
        frame: Frame,
        boxes: Sequence[PlateBox],
    ) -> None:
        requests = passings.select(frame_index=index, seen_s=seen_s, boxes=boxes, frame=frame)
        if requests:
            readings = self.reader.read([request.crop for request in requests])
            passings.accept(requests, readings)
        if self.observer is not None and passings.wants_look(requests):
            [looks] = self.observer.observe([frame])
            passings.look_at_vehicles(requests, looks)
