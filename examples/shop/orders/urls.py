from django.urls import path

from shop.orders import api

urlpatterns = [
    path("orders/", api.OrderListView.as_view()),
    path("orders/<id:order_id>/", api.OrderView.as_view(), name="order"),
    path("orders/<id:order_id>/cancel/", api.CancelView.as_view()),
    path("orders/<id:order_id>/ship/", api.ShipView.as_view()),
    path("orders/<id:order_id>/deliver/", api.DeliverView.as_view()),
    path("orders/<id:order_id>/history/", api.HistoryView.as_view()),
]
