"""What an event of the trail holds beside who and what, as lines that people read."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AuditEvent, User
from accounts.signals import names_asked

# A line as long as this, or more lines than these, are folded away.
LONG_LINE = 160
LINES_OPEN = 3
_DEPTH_MOST = 3

# What is not here stands as the trail has it, with blanks for underscores.
WORDS = {
    "as": gettext_lazy("as"),
    "before": gettext_lazy("before"),
    "after": gettext_lazy("after"),
    "by_mail": gettext_lazy("by mail"),
    "camera": gettext_lazy("camera"),
    "case_number": gettext_lazy("case number"),
    "changed": gettext_lazy("changed"),
    "columns": gettext_lazy("columns"),
    "country": gettext_lazy("country"),
    "criteria": gettext_lazy("looked for"),
    "days": gettext_lazy("days"),
    "decision": gettext_lazy("decision"),
    "detections": gettext_lazy("detections"),
    "ends_at": gettext_lazy("ends"),
    "entry": gettext_lazy("entry"),
    "filters": gettext_lazy("filters"),
    "format": gettext_lazy("format"),
    "from": gettext_lazy("from"),
    "group": gettext_lazy("group"),
    "hit": gettext_lazy("hit"),
    "is_active": gettext_lazy("active"),
    "kind": gettext_lazy("kind"),
    "list": gettext_lazy("list"),
    "match": gettext_lazy("how it must match"),
    "number": gettext_lazy("number"),
    "page": gettext_lazy("page"),
    "permission": gettext_lazy("permission"),
    "person": gettext_lazy("person"),
    "plate": gettext_lazy("plate"),
    "plates": gettext_lazy("plates"),
    "province": gettext_lazy("province"),
    "query": gettext_lazy("question"),
    "review": gettext_lazy("state"),
    "role": gettext_lazy("role"),
    "scopes": gettext_lazy("scopes"),
    "sees": gettext_lazy("sees"),
    "since": gettext_lazy("since"),
    "source": gettext_lazy("source"),
    "status": gettext_lazy("status"),
    "steps": gettext_lazy("steps"),
    "text": gettext_lazy("text"),
    "to": gettext_lazy("to"),
    "until": gettext_lazy("until"),
    "vehicles": gettext_lazy("vehicles"),
}


class Line(NamedTuple):
    """One thing that an event says."""

    name: str
    value: str


class Details(NamedTuple):
    """All of them; `is_long` where they are to be folded."""

    lines: list[Line]
    is_long: bool


def names_in(events: Iterable[AuditEvent], *, user: User) -> dict[str, str]:
    """Names of what these events hold by id, as far as it still exists and the user may see it.

    The page is shown also when a receiver fails, which Django logs.
    """
    ids = {pk for event in events for line in _lines(event.detail) for pk in _ids(line.value)}
    names: dict[str, str] = {}
    if not ids:
        return names
    for _receiver, answer in names_asked.send_robust(sender=AuditEvent, user=user, ids=ids):
        if not isinstance(answer, Exception):
            names.update({str(pk): name for pk, name in answer.items()})
    return names


def _ids(value: str) -> Iterator[UUID]:
    for part in value.split(", "):
        try:
            yield UUID(part)
        except ValueError:
            continue


def details_of(detail: Mapping[str, Any], *, beside: str, names: Mapping[str, str]) -> Details:
    """What an event says besides what the row shows already.

    Args:
        beside: The row's own label, which is not repeated.
        names: What is known of ids, by their text.
    """
    said = (Line(name, _named(value, names)) for name, value in _lines(detail))
    lines = [line for line in said if line.value not in {"", beside}]
    is_long = len(lines) > LINES_OPEN or any(len(line.value) > LONG_LINE for line in lines)
    return Details(lines, is_long)


def _named(value: str, names: Mapping[str, str]) -> str:
    return ", ".join(names.get(part, part) for part in value.split(", "))


def kind_of(target_type: str) -> str:
    """What kind of thing an event is about, as the pages call it."""
    try:
        return str(apps.get_model(target_type)._meta.verbose_name)  # noqa: SLF001  # Django's own name
    except (LookupError, ValueError):
        return target_type.partition(".")[2].replace("_", " ")


def _lines(detail: Mapping[str, Any], before: str = "", depth: int = 1) -> Iterator[Line]:
    for key, value in detail.items():
        word = str(WORDS.get(key, key.replace("_", " ")))
        name = f"{before}, {word}" if before else word
        if isinstance(value, Mapping) and depth < _DEPTH_MOST:
            yield from _lines(value, name, depth + 1)
        else:
            yield Line(name, _plainly(value))


def _plainly(value: Any) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return _("yes") if value else _("no")
        case list() if not any(isinstance(each, list | dict) for each in value):
            return ", ".join(map(_plainly, value))
        case _:
            return json.dumps(value, ensure_ascii=False)
