"""Draws what is no letter: spots and shields, landscapes behind letters, seals between them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.layouts import BLUE, RED, Colour
from training.lettering import SMALL_FONT, random_word, write_small
from training.types import Picture, Random

PALE: Colour = (240, 240, 240)


def varied(colour: Colour, random: Random, amount: float = 14) -> NDArray[np.float32]:
    """A colour that is nearly this one, as float32: `amount` is the spread of each channel."""
    return np.clip(np.array(colour) + random.normal(0, amount, 3), 0, 255).astype(np.float32)


def draw_spots(picture: Picture, center: tuple[float, float], reach: float, random: Random) -> None:
    """A few coloured spots and strokes over one another: fruit, tree, bird, coat of arms."""
    for _ in range(int(random.integers(2, 6))):
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        angles = np.sort(random.uniform(0, 2 * np.pi, int(random.integers(3, 12))))
        far = reach * random.uniform(0.2, 1.0, len(angles))
        shift = random.normal(0, 0.2, 2) * reach
        corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) * far[:, None] + center + shift
        points = [corners.round().astype(np.int32)]
        if random.random() < 0.7:
            cv2.fillPoly(picture, points, colour)
        else:
            cv2.polylines(picture, points, True, colour, int(random.integers(1, 4)))  # noqa: FBT003


def draw_shield(
    picture: Picture, center: tuple[float, float], half_px: float, random: Random
) -> None:
    """A shield or seal of two colours."""
    x, y = center
    outline = np.array([[-0.8, -1], [0.8, -1], [0.8, 0.2], [0, 1.1], [-0.8, 0.2]]) * half_px
    corners = (outline * (random.uniform(0.6, 1.1), 1) + (x, y)).round().astype(np.int32)
    first, second = (varied(colour, random, 60).tolist() for colour in (BLUE, RED))
    cv2.fillPoly(picture, [corners], first if random.random() < 0.5 else second)
    inner = ((corners - (x, y)) * 0.55 + (x, y)).round().astype(np.int32)
    cv2.fillPoly(picture, [inner], second if random.random() < 0.5 else PALE)


def draw_scenery(picture: Picture, _ink: Colour, random: Random) -> None:
    """A soft printed landscape behind the letters, as many American plates have."""
    height, width = picture.shape[:2]
    coarse = random.uniform(0, 255, (int(random.integers(2, 6)), int(random.integers(2, 7)), 3))
    soft = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    strength = random.uniform(0.08, 0.4)
    mixed = picture * (1 - strength) + soft * strength
    np.copyto(picture, np.clip(mixed, 0, 255).astype(np.uint8))


def draw_landscape(picture: Picture, _ink: Colour, random: Random) -> None:
    """Hills, a sun or a shore with hard edges behind the letters."""
    height, width = picture.shape[:2]
    drawn = picture.copy()
    if random.random() < 0.4:
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        place = (int(random.integers(width)), int(random.uniform(0.1, 0.6) * height))
        cv2.circle(drawn, place, round(height * random.uniform(0.08, 0.35)), colour, -1)
    for _ in range(int(random.integers(1, 4))):
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        count = int(random.integers(4, 14))
        ridge = random.uniform(0.25, 0.95) + random.normal(0, 0.1, count)
        across = np.linspace(0, width, count)
        line = np.stack([across, ridge * height], axis=1)
        shape = np.concatenate([line, [[width, height], [0, height]]]).round().astype(np.int32)
        cv2.fillPoly(drawn, [shape], colour)
    strength = random.uniform(0.1, 0.5)
    mixed = picture * (1 - strength) + drawn.astype(np.float32) * strength
    np.copyto(picture, np.clip(mixed, 0, 255).astype(np.uint8))


def draw_scene(picture: Picture, ink: Colour, random: Random) -> None:
    """A printed scene over the whole plate: temples, waves, hills, of softer and harder edges."""
    draw_landscape(picture, ink, random)
    draw_scenery(picture, ink, random)
    height, width = picture.shape[:2]
    drawn = picture.copy()
    for _ in range(int(random.integers(1, 4))):
        place = (random.uniform(0, 1) * width, random.uniform(0.2, 0.9) * height)
        draw_spots(drawn, place, height * random.uniform(0.1, 0.3), random)
    np.copyto(picture, cv2.addWeighted(picture, 0.75, drawn, 0.25, 0))


def _widest_gap(mask: Picture) -> tuple[int, int] | None:
    """From where to where, in pixels, nothing stands between two characters."""
    height = mask.shape[0]
    empty = mask[height // 4 : height * 3 // 4].max(axis=0) < 40
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (~empty).astype(np.int8), [0]))))
    gaps = [(int(a), int(b)) for a, b in zip(edges[1:-1:2], edges[2:-1:2], strict=False)]
    return max(gaps, key=lambda gap: gap[1] - gap[0], default=None)


def draw_in_gap(picture: Picture, mask: Picture, random: Random) -> None:
    """A drawing as high as the letters between them: a tree, a rider, a lighthouse, a state."""
    gap = _widest_gap(mask)
    if gap is None:
        return
    height = mask.shape[0]
    middle, half = sum(gap) / 2, (gap[1] - gap[0]) / 2 * random.uniform(0.6, 1.15)
    tall = height * random.uniform(0.12, 0.34)
    for _ in range(int(random.integers(1, 4))):
        y = height * 0.5 + random.uniform(-0.6, 0.6) * max(0.0, tall - half)
        draw_spots(picture, (middle, y), min(half, tall), random)
    if random.random() < 0.25:
        place = (middle, height * random.uniform(0.4, 0.6))
        ink = (20, 20, 20) if random.random() < 0.5 else (240, 240, 240)
        small = random_word(random, 1, 2)[:1] if random.random() < 0.5 else str(random.integers(99))
        write_small(picture, small, place, cap_px=half * 0.6, ink=ink, font=SMALL_FONT)


def draw_seals(picture: Picture, mask: Picture, ink: Colour, random: Random) -> None:
    """A round seal or small drawing in the widest gap between two characters."""
    height = mask.shape[0]
    gap = _widest_gap(mask)
    if gap is None:
        return
    left, right = gap
    radius = round(min((right - left) * 0.45, height * 0.13))
    if radius < 3:
        return
    if random.random() < 0.35:
        reach = min((right - left) * 0.6, height * 0.3)
        draw_spots(picture, ((left + right) / 2, height * random.uniform(0.42, 0.6)), reach, random)
        return
    colour = ink if random.random() < 0.3 else tuple(int(v) for v in random.integers(0, 256, 3))
    x = (left + right) // 2
    if random.random() < 0.35:
        draw_shield(picture, (x, height * random.uniform(0.35, 0.6)), radius * 1.3, random)
        return
    for y in (0.36, 0.64) if random.random() < 0.5 else (0.5,):
        if random.random() < 0.7:
            cv2.circle(
                picture, (x, round(y * height)), radius, colour, -1 if random.random() < 0.7 else 2
            )
            continue
        angles = np.sort(random.uniform(0, 2 * np.pi, 8))
        reach = radius * random.uniform(0.4, 1.2, 8)
        corners = np.stack(
            [x + np.cos(angles) * reach, y * height + np.sin(angles) * reach], axis=1
        )
        cv2.fillPoly(picture, [corners.round().astype(np.int32)], colour)
