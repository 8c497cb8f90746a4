"""JSON shapes of accounts."""

from rest_framework import serializers

from accounts.models import Membership, Role, Scope


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """A role in an organization."""

    organization = serializers.SlugField(source="organization.slug")
    organization_name = serializers.CharField(source="organization.name")
    role = serializers.ChoiceField(choices=Role.choices)

    class Meta:
        model = Membership
        fields = ["organization", "organization_name", "role"]


class MeSerializer(serializers.Serializer[object]):
    """Who calls, what it is in which organization, and what its key is limited to."""

    email = serializers.EmailField()
    name = serializers.CharField()
    is_superuser = serializers.BooleanField()
    memberships = MembershipSerializer(many=True)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices),
        allow_null=True,
        help_text="What the API key allows at most; null for people, who have no such limit.",
    )
