"""Plates of no country: any letters and digits, so that a reader does not invent what fits one."""

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

ANYTHING_LAYOUTS: tuple[Layout, ...] = (
    Layout(
        name="any",
        weight=12,
        aspect=(2.0, 5.2),
        rows=(
            Row(patterns=("****", "*****", "******", "*******", "*** ****", "**-***-**", "********",
                          "*********", "**********", "*** *** ***", "**-**-**")),
        ),
        colours=(*DARK_ON_LIGHT, (BLACK, WHITE), (YELLOW, BLACK), (GREEN, WHITE), (BLUE, WHITE),
                 (WHITE, RED), (WHITE, BLUE), (RED, WHITE), ((150, 200, 230), BLACK)),
        fonts=("dies", "dies", "din", "narrow", "grotesque", "highway", "rounded", "mono"),
        extras=("border", "bolts", "caption_bottom", "stickers"),
    ),
    Layout(
        name="any_two_lines",
        weight=6,
        aspect=(1.2, 2.3),
        rows=(
            Row(
                patterns=("**", "***", "****", "*-***"),
                top=0.09, bottom=0.45, left=0.12, right=0.88,
            ),
            Row(patterns=("***", "****", "*****", "**-**", "***.**"), top=0.54, bottom=0.91),
        ),
        colours=(*DARK_ON_LIGHT, (BLACK, WHITE), (YELLOW, BLACK), (BLUE, WHITE), (WHITE, RED)),
        fonts=("din", "narrow", "grotesque", "highway", "rounded"),
        extras=("border", "bolts"),
    ),
)  # fmt: skip
