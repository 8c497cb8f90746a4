"""Plates of Europe."""

from training.layouts.layout import (
    BLACK,
    DARK_ON_LIGHT,
    GREEN,
    HYPHENS,
    RED,
    SILVER,
    WHITE,
    YELLOW,
    Layout,
    Rewrite,
    Row,
)
from vehicles.plates.europe_west import WESTERN_EUROPE
from vehicles.plates.families import EUROPE

UNITED_KINGDOM = tuple(family for family in WESTERN_EUROPE if family.country == "GB")
BRITISH_BLANKS: tuple[Rewrite, ...] = (
    (r"^(\w\w) (\d\d) ", r"\1\2 ", 1.0), (r"(\d) (\w)$", r"\1\2", 1.0),
)  # fmt: skip

EUROPE_LAYOUTS: tuple[Layout, ...] = (
    Layout(
        name="europe",
        region="EU",
        weight=18,
        aspect=(4.0, 5.0),
        rows=(Row(patterns=("=",), left=0.1, right=0.96),),
        families=EUROPE,
        rewrites=(HYPHENS,),
        colours=((WHITE, BLACK),),
        fonts=("din", "narrow", "grotesque", "highway", "dies"),
        extras=("eu_band", "border", "seals"),
    ),
    Layout(
        name="europe_crest",
        region="EU",
        weight=8,
        aspect=(4.0, 5.0),
        rows=(Row(patterns=("=",), left=0.1, right=0.97),),
        families=EUROPE,
        rewrites=(HYPHENS,),
        colours=((WHITE, BLACK), (WHITE, BLACK), (SILVER, BLACK)),
        fonts=("din", "narrow", "grotesque", "highway"),
        extras=("crest_left", "border", "seals"),
    ),
    Layout(
        name="europe_plain",
        region="EU",
        weight=5,
        aspect=(3.9, 5.0),
        rows=(Row(patterns=("=",)),),
        families=EUROPE,
        rewrites=(HYPHENS,),
        colours=(*DARK_ON_LIGHT, (YELLOW, BLACK), (BLACK, SILVER), (WHITE, RED), (WHITE, GREEN)),
        fonts=("din", "narrow", "grotesque", "highway"),
        extras=("border", "bolts", "seals"),
    ),
    Layout(
        name="europe_two_lines",
        region="EU",
        weight=3,
        aspect=(1.2, 2.0),
        rows=(
            Row(patterns=("<",), top=0.1, bottom=0.46, left=0.2, right=0.9),
            Row(patterns=(">",), top=0.55, bottom=0.91),
        ),
        families=EUROPE,
        rewrites=(HYPHENS,),
        colours=((WHITE, BLACK), (WHITE, BLACK), (YELLOW, BLACK)),
        fonts=("din", "narrow", "grotesque", "highway"),
        extras=("eu_corner", "border", "bolts"),
    ),
    Layout(
        name="united_kingdom",
        region="GB",
        weight=6,
        aspect=(4.2, 5.0),
        rows=(Row(patterns=("=",), left=0.08),),
        families=UNITED_KINGDOM,
        rewrites=BRITISH_BLANKS,
        colours=((WHITE, BLACK), (YELLOW, BLACK)),
        fonts=("grotesque", "narrow"),
        extras=("eu_band", "caption_bottom"),
    ),
    Layout(
        name="united_kingdom_two_lines",
        region="GB",
        weight=2,
        aspect=(1.2, 1.5),
        rows=(
            Row(patterns=("<",), top=0.1, bottom=0.45, left=0.12, right=0.88),
            Row(patterns=(">",), top=0.54, bottom=0.89, left=0.12, right=0.88),
        ),
        families=UNITED_KINGDOM,
        rewrites=BRITISH_BLANKS,
        colours=((WHITE, BLACK), (YELLOW, BLACK)),
        fonts=("grotesque", "narrow"),
        extras=("border", "bolts"),
    ),
)  # fmt: skip
