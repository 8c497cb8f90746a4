"""A number plate as it sits on a car: white, black letters, dark frame."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]

# Outer measures of the frame, and of the plate in it.
FRAME_M = (0.56, 0.155)
_PLATE_M = (0.52, 0.115)
_INK = (22, 20, 20)
_WHITE = (236, 238, 236)
_FRAME = (34, 32, 30)


def draw_plate(text: str, pixels_per_m: int) -> Picture:
    """A plate with its frame, seen straight on.

    Returns:
        Shape (h, w, 3), uint8, BGR, `FRAME_M` large at `pixels_per_m`.
    """
    width, height = (round(side * pixels_per_m) for side in FRAME_M)
    plate_width, plate_height = (round(side * pixels_per_m) for side in _PLATE_M)
    left, top = (width - plate_width) // 2, (height - plate_height) // 2
    image = Image.new("RGB", (width, height), _FRAME)
    draw = ImageDraw.Draw(image)
    box = (left, top, left + plate_width, top + plate_height)
    draw.rounded_rectangle(box, radius=plate_height // 10, fill=_WHITE)
    inset = max(1, plate_height // 28)
    inner = (box[0] + inset, box[1] + inset, box[2] - inset, box[3] - inset)
    draw.rounded_rectangle(inner, radius=plate_height // 12, outline=(150, 150, 150), width=inset)
    letters = _draw_letters(text, round(plate_height * 0.70), round(plate_width * 0.90))
    image.paste(_INK, ((width - letters.width) // 2, (height - letters.height) // 2), letters)
    return np.asarray(image)[:, :, ::-1].copy()


def _draw_letters(text: str, height: int, width: int) -> Image.Image:
    """The text as a mask, `height` high and at most `width` wide, its letters set apart.

    In Pillow's own font, so that the clip looks the same whatever fonts a machine has.
    """
    font = ImageFont.load_default(size=height * 2)
    stroke = round(height / 28)
    gap = height * 0.3
    advance = sum(font.getlength(letter) + gap for letter in text)
    mask = Image.new("L", (round(advance + 4 * stroke), 4 * height))
    draw = ImageDraw.Draw(mask)
    x = 2.0 * stroke
    for letter in text:
        draw.text((x, height), letter, font=font, fill=255, stroke_width=stroke)
        x += font.getlength(letter) + gap
    mask = mask.crop(mask.getbbox())
    wanted = min(width, round(mask.width * height / mask.height))
    return mask.resize((wanted, height), Image.Resampling.LANCZOS)
