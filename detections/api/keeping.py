"""HTTP entry points of legal holds and deletion certificates."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from accounts.models import Organization, Scope, User
from accounts.selectors import MANAGING_ROLES, organizations_of
from detections.api import examples
from detections.models import DeletionCertificate, LegalHold
from detections.selectors.keeping import certificates_visible_to, legal_holds_visible_to
from detections.services.keeping.certificates import as_document
from detections.services.keeping.holds import NAMED_MOST, Span, create_hold, lift_hold
from lpr_project.common.errors import NotAllowedError


class SpanSerializer(serializers.Serializer[Any]):
    """What a camera captured from one moment until before another."""

    camera = serializers.UUIDField(source="camera_id")
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()


class LegalHoldSerializer(serializers.ModelSerializer[LegalHold]):
    """A hold with what it names."""

    detections: "serializers.SlugRelatedField[Any]" = serializers.SlugRelatedField(
        source="held_detections", slug_field="detection_id", many=True, read_only=True
    )
    plates: "serializers.SlugRelatedField[Any]" = serializers.SlugRelatedField(
        source="held_plates", slug_field="plate_id", many=True, read_only=True
    )
    spans = SpanSerializer(source="held_spans", many=True, read_only=True)
    is_active = serializers.BooleanField(read_only=True)

    class Meta:
        model = LegalHold
        fields = [
            "id",
            "organization",
            "reason",
            "case_number",
            "created_at",
            "ends_at",
            "lifted_at",
            "lift_reason",
            "is_active",
            "detections",
            "plates",
            "spans",
        ]


class NewHoldSerializer(serializers.Serializer[Any]):
    """What shall be kept, why, and until when. At least one thing must be named."""

    organization = serializers.PrimaryKeyRelatedField(
        queryset=Organization.objects.none(),
        required=False,
        help_text="Needed by those who manage more than one.",
    )
    reason = serializers.CharField(max_length=300)
    case_number = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    ends_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    detections = serializers.ListField(
        child=serializers.UUIDField(), max_length=NAMED_MOST, default=list
    )
    plates = serializers.ListField(
        child=serializers.UUIDField(), max_length=NAMED_MOST, default=list
    )
    spans = SpanSerializer(many=True, required=False, default=list)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None and isinstance(request.user, User):
            managed = organizations_of(request.user, *MANAGING_ROLES)
            fields["organization"].queryset = managed  # type: ignore[attr-defined]  # a related field
        return fields


class LiftSerializer(serializers.Serializer[Any]):
    """Why a hold ends."""

    reason = serializers.CharField(max_length=300)


@extend_schema(tags=["keeping"])
@extend_schema_view(
    list=extend_schema(
        summary="Legal holds, newest first",
        description="Of the organizations that the caller owns, manages or audits.",
        examples=[OpenApiExample("A hold", examples.LEGAL_HOLD, response_only=True)],
    ),
    retrieve=extend_schema(summary="One legal hold"),
)
class LegalHoldViewSet(ReadOnlyModelViewSet[LegalHold]):
    """Orders to keep what retention would delete; owners and managers make and end them."""

    queryset = LegalHold.objects.none()  # names the model for the schema
    serializer_class = LegalHoldSerializer
    read_scope = Scope.DETECTIONS_READ
    write_scope = Scope.DETECTIONS_REVIEW

    @property
    def _user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def get_queryset(self) -> QuerySet[LegalHold]:
        return legal_holds_visible_to(self._user).prefetch_related(
            "held_detections", "held_plates", "held_spans"
        )

    @extend_schema(
        summary="Keep something",
        description="Nothing that is named goes any more once this has answered.",
        request=NewHoldSerializer,
        responses={201: LegalHoldSerializer},
        examples=[OpenApiExample("An hour", examples.NEW_HOLD, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        query = NewHoldSerializer(data=request.data, context={"request": request})
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        hold = create_hold(
            organization=asked.get("organization") or self._only_organization(),
            actor=self._user,
            reason=asked["reason"],
            case_number=asked["case_number"],
            ends_at=asked["ends_at"],
            detection_ids=asked["detections"],
            plate_ids=asked["plates"],
            spans=[Span(**span) for span in asked["spans"]],
        )
        return Response(LegalHoldSerializer(hold).data, status=201)

    def _only_organization(self) -> Organization:
        managed = list(organizations_of(self._user, *MANAGING_ROLES)[:2])
        if not managed:
            raise NotAllowedError("Legal holds are for owners and managers.")
        if len(managed) > 1:
            message = "You manage more than one organization. Name the one that is meant."
            raise serializers.ValidationError({"organization": [message]})
        return managed[0]

    @extend_schema(
        summary="End a legal hold",
        description="What it kept goes when its retention says so.",
        request=LiftSerializer,
        responses=LegalHoldSerializer,
    )
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, pk: str) -> Response:
        hold = self.get_object()
        asked = LiftSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        hold = lift_hold(hold=hold, actor=self._user, reason=asked.validated_data["reason"])
        return Response(LegalHoldSerializer(hold).data)


class CertificateSerializer(serializers.ModelSerializer[DeletionCertificate]):
    """A certificate, and all that its file says."""

    document = serializers.SerializerMethodField()

    class Meta:
        model = DeletionCertificate
        fields = ["id", "organization", "kind", "started_at", "ended_at", "is_whole", "document"]

    @extend_schema_field({"type": "object", "additionalProperties": {}})
    def get_document(self, certificate: DeletionCertificate) -> dict[str, Any]:
        return as_document(certificate)


@extend_schema(tags=["keeping"])
@extend_schema_view(
    list=extend_schema(
        summary="Deletion certificates, newest first",
        description="Of the organizations that the caller owns, manages or audits.",
    ),
    retrieve=extend_schema(summary="One deletion certificate"),
)
class DeletionCertificateViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[DeletionCertificate]
):
    """What was deleted, by which rule, and the hash over it."""

    queryset = DeletionCertificate.objects.none()  # names the model for the schema
    serializer_class = CertificateSerializer
    read_scope = Scope.DETECTIONS_READ

    def get_queryset(self) -> QuerySet[DeletionCertificate]:
        assert isinstance(self.request.user, User)
        return certificates_visible_to(self.request.user)
