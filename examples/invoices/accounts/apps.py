from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "invoices.accounts"
