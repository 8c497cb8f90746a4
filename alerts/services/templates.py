"""The words of messages: plain placeholders, nothing that runs."""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from alerts.errors import TemplateRefusedError

SUBJECT_MOST = 200
TEXT_MOST = 4_000
_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
# What template languages run or expand, and no message needs.
_CODE = re.compile(r"\{%|\{#|%\}|\$\{|<%|\{\{|\}\}|#\{")

PLACEHOLDERS = (
    "plate",
    "province",
    "country",
    "title",
    "list",
    "category",
    "rule",
    "camera",
    "time",
    "priority",
    "reason",
    "case_number",
    "vehicle",
    "match",
    "certainty",
    "passes",
    "organization",
    "link",
    "picture",
)


def check_template(text: str) -> None:
    """Refuse a text with anything but known placeholders.

    Raises:
        TemplateRefusedError: Names what cannot stand.

    >>> check_template("{{ plate }} at {{ camera }}")
    """
    for name in _PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            message = _("There is no {{ %(name)s }}. Known are: %(known)s.")
            raise TemplateRefusedError(message % {"name": name, "known": ", ".join(PLACEHOLDERS)})
    if found := _CODE.search(_PLACEHOLDER.sub("", text)):
        message = _(
            "%(found)s cannot stand in a message: templates fill in words such as {{ plate }}, and "
            "run no code, tags or filters."
        )
        raise TemplateRefusedError(message % {"found": found[0]})


def fill(text: str, words: Mapping[str, str], *, most: int = TEXT_MOST) -> str:
    """A template with its placeholders filled in, once: what is filled in is never filled again.

    >>> fill("{{ plate }}: {{ reason }}", {"plate": "AB12", "reason": "{{ link }}"})
    'AB12: {{ link }}'
    >>> fill("{{ reason }}", {"reason": "x" * 10}, most=5)
    'xxxx…'
    """
    filled = _PLACEHOLDER.sub(lambda found: words.get(found[1], ""), text)
    return filled if len(filled) <= most else f"{filled[: most - 1]}…"
