"""HTTP entry points of alerts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django_filters
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.models import Scope, User
from alerts.api.looking_up import STATED, note_look_up
from alerts.api.serializers import (
    AlertDetailSerializer,
    AlertSerializer,
    AnswerSerializer,
    PrecisionQuerySerializer,
    PrecisionTableSerializer,
)
from alerts.errors import AlertError
from alerts.models import Alert
from alerts.selectors.alerts import OPEN, alerts_visible_to, precision_tables
from alerts.services.answering import (
    acknowledge_alerts,
    assign_alert,
    comment_alert,
    reject_alerts,
    reopen_alerts,
    resolve_alerts,
    see_alerts,
    verify_alerts,
)

PRECISION_DAYS = 90
EXAMPLE = {
    "alerts": ["019b7c01-0400-7000-8000-000000000000"],
    "answer": "reject",
    "reason": "misread",
    "text": "8, not B",
}


class AlertFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By state, list, camera, priority and time."""

    state = django_filters.MultipleChoiceFilter(choices=Alert.State.choices)
    open = django_filters.BooleanFilter(method="by_open", label="Neither resolved nor rejected")
    camera = django_filters.UUIDFilter(field_name="camera_id")
    watchlist = django_filters.UUIDFilter(field_name="watchlist_id")
    number = django_filters.CharFilter(field_name="number")
    least_priority = django_filters.NumberFilter(field_name="priority", lookup_expr="gte")
    since = django_filters.IsoDateTimeFilter(field_name="raised_at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="raised_at", lookup_expr="lt")
    changed_since = django_filters.IsoDateTimeFilter(field_name="changed_at", lookup_expr="gt")

    class Meta:
        model = Alert
        fields: list[str] = []

    def by_open(self, alerts: QuerySet[Alert], _name: str, value: bool) -> QuerySet[Alert]:  # noqa: FBT001  # the library's signature
        return alerts.filter(OPEN if value else ~Q(OPEN))


def _caller(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


@extend_schema(tags=["alerts"])
@extend_schema_view(
    list=extend_schema(
        summary="Alerts, newest first",
        description="Alerts of lists whose hits the caller may see, at cameras that it may see. "
        "`/ws/alerts/` tells of them as they are raised and answered. A search by number is "
        "audited, with `reason` and `case_number`, which an organization may demand.",
        parameters=STATED,
    ),
    retrieve=extend_schema(summary="One alert with its history"),
)
class AlertViewSet(ReadOnlyModelViewSet[Alert]):
    """What people must act on; owners, managers and operators answer."""

    read_scope = Scope.ALERTS_READ
    write_scope = Scope.ALERTS_WRITE
    queryset = Alert.objects.none()  # names the model for the schema
    serializer_class = AlertSerializer
    filterset_class = AlertFilter

    def get_queryset(self) -> QuerySet[Alert]:
        alerts = alerts_visible_to(_caller(self.request))
        return alerts.prefetch_related("changes") if self.action == "retrieve" else alerts

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        note_look_up(request)
        return super().list(request, *args, **kwargs)

    def get_serializer_class(self) -> Any:
        return AlertDetailSerializer if self.action == "retrieve" else AlertSerializer

    @extend_schema(
        summary="Answer alerts",
        description="Each goes as far as its state allows; an answer that was given already "
        "changes nothing. 404 where the caller may not answer one of them.",
        request=AnswerSerializer,
        responses=AlertSerializer(many=True),
        examples=[OpenApiExample("Reject", EXAMPLE, request_only=True)],
        filters=False,
    )
    def create(self, request: Request) -> Response:
        asked = AnswerSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        try:
            with transaction.atomic():
                alerts = _ANSWERS[wanted["answer"]](wanted, _caller(request))
        except Alert.DoesNotExist as error:
            raise Http404 from error
        context = self.get_serializer_context()
        return Response(AlertSerializer(alerts, many=True, context=context).data)


Answer = Callable[[dict[str, Any], User], list[Alert]]


def _said(answer: Callable[..., list[Alert]]) -> Answer:
    return lambda wanted, actor: answer(
        alert_ids=wanted["alerts"], actor=actor, text=wanted["text"]
    )


def _see(wanted: dict[str, Any], actor: User) -> list[Alert]:
    return see_alerts(alert_ids=wanted["alerts"], actor=actor)


def _reject(wanted: dict[str, Any], actor: User) -> list[Alert]:
    return reject_alerts(
        alert_ids=wanted["alerts"],
        actor=actor,
        reason=wanted.get("reason", ""),
        text=wanted["text"],
    )


def _comment(wanted: dict[str, Any], actor: User) -> list[Alert]:
    return [
        comment_alert(alert_id=one, actor=actor, text=wanted["text"]) for one in wanted["alerts"]
    ]


def _assign(wanted: dict[str, Any], actor: User) -> list[Alert]:
    address = wanted["assigned_to"]
    assignee = User.objects.filter(email__iexact=address).first() if address else None
    if address and assignee is None:
        # Whether there is such a person elsewhere is not told.
        raise AlertError(_("Choose somebody who answers alerts here."), field="assigned_to")
    return [assign_alert(alert_id=one, actor=actor, assignee=assignee) for one in wanted["alerts"]]


_ANSWERS: dict[str, Answer] = {
    "see": _see,
    "acknowledge": _said(acknowledge_alerts),
    "verify": _said(verify_alerts),
    "reject": _reject,
    "resolve": _said(resolve_alerts),
    "reopen": _said(reopen_alerts),
    "comment": _comment,
    "assign": _assign,
}


class AlertPrecisionView(APIView):
    """How many alerts were right, as people found them."""

    read_scope = Scope.ALERTS_READ

    @extend_schema(
        tags=["alerts"],
        summary="Precision by list, camera and match policy",
        description="From verdicts: verified against rejected. The interval is Wilson's, 95 %.",
        parameters=[PrecisionQuerySerializer],
        responses=PrecisionTableSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = PrecisionQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        since = asked.validated_data.get("since", timezone.now() - timedelta(days=PRECISION_DAYS))
        tables = precision_tables(_caller(request), since=since)
        results = [
            {
                "by": by.removeprefix("by_"),
                "name": row.name,
                "right": row.right,
                "judged": row.judged,
                "share": row.share,
                "low": row.low,
                "high": row.high,
            }
            for by, rows in tables.items()
            for row in rows
        ]
        return Response(PrecisionTableSerializer({"results": results}).data)
