"""The Thai texts are complete, and the compiled ones are those that people edit."""

import gettext
import re
import shutil
import subprocess
from pathlib import Path

import pytest

MESSAGES = Path(__file__).parents[2] / "lpr_project" / "locale" / "th" / "LC_MESSAGES"
DOMAINS = ("django", "djangojs")


@pytest.mark.parametrize("domain", DOMAINS)
def test_nothing_is_left_untranslated(domain: str) -> None:
    texts = (MESSAGES / f"{domain}.po").read_text(encoding="utf-8")
    untranslated = re.findall(
        r'msgid "(.+)"\n(?:msgid_plural .*\n)?msgstr(?:\[0\])? ""(?!\n")', texts
    )
    assert untranslated == []
    assert "fuzzy" not in texts


@pytest.mark.parametrize("domain", DOMAINS)
def test_compiled_texts_are_those_of_the_source(domain: str, tmp_path: Path) -> None:
    msgfmt = shutil.which("msgfmt")
    if msgfmt is None:
        pytest.skip("needs msgfmt: apt-get install gettext")
    compiled = tmp_path / "fresh.mo"
    source = MESSAGES / f"{domain}.po"
    subprocess.run([msgfmt, "--check-format", "-o", compiled, source], check=True)
    with compiled.open("rb") as fresh, (MESSAGES / f"{domain}.mo").open("rb") as kept:
        assert gettext.GNUTranslations(fresh)._catalog == gettext.GNUTranslations(kept)._catalog  # type: ignore[attr-defined]  # no public name
