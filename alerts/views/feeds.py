"""Pages of feeds and imports: how one is fetched and read, and what became of its updates."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from alerts.forms.feeds import FeedForm, ImportForm
from alerts.models import Feed, FeedRun
from alerts.selectors.feeds import feed_runs_visible_to, feeds_changeable_by
from alerts.selectors.watchlists import watchlists_changeable_by
from alerts.services.feeds.running import lines_read, queue_apply, queue_run, queue_upload
from alerts.services.feeds.setting_up import create_feed, delete_feed, update_feed
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
    """Let a worker fetch a feed and say what it would change."""
    return _start(request, feed_id, FeedRun.Work.TRY)


@login_required
@require_POST
def fetch_feed(request: HttpRequest, feed_id: UUID) -> HttpResponse:
    """Let a worker fetch a feed now, as the clock would."""
    return _start(request, feed_id, FeedRun.Work.FETCH)


def _start(request: HttpRequest, feed_id: UUID, work: FeedRun.Work) -> HttpResponse:
    user = user_of(request)
    run = queue_run(feed=_changeable(user, feed_id), actor=user, work=work)
    return redirect("alerts:run", run.pk)


@login_required
@require_http_methods(["GET", "POST"])
def import_file(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """A file of entries, shown as what it would change before it does."""
    user = user_of(request)
    watchlist = get_object_or_404(watchlists_changeable_by(user), pk=list_id)
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            run = queue_upload(watchlist=watchlist, actor=user, **form.wanted)
        except (LprError, ValidationError) as error:
            show_refusal(form, error)
        else:
            return redirect("alerts:run", run.pk)
    status = 422 if form.errors else 200
    context = {"watchlist": watchlist, "form": form}
    return render(request, "alerts/watchlist_import.html", context, status=status)


@login_required
@require_safe
def feed_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """An update: how far it is, and what it changes; a part of the page asks until it is done."""
    user = user_of(request)
    run = get_object_or_404(feed_runs_visible_to(user), pk=run_id)
    watchlist = run.feed.watchlist
    context = {
        "run": run,
        "watchlist": watchlist,
        "lines": lines_read(run) if run.is_under_way else 0,
        "may_change": watchlists_changeable_by(user).filter(pk=watchlist.pk).exists(),
    }
    is_part = "HX-Request" in request.headers
    return render(request, "alerts/_run.html" if is_part else "alerts/run.html", context)


@login_required
@require_POST
def apply_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Let a worker apply what a dry run showed, or what waits for a person."""
    user = user_of(request)
    run = get_object_or_404(feed_runs_visible_to(user), pk=run_id)
    get_object_or_404(watchlists_changeable_by(user), pk=run.feed.watchlist_id)
    try:
        queue_apply(run=run, actor=user)
    except LprError as error:
        messages.error(request, error.message)
    return redirect("alerts:run", run.pk)


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


def _page(request: HttpRequest, feed: Feed, form: FeedForm) -> HttpResponse:
    context = {
        "watchlist": feed.watchlist,
        "feed": feed,
        "form": form,
        "runs": feed.runs.all()[:RUNS],
    }
    return render(request, "alerts/feed.html", context, status=422 if form.errors else 200)
