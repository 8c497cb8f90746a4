"""Saved searches: one's own and shared ones, and the mails about what they find."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import ReasonDemandedError
from accounts.models import User
from accounts.selectors import organizations_of, stated_in
from cameras.selectors import camera_groups_visible_to, cameras_visible_to
from detections.criteria.criteria import Criteria
from detections.forms.search import SearchForm
from detections.models import SavedSearch, SearchSubscription
from detections.selectors.search import saved_searches_visible_to
from detections.services.saved_searches import (
    change_search,
    delete_search,
    save_search,
    subscribe,
    subscription_of,
    unsubscribe,
)
from detections.views.requests import ask_why, user_of
from lpr_project.common.errors import LprError


@login_required
@require_http_methods(["GET", "POST"])
def saved_searches(request: HttpRequest) -> HttpResponse:
    """What is saved; posting a search's query saves it."""
    user = user_of(request)
    if request.method == "POST":
        return _save(request, user)
    searches = list(saved_searches_visible_to(user))
    mine = SearchSubscription.objects.filter(user=user).values_list("search_id", "every")
    every, names, form = dict(mine), _names(user), SearchForm(QueryDict(), user=user)
    context = {
        "searches": [
            {
                "search": search,
                "query": search.criteria.as_query(),
                "said": say_criteria(search.criteria, form, names),
                "every": every.get(search.pk, ""),
                "is_own": search.owner_id == user.pk,
            }
            for search in searches
        ],
        "choices": SearchSubscription.Every.choices,
        "new": request.GET.get("new", ""),
    }
    return render(request, "detections/saved_searches.html", context)


def _save(request: HttpRequest, user: User) -> HttpResponse:
    organization = organizations_of(user).order_by("name").first()
    if organization is None:
        raise PermissionDenied
    try:
        criteria = Criteria.from_query(QueryDict(request.POST.get("query", "")))
        search = save_search(owner=user, organization=organization, criteria=criteria)
    except LprError as error:
        messages.error(request, error.message)
        return redirect("detections:search")
    messages.success(request, _("Saved. Give it a name, share it, or be told of what it finds."))
    answer = redirect("detections:saved-searches")
    answer["Location"] += f"?new={search.pk}"
    return answer


def _names(user: User) -> dict[str, str]:
    """Names of cameras and groups that the person sees, by their ids as text."""
    rows: list[Any] = [
        *cameras_visible_to(user).order_by().values_list("pk", "name"),
        *camera_groups_visible_to(user).order_by().values_list("pk", "name"),
    ]
    return {str(pk): name for pk, name in rows}


def say_criteria(
    criteria: Criteria, form: SearchForm, names: dict[str, str]
) -> list[tuple[str, str]]:
    """What criteria ask for, as labels and words; a camera that the person does not see is `?`."""
    said = []
    for name, value in criteria.as_json().items():
        field = form.fields[name]
        choices = dict(getattr(field.widget, "choices", ()) or getattr(field, "choices", ()))
        texts = value if isinstance(value, list) else [value]
        if name in {"camera", "group"}:
            words = [names.get(text, "?") for text in texts]
        elif name == "area":
            words = [_("as drawn")]
        else:
            words = [str(choices.get(text, text)) for text in texts]
        said.append((str(field.label), ", ".join(words)))
    return said


@login_required
@require_POST
def change(request: HttpRequest, search_id: UUID) -> HttpResponse:
    """Renames, shares or deletes a search of one's own, or tells how often to send mails."""
    user = user_of(request)
    search = get_object_or_404(saved_searches_visible_to(user), pk=search_id)
    match request.POST.get("do"):
        case "delete":
            delete_search(search=search, actor=user)
            messages.success(request, _("Deleted."))
        case "subscribe":
            return _subscribe(request, search, user)
        case _:
            change_search(
                search=search,
                actor=user,
                name=request.POST.get("name", ""),
                is_shared=request.POST.get("is_shared") == "on",
            )
            messages.success(request, _("Saved."))
    return redirect("detections:saved-searches")


def _subscribe(request: HttpRequest, search: SavedSearch, user: User) -> HttpResponse:
    every = request.POST.get("every", "")
    if every and every not in SearchSubscription.Every.values:
        raise PermissionDenied
    try:
        subscribe(search=search, user=user, every=every, stated=stated_in(request.session))
    except ReasonDemandedError:
        return ask_why(request, back_to="detections:saved-searches")
    messages.success(
        request,
        _("You get mails of what it finds from now on.") if every else _("You get no more mails."),
    )
    return redirect("detections:saved-searches")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def end_mails(request: HttpRequest) -> HttpResponse:
    """The link of a mail: asks once more, and ends the mails; programs for mail post at once."""
    token = request.GET.get("token", "")
    subscription = subscription_of(token)
    if subscription is None:
        raise PermissionDenied
    is_ended = request.method == "POST" and unsubscribe(token=token)
    context = {"search": subscription.search, "is_ended": is_ended}
    return render(request, "detections/unsubscribe.html", context)
