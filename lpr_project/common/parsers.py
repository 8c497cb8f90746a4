"""JSON bodies of bounded size, by orjson."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser


class BodyTooLarge(APIException):
    """The body of a request is larger than the call takes."""

    status_code = 413
    default_code = "too_large"
    default_detail = "The body of this request is too large. Send less at once."


class BoundedJsonParser(BaseParser):
    """Reads a view's `body_most_bytes`, or 1 MiB, and not a byte more."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        view = (parser_context or {}).get("view")
        most: int = getattr(view, "body_most_bytes", 2**20)
        body = stream.read(most + 1)
        if len(body) > most:
            raise BodyTooLarge(f"Send at most {most // 2**20} MiB at once.")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error
