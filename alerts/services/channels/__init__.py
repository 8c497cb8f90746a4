"""One sender for each channel."""

from collections.abc import Mapping

from alerts.models import Channel
from alerts.services.channels.email import send_email
from alerts.services.channels.message import Sender
from alerts.services.channels.mqtt import send_mqtt
from alerts.services.channels.relay import send_relay
from alerts.services.channels.service import send_service
from alerts.services.channels.web_push import send_web_push
from alerts.services.channels.webhook import send_webhook

SENDERS: Mapping[str, Sender] = {
    Channel.EMAIL: send_email,
    Channel.WEBHOOK: send_webhook,
    Channel.SERVICE: send_service,
    Channel.WEB_PUSH: send_web_push,
    Channel.MQTT: send_mqtt,
    Channel.RELAY: send_relay,
}
