from django.apps import AppConfig


class OtpConfig(AppConfig):
    name = "shop.accounts.otp"
