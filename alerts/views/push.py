"""Browsers that a person allows to be told."""

import orjson
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from alerts.services.subscriptions import subscribe as subscribe_browser
from alerts.services.subscriptions import unsubscribe as unsubscribe_browser
from alerts.views.requests import user_of
from lpr_project.common.errors import LprError

BODY_MOST = 8 * 1024


@login_required
@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Take a browser's subscription, as its Push API gives it, or give it up."""
    try:
        wanted = orjson.loads(request.body[:BODY_MOST])
    except ValueError:
        wanted = None
    if not isinstance(wanted, dict):
        return JsonResponse({"message": "Send the subscription as JSON."}, status=400)
    user = user_of(request)
    try:
        if wanted.get("remove"):
            unsubscribe_browser(user=user, address=str(wanted["remove"]))
        else:
            agent = request.headers.get("User-Agent", "")
            subscribe_browser(user=user, subscription=wanted, user_agent=agent)
    except LprError as error:
        return JsonResponse({"message": error.message}, status=error.status)
    return HttpResponse(status=204)
