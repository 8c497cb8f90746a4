"""Search over plates: exact, by beginning, wildcards, regular expression, or what is alike."""

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope, User
from detections.models import Detection
from detections.selectors import detections_visible_to, in_time
from lpr_project.common.pagination import KeysetPagination
from vehicles.models import Plate
from vehicles.plates.matching import edits_between
from vehicles.plates.text import normalise
from vehicles.selectors import (
    in_bounded_time,
    plates_like,
    plates_matching,
    plates_near,
    plates_numbered,
    plates_visible_to,
)
from vehicles.services import audit_plate_search

FOUND = {
    "next": None,
    "previous": None,
    "results": [
        {
            "id": "0199f3a2-7c00-7d1e-b0a1-1f2e3d4c5b6a",
            "organization": "harbour",
            "number": "1กข1834",
            "country": "TH",
            "province": "TH-10",
            "first_seen_at": "2026-01-02T03:04:05.678Z",
            "last_seen_at": "2026-02-03T04:05:06.789Z",
            "detections_count": 17,
            "match": "fuzzy",
            "distance": 0.2,
            "edits": [{"kind": "confusable", "at": 4, "asked": "B", "found": "8", "cost": 0.2}],
        }
    ],
}


class SearchQuerySerializer(serializers.Serializer[Any]):
    """What is looked for, and among what."""

    text = serializers.CharField(
        required=False, max_length=64, help_text="A number, or a pattern; empty finds all."
    )
    match = serializers.ChoiceField(
        ["exact", "prefix", "wildcard", "regex", "fuzzy"],
        required=False,
        help_text="Left out: `wildcard` where text holds ? or *, else `exact`.",
    )
    most_distance = serializers.FloatField(
        default=2.0,
        min_value=0,
        max_value=4,
        help_text="For `fuzzy`: a confusable character costs 0.2, any other edit 1.",
    )
    country = serializers.CharField(required=False, max_length=2)
    province = serializers.CharField(required=False, max_length=6)
    seen_at_least = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    seen_at_most = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    since = serializers.DateTimeField(required=False, help_text="Seen then or later.")
    until = serializers.DateTimeField(required=False, help_text="Seen before.")
    camera = serializers.UUIDField(required=False, help_text="Seen by this camera.")
    group = serializers.IntegerField(
        required=False, min_value=1, max_value=2**62, help_text="Seen by a camera of this group."
    )
    min_confidence = serializers.FloatField(required=False, min_value=0, max_value=1)
    review = serializers.ChoiceField(Detection.Review.choices, required=False)
    reason = serializers.CharField(required=False, max_length=300, help_text="For the audit trail.")
    case_number = serializers.CharField(required=False, max_length=60)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        since, until = attrs.get("since"), attrs.get("until")
        if since and until and since >= until:
            raise serializers.ValidationError({"until": "Must be later than `since`."})
        least, most = attrs.get("seen_at_least"), attrs.get("seen_at_most")
        if least and most and least > most:
            raise serializers.ValidationError(
                {"seen_at_most": "Must not be less than `seen_at_least`."}
            )
        if not attrs.get("text") and attrs.get("match"):
            raise serializers.ValidationError({"text": "Give what is to be matched."})
        return attrs


class EditSerializer(serializers.Serializer[Any]):
    """One difference between the number asked for and the one found."""

    kind = serializers.ChoiceField(["confusable", "replaced", "missing", "added"])
    at = serializers.IntegerField(help_text="Position in the number asked for, from 0.")
    asked = serializers.CharField()
    found = serializers.CharField()
    cost = serializers.FloatField()


class FoundPlateSerializer(serializers.ModelSerializer[Plate]):
    """A plate, why it was found, and how far it is from what was asked."""

    organization = serializers.SlugField(source="organization.slug", read_only=True)
    match = serializers.SerializerMethodField()
    distance = serializers.SerializerMethodField()
    edits = serializers.SerializerMethodField()

    class Meta:
        model = Plate
        fields = [
            "id",
            "organization",
            "number",
            "country",
            "province",
            "first_seen_at",
            "last_seen_at",
            "detections_count",
            "match",
            "distance",
            "edits",
        ]

    def get_match(self, _plate: Plate) -> str:
        """How it was looked for; empty where only filters were given."""
        match: str = self.context["match"]
        return match

    def get_distance(self, plate: Plate) -> float | None:
        """0 is the same number; null where a pattern was asked for."""
        distances: dict[UUID, float] = self.context["distances"]
        return 0.0 if self.context["match"] == "exact" else distances.get(plate.pk)

    def get_edits(self, plate: Plate) -> list[dict[str, Any]]:
        """What tells it from the number asked for, from left to right."""
        if self.context["match"] != "fuzzy":
            return []
        edits = edits_between(self.context["number"], plate.number)
        return [dict(EditSerializer(edit).data) for edit in edits]


class LastSeenFirst(KeysetPagination):
    """Pages of found plates."""

    ordering = ("-last_seen_at", "-id")


class SearchView(GenericAPIView[Plate]):
    """Plates of organizations in which the caller sees every camera."""

    queryset = Plate.objects.none()
    serializer_class = FoundPlateSerializer
    pagination_class = LastSeenFirst
    filter_backends = []
    read_scope = Scope.DETECTIONS_READ

    @extend_schema(
        tags=["search"],
        operation_id="search_plates",
        summary="Find plates",
        description=(
            "Last seen first; `fuzzy` nearest first, in one page of at most 300. Wildcards are `?` "
            "for one character and `*` for any. A search is audited with `reason` and "
            "`case_number`, and stopped where it takes too long."
        ),
        parameters=[SearchQuerySerializer],
        responses=FoundPlateSerializer(many=True),
        examples=[OpenApiExample("Alike", FOUND["results"], response_only=True)],
    )
    def get(self, request: Request) -> Response:
        assert isinstance(request.user, User)
        query = SearchQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        text = asked.get("text", "")
        match = asked.get("match") or _match_of(text)
        if asked.keys() - {"most_distance"} and "cursor" not in request.query_params:
            audit_plate_search(
                actor=request.user,
                term=text,
                match=match,
                filters=_told(request),
                reason=asked.get("reason", ""),
                case_number=asked.get("case_number", ""),
            )
        plates = _narrow(plates_visible_to(request.user), request.user, asked)
        with in_bounded_time():
            return self._answer(plates.select_related("organization"), text, match, asked)

    def _answer(
        self, plates: QuerySet[Plate], text: str, match: str, asked: dict[str, Any]
    ) -> Response:
        context: dict[str, Any] = {"match": match, "distances": {}, "number": ""}
        if match == "fuzzy":
            near = plates_near(plates, text, most_distance=asked["most_distance"])
            context["distances"] = {found.plate.pk: found.distance for found in near}
            context["number"] = normalise(text)
            rows = [found.plate for found in near]
            results = FoundPlateSerializer(rows, many=True, context=context).data
            return Response({"next": None, "previous": None, "results": results})
        page = self.paginate_queryset(_matched(plates, text, match))
        return self.get_paginated_response(
            FoundPlateSerializer(page, many=True, context=context).data
        )


def _match_of(text: str) -> str:
    if not text:
        return ""
    return "wildcard" if {"?", "*"} & set(text) else "exact"


def _told(request: Request) -> dict[str, str]:
    hidden = {"text", "match", "reason", "case_number", "page_size"}
    known = SearchQuerySerializer().fields.keys() - hidden
    return {name: request.query_params[name] for name in known & request.query_params.keys()}


def _matched(plates: QuerySet[Plate], text: str, match: str) -> QuerySet[Plate]:
    if match == "wildcard":
        return plates_like(plates, text)
    if match == "regex":
        return plates_matching(plates, text)
    if text:
        return plates & plates_numbered(text, is_prefix=match == "prefix")
    return plates


def _narrow(plates: QuerySet[Plate], user: User, asked: dict[str, Any]) -> QuerySet[Plate]:
    own = {
        "country": "country__iexact",
        "province": "province__iexact",
        "seen_at_least": "detections_count__gte",
        "seen_at_most": "detections_count__lte",
        "since": "last_seen_at__gte",
        "until": "first_seen_at__lt",
    }
    plates = plates.filter(**{lookup: asked[name] for name, lookup in own.items() if name in asked})
    of_detections = {
        "camera": "camera_id",
        "group": "camera__groups",
        "min_confidence": "confidence__gte",
        "review": "review",
    }
    wanted = {lookup: asked[name] for name, lookup in of_detections.items() if name in asked}
    if not wanted and not {"since", "until"} & asked.keys():
        return plates
    span: Q = in_time(since=asked.get("since"), until=asked.get("until"))
    detections = detections_visible_to(user).filter(span, plate=OuterRef("pk"), **wanted)
    return plates.filter(Exists(detections.order_by()))
