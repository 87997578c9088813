from django.contrib.admin.apps import AdminConfig


class ShopAdminConfig(AdminConfig):
    """Django's admin, with the shop's log-in."""

    default_site = "shop.admin_site.ShopAdminSite"
