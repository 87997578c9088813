from django.urls import path

from shop.orders import api

urlpatterns = [
    path("orders/", api.OrderListView.as_view()),
    path("orders/<id:order_id>/", api.OrderView.as_view(), name="order"),
]
