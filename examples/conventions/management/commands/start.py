from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection


class Command(BaseCommand):
    help = "Make the tables, put example data into a new database, and serve this machine."
    requires_system_checks = ()  # runserver does them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "addrport", nargs="?", default="8000", help="port, or address:port (default: 8000)"
        )
        parser.add_argument("--noreload", action="store_true", help="do not start anew when a file changes")

    def handle(self, *_: object, addrport: str, noreload: bool, **__: object) -> None:
        if settings.PUBLIC:
            raise CommandError(
                f"{settings.SYSTEM.upper()}_ALLOWED_HOSTS is set, and this server is for one machine. Fix: unset it, "
                f"or serve others as docs/{settings.SYSTEM}/run.md says."
            )
        is_new = not connection.introspection.table_names()
        call_command("migrate", verbosity=0)
        if is_new:
            call_command("seed", stdout=self.stdout)
        call_command("runserver", addrport, use_reloader=not noreload)
