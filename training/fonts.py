"""The letters that plates are rendered in: free fonts of the packages in `docs/training.md`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training.dies import DIES_PREFIX, SETS, has_die, pressed
from training.errors import TrainingError

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/share/texmf/fonts"))

# File names without ending. A real plate's letters are rarely a free font; many kinds of strokes
# and widths teach the reader what all of them have in common.
FONT_GROUPS: dict[str, tuple[str, ...]] = {
    "din": (
        "OSP-DIN", "osifont", "routed-gothic", "routed-gothic-narrow", "B612-Bold",
        "Play-Bold", "RobotoCondensed-Medium", "NationalPark-Heavy", "allerta_medium", "OSP-DIN",
        "UniversalisADFStd-Bold", "ClearSans-Bold",
    ),
    "highway": (
        "RG2014B", "RG2014C", "RG2014D", "RG2014E", "RG2014EM", "RG2014F", "NationalPark-Regular",
    ),
    "grotesque": (
        "LiberationSans-Bold", "FreeSansBold", "NimbusSans-Bold", "texgyreheros-bold", "Arimo-Bold",
        "DejaVuSans-Bold", "Roboto-Bold", "Roboto-Medium", "OpenSans-Bold", "Lato-Black",
        "SwitzeraADF-Bold", "Karmilla-Bold", "NotoSans-Bold", "LiberationSans-Regular",
        "Cabin-Bold", "GilliusADF-Bold",
        "tiresias_lpfont_bold", "tiresias_signfont_bold", "LeagueSpartan-Bold",
    ),
    "narrow": (
        "LiberationSansNarrow-Bold", "LiberationSansNarrow-Regular", "NimbusSansNarrow-Bold",
        "texgyreheroscn-bold", "RobotoCondensed-Bold", "RobotoCondensed-Regular", "BebasNeue-Bold",
        "OpenSans-CondBold", "SwitzeraADF-BoldCond", "UniversalisADFStd-BoldCond", "BebasNeue-Book",
        "GilliusADF-BoldCond", "DejaVuSansCondensed-Bold", "YanoneKaffeesatz-Bold", "RG2014B",
        "RG2014C", "BebasNeue-Regular", "UniversalisADFStd-Cond",
    ),
    "rounded": (
        "Dosis-ExtraBold", "Dosis-SemiBold", "Dosis-Bold", "Jura-Bold", "routed-gothic",
        "Jura-SemiBold", "routed-gothic-wide",
        "millimetreA Bold 01", "NationalPark-Heavy",
    ),
    "mono": (
        "DejaVuSansMono-Bold", "LiberationMono-Bold", "Hack-Bold", "B612Mono-Bold", "OCRB",
        "FreeMonoBold",
    ),
    "thai": (
        "Loma-Bold", "Garuda-Bold", "Waree-Bold", "Umpush-Bold", "Laksaman-Bold", "Sawasdee-Bold",
        "TlwgTypo-Bold", "Loma", "Garuda", "Waree", "Umpush", "Laksaman", "NotoLoopedThai-Bold",
        "NotoLoopedThai-Regular", "TlwgMono-Bold", "Norasi-Bold", "Kinnari-Bold", "Loma-Bold",
        "Garuda-Bold", "Waree-Bold",
    ),
    "script": (
        "Z003-MediumItalic", "C059-BdIta", "NimbusRoman-BoldItalic", "LiberationSerif-BoldItalic",
        "NimbusRoman-Bold", "LiberationSerif-Bold", "C059-Bold", "P052-BoldItalic",
    ),
    "chinese": ("wqy-zenhei",),
    "lao": ("NotoSansLao-Bold", "NotoSerifLao-Bold", "NotoLoopedLao-Bold", "NotoSansLao-Regular"),
    "dies": tuple(f"{DIES_PREFIX}{number}" for number in range(SETS)),
}  # fmt: skip

CAP_HEIGHT_PX = 64
_BESIDE_DIES = "Arimo-Bold"  # for marks between the letters
GLYPH_CANVAS_PX = 96
BASELINE_PX = 80


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character's ink.

    `mask` has shape (96, W), uint8, 255 where there is ink, trimmed left and right; its capitals
    stand from row 16 to row 80. `character` is "" for a space.
    """

    character: str
    mask: NDArray[np.uint8]

    @property
    def width_px(self) -> int:
        return int(self.mask.shape[1])


@cache
def _font_files() -> dict[str, Path]:
    """Every installed font file by its name without ending; TrueType and OpenType."""

    def files() -> Iterator[Path]:
        for folder in FONT_FOLDERS:
            for ending in ("ttf", "otf", "ttc"):
                yield from sorted(folder.rglob(f"*.{ending}"))

    return {path.stem: path for path in files()}


@cache
def _sized_font(name: str, measure: str = "H") -> ImageFont.FreeTypeFont:
    """The font at the size where the character `measure` is `CAP_HEIGHT_PX` high."""
    path = _font_files().get(name)
    if path is None:
        raise TrainingError(
            f"The font {name!r} is not installed. Install the font packages that "
            "docs/training.md lists and try again."
        )
    probe = ImageFont.truetype(str(path), 200)
    _, top, _, bottom = probe.getbbox(measure)
    return ImageFont.truetype(str(path), round(200 * CAP_HEIGHT_PX / (bottom - top)))


def _measure(character: str) -> str:
    """The character that is as high as this one's script is on a plate."""
    if "ก" <= character <= "๛":
        return "ก"
    if "ກ" <= character <= "ໟ":
        return "ກ"
    return "国" if character >= "\u4e00" else "H"


@cache
def word_mask(font_name: str, word: str) -> NDArray[np.uint8]:
    """A Thai word with its vowels and tone marks above and below: uint8, 255 where there is ink.

    A plain consonant is 64 px high in it; the mask has no empty rows or columns around.

    Raises:
        TrainingError: The font is not installed.
    """
    font = _sized_font(font_name, "ก")
    width = int(font.getlength(word)) + 64
    canvas = Image.new("L", (width, 4 * CAP_HEIGHT_PX), 0)
    ImageDraw.Draw(canvas).text((32, 2.5 * CAP_HEIGHT_PX), word, fill=255, font=font, anchor="ls")
    left, top, right, bottom = canvas.getbbox() or (0, 0, 1, 1)
    return np.ascontiguousarray(np.asarray(canvas)[top:bottom, left:right])


@cache
def glyph(font_name: str, character: str) -> Glyph:
    """One character of one font, 64 px high.

    Raises:
        TrainingError: The font is not installed.
    """
    if font_name.startswith(DIES_PREFIX):
        if has_die(character):
            mask = pressed(int(font_name.removeprefix(DIES_PREFIX)), character, CAP_HEIGHT_PX)
            above, below = BASELINE_PX - CAP_HEIGHT_PX, GLYPH_CANVAS_PX - BASELINE_PX
            return Glyph(character, np.pad(mask, ((above, below), (0, 0))))
        font_name = _BESIDE_DIES
    font = _sized_font(font_name, _measure(character))
    width = max(8, int(font.getlength(character)) + 16)
    canvas = Image.new("L", (width, GLYPH_CANVAS_PX), 0)
    ImageDraw.Draw(canvas).text((8, BASELINE_PX), character, fill=255, font=font, anchor="ls")
    mask = np.asarray(canvas)
    columns = np.flatnonzero(mask.max(axis=0))
    if columns.size == 0:
        return Glyph("", np.zeros((GLYPH_CANVAS_PX, CAP_HEIGHT_PX // 3), np.uint8))
    return Glyph(character, np.ascontiguousarray(mask[:, columns[0] : columns[-1] + 1]))


def scaled_glyph(
    font_name: str, character: str, cap_height_px: float, stretch: float
) -> NDArray[np.uint8]:
    """The glyph's mask with capitals `cap_height_px` high, `stretch` times as wide as drawn."""
    mask = glyph(font_name, character).mask
    scale = cap_height_px / CAP_HEIGHT_PX
    size = (
        max(1, round(mask.shape[1] * scale * stretch)),
        max(1, round(mask.shape[0] * scale)),
    )
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8)
