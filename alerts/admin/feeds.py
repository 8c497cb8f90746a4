"""Feeds of lists and what became of their updates; the page of a feed sets it up."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from accounts.models import User
from accounts.selectors import organizations_administered_by
from alerts.models import Feed, FeedRun
from alerts.selectors.feeds import feed_runs_visible_to, feeds_changeable_by, feeds_visible_to
from alerts.services.feeds.running import queue_run
from lpr_project.common.admin import (
    ReadOnlyModelAdmin,
    ScopedRelatedFilter,
    UncountedList,
    labelled,
    link_to,
    person,
)


@admin.register(Feed)
class FeedAdmin(ReadOnlyModelAdmin[Feed]):
    """Feeds of lists whose entries the person may see."""

    list_display = [
        "name", "watchlist", "kind", "format", "every_minutes", "state", "succeeded_at", "page",
    ]  # fmt: skip
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("format", ChoicesDropdownFilter),
        ("watchlist", ScopedRelatedFilter),
        ("organization", ScopedRelatedFilter),
        "is_active",
    ]
    list_select_related = ["watchlist"]
    search_fields = ["name"]
    ordering = ["name", "pk"]
    actions = ["fetch_now"]
    # Passwords are not among them.
    fields = [
        "name", "watchlist", "organization", "kind", "address", "username", "host_key", "format",
        "encoding", "mapping", "removes_missing", "problems_most", "every_minutes",
        "stale_after_hours", "is_active", "succeeded_at", "created_at", "updated_at",
    ]  # fmt: skip

    def readable(self, user: User) -> QuerySet[Feed]:
        # Without the passwords: one that cannot be decrypted must not close the list.
        return (
            feeds_visible_to(user)
            .defer("password", "zip_password")
            .filter(organization__in=organizations_administered_by(user))
        )

    def has_fetch_permission(self, request: HttpRequest) -> bool:
        return feeds_changeable_by(person(request)).exists()

    @admin.action(description=_("Fetch now"), permissions=["fetch"])
    def fetch_now(self, request: HttpRequest, feeds: QuerySet[Feed]) -> None:
        mine = feeds_changeable_by(person(request)).exclude(kind=Feed.Kind.UPLOAD)
        chosen = list(mine.filter(pk__in=feeds.order_by().values("pk")))
        for feed in chosen:
            queue_run(feed=feed, actor=person(request), work=FeedRun.Work.FETCH)
        self.message_user(request, _("Being fetched: %d.") % len(chosen), messages.SUCCESS)

    @labelled(_("state"), colors={"fresh": "success", "stale": "danger", "off": "default"})
    def state(self, feed: Feed) -> tuple[str, Any]:
        if not feed.is_active:
            return "off", _("switched off")
        return ("stale", _("stale")) if feed.is_stale else ("fresh", _("fresh"))

    @admin.display(description=_("page"))
    def page(self, feed: Feed) -> SafeString | str:
        if feed.kind == Feed.Kind.UPLOAD:
            return link_to("alerts:watchlist", feed.watchlist_id)
        return link_to("alerts:feed", feed.pk)


@admin.register(FeedRun)
class FeedRunAdmin(UncountedList[FeedRun], ReadOnlyModelAdmin[FeedRun]):
    """Updates of feeds."""

    list_display = [
        "started_at", "feed", "how", "sentence", "added", "changed", "removed", "problems_count",
        "actor", "page",
    ]  # fmt: skip
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("work", ChoicesDropdownFilter),
        ("feed", ScopedRelatedFilter),
        ("started_at", RangeDateTimeFilter),
    ]
    list_select_related = ["feed", "actor"]
    ordering = ["-id"]
    fields = [
        "feed", "work", "state", "sentence", "started_at", "finished_at", "rows", "added",
        "changed", "removed", "unchanged", "kept", "problems_count", "actor", "page",
    ]  # fmt: skip

    def readable(self, user: User) -> QuerySet[FeedRun]:
        return (
            feed_runs_visible_to(user)
            .select_related("actor")
            .defer("feed__password", "feed__zip_password")
            .filter(feed__organization__in=organizations_administered_by(user))
        )

    @labelled(
        _("state"),
        colors={
            "queued": "info",
            "running": "info",
            "tried": "default",
            "waiting": "warning",
            "applied": "success",
            "unchanged": "default",
            "failed": "danger",
        },
    )
    def how(self, run: FeedRun) -> tuple[str, Any]:
        return run.state, run.get_state_display()

    @admin.display(description=_("page"))
    def page(self, run: FeedRun) -> SafeString:
        return link_to("alerts:run", run.pk)
