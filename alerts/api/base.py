"""What the entry points of lists share."""

from typing import Any

from rest_framework.generics import GenericAPIView
from rest_framework.permissions import SAFE_METHODS

from accounts.models import Scope, User


class OfLists(GenericAPIView[Any]):
    """Who calls, whether to read, and what that needs of a key."""

    read_scope = Scope.WATCHLISTS_READ
    write_scope = Scope.WATCHLISTS_WRITE

    @property
    def _user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    @property
    def _is_reading(self) -> bool:
        return self.request.method in SAFE_METHODS
