"""What the settings of every system change where it runs in a page."""

import os

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class FewIterations(PBKDF2PasswordHasher):
    """The server's hash with a thousandth of its work: in the page it is computed in Python."""

    iterations = 1000


def fit(settings: dict) -> None:
    """Change the settings of a system for a page: one reader, one process, and no server beside it."""
    settings |= {
        "PASSWORD_HASHERS": ["live_settings.FewIterations"],
        "LOGGING_CONFIG": None,  # warnings still reach the console
        # The page asks itself: whatever host it came from is the right one, and nobody else can ask.
        "ALLOWED_HOSTS": [os.environ.get("PAGE_HOST", "localhost")],
    }
    # The specification was exported before the site was built.
    settings["INSTALLED_APPS"].remove("drf_spectacular")
    del settings["REST_FRAMEWORK"]["DEFAULT_SCHEMA_CLASS"]
    # Nobody watches a page from outside.
    watched = ("conventions.health.", "conventions.telemetry.")
    settings["MIDDLEWARE"][:] = [each for each in settings["MIDDLEWARE"] if not each.startswith(watched)]
    settings["DATABASES"]["default"] |= {
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,
        # The file lies in memory and has one user: what would survive a power cut does not matter.
        "OPTIONS": {"init_command": "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF"},
    }
