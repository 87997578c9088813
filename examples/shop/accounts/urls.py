from django.urls import path

from shop.accounts import api

urlpatterns = [
    path("users/register/", api.RegisterView.as_view()),
    path("users/login/", api.LoginView.as_view()),
    path("users/refresh/", api.RefreshView.as_view()),
]
