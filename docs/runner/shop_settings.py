"""Settings of the shop as it runs in a page: those of the server, and what differs there."""

import os

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from shop.settings import *  # noqa: F403
from shop.settings import AUTH_PASSWORD_VALIDATORS, DATABASES, INSTALLED_APPS, MIDDLEWARE, REST_FRAMEWORK
from shop_patches import COMMON_PASSWORDS


class FewIterations(PBKDF2PasswordHasher):
    """The server's hash with a thousandth of its work: in the page it is computed in Python."""

    iterations = 1000


PASSWORD_HASHERS = [f"{__name__}.FewIterations"]
LOGGING_CONFIG = None  # warnings still reach the console
# The specification was exported before the site was built.
INSTALLED_APPS.remove("drf_spectacular")
# They encrypt, sign, talk to a provider or speak GraphQL, with packages that are not here.
INSTALLED_APPS.remove("shop.accounts.oidc")
INSTALLED_APPS.remove("shop.graphql_api")
INSTALLED_APPS.remove("shop.accounts.otp")
del REST_FRAMEWORK["DEFAULT_SCHEMA_CLASS"]
# One reader, who may ask as often as they like, and whom nobody has to keep out.
MIDDLEWARE.remove("shop.limits.RateLimitMiddleware")
MIDDLEWARE.remove("gatekeeper.middleware.Gatekeeper")
INSTALLED_APPS.remove("gatekeeper")
# One reader, and the database in the same memory: a cache would only be one more copy.
MIDDLEWARE.remove("shop.caching.middleware.CatalogueCacheMiddleware")
# Nobody watches a page from outside.
MIDDLEWARE.remove("conventions.health.HealthMiddleware")
MIDDLEWARE.remove("conventions.telemetry.TelemetryMiddleware")
RELAY_ON_COMMIT = False  # no mail leaves a page, and no payment provider can be reached
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
# Pages for admins need templates and styles, which are not here.
for app in ("shop.admin_apps.ShopAdminConfig", "django.contrib.messages", "django.contrib.staticfiles"):
    INSTALLED_APPS.remove(app)
MIDDLEWARE.remove("django.contrib.messages.middleware.MessageMiddleware")
RATE_LIMITED = False  # nobody else can ask
# The page asks itself: whatever host it came from is the right one, and nobody else can ask.
ALLOWED_HOSTS = [os.environ.get("SHOP_PAGE_HOST", "localhost")]
DATABASES["default"] |= {
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": False,
    # The file lies in memory and has one user: what would survive a power cut does not matter.
    "OPTIONS": {"init_command": "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF"},
}
for validator in AUTH_PASSWORD_VALIDATORS:
    if validator["NAME"].endswith(".CommonPasswordValidator"):
        validator["OPTIONS"] = {"password_list_path": COMMON_PASSWORDS}
