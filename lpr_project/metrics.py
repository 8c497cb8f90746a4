"""Figures for Prometheus: requests of this process, and what all processes share."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPMethod

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError

from cameras.models import CameraStatus
from detections.models import FunnelHour
from detections.services.keeping.forecast import forecasts
from lpr_project.common.heartbeat import PROCESSES, is_alive
from lpr_project.health import has_metrics_token

QUEUES = ("streams", "recognition", "default", "deliveries")
STAGES = tuple(
    field.name
    for field in FunnelHour._meta.concrete_fields  # noqa: SLF001  # Django's public name
    if field.name not in {"id", "camera", "hour"}
)
# A caller may make methods up, and each would be kept for ever.
METHODS = frozenset(HTTPMethod)
REQUEST_SECONDS = Histogram(
    "lpr_request_seconds", "Time to answer a request.", ["view", "method", "status"]
)


class LatencyMiddleware:
    """Measures each request by the name of its view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        method = request.method if request.method in METHODS else "other"
        labels = (match.view_name if match else "none", method, response.status_code)
        REQUEST_SECONDS.labels(*labels).observe(time.perf_counter() - started)
        return response


class SharedCollector(Collector):
    """What lies in PostgreSQL and Redis, read at each scrape; a part that is down is left out."""

    def collect(self) -> Iterator[Metric]:
        for part in (self._funnel, self._cameras, self._queues, self._processes):
            with suppress(DatabaseError, RedisError, OSError):
                yield part()
        with suppress(DatabaseError, OSError):
            yield from self._disks()

    def _disks(self) -> Iterator[Metric]:
        kinds = {
            "used": GaugeMetricFamily("lpr_disk_used_bytes", "Taken.", labels=["storage"]),
            "free": GaugeMetricFamily(
                "lpr_disk_free_bytes", "Free on its disk.", labels=["storage"]
            ),
            "per_day": GaugeMetricFamily(
                "lpr_disk_bytes_per_day", "What comes in on a day.", labels=["storage"]
            ),
            "days": GaugeMetricFamily(
                "lpr_disk_days_left", "Until it is full, if nothing goes.", labels=["storage"]
            ),
        }
        for place in forecasts():
            values = {
                "used": place.used_bytes,
                "free": place.free_bytes,
                "per_day": place.bytes_per_day,
                "days": place.days_left,
            }
            for name, value in values.items():
                if value is not None:
                    kinds[name].add_metric([place.name], value)
        yield from kinds.values()

    def _funnel(self) -> Metric:
        funnel = CounterMetricFamily(
            "lpr_funnel",
            "What became of what a camera saw; starts again at midnight, UTC.",
            labels=["camera", "stage"],
        )
        midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        today: dict[tuple[str, str], int] = {}
        for hour in FunnelHour.objects.filter(hour__gte=midnight):
            for stage in STAGES:
                key = (str(hour.camera_id), stage)
                today[key] = today.get(key, 0) + getattr(hour, stage)
        for labels, count in today.items():
            funnel.add_metric(labels, count)
        return funnel

    def _cameras(self) -> Metric:
        cameras = GaugeMetricFamily("lpr_cameras", "Cameras by state.", labels=["state"])
        states = CameraStatus.objects.filter(camera__is_archived=False).values_list("state")
        counted = dict(states.annotate(count=Count("pk")))
        for state in CameraStatus.State.values:
            cameras.add_metric([state], counted.get(state, 0))
        return cameras

    def _queues(self) -> Metric:
        waiting = GaugeMetricFamily("lpr_queue_messages", "Messages that wait.", labels=["queue"])
        limits = {"socket_connect_timeout": 2, "socket_timeout": 2}
        with Redis.from_url(settings.CELERY_BROKER_URL, **limits) as broker:
            for queue in QUEUES:
                waiting.add_metric([queue], broker.llen(queue))
        return waiting

    def _processes(self) -> Metric:
        alive = GaugeMetricFamily(
            "lpr_process_alive", "1 where a process of this kind lives.", labels=["process"]
        )
        for process in PROCESSES:
            alive.add_metric([process], is_alive(process))
        return alive


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus's text, to who has LPR_METRICS_TOKEN; to others there is nothing here."""
    if not has_metrics_token(request):
        raise Http404
    content = generate_latest(_requests()) + generate_latest(_shared())
    return HttpResponse(content, content_type=CONTENT_TYPE_LATEST)


def _requests() -> CollectorRegistry:
    """This process's figures, or those of all web processes where they share a directory."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no types
    return registry


def _shared() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(SharedCollector())
    return registry
