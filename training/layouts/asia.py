"""Plates of Vietnam, India, China and south-east Asia but Thailand."""

from training.layouts.layout import (
    BLACK,
    BLUE,
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
from vehicles.plates.asia import CHINA, INDIA
from vehicles.plates.south_east_asia import ISLANDS, MAINLAND, MALAYSIA, SINGAPORE, VIETNAM

CIVIL_VIETNAM = tuple(family for family in VIETNAM if family.name != "military")
CIVIL_INDIA = INDIA[:3]
CIVIL_CHINA = CHINA[:2]
LAOS, CAMBODIA, MYANMAR = (
    tuple(family for family in MAINLAND if family.country == country)
    for country in ("LA", "KH", "MM")
)
ISLANDS_AND_MALAYA = tuple(
    family
    for family in (*MALAYSIA, *SINGAPORE, *ISLANDS)
    if family.name not in {"diplomatic", "military", "motorcycle"}
)
DOTTED: Rewrite = (r"(\d{3})(\d{2})$", r"\1.\2", 0.8)
CLOSE: Rewrite = (" ", "", 0.3)

ASIA_LAYOUTS: tuple[Layout, ...] = (
    Layout(
        name="vietnam_car",
        region="VN",
        weight=12,
        aspect=(3.8, 4.9),
        rows=(Row(patterns=("=",)),),
        families=CIVIL_VIETNAM,
        rewrites=(DOTTED,),
        colours=(*DARK_ON_LIGHT, (WHITE, BLACK), (YELLOW, BLACK), (BLUE, WHITE)),
        fonts=("din", "narrow", "grotesque", "rounded"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="vietnam_two_lines",
        region="VN",
        weight=10,
        aspect=(1.25, 2.05),
        rows=(
            Row(
                patterns=("<",),
                top=0.1, bottom=0.44, left=0.12, right=0.88,
            ),
            Row(patterns=(">",), top=0.55, bottom=0.91),
        ),
        families=CIVIL_VIETNAM,
        rewrites=(DOTTED, (r"^(\d\d)([A-Z])", r"\1-\2", 0.6)),
        colours=(*DARK_ON_LIGHT, (WHITE, BLACK), (YELLOW, BLACK), (BLUE, WHITE)),
        fonts=("din", "narrow", "grotesque", "rounded"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="vietnam_military",
        region="VN",
        weight=1,
        aspect=(3.4, 4.9),
        rows=(Row(patterns=("=",)),),
        families=tuple(family for family in VIETNAM if family.name == "military"),
        colours=((RED, WHITE),),
        fonts=("din", "narrow", "grotesque"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="india",
        region="IN",
        weight=6,
        aspect=(3.6, 5.0),
        rows=(Row(patterns=("=",)),),
        families=CIVIL_INDIA,
        rewrites=(CLOSE, HYPHENS),
        colours=(*DARK_ON_LIGHT, (YELLOW, BLACK)),
        fonts=("din", "grotesque", "narrow", "rounded"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="india_two_lines",
        region="IN",
        weight=3,
        aspect=(1.4, 2.2),
        rows=(
            Row(patterns=("<",), top=0.1, bottom=0.45, left=0.12, right=0.88),
            Row(patterns=(">",), top=0.55, bottom=0.9),
        ),
        families=CIVIL_INDIA,
        rewrites=(CLOSE, HYPHENS),
        colours=(*DARK_ON_LIGHT, (YELLOW, BLACK)),
        fonts=("din", "grotesque", "narrow", "rounded"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="south_east_asia",
        weight=8,
        aspect=(3.3, 5.0),
        rows=(
            Row(patterns=("=",)),
        ),
        families=ISLANDS_AND_MALAYA,
        colours=((BLACK, WHITE), (BLACK, WHITE), (BLACK, SILVER), (WHITE, BLACK), (YELLOW, BLACK)),
        fonts=("grotesque", "narrow", "highway", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="south_east_asia_two_lines",
        weight=3,
        aspect=(1.5, 2.4),
        rows=(
            Row(patterns=("<",), top=0.1, bottom=0.46, left=0.2, right=0.8),
            Row(patterns=(">",), top=0.55, bottom=0.91),
        ),
        families=ISLANDS_AND_MALAYA,
        colours=((BLACK, WHITE), (BLACK, SILVER), (WHITE, BLACK)),
        fonts=("grotesque", "narrow", "highway", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="laos",
        weight=1,
        aspect=(2.2, 4.4),
        rows=(Row(patterns=("=",), top=0.3, bottom=0.86),),
        families=LAOS,
        colours=((YELLOW, BLACK), (BLUE, WHITE), (WHITE, BLUE), (RED, WHITE)),
        fonts=("grotesque", "narrow", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="cambodia",
        weight=1,
        aspect=(2.2, 3.4),
        rows=(Row(patterns=("=",), top=0.26, bottom=0.76),),
        families=CAMBODIA,
        colours=((WHITE, BLUE), (WHITE, BLACK), (BLACK, WHITE), (GREEN, YELLOW), (RED, WHITE)),
        fonts=("grotesque", "narrow", "din", "highway"),
        extras=("caption_bottom", "border", "bolts"),
    ),
    Layout(
        name="myanmar",
        weight=1,
        aspect=(2.0, 3.4),
        rows=(Row(patterns=("=",), top=0.3, bottom=0.84),),
        families=MYANMAR,
        colours=((BLACK, WHITE), (BLACK, WHITE), (RED, WHITE), (YELLOW, BLACK)),
        fonts=("grotesque", "narrow", "din", "highway"),
        extras=("caption_top", "border", "bolts"),
    ),
    Layout(
        name="china",
        region="CN",
        weight=8,
        aspect=(2.9, 3.6),
        rows=(Row(patterns=("=",)),),
        families=CIVIL_CHINA,
        rewrites=((" ", "·", 1.0),),
        colours=((BLUE, WHITE), (BLUE, WHITE), (BLUE, WHITE), (YELLOW, BLACK),
                 ((120, 200, 160), BLACK)),
        fonts=("grotesque", "narrow", "din"),
        extras=("border", "bolts"),
    ),
)  # fmt: skip
