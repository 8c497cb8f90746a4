"""A road with cars and a camera that sees them: what `PassingReader` is told, without engines."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detections.recognition.passing import CropRequest, Passing
from detections.recognition.passing_reader import PassingReader
from detections.recognition.types import Frame, PlateBox, Reading

WIDTH, HEIGHT = 640, 360

Path = Callable[[float], tuple[float, float, float] | None]
"""Centre and width of a plate in pixels at some second, or None while it is out of the picture."""


@dataclass(frozen=True, kw_only=True)
class Car:
    """A plate that reads `text` and goes along `path`."""

    text: str
    path: Path
    confidence: float = 0.95

    def box_at(self, seen_s: float) -> PlateBox | None:
        place = self.path(seen_s)
        if place is None:
            return None
        x, y, width = place
        height = width / 4
        box = PlateBox(
            x_min=x - width / 2,
            y_min=y - height / 2,
            x_max=x + width / 2,
            y_max=y + height / 2,
            confidence=0.8,
        )
        is_inside = 0 < box.center[0] < WIDTH and 0 < box.center[1] < HEIGHT
        return box if is_inside else None


def drive(
    *, start: tuple[float, float], end: tuple[float, float], begin_s: float, seconds: float
) -> Path:
    """Go straight from start to end, growing from 40 to 80 px, and be nowhere before and after."""

    def path(seen_s: float) -> tuple[float, float, float] | None:
        done = (seen_s - begin_s) / seconds
        if not 0 <= done <= 1:
            return None
        x, y = (a + done * (b - a) for a, b in zip(start, end, strict=True))
        return x, y, 40 + 40 * done

    return path


def stand(x: float, y: float, *, begin_s: float = 0, end_s: float = 1e9, width: float = 60) -> Path:
    """Be at one place for a while."""
    return lambda seen_s: (x, y, width) if begin_s <= seen_s <= end_s else None


@dataclass
class Camera:
    """Sees cars with the faults of a real detector and reader, the same ones for the same seed."""

    cars: list[Car]
    fps: float = 10.0
    seed: int = 0
    missed_boxes: float = 0.0
    dropped_frames: float = 0.0
    jitter_px: float = 1.0
    latency_frames: int = 0
    misread: Callable[[str, np.random.Generator], str] = lambda text, _: text
    lost_readings: float = 0.0
    readings: int = 0
    looks: int = 0
    _random: np.random.Generator = field(init=False)
    _scene: Frame = field(init=False)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)
        self._scene = self._random.integers(60, 190, (HEIGHT, WIDTH, 3), dtype=np.uint8)

    def watch(self, reader: PassingReader, *, until_s: float, from_s: float = 0.0) -> list[Passing]:
        """Let a reader see everything until some second; what it hands out, in order."""
        passings: list[Passing] = []
        waiting: list[list[CropRequest]] = []
        for index, seen_s in self._times(from_s, until_s):
            if reader.look(self._luma(seen_s), seen_s):
                self.looks += 1
                boxes = self._boxes(seen_s)
                waiting.append(
                    reader.select(frame_index=index, seen_s=seen_s, boxes=boxes, frame=self._scene)
                )
            if len(waiting) > self.latency_frames:
                self._answer(reader, waiting.pop(0))
            passings += reader.expire(seen_s)
        for requests in waiting:
            self._answer(reader, requests)
        return passings

    def _times(self, from_s: float, until_s: float) -> Iterator[tuple[int, float]]:
        for index in range(int(from_s * self.fps), int(until_s * self.fps)):
            if self._random.random() >= self.dropped_frames:
                yield index, index / self.fps

    def _luma(self, seen_s: float) -> NDArray[np.uint8]:
        """The picture at a quarter of its size, with a dark car around every plate."""
        luma = self._scene[::4, ::4, 1].copy()
        for car in self.cars:
            box = car.box_at(seen_s)
            if box is not None:
                left, right = max(box.x_min - box.width, 0), box.x_max + box.width
                top, bottom = max(box.y_min - 4 * box.height, 0), box.y_max + box.height
                luma[int(top / 4) : int(bottom / 4), int(left / 4) : int(right / 4)] = 20
        return luma

    def _boxes(self, seen_s: float) -> list[PlateBox]:
        boxes = [car.box_at(seen_s) for car in self.cars]
        seen = [box for box in boxes if box and self._random.random() >= self.missed_boxes]
        return [self._shaken(box) for box in seen]

    def _shaken(self, box: PlateBox) -> PlateBox:
        x, y = self._random.normal(0, self.jitter_px, 2)
        return PlateBox(
            x_min=box.x_min + x,
            y_min=box.y_min + y,
            x_max=box.x_max + x,
            y_max=box.y_max + y,
            confidence=box.confidence,
        )

    def _answer(self, reader: PassingReader, requests: list[CropRequest]) -> None:
        if requests and self._random.random() < self.lost_readings:
            reader.abandon(requests)
            return
        self.readings += len(requests)
        reader.accept(requests, [self._read(request) for request in requests])

    def _read(self, request: CropRequest) -> Reading:
        x, y = request.sighting.box.center
        shown = [(car, box) for car in self.cars if (box := car.box_at(request.sighting.seen_s))]
        car, _ = min(
            shown, key=lambda pair: abs(pair[1].center[0] - x) + abs(pair[1].center[1] - y)
        )
        text = self.misread(car.text, self._random)
        return Reading(text=text, char_confidences=(car.confidence,) * len(text))
