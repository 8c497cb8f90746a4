"""How allauth behaves here: people are invited by managers and cannot sign up."""

from collections.abc import Iterable
from smtplib import SMTPException
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordForm
from allauth.core.context import request_context
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User

log = structlog.get_logger(__name__)


class InvitationOnlyAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes sign-up on every door and keeps service accounts out of the log-in page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: User, **kwargs: object) -> object:
        if user.kind == User.Kind.SERVICE:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Somebody who never had a password was invited and did not forget one."""
        if user.kind == User.Kind.SERVICE:
            return
        known = user.has_usable_password()
        template = "account/email/password_reset_key" if known else "accounts/email/invitation"
        self.send_mail(template, email, context)


def mail_password_links(request: HttpRequest, people: Iterable[User]) -> int:
    """Send each person a link with which to set a password; gives how many went out.

    A mail server that is away is said to whoever asked; the people are there and can be sent
    their links later.
    """
    sent = 0
    for user in people:
        form = ResetPasswordForm({"email": user.email})
        form.is_valid()
        try:
            with request_context(request):
                form.save(request)
        except (OSError, SMTPException):
            log.warning("password_link_not_sent", user_id=user.pk, exc_info=True)
            messages.error(
                request,
                _("The mail server did not take the link. See LPR_EMAIL_URL, then send it again."),
            )
            return sent
        sent += 1
    return sent
