"""HTTP entry points of accounts."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.serializers import MeSerializer
from accounts.models import ApiKey, User
from accounts.selectors import memberships_of


class MeView(APIView):
    """The account behind a session, token or key."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=["me"],
        summary="Who am I?",
        description="The account behind the token or key, its roles, and the scopes of its key.",
        responses=MeSerializer,
        examples=[
            OpenApiExample(
                "A person",
                value={
                    "email": "operator@example.org",
                    "name": "",
                    "is_superuser": False,
                    "memberships": [
                        {
                            "organization": "harbour",
                            "organization_name": "Harbour",
                            "role": "operator",
                        }
                    ],
                    "scopes": None,
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        user = request.user
        assert isinstance(user, User)
        answer = {
            "email": user.email,
            "name": user.display_name,
            "is_superuser": user.is_superuser,
            "memberships": memberships_of(user),
            "scopes": request.auth.scopes if isinstance(request.auth, ApiKey) else None,
        }
        return Response(MeSerializer(answer).data)
