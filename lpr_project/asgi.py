"""ASGI entry point: Daphne serves pages, API and WebSockets."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lpr_project.settings.base")
django_application = get_asgi_application()  # loads the apps, which routing needs

from lpr_project.request_bodies import leave_bodies_to_django  # noqa: E402
from lpr_project.routing import websocket_urlpatterns  # noqa: E402

leave_bodies_to_django()

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)
