"""Pages of feeds: how one is fetched and read, a try of it, and what became of its updates."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from alerts.forms import FeedForm
from alerts.models import Feed
from alerts.selectors.feeds import feeds_changeable_by
from alerts.selectors.watchlists import watchlists_changeable_by
from alerts.services.feeds.setting_up import create_feed, delete_feed, update_feed
from alerts.services.feeds.updating import try_feed
from alerts.views.requests import show_refusal, user_of
from lpr_project.common.errors import LprError

RUNS = 20


@login_required
@require_http_methods(["GET", "POST"])
def new_feed(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """A feed that a list is to follow."""
    user = user_of(request)
    watchlist = get_object_or_404(watchlists_changeable_by(user), pk=list_id)
    form = FeedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            feed = create_feed(watchlist=watchlist, actor=user, **form.cleaned_data)
        except (LprError, ValidationError) as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("The feed is saved. Try it before it is fetched."))
            return redirect("alerts:feed", feed.pk)
    status = 422 if form.errors else 200
    context = {"watchlist": watchlist, "form": form}
    return render(request, "alerts/feed.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def change_feed(request: HttpRequest, feed_id: UUID) -> HttpResponse:
    """How a feed is fetched and read, and its last updates."""
    user = user_of(request)
    feed = _changeable(user, feed_id)
    form = FeedForm(request.POST or None, instance=feed)
    if request.method == "POST" and form.is_valid():
        try:
            update_feed(feed=feed, actor=user, **form.cleaned_data)
        except (LprError, ValidationError) as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("The feed is saved."))
            return redirect("alerts:feed", feed.pk)
    return _page(request, feed, form)


@login_required
@require_POST
def attempt_feed(request: HttpRequest, feed_id: UUID) -> HttpResponse:
    """Fetch a feed and show what it would change."""
    user = user_of(request)
    feed = _changeable(user, feed_id)
    run = try_feed(feed=feed, actor=user)
    return _page(request, feed, FeedForm(instance=feed), run=run)


@login_required
@require_POST
def remove_feed(request: HttpRequest, feed_id: UUID) -> HttpResponse:
    """Follow a feed no more; its entries stay."""
    user = user_of(request)
    feed = _changeable(user, feed_id)
    delete_feed(feed=feed, actor=user)
    return redirect("alerts:watchlist", feed.watchlist_id)


def _changeable(user: User, feed_id: UUID) -> Feed:
    fetched = feeds_changeable_by(user).exclude(kind=Feed.Kind.UPLOAD)
    return get_object_or_404(fetched, pk=feed_id)


def _page(request: HttpRequest, feed: Feed, form: FeedForm, **more: Any) -> HttpResponse:
    context = {
        "watchlist": feed.watchlist,
        "feed": feed,
        "form": form,
        "runs": feed.runs.all()[:RUNS],
        **more,
    }
    return render(request, "alerts/feed.html", context, status=422 if form.errors else 200)
