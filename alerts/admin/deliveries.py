"""Every message that was or will be sent; what could not be delivered is sent again from here."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.models import User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from alerts.models import Delivery
from alerts.selectors.alerts import with_what_may_be_read
from alerts.services.sending import replay_delivery
from lpr_project.common.admin import (
    ReadOnlyModelAdmin,
    ScopedRelatedFilter,
    UncountedList,
    labelled,
    person,
)

_HIDDEN = _("an alert of a list or camera that you do not see")


def _may_be_read(delivery: Delivery) -> bool:
    return bool(getattr(delivery, "may_be_read", False))


@admin.register(Delivery)
class DeliveryAdmin(UncountedList[Delivery], ReadOnlyModelAdmin[Delivery]):
    """Deliveries."""

    list_display = [
        "created_at", "recipient", "what", "in_step", "how", "attempts", "sent_at", "last_error",
    ]  # fmt: skip
    list_filter = [("state", ChoicesDropdownFilter), ("endpoint", ScopedRelatedFilter)]
    list_select_related = ["endpoint", "alert"]
    ordering = ["-id"]
    actions = ["replay"]
    fields = [
        "created_at", "recipient", "what", "in_step", "how", "due_at", "sent_at", "attempts",
        "last_error", "tried", "said",
    ]  # fmt: skip

    def readable(self, user: User) -> QuerySet[Delivery]:
        deliveries = Delivery.objects.filter(organization__in=organizations_administered_by(user))
        return with_what_may_be_read(deliveries, user)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return organizations_managed_by(person(request)).exists()

    @admin.action(description=_("Send again, with the same key"), permissions=["replay"])
    def replay(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        mine = deliveries.filter(
            organization__in=organizations_managed_by(person(request)), state=Delivery.State.DEAD
        )
        chosen = list(mine[:1_000])
        for delivery in chosen:
            replay_delivery(delivery=delivery, actor=person(request))
        self.message_user(request, _("Sent again: %d.") % len(chosen), messages.SUCCESS)

    @admin.display(description=_("recipient"), ordering="endpoint__name")
    def recipient(self, delivery: Delivery) -> str:
        return delivery.endpoint.name

    @admin.display(description=_("step"))
    def in_step(self, delivery: Delivery) -> int:
        return delivery.step + 1

    @admin.display(description=_("message"))
    def what(self, delivery: Delivery) -> str:
        if delivery.alert_id and not _may_be_read(delivery):
            return str(_HIDDEN)
        return str(delivery.alert or delivery.get_kind_display())

    @labelled(
        _("state"),
        colors={
            "sent": "success",
            "pending": "info",
            "dead": "danger",
            "gathered": "default",
            "cancelled": "default",
        },
    )
    def how(self, delivery: Delivery) -> tuple[str, Any]:
        return delivery.state, delivery.get_state_display()

    @admin.display(description=_("tries"))
    def tried(self, delivery: Delivery) -> str:
        tries = delivery.tries.order_by("-id")[:50]
        return "\n".join(f"{one.at:%Y-%m-%d %H:%M:%S} · {one.took_ms} ms · {one}" for one in tries)

    @admin.display(description=_("what it says"))
    def said(self, delivery: Delivery) -> str:
        if not _may_be_read(delivery):
            return str(_HIDDEN)
        content = delivery.content
        return f"{content.get('subject', '')}\n{content.get('body', '')}".strip() or "-"
