"""Rules, built in a form and held against the past before they are switched on."""

from datetime import timedelta
from typing import Any

import orjson
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import ReasonDemandedError
from accounts.models import Organization, User
from accounts.selectors import MANAGING_ROLES, organizations_of, stated_in
from alerts.models import EscalationPolicy, Rule, Watchlist
from alerts.selectors.alerts import rules_managed_by
from alerts.services.rules.conditions import KINDS, kinds_for, leaves_of
from alerts.services.rules.keeping import check_rule, delete_rule, save_rule
from alerts.services.rules.looking_back import LookBack, look_back
from alerts.views.requests import user_of
from cameras.models import Camera
from detections.criteria.criteria import Criteria
from detections.models import Detection
from detections.services.searching import note_search
from lpr_project.common.errors import LprError
from lpr_project.common.page_keys import number_of

BODY_MOST = 256 * 1024
SHADOW_DAYS = 7
OFFERED_MOST = 1_000
NUMBERS = {"threshold": 5, "priority": 50, "cooldown_seconds": 300}
DAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


@login_required
@require_safe
def rule_list(request: HttpRequest) -> HttpResponse:
    """Rules, and how often those in shadow would have fired."""
    user = user_of(request)
    _require_manager(user)
    since = timezone.now() - timedelta(days=SHADOW_DAYS)
    shadow = Count("shadow_firings", filter=Q(shadow_firings__at__gte=since))
    rules = rules_managed_by(user).annotate(shadow_count=shadow).order_by("name")
    return render(request, "alerts/rules.html", {"rules": rules, "days": SHADOW_DAYS})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_rule(request: HttpRequest) -> HttpResponse:
    """Make a rule."""
    user = user_of(request)
    _require_manager(user)
    organizations = organizations_of(user, *MANAGING_ROLES)
    chosen = number_of(request.GET.get("organization", ""))
    mine = organizations if chosen is None else organizations.filter(pk=chosen)
    organization = mine.first()
    if organization is None:
        raise Http404
    return _answer(request, Rule(organization=organization))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_rule(request: HttpRequest, alert_rule_id: int) -> HttpResponse:
    """Change a rule."""
    rule = get_object_or_404(rules_managed_by(user_of(request)), pk=alert_rule_id)
    return _answer(request, rule)


@login_required
@require_POST
def remove_rule(request: HttpRequest, alert_rule_id: int) -> HttpResponse:
    """Take a rule away."""
    rule = get_object_or_404(rules_managed_by(user_of(request)), pk=alert_rule_id)
    delete_rule(rule=rule, actor=user_of(request))
    return redirect("alerts:rules")


@login_required
@require_POST
def try_rule(request: HttpRequest) -> HttpResponse:
    """How often a rule, saved or not, would have fired in the last week."""
    user = user_of(request)
    wanted = _wanted(request)
    organizations = organizations_of(user, *MANAGING_ROLES)
    chosen = wanted.get("organization")
    organization = organizations.filter(pk=chosen if isinstance(chosen, int) else 0).first()
    if organization is None:
        raise Http404
    # A name of its own: one that is only tried may be called like another.
    rule = Rule(organization=organization, name=f"try {timezone.now().timestamp()}")
    wanted.pop("name", None)
    try:
        check_rule(rule=rule, wanted=wanted, actor=user)
        if rule.trigger != Rule.Trigger.PASS:
            message = _("What was is only known of passes, not of cameras, feeds and disks.")
            return JsonResponse({"message": str(message)}, status=400)
        _note(request, rule)
        found = look_back(rule=rule, user=user)
    except (LprError, ValidationError) as error:
        return _refusal(error)
    return JsonResponse(_shown(found))


def _note(request: HttpRequest, rule: Rule) -> None:
    """Passes of the past are looked up: noted by the plates that the rule names, if any."""
    named = [leaf["pattern"] for leaf in leaves_of(rule.conditions) if leaf["kind"] == "plate"]
    for pattern in dict.fromkeys(named or [""]):
        note_search(
            actor=user_of(request),
            criteria=Criteria(text=pattern, match="wildcard" if pattern else ""),
            stated=stated_in(request.session),
        )


def _shown(found: LookBack) -> dict[str, Any]:
    return {
        "alerts": found.alerts,
        "firings": found.firings,
        "passes": found.passes,
        "since": found.since.isoformat(),
        "is_whole": found.is_whole,
        "examples": [
            {
                "url": reverse("detections:detail", args=[one.pk]),
                "number": one.shown_number,
                "camera": one.camera.name,
                "at": one.captured_at.isoformat(),
            }
            for one in found.examples
        ],
    }


def _require_manager(user: User) -> None:
    if not organizations_of(user, *MANAGING_ROLES).exists():
        raise Http404


def _answer(request: HttpRequest, rule: Rule) -> HttpResponse:
    if request.method != "POST":
        return render(request, "alerts/rule.html", {"rule": rule, "page": _page(rule)})
    try:
        save_rule(rule=rule, wanted=_wanted(request), actor=user_of(request))
    except (LprError, ValidationError) as error:
        return _refusal(error)
    return JsonResponse({"url": reverse("alerts:rules")})


def _wanted(request: HttpRequest) -> dict[str, Any]:
    """What the page sent; of a wrong kind it is refused where it is checked."""
    try:
        body = request.body[:BODY_MOST]
        # PostgreSQL keeps no NUL, neither in a text nor in JSON.
        wanted = None if b"\\u0000" in body else orjson.loads(body)
    except ValueError:
        wanted = None
    if not isinstance(wanted, dict):
        return {"conditions": None}
    for name, usual in NUMBERS.items():
        value = wanted.get(name, usual)
        wanted[name] = value if isinstance(value, int) else -1
    for name in ("is_active", "is_shadow"):
        wanted[name] = bool(wanted.get(name))
    policy = wanted.get("policy_id")
    wanted["policy_id"] = policy if isinstance(policy, int) else None
    wanted.setdefault("conditions", {})
    return wanted


def _refusal(error: LprError | ValidationError) -> JsonResponse:
    if isinstance(error, ReasonDemandedError):
        said = {"message": error.message, "reason_url": reverse("accounts:reason")}
        return JsonResponse(said, status=error.status)
    if isinstance(error, LprError):
        return JsonResponse({"message": error.message}, status=error.status)
    return JsonResponse({"message": " ".join(error.messages)}, status=400)


def _page(rule: Rule) -> dict[str, Any]:
    organization = rule.organization
    return {
        "rule": {
            "organization": organization.pk,
            "name": rule.name,
            "trigger": rule.trigger,
            "threshold": rule.threshold,
            "conditions": rule.conditions,
            "priority": rule.priority,
            "cooldown_seconds": rule.cooldown_seconds,
            "policy_id": rule.policy_id,
            "is_active": rule.is_active,
            "is_shadow": rule.is_shadow,
        },
        "kinds": [
            [kind, str(label), [str(one) for one in Rule.Trigger if kind in kinds_for(one)]]
            for kind, label in KINDS.items()
        ],
        "triggers": [[str(value), str(label)] for value, label in Rule.Trigger.choices],
        "policies": list(
            EscalationPolicy.objects.filter(organization=organization).values_list("pk", "name")
        ),
        "choices": _choices(organization),
        "days": [str(day) for day in DAYS],
        "try": reverse("alerts:try-rule"),
    }


def _choices(organization: Organization) -> dict[str, list[list[str]]]:
    lists = Watchlist.objects.filter(organization=organization, is_archived=False)
    cameras = Camera.objects.filter(organization=organization, is_archived=False)
    return {
        "list": [[str(one.pk), one.name] for one in lists.order_by("name")[:OFFERED_MOST]],
        "camera": [[str(one.pk), one.name] for one in cameras.order_by("name")[:OFFERED_MOST]],
        "category": [[str(value), str(label)] for value, label in Watchlist.Category.choices],
        "vehicle": [[str(value), str(label)] for value, label in Detection.VehicleKind.choices],
    }
