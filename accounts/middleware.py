"""What holds for every request: its origin for the audit trail, and the organization's zone."""

from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.selectors import time_zone_of
from accounts.services import record_audit_event
from lpr_project.common.origin import Origin, current_origin


def client_address(request: HttpRequest) -> str | None:
    """The client's address; forwarded ones count only as far as there are trusted proxies."""
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    address: str = request.META.get("REMOTE_ADDR", "")
    forwarded = request.headers.get("X-Forwarded-For", "")
    if proxies and forwarded:
        addresses = forwarded.split(",")
        address = addresses[-min(proxies, len(addresses))].strip()
    try:
        return str(ip_address(address))
    except ValueError:  # a local socket has none
        return None


class OriginMiddleware:
    """Sets `current_origin` for the audit trail and shows times in the organization's zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = current_origin.set(
            Origin(
                ip_address=client_address(request),
                user_agent=request.headers.get("User-Agent", ""),
                request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
            )
        )
        try:
            with timezone.override(self._zone(request)):
                response = self.get_response(request)
            # An API view has found out by now whose token or key it was.
            structlog.contextvars.bind_contextvars(user_id=request.user.pk)
            return response
        finally:
            current_origin.reset(token)

    def _zone(self, request: HttpRequest) -> ZoneInfo | None:
        user = request.user
        structlog.contextvars.bind_contextvars(user_id=user.pk)
        if not isinstance(user, User):
            return None
        name = time_zone_of(user)
        return ZoneInfo(name) if name else None


class SuperuserAuditMiddleware:
    """Superusers see all organizations, so each page and call of theirs is in the audit trail.

    Pictures are left out, and what a page asks for by itself: they are parts of a page. So are
    failures, which show nothing.
    """

    PARTS = frozenset(
        {
            "jsi18n",
            "texts",
            "admin-system-state",
            "admin-host-state",
            "cameras_camera_test_news",
            "unanswered",
        }
    )

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # An API view has put the account of a token or key here, too.
        user = request.user
        if isinstance(user, User) and user.is_superuser and self._is_shown(request, response):
            record_audit_event(
                action=AuditEvent.Action.VIEWED,
                actor=user,
                target_label=f"{request.method} {request.path}",
                detail={"query": request.GET.dict(), "as": "superuser"},
            )
        return response

    def _is_shown(self, request: HttpRequest, response: HttpResponse) -> bool:
        is_picture = response.headers.get("Content-Type", "").startswith("image/")
        match = request.resolver_match
        is_part = is_picture or (match is not None and match.url_name in self.PARTS)
        is_empty = response.status_code == HTTPStatus.NO_CONTENT
        return response.status_code < HTTPStatus.BAD_REQUEST and not (is_part or is_empty)
