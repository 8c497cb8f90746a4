"""Query parameters of detections and uploads."""

import django_filters

from detections.models import Detection, Upload


class DetectionFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """What lists of detections ask for besides the criteria that search and they share."""

    origin = django_filters.MultipleChoiceFilter(choices=Detection.Origin.choices)
    upload = django_filters.UUIDFilter(field_name="upload_id", help_text="Id of an upload.")

    class Meta:
        model = Detection
        fields: list[str] = []


class UploadFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By camera and state."""

    camera = django_filters.UUIDFilter(field_name="camera_id")
    state = django_filters.MultipleChoiceFilter(choices=Upload.State.choices)

    class Meta:
        model = Upload
        fields: list[str] = []
