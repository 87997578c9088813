"""Settings of the invoices as they run in a page: those of the server, and what differs there."""

from invoices.settings import *  # noqa: F403
from live_settings import fit

fit(globals())
CELERY_TASK_ALWAYS_EAGER = False  # no worker runs in a page, so no PDF is drawn there


def logins(*_: object, **__: object) -> list[dict[str, str]]:
    """The users of the seeded data, one for each role."""
    from invoices.management.commands.seed import USERS

    return [{"role": role.value, "email": email, "password": password} for email, password, role in USERS]
