"""Plates of Thailand."""

from training.layouts.layout import (
    BLACK,
    BLUE,
    DARK_ON_LIGHT,
    GREEN,
    RED,
    WHITE,
    YELLOW,
    Layout,
    Row,
)
from vehicles.plates.family import Family
from vehicles.plates.thailand import THAILAND


def thai_families(*names: str) -> tuple[Family, ...]:
    """The families of Thailand of these names."""
    return tuple(family for family in THAILAND if family.name in names)


THAILAND_LAYOUTS: tuple[Layout, ...] = (
    Layout(
        name="thailand",
        region="TH",
        weight=34,
        aspect=(2.0, 2.5),
        rows=(
            Row(patterns=("=",), top=0.1, bottom=0.6),
            Row(patterns=("~",), top=0.63, bottom=0.94, left=0.15, right=0.85),
        ),
        families=thai_families("other"),
        colours=(
            *DARK_ON_LIGHT, (WHITE, BLACK), (WHITE, BLACK), (WHITE, BLUE), (WHITE, GREEN),
            (YELLOW, BLACK), (YELLOW, BLUE), (YELLOW, RED), (YELLOW, GREEN), (GREEN, WHITE),
            (RED, BLACK), ((206, 196, 226), BLACK),
        ),
        fonts=("grotesque", "narrow", "din", "highway", "dies"),
        extras=("border", "bolts", "scenery", "frame"),
    ),
    Layout(
        name="thailand_truck",
        region="TH",
        weight=5,
        aspect=(2.0, 2.5),
        rows=(
            Row(patterns=("=",), top=0.24, bottom=0.66),
            Row(patterns=("~",), top=0.7, bottom=0.96, left=0.15, right=0.85),
        ),
        families=thai_families(
            "bus_on_a_route", "small_bus", "bus_for_hire", "special_van_for_hire", "private_bus",
            "truck_for_hire", "private_truck",
        ),
        colours=((YELLOW, BLACK), (YELLOW, BLACK), (WHITE, BLACK), (WHITE, GREEN)),
        fonts=("grotesque", "narrow", "din", "highway"),
        extras=("border", "bolts", "caption_top"),
    ),
    Layout(
        name="thailand_motorcycle",
        region="TH",
        weight=8,
        aspect=(0.95, 1.35),
        rows=(
            Row(patterns=("<",), top=0.07, bottom=0.37, left=0.14, right=0.86),
            Row(patterns=("~",), top=0.4, bottom=0.62, left=0.1, right=0.9),
            Row(patterns=(">",),
                top=0.64, bottom=0.93, left=0.1, right=0.9),
        ),
        families=thai_families("motorcycle", "motorcycle_before_2012"),
        colours=(*DARK_ON_LIGHT, (WHITE, BLACK), (YELLOW, BLACK), (GREEN, WHITE)),
        fonts=("grotesque", "narrow", "din", "highway"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="thailand_temporary",
        region="TH",
        weight=2,
        aspect=(2.0, 2.5),
        rows=(
            Row(patterns=("=",), top=0.1, bottom=0.6),
            Row(patterns=("~",), top=0.63, bottom=0.94, left=0.15, right=0.85),
        ),
        families=thai_families("temporary"),
        colours=((RED, BLACK),),
        fonts=("grotesque", "narrow", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="thailand_auction",
        region="TH",
        weight=3,
        aspect=(2.0, 2.5),
        rows=(
            Row(patterns=("=",), top=0.1, bottom=0.6),
            Row(patterns=("~",), top=0.63, bottom=0.94, left=0.15, right=0.85),
        ),
        families=thai_families("auction"),
        colours=(
            ((150, 200, 230), BLACK), ((246, 214, 170), BLACK), ((190, 224, 180), BLACK),
            ((240, 190, 200), BLACK), ((40, 70, 120), WHITE), ((30, 90, 80), WHITE),
        ),
        fonts=("grotesque", "narrow", "din", "highway"),
        extras=("picture", "border", "bolts", "frame"),
    ),
    Layout(
        name="thailand_diplomatic",
        weight=1,
        aspect=(2.0, 3.2),
        rows=(Row(patterns=("=",), top=0.22, bottom=0.78),),
        families=thai_families("diplomatic", "embassy_staff", "consular"),
        colours=((WHITE, BLACK),),
        fonts=("grotesque", "narrow", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="thailand_international",
        weight=1,
        aspect=(2.0, 3.2),
        rows=(Row(patterns=("=",), top=0.22, bottom=0.78),),
        families=thai_families("international_organisation"),
        colours=((BLUE, WHITE),),
        fonts=("grotesque", "narrow", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="thailand_royal",
        weight=1,
        aspect=(2.0, 3.2),
        rows=(Row(patterns=("=",), top=0.22, bottom=0.78),),
        families=thai_families("royal"),
        colours=((WHITE, BLACK), (YELLOW, BLACK), (RED, WHITE)),
        fonts=("grotesque", "narrow", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="thailand_police_and_military",
        weight=1,
        aspect=(2.0, 3.2),
        rows=(Row(patterns=("=",), top=0.22, bottom=0.78, left=0.24),),
        families=thai_families("police", "military", "military_of_four_digits"),
        colours=((WHITE, BLACK), (BLACK, WHITE)),
        fonts=("grotesque", "narrow", "din", "highway"),
        extras=("emblem_left", "border", "bolts"),
    ),
)  # fmt: skip
