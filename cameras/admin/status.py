"""How each camera fares, as its camera task wrote it last."""

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.models import User
from accounts.selectors import organizations_administered_by
from cameras.admin.cameras import STATE_LABELS
from cameras.models import CameraStatus
from lpr_project.common.admin import ReadOnlyModelAdmin, labelled


@admin.register(CameraStatus)
class CameraStatusAdmin(ReadOnlyModelAdmin[CameraStatus]):
    """Camera health."""

    list_display = [
        "camera",
        "state_label",
        "since",
        "error",
        "last_frame_at",
        "fps",
        "frames_dropped",
        "reconnects",
        "node",
    ]
    list_filter = [("state", ChoicesDropdownFilter)]
    list_select_related = ["camera"]
    search_fields = ["camera__name"]
    ordering = ["camera__name"]

    def readable(self, user: User) -> QuerySet[CameraStatus]:
        organizations = organizations_administered_by(user)
        return CameraStatus.objects.filter(camera__organization__in=organizations)

    @labelled(_("state"), ordering="state", colors=STATE_LABELS)
    def state_label(self, status: CameraStatus) -> tuple[str, str]:
        return status.state, status.get_state_display()
