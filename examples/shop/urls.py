from conventions.strict import IdConverter
from django.apps import apps
from django.conf import settings
from django.urls import include, path, register_converter

register_converter(IdConverter, "id")

from shop.catalogue import urls as catalogue  # noqa: E402 - they use the converter

urlpatterns = [
    path("api/v1/", include("shop.accounts.urls")),
    path("api/v1/", include("shop.catalogue.urls")),
    path("api/v2/", include(catalogue.version_2)),
    path("api/v1/", include("shop.orders.urls")),
    path("api/v1/", include("shop.payments.urls")),
]
for name in ("shop.accounts.otp", "shop.accounts.oidc"):
    if apps.is_installed(name):
        urlpatterns += [path("api/v1/", include(f"{name}.urls"))]
if apps.is_installed("shop.graphql_api"):
    urlpatterns += [path("", include("shop.graphql_api.urls"))]
if apps.is_installed("django.contrib.admin"):
    from django.contrib import admin
    from django.contrib.staticfiles.views import serve

    urlpatterns += [path("admin/", admin.site.urls)]
    if not settings.PUBLIC:  # elsewhere a server in front hands them out
        urlpatterns += [path("static/<path:path>", serve, {"insecure": True})]
