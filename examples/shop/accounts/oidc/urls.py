from django.urls import path

from shop.accounts.oidc import api

urlpatterns = [
    path("oidc/log-in/", api.LogInView.as_view()),
    path("oidc/link/", api.LinkView.as_view()),
    path("oidc/callback/", api.CallbackView.as_view(), name="oidc-callback"),
]
