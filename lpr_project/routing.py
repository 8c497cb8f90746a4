"""The WebSockets' table."""

from django.urls import path

from alerts.consumers import AlertsConsumer
from detections.consumers import LiveConsumer

websocket_urlpatterns = [
    path("ws/alerts/", AlertsConsumer.as_asgi()),
    path("ws/live/", LiveConsumer.as_asgi()),
]
