from conventions.strict import IdConverter
from django.urls import include, path, register_converter

register_converter(IdConverter, "id")

urlpatterns = [
    path("api/v1/", include("invoices.accounts.urls")),
    path("api/v1/", include("invoices.billing.urls")),
    path("api/v1/", include("invoices.papers.urls")),
]
