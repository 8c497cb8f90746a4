"""Staff pages: who took what away, the public keys, and the seals over the audit trail."""

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.models import User
from lpr_project.common.admin import ReadOnlyModelAdmin, ScopedRelatedFilter, UncountedList
from reports.models import AuditSeal, Export, SigningKey
from reports.selectors import exports_administered_by, signing_keys


@admin.register(Export)
class ExportAdmin(UncountedList[Export], ReadOnlyModelAdmin[Export]):
    """Who asked for which file and why; the file itself is its maker's alone."""

    list_display = ["created_at", "created_by", "kind", "format", "rows_count", "state"]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("organization", ScopedRelatedFilter),
    ]
    list_select_related = ["created_by", "organization"]
    ordering = ["-id"]
    fieldsets = [
        (None, {"fields": ["created_at", "created_by", "organization", "kind", "format"]}),
        (_("What"), {"fields": ["criteria", "columns", "rows_count", "size_bytes", "sha256"]}),
        (_("Why"), {"fields": ["reason", "case_number"]}),
        (
            _("State"),
            {"fields": ["state", "progress", "error", "warnings", "finished_at", "expires_at"]},
        ),
        (_("Signature"), {"fields": ["key_id"]}),
    ]

    def readable(self, user: User) -> QuerySet[Export]:
        return exports_administered_by(user)


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyModelAdmin[SigningKey]):
    """Public keys of the whole server, for superusers; everybody finds them on /evidence/."""

    list_display = ["key_id", "public_key", "created_at", "retired_at"]
    fields = ["key_id", "public_key", "created_at", "retired_at"]
    ordering = ["-created_at"]

    def readable(self, user: User) -> QuerySet[SigningKey]:
        return signing_keys()


@admin.register(AuditSeal)
class AuditSealAdmin(UncountedList[AuditSeal], ReadOnlyModelAdmin[AuditSeal]):
    """The chain over the whole server's trail, for superusers; `verify_audit` compares the two."""

    list_display = ["number", "made_at", "events_count", "sha256"]
    fields = ["number", "made_at", "events_count", "root", "previous", "sha256", "key", "signature"]
    ordering = ["-number"]
    list_select_related = ["key"]

    def readable(self, user: User) -> QuerySet[AuditSeal]:
        return AuditSeal.objects.all()
