"""Tags that stand in for slower ones of Django say the same as those."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.template import engines

ADDRESSES = sorted(
    {
        name
        for page in Path(settings.BASE_DIR, "templates").rglob("*.html")
        for name in re.findall(r'{% address "([a-z:-]+)"', page.read_text())
    }
)


def written(source: str, **context: object) -> str:
    return engines["django"].from_string(source).render(context)


@pytest.mark.parametrize("name", ADDRESSES)
def test_address_is_that_of_url(name: str) -> None:
    for pk in (uuid4(), str(uuid4())):
        said = written(f'{{% address "{name}" pk %}}', pk=pk)
        assert said == written(f'{{% url "{name}" pk %}}', pk=pk)


def test_address_and_icon_let_no_markup_through() -> None:
    odd = '"><script>'
    assert "<script>" not in written('{% address "detections:detail" pk %}', pk=odd)
    assert "<script>" not in written("{% icon name %}", name=odd)
