"""What the entry points of lists, and of what managers set up, share."""

from typing import Any

from rest_framework.generics import GenericAPIView
from rest_framework.permissions import SAFE_METHODS

from accounts.models import Scope, User


class OfCaller(GenericAPIView[Any]):
    """Who calls."""

    @property
    def _user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user


class OfLists(OfCaller):
    """Whether the caller only reads, and what that needs of a key."""

    read_scope = Scope.WATCHLISTS_READ
    write_scope = Scope.WATCHLISTS_WRITE

    @property
    def _is_reading(self) -> bool:
        return self.request.method in SAFE_METHODS
