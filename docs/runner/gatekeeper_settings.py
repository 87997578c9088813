"""Settings of the gatekeeper as it runs in a page: those of the server, and what differs there."""

import base64
import hmac
from datetime import UTC, datetime, timedelta

from django.core.signals import request_finished
from gatekeeper.settings import *  # noqa: F403
from gatekeeper.settings import GATEKEEPER
from live_settings import fit

fit(globals())
GATEKEEPER["BACKGROUND"] = False  # there are no threads in a page


def write_log(**_: object) -> None:
    """What the thread does on a server: write the log, once the answer is sent."""
    from gatekeeper.log import BACKGROUND

    BACKGROUND.turn()


request_finished.connect(write_log)


def logins(key: str, *, first: bool) -> list[dict[str, str]]:
    """A token for each role, made from the key of this reader: the same after a restart, and another reader has others.

    Args:
        key: of this reader.
        first: whether the database is the one that every reader begins with; its two hours of traffic end now.
    """
    from gatekeeper.log import LOG
    from gatekeeper.models import ApiToken
    from gatekeeper.rules import WATCHER
    from gatekeeper.tokens import _digest

    LOG.__init__()
    WATCHER.forget()
    now = datetime.now(UTC)
    if first:
        _move(now)
    made = []
    for role in ApiToken.Role.values:
        digest = hmac.digest(key.encode(), role.encode(), "sha256")
        token = f"gk_{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
        fields = {"role": role, "digest": _digest(token), "created_at": now}
        ApiToken.objects.update_or_create(
            name=role, defaults=fields | {"expires_at": now + timedelta(days=90)}
        )
        made.append({"role": role, "token": token})
    return made[::-1]


def _move(now: datetime) -> None:
    """Add to every time in the database what has passed since it was seeded."""
    from django.apps import apps
    from django.db import connection
    from django.db.models import DateTimeField
    from gatekeeper.models import Rule

    passed = now - Rule.objects.get(created_by="seed").created_at
    with connection.cursor() as cursor:
        for model in apps.get_app_config("gatekeeper").get_models():
            for field in model._meta.fields:
                if isinstance(field, DateTimeField):
                    cursor.execute(
                        f"UPDATE {model._meta.db_table} SET {field.column} = "  # noqa: S608 - names of our own
                        f"strftime('%Y-%m-%d %H:%M:%f', {field.column}, %s)",
                        [f"+{passed.total_seconds():.0f} seconds"],
                    )
