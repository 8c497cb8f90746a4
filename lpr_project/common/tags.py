"""Template tags of pages that show a hundred of each, known to all templates."""

from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext

register = template.Library()

_ANY = UUID(int=0)


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """An icon of `static/lpr/icons.svg` by its name, for the eye alone."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        static("lpr/icons.svg"),
        name,
    )


@register.filter
def span_since(moment: datetime, depth: int = 2) -> str:
    """How long ago a moment was: as `timesince`, which calls what has just begun 0 minutes."""
    if timezone.now() - moment < timedelta(minutes=1):
        return gettext("less than a minute")
    return timesince(moment, depth=depth)


@register.simple_tag
def address(name: str, pk: UUID | str) -> str:
    """The page of that name of one of many: as `{% url name pk %}`, looked up once for all."""
    before, after = _around(name)
    return f"{before}{pk}{after}"


@cache
def _around(name: str) -> tuple[str, str]:
    before, _, after = reverse(name, args=[_ANY]).partition(str(_ANY))
    return before, after
