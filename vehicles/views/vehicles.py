"""The list of vehicles, one vehicle, and what people write about it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import AuditEvent, User
from accounts.selectors import organizations_of, stated_in
from accounts.services import record_audit_event
from lpr_project.common.errors import LprError
from lpr_project.common.page_keys import only_key_in
from lpr_project.common.pages import offered_to
from vehicles.forms import SpanForm, TenureForm, VehicleFilterForm, VehicleForm, show_refusal
from vehicles.models import CustomField, Plate, Tenure, Vehicle
from vehicles.plates.provinces import PROVINCES
from vehicles.selectors import (
    EDITING_ROLES,
    READING_ROLES,
    custom_fields_of,
    edits_vehicles,
    sees_owners,
    vehicles_found,
    vehicles_visible_to,
)
from vehicles.services.audit import audit_plate_search
from vehicles.services.registrations import (
    assign_plate,
    change_tenure,
    ensure_plate,
    read_registration,
    remove_tenure,
)
from vehicles.services.vehicles import delete_vehicle, save_vehicle
from vehicles.views.requests import asked_why, draw, user_of

PAGE_ROWS = 50
# What a list should say of a plate.
_TELLING = {Plate.Status.STOLEN, Plate.Status.EXPIRED}


@offered_to(*READING_ROLES)
@login_required
@require_GET
def vehicle_list(request: HttpRequest) -> HttpResponse:
    """Newest first, page by key; nothing is ever counted."""
    user = user_of(request)
    form = VehicleFilterForm(request.GET, user=user)
    asked = form.asked
    wanted = vehicles_found(vehicles_visible_to(user), **asked)
    after = only_key_in(request, "after")
    # Each page of it: whoever makes up where it begins stands in the trail all the same.
    if asked["text"]:
        if ask := asked_why(request):
            return ask
        audit_plate_search(
            actor=user,
            term=asked["text"],
            filters={"page": "vehicles"},
            **stated_in(request.session)._asdict(),
        )
    found = _page(wanted, after)
    query = request.GET.copy()
    query.pop("after", None)
    context = {
        "form": form,
        "rows": [_row(vehicle) for vehicle in found[:PAGE_ROWS]],
        "older": found[PAGE_ROWS - 1].pk if len(found) > PAGE_ROWS else None,
        "is_first": after is None,
        "query": query.urlencode(),
        "may_read": organizations_of(user, *READING_ROLES).exists(),
        "may_edit": organizations_of(user, *EDITING_ROLES).exists(),
    }
    return render(request, "vehicles/list.html", context)


def _page(wanted: QuerySet[Vehicle], after: UUID | None) -> list[Vehicle]:
    if after is not None:
        wanted = wanted.filter(pk__lt=after)
    plates = Prefetch("plates", Plate.objects.order_by("-last_seen_at"))
    return list(wanted.prefetch_related(plates, "tags")[: PAGE_ROWS + 1])


def _row(vehicle: Vehicle) -> dict[str, Any]:
    plates = list(vehicle.plates.all())
    seen = max((plate.last_seen_at for plate in plates if plate.was_seen), default=None)
    return {
        "vehicle": vehicle,
        "plates": [draw(plate) for plate in plates[:2]],
        "more_plates": max(len(plates) - 2, 0),
        "statuses": sorted(
            {p.status for p in plates} & {Plate.Status.STOLEN, Plate.Status.EXPIRED}
        ),
        "last_seen_at": seen,
    }


@login_required
@require_GET
def vehicle_detail(request: HttpRequest, vehicle_id: UUID) -> HttpResponse:
    """Everything that is known of a vehicle; opening it is audited."""
    user = user_of(request)
    vehicle = _visible(user, vehicle_id)
    if ask := asked_why(request, vehicle.organization):
        return ask
    record_audit_event(
        action=AuditEvent.Action.VIEWED,
        actor=user,
        target=vehicle,
        **stated_in(request.session)._asdict(),
    )
    return _show(request, vehicle, TenureForm())


def _show(
    request: HttpRequest, vehicle: Vehicle, form: TenureForm, status: int = 200
) -> HttpResponse:
    user = user_of(request)
    tenures = list(vehicle.tenures.select_related("plate"))
    context = {
        "vehicle": vehicle,
        "tenures": [(tenure, draw(tenure.plate)) for tenure in tenures],
        "current": [draw(t.plate) for t in tenures if t.plate.vehicle_id == vehicle.pk],
        "custom": _custom(vehicle),
        "may_edit": edits_vehicles(user, vehicle.organization),
        "may_see_owner": sees_owners(user, vehicle.organization),
        "form": form,
        "provinces": PROVINCES,
    }
    return render(request, "vehicles/detail.html", context, status=status)


def _custom(vehicle: Vehicle) -> list[tuple[str, Any]]:
    """Names and values of the custom fields that the vehicle has values of."""
    fields = custom_fields_of(vehicle.organization)
    held = [field for field in fields if field.key in vehicle.custom]
    return [(field.label, _in_words(field, vehicle.custom[field.key])) for field in held]


def _in_words(field: CustomField, value: Any) -> Any:
    if field.kind == CustomField.Kind.FLAG:
        return _("yes") if value else _("no")
    return value


def _visible(user: User, vehicle_id: UUID) -> Vehicle:
    return get_object_or_404(
        vehicles_visible_to(user).select_related("organization").prefetch_related("tags"),
        pk=vehicle_id,
    )


@login_required
@require_http_methods(["GET", "POST"])
def vehicle_new(request: HttpRequest) -> HttpResponse:
    """Write about a vehicle that is not known yet."""
    user = user_of(request)
    if not organizations_of(user, *EDITING_ROLES).exists():
        messages.error(request, _("Only operators and managers add vehicles."))
        return redirect("vehicles:list")
    form = VehicleForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        organization = form.home or form.cleaned_data["organization"]
        vehicle = Vehicle(organization=organization)
        if _save(form, vehicle, user):
            return redirect("vehicles:detail", vehicle.pk)
    status = 422 if form.errors else 200
    return render(request, "vehicles/edit.html", {"form": form}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def vehicle_edit(request: HttpRequest, vehicle_id: UUID) -> HttpResponse:
    """Change what is written about a vehicle."""
    user = user_of(request)
    vehicle = _visible(user, vehicle_id)
    if not edits_vehicles(user, vehicle.organization):
        messages.error(request, _("Only operators and managers change vehicles."))
        return redirect("vehicles:detail", vehicle.pk)
    form = VehicleForm(request.POST or None, user=user, vehicle=vehicle)
    if request.method == "POST" and form.is_valid() and _save(form, vehicle, user):
        messages.success(request, _("Saved."))
        return redirect("vehicles:detail", vehicle.pk)
    status = 422 if form.errors else 200
    context = {"form": form, "vehicle": vehicle}
    return render(request, "vehicles/edit.html", context, status=status)


def _save(form: VehicleForm, vehicle: Vehicle, user: User) -> bool:
    try:
        save_vehicle(vehicle=vehicle, changes=form.changes, actor=user)
    except LprError as error:
        form.take_refusal(error)
    except ValidationError as error:
        show_refusal(form, error)
    return not form.errors


@login_required
@require_POST
def vehicle_delete(request: HttpRequest, vehicle_id: UUID) -> HttpResponse:
    """Forget a vehicle; its plates and their passes stay."""
    user = user_of(request)
    vehicle = _visible(user, vehicle_id)
    try:
        delete_vehicle(vehicle=vehicle, actor=user)
    except LprError as error:
        messages.error(request, error.message)
        return redirect("vehicles:detail", vehicle_id)
    messages.success(
        request, _("The vehicle is deleted. Its plates and where they were seen stay.")
    )
    return redirect("vehicles:list")


@login_required
@require_POST
def plate_add(request: HttpRequest, vehicle_id: UUID) -> HttpResponse:
    """Give a vehicle a plate, which need not have been seen."""
    user = user_of(request)
    vehicle = _visible(user, vehicle_id)
    form = TenureForm(request.POST)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            key = read_registration(asked["number"], asked["country"], asked["province"])
            with transaction.atomic():
                assign_plate(
                    vehicle=vehicle,
                    plate=ensure_plate(organization=vehicle.organization, key=key),
                    since=asked["since"],
                    until=asked["until"],
                    actor=user,
                )
        except LprError as error:
            show_refusal(form, error)
    if form.errors:
        return _show(request, vehicle, form, status=422)
    return redirect("vehicles:detail", vehicle.pk)


@login_required
@require_POST
def tenure_change(request: HttpRequest, tenure_id: int) -> HttpResponse:
    """Set from when until when a vehicle had a plate, or take the plate off it."""
    user = user_of(request)
    seen = Tenure.objects.filter(vehicle__in=vehicles_visible_to(user).order_by())
    tenure = get_object_or_404(seen.select_related("vehicle__organization"), pk=tenure_id)
    vehicle_id = tenure.vehicle_id
    form = SpanForm(request.POST)
    try:
        if request.POST.get("do") == "remove":
            remove_tenure(tenure=tenure, actor=user)
        elif form.is_valid():
            span = form.cleaned_data
            change_tenure(tenure=tenure, since=span["since"], until=span["until"], actor=user)
        else:
            messages.error(request, _("Write dates as 2026-01-31."))
    except LprError as error:
        messages.error(request, error.message)
    return redirect("vehicles:detail", vehicle_id)
