"""WSGI entry point: gunicorn serves pages and API behind a proxy, Daphne keeps /ws."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lpr_project.settings.base")
application = get_wsgi_application()
