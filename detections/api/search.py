"""Search over plates: exact, by beginning, wildcards, regular expression, or what is alike."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.timezone import get_current_timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope, User
from detections.api.parameters import (
    CRITERIA,
    NOTED,
    STATED,
    NotedPagination,
    note_pages,
    stated_by,
)
from detections.criteria.criteria import Criteria
from detections.selectors.search import is_of_passings, plates_found, plates_passing
from detections.services.searching import note_search
from vehicles.models import Plate
from vehicles.plates.matching import edits_between
from vehicles.selectors import in_bounded_time, plates_near

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


# What is shown of a plate as its row has it, beside its id.
_OWN = (
    "number",
    "country",
    "province",
    "first_seen_at",
    "last_seen_at",
    "detections_count",
)


def _row_of(plate: Plate) -> dict[str, Any]:
    own = {name: getattr(plate, name) for name in _OWN}
    return {"id": plate.pk, "organization": plate.organization.slug, **own}


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
        fields = ["id", "organization", *_OWN, "match", "distance", "edits"]

    def to_representation(self, instance: Plate | dict[str, Any]) -> dict[str, Any]:
        """Written out, as that of a detection."""
        row = instance if isinstance(instance, dict) else _row_of(instance)
        return {
            **row,
            "match": self.get_match(row),
            "distance": self.get_distance(row),
            "edits": self.get_edits(row),
        }

    def get_match(self, _row: dict[str, Any]) -> str:
        """How it was looked for; empty where only filters were given."""
        match: str = self.context["match"]
        return match

    def get_distance(self, row: dict[str, Any]) -> float | None:
        """0 is the same number; null where a pattern was asked for."""
        distances: dict[UUID, float] = self.context["distances"]
        return 0.0 if self.context["match"] == "exact" else distances.get(row["id"])

    def get_edits(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        """What tells it from the number asked for, from left to right."""
        if self.context["match"] != "fuzzy":
            return []
        edits = edits_between(self.context["number"], row["number"])
        return [dict(EditSerializer(edit).data) for edit in edits]


class LastSeenFirst(NotedPagination):
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
            "Last seen first, in the time and at the cameras that were asked for; `fuzzy` nearest "
            "first, in one page of at most 300. Wildcards are `?` for one character and `*` for "
            "any. Every search is audited with `reason` and `case_number`; where an organization "
            "demands them and they are missing, the answer is `reason_demanded` and names the "
            "reasons that it accepts. What takes too long is stopped and answers "
            "`search_too_slow`."
        ),
        parameters=[*CRITERIA, *STATED],
        responses=FoundPlateSerializer(many=True),
        examples=[OpenApiExample("Alike", FOUND["results"], response_only=True)],
    )
    def get(self, request: Request) -> Response:
        assert isinstance(request.user, User)
        criteria = Criteria.from_query(request.query_params, zone=get_current_timezone())
        if not criteria.is_empty:
            noted = note_search(
                actor=request.user,
                criteria=criteria,
                stated=stated_by(request),
                noted=request.query_params.get(NOTED, ""),
            )
            note_pages(self.paginator, noted)
        with in_bounded_time():
            if is_of_passings(criteria):
                return self._answer_passing(request.user, criteria)
            plates = plates_found(request.user, criteria).select_related(None)
            plates = plates.select_related("organization").only(*_OWN, "organization__slug")
            return self._answer(plates, criteria)

    def _answer_passing(self, user: User, criteria: Criteria) -> Response:
        """Pages in the order of the passings, whose keys they go on from."""
        assert isinstance(self.paginator, NotedPagination)
        self.paginator.ordering = ("-id",)
        # Rows that stand for their plates; making objects of them would cost a page more.
        passings: Any = plates_passing(user, criteria).values(
            "id", "plate_id", "plate__organization__slug", *(f"plate__{name}" for name in _OWN)
        )
        page: Any = self.paginate_queryset(passings)
        context: dict[str, Any] = {"match": "", "distances": {}, "number": ""}
        plates: Any = [
            {
                "id": row["plate_id"],
                "organization": row["plate__organization__slug"],
                **{name: row[f"plate__{name}"] for name in _OWN},
            }
            for row in page
        ]
        return self.get_paginated_response(
            FoundPlateSerializer(plates, many=True, context=context).data
        )

    def _answer(self, plates: QuerySet[Plate], criteria: Criteria) -> Response:
        context: dict[str, Any] = {"match": criteria.match, "distances": {}, "number": ""}
        if criteria.match == "fuzzy":
            near = plates_near(plates, criteria.text, most_distance=criteria.most_distance)
            context["distances"] = {found.plate.pk: found.distance for found in near}
            context["number"] = criteria.number
            rows = [found.plate for found in near]
            results = FoundPlateSerializer(rows, many=True, context=context).data
            return Response({"next": None, "previous": None, "results": results})
        page = self.paginate_queryset(plates)
        return self.get_paginated_response(
            FoundPlateSerializer(page, many=True, context=context).data
        )
