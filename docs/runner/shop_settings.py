"""Settings of the shop as it runs in a page: those of the server, and what differs there."""

from live_patches import COMMON_PASSWORDS
from live_settings import fit
from shop.settings import *  # noqa: F403
from shop.settings import AUTH_PASSWORD_VALIDATORS, INSTALLED_APPS, MIDDLEWARE

fit(globals())
# They encrypt, sign, talk to a provider or speak GraphQL, with packages that are not here.
INSTALLED_APPS.remove("shop.accounts.oidc")
INSTALLED_APPS.remove("shop.graphql_api")
INSTALLED_APPS.remove("shop.accounts.otp")
# One reader, who may ask as often as they like, and whom nobody has to keep out.
MIDDLEWARE.remove("shop.limits.RateLimitMiddleware")
MIDDLEWARE.remove("gatekeeper.middleware.Gatekeeper")
INSTALLED_APPS.remove("gatekeeper")
# One reader, and the database in the same memory: a cache would only be one more copy.
MIDDLEWARE.remove("shop.caching.middleware.CatalogueCacheMiddleware")
RELAY_ON_COMMIT = False  # no mail leaves a page, and no payment provider can be reached
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
# Pages for admins need templates and styles, which are not here.
for app in ("shop.admin_apps.ShopAdminConfig", "django.contrib.messages", "django.contrib.staticfiles"):
    INSTALLED_APPS.remove(app)
MIDDLEWARE.remove("django.contrib.messages.middleware.MessageMiddleware")
RATE_LIMITED = False  # nobody else can ask
for validator in AUTH_PASSWORD_VALIDATORS:
    if validator["NAME"].endswith(".CommonPasswordValidator"):
        validator["OPTIONS"] = {"password_list_path": COMMON_PASSWORDS}


def logins(*_: object, **__: object) -> list[dict[str, str]]:
    """The customers of the seeded data."""
    from shop.management.commands.seed import CUSTOMERS

    return [{"role": "customer", "email": email, "password": password} for email, password in CUSTOMERS]
