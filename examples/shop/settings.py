"""Settings of the shop, read from the environment.

With nothing set, the shop serves this machine only: loopback hosts, plain HTTP, a SQLite file, and a signing
key that is made at start and known to nobody. `SHOP_ALLOWED_HOSTS` opens it to others, and then HTTPS is enforced
and `SHOP_SECRET_KEY` is required. So no known key exists anywhere, and a forgotten variable stops the start.

- `SHOP_ALLOWED_HOSTS`: the host names it serves, separated by commas.
- `SHOP_SECRET_KEY`: signs tokens; at least 50 random characters, the same in every process.
- `SHOP_DATABASE_URL`: `postgresql://user:password@host:5432/name`, or `sqlite:////absolute/path`.
- `SHOP_BEHIND_TLS_PROXY`: `1` where a proxy ends TLS and overwrites `X-Forwarded-Proto` on every request.
- `SHOP_DEBUG`: `1` turns on Django's debug mode, on this machine only.
"""

import os
from datetime import timedelta
from pathlib import Path

import dj_database_url
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
# --8<-- [end:environment]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "drf_spectacular",
    "shop",
    "shop.accounts",
    "shop.catalogue",
    "shop.orders",
]
MIDDLEWARE = [
    "shop.problems.ProblemDetailsMiddleware",  # outermost: it sees every answer
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "shop.urls"
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

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Django's own settings write nothing outside debug mode, so a crash would leave no trace.
    "loggers": {"django": {"handlers": [], "level": "INFO", "propagate": True}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}

SECURE_SSL_REDIRECT = PUBLIC
if os.environ.get("SHOP_BEHIND_TLS_PROXY") == "1":
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
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["shop.strict.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "shop.problems.exception_handler",
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
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Shop API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Register, log in, browse the catalogue, place an order and read it back.",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "SERVERS": [
        # Relative to the address of the specification, so that it holds wherever the site is served.
        {"url": "../live/shop", "description": "The shop in this site's page, once it is started there"},
        {"url": "http://127.0.0.1:8000", "description": "The development server on your machine"},
    ],
    "TAGS": [
        {"name": "accounts", "description": "Register, log in, renew a token"},
        {"name": "catalogue", "description": "Products and their categories, open to everybody"},
        {"name": "orders", "description": "Orders of the customer whose token is sent"},
    ],
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_NAME_OVERRIDES": {"OrderStatus": "shop.orders.models.Order.Status"},
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "shop.spec.document_problems",
    ],
}
