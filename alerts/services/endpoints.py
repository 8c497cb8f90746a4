"""Adds and changes recipients: only managers may, and never towards the server's own network."""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, Role, User
from accounts.services import record_audit_event
from alerts.errors import EndpointRefusedError
from alerts.models import Channel, Endpoint, Lane
from alerts.models.deliveries import FOR_PROGRAMS
from alerts.services.channels.service import service_name
from alerts.services.managing import check_manager
from alerts.services.outbox import end_rest
from alerts.services.sending import cancel_waiting
from lpr_project.common.addresses import look_up, may_be_called
from lpr_project.common.outgoing import CallRefusedError, read_url

LOOK_UP_SECONDS = 3
KEY_BYTES = 32
NODE_BYTES = 6
# While a receiver changes over, both keys sign.
KEYS_MOST = 2
PERSONS_PER_MINUTE = 20
HEADERS_MOST = 10
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_TOPIC = re.compile(r"[^#+\x00]{1,200}")
Wanted = Mapping[str, Any]
Parts = tuple[dict[str, Any], dict[str, Any]]


@transaction.atomic
def save_endpoint(*, endpoint: Endpoint, wanted: Wanted | None, actor: User) -> Endpoint:
    """Add or change a recipient.

    Args:
        wanted: What the channel needs, as its form asks for it; None leaves that as it is.

    Raises:
        NotAllowedError: The actor does not manage the organization.
        EndpointRefusedError: What is wanted cannot be, or leads into a private network.
        ValidationError: A field is wrong.
    """
    _check_manager(endpoint, actor)
    is_new = endpoint.pk is None
    if wanted is not None:
        endpoint.options, secret = settings_of(
            channel=endpoint.channel, wanted=wanted, endpoint=endpoint
        )
        endpoint.secret = json.dumps(secret) if secret else ""
    if is_new:
        endpoint.created_by = actor
        if endpoint.channel not in FOR_PROGRAMS and endpoint.most_per_minute is None:
            endpoint.most_per_minute = PERSONS_PER_MINUTE
    if endpoint.template and endpoint.template.organization_id != endpoint.organization_id:
        message = _("These words belong to another organization. Choose one of its own.")
        raise EndpointRefusedError(message, field="template")
    endpoint.full_clean()
    endpoint.save()
    Lane.objects.get_or_create(endpoint=endpoint)
    # A mended recipient is tried at once.
    end_rest(endpoint.pk)
    record_audit_event(
        action=AuditEvent.Action.CREATED if is_new else AuditEvent.Action.CHANGED,
        actor=actor,
        target=endpoint,
        detail={"channel": endpoint.channel, "is_active": endpoint.is_active},
    )
    return endpoint


def settings_of(*, channel: str, wanted: Wanted, endpoint: Endpoint) -> Parts:
    """What is wanted of a channel, as it is kept: what may be shown, and what may not.

    Raises:
        EndpointRefusedError: `detail["field"]` names what cannot be.
    """
    before = {**endpoint.options, **(json.loads(endpoint.secret) if endpoint.secret else {})}
    return _PARTS[channel](wanted, before)


@transaction.atomic
def delete_endpoint(*, endpoint: Endpoint, actor: User) -> None:
    """Take a recipient away; one that was sent something is only switched off, for its history."""
    _check_manager(endpoint, actor)
    record_audit_event(action=AuditEvent.Action.DELETED, actor=actor, target=endpoint)
    if endpoint.deliveries.exists():
        endpoint.is_active = False
        endpoint.save(update_fields=["is_active", "updated_at"])
        cancel_waiting(endpoint=endpoint)
        return
    endpoint.delete()


@transaction.atomic
def rotate_signing_key(*, endpoint: Endpoint, actor: User) -> str:
    """Give a webhook a new key beside the one it has; returns the new one, to be shown once."""
    _check_manager(endpoint, actor)
    locked = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    secret = json.loads(locked.secret)
    secret["keys"] = [secrets.token_urlsafe(KEY_BYTES), *secret.get("keys", [])][:KEYS_MOST]
    locked.secret = json.dumps(secret)
    locked.save(update_fields=["secret", "updated_at"])
    record_audit_event(
        action=AuditEvent.Action.CHANGED, actor=actor, target=locked, detail={"key": "rotated"}
    )
    key: str = secret["keys"][0]
    return key


@transaction.atomic
def replace_signing_key(*, endpoint: Endpoint, actor: User) -> str:
    """Give a webhook a new key alone, such as one that nobody saw; returns it, to be shown once."""
    key = rotate_signing_key(endpoint=endpoint, actor=actor)
    drop_old_keys(endpoint=endpoint, actor=actor)
    return key


@transaction.atomic
def drop_old_keys(*, endpoint: Endpoint, actor: User) -> None:
    """Sign with the newest key alone, once the receiver has taken it."""
    _check_manager(endpoint, actor)
    locked = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    secret = json.loads(locked.secret)
    secret["keys"] = secret.get("keys", [])[:1]
    locked.secret = json.dumps(secret)
    locked.save(update_fields=["secret", "updated_at"])
    record_audit_event(
        action=AuditEvent.Action.CHANGED, actor=actor, target=locked, detail={"key": "old dropped"}
    )


def _check_manager(endpoint: Endpoint, actor: User) -> None:
    sentence = _("Only managers of the organization may add recipients.")
    check_manager(endpoint.organization, actor, else_say=sentence)


def _email(wanted: Wanted, _before: dict[str, Any]) -> Parts:
    address = str(wanted.get("address", "")).strip()
    try:
        validate_email(address)
    except ValidationError as error:
        raise EndpointRefusedError(_("Write one e-mail address."), field="address") from error
    return {"address": address}, {}


def _webhook(wanted: Wanted, before: dict[str, Any]) -> Parts:
    url = _url(wanted, before)
    keys = before.get("keys") or [secrets.token_urlsafe(KEY_BYTES)]
    options = {"host": read_url(url).host, **_authority(wanted)}
    return options, {"url": url, "keys": keys, "headers": _headers(wanted, before, url)}


def _relay(wanted: Wanted, before: dict[str, Any]) -> Parts:
    url = _url(wanted, before)
    method = wanted.get("method") or "POST"
    if method not in {"GET", "POST", "PUT"}:
        raise EndpointRefusedError(_("Choose GET, POST or PUT."), field="method")
    options = {
        "host": read_url(url).host,
        "method": method,
        "body": str(wanted.get("body") or "")[:2_000],
        "latest_seconds": _number(wanted.get("latest_seconds") or 20, "latest_seconds", 1, 300),
        **_authority(wanted),
    }
    return options, {"url": url, "headers": _headers(wanted, before, url)}


def _service(wanted: Wanted, before: dict[str, Any]) -> Parts:
    url = str(wanted.get("url") or before.get("url", "")).strip()
    return {"service": service_name(url)}, {"url": url}


def _mqtt(wanted: Wanted, before: dict[str, Any]) -> Parts:
    host = str(wanted.get("host", "")).strip()
    if not host or "/" in host:
        raise EndpointRefusedError(_("Write the broker's name or address."), field="host")
    _refuse_private(host, "host")
    topic = str(wanted.get("topic") or "lpr/alerts")
    if not _TOPIC.fullmatch(topic):
        raise EndpointRefusedError(_("A topic has no # and no +."), field="topic")
    has_tls = bool(wanted.get("tls"))
    port = wanted.get("port") or (8883 if has_tls else 1883)
    options = {
        "host": host,
        "port": _number(port, "port", 1, 65_535),
        "tls": has_tls,
        "topic": topic,
        "discovery": bool(wanted.get("discovery", True)),
        # Recipients and servers that share a broker are devices of their own in Home Assistant.
        "node": before.get("node") or secrets.token_hex(NODE_BYTES),
        **_authority(wanted),
    }
    username = str(wanted.get("username") or "")
    password = str(wanted.get("password") or "")
    is_same = username == before.get("username") and all(
        options[name] == before.get(name) for name in ("host", "port", "tls")
    )
    # What was entered for one broker goes to no other, and not into the open.
    if not password and is_same:
        password = before.get("password", "")
    return options, {"username": username, "password": password}


def _web_push(wanted: Wanted, _before: dict[str, Any]) -> Parts:
    roles = list(wanted.get("roles") or [])
    if not set(roles) <= set(Role.values):
        raise EndpointRefusedError(_("Choose roles of the organization."), field="roles")
    return {"roles": roles}, {}


_PARTS: Mapping[str, Callable[[Wanted, dict[str, Any]], Parts]] = {
    Channel.EMAIL: _email,
    Channel.WEBHOOK: _webhook,
    Channel.RELAY: _relay,
    Channel.SERVICE: _service,
    Channel.MQTT: _mqtt,
    Channel.WEB_PUSH: _web_push,
}


def _url(wanted: Wanted, before: dict[str, Any]) -> str:
    url = str(wanted.get("url") or before.get("url", "")).strip()
    try:
        host = read_url(url).host or ""
    except CallRefusedError as error:
        raise EndpointRefusedError(error.message, field="url") from error
    _refuse_private(host.strip("[]"), "url")
    return url


def _server(url: str) -> tuple[str | None, str | None, int | None]:
    read = read_url(url)
    usual = 443 if read.scheme == "https" else 80
    return read.scheme, read.host, read.port or usual


def _refuse_private(host: str, field: str) -> None:
    """Say at once what the client refuses later; a name that is not known yet may come."""
    try:
        found = look_up(host, LOOK_UP_SECONDS)
    except OSError:
        return
    if not all(may_be_called(one, settings.OUTGOING_ALLOWED_NETWORKS) for one in found):
        message = _(
            "%s leads into a private network, where the server does not call. If it should, have "
            "its network added to LPR_OUTGOING_ALLOWED_NETWORKS."
        )
        raise EndpointRefusedError(message % host, field=field)


def _headers(wanted: Wanted, before: dict[str, Any], url: str) -> dict[str, str]:
    headers = wanted.get("headers")
    if headers is None:
        # What was entered for one server goes to no other, and not into the open.
        is_same = "url" in before and _server(before["url"]) == _server(url)
        kept: dict[str, str] = before.get("headers", {}) if is_same else {}
        return kept
    is_table = isinstance(headers, Mapping) and len(headers) <= HEADERS_MOST
    if not is_table or not all(
        _HEADER.fullmatch(str(name)) and "\n" not in str(value) and "\r" not in str(value)
        for name, value in headers.items()
    ):
        message = _("Write headers as Name: value, one on a line, 10 at most.")
        raise EndpointRefusedError(message, field="headers")
    return {str(name): str(value) for name, value in headers.items()}


def _authority(wanted: Wanted) -> dict[str, str]:
    text = str(wanted.get("ca_certificate") or "").strip()
    if text and (len(text) > 20_000 or not text.startswith("-----BEGIN CERTIFICATE-----")):  # noqa: PLR2004  # a chain of a few
        raise EndpointRefusedError(
            _("Paste the authority's certificate as PEM text."), field="ca_certificate"
        )
    return {"ca_certificate": text} if text else {}


def _number(value: Any, field: str, least: int, most: int) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = least - 1
    if not least <= number <= most:
        message = _("Write a number from %(least)d to %(most)d.")
        raise EndpointRefusedError(message % {"least": least, "most": most}, field=field)
    return number
