"""One JSON shape for every failure of the API: {"error": {"code", "message", "detail"}}."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404
from redis.exceptions import RedisError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import set_rollback

from lpr_project.common.errors import LprError

log = structlog.get_logger(__name__)


# PostgreSQL or Redis does not answer, or has no connection free.
AWAY = (OperationalError, InterfaceError, RedisError)


class PartAway(exceptions.APIException):
    """The answer to a call that needs PostgreSQL or Redis while it is away."""

    status_code = 503
    default_code = "temporarily_unavailable"
    default_detail = (
        "The database cannot be reached, or too many ask it at once. Send the same again in a few "
        "seconds."
    )
    wait = 5


def error_body(code: str, message: str, detail: Any = None) -> dict[str, Any]:
    """The body of every failed answer."""
    return {"error": {"code": code, "message": message, "detail": detail or {}}}


def answer_error(error: Exception, _context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into an answer; None lets an unknown failure become a 500."""
    if isinstance(error, LprError):
        set_rollback()
        return _response(error_body(error.code, error.message, error.detail), error.status)
    failure = _api_exception(error)
    if failure is None:
        return None
    set_rollback()
    headers = {}
    if challenge := getattr(failure, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(failure, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    return _response(_api_exception_body(failure), failure.status_code, headers)


def _response(
    body: dict[str, Any], status: int, headers: Mapping[str, str] | None = None
) -> Response:
    # A failure is JSON also where a picture was asked for.
    return Response(body, status=status, headers=headers, content_type="application/json")


def _api_exception(error: Exception) -> exceptions.APIException | None:
    """What Django and its drivers raise, in the terms of the REST framework."""
    if isinstance(error, AWAY):
        log.warning("part_away", reason=type(error).__name__)
        return PartAway()
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, DataError):
        return exceptions.ParseError(
            "A value cannot be kept: a NUL character, or a number too large."
        )
    if isinstance(error, DjangoValidationError):
        return exceptions.ValidationError(as_serializer_error(error))
    return error if isinstance(error, exceptions.APIException) else None


def _api_exception_body(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        fields = error.detail if isinstance(error.detail, dict) else {"items": error.detail}
        named = ", ".join(str(name) for name in fields)
        return error_body("invalid", f"Correct these fields and send again: {named}.", fields)
    return error_body(str(error.default_code), str(error.detail))
