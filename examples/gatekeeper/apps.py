from django.apps import AppConfig
from django.conf import settings
from django.core import checks


class GatekeeperConfig(AppConfig):
    name = "gatekeeper"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from gatekeeper.conf import check_settings

        checks.register(check_settings)
        if settings.ROOT_URLCONF == "gatekeeper.urls":  # elsewhere the project's own Celery runs the tasks
            from gatekeeper import worker  # noqa: F401 - whoever sends a task needs its settings too
