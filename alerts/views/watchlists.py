"""Pages of watchlists, their entries, imports, changes and hits."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import ReasonDemandedError
from accounts.models import Role, User
from accounts.selectors import MANAGING_ROLES, organizations_of, stated_in
from alerts.forms.entries import EntryForm
from alerts.forms.lists import WatchlistForm
from alerts.models import Entry, Watchlist
from alerts.models.watchlists import READERS
from alerts.selectors.feeds import feeds_visible_to
from alerts.selectors.previews import preview_entry
from alerts.selectors.watchlists import (
    changes_visible_to,
    ending_soon,
    entries_changeable_by,
    entries_visible_to,
    hits_visible_to,
    watchlists_changeable_by,
    watchlists_visible_to,
    watchlists_with_entries_visible_to,
)
from alerts.services.changes import undo_change
from alerts.services.entries import (
    add_entry,
    delete_entry,
    entry_number,
    entry_place,
    expire_entry,
    note_entry_search,
    renew_entry,
    update_entry,
)
from alerts.services.watchlists import archive_watchlist, create_watchlist, update_watchlist
from alerts.views.panels import entry_of
from alerts.views.requests import ask_why, show_refusal, user_of, why_of
from detections.criteria.criteria import Criteria, match_of
from detections.services.searching import note_search
from lpr_project.common.errors import LprError
from lpr_project.common.page_keys import only_key_in
from lpr_project.common.pages import offered_to
from vehicles.plates.provinces import PROVINCES
from vehicles.plates.text import PlateTextError, normalise_part
from vehicles.selectors import reads_plates_of

ROWS = 50
ASKED_MOST = 64
COUNTED_MOST = 1_000
CHANGES = 20


# A list may be shown to viewers, too; new ones are not.
@offered_to(*READERS, Role.OWNER, or_if=lambda user: watchlists_visible_to(user).exists())
@login_required
@require_safe
def watchlists(request: HttpRequest) -> HttpResponse:
    """All lists that the person may see."""
    user = user_of(request)
    now = timezone.now()
    in_force = Q(entries__expires_at__isnull=True) | Q(entries__expires_at__gt=now)
    lists = watchlists_visible_to(user).annotate(entries_count=Count("entries", filter=in_force))
    context = {
        "lists": lists,
        "may_add": organizations_of(user, *MANAGING_ROLES).exists(),
        "stale": [feed for feed in feeds_visible_to(user) if feed.is_stale],
    }
    return render(request, "alerts/watchlists.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, list_id: UUID | None = None) -> HttpResponse:
    """A new list, or the rules of one."""
    user = user_of(request)
    watchlist = _changeable(user, list_id) if list_id else None
    form = WatchlistForm(request.POST or None, instance=watchlist, user=user)
    if request.method == "POST" and form.is_valid():
        saved = _save_list(form, watchlist, user)
        if saved is not None:
            return redirect("alerts:watchlist", saved.pk)
    status = 422 if form.errors else 200
    context = {"form": form, "watchlist": watchlist}
    return render(request, "alerts/watchlist_edit.html", context, status=status)


def _save_list(form: WatchlistForm, watchlist: Watchlist | None, user: User) -> Watchlist | None:
    fields = dict(form.cleaned_data)
    reason, organization = fields.pop("change_reason"), fields.pop("organization")
    try:
        if watchlist is None:
            return create_watchlist(organization=organization, actor=user, reason=reason, **fields)
        return update_watchlist(watchlist=watchlist, actor=user, reason=reason, **fields)
    except (LprError, ValidationError) as error:
        show_refusal(form, error)
        return None


def _changeable(user: User, list_id: UUID) -> Watchlist:
    return get_object_or_404(watchlists_changeable_by(user), pk=list_id)


@login_required
@require_http_methods(["GET", "POST"])
def watchlist(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """One list with its entries; a POST adds an entry."""
    user = user_of(request)
    found = get_object_or_404(watchlists_visible_to(user), pk=list_id)
    may_change = watchlists_changeable_by(user).filter(pk=found.pk).exists()
    named = entry_of(user, request.GET.get("plate", "")) if may_change else {}
    form = EntryForm(request.POST or None, initial=named, watchlist=found)
    if request.method == "POST":
        found = _changeable(user, list_id)
        added = _add(form, found, user) if form.is_valid() else None
        if added is not None:
            return redirect(f"{reverse('alerts:watchlist', args=[found.pk])}?added={added.pk}")
    entries = entries_visible_to(user).filter(watchlist=found)
    asked = request.GET.get("q", "").strip()[:ASKED_MOST]
    if asked:
        try:
            note_entry_search(
                watchlist=found, actor=user, term=asked, stated=stated_in(request.session)
            )
        except ReasonDemandedError:
            return ask_why(request)
    ending = entries.filter(ending_soon(found))
    shows_ending = "ending" in request.GET
    rows = _searched(ending if shows_ending else entries, asked)[: ROWS + 1]
    context = {
        "watchlist": found,
        "form": form,
        "may_change": may_change,
        "may_see_entries": watchlists_with_entries_visible_to(user).filter(pk=found.pk).exists(),
        "entries": rows[:ROWS],
        "has_more": len(rows) > ROWS,
        "asked": asked,
        "ending": ending.order_by()[:COUNTED_MOST].count(),
        "shows_ending": shows_ending,
        "added": _added(entries, request.GET.get("added", "")),
        "hits": hits_visible_to(user)
        .filter(watchlist=found)
        .annotate(plate_id=F("detection__plate_id"))[:5],
        "readable": reads_plates_of(user),
        "changes": changes_visible_to(user).filter(watchlist=found)[:CHANGES],
        "feeds": feeds_visible_to(user).filter(watchlist=found),
        "provinces": PROVINCES,
    }
    is_part = "HX-Request" in request.headers
    template = "alerts/_entries.html" if is_part else "alerts/watchlist.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _searched(entries: QuerySet[Entry], asked: str) -> QuerySet[Entry]:
    if not asked:
        return entries
    wanted = Q(case_number__iexact=asked)
    with suppress(PlateTextError):
        wanted |= Q(number__startswith=normalise_part(asked))
    return entries.filter(wanted)


def _added(entries: QuerySet[Entry], pk: str) -> Entry | None:
    try:
        return entries.filter(pk=UUID(pk)).first() if pk else None
    except ValueError:
        return None


def _wanted(form: EntryForm) -> tuple[dict[str, Any], str]:
    """What a form says of an entry, and why."""
    fields = {name: value for name, value in form.cleaned_data.items() if value is not None}
    reason = fields.pop("change_reason", "")
    del fields["never_ends"]
    return {**fields, **form.end}, reason


def _add(form: EntryForm, watchlist: Watchlist, user: User) -> Entry | None:
    fields, reason = _wanted(form)
    try:
        return add_entry(watchlist=watchlist, actor=user, change_reason=reason, **fields)
    except (LprError, ValidationError) as error:
        show_refusal(form, error)
        return None


@login_required
@require_http_methods(["GET", "POST"])
def edit_entry(request: HttpRequest, listed_id: UUID) -> HttpResponse:
    """What an entry says, changed with a reason."""
    user = user_of(request)
    entry = get_object_or_404(entries_changeable_by(user), pk=listed_id)
    form = EntryForm(request.POST or None, instance=entry, watchlist=entry.watchlist)
    if request.method == "POST" and form.is_valid() and _change(form, entry, user):
        return redirect("alerts:watchlist", entry.watchlist_id)
    context = {
        "entry": entry,
        "watchlist": entry.watchlist,
        "form": form,
        "provinces": PROVINCES,
    }
    status = 422 if form.errors else 200
    return render(request, "alerts/entry.html", context, status=status)


def _change(form: EntryForm, entry: Entry, user: User) -> bool:
    fields, reason = _wanted(form)
    fields["responsible"] = form.cleaned_data.get("responsible")
    try:
        update_entry(entry=entry, actor=user, change_reason=reason, **fields)
    except (LprError, ValidationError) as error:
        show_refusal(form, error)
        return False
    return True


@login_required
@require_POST
def entry_act(request: HttpRequest, listed_id: UUID) -> HttpResponse:
    """Renew, expire or delete an entry."""
    user = user_of(request)
    entry = get_object_or_404(entries_visible_to(user), pk=listed_id)
    _changeable(user, entry.watchlist_id)
    acts = {"renew": renew_entry, "expire": expire_entry, "delete": delete_entry}
    act = acts.get(request.POST.get("do", ""))
    why = why_of(request)
    if act is not None and why is not None:
        act(entry=entry, actor=user, change_reason=why)
    return redirect("alerts:watchlist", entry.watchlist_id)


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What an entry would accept by rules that are not saved yet; a part of a page."""
    user = user_of(request)
    number = request.POST.get("number") or request.POST.get("preview_number", "")
    context: dict[str, Any] = {}
    if number.strip():
        try:
            context |= _preview(request, user, number)
        except LprError as error:
            context["sentence"] = error.message
            context["is_demand"] = isinstance(error, ReasonDemandedError)
        except (ValueError, ValidationError):
            context["sentence"] = _(
                "The page sent something that is not understood. Load it again."
            )
    return render(request, "alerts/_preview.html", context)


def _note(request: HttpRequest, user: User, number: str) -> str:
    """A preview finds plates as a search does; asked again of the same number it is one."""
    return note_search(
        actor=user,
        criteria=Criteria(text=number, match=match_of(number)),
        stated=stated_in(request.session),
        noted=request.POST.get("noted", ""),
    )


def _preview(request: HttpRequest, user: User, number: str) -> dict[str, Any]:
    asked = request.POST
    if asked.get("list"):
        rules = get_object_or_404(watchlists_with_entries_visible_to(user), pk=asked["list"])
    else:
        managed = organizations_of(user, *MANAGING_ROLES)
        rules = Watchlist(
            organization=get_object_or_404(managed, pk=asked.get("organization") or 0),
            match=asked.get("match", "exact"),
            edits_most=2 if asked.get("edits_most") == "2" else 1,
            province_rule=asked.get("province_rule", "if_known"),
            country_rule=asked.get("country_rule", "if_known"),
        )
        rules.clean_fields(exclude=["name"])
    country, province = entry_place(asked.get("country", ""), asked.get("province", ""))
    number = entry_number(number)
    noted = _note(request, user, number)
    found = preview_entry(rules, number=number, country=country, province=province)
    return {"noted": noted, "preview": found}


@login_required
@require_POST
def archive(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """Take a list out of use."""
    user = user_of(request)
    found, why = _changeable(user, list_id), why_of(request)
    if why is None:
        return redirect("alerts:watchlist-edit", found.pk)
    archive_watchlist(watchlist=found, actor=user, reason=why)
    return redirect("alerts:watchlists")


@login_required
@require_POST
def undo(request: HttpRequest, change_id: int) -> HttpResponse:
    """Take a change back."""
    user = user_of(request)
    change = get_object_or_404(changes_visible_to(user), pk=change_id)
    _changeable(user, change.watchlist_id)
    try:
        undo_change(change=change, actor=user)
        messages.success(request, _("The change was taken back."))
    except LprError as error:
        messages.error(request, error.message)
    return redirect("alerts:watchlist", change.watchlist_id)


@login_required
@require_safe
def hits(request: HttpRequest) -> HttpResponse:
    """Hits, the newest first."""
    user = user_of(request)
    found = hits_visible_to(user).annotate(plate_id=F("detection__plate_id"))
    if before := only_key_in(request, "before"):
        found = found.filter(pk__lt=before)
    rows = list(found[: ROWS + 1])
    lists = set(watchlists_with_entries_visible_to(user).values_list("pk", flat=True))
    context = {
        "hits": rows[:ROWS],
        "next": rows[ROWS - 1].pk if len(rows) > ROWS else None,
        "open_lists": lists,
        "readable": reads_plates_of(user),
    }
    return render(request, "alerts/hits.html", context)
