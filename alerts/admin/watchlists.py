"""Watchlists, their entries and their hits; the pages change them, so that each change says why."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from accounts.models import AuditEvent, User
from accounts.selectors import organizations_administered_by
from accounts.services import record_audit_event
from alerts.models import Entry, Hit, Watchlist
from alerts.selectors.watchlists import (
    entries_changeable_by,
    entries_visible_to,
    hits_visible_to,
    watchlists_changeable_by,
    watchlists_visible_to,
)
from alerts.services.entries import expire_entry, renew_entry
from alerts.services.watchlists import update_watchlist
from lpr_project.common.admin import (
    ReadOnlyModelAdmin,
    ScopedRelatedFilter,
    UncountedList,
    labelled,
    link_to,
    person,
)
from vehicles.plates.confusables import fold
from vehicles.plates.text import PlateTextError, normalise
from vehicles.services import audit_plate_search

AT_ONCE_MOST = 1_000
NUMBER_HELP = _("A whole number. Letters that look alike count as the same.")


@admin.register(Watchlist)
class WatchlistAdmin(ReadOnlyModelAdmin[Watchlist]):
    """Lists whose name and rules the person may see."""

    list_display = [
        "name", "category", "priority", "match", "state", "owner", "organization", "page",
    ]  # fmt: skip
    list_filter = [
        ("category", ChoicesDropdownFilter),
        ("match", ChoicesDropdownFilter),
        ("organization", ScopedRelatedFilter),
        "is_active",
    ]
    list_select_related = ["organization", "owner"]
    search_fields = ["name"]
    ordering = ["-priority", "name", "pk"]
    actions = ["switch_on", "switch_off"]
    fields = [
        "name", "description", "organization", "category", "priority", "owner", "is_active",
        "match", "edits_most", "country_rule", "province_rule", "cameras", "camera_groups",
        "directions", "active_hours", "entry_days", "reminder_days", "list_roles", "entry_roles",
        "hit_roles", "created_at", "updated_at", "page",
    ]  # fmt: skip

    def readable(self, user: User) -> QuerySet[Watchlist]:
        return watchlists_visible_to(user).filter(
            organization__in=organizations_administered_by(user)
        )

    def has_switch_permission(self, request: HttpRequest) -> bool:
        return watchlists_changeable_by(person(request)).exists()

    @admin.action(description=_("Switch on"), permissions=["switch"])
    def switch_on(self, request: HttpRequest, lists: QuerySet[Watchlist]) -> None:
        self._switch(request, lists, is_active=True)

    @admin.action(description=_("Switch off: nothing is matched"), permissions=["switch"])
    def switch_off(self, request: HttpRequest, lists: QuerySet[Watchlist]) -> None:
        self._switch(request, lists, is_active=False)

    def _switch(self, request: HttpRequest, lists: QuerySet[Watchlist], *, is_active: bool) -> None:
        mine = watchlists_changeable_by(person(request)).filter(
            pk__in=lists.order_by().values("pk"), is_active=not is_active
        )
        switched = list(mine)
        for watchlist in switched:
            update_watchlist(watchlist=watchlist, actor=person(request), is_active=is_active)
        self.message_user(request, _("Changed: %d.") % len(switched), messages.SUCCESS)

    @labelled(_("state"), colors={"on": "success", "off": "warning"})
    def state(self, watchlist: Watchlist) -> tuple[str, Any]:
        return ("on", _("active")) if watchlist.is_active else ("off", _("switched off"))

    @admin.display(description=_("page"))
    def page(self, watchlist: Watchlist) -> SafeString:
        return link_to("alerts:watchlist", watchlist.pk)


@admin.register(Entry)
class EntryAdmin(UncountedList[Entry], ReadOnlyModelAdmin[Entry]):
    """Entries of lists whose entries the person may see."""

    list_display = [
        "number", "province", "watchlist", "reason", "case_number", "state", "expires_at", "feed",
    ]  # fmt: skip
    list_filter = [
        ("watchlist", ScopedRelatedFilter),
        ("confidence", ChoicesDropdownFilter),
        ("expires_at", RangeDateTimeFilter),
        "is_pattern",
    ]
    list_select_related = ["watchlist", "feed"]
    search_fields = ["number"]
    search_help_text = NUMBER_HELP
    ordering = ["-id"]
    actions = ["renew", "end"]
    fields = [
        "watchlist", "number", "is_pattern", "country", "province", "vehicle", "reason",
        "case_number", "source", "confidence", "effective_from", "expires_at", "responsible",
        "feed", "created_at", "updated_at", "past",
    ]  # fmt: skip

    def readable(self, user: User) -> QuerySet[Entry]:
        # Django adds none of its own where a queryset brings some.
        return (
            entries_visible_to(user)
            .select_related("feed")
            .defer("feed__password", "feed__zip_password")
            .filter(organization__in=organizations_administered_by(user))
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        number = _number(request, search_term)
        if number is None:
            return queryset, False
        # As matching looks it up: by the index of folded numbers, which leaves patterns out.
        found = queryset.filter(
            organization__in=organizations_administered_by(person(request)),
            folded=fold(number),
            is_pattern=False,
        )
        return found, False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        entry = self.get_object(request, object_id)
        if entry is not None:
            record_audit_event(
                action=AuditEvent.Action.VIEWED,
                actor=person(request),
                organization=entry.watchlist.organization,
                target=entry,
            )
        return super().change_view(request, object_id, form_url, extra_context)

    def has_act_permission(self, request: HttpRequest) -> bool:
        return watchlists_changeable_by(person(request)).exists()

    @admin.action(description=_("Renew for as long as the list says"), permissions=["act"])
    def renew(self, request: HttpRequest, entries: QuerySet[Entry]) -> None:
        self._act(request, entries, renew_entry)

    @admin.action(description=_("End now"), permissions=["act"])
    def end(self, request: HttpRequest, entries: QuerySet[Entry]) -> None:
        self._act(request, entries, expire_entry)

    def _act(self, request: HttpRequest, entries: QuerySet[Entry], act: Any) -> None:
        mine = entries_changeable_by(person(request)).filter(
            pk__in=list(entries.values_list("pk", flat=True)[:AT_ONCE_MOST])
        )
        acted_on = list(mine)
        for entry in acted_on:
            act(entry=entry, actor=person(request))
        self.message_user(request, _("Changed: %d.") % len(acted_on), messages.SUCCESS)

    @labelled(_("state"), colors={"counts": "success", "ended": "default"})
    def state(self, entry: Entry) -> tuple[str, Any]:
        return ("ended", _("ended")) if entry.is_expired else ("counts", _("in force"))

    @admin.display(description=_("before it was in the list"))
    def past(self, entry: Entry) -> SafeString:
        return link_to("alerts:entry-past", entry.pk)


@admin.register(Hit)
class HitAdmin(UncountedList[Hit], ReadOnlyModelAdmin[Hit]):
    """Hits of lists whose hits the person may see, at cameras that it may see."""

    list_display = [
        "captured_at", "number", "province", "watchlist", "camera", "policy", "sure", "origin",
        "withdrawn_at",
    ]  # fmt: skip
    list_filter = [
        ("watchlist", ScopedRelatedFilter),
        ("camera", ScopedRelatedFilter),
        ("policy", ChoicesDropdownFilter),
        ("origin", ChoicesDropdownFilter),
        ("captured_at", RangeDateTimeFilter),
    ]
    list_select_related = ["watchlist", "camera"]
    search_fields = ["number"]
    search_help_text = _("A whole number, as it was read.")
    ordering = ["-id"]
    fields = [
        "captured_at", "matched_at", "watchlist", "camera", "origin", "number", "country",
        "province", "entry_number", "policy", "edits", "distance", "certainty", "province_agrees",
        "withdrawn_at", "passed",
    ]  # fmt: skip

    def readable(self, user: User) -> QuerySet[Hit]:
        return hits_visible_to(user).filter(organization__in=organizations_administered_by(user))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Hit], search_term: str
    ) -> tuple[QuerySet[Hit], bool]:
        number = _number(request, search_term)
        if number is None:
            return queryset, False
        return queryset.filter(number=number), False

    @admin.display(description=_("how sure"))
    def sure(self, hit: Hit) -> str:
        return f"{hit.certainty:.0%}"

    @admin.display(description=_("detection"))
    def passed(self, hit: Hit) -> SafeString:
        return link_to("detections:detail", hit.detection_id)


def _number(request: HttpRequest, search_term: str) -> str | None:
    """A number that somebody looks for, noted in the trail; None where nothing was asked."""
    if not search_term.strip():
        return None
    audit_plate_search(actor=person(request), term=search_term)
    try:
        return normalise(search_term)
    except PlateTextError:
        return ""  # no plate is written so
