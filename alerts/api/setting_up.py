"""HTTP entry points of what managers set up: rules, escalation, recipients, words, deliveries."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet, ReadOnlyModelViewSet

from accounts.models import Scope
from accounts.selectors import demand_on, stated_in_query
from alerts.api.base import OfCaller
from alerts.api.looking_up import STATED
from alerts.api.setting_up_serializers import (
    DeliveryDetailSerializer,
    DeliverySerializer,
    LookBackSerializer,
    MessagePreviewSerializer,
    NewRecipientSerializer,
    PolicySerializer,
    QueuedSerializer,
    RecipientSerializer,
    RuleSerializer,
    TemplateSerializer,
    WebhookKeySerializer,
)
from alerts.errors import AlertError
from alerts.models import (
    Channel,
    Delivery,
    Endpoint,
    EscalationPolicy,
    MessageTemplate,
    Rule,
)
from alerts.selectors.alerts import (
    deliveries_managed_by,
    endpoints_managed_by,
    policies_managed_by,
    rules_managed_by,
    templates_managed_by,
)
from alerts.services.endpoints import (
    delete_endpoint,
    replace_signing_key,
    rotate_signing_key,
    save_endpoint,
)
from alerts.services.policies import delete_policy, save_policy
from alerts.services.rules.keeping import delete_rule, save_rule
from alerts.services.rules.looking_back import look_back
from alerts.services.sending import replay_delivery, test_endpoint
from alerts.services.wording import delete_template, previews_of, save_template
from vehicles.services import audit_plate_search

RULE = {
    "organization": "harbour",
    "name": "Stolen, at night, at the gate",
    "conditions": {
        "all": [
            {"kind": "category", "values": ["stolen"]},
            {"kind": "time", "days": [0, 1, 2, 3, 4], "from": 1320, "to": 300},
            {"not": {"kind": "plate", "pattern": "1กข*"}},
        ]
    },
    "priority": 80,
    "is_shadow": True,
}
POLICY = {
    "organization": "harbour",
    "name": "Night",
    "least_priority": 60,
    "steps": [
        {"after_seconds": 0, "recipients": [4]},
        {"after_seconds": 300, "recipients": [4, 7], "repeats": 2, "repeat_every_seconds": 120},
    ],
}
RECIPIENT = {
    "organization": "harbour",
    "name": "Control room",
    "channel": "webhook",
    "settings": {"url": "https://control.example.org/alerts", "headers": {"X-Site": "north"}},
    "picture": "link",
}
TEMPLATE = {
    "organization": "harbour",
    "name": "Short",
    "subject": "{{ plate }} {{ province }}",
    "body": "{{ camera }}, {{ time }}: {{ reason }}",
}
TEXTS_MOST_BYTES = 256 * 1024


class _Managed(OfCaller):
    """What the entry points of managers share; who manages nothing sees nothing here."""

    read_scope = Scope.ALERTS_MANAGE
    write_scope = Scope.ALERTS_MANAGE
    body_most_bytes = TEXTS_MOST_BYTES


def _refuse_what_is_no_json(request: Request) -> None:
    """These calls need no body; one that is not understood is refused and not passed over."""
    assert request.data is not None


def _fields(serializer: BaseSerializer[Any]) -> dict[str, Any]:
    """What is wanted; a row stays in the organization in which it was made."""
    fields = dict(serializer.validated_data)
    fields.pop("organization", None)
    return fields


@extend_schema(tags=["alerts"])
@extend_schema_view(
    list=extend_schema(summary="Rules, newest first"),
    retrieve=extend_schema(summary="One rule"),
    create=extend_schema(
        summary="Make a rule",
        description="A new rule is in shadow unless `is_shadow` is false: it counts and tells "
        "nobody.",
        examples=[OpenApiExample("At night", RULE, request_only=True)],
    ),
    update=extend_schema(summary="Change a rule"),
    partial_update=extend_schema(summary="Change some of a rule"),
    destroy=extend_schema(
        summary="Delete a rule", description="One that has raised alerts is switched off instead."
    ),
)
class RuleViewSet(_Managed, ModelViewSet[Rule]):
    """Rules of the organizations that the caller manages."""

    queryset = Rule.objects.none()  # names the model for the schema
    serializer_class = RuleSerializer

    def get_queryset(self) -> QuerySet[Rule]:
        return rules_managed_by(self._user).order_by("-id")

    def perform_create(self, serializer: BaseSerializer[Rule]) -> None:
        rule = Rule(organization=serializer.validated_data["organization"])
        serializer.instance = self._save(rule, serializer)

    def perform_update(self, serializer: BaseSerializer[Rule]) -> None:
        assert serializer.instance is not None
        serializer.instance = self._save(serializer.instance, serializer)

    def _save(self, rule: Rule, serializer: BaseSerializer[Rule]) -> Rule:
        wanted = _fields(serializer)
        if "policy" in wanted:
            policy: EscalationPolicy | None = wanted.pop("policy")
            wanted["policy_id"] = policy.pk if policy else None
        return save_rule(rule=rule, wanted=wanted, actor=self._user)

    def perform_destroy(self, instance: Rule) -> None:
        delete_rule(rule=instance, actor=self._user)

    @extend_schema(
        summary="How often a rule would have fired in the last 7 days",
        description="Of the passes that the caller may see. Audited as a search, with `reason` "
        "and `case_number`, which an organization may demand.",
        parameters=STATED,
        responses=LookBackSerializer,
    )
    @action(detail=True, methods=["get"], url_path="look-back")
    def look_back(self, request: Request, pk: str) -> Response:
        rule = self.get_object()
        if rule.trigger != Rule.Trigger.PASS:
            raise AlertError("What was is only known of passes, not of cameras and disks.")
        stated = stated_in_query(request.query_params)._asdict()
        demand_on(self._user).check(**stated)
        audit_plate_search(actor=self._user, term=f"rule {rule.pk}", **stated)
        return Response(LookBackSerializer(look_back(rule=rule, user=self._user)).data)


@extend_schema(tags=["alerts"])
@extend_schema_view(
    list=extend_schema(summary="Escalation policies, newest first"),
    retrieve=extend_schema(summary="One escalation policy with its steps"),
    create=extend_schema(
        summary="Make an escalation policy",
        description="An alert takes the first policy by `position` that fits it. A circle of "
        "policies that hand over to each other is refused.",
        examples=[OpenApiExample("Night", POLICY, request_only=True)],
    ),
    update=extend_schema(summary="Change an escalation policy"),
    partial_update=extend_schema(
        summary="Change some of an escalation policy",
        description="`steps` are replaced as a whole.",
    ),
    destroy=extend_schema(summary="Delete an escalation policy"),
)
class EscalationPolicyViewSet(_Managed, ModelViewSet[EscalationPolicy]):
    """Escalation policies of the organizations that the caller manages."""

    queryset = EscalationPolicy.objects.none()  # names the model for the schema
    serializer_class = PolicySerializer

    def get_queryset(self) -> QuerySet[EscalationPolicy]:
        return policies_managed_by(self._user).order_by("-id")

    def perform_create(self, serializer: BaseSerializer[EscalationPolicy]) -> None:
        policy = EscalationPolicy(organization=serializer.validated_data["organization"])
        self._save(policy, serializer)

    def perform_update(self, serializer: BaseSerializer[EscalationPolicy]) -> None:
        assert serializer.instance is not None
        self._save(serializer.instance, serializer)

    def _save(self, policy: EscalationPolicy, serializer: BaseSerializer[EscalationPolicy]) -> None:
        saved = save_policy(policy=policy, wanted=_fields(serializer), actor=self._user)
        serializer.instance = policies_managed_by(self._user).get(pk=saved.pk)

    def perform_destroy(self, instance: EscalationPolicy) -> None:
        delete_policy(policy=instance, actor=self._user)


@extend_schema(tags=["alerts"])
@extend_schema_view(
    list=extend_schema(summary="Recipients, newest first"),
    retrieve=extend_schema(summary="One recipient and how it fares"),
    create=extend_schema(
        summary="Add a recipient",
        description="Only managers do. Addresses in private networks are refused unless the "
        "server's operator allows them. The answer shows a webhook's signing key, once.",
        responses={201: NewRecipientSerializer},
        examples=[OpenApiExample("Webhook", RECIPIENT, request_only=True)],
    ),
    update=extend_schema(summary="Change a recipient"),
    partial_update=extend_schema(
        summary="Change some of a recipient",
        description="Without `settings` they stay; headers and passwords are forgotten where the "
        "address leads to another server. The channel stays.",
    ),
    destroy=extend_schema(
        summary="Delete a recipient",
        description="One that was sent something is switched off instead.",
    ),
)
class RecipientViewSet(_Managed, ModelViewSet[Endpoint]):
    """Recipients of the organizations that the caller manages."""

    queryset = Endpoint.objects.none()  # names the model for the schema
    serializer_class = RecipientSerializer

    def get_queryset(self) -> QuerySet[Endpoint]:
        return endpoints_managed_by(self._user).order_by("-id")

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = RecipientSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        fields = dict(asked.validated_data)
        wanted = fields.pop("settings", {})
        endpoint = save_endpoint(endpoint=Endpoint(**fields), wanted=wanted, actor=self._user)
        answer = dict(RecipientSerializer(endpoint).data)
        if endpoint.channel == Channel.WEBHOOK:
            answer["signing_key"] = replace_signing_key(endpoint=endpoint, actor=self._user)
        return Response(answer, status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})

    def perform_update(self, serializer: BaseSerializer[Endpoint]) -> None:
        endpoint = serializer.instance
        assert endpoint is not None
        fields = _fields(serializer)
        fields.pop("channel", None)
        wanted = fields.pop("settings", None)
        for name, value in fields.items():
            setattr(endpoint, name, value)
        save_endpoint(endpoint=endpoint, wanted=wanted, actor=self._user)

    def perform_destroy(self, instance: Endpoint) -> None:
        delete_endpoint(endpoint=instance, actor=self._user)

    @extend_schema(summary="Send a test", request=None, responses={202: QueuedSerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        _refuse_what_is_no_json(request)
        delivery = test_endpoint(endpoint=self.get_object(), actor=self._user)
        return Response({"delivery": str(delivery)}, status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Give a webhook a new signing key",
        description="Both keys sign until the next rotation. 400 for other channels.",
        request=None,
        responses=WebhookKeySerializer,
    )
    @action(detail=True, methods=["post"], url_path="rotate-key")
    def rotate_key(self, request: Request, pk: str) -> Response:
        _refuse_what_is_no_json(request)
        endpoint = self.get_object()
        if endpoint.channel != Channel.WEBHOOK:
            raise AlertError("Only webhooks are signed.")
        key = rotate_signing_key(endpoint=endpoint, actor=self._user)
        return Response({"signing_key": key}, headers={"Cache-Control": "no-store"})


@extend_schema(tags=["alerts"])
@extend_schema_view(
    list=extend_schema(summary="Message templates, newest first"),
    retrieve=extend_schema(summary="One message template"),
    create=extend_schema(
        summary="Write a message template",
        description="Placeholders are filled in and nothing runs: tags, filters and code are "
        "refused.",
        examples=[OpenApiExample("Short", TEMPLATE, request_only=True)],
    ),
    update=extend_schema(summary="Change a message template"),
    partial_update=extend_schema(summary="Change some of a message template"),
    destroy=extend_schema(summary="Delete a message template that no recipient gets"),
)
class MessageTemplateViewSet(_Managed, ModelViewSet[MessageTemplate]):
    """Message templates of the organizations that the caller manages."""

    queryset = MessageTemplate.objects.none()  # names the model for the schema
    serializer_class = TemplateSerializer

    def get_queryset(self) -> QuerySet[MessageTemplate]:
        return templates_managed_by(self._user).order_by("-id")

    def perform_create(self, serializer: BaseSerializer[MessageTemplate]) -> None:
        template = MessageTemplate(organization=serializer.validated_data["organization"])
        serializer.instance = save_template(
            template=template, wanted=_fields(serializer), actor=self._user
        )

    def perform_update(self, serializer: BaseSerializer[MessageTemplate]) -> None:
        assert serializer.instance is not None
        save_template(template=serializer.instance, wanted=_fields(serializer), actor=self._user)

    def perform_destroy(self, instance: MessageTemplate) -> None:
        delete_template(template=instance, actor=self._user)

    @extend_schema(
        summary="How it reads on each channel, in English and Thai",
        responses=MessagePreviewSerializer(many=True),
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def preview(self, request: Request, pk: str) -> Response:
        return Response(MessagePreviewSerializer(previews_of(self.get_object()), many=True).data)


class DeliveryFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By state, recipient, alert and time."""

    state = django_filters.MultipleChoiceFilter(choices=Delivery.State.choices)
    recipient = django_filters.NumberFilter(field_name="endpoint_id")
    alert = django_filters.UUIDFilter(field_name="alert_id")
    since = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Delivery
        fields: list[str] = []


@extend_schema(tags=["alerts"])
@extend_schema_view(
    list=extend_schema(
        summary="Deliveries, newest first",
        description="Every message that was or will be sent. `state=dead` is what could not be "
        "delivered.",
    ),
    retrieve=extend_schema(summary="One delivery with its tries"),
)
class DeliveryViewSet(_Managed, ReadOnlyModelViewSet[Delivery]):
    """Deliveries of the organizations that the caller manages."""

    queryset = Delivery.objects.none()  # names the model for the schema
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter

    def get_queryset(self) -> QuerySet[Delivery]:
        deliveries = deliveries_managed_by(self._user)
        return deliveries.prefetch_related("tries") if self.action == "retrieve" else deliveries

    def get_serializer_class(self) -> Any:
        return DeliveryDetailSerializer if self.action == "retrieve" else DeliverySerializer

    @extend_schema(
        summary="Send a delivery again",
        description="What was sent or could not be delivered, as the same message with the same "
        "idempotency key. What waits changes nothing.",
        request=None,
        responses={202: QueuedSerializer},
    )
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        _refuse_what_is_no_json(request)
        delivery = self.get_object()
        replay_delivery(delivery=delivery, actor=self._user)
        return Response({"delivery": str(delivery.pk)}, status.HTTP_202_ACCEPTED)
