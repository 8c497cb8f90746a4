"""The audit trail: who did or saw what. To be read, filtered and searched; never changed."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, FieldTextFilter

from accounts.models import AuditEvent, User
from accounts.selectors import audit_events_visible_to
from lpr_project.common.admin import ReadOnlyModelAdmin, ScopedRelatedFilter, UncountedList
from lpr_project.common.models import uuid7_floor


class AuditedWithin(DropdownFilter):  # type: ignore[misc]  # Unfold ships no types
    """How far back the trail is read; by id, which carries the time."""

    title = _("time")
    parameter_name = "within"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("1", _("last day")),
            ("7", _("last 7 days")),
            ("31", _("last 31 days")),
            ("366", _("last year")),
        ]

    def queryset(self, request: HttpRequest, events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        if (self.value() or "") not in {choice[0] for choice in self.lookup_choices}:
            return events
        since = timezone.now() - timedelta(days=int(self.value()))
        return events.filter(pk__gte=uuid7_floor(since))


@admin.register(AuditEvent)
class AuditEventAdmin(UncountedList[AuditEvent], ReadOnlyModelAdmin[AuditEvent]):
    """Who did or saw what, from where and why."""

    list_display = ["when", "who", "action", "target", "address", "organization"]
    list_filter = [
        AuditedWithin,
        ("action", ChoicesDropdownFilter),
        ("actor_label", FieldTextFilter),
        ("target_label", FieldTextFilter),
        ("organization", ScopedRelatedFilter),
    ]
    list_select_related = ["organization"]
    ordering = ["-id"]
    fieldsets = [
        (None, {"fields": ["when", "who", "action", "organization"]}),
        (_("What"), {"fields": ["target_type", "target_id", "target_label", "detail_text"]}),
        (_("Why"), {"fields": ["reason", "case_number"]}),
        (_("From where"), {"fields": ["address", "user_agent", "request_id"]}),
    ]
    readonly_fields = ["when", "who", "address", "detail_text"]

    def readable(self, user: User) -> QuerySet[AuditEvent]:
        return audit_events_visible_to(user)

    @admin.display(description=_("when"))
    def when(self, event: AuditEvent) -> datetime:
        return event.at

    @admin.display(description=_("who"))
    def who(self, event: AuditEvent) -> str:
        return event.actor_label

    @admin.display(description=_("address"))
    def address(self, event: AuditEvent) -> str:
        return event.ip_address or ""

    @admin.display(description=_("what"))
    def target(self, event: AuditEvent) -> str:
        kind = event.target_type.partition(".")[2]
        return " · ".join(filter(None, (kind, event.target_label)))

    @admin.display(description=_("detail"))
    def detail_text(self, event: AuditEvent) -> str:
        text = json.dumps(event.detail, ensure_ascii=False, indent=2, sort_keys=True)
        return format_html('<pre class="whitespace-pre-wrap">{}</pre>', text)
