"""Doors for machines that watch this one: alive, and ready with a sentence for each part."""

import shutil
import tempfile
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address
from secrets import compare_digest

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from detections.recognition.errors import RecognitionError
from detections.recognition.registry import ModelRegistry
from detections.services.keeping.forecast import warnings as disk_warnings
from lpr_project.common.heartbeat import PROCESSES, is_alive

Part = Callable[[], str]


@require_safe
@never_cache
def alive(_request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "alive"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Whether every part works, 503 where one does not; to those who may know, which and why."""
    parts = {name: look() for name, look in PARTS.items()}
    is_ready = not any(parts.values())
    answer: dict[str, object] = {"status": "ready" if is_ready else "not ready"}
    if _may_know(request):
        answer["parts"] = {name: sentence or "works" for name, sentence in parts.items()}
        # What fills is told before it fails; it takes no server out of service.
        answer["warnings"] = disk_warnings()
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse(answer, status=status)


def has_metrics_token(request: HttpRequest) -> bool:
    """Whether the request carries LPR_METRICS_TOKEN."""
    expected = f"Bearer {settings.METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    return bool(settings.METRICS_TOKEN) and compare_digest(given.encode(), expected.encode())


def _may_know(request: HttpRequest) -> bool:
    # A proxy on this machine comes from loopback, too, and says for whom.
    is_forwarded = "X-Forwarded-For" in request.headers
    try:
        is_local = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        is_local = False
    if (is_local and not is_forwarded) or has_metrics_token(request):
        return True
    try:
        return request.user.is_authenticated
    except DatabaseError:
        return False


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "PostgreSQL does not answer. Is it running, and is LPR_DATABASE_URL right?"
    return ""


def _redis() -> str:
    try:
        cache.get("ready")
    except (RedisError, OSError):
        return "Redis does not answer. Is it running, and is LPR_REDIS_URL right?"
    return ""


def _workers() -> str:
    try:
        silent = [process for process in PROCESSES if not is_alive(process)]
    except (RedisError, OSError):
        return "Workers cannot be asked without Redis."
    if silent:
        return f"No process of this kind has been heard of lately: {', '.join(silent)}. Start one."
    return ""


def _storage() -> str:
    folder = settings.DATA_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"ready")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return f"Nothing can be written to {folder}: {error.strerror}. See LPR_DATA_DIR."
    if free < settings.STORAGE_RESERVE_BYTES:
        return f"Only {free >> 20} MiB are free in {folder}. Make room or shorten the retention."
    return ""


def _models() -> str:
    try:
        registry = ModelRegistry.load(settings.MODELS_DIR)
        chosen = registry.model_set()
        for name in chosen.members:
            if not registry.is_installed(registry.model(name)):
                return f"The model {name} is not installed. Run `manage.py models pull {name}`."
    except RecognitionError as error:
        return str(error)
    return ""


PARTS: dict[str, Part] = {
    "database": _database,
    "redis": _redis,
    "workers": _workers,
    "storage": _storage,
    "models": _models,
}
"""Each part of the server and how it is looked at: a sentence where it fails, else nothing."""
