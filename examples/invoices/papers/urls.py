from django.urls import path

from invoices.papers import api

urlpatterns = [path("invoices/<id:invoice_id>/paper/", api.PaperView.as_view())]
