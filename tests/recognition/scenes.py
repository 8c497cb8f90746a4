"""Scenes for the tiny models: black roads on which plates of coloured strips pass."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from detections.recognition.types import Frame
from tests.recognition.tiny_models import BLUE, GREEN, RED

COLORS = {"R": RED, "G": GREEN, "B": BLUE}
PLATE_WIDTH_PX, PLATE_HEIGHT_PX = 80, 24


def road(width: int = 640, height: int = 360) -> Frame:
    return np.zeros((height, width, 3), np.uint8)


def put_plate(frame: Frame, text: str, left: int, top: int) -> Frame:
    """Paint a plate; it must begin and end with R, by which the tiny detector sees its edges."""
    strip = PLATE_WIDTH_PX // max(len(text), 1)
    for index, character in enumerate(text):
        x = left + index * strip
        frame[top : top + PLATE_HEIGHT_PX, x : x + strip] = COLORS[character]
    return frame


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFrame:
    """A frame of a clip that was made in memory."""

    index: int
    seen_s: float
    picture: Frame

    def bgr(self) -> Frame:
        return self.picture

    def gray(self, width: int) -> Frame:
        height = round(self.picture.shape[0] * width / self.picture.shape[1])
        gray = cv2.cvtColor(self.picture, cv2.COLOR_BGR2GRAY)
        return cv2.resize(gray, (width, height)).astype(np.uint8, copy=False)


def passing_by(text: str, *, frames: int = 20, fps: int = 10) -> Iterator[ClipFrame]:
    """A second of empty road, a plate that crosses it from left to right, an empty second."""
    for index in range(frames + 2 * fps):
        picture = road()
        step = index - fps
        if 0 <= step < frames:
            put_plate(picture, text, 20 + step * 25, 150)
        yield ClipFrame(index=index, seen_s=index / fps, picture=picture)
