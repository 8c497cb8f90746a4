"""HTTP entry points of feeds, files of entries, and what became of each update."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import ModelViewSet, ReadOnlyModelViewSet

from accounts.models import Scope, User
from alerts.api.base import OfLists
from alerts.api.watchlist_serializers import FeedSerializer
from alerts.errors import FeedRefusedError
from alerts.models import Feed, FeedRun
from alerts.selectors.feeds import (
    feed_runs_changeable_by,
    feed_runs_visible_to,
    feeds_changeable_by,
    feeds_visible_to,
)
from alerts.selectors.watchlists import watchlists_changeable_by
from alerts.services.feeds.running import lines_read, queue_apply, queue_run, queue_upload
from alerts.services.feeds.setting_up import create_feed, delete_feed, update_feed
from lpr_project.common.json_fields import JsonDecoder

FEED = {
    "watchlist": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a59",
    "name": "Police register",
    "kind": "http",
    "address": "https://police.example.org/stolen.csv",
    "format": "csv",
    "mapping": {"number": "plate", "reason": "crime"},
    "every_minutes": 60,
}
RUN = {
    "id": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a70",
    "feed": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a71",
    "watchlist": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a59",
    "work": "try",
    "state": "tried",
    "sentence": "",
    "lines_read": None,
    "rows": 2,
    "added": 1,
    "changed": 0,
    "removed": 0,
    "unchanged": 1,
    "kept": 0,
    "problems_count": 1,
    "problems": [{"line": 4, "message": "The plate is missing."}],
    "sample": {"added": [["1กข1234", "TH-10", "Stolen in Bang Rak"]]},
    "can_be_applied": True,
    "started_at": "2026-01-01T03:04:05.678Z",
    "finished_at": "2026-01-01T03:04:06.789Z",
}


class ProblemSerializer(serializers.Serializer[Any]):
    """A line that is wrong, and why."""

    line = serializers.IntegerField()
    message = serializers.CharField()


class FeedRunSerializer(serializers.ModelSerializer[FeedRun]):
    """An update: how far it is, what it changes, and which lines are wrong.

    `problems` and `sample` hold the first of each kind; a sample is number, province and reason.
    """

    watchlist = serializers.UUIDField(source="feed.watchlist_id", read_only=True)
    lines_read = serializers.SerializerMethodField()
    problems = serializers.SerializerMethodField()
    sample = serializers.DictField(
        child=serializers.ListField(child=serializers.ListField(child=serializers.CharField())),
        read_only=True,
    )

    class Meta:
        model = FeedRun
        fields = (
            "id",
            "feed",
            "watchlist",
            "work",
            "state",
            "sentence",
            "lines_read",
            "rows",
            "added",
            "changed",
            "removed",
            "unchanged",
            "kept",
            "problems_count",
            "problems",
            "sample",
            "can_be_applied",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields

    @extend_schema_field(
        serializers.IntegerField(allow_null=True, help_text="While it is under way.")
    )
    def get_lines_read(self, run: FeedRun) -> int | None:
        return lines_read(run) if run.is_under_way else None

    @extend_schema_field(ProblemSerializer(many=True))
    def get_problems(self, run: FeedRun) -> list[dict[str, Any]]:
        return [{"line": line, "message": message} for line, message in run.problems]


class NewEntriesSerializer(serializers.Serializer[Any]):
    """A file of entries, and how it is read."""

    file = serializers.FileField()
    format = serializers.ChoiceField(choices=Feed.Format.choices)
    encoding = serializers.ChoiceField(
        choices=Feed.Encoding.choices, default=Feed.Encoding.UTF_8.value
    )
    mapping = serializers.JSONField(
        default=dict,
        decoder=JsonDecoder,
        help_text='Which column holds what: `{"number": "plate"}`; of fixed width, '
        '`{"number": [1, 8]}`. Left out, columns called plate, province, reason and so on count.',
    )
    removes_missing = serializers.BooleanField(
        default=False, help_text="Delete entries of earlier files that this one does not name."
    )
    zip_password = serializers.CharField(
        max_length=1000, default="", allow_blank=True, trim_whitespace=False
    )


@extend_schema(tags=["watchlists"])
@extend_schema_view(
    list=extend_schema(summary="Feeds, newest first"),
    retrieve=extend_schema(summary="One feed"),
    create=extend_schema(
        summary="Make a feed",
        examples=[OpenApiExample("A register", FEED, request_only=True)],
    ),
    partial_update=extend_schema(summary="Change some of a feed"),
    destroy=extend_schema(summary="Delete a feed; its entries stay"),
)
class FeedViewSet(OfLists, ModelViewSet[Feed]):
    """Feeds of lists whose entries the caller may see."""

    queryset = Feed.objects.none()  # names the model for the schema
    serializer_class = FeedSerializer

    def get_queryset(self) -> QuerySet[Feed]:
        return (feeds_visible_to if self._is_reading else feeds_changeable_by)(self._user)

    def perform_create(self, serializer: BaseSerializer[Feed]) -> None:
        serializer.instance = create_feed(actor=self._user, **serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer[Feed]) -> None:
        assert serializer.instance is not None
        fields = dict(serializer.validated_data)
        fields.pop("watchlist", None)
        update_feed(feed=serializer.instance, actor=self._user, **fields)

    def perform_destroy(self, instance: Feed) -> None:
        delete_feed(feed=instance, actor=self._user)

    @extend_schema(
        summary="Fetch a feed and say what it would change",
        description="A worker does it; follow the update. One is under way at a time.",
        request=None,
        responses={202: FeedRunSerializer},
        examples=[OpenApiExample("An update", RUN, response_only=True)],
    )
    @action(detail=True, methods=["post"], url_path="try", url_name="try")
    def attempt(self, request: Request, pk: str | None = None) -> Response:
        return self._start(FeedRun.Work.TRY)

    @extend_schema(
        summary="Fetch a feed now and apply it, as the clock would",
        description="A worker does it; follow the update. One is under way at a time.",
        request=None,
        responses={202: FeedRunSerializer},
        examples=[OpenApiExample("An update", RUN, response_only=True)],
    )
    @action(detail=True, methods=["post"])
    def fetch(self, request: Request, pk: str | None = None) -> Response:
        return self._start(FeedRun.Work.FETCH)

    def _start(self, work: FeedRun.Work) -> Response:
        feed = self.get_object()
        if feed.kind == Feed.Kind.UPLOAD:
            raise FeedRefusedError("This feed is made of files that people send. Send a new one.")
        run = queue_run(feed=feed, actor=self._user, work=work)
        return Response(FeedRunSerializer(run).data, status=202)


class FeedRunFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By feed, list and state."""

    feed = django_filters.UUIDFilter(field_name="feed_id")
    watchlist = django_filters.UUIDFilter(field_name="feed__watchlist_id")
    state = django_filters.ChoiceFilter(choices=FeedRun.State.choices)

    class Meta:
        model = FeedRun
        fields: list[str] = []


@extend_schema(tags=["watchlists"], examples=[OpenApiExample("A dry run", RUN, response_only=True)])
@extend_schema_view(
    list=extend_schema(summary="Updates of feeds and files of entries, newest first"),
    retrieve=extend_schema(summary="One update: how far it is, and what it changes"),
)
class FeedRunViewSet(OfLists, ReadOnlyModelViewSet[FeedRun]):
    """Updates of lists whose entries the caller may see."""

    queryset = FeedRun.objects.none()  # names the model for the schema
    serializer_class = FeedRunSerializer
    filterset_class = FeedRunFilter

    def get_queryset(self) -> QuerySet[FeedRun]:
        runs = feed_runs_visible_to if self._is_reading else feed_runs_changeable_by
        return runs(self._user)

    @extend_schema(
        summary="Apply what a dry run showed, or what waits for a person",
        description="All of it or nothing; a worker does it.",
        request=None,
        responses={202: FeedRunSerializer},
    )
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: str | None = None) -> Response:
        run = queue_apply(run=self.get_object(), actor=self._user)
        return Response(self.get_serializer(run).data, status=202)


class EntriesFileView(APIView):
    """Takes a file of entries and says what it would change."""

    write_scope = Scope.WATCHLISTS_WRITE
    parser_classes = [MultiPartParser]
    throttle_scope = "uploads"

    @extend_schema(
        tags=["watchlists"],
        summary="Send a file of entries and have said what it would change",
        description="Nothing is changed yet. Follow the update that is answered until it is "
        "`tried`, look at what it would change and which lines are wrong, and apply it.",
        request={"multipart/form-data": NewEntriesSerializer},
        responses={202: FeedRunSerializer},
        examples=[OpenApiExample("An update", RUN, response_only=True)],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        assert isinstance(request.user, User)
        watchlist = get_object_or_404(watchlists_changeable_by(request.user), pk=pk)
        asked = NewEntriesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        run = queue_upload(watchlist=watchlist, actor=request.user, **asked.validated_data)
        return Response(FeedRunSerializer(run).data, status=202)
