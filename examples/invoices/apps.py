from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    """What belongs to the whole system: its management commands and its tasks' configuration."""

    name = "invoices"

    def ready(self) -> None:
        from invoices import worker  # noqa: F401 - whoever sends a task needs its settings too
