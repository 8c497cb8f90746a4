"""Staff pages of legal holds and deletion certificates: made on the page of keeping, read here."""

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.models import User
from accounts.selectors import organizations_administered_by
from detections.models import DeletionCertificate, LegalHold
from lpr_project.common.admin import ReadOnlyModelAdmin, ScopedRelatedFilter, UncountedList


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyModelAdmin[LegalHold]):
    """What is kept whatever its retention says."""

    list_display = ["reason", "case_number", "keeps", "ends_at", "created_by", "page"]
    list_filter = [("organization", ScopedRelatedFilter)]
    list_select_related = ["created_by"]
    ordering = ["-id"]
    fields = [
        "organization",
        "reason",
        "case_number",
        "created_by",
        "created_at",
        "ends_at",
        "lifted_at",
        "lifted_by",
        "lift_reason",
    ]

    def readable(self, user: User) -> QuerySet[LegalHold]:
        return LegalHold.objects.filter(organization__in=organizations_administered_by(user))

    @admin.display(description=_("keeps"), boolean=True)
    def keeps(self, hold: LegalHold) -> bool:
        return hold.is_active

    @admin.display(description=_("page"))
    def page(self, hold: LegalHold) -> SafeString:
        url = f"{reverse('detections:keeping')}#hold-{hold.pk}"
        return format_html('<a class="lpr-link" href="{}">{}</a>', url, _("open"))


@admin.register(DeletionCertificate)
class DeletionCertificateAdmin(
    UncountedList[DeletionCertificate], ReadOnlyModelAdmin[DeletionCertificate]
):
    """What was deleted, by which rule, and the hash over it."""

    list_display = ["started_at", "kind", "detections", "pictures", "plates", "digest", "file"]
    list_filter = [("kind", ChoicesDropdownFilter), ("organization", ScopedRelatedFilter)]
    ordering = ["-id"]

    def readable(self, user: User) -> QuerySet[DeletionCertificate]:
        return DeletionCertificate.objects.filter(
            organization__in=organizations_administered_by(user)
        )

    @admin.display(description=_("file"))
    def file(self, row: DeletionCertificate) -> SafeString | str:
        if row.ended_at is None:
            return "-"
        url = reverse("detections:certificate", args=[row.pk])
        return format_html('<a class="lpr-link" href="{}">JSON</a>', url)
