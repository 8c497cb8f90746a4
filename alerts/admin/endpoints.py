"""Recipients and the words of messages."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.models import AuditEvent, Role, User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from accounts.services import audit_change, record_audit_event
from alerts.errors import AlertError, EndpointRefusedError, TemplateRefusedError
from alerts.models import Channel, Endpoint, MessageTemplate
from alerts.services.endpoints import (
    drop_old_keys,
    replace_signing_key,
    rotate_signing_key,
    save_endpoint,
    settings_of,
)
from alerts.services.sending import test_endpoint
from alerts.services.templates import PLACEHOLDERS, check_template
from alerts.services.wording import previews_of
from lpr_project.common.admin import (
    OneOrganizationForm,
    ScopedModelAdmin,
    ScopedRelatedFilter,
    labelled,
    module,
    person,
)

# Which fields of the form a channel uses.
FIELDS: dict[str, tuple[str, ...]] = {
    Channel.EMAIL: ("address",),
    Channel.WEBHOOK: ("url", "headers", "ca_certificate"),
    Channel.SERVICE: ("url",),
    Channel.WEB_PUSH: ("roles",),
    Channel.MQTT: (
        "host", "port", "tls", "username", "password", "topic", "discovery", "ca_certificate",
    ),
    Channel.RELAY: ("url", "method", "body", "latest_seconds", "headers", "ca_certificate"),
}  # fmt: skip


# The same in the order of the form.
WANTED = (
    "address", "url", "headers", "method", "body", "latest_seconds", "host", "port", "tls",
    "username", "password", "topic", "discovery", "ca_certificate", "roles",
)  # fmt: skip


class EndpointForm(OneOrganizationForm[Endpoint]):
    """A recipient, with what its channel needs. Secrets are typed, never shown."""

    address = forms.CharField(
        label=_("e-mail address"), required=False, widget=UnfoldAdminTextInputWidget()
    )
    url = forms.CharField(
        label=_("address (URL)"),
        required=False,
        max_length=2_000,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("Is not shown again. Empty: as it was."),
    )
    headers = forms.CharField(
        label=_("headers"),
        required=False,
        max_length=4_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_(
            "Name: value, one on a line. Are not shown again. Empty: as they were, none where the "
            "address leads to another server."
        ),
    )
    ca_certificate = forms.CharField(
        label=_("certificate of the authority"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("PEM text, where the server's certificate is not signed by a public one."),
    )
    host = forms.CharField(label=_("broker"), required=False, widget=UnfoldAdminTextInputWidget())
    port = forms.IntegerField(
        label=_("port"), required=False, widget=UnfoldAdminIntegerFieldWidget()
    )
    tls = forms.BooleanField(label=_("TLS"), required=False, widget=UnfoldBooleanSwitchWidget())
    username = forms.CharField(
        label=_("user name"), required=False, widget=UnfoldAdminTextInputWidget()
    )
    password = forms.CharField(
        label=_("password"),
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_(
            "Is not shown again. Empty: as it was, none where broker, port, TLS or user name "
            "change."
        ),
    )
    topic = forms.CharField(
        label=_("topic"), required=False, initial="lpr/alerts", widget=UnfoldAdminTextInputWidget()
    )
    discovery = forms.BooleanField(
        label=_("Home Assistant finds it"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget(),
    )
    method = forms.ChoiceField(
        label=_("method"),
        required=False,
        choices=[(name, name) for name in ("POST", "GET", "PUT")],
        widget=UnfoldAdminSelectWidget(),
    )
    body = forms.CharField(label=_("body"), required=False, widget=UnfoldAdminTextInputWidget())
    latest_seconds = forms.IntegerField(
        label=_("switch at latest after, seconds"),
        required=False,
        initial=20,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Later the vehicle is gone, and nothing is switched."),
    )
    roles = forms.MultipleChoiceField(
        label=_("roles"),
        required=False,
        choices=Role.choices,
        help_text=_("Who of those whose browsers are told. None: owners, managers, operators."),
    )

    class Media:
        js = [module("admin_lpr/channel.js")]

    class Meta:
        model = Endpoint
        fields = (
            "organization",
            "name",
            "channel",
            "language",
            "template",
            "picture",
            "is_active",
            "most_per_minute",
            "digest_minutes",
            "quiet_from",
            "quiet_until",
            "loud_priority",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in self.instance.options.items():
            if name in self.fields:
                self.fields[name].initial = value
        for name in WANTED:
            channels = [str(channel) for channel, names in FIELDS.items() if name in names]
            self.fields[name].widget.attrs["data-channels"] = " ".join(channels)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        channel = cleaned.get("channel") or self.instance.channel
        if channel in FIELDS:
            self.wanted = {name: cleaned.get(name) for name in FIELDS[channel]}
            if "headers" in self.wanted:
                self.wanted["headers"] = self._headers(cleaned.get("headers") or "")
            try:
                settings_of(channel=channel, wanted=self.wanted, endpoint=self.instance)
            except EndpointRefusedError as error:
                self.add_error(error.detail.get("field"), error.message)
        return cleaned

    def _headers(self, text: str) -> dict[str, str] | None:
        lines = [line for line in text.splitlines() if line.strip()]
        if not lines:
            return None
        return {
            name.strip(): value.strip()
            for name, _sep, value in (line.partition(":") for line in lines)
        }


@admin.register(Endpoint)
class EndpointAdmin(ScopedModelAdmin[Endpoint]):
    """Recipients."""

    form = EndpointForm
    list_display = ["name", "channel", "where", "state", "organization", "is_active"]
    list_filter = [("organization", ScopedRelatedFilter), ("channel", ChoicesDropdownFilter)]
    list_select_related = ["organization", "lane"]
    search_fields = ["name"]
    ordering = ["name", "pk"]
    fixed_fields = ("organization", "channel")
    actions = ["send_test", "new_key", "newest_key_alone"]
    fieldsets = [
        (
            None,
            {"fields": ["organization", "name", "channel", "language", "template", "picture",
                        "is_active"]},
        ),
        (_("What the channel needs"), {"fields": WANTED}),
        (
            _("How often, and when not"),
            {"fields": ["most_per_minute", "digest_minutes", "quiet_from", "quiet_until",
                        "loud_priority"]},
        ),
    ]  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Endpoint | None = None) -> Any:
        """Of a recipient that is there, what its channel needs; of a new one, of each channel."""
        if obj is None:
            return self.fieldsets
        shown = [name for name in WANTED if name in FIELDS[obj.channel]]
        return [
            (title, {**options, "fields": shown} if options["fields"] is WANTED else options)
            for title, options in self.fieldsets
        ]

    def readable(self, user: User) -> QuerySet[Endpoint]:
        return Endpoint.objects.filter(organization__in=organizations_administered_by(user))

    def writable(self, user: User) -> QuerySet[Endpoint]:
        return Endpoint.objects.filter(organization__in=organizations_managed_by(user))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its deliveries tell of it; it is switched off

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        save_endpoint(endpoint=obj, wanted=form.wanted, actor=person(request))

    def response_add(
        self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        if obj.channel == Channel.WEBHOOK:
            key = replace_signing_key(endpoint=obj, actor=person(request))
            return self._show_key(request, obj, key)
        return super().response_add(request, obj, post_url_continue)

    def _show_key(self, request: HttpRequest, endpoint: Endpoint, key: str) -> HttpResponse:
        """Only this answer shows it: it goes into no message, session or log."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Signing key"),
            "opts": self.opts,
            "endpoint": endpoint,
            "key": key,
        }
        answer = TemplateResponse(request, "admin/alerts/endpoint/key.html", context)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _mine(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> list[Endpoint]:
        mine = endpoints.filter(pk__in=self.writable(person(request)))
        return list(mine.select_related("organization"))

    @admin.action(description=_("Send a test"), permissions=["change"])
    def send_test(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        try:
            for endpoint in self._mine(request, endpoints):
                test_endpoint(endpoint=endpoint, actor=person(request))
        except AlertError as error:
            self.message_user(request, error.message, messages.ERROR)
            return
        message = _("The test is on its way. Look at the deliveries whether it arrived.")
        self.message_user(request, message, messages.SUCCESS)

    @admin.action(description=_("New signing key, beside the old one"), permissions=["change"])
    def new_key(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> HttpResponse | None:
        chosen = self._mine(request, endpoints.filter(channel=Channel.WEBHOOK))
        if len(chosen) != 1:
            self.message_user(request, _("Choose one webhook."), messages.WARNING)
            return None
        key = rotate_signing_key(endpoint=chosen[0], actor=person(request))
        return self._show_key(request, chosen[0], key)

    @admin.action(description=_("Sign with the newest key alone"), permissions=["change"])
    def newest_key_alone(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        for endpoint in self._mine(request, endpoints.filter(channel=Channel.WEBHOOK)):
            drop_old_keys(endpoint=endpoint, actor=person(request))
        self.message_user(request, _("Only the newest key signs now."), messages.SUCCESS)

    @admin.display(description=_("where"))
    def where(self, endpoint: Endpoint) -> str:
        options = endpoint.options
        known = (options.get(name) for name in ("address", "host", "service"))
        return next(filter(None, known), "")

    @labelled(_("state"), colors={"works": "success", "failing": "danger", "new": "default"})
    def state(self, endpoint: Endpoint) -> tuple[str, Any]:
        lane = getattr(endpoint, "lane", None)
        if lane is None or (lane.last_sent_at is None and not lane.failures):
            return "new", _("nothing sent yet")
        return ("failing", lane.last_error) if lane.failures else ("works", _("works"))


class MessageTemplateForm(OneOrganizationForm[MessageTemplate]):
    """The words of a message; what is not filled in is refused with the reason."""

    class Meta:
        model = MessageTemplate
        fields = ("organization", "name", "subject", "body")

    def clean_subject(self) -> str:
        return self._checked("subject")

    def clean_body(self) -> str:
        return self._checked("body")

    def _checked(self, name: str) -> str:
        text: str = self.cleaned_data[name]
        try:
            check_template(text)
        except TemplateRefusedError as error:
            raise forms.ValidationError(error.message) from error
        return text


@admin.register(MessageTemplate)
class MessageTemplateAdmin(ScopedModelAdmin[MessageTemplate]):
    """Words of messages, with a preview for each channel and language."""

    form = MessageTemplateForm
    list_display = ["name", "subject", "organization"]
    list_filter = [("organization", ScopedRelatedFilter)]
    list_select_related = ["organization"]
    search_fields = ["name"]
    ordering = ["name", "pk"]
    fields = ["organization", "name", "subject", "body", "placeholders", "preview"]

    def readable(self, user: User) -> QuerySet[MessageTemplate]:
        return MessageTemplate.objects.filter(organization__in=organizations_administered_by(user))

    def writable(self, user: User) -> QuerySet[MessageTemplate]:
        return MessageTemplate.objects.filter(organization__in=organizations_managed_by(user))

    def get_readonly_fields(
        self, request: HttpRequest, obj: MessageTemplate | None = None
    ) -> list[Any]:
        return [*super().get_readonly_fields(request, obj), "placeholders", "preview"]

    def save_model(
        self, request: HttpRequest, obj: MessageTemplate, form: forms.ModelForm[Any], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change:
            audit_change(target=obj, actor=person(request), changed=form.changed_data)
        else:
            record_audit_event(action=AuditEvent.Action.CREATED, actor=person(request), target=obj)

    @admin.display(description=_("what is filled in"))
    def placeholders(self, _template: MessageTemplate) -> str:
        return " ".join(f"{{{{ {name} }}}}" for name in PLACEHOLDERS)

    @admin.display(description=_("preview"))
    def preview(self, template: MessageTemplate) -> str:
        """As it reads on each channel in each language; save to see what was changed."""
        if template._state.adding:  # noqa: SLF001  # Django's public name
            return str(_("Save it to see how it reads."))
        shown = [
            f"[{Channel(one.channel).label}, {one.language}] {one.subject}\n{one.body}"
            for one in previews_of(template)
        ]
        return "\n\n".join(shown)
