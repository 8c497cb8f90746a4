"""HTTP entry points of watchlists, entries and hits."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import django_filters
import orjson
from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import ModelViewSet, ReadOnlyModelViewSet

from accounts.models import Scope, User
from alerts.api.base import OfLists
from alerts.api.looking_up import STATED, note_look_up
from alerts.api.watchlist_serializers import (
    BulkLineSerializer,
    EntrySerializer,
    HitSerializer,
    WatchlistSerializer,
)
from alerts.models import Entry, Hit, Watchlist
from alerts.selectors.watchlists import (
    entries_changeable_by,
    entries_visible_to,
    hits_visible_to,
    watchlists_changeable_by,
    watchlists_visible_to,
)
from alerts.services.bulk import upsert_lines
from alerts.services.entries import add_entry, delete_entry, update_entry
from alerts.services.feeds.tables import LINE_MOST
from alerts.services.watchlists import archive_watchlist, create_watchlist, update_watchlist

NDJSON = "application/x-ndjson"
LIST = {"organization": "harbour", "name": "Stolen cars", "category": "stolen", "priority": 90}
ENTRY = {
    "watchlist": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a59",
    "number": "1กข1234",
    "province": "TH-10",
    "reason": "Stolen in Bang Rak",
    "case_number": "C-2026-117",
}


@extend_schema(tags=["watchlists"])
@extend_schema_view(
    list=extend_schema(summary="Watchlists, newest first"),
    retrieve=extend_schema(summary="One watchlist"),
    create=extend_schema(
        summary="Make a watchlist",
        examples=[OpenApiExample("Stolen cars", LIST, request_only=True)],
    ),
    partial_update=extend_schema(summary="Change some of a watchlist"),
    destroy=extend_schema(summary="Archive a watchlist; its hits stay"),
)
class WatchlistViewSet(OfLists, ModelViewSet[Watchlist]):
    """Lists that the caller may see, and change as manager or owner of the list."""

    queryset = Watchlist.objects.none()  # names the model for the schema
    serializer_class = WatchlistSerializer

    def get_queryset(self) -> QuerySet[Watchlist]:
        lists = watchlists_visible_to if self._is_reading else watchlists_changeable_by
        return lists(self._user).prefetch_related("cameras", "camera_groups")

    def perform_create(self, serializer: BaseSerializer[Watchlist]) -> None:
        serializer.instance = create_watchlist(actor=self._user, **serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer[Watchlist]) -> None:
        assert serializer.instance is not None
        fields = dict(serializer.validated_data)
        fields.pop("organization", None)
        update_watchlist(watchlist=serializer.instance, actor=self._user, **fields)

    def perform_destroy(self, instance: Watchlist) -> None:
        archive_watchlist(watchlist=instance, actor=self._user)


class EntryFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By list, number and case."""

    watchlist = django_filters.UUIDFilter(field_name="watchlist_id")
    number = django_filters.CharFilter(help_text="Normalised, whole.")
    # `case_number` is that of the case for which one looks, as everywhere.
    entry_case_number = django_filters.CharFilter(field_name="case_number")

    class Meta:
        model = Entry
        fields: list[str] = []


@extend_schema(tags=["watchlists"])
@extend_schema_view(
    list=extend_schema(
        summary="Entries, newest first",
        description="A search by number or case of the entry is audited, with `reason` and "
        "`case_number`, which an organization may demand.",
        parameters=STATED,
    ),
    retrieve=extend_schema(summary="One entry"),
    create=extend_schema(
        summary="Add an entry", examples=[OpenApiExample("A plate", ENTRY, request_only=True)]
    ),
    partial_update=extend_schema(summary="Change some of an entry"),
    destroy=extend_schema(summary="Delete an entry; its hits stay"),
)
class EntryViewSet(OfLists, ModelViewSet[Entry]):
    """Entries of lists whose entries the caller may see."""

    queryset = Entry.objects.none()  # names the model for the schema
    serializer_class = EntrySerializer
    filterset_class = EntryFilter

    def get_queryset(self) -> QuerySet[Entry]:
        entries = entries_visible_to if self._is_reading else entries_changeable_by
        return entries(self._user).select_related("watchlist__organization")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        note_look_up(request)
        return super().list(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Entry]) -> None:
        entry = add_entry(actor=self._user, **serializer.validated_data)
        serializer.instance = Entry.objects.get(pk=entry.pk)

    def perform_update(self, serializer: BaseSerializer[Entry]) -> None:
        assert serializer.instance is not None
        fields = dict(serializer.validated_data)
        fields.pop("watchlist", None)
        entry = update_entry(entry=serializer.instance, actor=self._user, **fields)
        serializer.instance = Entry.objects.get(pk=entry.pk)

    def perform_destroy(self, instance: Entry) -> None:
        delete_entry(entry=instance, actor=self._user)


class HitFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By list, camera, number and time."""

    watchlist = django_filters.UUIDFilter(field_name="watchlist_id")
    camera = django_filters.UUIDFilter(field_name="camera_id")
    number = django_filters.CharFilter()
    since = django_filters.IsoDateTimeFilter(field_name="captured_at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="captured_at", lookup_expr="lt")

    class Meta:
        model = Hit
        fields: list[str] = []


@extend_schema(tags=["watchlists"])
@extend_schema_view(
    list=extend_schema(
        summary="Hits, newest first, withdrawn ones too",
        description="A search by number is audited, with `reason` and `case_number`, which an "
        "organization may demand.",
        parameters=STATED,
    ),
    retrieve=extend_schema(summary="One hit"),
)
class HitViewSet(ReadOnlyModelViewSet[Hit]):
    """Hits of lists whose hits the caller may see, at cameras that it may see."""

    queryset = Hit.objects.none()  # names the model for the schema
    serializer_class = HitSerializer
    filterset_class = HitFilter
    read_scope = Scope.WATCHLISTS_READ

    def get_queryset(self) -> QuerySet[Hit]:
        assert isinstance(self.request.user, User)
        return hits_visible_to(self.request.user)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        note_look_up(request)
        return super().list(request, *args, **kwargs)


class BulkEntriesView(APIView):
    """Takes up to 100,000 entries as lines of JSON."""

    write_scope = Scope.WATCHLISTS_WRITE

    @extend_schema(
        tags=["watchlists"],
        summary="Add or change many entries",
        description="The body is NDJSON, one entry a line; so is the answer, one result a line in "
        "the same order, sent as it is written. A plate stands in a list once: what is sent again "
        "changes nothing. A line that is refused does not stop the others.",
        request={"application/x-ndjson": OpenApiTypes.STR},
        responses={(200, "application/x-ndjson"): BulkLineSerializer},
    )
    def post(self, request: Request, pk: UUID) -> HttpResponseBase:
        assert isinstance(request.user, User)
        watchlist = get_object_or_404(watchlists_changeable_by(request.user), pk=pk)
        if (request.content_type or "").partition(";")[0] != NDJSON:
            raise UnsupportedMediaType(request.content_type or "", f"Send {NDJSON}.")
        outcomes = upsert_lines(watchlist=watchlist, lines=_lines(request), actor=request.user)
        answer: Any = (orjson.dumps(outcome._asdict()) + b"\n" for outcome in outcomes)
        return StreamingHttpResponse(answer, content_type=NDJSON)


def _lines(request: Request) -> Iterator[bytes]:
    """Lines as they come; the rest of one that is too long is one too, and refused as well."""
    stream = request._request  # noqa: SLF001  # DRF would read the whole body
    while line := stream.readline(LINE_MOST + 2):
        yield line
