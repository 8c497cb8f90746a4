"""MQTT: alerts as JSON, and topics that Home Assistant finds by itself.

Source: home-assistant.io/integrations/mqtt, "MQTT discovery", device discovery payload of a single
component; MQTT 3.1.1, quality of service 1: at least once, the key in the message tells repeats.
"""

import socket
import ssl
import threading
from typing import Any

import orjson
import paho.mqtt.client as mqtt
from django.conf import settings
from paho.mqtt.enums import CallbackAPIVersion

from alerts.errors import DeliveryFailedError
from alerts.services.channels.message import Message, Target
from lpr_project.common.addresses import look_up, may_be_called

CONNECT_SECONDS = 5
PUBLISH_SECONDS = 5
KEEP_ALIVE_SECONDS = 60


class _Client(mqtt.Client):
    """Connects to the address that was checked; TLS asks for the name's certificate."""

    address = ""

    def _create_unix_socket_connection(self) -> Any:
        raise OSError("no socket files")

    def _create_socket_connection(self) -> Any:
        return socket.create_connection((self.address, self._port), timeout=CONNECT_SECONDS)

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        # paho's own leaves the socket open where the certificate is refused.
        assert self._ssl_context is not None, "set where TLS is asked for"
        secure = self._ssl_context.wrap_socket(
            tcp_sock, server_hostname=self._host, do_handshake_on_connect=False
        )
        secure.settimeout(CONNECT_SECONDS)
        try:
            secure.do_handshake()
        except OSError:
            secure.close()
            raise
        return secure


def _client(target: Target) -> _Client:
    host = target.options["host"]
    try:
        found = look_up(host, CONNECT_SECONDS)
    except OSError as error:
        raise DeliveryFailedError(f"The broker {host} is not known: check its name.") from error
    if not all(may_be_called(one, settings.OUTGOING_ALLOWED_NETWORKS) for one in found):
        raise DeliveryFailedError(
            f"{host} leads into a private network. If it should, add the network to "
            "LPR_OUTGOING_ALLOWED_NETWORKS."
        )
    client = _Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.address = found[0]
    if username := target.secret.get("username"):
        client.username_pw_set(username, target.secret.get("password") or None)
    if target.options.get("tls"):
        authority = target.options.get("ca_certificate") or None
        client.tls_set_context(ssl.create_default_context(cadata=authority))
    return client


def send_mqtt(message: Message, target: Target) -> None:
    """Publish an alert, and where asked what lets Home Assistant know of it."""
    host = target.options["host"]
    client = _client(target)
    try:
        _connect(client, host, int(target.options.get("port", 1883)))
        for name, payload, is_kept in _payloads(message, target):
            sent = client.publish(name, payload, qos=1, retain=is_kept)
            sent.wait_for_publish(PUBLISH_SECONDS)
            if not sent.is_published():
                raise DeliveryFailedError(f"The broker {host} did not confirm the message.")
    except ssl.SSLError as error:
        raise DeliveryFailedError(
            f"The broker {host} does not prove who it is. Check its certificate."
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise DeliveryFailedError(f"The broker {host} cannot be reached.") from error
    finally:
        client.disconnect()
        client.loop_stop()


def _connect(client: _Client, host: str, port: int) -> None:
    refused: list[str] = []
    answered = threading.Event()

    def note(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            refused.append(str(reason))
        answered.set()

    client.on_connect = note
    client.connect(host, port, KEEP_ALIVE_SECONDS)
    client.loop_start()
    if not answered.wait(CONNECT_SECONDS):
        raise DeliveryFailedError(f"The broker {host} does not answer.")
    if refused:
        raise DeliveryFailedError(f"The broker {host} refused the log-in: {refused[0]}.")


def _payloads(message: Message, target: Target) -> list[tuple[str, bytes, bool]]:
    topic = target.options.get("topic", "lpr/alerts")
    state = orjson.dumps({"key": str(message.key), "title": message.subject, **message.facts})
    alert = (topic, state, False)
    if not target.options.get("discovery"):
        return [alert]
    # The name of the device is the recipient's; several servers may share a broker.
    unique = f"lpr_{target.options.get('node', 'server')}"
    config = {
        "name": "Alert",
        "unique_id": f"{unique}_alert",
        "state_topic": topic,
        "value_template": "{{ value_json.title[:250] }}",
        "json_attributes_topic": topic,
        "icon": "mdi:car-search",
        "device": {"identifiers": [unique], "name": target.name, "manufacturer": "LPR Server"},
    }
    return [(f"homeassistant/sensor/{unique}/alert/config", orjson.dumps(config), True), alert]
