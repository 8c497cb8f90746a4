"""Django's names for the environment. Nothing exists in production alone."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from lpr_project import celery  # noqa: F401  # shared tasks bind to the first app made: this one
from lpr_project.env import BASE_DIR, Env
from lpr_project.logging import configure_logging
from lpr_project.schedule import PERIODIC_TASKS

django_stubs_ext.monkeypatch()

env = Env()  # type: ignore[call-arg]  # values come from the environment

DEBUG = env.debug
SECRET_KEY = env.secret_key.get_secret_value()
ENCRYPTION_KEYS = [key.get_secret_value() for key in env.encryption_keys]
ALLOWED_HOSTS = env.allowed_hosts
CSRF_TRUSTED_ORIGINS = env.trusted_origins

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.forms",
    "lpr_project.apps.LprAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.gis",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "channels",
    "csp",
    "django_celery_beat",
    "django_filters",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "rest_framework",
    "lpr_project",
    "accounts",
    "cameras",
    "vehicles",
    "detections",
    "spatial",
    "alerts",
    "reports",
]

MIDDLEWARE = [
    "lpr_project.metrics.LatencyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "lpr_project.common.middleware.NulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "lpr_project.common.middleware.RequestLogMiddleware",
    "accounts.middleware.OriginMiddleware",
    "accounts.middleware.SuperuserAuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "lpr_project.urls"
ASGI_APPLICATION = "lpr_project.asgi.application"
WSGI_APPLICATION = "lpr_project.wsgi.application"
FORM_RENDERER = "lpr_project.common.widgets.WrittenOut"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "django.template.context_processors.tz",
                "accounts.context_processors.navigation",
            ],
            "builtins": ["lpr_project.common.tags"],
        },
    },
]


def postgres(url: str) -> dict[str, Any]:
    """Django's form of a postgresql:// URL, with a pool instead of persistent connections."""
    parts = urlsplit(url)
    return {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or 5432,
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": env.database_pool_size, "timeout": 10},
            "connect_timeout": 5,
        },
    }


DATABASES = {"default": postgres(env.database_url.get_secret_value())}
# A connection that PostgreSQL dropped is replaced before a request gets it: the pool asks on
# each check-out, which costs 0.08 ms.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis may be lost at any moment without losing a detection: each use has a database of its own.
REDIS_URL = env.redis_url.get_secret_value().rstrip("/")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"{REDIS_URL}/1",
        "KEY_PREFIX": "lpr",
        "OPTIONS": {"serializer": "lpr_project.common.cache.JsonSerializer"},
    }
}
LIMITS_REDIS_URL = f"{REDIS_URL}/1"
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [f"{REDIS_URL}/2"], "prefix": "lpr"},
    }
}
CELERY_BROKER_URL = f"{REDIS_URL}/0"
# A batch and the message about it go there in one round trip.
FRAMES_REDIS_URL = CELERY_BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    # Where cameras are read: the same network, folders and devices.
    "cameras.tasks.test_connection": {"queue": "streams"},
    "detections.tasks.watch_camera": {"queue": "streams"},
    # Two long videos being read keep `default` busy for hours; cameras must not wait for them.
    "detections.tasks.ensure_streams": {"queue": "streams"},
    "detections.tasks.recognise_batch": {"queue": "recognition"},
    # Slow receivers must not hold up anything else, nor long work the messages.
    "alerts.tasks.send_lane": {"queue": "deliveries"},
    "alerts.tasks.sweep_deliveries": {"queue": "deliveries"},
    "alerts.tasks.escalate_alerts": {"queue": "deliveries"},
    "alerts.tasks.raise_missed": {"queue": "deliveries"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = PERIODIC_TASKS
DJANGO_CELERY_BEAT_TZ_AWARE = True

DATA_DIR: Path = env.data_dir
MODELS_DIR: Path = env.models_dir
SOURCES_DIR: Path = env.sources_dir
ALLOW_LOOPBACK_SOURCES = env.allow_loopback_sources
OUTGOING_ALLOWED_NETWORKS = env.outgoing_allowed_networks
MAP_TILE_URL = env.map_tile_url
MAP_TILE_ATTRIBUTION = env.map_tile_attribution
PICTURE_QUALITY = env.picture_quality
UPLOAD_MAX_BYTES = env.upload_max_mib * 1024 * 1024
STORAGE_RESERVE_BYTES = env.storage_reserve_mib * 1024 * 1024
# The body is streamed to disk; what is held in memory stays small.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
EXPORT_DIRECT_ROWS = env.export_direct_rows
EXPORT_MAX_ROWS = env.export_max_rows
EXPORT_MAX_BYTES = env.export_max_mib * 1024 * 1024
EXPORT_KEPT_HOURS = env.export_kept_hours
EXPORTS_AT_ONCE = env.exports_at_once
EVIDENCE_MAX_DETECTIONS = env.evidence_max_detections
SIGNING_KEY_DIR: Path = env.signing_key_dir
RECOGNITION_DEVICE = env.recognition_device
RECOGNITION_THREADS = env.recognition_threads
RECOGNITION_BATCH = env.recognition_batch
RECOGNITION_GATHER_MS = env.recognition_gather_ms

STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files"},
    },
    "pictures": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "pictures", "file_permissions_mode": 0o640},
    },
    "uploads": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "uploads", "file_permissions_mode": 0o640},
    },
    "exports": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "exports", "file_permissions_mode": 0o640},
    },
    "staticfiles": {"BACKEND": "lpr_project.staticfiles.ModuleAwareStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".local" / "static"
NODE_MODULES = BASE_DIR / "node_modules"
# Front-end packages come from npm at set-up, pinned by package-lock.json; only what pages load.
STATICFILES_DIRS = [
    BASE_DIR / "static",
    *(
        (f"vendor/{name}", NODE_MODULES / folder)
        for name, folder in (
            ("bootstrap/css", "bootstrap/dist/css"),
            ("bootstrap/js", "bootstrap/dist/js"),
            ("htmx", "htmx.org/dist"),
            ("chart", "chart.js/dist"),
            ("leaflet", "leaflet/dist"),
            ("fonts/sans", "@fontsource/ibm-plex-sans-thai-looped/files"),
            ("fonts/mono", "@fontsource/ibm-plex-mono/files"),
        )
        if (NODE_MODULES / folder).is_dir()
    ),
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
GUARDIAN_RAISE_403 = True
ANONYMOUS_USER_NAME = None
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "detections:live"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # managers invite people; nobody signs up
ACCOUNT_ADAPTER = "accounts.adapters.InvitationOnlyAdapter"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PREVENT_ENUMERATION = True
ALLAUTH_TRUSTED_PROXY_COUNT = env.trusted_proxies
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "LPR Server"
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "allauth.headless.tokens.strategies.jwt.JWTTokenStrategy"  # noqa: S105
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_PRIVATE_KEY = sha256(f"jwt:{SECRET_KEY}".encode()).hexdigest()
# A token of someone who was locked out or logged out stops working at once.
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
HEADLESS_SERVE_SPECIFICATION = False

SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.behind_https_proxy
SESSION_COOKIE_NAME = "__Host-session" if env.behind_https_proxy else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if env.behind_https_proxy else "csrf"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.behind_https_proxy else None
SECURE_SSL_REDIRECT = env.behind_https_proxy
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if env.behind_https_proxy else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.behind_https_proxy
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"


def tile_origins(url: str) -> list[str]:
    """Where map tiles come from, as the content policy names it: {s} is any subdomain."""
    parts = urlsplit(url)
    return [f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"] if parts.netloc else []


CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": [],
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, "'unsafe-inline'"],  # Leaflet positions its tiles by style attributes
        "img-src": [SELF, "data:", "blob:", *tile_origins(env.map_tile_url)],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.ApiKeyAuthentication",
        "accounts.api.authentication.JwtAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "accounts.api.permissions.HasScope",
    ],
    "DEFAULT_PAGINATION_CLASS": "lpr_project.common.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["lpr_project.common.renderers.OrjsonRenderer"],
    "DATETIME_FORMAT": None,  # the renderer writes them, in UTC
    "DEFAULT_PARSER_CLASSES": ["lpr_project.common.parsers.BoundedJsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["lpr_project.common.throttling.TokenBucketThrottle"],
    "EXCEPTION_HANDLER": "lpr_project.common.exceptions.answer_error",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# Calls that may come at once and calls per minute in the long run, per account or address.
API_RATES = {
    "anonymous": (30, 30),
    "user": (300, 1200),
    "ingest": (300, 6000),
    "uploads": (30, 60),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LPR Server",
    "DESCRIPTION": "Cameras, detections, plates and models of a licence plate recognition server.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",  # which pydantic's shapes need
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "AlertChangeKindEnum": "alerts.models.AlertChange.Kind",
        "AlertRejectReasonEnum": "alerts.models.AlertRejectReason",
        "AlertStateEnum": "alerts.models.Alert.State",
        "AlertVerdictEnum": "alerts.models.Alert.Verdict",
        "FeedFormatEnum": "alerts.models.Feed.Format",
        "RejectReasonEnum": "detections.models.RejectReason",
        "VerdictEnum": "detections.models.Detection.Verdict",
        "NumberMatchEnum": "detections.models.NumberMatch",
        "DeliveryKindEnum": "alerts.models.Delivery.Kind",
        "DeliveryStateEnum": "alerts.models.Delivery.State",
        "HitOriginEnum": "alerts.models.Hit.Origin",
        "DetectionOriginEnum": "detections.models.Detection.Origin",
        "WatchlistMatchEnum": "alerts.models.Watchlist.Match",
        "AgreementEnum": "alerts.models.Agreement",
        "RoleEnum": "accounts.models.Role",
        "PlateStatusEnum": "vehicles.models.Plate.Status",
        "ReviewEnum": "detections.models.Detection.Review",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "lpr_project.common.openapi.describe_errors",
    ],
}

UNFOLD = {
    "SITE_TITLE": "LPR Server",
    "SITE_HEADER": "LPR Server",
    "SITE_URL": "/",
    "SITE_ICON": "lpr_project.sidebar.icon",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "lpr_project.sidebar.icon"}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "lpr_project.dashboard.system_state",
    "SIDEBAR": {"navigation": "lpr_project.sidebar.navigation"},
    "STYLES": ["lpr_project.sidebar.fonts", "lpr_project.sidebar.stylesheet"],
    "SCRIPTS": ["lpr_project.sidebar.theme"],
    "BORDER_RADIUS": "6px",
    # The pages' tokens (static/lpr/tokens.css) as the steps that Unfold wants.
    "COLORS": {
        "base": {
            "50": "#f2f4f7",
            "100": "#e8ecf1",
            "200": "#d3dae3",
            "300": "#b9c4d1",
            "400": "#9fadbd",
            "500": "#6b7a8c",
            "600": "#546273",
            "700": "#33404f",
            "800": "#2a3441",
            "900": "#141a22",
            "950": "#0d1117",
        },
        "primary": {
            "50": "#eef5fd",
            "100": "#dceafa",
            "200": "#bcd8f6",
            "300": "#9fcbff",
            "400": "#82bbff",
            "500": "#5fa3ee",
            "600": "#1f62ad",
            "700": "#0a58a8",
            "800": "#0a4684",
            "900": "#0b3766",
            "950": "#082544",
        },
    },
}

LANGUAGE_CODE = env.language
# Admin and pages write times in one way.
FORMAT_MODULE_PATH = "lpr_project.formats"
LANGUAGES = [("en", _("English")), ("th", _("Thai"))]
LOCALE_PATHS = [BASE_DIR / "lpr_project" / "locale"]
TIME_ZONE = env.time_zone
USE_TZ = True

PUBLIC_URL = env.public_url
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.email_from
if env.email_url:
    _mail = urlsplit(env.email_url)
    EMAIL_HOST = _mail.hostname or "localhost"
    EMAIL_PORT = _mail.port or 25
    EMAIL_HOST_USER = unquote(_mail.username or "")
    EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
    EMAIL_USE_TLS = EMAIL_PORT == 587  # noqa: PLR2004  # submission with STARTTLS (RFC 6409)
    EMAIL_USE_SSL = EMAIL_PORT == 465  # noqa: PLR2004  # implicit TLS (RFC 8314)
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

# Debian 12 has GDAL 3.6; what W001 warns of needs a spatial reference from outside, and every
# geometry here is parsed by GEOS or PostGIS in SRID 4326.
SILENCED_SYSTEM_CHECKS = ["gis.W001"]

METRICS_TOKEN = env.metrics_token.get_secret_value()

LOGGING_CONFIG = None
configure_logging(fmt=env.log_format, level=env.log_level)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# It would wrap request.user, and allauth's log-in API then takes everybody for a stranger;
# OriginMiddleware binds the id instead.
DJANGO_STRUCTLOG_USER_ID_FIELD = None
