"""The roles that views name: `roles = {"get": EVERYBODY, "post": {SELLER, ADMIN}}`."""

from conventions.permissions import ANYBODY, EVERYBODY

from shop.accounts.models import Role

ADMIN, SELLER, CUSTOMER = Role.ADMIN, Role.SELLER, Role.CUSTOMER
LOGGED_IN = frozenset(Role)

__all__ = ["ADMIN", "ANYBODY", "CUSTOMER", "EVERYBODY", "LOGGED_IN", "SELLER"]
