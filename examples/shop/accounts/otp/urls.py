from django.urls import path

from shop.accounts.otp import api

urlpatterns = [
    path("users/me/second-factor/", api.SecondFactorView.as_view(), name="second-factor"),
    path("users/me/second-factor/confirm/", api.ConfirmView.as_view()),
    path("users/me/second-factor/recovery-codes/", api.RecoveryCodesView.as_view()),
    path("users/login/second-factor/", api.LoginView.as_view()),
    path("session/second-factor/", api.SessionView.as_view()),
    path("users/step-up/", api.StepUpView.as_view()),
]
