from django.urls import path

from shop.catalogue import api

urlpatterns = [
    path("categories/", api.CategoryListView.as_view()),
    path("products/", api.ProductListView.as_view()),
    path("products/<id:product_id>/", api.ProductView.as_view()),
]
