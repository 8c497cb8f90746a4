"""API keys and JSON web tokens at the door of the REST API."""

from allauth.headless.contrib.rest_framework.authentication import JWTTokenAuthentication
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.errors import ApiKeyError
from accounts.models import ApiKey, User
from accounts.services import API_KEY_SCHEME, authenticate_api_key


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer lpr_…`; `request.auth` is then the key."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, presented = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not presented.startswith(f"{API_KEY_SCHEME}_"):
            return None
        try:
            key = authenticate_api_key(presented=presented.strip())
        except ApiKeyError as error:
            raise AuthenticationFailed(error.message) from error
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class JwtAuthentication(JWTTokenAuthentication):  # type: ignore[misc]  # allauth ships no types
    """`Authorization: Bearer <access token>` from the log-in API, second factor included."""


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes API keys in the OpenAPI file."""

    target_class = "accounts.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "lpr_<prefix>_<secret>"}


class JwtScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes access tokens in the OpenAPI file."""

    target_class = "accounts.api.authentication.JwtAuthentication"
    name = "jwt"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
