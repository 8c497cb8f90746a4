"""JSON shapes of detections, uploads and recognition models."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from cameras.models import Camera
from cameras.selectors import cameras_visible_to
from detections.models import Detection, Upload
from detections.recognition.registry import ModelEntry, ModelKind
from vehicles.models import Plate

_PLATE = ("number", "country", "province")


class DetectedPlateSerializer(serializers.ModelSerializer[Plate]):
    """The registration that search and hits use: as corrected, where a person corrected it."""

    class Meta:
        model = Plate
        fields = ["id", *_PLATE]


class ReadPlateSerializer(serializers.Serializer[Detection]):
    """What was read, which no correction changes."""

    text = serializers.CharField(source="read_text")
    number = serializers.CharField(source="read_number")
    country = serializers.CharField(source="read_country")
    province = serializers.CharField(source="read_province")


class BoxSerializer(serializers.Serializer[Detection]):
    """Where the plate is, in pixels of the frame."""

    x = serializers.IntegerField(source="box_x")
    y = serializers.IntegerField(source="box_y")
    width = serializers.IntegerField(source="box_width")
    height = serializers.IntegerField(source="box_height")


class PictureSerializer(serializers.Serializer[Detection]):
    """A kept picture: where to fetch it, and the SHA-256 of its bytes."""

    url = serializers.URLField()
    sha256 = serializers.CharField()


_READ = ("text", "number", "country", "province")
_BOX = ("x", "y", "width", "height")


def _row_of(detection: Detection) -> dict[str, Any]:
    """A detection by the names that a row of a list has."""
    plate = detection.plate
    return {
        **vars(detection),
        "camera__name": detection.camera.name,
        **{f"plate__{name}": plate and getattr(plate, name) for name in _PLATE},
    }


class DetectionSerializer(serializers.ModelSerializer[Detection]):
    """One vehicle passing one camera."""

    camera_name = serializers.CharField(source="camera.name")
    plate = DetectedPlateSerializer(allow_null=True)
    read = ReadPlateSerializer(source="*")
    verdict = serializers.ChoiceField(choices=Detection.Verdict.choices, allow_blank=True)
    box = serializers.SerializerMethodField()
    frame = serializers.SerializerMethodField()
    crop = serializers.SerializerMethodField()

    # What is shown as the row has it.
    _OWN: ClassVar[tuple[str, ...]] = (
        "id",
        "captured_at",
        "recorded_at",
        "origin",
        "confidence",
        "frames_agreed",
        "frames_read",
        "review",
        "verdict",
        "is_sampled",
        "direction",
        "travel_degrees",
        "vehicle_kind",
        "vehicle_color",
        "frame_width_px",
        "frame_height_px",
    )

    class Meta:
        model = Detection
        fields = [
            "id",
            "captured_at",
            "recorded_at",
            "camera",
            "camera_name",
            "origin",
            "upload",
            "plate",
            "read",
            "confidence",
            "frames_agreed",
            "frames_read",
            "review",
            "verdict",
            "is_sampled",
            "merged_into",
            "direction",
            "travel_degrees",
            "vehicle_kind",
            "vehicle_color",
            "frame_width_px",
            "frame_height_px",
            "box",
            "frame",
            "crop",
        ]
        read_only_fields = fields

    def to_representation(self, instance: Detection | dict[str, Any]) -> dict[str, Any]:
        """Written out: DRF asks each field in turn, which takes several times as long a page."""
        row = instance if isinstance(instance, dict) else _row_of(instance)
        shown: dict[str, Any] = {name: row[name] for name in self._OWN}
        shown |= {
            "camera": row["camera_id"],
            "camera_name": row["camera__name"],
            "upload": row["upload_id"],
            "merged_into": row["merged_into_id"],
            "plate": self._plate(row),
            "read": {name: row[f"read_{name}"] for name in _READ},
            "box": self.get_box(row),
            "frame": self.get_frame(row),
            "crop": self.get_crop(row),
        }
        return {
            name: shown[name] if name in shown else self._asked(name, instance)
            for name in self.Meta.fields
        }

    def _asked(self, name: str, detection: Any) -> Any:
        """What a shape made of this one adds, as its own field says."""
        field = self.fields[name]
        value = field.get_attribute(detection)
        return None if value is None else field.to_representation(value)

    def _plate(self, row: dict[str, Any]) -> dict[str, Any] | None:
        if row["plate_id"] is None:
            return None
        return {"id": row["plate_id"], **{name: row[f"plate__{name}"] for name in _PLATE}}

    @extend_schema_field(BoxSerializer(allow_null=True))
    def get_box(self, row: dict[str, Any]) -> dict[str, Any] | None:
        if row["box_x"] is None:
            return None
        return {name: row[f"box_{name}"] for name in _BOX}

    @extend_schema_field(PictureSerializer(allow_null=True))
    def get_frame(self, row: dict[str, Any]) -> dict[str, str] | None:
        return self._picture(row, "frame")

    @extend_schema_field(PictureSerializer(allow_null=True))
    def get_crop(self, row: dict[str, Any]) -> dict[str, str] | None:
        return self._picture(row, "crop")

    def _picture(self, row: dict[str, Any], kind: str) -> dict[str, str] | None:
        if not row[f"{kind}_name"]:
            return None
        url = f"{self._detections}{row['id']}/{kind}/"
        return {"url": url, "sha256": row[f"{kind}_sha256"]}

    @cached_property
    def _detections(self) -> str:
        """The address below which all detections are; looking each up costs more than the rest."""
        return reverse("api:detection-list", request=self.context.get("request"))


class DetectionDetailSerializer(DetectionSerializer):
    """A detection with its evidence: readings per frame, candidates, checks and models."""

    _OWN = (*DetectionSerializer._OWN, "model_set", "evidence")  # noqa: SLF001  # its own class

    class Meta(DetectionSerializer.Meta):
        fields = [*DetectionSerializer.Meta.fields, "model_set", "evidence"]
        read_only_fields = fields


class OperatedCameraField(serializers.PrimaryKeyRelatedField[Camera]):
    """One of the cameras that the caller may send to."""

    def get_queryset(self) -> QuerySet[Camera]:
        return cameras_visible_to(self.context["request"].user, "operate_camera")


class NewUploadSerializer(serializers.Serializer[Upload]):
    """A picture or video to be read."""

    camera = OperatedCameraField(
        queryset=Camera.objects.none(), help_text="A camera that the caller may operate."
    )
    file = serializers.FileField(help_text="JPEG, PNG, WebP, BMP, MP4, MOV, MKV, AVI or MPEG.")
    captured_at = serializers.DateTimeField(
        help_text="When the picture was taken, or the video begins."
    )


class UploadSerializer(serializers.ModelSerializer[Upload]):
    """An upload and how far its reading is."""

    class Meta:
        model = Upload
        fields = [
            "id",
            "camera",
            "original_name",
            "kind",
            "size_bytes",
            "sha256",
            "captured_at",
            "created_at",
            "state",
            "progress",
            "error",
            "detections_count",
            "finished_at",
        ]
        read_only_fields = fields


class ModelFileSerializer(serializers.Serializer[object]):
    """One file of a model."""

    name = serializers.CharField()
    sha256 = serializers.CharField()


class ModelSerializer(serializers.Serializer[ModelEntry]):
    """A recognition model of the registry."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=[kind.value for kind in ModelKind])
    is_installed = serializers.BooleanField()
    files = ModelFileSerializer(many=True)
    licence = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # the name of a field, and of an option
    training_data = serializers.CharField()
    accuracy = serializers.CharField()
    input = serializers.CharField()
    alphabet = serializers.CharField(allow_null=True)


class ModelSetSerializer(serializers.Serializer[object]):
    """A detector and a reader that a camera can be set to."""

    name = serializers.CharField()
    detector = serializers.CharField()
    reader = serializers.CharField()


class ModelRegistrySerializer(serializers.Serializer[object]):
    """All models, and the sets that cameras choose from."""

    models = ModelSerializer(many=True)
    sets = ModelSetSerializer(many=True)
