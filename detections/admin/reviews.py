"""Staff pages of decisions, batches and rules: made on the review pages, read here."""

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.models import User
from accounts.selectors import organizations_administered_by
from detections.models import CorrectionBatch, CorrectionRule, ReviewEntry
from lpr_project.common.admin import (
    ReadOnlyModelAdmin,
    ScopedRelatedFilter,
    UncountedList,
    labelled,
)


@admin.register(ReviewEntry)
class ReviewEntryAdmin(UncountedList[ReviewEntry], ReadOnlyModelAdmin[ReviewEntry]):
    """Who decided what, from what to what, and why."""

    list_display = ["at", "decision", "moved", "camera", "actor_label", "why", "detail_link"]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("reject_reason", ChoicesDropdownFilter),
        ("camera", ScopedRelatedFilter),
    ]
    list_select_related = ["camera"]
    ordering = ["-id"]
    fields = [
        "at",
        "kind",
        "moved",
        "camera",
        "actor_label",
        "why",
        "before",
        "after",
        "batch",
        "undoes",
        "detail_link",
    ]

    def readable(self, user: User) -> QuerySet[ReviewEntry]:
        return ReviewEntry.objects.filter(organization__in=organizations_administered_by(user))

    @labelled(
        _("decision"),
        colors={
            "confirmed": "success",
            "corrected": "info",
            "rejected": "danger",
            "merged": "default",
            "split": "default",
            "undone": "warning",
        },
    )
    def decision(self, entry: ReviewEntry) -> tuple[str, str]:
        return entry.kind, entry.get_kind_display()

    @admin.display(description=_("plate"))
    def moved(self, entry: ReviewEntry) -> str:
        before, after = entry.before["number"] or "-", entry.after["number"] or "-"
        return before if before == after else f"{before} → {after}"

    @admin.display(description=_("reason"))
    def why(self, entry: ReviewEntry) -> str:
        rejected = entry.get_reject_reason_display() if entry.reject_reason else ""
        return ": ".join(filter(None, (rejected, entry.reason)))

    @admin.display(description=_("page"))
    def detail_link(self, entry: ReviewEntry) -> SafeString:
        url = reverse("detections:detail", args=[entry.detection_id])
        return format_html('<a class="lpr-link" href="{}">{}</a>', url, _("open"))


@admin.display(description=_("correction"))
def correction(row: CorrectionBatch | CorrectionRule) -> str:
    """What is read, and what it is."""
    return " ".join(filter(None, (str(row), row.country, row.province)))


@admin.register(CorrectionBatch)
class CorrectionBatchAdmin(UncountedList[CorrectionBatch], ReadOnlyModelAdmin[CorrectionBatch]):
    """Many detections corrected at once; undone on the page of corrections."""

    ordering = ["-id"]
    list_filter = [("camera", ScopedRelatedFilter)]
    list_display = ["created_at", correction, "camera", "detections_count", "actor", "reason"]
    list_select_related = ["camera", "actor"]

    def readable(self, user: User) -> QuerySet[CorrectionBatch]:
        return CorrectionBatch.objects.filter(organization__in=organizations_administered_by(user))


@admin.register(CorrectionRule)
class CorrectionRuleAdmin(ReadOnlyModelAdmin[CorrectionRule]):
    """Corrections of future readings; made and switched off on the page of corrections."""

    ordering = ["-id"]
    list_display = [correction, "camera", "is_active", "created_by", "created_at", "reason"]
    list_filter = [("camera", ScopedRelatedFilter), "is_active"]
    list_select_related = ["camera", "created_by"]

    def readable(self, user: User) -> QuerySet[CorrectionRule]:
        return CorrectionRule.objects.filter(organization__in=organizations_administered_by(user))
