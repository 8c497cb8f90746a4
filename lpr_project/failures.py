"""What is answered where no view answers: pages in HTML, the API in its one shape of failures."""

import sys
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults

from lpr_project.common.exceptions import AWAY, error_body

API = "/api/v1/"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such page or thing."""
    return _answer(
        request,
        HTTPStatus.NOT_FOUND,
        ("not_found", "There is no such thing here."),
        lambda: defaults.page_not_found(request, exception),
    )


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The person may not do this."""
    return _answer(
        request,
        HTTPStatus.FORBIDDEN,
        ("permission_denied", "You may not do this."),
        lambda: defaults.permission_denied(request, exception),
    )


def wrong(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request cannot be understood."""
    return _answer(
        request,
        HTTPStatus.BAD_REQUEST,
        ("invalid", "This request cannot be understood."),
        lambda: defaults.bad_request(request, exception),
    )


def failed(request: HttpRequest) -> HttpResponse:
    """Something broke; 503 where PostgreSQL or Redis is away, which trying again may cure."""
    if isinstance(sys.exc_info()[1], AWAY):
        response = _answer(
            request,
            HTTPStatus.SERVICE_UNAVAILABLE,
            (
                "temporarily_unavailable",
                "The database cannot be reached, or too many ask it at once. Try again soon.",
            ),
            # Without the request: what every page shows of a person needs the database.
            lambda: HttpResponse(render_to_string("503.html"), status=503),
        )
        response.headers["Retry-After"] = "5"
        return response
    return _answer(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        ("error", "The server failed at this. Its log says why."),
        lambda: defaults.server_error(request),
    )


def _answer(
    request: HttpRequest,
    status: HTTPStatus,
    failure: tuple[str, str],
    page: Callable[[], HttpResponse],
) -> HttpResponse:
    if request.path.startswith(API):
        return JsonResponse(error_body(*failure), status=status)
    return page()
