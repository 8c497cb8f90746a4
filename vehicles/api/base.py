"""What the entry points about vehicles share."""

from rest_framework.views import APIView

from accounts.models import Scope, User


class OfVehicles(APIView):
    """What reading and writing about vehicles needs of a key."""

    read_scope = Scope.VEHICLES_READ
    write_scope = Scope.VEHICLES_WRITE

    @property
    def _user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user
