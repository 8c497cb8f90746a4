"""How allauth behaves here: people are invited by managers and cannot sign up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.models import User


class InvitationOnlyAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes sign-up on every door and keeps service accounts out of the log-in page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: User, **kwargs: object) -> object:
        if user.kind == User.Kind.SERVICE:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)
