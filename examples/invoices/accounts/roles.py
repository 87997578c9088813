"""The roles that views name: `roles = {"get": LOGGED_IN, "post": {ACCOUNTANT, CLERK}}`."""

from invoices.accounts.models import Role

ACCOUNTANT, CLERK, VIEWER = Role.ACCOUNTANT, Role.CLERK, Role.VIEWER
LOGGED_IN = frozenset(Role)
