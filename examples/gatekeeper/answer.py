"""Answer a request that a page shows, by a gatekeeper without a rule."""

from conventions.answering import show


def begin() -> str:
    """The token of an admin."""
    from django.utils import timezone

    from gatekeeper.tokens import ADMIN, add_token

    return add_token(name="ada", role=ADMIN, now=timezone.now())


if __name__ == "__main__":
    show("gatekeeper", begin)
