from django.apps import AppConfig


class ShopConfig(AppConfig):
    """What belongs to the whole shop: its management commands."""

    name = "shop"
