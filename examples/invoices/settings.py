"""Settings of the invoices, read from the environment.

With nothing set, the service serves this machine only: loopback hosts, plain HTTP, a SQLite file, tasks in the
process that asks for them, and a signing key that is made at start and known to nobody.
`INVOICES_ALLOWED_HOSTS` opens it to others, and then HTTPS is enforced and `INVOICES_SECRET_KEY` is required.

- `INVOICES_ALLOWED_HOSTS`: the host names it serves, separated by commas.
- `INVOICES_SECRET_KEY`: signs tokens; at least 50 random characters, the same in every process.
- `INVOICES_DATABASE_URL`: `postgresql://user:password@host:5432/name`, or `sqlite:////absolute/path`.
- `INVOICES_BROKER_URL`: `amqp://…` or `redis://…`, where a Celery worker makes the PDF files.
- `INVOICES_METRICS_TOKEN`: who sends it as a bearer token may read `/metrics`; without it, this machine may, and of a
  service that serves others nobody.
- `INVOICES_BEHIND_TLS_PROXY`: `1` where a proxy ends TLS and overwrites `X-Forwarded-Proto` on every request.
- `INVOICES_DEBUG`: `1` turns on Django's debug mode, on this machine only.
"""

import os
from datetime import timedelta
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

# --8<-- [start:environment]
DEBUG = os.environ.get("INVOICES_DEBUG") == "1"
ALLOWED_HOSTS = [
    host.strip() for host in os.environ.get("INVOICES_ALLOWED_HOSTS", "").split(",") if host.strip()
]
PUBLIC = bool(ALLOWED_HOSTS)
if PUBLIC and DEBUG:
    raise ImproperlyConfigured(
        "INVOICES_DEBUG=1 would show settings to strangers. Fix: unset it, or INVOICES_ALLOWED_HOSTS."
    )
if PUBLIC and not os.environ.get("INVOICES_SECRET_KEY"):
    raise ImproperlyConfigured(
        f"INVOICES_ALLOWED_HOSTS is set and INVOICES_SECRET_KEY is not. Fix: set it. {NEW_KEY}."
    )
if not PUBLIC:
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
SECRET_KEY = os.environ.get("INVOICES_SECRET_KEY") or get_random_secret_key()
# --8<-- [end:environment]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "drf_spectacular",
    "conventions",
    "invoices",
    "invoices.accounts",
    "invoices.billing",
    "invoices.papers",
]
MIDDLEWARE = [
    "conventions.health.HealthMiddleware",  # before the check of the host: a probe comes by address
    "conventions.telemetry.TelemetryMiddleware",  # it sees every other answer
    "conventions.problems.ProblemDetailsMiddleware",  # outside everything that may refuse
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
SYSTEM = "invoices"  # in the types of its problems and the name of its specification
ROOT_URLCONF = "invoices.urls"
WSGI_APPLICATION = "invoices.wsgi.application"

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("INVOICES_DATABASE_URL") or f"sqlite:///{(FOLDER / 'db.sqlite3').as_posix()}",
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

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

BROKER = os.environ.get("INVOICES_BROKER_URL", "")
CELERY_BROKER_URL = BROKER or "memory://localhost"
CELERY_TASK_ALWAYS_EAGER = not BROKER  # without a broker the process that asks for a task runs it
CELERY_TASK_DEFAULT_QUEUE = os.environ.get("INVOICES_QUEUE", "invoices")
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = CELERY_WORKER_REDIRECT_STDOUTS = False  # a worker logs as the rest does
CELERY_TASK_PUBLISH_RETRY = (
    False  # a lost message is found by make_papers; a request does not wait for the broker
)
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# The message of a worker or a child that dies goes to another one; the task bears being run twice.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Each may run twice at once without harm, so a second beat would do none.
CELERY_BEAT_SCHEDULE = {
    "make papers": {
        "task": "invoices.papers.tasks.make_missing",
        "schedule": 300,
        "options": {"expires": 300},
    },
    "forget answers": {
        "task": "invoices.billing.tasks.forget_answers",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
}
CELERY_BROKER_TRANSPORT_OPTIONS = (
    # Redis gives a dead worker's messages out again after a timeout, which is longer than a task may take.
    {
        "visibility_timeout": 120,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
    }
    if BROKER.startswith("redis")
    else {"confirm_publish": True}
)

LOGGING = log_settings(SYSTEM)
METRICS_TOKEN = os.environ.get("INVOICES_METRICS_TOKEN", "")
METRICS_COLLECTORS: list[str] = []

SECURE_SSL_REDIRECT = PUBLIC
if os.environ.get("INVOICES_BEHIND_TLS_PROXY") == "1":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PUBLIC else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PUBLIC
SECURE_HSTS_PRELOAD = PUBLIC
CSRF_COOKIE_SECURE = PUBLIC
X_FRAME_OPTIONS = "DENY"
APPEND_SLASH = False  # a redirect would turn a POST into a GET
DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["conventions.permissions.NamedRoles"],
    "DEFAULT_PARSER_CLASSES": ["conventions.strict.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "conventions.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "URL_FORMAT_OVERRIDE": None,
}
SIMPLE_JWT = {
    "ALGORITHM": "HS256",  # the only one accepted: RFC 8725 section 3.1
    "ISSUER": "invoices",
    "AUDIENCE": "invoices",
    "USER_ID_CLAIM": "sub",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Invoices API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Draft an invoice, issue it, correct it by a credit note, and record what was paid.",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "SERVERS": [
        # Relative to the address of the specification, so that it holds wherever the site is served.
        {"url": "../live/invoices", "description": "The invoices in this site's page, once started there"},
        {"url": "http://127.0.0.1:8000", "description": "The development server on your machine"},
    ],
    "TAGS": [
        {"name": "accounts", "description": "Log in, renew a token"},
        {"name": "parties", "description": "Who issues invoices, and who gets them"},
        {"name": "invoices", "description": "Drafts, issued invoices and credit notes"},
        {"name": "payments", "description": "What was paid, and for which invoices"},
    ],
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_NAME_OVERRIDES": {
        "InvoiceState": "invoices.billing.states.State",
        "InvoiceKind": "invoices.billing.models.Invoice.Kind",
        "TaxRounding": "invoices.billing.tax.Rounding",
        "Currency": "invoices.billing.money.CODES",
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "conventions.spec.document_problems",
    ],
}
