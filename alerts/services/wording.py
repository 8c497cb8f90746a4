"""Keeps the words of messages, and shows how they read."""

from collections.abc import Mapping
from typing import NamedTuple

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from alerts.errors import AlertError
from alerts.models import Channel, Endpoint, MessageTemplate
from alerts.services.managing import check_manager
from alerts.services.messages import SAMPLE_WORDS, words_for
from alerts.services.templates import check_template

# Those that people read; programs get facts.
READ_CHANNELS = (Channel.EMAIL, Channel.SERVICE, Channel.WEB_PUSH)


class Preview(NamedTuple):
    """How a message reads on a channel, filled with a sample."""

    channel: str
    language: str
    subject: str
    body: str


@transaction.atomic
def save_template(
    *, template: MessageTemplate, wanted: Mapping[str, str], actor: User
) -> MessageTemplate:
    """Make or change the words of messages.

    Raises:
        NotAllowedError: The actor does not manage the organization.
        TemplateRefusedError: Names what cannot stand in a template.
        ValidationError: A field is wrong.
    """
    _check_manager(template, actor)
    is_new = template.pk is None
    for name in ("name", "subject", "body"):
        if name in wanted:
            setattr(template, name, wanted[name])
    check_template(template.subject)
    check_template(template.body)
    template.full_clean()
    template.save()
    record_audit_event(
        action=AuditEvent.Action.CREATED if is_new else AuditEvent.Action.CHANGED,
        actor=actor,
        target=template,
        detail=dict(wanted),
    )
    return template


@transaction.atomic
def delete_template(*, template: MessageTemplate, actor: User) -> None:
    """Take words away that no recipient gets.

    Raises:
        NotAllowedError: The actor does not manage the organization.
        AlertError: A recipient gets them.
    """
    _check_manager(template, actor)
    record_audit_event(action=AuditEvent.Action.DELETED, actor=actor, target=template)
    try:
        template.delete()
    except ProtectedError as error:
        message = _("Recipients get these words. Choose others for them first.")
        raise AlertError(message) from error


def previews_of(template: MessageTemplate) -> list[Preview]:
    """How it reads on each channel that people read, in each language."""
    found = []
    for channel in READ_CHANNELS:
        for language in ("en", "th"):
            with override(language):
                endpoint = Endpoint(template=template, language=language, channel=channel)
                subject, body = words_for(endpoint, SAMPLE_WORDS[language])
                if channel == Channel.SERVICE:
                    # It stands below, as it is sent.
                    body += f"\n{SAMPLE_WORDS[language]['link']}"
                found.append(Preview(channel, language, subject, body))
    return found


def _check_manager(template: MessageTemplate, actor: User) -> None:
    sentence = _("Only managers of the organization write its messages.")
    check_manager(template.organization, actor, else_say=sentence)
