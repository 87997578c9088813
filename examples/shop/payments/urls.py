from django.urls import path

from shop.payments import api

urlpatterns = [
    path("orders/<id:order_id>/payments/", api.PaymentListView.as_view()),
    path("orders/<id:order_id>/payments/<id:payment_id>/", api.PaymentView.as_view(), name="payment"),
    path("orders/<id:order_id>/refund/", api.RefundView.as_view()),
    path("payments/events/", api.WebhookView.as_view()),
]
