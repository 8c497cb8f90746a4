"""JSON that people send in forms, read like the bodies of calls."""

import json
from typing import Any

import orjson
from django import forms


class _Decoder:
    """Reads what PostgreSQL can keep, and calls everything else malformed.

    The standard library fails otherwise on numbers of more than 4,300 digits and on deep nesting,
    and takes NaN, halves of characters and NUL.
    """

    def decode(self, text: str) -> Any:
        if "\\u0000" in text:
            message = "NUL"
            raise json.JSONDecodeError(message, text, text.index("\\u0000"))
        return orjson.loads(text)


class JsonField(forms.JSONField):
    """JSON whose every failure is a sentence at the field."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "decoder": _Decoder})
