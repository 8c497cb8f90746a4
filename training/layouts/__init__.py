"""The plates that are rendered, as data: what is printed where, in which colours and letters.

A pattern prints itself, except `#` (a digit), `+` (1 to 9), `@` (a letter), `*` (either), `%` (a
Thai consonant), `=` (a registration of the layout's families), `<` and `>` (its first and second
line) and `~` (a Thai province's name over the whole row). What a reader should answer is the
printed letters and digits without anything between them, and the region; letters of Laos and the
province sign of China are printed and not read. A script other than these needs its own entries
here and fonts in `training.fonts`, nothing else.

Registrations come from the grammar of `vehicles.plates` (`families`). Those of the United States
and of the layouts `any` are drawn wider, from patterns: what people choose for themselves follows
no grammar, and a reader that only knew grammars would invent what fits them.
"""

from training.layouts.americas import AMERICAS_LAYOUTS
from training.layouts.anything import ANYTHING_LAYOUTS
from training.layouts.asia import ASIA_LAYOUTS
from training.layouts.europe import EUROPE_LAYOUTS
from training.layouts.layout import (
    BLUE,
    CHINESE_SIGNS,
    LATIN_LETTERS,
    MOST_CHARACTERS,
    RED,
    THAI_LETTERS,
    YELLOW,
    Colour,
    Layout,
    Rewrite,
    Row,
)
from training.layouts.thailand import THAILAND_LAYOUTS
from vehicles.plates.provinces import PROVINCES

__all__ = [
    "BLUE",
    "CHINESE_SIGNS",
    "COUNTRIES",
    "LATIN_LETTERS",
    "LAYOUTS",
    "MOST_CHARACTERS",
    "PROVINCE_NAMES",
    "RED",
    "REGIONS",
    "THAI_LETTERS",
    "YELLOW",
    "Colour",
    "Layout",
    "Rewrite",
    "Row",
]

LAYOUTS: tuple[Layout, ...] = (
    *EUROPE_LAYOUTS,
    *AMERICAS_LAYOUTS,
    *ASIA_LAYOUTS,
    *THAILAND_LAYOUTS,
    *ANYTHING_LAYOUTS,
)
COUNTRIES = tuple(sorted({layout.region for layout in LAYOUTS} - {"TH"}))
REGIONS = (*COUNTRIES, *(province.code for province in PROVINCES))
PROVINCE_NAMES = {province.code: province.name_th for province in PROVINCES}
