"""Channels that need a program or a service of their own."""

import json
import os
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import http_ece
import jwt
import paho.mqtt.client as mqtt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt.enums import CallbackAPIVersion
from pytest_django import Settings

from alerts.errors import DeliveryFailedError, TemplateRefusedError
from alerts.services.channels.message import Message, Target
from alerts.services.channels.mqtt import send_mqtt
from alerts.services.channels.service import only_public, send_service, service_name
from alerts.services.channels.web_push import public_key, send_web_push
from alerts.services.templates import check_template, fill
from tests.alerts.receivers import Receiver, mqtt_broker, self_signed


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine answers late."""
    for limit in ("CONNECT_SECONDS", "PUBLISH_SECONDS"):
        monkeypatch.setattr(f"alerts.services.channels.mqtt.{limit}", 60)


def message(**fields: Any) -> Message:
    defaults: dict[str, Any] = {
        "key": uuid4(),
        "subject": "1กข1234 · Stolen",
        "body": "Gate 1",
        "facts": {"version": 1, "alert": {"plate": {"number": "1กข1234"}}},
    }
    return Message(**{**defaults, **fields})


class Listener:
    """A subscriber that keeps what it hears."""

    def __init__(self, port: int) -> None:
        self.heard: dict[str, bytes] = {}
        self._ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_rest: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_rest: self._ready.set()
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(60)

    def _hear(self, _client: Any, _data: Any, heard: Any) -> None:
        self.heard[heard.topic] = heard.payload

    def wait_for(self, topic: str) -> Any:
        until = time.monotonic() + 60
        while topic not in self.heard and time.monotonic() < until:
            time.sleep(0.02)
        return json.loads(self.heard[topic])

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def test_mqtt_publishes_alerts_that_home_assistant_finds(tmp_path: Path, loopback: None) -> None:
    with mqtt_broker(tmp_path) as port:
        listener = Listener(port)
        target = Target(
            name="Gate",
            options={"host": "127.0.0.1", "port": port, "discovery": True, "topic": "lpr/alerts"},
            secret={},
        )
        sent = message()
        send_mqtt(sent, target)
        alert = listener.wait_for("lpr/alerts")
        config = listener.wait_for("homeassistant/sensor/lpr_server/alert/config")
        listener.close()
    assert alert["alert"]["plate"]["number"] == "1กข1234"
    assert alert["key"] == str(sent.key)
    assert config["state_topic"] == "lpr/alerts"
    assert config["device"]["identifiers"] == ["lpr_server"]


def test_mqtt_broker_that_refuses_or_is_away_is_said_in_words(
    tmp_path: Path, loopback: None
) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    extra = f"allow_anonymous false\npassword_file {passwords}"
    with mqtt_broker(tmp_path, extra=extra) as port:
        options = {"host": "127.0.0.1", "port": port}
        with pytest.raises(DeliveryFailedError, match="refused the log-in"):
            send_mqtt(message(), Target(name="x", options=options, secret={"username": "u"}))
    with pytest.raises(DeliveryFailedError, match="cannot be reached"):
        send_mqtt(message(), Target(name="x", options=options, secret={}))


def test_mqtt_over_tls_asks_for_the_certificate(tmp_path: Path, loopback: None) -> None:
    _, authority = self_signed(tmp_path)
    extra = (
        f"allow_anonymous true\ncertfile {tmp_path}/localhost.pem\nkeyfile {tmp_path}/localhost.key"
    )
    with mqtt_broker(tmp_path, extra=extra) as port:
        options = {"host": "localhost", "port": port, "tls": True}
        with pytest.raises(DeliveryFailedError, match="prove who it is"):
            send_mqtt(message(), Target(name="x", options=options, secret={}))
        send_mqtt(
            message(),
            Target(name="x", options={**options, "ca_certificate": authority}, secret={}),
        )


def test_mqtt_to_a_private_network_is_refused() -> None:
    with pytest.raises(DeliveryFailedError, match="private network"):
        send_mqtt(message(), Target(name="x", options={"host": "127.0.0.1"}, secret={}))


def test_service_hands_title_and_text_over(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins = import_module("apprise.plugins.telegram")
    monkeypatch.setattr(plugins.NotifyTelegram, "notify_url", receiver.url + "/bot")
    url = "tgram://123456789:abcdefghijklmnopqrstuvwxyzABCDEFGHI/12345678/"
    target = Target(name="x", options={}, secret={"url": url})
    send_service(message(link="https://lpr.example.org/alerts/1"), target)
    assert "1กข1234" in json.loads(receiver.received[-1].body)["text"]
    receiver.behave = "500"
    with pytest.raises(DeliveryFailedError, match="Telegram") as failed:
        send_service(message(), target)
    assert "abcdefghijkl" not in failed.value.message


def test_service_that_was_kept_with_a_file_of_the_server_sends_nothing(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins = import_module("apprise.plugins.discord")
    monkeypatch.setattr(plugins.NotifyDiscord, "notify_url", receiver.url)
    (tmp_path / "x.json").write_text('{"content": "of the server"}')
    url = f"discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?template={tmp_path}/x.json"
    with pytest.raises(DeliveryFailedError, match="template"):
        send_service(message(), Target(name="x", options={}, secret={"url": url}))
    assert receiver.received == []


def test_service_that_leads_inside_is_refused_where_it_connects(
    receiver: Receiver, settings: Settings
) -> None:
    settings.OUTGOING_ALLOWED_NETWORKS = []
    with only_public(), pytest.raises(requests.ConnectionError):
        requests.get(receiver.url, timeout=2)
    assert receiver.received == []
    assert requests.get(receiver.url, timeout=2).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "tgram://123456789:abcdefghijklmnopqrstuvwxyzABCDEFGHI/12345678/",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?tts=no&format=text",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
        "pover://uzH2rqhPRJyzbYcJpDAdrAJtBtm8JN@aXKtjmXAG4SRfPKGmGmBoFbAGPMmWh",
    ],
)
def test_service_urls_that_are_known(url: str) -> None:
    assert service_name(url)


class Browser:
    """What a browser keeps of its subscription, and how it reads what a push service brings."""

    def __init__(self, endpoint: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)
        self.endpoint = endpoint

    @property
    def subscription(self) -> dict[str, Any]:
        public = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": public, "auth": self.auth}
        encoded = {name: urlsafe_b64encode(key).rstrip(b"=").decode() for name, key in keys.items()}
        return {"endpoint": self.endpoint, "keys": encoded}

    def read(self, body: bytes) -> dict[str, str]:
        """The message, which the browser alone can read."""
        text = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth)
        read: dict[str, str] = json.loads(text)
        return read


def test_web_push_is_read_by_the_browser_alone_and_signed_by_the_server(receiver: Receiver) -> None:
    browser, other = Browser(receiver.url), Browser(receiver.url)

    sent = message()
    send_web_push(sent, Target(name="x", options={}, secret=browser.subscription))

    (call,) = receiver.received
    read = browser.read(call.body)
    assert read == {"title": sent.subject, "body": sent.body, "url": sent.link}
    assert "1กข1234" in read["title"]
    assert "1กข1234".encode() not in call.body
    with pytest.raises(http_ece.ECEException):
        other.read(call.body)
    assert (call.path, call.headers["content-encoding"]) == ("/hook", "aes128gcm")
    assert int(call.headers["ttl"]) == 12 * 3600
    assert (call.headers["urgency"], call.headers["topic"]) == ("high", sent.key.hex)
    # RFC 8292: a token for this push service and no other, signed with the key that subscribed.
    scheme, _, parameters = call.headers["authorization"].partition(" ")
    token, key = (parameters.replace(" ", "").split(",")[at].split("=", 1)[1] for at in (0, 1))
    assert (scheme, key) == ("vapid", public_key())
    claims = jwt.decode(
        token, server_key(), algorithms=["ES256"], audience=receiver.url.removesuffix("/hook")
    )
    assert 0 < claims["exp"] - time.time() <= 24 * 3600
    assert claims["sub"].startswith("mailto:")


def server_key() -> ec.EllipticCurvePublicKey:
    point = urlsafe_b64decode(f"{public_key()}=")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


@pytest.mark.parametrize(
    ("behave", "is_about_message"), [("410", True), ("404", True), ("500", False)]
)
def test_push_service_says_whether_the_browser_is_gone(
    receiver: Receiver, behave: str, is_about_message: bool
) -> None:
    receiver.behave = behave
    browser = Browser(receiver.url)

    with pytest.raises(DeliveryFailedError) as failed:
        send_web_push(message(), Target(name="x", options={}, secret=browser.subscription))

    assert failed.value.is_about_message is is_about_message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{% include 'x' %}", "run no code"),
        ("{{ plate|upper }}", "run no code"),
        ("{{ settings }}", "There is no"),
        ("{{ alert.organization }}", "run no code"),
        ("${7*7}", "run no code"),
        ("<% system('id') %>", "run no code"),
        ("{{ plate", "run no code"),
    ],
)
def test_template_with_code_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(TemplateRefusedError, match=says):
        check_template(text)


def test_template_fills_once_and_is_bounded() -> None:
    filled = fill("{{ plate }} {{ reason }}", {"plate": "{{ link }}", "reason": "x" * 9_000})
    assert filled.startswith("{{ link }} xxx")
    assert len(filled) == 4_000
