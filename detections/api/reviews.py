"""HTTP entry points of the review queue, decisions, corrections and accuracy."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from accounts.models import Scope, User
from detections.api import examples
from detections.api.review_serializers import (
    AccuracySerializer,
    ClaimedDetectionSerializer,
    ClaimSerializer,
    CorrectionBatchSerializer,
    CorrectionRuleSerializer,
    DecisionSerializer,
    MergeSerializer,
    NewBatchSerializer,
    NewRuleSerializer,
    PreviewSerializer,
    ReleaseSerializer,
    ReviewEntrySerializer,
    SplitSerializer,
    UndoSerializer,
)
from detections.models import CorrectionBatch, CorrectionRule, ReviewEntry
from detections.selectors import (
    HISTORY_ROLES,
    accuracy_of,
    cameras_reviewed_by,
    correction_batches_visible_to,
    correction_rules_visible_to,
    detections_visible_to,
    review_entries_visible_to,
)
from detections.services.corrections import (
    BATCH_MOST,
    Wanted,
    correct_batch,
    create_rule,
    preview_correction,
    switch_off_rule,
    undo_batch,
)
from detections.services.passes import merge_detections, split_detection
from detections.services.queueing import claim_next, release_detections
from detections.services.reviewing import (
    confirm_detection,
    correct_detection,
    reject_detection,
    undo_entry,
)

ACCURACY_DAYS = 30
PREVIEW_ROWS = 50


class _ReviewView(APIView):
    """What reviewing needs of a key."""

    read_scope = Scope.DETECTIONS_READ
    write_scope = Scope.DETECTIONS_REVIEW

    @property
    def _user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def _asked(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        asked = serializer(data=self.request.data, context={"request": self.request})
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def _require_visible(self, *ids: UUID) -> None:
        """404 for what the caller may not even see."""
        visible = detections_visible_to(self._user).select_related(None).only("pk")
        for pk in ids:
            get_object_or_404(visible, pk=pk)


class ReviewFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By detection, camera, decision and batch."""

    detection = django_filters.UUIDFilter(field_name="detection_id")
    camera = django_filters.UUIDFilter(field_name="camera_id")
    decision = django_filters.MultipleChoiceFilter(
        field_name="kind", choices=ReviewEntry.Kind.choices
    )
    batch = django_filters.UUIDFilter(field_name="batch_id")

    class Meta:
        model = ReviewEntry
        fields: list[str] = []


@extend_schema(tags=["reviews"])
@extend_schema_view(
    list=extend_schema(
        summary="Decisions, newest first",
        description="History that only grows: undoing is a decision of its own.",
        examples=[OpenApiExample("A correction", examples.REVIEW, response_only=True)],
    ),
    retrieve=extend_schema(summary="One decision"),
)
class ReviewViewSet(_ReviewView, ReadOnlyModelViewSet[ReviewEntry]):
    """The review queue and what was decided; reviewers are all roles but auditor and viewer."""

    queryset = ReviewEntry.objects.none()  # names the model for the schema
    serializer_class = ReviewEntrySerializer
    filterset_class = ReviewFilter

    def get_queryset(self) -> QuerySet[ReviewEntry]:
        return review_entries_visible_to(self._user)

    @extend_schema(
        summary="Confirm, correct or reject a detection",
        description="What was read stays; plates and counts follow at once. 409 where somebody "
        "else has it before him, or where its state is not `seen` any more.",
        request=DecisionSerializer,
        responses={201: ReviewEntrySerializer},
        examples=[
            OpenApiExample("Correct", examples.DECISION, request_only=True),
            OpenApiExample("Corrected", examples.REVIEW, response_only=True),
        ],
    )
    def create(self, request: Request) -> Response:
        asked = self._asked(DecisionSerializer)
        self._require_visible(asked["detection"])
        common = {
            "detection_id": asked["detection"],
            "actor": self._user,
            "seen": asked.get("seen", ""),
            "reason": asked["reason"],
        }
        if asked["decision"] == "confirm":
            return self._answer(confirm_detection(**common))
        if asked["decision"] == "reject":
            return self._answer(reject_detection(reject_reason=asked["reject_reason"], **common))
        place = {name: asked[name] for name in ("number", "country", "province")}
        return self._answer(correct_detection(**common, **place))

    @extend_schema(
        summary="Take a decision back",
        description="The last one about its detection; somebody else's only as a manager.",
        request=UndoSerializer,
        responses={201: ReviewEntrySerializer},
    )
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        entry = self.get_object()
        asked = self._asked(UndoSerializer)
        return self._answer(undo_entry(entry=entry, actor=self._user, reason=asked["reason"]))

    @extend_schema(
        summary="Get the next detection to look at",
        description="The newest that waits, for five minutes: nobody else gets it meanwhile. "
        "204 where nothing waits.",
        request=ClaimSerializer,
        responses={200: ClaimedDetectionSerializer, 204: None},
        examples=[OpenApiExample("Of the sample", {"only_sample": True}, request_only=True)],
    )
    @action(detail=False, methods=["post"], filterset_class=None)
    def claim(self, request: Request) -> Response:
        asked = self._asked(ClaimSerializer)
        detection = claim_next(
            actor=self._user,
            camera_ids=asked["cameras"],
            passed_over=asked["passed_over"],
            only_sample=asked["only_sample"],
        )
        if detection is None:
            return Response(status=204)
        context = self.get_serializer_context()
        return Response(ClaimedDetectionSerializer(detection, context=context).data)

    @extend_schema(
        summary="Give detections back to the queue",
        request=ReleaseSerializer,
        responses={204: None},
    )
    @action(detail=False, methods=["post"], filterset_class=None)
    def release(self, request: Request) -> Response:
        asked = self._asked(ReleaseSerializer)
        release_detections(detection_ids=asked["detections"], actor=self._user)
        return Response(status=204)

    @extend_schema(
        summary="Say that two detections are one pass",
        description="Of one camera and within ten minutes. The decision is about `absorbed`.",
        request=MergeSerializer,
        responses={201: ReviewEntrySerializer},
    )
    @action(detail=False, methods=["post"], filterset_class=None)
    def merge(self, request: Request) -> Response:
        asked = self._asked(MergeSerializer)
        self._require_visible(asked["kept"], asked["absorbed"])
        entry = merge_detections(
            kept_id=asked["kept"],
            absorbed_id=asked["absorbed"],
            actor=self._user,
            reason=asked["reason"],
        )
        return self._answer(entry)

    @extend_schema(
        summary="Say that a second vehicle is in a detection",
        description="It gets a detection of its own, which the decision is about.",
        request=SplitSerializer,
        responses={201: ReviewEntrySerializer},
    )
    @action(detail=False, methods=["post"], filterset_class=None)
    def split(self, request: Request) -> Response:
        asked = self._asked(SplitSerializer)
        detection_id = asked.pop("detection")
        self._require_visible(detection_id)
        return self._answer(split_detection(detection_id=detection_id, actor=self._user, **asked))

    def _answer(self, entry: ReviewEntry) -> Response:
        return Response(ReviewEntrySerializer(entry).data, status=201)


@extend_schema(tags=["corrections"])
@extend_schema_view(
    list=extend_schema(summary="Batch corrections, newest first"),
    retrieve=extend_schema(summary="One batch correction"),
)
class CorrectionBatchViewSet(
    _ReviewView,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    GenericViewSet[CorrectionBatch],
):
    """Many detections corrected at once, by owners, managers and analysts."""

    queryset = CorrectionBatch.objects.none()  # names the model for the schema
    serializer_class = CorrectionBatchSerializer

    def get_queryset(self) -> QuerySet[CorrectionBatch]:
        return correction_batches_visible_to(self._user)

    @extend_schema(
        summary="Correct many at once",
        description="What nobody decided about yet; at most 2,000, all or none.",
        request=NewBatchSerializer,
        responses={201: CorrectionBatchSerializer},
        examples=[OpenApiExample("All 0ABC are OABC", examples.BATCH, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        wanted = Wanted(**self._asked(NewBatchSerializer))
        batch = correct_batch(wanted=wanted, actor=self._user)
        return Response(CorrectionBatchSerializer(batch).data, status=201)

    @extend_schema(
        summary="See what a batch would change",
        request=NewBatchSerializer,
        responses=PreviewSerializer,
        examples=[OpenApiExample("All 0ABC are OABC", examples.BATCH, request_only=True)],
    )
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        wanted = Wanted(**self._asked(NewBatchSerializer))
        proposals = preview_correction(wanted=wanted, actor=self._user)
        answer = {
            "count": len(proposals),
            "most": BATCH_MOST,
            "results": proposals[:PREVIEW_ROWS],
        }
        return Response(PreviewSerializer(answer).data)

    @extend_schema(
        summary="Take a batch back",
        description="Apart from detections that were decided about since.",
        request=UndoSerializer,
        responses={201: CorrectionBatchSerializer},
    )
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        batch = self.get_object()
        asked = self._asked(UndoSerializer)
        undone = undo_batch(batch=batch, actor=self._user, reason=asked["reason"])
        return Response(CorrectionBatchSerializer(undone).data, status=201)


@extend_schema(tags=["corrections"])
@extend_schema_view(
    list=extend_schema(summary="Correction rules, newest first"),
    retrieve=extend_schema(summary="One correction rule"),
)
class CorrectionRuleViewSet(
    _ReviewView,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    GenericViewSet[CorrectionRule],
):
    """Corrections of all future readings of a camera, by owners, managers and analysts."""

    queryset = CorrectionRule.objects.none()  # names the model for the schema
    serializer_class = CorrectionRuleSerializer

    def get_queryset(self) -> QuerySet[CorrectionRule]:
        return correction_rules_visible_to(self._user)

    @extend_schema(
        summary="Add a correction rule",
        description="For detections recorded from now on.",
        request=NewRuleSerializer,
        responses={201: CorrectionRuleSerializer},
        examples=[OpenApiExample("0ABC is OABC", examples.RULE, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        rule = create_rule(wanted=Wanted(**self._asked(NewRuleSerializer)), actor=self._user)
        return Response(CorrectionRuleSerializer(rule).data, status=201)

    @extend_schema(
        summary="Switch a correction rule off",
        description="What it made of earlier readings stays.",
        request=UndoSerializer,
        responses=CorrectionRuleSerializer,
    )
    @action(detail=True, methods=["post"], url_path="switch-off")
    def switch_off(self, request: Request, pk: str) -> Response:
        rule, reason = self.get_object(), self._asked(UndoSerializer)["reason"]
        rule = switch_off_rule(rule=rule, actor=self._user, reason=reason)
        return Response(CorrectionRuleSerializer(rule).data)


class AccuracyQuerySerializer(serializers.Serializer[object]):
    """The span in which detections were captured."""

    since = serializers.DateTimeField(required=False, help_text="The last 30 days unless said.")
    until = serializers.DateTimeField(required=False)


class AccuracyListSerializer(serializers.Serializer[object]):
    """One row for each camera and model set of which something was judged."""

    results = AccuracySerializer(many=True)


class AccuracyView(_ReviewView):
    """How well cameras read, as people found it."""

    @extend_schema(
        tags=["reviews"],
        summary="Accuracy by camera and model set",
        description="Numbers read right, from what people decided about. `sample` is what chance "
        "chose and tells of all detections; `reviewed` is whatever was looked at, the doubtful "
        "first, and so looks worse than the camera is.",
        parameters=[AccuracyQuerySerializer],
        responses=AccuracyListSerializer,
        examples=[OpenApiExample("One camera", examples.ACCURACY, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        asked = AccuracyQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        since = asked.validated_data.get("since", timezone.now() - timedelta(days=ACCURACY_DAYS))
        cameras = cameras_reviewed_by(self._user, *HISTORY_ROLES).order_by("name")
        names = dict(cameras.values_list("pk", "name"))
        found = accuracy_of(list(names), since=since, until=asked.validated_data.get("until"))
        found.sort(key=lambda row: (names[row.camera_id], row.model_set))
        answer = AccuracyListSerializer({"results": found}, context={"names": names})
        return Response(answer.data)
