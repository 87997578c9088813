from django.apps import AppConfig


class OidcConfig(AppConfig):
    name = "shop.accounts.oidc"
