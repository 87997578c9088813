"""How passwords are stored."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """Argon2id (RFC 9106) with the least work in OWASP's Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane.

    Django's own numbers are 100 MiB and 8 lanes for each log-in, and ten at once would fill a small server.
    """

    memory_cost = 19 * 1024  # KiB
    time_cost = 2
    parallelism = 1
