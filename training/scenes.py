"""Renders scenes that teach a detector: plates, and what only looks like one.

A scene starts from a real picture that may be trained on (its labelled plates stay labelled) or
from nothing, gets rendered plates, and then the things that fool a young detector: captions and
clocks that a camera writes into its picture, road signs, shop names, striped poles, windows and
blank boxes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.lettering import CAPTION_FONTS, random_word, write_small
from training.plates import choose_layout, draw_plate
from training.types import Picture, Random

Boxes = NDArray[np.float32]
MONO_FONTS = ("DejaVuSansMono-Bold", "LiberationMono-Bold", "DejaVuSans-Bold", "Hack-Bold")
PLATE_WIDTH_PX = (18, 190)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`picture` (H, W, 3) uint8 RGB; `boxes` (N, 4) rows (x_min, y_min, x_max, y_max) in pixels."""

    picture: Picture
    boxes: Boxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Where a vehicle's plate belongs: its middle and its width, in pixels of the picture."""

    x: float
    y: float
    width: float


def compose_scene(
    base: Scene | None, random: Random, side_px: int = 512, *, plates: int | None = None
) -> Scene:
    """Put rendered plates and look-alikes into a picture, or into a rendered street without one.

    Without a number of `plates` there are none to three. In a rendered street most of them sit on
    its vehicles.
    """
    picture, mounts = street(side_px, random) if base is None else (base.picture.copy(), [])
    boxes: list[Sequence[float]] = [] if base is None else [list(box) for box in base.boxes]
    taken = [list(box) for box in boxes]
    wanted = int(random.choice([0, 1, 1, 2, 3])) if plates is None else plates
    for mount in mounts[:wanted]:
        box = _paste_plate(picture, taken, random, mount)
        if box is not None:
            boxes.append(box)
            wanted -= 1
    for _ in range(int(random.integers(0, 4))):
        LOOK_ALIKES[int(random.integers(len(LOOK_ALIKES)))](picture, taken, random)
    for _ in range(wanted):
        box = _paste_plate(picture, taken, random)
        if box is not None:
            boxes.append(box)
    if random.random() < 0.35:
        _caption(picture, taken, random)
    if random.random() < 0.3:
        picture = _at_night(picture, random)
    return Scene(picture=picture, boxes=np.array(boxes, np.float32).reshape(-1, 4))


def _free(box: Sequence[float], taken: Sequence[Sequence[float]]) -> bool:
    return not any(
        box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
        for other in taken
    )


def _place(
    picture: Picture, size: tuple[int, int], taken: list[list[float]], random: Random
) -> tuple[int, int] | None:
    """A free top left corner for something of this width and height, which it then occupies."""
    height, width = picture.shape[:2]
    if size[0] >= width or size[1] >= height:
        return None
    for _ in range(8):
        x, y = int(random.integers(width - size[0])), int(random.integers(height - size[1]))
        box = [float(x), float(y), float(x + size[0]), float(y + size[1])]
        if _free(box, taken):
            taken.append(box)
            return x, y
    return None


def _at(
    picture: Picture, mount: Mount, size: tuple[int, int], taken: list[list[float]]
) -> tuple[int, int] | None:
    """The top left corner of something in the middle of a mount, if it is free and inside."""
    x, y = round(mount.x - size[0] / 2), round(mount.y - size[1] / 2)
    box = [float(x), float(y), float(x + size[0]), float(y + size[1])]
    height, width = picture.shape[:2]
    if min(x, y) < 0 or box[2] > width or box[3] > height or not _free(box, taken):
        return None
    taken.append(box)
    return x, y


def _colour(random: Random) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in random.integers(0, 256, 3))
    return red, green, blue


def street(side: int, random: Random) -> tuple[Picture, list[Mount]]:
    """Sky, wall, road and a few box-shaped vehicles, poor, and where their plates belong."""
    picture = np.zeros((side, side, 3), np.float32)
    coarse = random.uniform(20, 230, (int(random.integers(2, 8)), int(random.integers(2, 8)), 3))
    picture[:] = cv2.resize(coarse.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    horizon = int(side * random.uniform(0.2, 0.6))
    picture[horizon:] = picture[horizon:] * 0.3 + random.uniform(40, 130)
    scene = np.clip(picture + random.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
    return scene, [_vehicle(scene, random) for _ in range(int(random.integers(1, 4)))]


def _vehicle(scene: Picture, random: Random) -> Mount:
    """Body, windscreen, lamps and bumper of a vehicle seen from behind."""
    side = scene.shape[0]
    width = int(side * random.uniform(0.2, 0.7))
    height = int(width * random.uniform(0.6, 1.0))
    x = int(random.integers(-width // 3, side - width // 2))
    y = int(random.integers(side // 8, max(side // 8 + 1, side - height)))
    body, glass = _colour(random), (int(random.integers(10, 70)),) * 3
    cv2.rectangle(scene, (x, y), (x + width, y + height), body, -1)
    inset = width // 8
    cv2.rectangle(scene, (x + inset, y + inset), (x + width - inset, y + height // 2), glass, -1)
    for left in (x + width // 20, x + width - width // 5):
        top = y + height * 11 // 20
        cv2.rectangle(scene, (left, top), (left + width // 7, top + height // 8), (190, 20, 20), -1)
    bumper = y + height * 4 // 5
    cv2.rectangle(scene, (x, bumper), (x + width, y + height), glass, -1)
    # Between the lamps or on the bumper; a plate is a sixth to a third of a car's width.
    return Mount(
        x=x + width * random.uniform(0.45, 0.55),
        y=y + height * random.choice([0.66, 0.88]) + random.normal(0, 0.01) * height,
        width=width * random.uniform(0.16, 0.33),
    )


def _paste_plate(
    picture: Picture, taken: list[list[float]], random: Random, mount: Mount | None = None
) -> list[float] | None:
    """Warp a rendered plate into the picture, onto a mount or anywhere.

    Answers its box, or None where no place was free.
    """
    plate = draw_plate(choose_layout(random), random).picture
    width = mount.width if mount else float(np.exp(random.uniform(*np.log(PLATE_WIDTH_PX))))
    height = width * plate.shape[0] / plate.shape[1]
    angle = np.deg2rad(np.clip(random.normal(0, 7), -25, 25))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, random.normal(0, 0.1)], [random.normal(0, 0.08), 1]])
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    corners = flat @ (turn @ shear).T + random.normal(0, 0.015, (4, 2)) * width
    corners -= corners.min(axis=0)
    size = (int(np.ceil(corners[:, 0].max())) + 2, int(np.ceil(corners[:, 1].max())) + 2)
    corner = _at(picture, mount, size, taken) if mount else _place(picture, size, taken, random)
    if corner is None:
        return None
    x, y = corner
    room = picture[y : y + size[1], x : x + size[0]]
    small = cv2.resize(
        plate, (max(4, round(width)), max(4, round(height))), interpolation=cv2.INTER_AREA
    )
    source = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * small.shape[1::-1]
    matrix = cv2.getPerspectiveTransform(source.astype(np.float32), corners.astype(np.float32) + 1)
    warped = cv2.warpPerspective(small, matrix, size)
    alpha = cv2.warpPerspective(np.full(small.shape[:2], 255, np.uint8), matrix, size)
    _darken_around(picture, (x, y, *size), random)
    level = room.mean() / 128 if random.random() < 0.5 else random.uniform(0.5, 1.2)
    lit = np.clip(warped * np.clip(level, 0.45, 1.3), 0, 255)
    share = cv2.GaussianBlur(alpha, (3, 3), 0.6)[..., None] / 255.0
    mixed = room * (1 - share) + lit * share
    if random.random() < 0.4:
        mixed = cv2.GaussianBlur(mixed, (0, 0), random.uniform(0.3, 1.2))
    np.copyto(room, np.clip(mixed + random.normal(0, 4, mixed.shape), 0, 255).astype(np.uint8))
    low, high = corners.min(axis=0) + 1, corners.max(axis=0) + 1
    return [x + float(low[0]), y + float(low[1]), x + float(high[0]), y + float(high[1])]


def _darken_around(picture: Picture, spot: tuple[int, int, int, int], random: Random) -> None:
    """Often a bumper or boot lid around the plate, so that it is not always pasted onto chaos."""
    if random.random() < 0.4:
        return
    x, y, width, height = spot
    left, right = (
        max(0, x - int(width * random.uniform(0.1, 1.2))),
        x + int(width * random.uniform(1.1, 2.2)),
    )
    top, bottom = (
        max(0, y - int(height * random.uniform(0.1, 1))),
        y + int(height * random.uniform(1.1, 2)),
    )
    patch = picture[top:bottom, left:right]
    share = random.uniform(0.5, 0.97)
    paint = np.clip(
        patch.mean(axis=(0, 1)) * random.uniform(0.4, 1.8) + random.normal(0, 20, 3), 0, 255
    )
    np.copyto(patch, (patch * (1 - share) + paint * share).astype(np.uint8))


def _caption(picture: Picture, taken: list[list[float]], random: Random) -> None:
    """A camera's own line of text at the top or bottom: date, clock, lane, numbers."""
    height, width = picture.shape[:2]
    cap = height * random.uniform(0.018, 0.045)
    digits = "".join(str(value) for value in random.integers(0, 10, 22))
    parts = [
        f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}",
        f"{digits[8:10]}:{digits[10:12]}:{digits[12:14]}",
        f"{random_word(random, 3, 6)} {digits[14:16]}",
        f"{digits[16:18]}{random_word(random, 2, 3)}{digits[18:]}",
        f"CAM {digits[:2]}",
        random_word(random, 3, 9),
    ]
    count = int(random.integers(1, 5))
    text = random.choice([" ", " - ", "  "]).join(
        str(part) for part in random.permutation(parts)[:count]
    )
    y = cap * 1.1 if random.random() < 0.7 else height - cap * 1.1
    long = len(text) * cap * 0.95
    x = random.choice([long / 2 + cap, width - long / 2 - cap, width / 2])
    font = MONO_FONTS[int(random.integers(len(MONO_FONTS)))]
    ink, ground = ((255, 255, 255), 0) if random.random() < 0.85 else ((20, 20, 20), 235)
    if random.random() < 0.7:
        top, bottom = max(0, round(y - cap)), min(height, round(y + cap))
        left, right = max(0, round(x - long / 2)), min(width, round(x + long / 2))
        picture[top:bottom, left:right] = ground
    write_small(picture, text, (float(x), y), cap_px=cap, ink=ink, font=font)
    taken.append([0.0, y - cap, float(width), y + cap])


def _sign(picture: Picture, taken: list[list[float]], random: Random) -> None:
    """A road sign, shop sign or advert: a coloured board with words, often larger than a plate."""
    width = int(picture.shape[1] * random.uniform(0.08, 0.4))
    height = int(width * random.uniform(0.25, 1.3))
    corner = _place(picture, (width, height), taken, random)
    if corner is None:
        return
    board = np.full((height, width, 3), _colour(random), np.uint8)
    ink = (245, 245, 245) if board.mean() < 128 else (15, 15, 15)
    font = CAPTION_FONTS[int(random.integers(len(CAPTION_FONTS)))]
    lines = int(random.integers(1, 4))
    for line in range(lines):
        cap = height / lines * random.uniform(0.3, 0.6)
        middle = (width / 2, height * (line + 0.5) / lines)
        word = random_word(random, 4, 12)
        write_small(board, word, middle, cap_px=min(cap, width / 6), ink=ink, font=font)
    _put(picture, board, corner)


def _window(picture: Picture, taken: list[list[float]], random: Random) -> None:
    """A bright or dark panel with a frame and no letters: window, cabinet, lamp, vent."""
    width = int(picture.shape[1] * random.uniform(0.04, 0.2))
    height = int(width * random.uniform(0.3, 1.6))
    corner = _place(picture, (width, max(6, height)), taken, random)
    if corner is None:
        return
    panel = np.full((max(6, height), width, 3), random.uniform(10, 245), np.uint8)
    panel[:] = np.clip(panel * random.uniform(0.8, 1.2, 3), 0, 255).astype(np.uint8)
    ink = (int(random.integers(0, 256)),) * 3
    cv2.rectangle(panel, (0, 0), (width - 1, panel.shape[0] - 1), ink, max(1, width // 15))
    for _ in range(int(random.integers(0, 4))):
        x, y = int(random.integers(width)), int(random.integers(panel.shape[0]))
        across = (width, y) if random.random() < 0.5 else (x, panel.shape[0])
        cv2.line(panel, (0, y) if across[1] == y else (x, 0), across, ink, max(1, width // 20))
    _put(picture, panel, corner)


def _cabinet(picture: Picture, taken: list[list[float]], random: Random) -> None:
    """A meter, ticket machine or switch box: light doors with displays, labels and slots."""
    width = int(picture.shape[1] * random.uniform(0.03, 0.16))
    doors = int(random.integers(1, 4))
    height = int(width * random.uniform(0.7, 1.3)) * doors
    corner = _place(picture, (width, height), taken, random)
    if corner is None:
        return
    frame, door, dark = (
        int(random.integers(10, 90)),
        int(random.integers(150, 250)),
        int(random.integers(10, 100)),
    )
    box = np.full((height, width, 3), frame, np.uint8)
    rim, tall = max(1, width // 12), height // doors
    for number in range(doors):
        top = number * tall
        cv2.rectangle(
            box, (rim, top + rim), (width - rim - 1, top + tall - rim - 1), (door,) * 3, -1
        )
        for _ in range(int(random.integers(1, 5))):
            x, y = (
                int(random.integers(rim, width - rim)),
                top + int(random.integers(rim, tall - rim)),
            )
            right, bottom = (
                x + int(width * random.uniform(0.1, 0.5)),
                y + int(tall * random.uniform(0.05, 0.25)),
            )
            shade = dark if random.random() < 0.7 else int(random.integers(256))
            cv2.rectangle(
                box,
                (x, y),
                (min(right, width - rim), min(bottom, top + tall - rim)),
                (shade,) * 3,
                -1,
            )
    _put(picture, box, corner)


def _pole(picture: Picture, taken: list[list[float]], random: Random) -> None:
    """A striped pole, barrier or kerb."""
    long = int(picture.shape[1] * random.uniform(0.2, 0.7))
    thick = max(4, int(long * random.uniform(0.03, 0.1)))
    corner = _place(picture, (thick, long), taken, random)
    if corner is None:
        return
    first, second = (
        ((200, 30, 30), (240, 240, 240))
        if random.random() < 0.6
        else ((230, 180, 20), (20, 20, 20))
    )
    bands = (np.arange(long) // max(4, int(thick * random.uniform(0.8, 3)))) % 2
    pole = np.where(bands[:, None, None] == 0, np.array(first), np.array(second)).astype(np.uint8)
    _put(picture, np.ascontiguousarray(np.broadcast_to(pole, (long, thick, 3))), corner)


def _put(picture: Picture, thing: Picture, corner: tuple[int, int]) -> None:
    """Put a thing into the picture, softened and lit so that its edges do not give it away."""
    x, y = corner
    soft = cv2.GaussianBlur(thing, (0, 0), 0.7) * np.float32(
        0.5 + 0.6 * np.random.default_rng(x * y).random()
    )
    picture[y : y + thing.shape[0], x : x + thing.shape[1]] = np.clip(soft, 0, 255).astype(np.uint8)


def _at_night(picture: Picture, random: Random) -> Picture:
    """Less light, sometimes infrared."""
    dark = picture.astype(np.float32) * random.uniform(0.3, 0.8)
    if random.random() < 0.4:
        dark = np.repeat(dark.mean(axis=2, keepdims=True), 3, axis=2)
    return np.clip(dark + random.normal(0, 5, dark.shape), 0, 255).astype(np.uint8)


LOOK_ALIKES: tuple[Callable[[Picture, list[list[float]], Random], None], ...] = (
    _sign, _sign, _window, _window, _cabinet, _cabinet, _pole, _caption,
)  # fmt: skip
