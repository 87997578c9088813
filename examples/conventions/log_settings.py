"""The `LOGGING` of a system: lines of JSON on standard error. Imported by settings, so it imports nothing."""


def log_settings(system: str) -> dict[str, object]:
    """What Django's setting `LOGGING` is to be.

    Args:
        system: the package whose own lines are written from INFO on.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "conventions.logs.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "loggers": {
            # Django's own settings write nothing outside debug mode, so a crash would leave no trace.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # These write addresses, with whatever stands in them; every request has its own line already.
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
            "conventions": {"level": "INFO"},
            system: {"level": "INFO"},
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    }
