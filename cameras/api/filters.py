"""Query parameters of cameras."""

import django_filters

from cameras.models import Camera, CameraStatus


class CameraFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By group, state, purpose, and whether in use."""

    group = django_filters.NumberFilter(field_name="groups", help_text="Id of a camera group.")
    state = django_filters.MultipleChoiceFilter(
        field_name="status__state", choices=CameraStatus.State.choices
    )
    purpose = django_filters.MultipleChoiceFilter(choices=Camera.Purpose.choices)

    class Meta:
        model = Camera
        fields = ["is_enabled", "is_archived"]
