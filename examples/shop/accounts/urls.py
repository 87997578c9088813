from django.urls import path

from shop.accounts import api

urlpatterns = [
    path("users/register/", api.RegisterView.as_view()),
    path("users/login/", api.LoginView.as_view()),
    path("users/refresh/", api.RefreshView.as_view()),
    path("users/logout/", api.LogoutView.as_view()),
    path("users/logout-everywhere/", api.LogoutEverywhereView.as_view()),
    path("users/password/", api.PasswordView.as_view()),
    path("users/me/email/", api.EmailView.as_view()),
    path("users/email/confirm/", api.ConfirmEmailView.as_view()),
    path("users/<id:user_id>/", api.UserView.as_view()),
    path("session/", api.SessionView.as_view()),
]
