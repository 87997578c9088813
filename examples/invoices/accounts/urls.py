from django.urls import path

from invoices.accounts import api

urlpatterns = [
    path("users/login/", api.LoginView.as_view()),
    path("users/refresh/", api.RefreshView.as_view()),
]
