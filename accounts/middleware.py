"""What holds for every request of a person: its origin for the audit trail, and the organization's zone."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import User
from lpr_project.common.origin import Origin, current_origin


def client_address(request: HttpRequest) -> str | None:
    """The client's address; forwarded ones count only as far as there are trusted proxies."""
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = request.headers.get("X-Forwarded-For", "")
    if proxies and forwarded:
        addresses = [part.strip() for part in forwarded.split(",")]
        return addresses[-min(proxies, len(addresses))]
    return request.META.get("REMOTE_ADDR") or None


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
                return self.get_response(request)
        finally:
            current_origin.reset(token)

    def _zone(self, request: HttpRequest) -> ZoneInfo | None:
        user = request.user
        if not isinstance(user, User):
            return None
        membership = user.memberships.select_related("organization").order_by("pk").first()
        return ZoneInfo(membership.organization.time_zone) if membership else None
