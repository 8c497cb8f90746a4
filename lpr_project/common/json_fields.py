"""JSON in fields of forms, read like the bodies of calls."""

import json
from typing import Any

import orjson
from django import forms


class JsonDecoder(json.JSONDecoder):
    """Reads what PostgreSQL can keep, and calls everything else malformed.

    The standard library fails otherwise on numbers of more than 4,300 digits and on deep nesting,
    and takes NaN, halves of characters and NUL.
    """

    def decode(self, s: str, *_: Any) -> Any:
        if "\\u0000" in s:
            message = "NUL"
            raise json.JSONDecodeError(message, s, s.index("\\u0000"))
        return orjson.loads(s)


class JsonField(forms.JSONField):
    """JSON whose every failure is a sentence at the field."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "decoder": JsonDecoder})
