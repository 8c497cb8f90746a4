"""JSON shapes of the review queue, decisions, corrections and accuracy."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cameras.models import Camera
from detections.api.serializers import DetectionDetailSerializer
from detections.models import (
    CorrectionBatch,
    CorrectionRule,
    Detection,
    NumberMatch,
    RejectReason,
    ReviewEntry,
)
from detections.recognition.evaluation.tally import Share
from detections.selectors import CORRECTING_ROLES, Accuracy, cameras_reviewed_by

IDS_MOST = 200
TEXT_MOST = 64
REASON_MOST = 300


def _text(
    help_text: str, *, required: bool = False, most: int = TEXT_MOST
) -> serializers.CharField:
    if required:
        return serializers.CharField(max_length=most, help_text=help_text)
    return serializers.CharField(
        max_length=most, required=False, default="", allow_blank=True, help_text=help_text
    )


def _reason() -> serializers.CharField:
    return _text("Why, in words; kept in the history.", most=REASON_MOST)


class ClaimSerializer(serializers.Serializer[object]):
    """What the caller would like to look at."""

    cameras = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=IDS_MOST,
        default=list,
        help_text="Only these; empty: all that the caller reviews.",
    )
    passed_over = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=IDS_MOST,
        default=list,
        help_text="Detections that the caller has already or does not want now.",
    )
    only_sample = serializers.BooleanField(
        default=False, help_text="Only what chance chose for the figures of accuracy."
    )


class ReleaseSerializer(serializers.Serializer[object]):
    """Claims to be given back."""

    detections = serializers.ListField(child=serializers.UUIDField(), max_length=IDS_MOST)


class ClaimedDetectionSerializer(DetectionDetailSerializer):
    """A detection that is the caller's to decide about until a moment."""

    class Meta(DetectionDetailSerializer.Meta):
        fields = [*DetectionDetailSerializer.Meta.fields, "claimed_until"]
        read_only_fields = fields


class DecisionSerializer(serializers.Serializer[object]):
    """A decision about one detection."""

    detection = serializers.UUIDField()
    decision = serializers.ChoiceField(choices=["confirm", "correct", "reject"])
    number = _text("What the plate is, to correct it; written in any way.")
    country = _text("ISO 3166-1 alpha-2, to correct it; empty: none.")
    province = _text("ISO 3166-2 or its name, to correct it; empty: none.")
    reject_reason = serializers.ChoiceField(choices=RejectReason.choices, required=False)
    seen = serializers.ChoiceField(
        choices=Detection.Review.choices,
        required=False,
        help_text="The state that the caller saw; 409 where it is another by now.",
    )
    reason = _reason()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["decision"] == "correct" and not attrs["number"]:
            raise serializers.ValidationError({"number": ["Say what the plate is."]})
        if attrs["decision"] == "reject" and not attrs.get("reject_reason"):
            raise serializers.ValidationError({"reject_reason": ["Say why."]})
        return attrs


class UndoSerializer(serializers.Serializer[object]):
    """Why something is taken back."""

    reason = _reason()


class MergeSerializer(serializers.Serializer[object]):
    """Two detections that are one pass."""

    kept = serializers.UUIDField()
    absorbed = serializers.UUIDField(help_text="Not counted or searched any more.")
    reason = _reason()


class SplitSerializer(serializers.Serializer[object]):
    """A second vehicle in a detection."""

    detection = serializers.UUIDField()
    number = _text("The second vehicle's number.", required=True)
    country = _text("ISO 3166-1 alpha-2; empty: none.")
    province = _text("ISO 3166-2 or its name; empty: none.")
    readings = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=10_000),
        max_length=1_000,
        default=list,
        help_text="Which of the evidence's readings were the second vehicle's, from 0.",
    )
    reason = _reason()


class StandingSerializer(serializers.Serializer[dict[str, Any]]):
    """How a detection stood; `number` null is what search does not find."""

    review = serializers.ChoiceField(choices=Detection.Review.choices)
    verdict = serializers.ChoiceField(choices=Detection.Verdict.choices, allow_blank=True)
    number = serializers.CharField(allow_null=True)
    country = serializers.CharField(allow_blank=True)
    province = serializers.CharField(allow_blank=True)
    merged_into = serializers.UUIDField(allow_null=True)


class ReviewEntrySerializer(serializers.ModelSerializer[ReviewEntry]):
    """One decision: who, when, from what to what, and why."""

    decision = serializers.ChoiceField(source="kind", choices=ReviewEntry.Kind.choices)
    by = serializers.CharField(source="actor_label")
    before = StandingSerializer()
    after = StandingSerializer()

    class Meta:
        model = ReviewEntry
        fields = [
            "id",
            "at",
            "by",
            "camera",
            "detection",
            "decision",
            "reject_reason",
            "reason",
            "other_detection",
            "batch",
            "undoes",
            "before",
            "after",
        ]
        read_only_fields = fields


class CorrectedCameraField(serializers.PrimaryKeyRelatedField[Camera]):
    """One of the cameras at which the caller may correct many at once."""

    def get_queryset(self) -> QuerySet[Camera]:
        return cameras_reviewed_by(self.context["request"].user, *CORRECTING_ROLES)


class NewRuleSerializer(serializers.Serializer[object]):
    """What is read wrongly at a camera, and what it is."""

    camera = CorrectedCameraField(queryset=Camera.objects.none())
    match = serializers.ChoiceField(choices=NumberMatch.choices, default=NumberMatch.WHOLE)
    read_number = _text("What is read, written in any way.", required=True)
    number = _text("What it is.", required=True)
    country = _text("ISO 3166-1 alpha-2; empty: as read.")
    province = _text("ISO 3166-2 or its name; empty: as read.")
    reason = _reason()


class NewBatchSerializer(NewRuleSerializer):
    """What was read wrongly at a camera in a span of time, and what it was."""

    since = serializers.DateTimeField(required=False, allow_null=True, default=None)
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


class CorrectionRuleSerializer(serializers.ModelSerializer[CorrectionRule]):
    """A correction of all future readings of a camera; the reading stays beside it."""

    by = serializers.EmailField(source="created_by.email", allow_null=True, default=None)

    class Meta:
        model = CorrectionRule
        fields = [
            "id",
            "camera",
            "match",
            "read_number",
            "number",
            "country",
            "province",
            "reason",
            "is_active",
            "by",
            "created_at",
        ]
        read_only_fields = fields


class CorrectionBatchSerializer(serializers.ModelSerializer[CorrectionBatch]):
    """Many detections corrected at once, or taken back: then `undoes` names the batch."""

    by = serializers.EmailField(source="actor.email", allow_null=True, default=None)

    class Meta:
        model = CorrectionBatch
        fields = [
            "id",
            "camera",
            "match",
            "read_number",
            "number",
            "country",
            "province",
            "reason",
            "since",
            "until",
            "detections_count",
            "undoes",
            "by",
            "created_at",
        ]
        read_only_fields = fields


class ProposalSerializer(serializers.Serializer[object]):
    """What a batch would make of one detection."""

    detection = serializers.UUIDField(source="detection.pk")
    captured_at = serializers.DateTimeField(source="detection.captured_at")
    read_number = serializers.CharField(source="detection.read_number")
    number = serializers.CharField(source="after.number")
    country = serializers.CharField(source="after.country", allow_blank=True)
    province = serializers.CharField(source="after.province", allow_blank=True)


class PreviewSerializer(serializers.Serializer[object]):
    """How many a batch would change, and the newest of them."""

    count = serializers.IntegerField(help_text="Counted no further than 2,001.")
    most = serializers.IntegerField(help_text="More than so many are refused.")
    results = ProposalSerializer(many=True)


class ShareSerializer(serializers.Serializer[Share]):
    """So many of so many; rate and interval are null where there are none."""

    count = serializers.IntegerField()
    total = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)
    interval = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="The 95 % interval of Wilson's score: lowest and highest.",
    )


class AccuracySerializer(serializers.Serializer[Accuracy]):
    """How well numbers are read at a camera with one model set."""

    camera = serializers.UUIDField(source="camera_id")
    camera_name = serializers.SerializerMethodField()
    model_set = serializers.CharField(allow_blank=True)
    sample = ShareSerializer(help_text="Of what chance chose: tells of all detections.")
    reviewed = ShareSerializer(help_text="Of whatever people looked at: the doubtful first.")

    @extend_schema_field(serializers.CharField)
    def get_camera_name(self, accuracy: Accuracy) -> str:
        names: dict[Any, str] = self.context["names"]
        return names[accuracy.camera_id]
