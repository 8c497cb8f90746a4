"""Logs of requests, by path alone, and requests that PostgreSQL could not be asked for."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import clear_contextvars

# Asked every few seconds; the answer itself says what is wrong.
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestLogMiddleware(RequestMiddleware):
    """Gives each request its id and logs it without its query, in which plates stand."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        """Log what became of the request; an answered probe leaves no line."""
        if request.path in PROBES and not hasattr(request, "_raised_exception"):
            clear_contextvars()
        else:
            super().handle_response(request, response)


class NulMiddleware:
    """Refuses NUL characters in addresses and cookies: PostgreSQL takes them in no text."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:
            raise Http404
        if "%00" in request.META["QUERY_STRING"] or any(
            "\0" in v for v in request.COOKIES.values()
        ):
            raise BadRequest("NUL")
        return self.get_response(request)
