"""A drawn street scene in which the shipped detector sees the plate."""

import cv2
import numpy as np

from detections.recognition.types import Frame


def draw_street(text: str = "34AB567") -> Frame:
    """A dark car with a light plate at (500, 430) to (640, 462) on a gray road, 1280 x 720, BGR."""
    frame = np.full((720, 1280, 3), (120, 122, 118), np.uint8)
    frame += np.random.default_rng(5).integers(0, 12, frame.shape, np.uint8)
    cv2.rectangle(frame, (360, 250), (780, 510), (60, 40, 30), -1)
    cv2.rectangle(frame, (500, 430), (640, 462), (235, 240, 238), -1)
    cv2.putText(
        frame, text, (506, 456), cv2.FONT_HERSHEY_DUPLEX, 0.95, (20, 20, 20), 2, cv2.LINE_AA
    )
    return frame
