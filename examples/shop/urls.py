from django.urls import include, path, register_converter

from shop.strict import IdConverter

register_converter(IdConverter, "id")

urlpatterns = [
    path("api/v1/", include("shop.accounts.urls")),
    path("api/v1/", include("shop.catalogue.urls")),
    path("api/v1/", include("shop.orders.urls")),
]
