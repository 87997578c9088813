from django.urls import path

from shop.catalogue import api

urlpatterns = [
    path("categories/", api.CategoryListView.as_view()),
    path("categories/<slug:slug>/", api.CategoryView.as_view(), name="category"),
    path("products/", api.ProductListView.as_view()),
    path("products/<id:product_id>/", api.ProductView.as_view(), name="product"),
]
version_2 = [
    path("products/", api.ProductListViewV2.as_view()),
    path("products/<id:product_id>/", api.ProductViewV2.as_view()),
]
