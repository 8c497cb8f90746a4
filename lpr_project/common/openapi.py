"""What drf-spectacular cannot know: the shape of failures."""

from typing import Any

ERROR_SCHEMA = {
    "type": "object",
    "description": "Every failure has this shape.",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string", "description": "For programs; stable."},
                "message": {
                    "type": "string",
                    "description": "For people: what is wrong and what to do.",
                },
                "detail": {"type": "object", "additionalProperties": {}},
            },
            "required": ["code", "message", "detail"],
        }
    },
    "required": ["error"],
}
ERRORS = {
    "400": "The request is wrong; `detail` names the fields.",
    "401": "Log in, or send a valid token or key.",
    "403": "You may not do this.",
    "404": "There is no such thing, or you may not see it.",
    "429": "Too many requests; `Retry-After` says when to try again.",
}


def describe_errors(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Give every operation the failures that it can answer with."""
    result["components"].setdefault("schemas", {})["Error"] = ERROR_SCHEMA
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            for status, description in ERRORS.items():
                operation["responses"].setdefault(
                    status, {"description": description, "content": content}
                )
    return result
