"""What a key's scopes allow."""

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import ApiKey


class HasScope(BasePermission):
    """A view names `read_scope` and `write_scope`; a key without it is refused.

    People have no scopes. A view that names none refuses every key.
    """

    message = "This API key lacks the scope that this call needs."

    def has_permission(self, request: Request, view: object) -> bool:
        if not isinstance(request.auth, ApiKey):
            return True
        attribute = "read_scope" if request.method in SAFE_METHODS else "write_scope"
        return getattr(view, attribute, None) in request.auth.scopes
