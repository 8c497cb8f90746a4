"""The WebSockets' table."""

from django.urls import path

from detections.consumers import LiveConsumer

websocket_urlpatterns = [
    path("ws/live/", LiveConsumer.as_asgi()),
]
