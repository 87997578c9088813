"""Settings of the shop, read from the environment.

With nothing set, the shop serves this machine only: loopback hosts, plain HTTP, a SQLite file, and a signing
key that is made at start and known to nobody. `SHOP_ALLOWED_HOSTS` opens it to others, and then HTTPS is enforced
and `SHOP_SECRET_KEY` is required. So no known key exists anywhere, and a forgotten variable stops the start.

- `SHOP_ALLOWED_HOSTS`: the host names it serves, separated by commas.
- `SHOP_SECRET_KEY`: signs tokens; at least 50 random characters, the same in every process.
- `SHOP_OLD_SECRET_KEYS`: keys that sign nothing any more and still verify, separated by spaces, while a new one
  takes over.
- `SHOP_FACTOR_KEYS`: Fernet keys for the secrets of second factors, separated by spaces; the first encrypts. Without it
  the keys are derived from the secret keys above.
- `SHOP_OIDC_ISSUER`, `SHOP_OIDC_CLIENT_ID`, `SHOP_OIDC_CLIENT_SECRET`: a provider to log in by, as in
  `https://id.example.com`; without an issuer there is none.
- `SHOP_DATABASE_URL`: `postgresql://user:password@host:5432/name`, or `sqlite:////absolute/path`.
- `SHOP_REDIS_URL`: `redis://host:6379/0`, a cache that all processes share; without it each has its own.
- `SHOP_METRICS_TOKEN`: who sends it as a bearer token may read `/metrics`; without it, this machine may, and of
  a shop that serves others nobody.
- `SHOP_BROKER_URL`: `amqp://user:password@host:5672//` (RabbitMQ) or `redis://host:6379/1`, for Celery workers; without
  it, work that follows a request is done in its process.
- `SHOP_PAYMENTS_URL`: where the payment provider is asked (default: `http://127.0.0.1:8003`).
- `SHOP_PAYMENTS_SECRETS`: shared with the provider, separated by spaces; the first signs, each verifies. Without it no
  event of the provider is believed.
- `SHOP_EMAIL_HOST`: the server that takes mail on port 587, by TLS; `SHOP_EMAIL_USER` and `SHOP_EMAIL_PASSWORD` open
  it. Without it, mail is printed.
- `SHOP_STATIC_ROOT`: where `manage.py collectstatic` puts the admin's styles, for a server to hand out as `/static/`.
- `SHOP_TRUSTED_PROXIES`: CIDR blocks of proxies whose `X-Forwarded-For` is believed, separated by commas.
- `SHOP_PLACES_FILE`: a database file in MaxMind's format, so that the gatekeeper knows countries.
- `SHOP_BEHIND_TLS_PROXY`: `1` where a proxy ends TLS and overwrites `X-Forwarded-Proto` on every request.
- `SHOP_DEBUG`: `1` turns on Django's debug mode, on this machine only.
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
DEBUG = os.environ.get("SHOP_DEBUG") == "1"
ALLOWED_HOSTS = [host.strip() for host in os.environ.get("SHOP_ALLOWED_HOSTS", "").split(",") if host.strip()]
PUBLIC = bool(ALLOWED_HOSTS)
if PUBLIC and DEBUG:
    raise ImproperlyConfigured(
        "SHOP_DEBUG=1 would show settings to strangers. Fix: unset it, or SHOP_ALLOWED_HOSTS."
    )
if PUBLIC and not os.environ.get("SHOP_SECRET_KEY"):
    raise ImproperlyConfigured(
        f"SHOP_ALLOWED_HOSTS is set and SHOP_SECRET_KEY is not. Fix: set it. {NEW_KEY}."
    )
if not PUBLIC:
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
SECRET_KEY = os.environ.get("SHOP_SECRET_KEY") or get_random_secret_key()
SECRET_KEY_FALLBACKS = os.environ.get("SHOP_OLD_SECRET_KEYS", "").split()
FACTOR_KEYS = os.environ.get("SHOP_FACTOR_KEYS", "").split()
# --8<-- [end:environment]

INSTALLED_APPS = [
    "shop.admin_apps.ShopAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "conventions",
    "shop",
    "shop.accounts",
    "shop.accounts.oidc",
    "shop.accounts.otp",
    "shop.catalogue",
    "shop.orders",
    "shop.graphql_api",
    "shop.idempotency",
    "shop.outbox",
    "shop.payments",
    "shop.notifications",
    "gatekeeper",
]
MIDDLEWARE = [
    "conventions.health.HealthMiddleware",  # before the check of the host: a probe comes by address
    "conventions.telemetry.TelemetryMiddleware",  # it sees every other answer
    "conventions.problems.ProblemDetailsMiddleware",  # outside everything that may refuse
    "gatekeeper.middleware.Gatekeeper",  # whoever is kept out costs nothing further
    "django.middleware.security.SecurityMiddleware",
    "shop.limits.RateLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "shop.caching.middleware.CatalogueCacheMiddleware",  # innermost: the others see what it answers
]
SYSTEM = "shop"  # in the types of its problems and the name of its specification
ROOT_URLCONF = "shop.urls"
TEMPLATES = [  # for the admin; the API has none
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
STATIC_URL = "/static/"
STATIC_ROOT = os.environ.get("SHOP_STATIC_ROOT") or None
WSGI_APPLICATION = "shop.wsgi.application"

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("SHOP_DATABASE_URL") or f"sqlite:///{(FOLDER / 'db.sqlite3').as_posix()}",
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
if DATABASES["default"]["ENGINE"] == "django.db.backends.mysql":
    import pymysql

    pymysql.install_as_MySQLdb()  # Django asks for mysqlclient, which has to be compiled
# --8<-- [start:caches]
REDIS_URL = os.environ.get("SHOP_REDIS_URL", "")


def redis_cache(url: str) -> dict[str, object]:
    """A cache that all processes share, and that none waits for."""
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": SYSTEM,
        "OPTIONS": {
            "serializer": "shop.caching.guard.JsonText",
            "socket_connect_timeout": 0.05,  # seconds
            "socket_timeout": 0.05,
        },
    }


OWN_CACHE = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 5000}}
CACHES = {"default": redis_cache(REDIS_URL) if REDIS_URL else OWN_CACHE}
# --8<-- [end:caches]
GATEKEEPER = {
    "REDIS_URL": REDIS_URL,
    "TRUSTED_PROXIES": [
        each.strip() for each in os.environ.get("SHOP_TRUSTED_PROXIES", "").split(",") if each.strip()
    ],
    "PLACES_FILE": os.environ.get("SHOP_PLACES_FILE", ""),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --8<-- [start:background]
BROKER_URL = os.environ.get("SHOP_BROKER_URL", "")
QUEUE_PREFIX = "shop"
RELAY_ON_COMMIT = not BROKER_URL
OUTBOX_RESEND_SECONDS = 300  # a message that was handed over and is not done by then is handed over again
OUTBOX_HANDLERS = {
    "order.placed": "shop.notifications.services.order_placed",
    "order.shipped": "shop.notifications.services.order_shipped",
    "order.cancelled": "shop.payments.services.order_cancelled",
    "email.asked": "shop.notifications.services.email_asked",
    "email.changed": "shop.notifications.services.email_changed",
    "payment.requested": "shop.payments.services.charge",
    "payment.news": "shop.payments.services.apply",
    "payment.received": "shop.notifications.services.payment_received",
    "refund.requested": "shop.payments.services.refund",
}
# --8<-- [end:background]
PAYMENTS_URL = os.environ.get("SHOP_PAYMENTS_URL") or "http://127.0.0.1:8003"
PAYMENTS_SECRETS = os.environ.get("SHOP_PAYMENTS_SECRETS", "").split()
EMAIL_HOST = os.environ.get("SHOP_EMAIL_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT, EMAIL_USE_TLS, EMAIL_TIMEOUT = 587, True, 10
EMAIL_HOST_USER = os.environ.get("SHOP_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("SHOP_EMAIL_PASSWORD", "")
DEFAULT_FROM_EMAIL = "orders@shop.example"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

AUTH_USER_MODEL = "accounts.User"
# The first one makes new hashes; a hash of the others, or with less work, is made anew when its user logs in.
PASSWORD_HASHERS = ["shop.accounts.hashers.Argon2id", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LOGGING = log_settings(SYSTEM)

METRICS_TOKEN = os.environ.get("SHOP_METRICS_TOKEN", "")
METRICS_COLLECTORS = ["shop.metrics.Outbox"]

SECURE_SSL_REDIRECT = PUBLIC
if os.environ.get("SHOP_BEHIND_TLS_PROXY") == "1":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PUBLIC else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PUBLIC
SECURE_HSTS_PRELOAD = PUBLIC
SESSION_COOKIE_AGE = 24 * 3600  # seconds after log-in
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True  # the CSRF token is read from GET /api/v1/session/
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if PUBLIC:  # a browser takes this prefix from this host only, over HTTPS: RFC 6265bis section 4.1.3.2
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
X_FRAME_OPTIONS = "DENY"
APPEND_SLASH = False  # a redirect would turn a POST into a GET
DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "shop.accounts.authentication.AccessTokens",
        "shop.accounts.authentication.CookieSessions",
    ],
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
    "ISSUER": "shop",
    "AUDIENCE": "shop",
    "USER_ID_CLAIM": "sub",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
    "AUTH_TOKEN_CLASSES": ["shop.accounts.tokens.Access"],
}
OIDC = {
    name: os.environ.get(f"SHOP_OIDC_{name.upper()}", "") for name in ("issuer", "client_id", "client_secret")
}
LONGEST_LOGIN = timedelta(days=30)  # after this no renewal helps
RATE_LIMITED = True
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Shop API",
    "VERSION": "2.0.0",
    "DESCRIPTION": "Register, log in, browse the catalogue, place an order and read it back.",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "SERVERS": [
        # Relative to the address of the specification, so that it holds wherever the site is served.
        {"url": "../live/shop", "description": "The shop in this site's page, once it is started there"},
        {"url": "http://127.0.0.1:8000", "description": "The development server on your machine"},
    ],
    "TAGS": [
        {"name": "accounts", "description": "Register, log in, renew a token"},
        {"name": "second factor", "description": "Codes of an authenticator app, recovery codes, step-up"},
        {"name": "provider", "description": "Log in by an OpenID provider"},
        {"name": "catalogue", "description": "Products and their categories, open to everybody"},
        {"name": "orders", "description": "Orders of the customer whose token is sent"},
        {"name": "payments", "description": "Pay an order, and hear of it from the payment provider"},
    ],
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_NAME_OVERRIDES": {
        "OrderStatus": "shop.orders.models.Order.Status",
        "PaymentStatus": "shop.payments.models.Payment.Status",
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "conventions.spec.document_problems",
    ],
}
