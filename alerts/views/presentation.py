"""How an alert is shown, decided once for templates, the socket and the scripts."""

from typing import TypedDict

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alerts.events import LiveAlert
from alerts.models import Alert, AlertRejectReason, Hit, Watchlist
from vehicles.plates.countries import country_name
from vehicles.plates.provinces import province_name
from vehicles.plates.showing import ShownPlate, show_plate

# From which priority on an alert is called urgent, and high.
URGENT, HIGH = 80, 50


class ShownAlert(TypedDict):
    """An alert as a row. `level` is urgent, high or low; `about` is the list or the rule."""

    id: str
    plate: ShownPlate | None
    title: str
    level: str
    level_word: str
    priority: int
    about: str
    category: str
    color: str
    sound: str
    camera: str
    state: str
    state_word: str
    is_open: bool
    passes: int
    who: str
    raised_at: str
    changed_at: str
    crop: str


class Compared(TypedDict):
    """One thing that an entry says and a camera read."""

    what: str
    entry: str
    read: str
    agrees: bool | None


def level_of(priority: int) -> tuple[str, str]:
    """The step of a priority, and its word."""
    if priority >= URGENT:
        return "urgent", _("urgent")
    return ("high", _("high")) if priority >= HIGH else ("low", _("low"))


def show_alert(alert: LiveAlert) -> ShownAlert:
    """An alert as a row, in the language that is active."""
    facts = alert["facts"]
    level, word = level_of(alert["priority"])
    category = facts.get("category", "")
    is_known = category in Watchlist.Category.values
    return ShownAlert(
        id=alert["id"],
        plate=_plate(alert) if alert["number"] else None,
        title=alert["title"],
        level=level,
        level_word=word,
        priority=alert["priority"],
        about=facts.get("list") or facts.get("rule") or "",
        category=str(Watchlist.Category(category).label) if is_known else category,
        color=facts.get("color", ""),
        sound=facts.get("sound", "chime"),
        camera=facts.get("camera", ""),
        state=alert["state"],
        state_word=str(Alert.State(alert["state"]).label),
        is_open=alert["state"] not in {Alert.State.RESOLVED, Alert.State.REJECTED},
        passes=alert["passes"],
        who=alert["assigned_to"] or alert["acknowledged_by"],
        raised_at=alert["raised_at"],
        changed_at=alert["changed_at"],
        crop=alert["detection_id"] if facts.get("has_crop") and alert["detection_id"] else "",
    )


def _plate(alert: LiveAlert) -> ShownPlate:
    language = get_language() or "en"
    return show_plate(alert["number"], alert["country"], alert["province"], language=language)


def matched_by(alert: Alert) -> str:
    """How an entry matched, in the language that is active; empty for an alert of a rule."""
    policy = alert.facts.get("policy", "")
    known = policy in Hit.Policy.values
    return str(Hit.Policy(policy).label) if known else str(alert.facts.get("match", ""))


def compare(alert: Alert) -> list[Compared]:
    """What the entry says beside what was read, for people to judge by."""
    facts = alert.facts
    if "entry" not in facts:
        return []
    rows = (
        (_("Plate"), facts.get("entry", ""), facts.get("read", "")),
        (_("Country"), _land(facts.get("entry_country", "")), _land(alert.country)),
        (_("Province"), _place(facts.get("entry_province", "")), _place(alert.province)),
        (
            _("Vehicle"),
            facts.get("vehicle", ""),
            " ".join(filter(None, (facts.get("vehicle_color"), facts.get("vehicle_kind")))),
        ),
    )
    return [
        Compared(what=what, entry=entry, read=read, agrees=_agrees(what, entry, read))
        for what, entry, read in rows
        if entry or read
    ]


def _land(country: str) -> str:
    """The name of a country, in the language that is active."""
    return country_name(country, get_language() or "en")


def _place(province: str) -> str:
    """The name of a province, in the language that is active."""
    return province_name(province, get_language() or "en")


def _agrees(what: str, entry: str, read: str) -> bool | None:
    """Whether both say the same; None where one is silent, or words cannot be compared."""
    if not entry or not read or what == _("Vehicle"):
        return None
    return entry == read


def reject_reasons() -> list[tuple[str, str]]:
    """Why an alert may be none, as choices."""
    return [(str(value), str(label)) for value, label in AlertRejectReason.choices]
