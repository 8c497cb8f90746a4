"""What tests of the renderer need: the fonts of docs/training.md."""

import pytest

from training.errors import TrainingError
from training.fonts import FONT_GROUPS, glyph


@pytest.fixture(scope="session")
def fonts() -> None:
    """Skip where the font packages that rendering needs are not installed."""
    try:
        for name in {name for group in FONT_GROUPS.values() for name in group}:
            glyph(name, "H")
    except TrainingError as error:
        pytest.skip(f"{error} Rendering cannot be tested without them.")
