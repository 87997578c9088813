from django.apps import AppConfig, apps


class AccountsConfig(AppConfig):
    name = "shop.accounts"

    def ready(self) -> None:
        if apps.is_installed("drf_spectacular"):
            from shop.accounts import schema  # noqa: F401
