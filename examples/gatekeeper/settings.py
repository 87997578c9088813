"""Settings of the gatekeeper as a project of its own: the control room of one or more sites it protects.

With nothing set, it serves this machine only: loopback hosts, plain HTTP and a SQLite file.
`GATEKEEPER_ALLOWED_HOSTS` opens it to others, and then HTTPS is enforced and `GATEKEEPER_SECRET_KEY` is required.

- `GATEKEEPER_ALLOWED_HOSTS`: the host names it serves, separated by commas.
- `GATEKEEPER_SECRET_KEY`: at least 50 random characters, the same in every process.
- `GATEKEEPER_DATABASE_URL`: `postgresql://user:password@host:5432/name`, or `sqlite:////absolute/path`; the database
  of the site it protects.
- `GATEKEEPER_REDIS_URL`: where buckets are shared; without it each process has its own.
- `GATEKEEPER_BROKER_URL`: `amqp://…` or `redis://…`; without it the tasks run in the process that starts them.
- `GATEKEEPER_TRUSTED_PROXIES`: CIDR blocks of proxies whose `X-Forwarded-For` is believed, separated by commas.
- `GATEKEEPER_PLACES_FILE`: a database file in MaxMind's format.
- `GATEKEEPER_ALERT_EMAILS`, `GATEKEEPER_ALERT_WEBHOOK_URL`: who is told of an incident.
- `GATEKEEPER_METRICS_TOKEN`: who sends it as a bearer token may read `/metrics`; without it, this machine may, and of a
  service that serves others nobody.
- `GATEKEEPER_BEHIND_TLS_PROXY`: `1` where a proxy ends TLS and overwrites `X-Forwarded-Proto` on every request.
- `GATEKEEPER_DEBUG`: `1` turns on Django's debug mode, on this machine only.
"""

import os
from pathlib import Path

import dj_database_url
from conventions.log_settings import log_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

FOLDER = Path(__file__).resolve().parent
NEW_KEY = (
    'python3 -c "from secrets import token_urlsafe; print(token_urlsafe(50))" prints a good one; '
    "keep it in the environment, never in the repository"
)


def listed(name: str) -> list[str]:
    """The entries of a variable that holds a list separated by commas."""
    return [entry.strip() for entry in os.environ.get(name, "").split(",") if entry.strip()]


DEBUG = os.environ.get("GATEKEEPER_DEBUG") == "1"
ALLOWED_HOSTS = listed("GATEKEEPER_ALLOWED_HOSTS")
PUBLIC = bool(ALLOWED_HOSTS)
if PUBLIC and DEBUG:
    raise ImproperlyConfigured(
        "GATEKEEPER_DEBUG=1 would show settings to strangers. Fix: unset it, or GATEKEEPER_ALLOWED_HOSTS."
    )
if PUBLIC and not os.environ.get("GATEKEEPER_SECRET_KEY"):
    raise ImproperlyConfigured(
        f"GATEKEEPER_ALLOWED_HOSTS is set and GATEKEEPER_SECRET_KEY is not. Fix: set it. {NEW_KEY}."
    )
if not PUBLIC:
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
SECRET_KEY = os.environ.get("GATEKEEPER_SECRET_KEY") or get_random_secret_key()

INSTALLED_APPS = [
    "django.contrib.auth",  # REST framework imports it; nobody has a password here
    "django.contrib.contenttypes",
    "rest_framework",
    "drf_spectacular",
    "conventions",
    "gatekeeper",
]
MIDDLEWARE = [
    "conventions.health.HealthMiddleware",  # before the check of the host: a probe comes by address
    "conventions.telemetry.TelemetryMiddleware",  # it sees every other answer
    "conventions.problems.ProblemDetailsMiddleware",  # outside everything that may refuse
    "gatekeeper.middleware.Gatekeeper",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
SYSTEM = "gatekeeper"  # in the types of its problems and the name of its specification
ROOT_URLCONF = "gatekeeper.urls"
WSGI_APPLICATION = "gatekeeper.wsgi.application"

GATEKEEPER = {
    "TRUSTED_PROXIES": listed("GATEKEEPER_TRUSTED_PROXIES"),
    "REDIS_URL": os.environ.get("GATEKEEPER_REDIS_URL", ""),
    "PLACES_FILE": os.environ.get("GATEKEEPER_PLACES_FILE", ""),
    "ALERT_EMAILS": listed("GATEKEEPER_ALERT_EMAILS"),
    "ALERT_WEBHOOK_URL": os.environ.get("GATEKEEPER_ALERT_WEBHOOK_URL", ""),
}
DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("GATEKEEPER_DATABASE_URL") or f"sqlite:///{(FOLDER / 'db.sqlite3').as_posix()}",
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A transaction takes the write lock when it begins: refused later, after a read, it could only fail.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

LOGGING = log_settings(SYSTEM)
METRICS_TOKEN = os.environ.get("GATEKEEPER_METRICS_TOKEN", "")
METRICS_COLLECTORS: list[str] = []

CELERY_BROKER_URL = os.environ.get("GATEKEEPER_BROKER_URL", "memory://")
CELERY_TASK_ALWAYS_EAGER = not os.environ.get("GATEKEEPER_BROKER_URL")
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = CELERY_WORKER_REDIRECT_STDOUTS = False  # a worker logs as the rest does
CELERY_TASK_ACKS_LATE = True  # each task may run twice without harm
CELERY_BEAT_SCHEDULE = {
    "detect": {"task": "gatekeeper.detect", "schedule": 60, "options": {"expires": 60}},
    "retain": {"task": "gatekeeper.retain", "schedule": 3600, "options": {"expires": 3600}},
}

SECURE_SSL_REDIRECT = PUBLIC
if os.environ.get("GATEKEEPER_BEHIND_TLS_PROXY") == "1":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PUBLIC else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PUBLIC
SECURE_HSTS_PRELOAD = PUBLIC
CSRF_COOKIE_SECURE = PUBLIC
X_FRAME_OPTIONS = "DENY"
APPEND_SLASH = False  # a redirect would turn a POST into a GET
DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["gatekeeper.tokens.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["conventions.permissions.NamedRoles"],
    "DEFAULT_PARSER_CLASSES": ["conventions.strict.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "conventions.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Gatekeeper API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Read who asks and what was detected; block, allow and unblock addresses.",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "SERVERS": [
        # Relative to the address of the specification, so that it holds wherever the site is served.
        {
            "url": "../live/gatekeeper",
            "description": "The gatekeeper in this site's page, once started there",
        },
        {"url": "http://127.0.0.1:8000", "description": "The development server on your machine"},
    ],
    "TAGS": [
        {"name": "rules", "description": "Which networks are let in, slowed down or kept out"},
        {"name": "incidents", "description": "What was detected, and what was done about it"},
        {"name": "traffic", "description": "Who asks, how often, and with which answers"},
    ],
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_NAME_OVERRIDES": {"RuleAction": "gatekeeper.models.Rule.Action"},
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "conventions.spec.document_problems",
    ],
}
