"""The admin's navigation, in plain words; everybody sees what opens for them."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

_GROUPS: tuple[tuple[Any, tuple[tuple[str, Any, str], ...]], ...] = (
    (
        _("Cameras"),
        (
            ("cameras.camera", _("Cameras"), "videocam"),
            ("cameras.cameragroup", _("Groups"), "folder"),
            ("cameras.camerastatus", _("How they fare"), "monitor_heart"),
        ),
    ),
    (
        _("What was read"),
        (
            ("detections.detection", _("Detections"), "center_focus_strong"),
            ("detections.cameraaccuracy", _("Accuracy"), "target"),
            ("detections.reviewentry", _("Decisions"), "fact_check"),
            ("detections.correctionrule", _("Correction rules"), "rule"),
            ("detections.correctionbatch", _("Batch corrections"), "published_with_changes"),
            ("detections.upload", _("Uploads"), "upload_file"),
            ("detections.funnelhour", _("Why or why not"), "filter_alt"),
        ),
    ),
    (
        _("Vehicles and plates"),
        (
            ("vehicles.plate", _("Plates"), "pin"),
            ("vehicles.platestatusentry", _("Status of plates"), "history_edu"),
            ("vehicles.ignoredplate", _("Ignored plates"), "visibility_off"),
            ("vehicles.vehicle", _("Vehicles"), "directions_car"),
            ("vehicles.tenure", _("Plates of vehicles"), "swap_horiz"),
            ("vehicles.tag", _("Tags"), "sell"),
            ("vehicles.customfield", _("Custom fields"), "edit_attributes"),
            ("vehicles.vehicleimport", _("Imports"), "upload_file"),
            ("vehicles.lookupsource", _("Registers"), "travel_explore"),
            ("vehicles.lookupresult", _("Look-ups"), "manage_search"),
        ),
    ),
    (
        _("Watchlists"),
        (
            ("alerts.watchlist", _("Watchlists"), "list_alt"),
            ("alerts.entry", _("Entries"), "playlist_add_check"),
            ("alerts.hit", _("Hits"), "my_location"),
            ("alerts.feed", _("Feeds"), "rss_feed"),
            ("alerts.feedrun", _("Updates of feeds"), "sync"),
        ),
    ),
    (
        _("Alerts"),
        (
            ("alerts.endpoint", _("Recipients"), "contact_mail"),
            ("alerts.escalationpolicy", _("Escalation"), "escalator"),
            ("alerts.messagetemplate", _("Message templates"), "edit_note"),
            ("alerts.delivery", _("Deliveries"), "outgoing_mail"),
        ),
    ),
    (
        _("People"),
        (
            ("accounts.membership", _("Members"), "group"),
            ("accounts.apikey", _("API keys"), "key"),
            ("accounts.organization", _("Organizations"), "corporate_fare"),
            ("accounts.accessreason", _("Reasons for access"), "help_center"),
            ("accounts.user", _("All people"), "person"),
            ("mfa.authenticator", _("Second factors"), "phonelink_lock"),
            ("accounts.auditevent", _("Audit trail"), "history"),
            ("reports.auditseal", _("Seals of the audit trail"), "link"),
            ("reports.export", _("Exports"), "download"),
            ("reports.signingkey", _("Signing keys"), "vpn_key"),
        ),
    ),
    (
        _("Schedules"),
        (
            ("django_celery_beat.periodictask", _("Tasks by the clock"), "schedule"),
            ("django_celery_beat.intervalschedule", _("Intervals"), "timelapse"),
            ("django_celery_beat.crontabschedule", _("Times of day"), "calendar_clock"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar's groups and links for one person."""
    first: dict[str, Any] = {
        "items": [
            {"title": _("State"), "icon": "dashboard", "link": reverse("admin:index")},
            {
                "title": _("Live page"),
                "icon": "play_circle",
                "link": reverse("detections:live"),
                "active": False,
            },
            {
                "title": _("For programs: the API"),
                "icon": "api",
                "link": reverse("api-docs"),
                "active": False,
            },
        ]
    }
    groups = [
        {"title": title, "separator": True, "items": [_link(request, *item) for item in items]}
        for title, items in _GROUPS
    ]
    return [first, *groups]


def _link(request: HttpRequest, label: str, title: Any, icon: str) -> dict[str, Any]:
    model = apps.get_model(label)
    page = admin.site._registry[model]  # noqa: SLF001  # no public name
    allowed = page.has_view_permission(request)
    url = reverse(f"admin:{label.replace('.', '_')}_changelist")
    return {"title": title, "icon": icon, "link": url, "permission": lambda _request: allowed}


def stylesheet(_request: HttpRequest) -> str:
    """What the product adds to Unfold's styles."""
    return static("admin_lpr/admin.css")


def fonts(_request: HttpRequest) -> str:
    """The pages' own letters, Thai included."""
    return static("lpr/fonts.css")


def theme(_request: HttpRequest) -> str:
    """Brings the pages' theme into the admin."""
    return static("admin_lpr/theme.js")


def icon(_request: HttpRequest) -> str:
    """The product's sign."""
    return static("lpr/icon.svg")
