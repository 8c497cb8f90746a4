"""The evidence of a detection, made ready for its page.

Evidence may come from a program of somebody else: whatever is not as expected is left out.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from detections.models import Detection
from detections.views.presentation import confidence_level

# In the words of the person who set the limit; others are shown by their own name.
RULES: dict[str, str | Promise] = {
    "accept_confidence": _("Certain enough to be accepted"),
    "review_confidence": _("Certain enough to be kept"),
    "min_frames_agreed": _("Frames that read the same"),
    "min_text_length": _("Letters and digits"),
    "border_distance_px": _("Pixels to the picture's border"),
}
SHARES = frozenset({"accept_confidence", "review_confidence"})


class Character(NamedTuple):
    """One character of the vote; `level` is 1 (doubtful) to 5 (certain)."""

    text: str
    confidence: float
    level: int


class FrameReading(NamedTuple):
    """What was read in one frame; `at_s` counts from the first sighting."""

    at_s: float | None
    text: str
    confidence: float
    level: int
    is_winner: bool


class TextCandidate(NamedTuple):
    """A text that was read, with its share of all trust."""

    text: str
    share: float
    frames: int | None


class RuleCheck(NamedTuple):
    """A rule that the detection was held to."""

    rule: str
    name: str | Promise
    value: float
    limit: float
    is_share: bool
    passed: bool


class CharacterRepair(NamedTuple):
    """A character that was changed because of where it stands; `place` counts from 1."""

    place: int
    read: str
    repaired: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvidence:
    """All that is known of how a detection came about."""

    characters: list[Character]
    readings: list[FrameReading]
    candidates: list[TextCandidate]
    checks: list[RuleCheck]
    repairs: list[CharacterRepair]
    models: dict[str, str]
    has_passed_all: bool

    @property
    def is_at_border(self) -> bool:
        """Whether the picture's border may hide a part of the plate."""
        return any(check.rule == "border_distance_px" and not check.passed for check in self.checks)


def show_evidence(detection: Detection) -> ShownEvidence:
    """Read a detection's evidence."""
    evidence: dict[str, Any] = detection.evidence if isinstance(detection.evidence, dict) else {}
    checks = [_check(row) for row in _rows(evidence, "checks") if "rule" in row]
    return ShownEvidence(
        characters=_characters(detection.read_number, evidence.get("char_confidences")),
        readings=[_reading(row, detection) for row in _rows(evidence, "readings")],
        candidates=[
            TextCandidate(str(row.get("text", "")), _number(row.get("share")), _count(row))
            for row in _rows(evidence, "candidates")
        ],
        checks=checks,
        repairs=[
            CharacterRepair(
                int(_number(row.get("position"))) + 1,
                str(row.get("read", "")),
                str(row.get("repaired", "")),
            )
            for row in _rows(evidence, "repairs")
        ],
        models=_models(evidence.get("models")),
        has_passed_all=bool(checks) and all(check.passed for check in checks),
    )


def _rows(evidence: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = evidence.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _count(row: dict[str, Any]) -> int | None:
    frames = row.get("frames")
    return frames if isinstance(frames, int) else None


def _characters(text: str, confidences: Any) -> list[Character]:
    if not isinstance(confidences, list) or len(confidences) != len(text):
        return []
    numbers = [_number(value) for value in confidences]
    return [
        Character(character, value, confidence_level(value))
        for character, value in zip(text, numbers, strict=True)
    ]


def _reading(row: dict[str, Any], detection: Detection) -> FrameReading:
    text, confidence = str(row.get("text", "")), _number(row.get("confidence"))
    at_s = row.get("t")
    return FrameReading(
        at_s=at_s if isinstance(at_s, int | float) else None,
        text=text,
        confidence=confidence,
        level=confidence_level(confidence),
        is_winner=text in {detection.read_text, detection.read_number},
    )


def _check(row: dict[str, Any]) -> RuleCheck:
    rule, value, limit = str(row["rule"]), _number(row.get("value")), _number(row.get("limit"))
    return RuleCheck(
        rule=rule,
        name=RULES.get(rule, rule.replace("_", " ")),
        value=value,
        limit=limit,
        is_share=rule in SHARES,
        passed=bool(row.get("passed", value >= limit)),
    )


def _models(models: Any) -> dict[str, str]:
    if not isinstance(models, dict):
        return {}
    return {str(key): value for key, value in models.items() if isinstance(value, str)}
