"""The two kinds of views of an API: with a token, and open to everybody."""

from collections.abc import Collection, Mapping
from typing import ClassVar

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.views import APIView

from conventions.permissions import ANYBODY, EVERYBODY, roles_of


class TokenView(APIView):
    """A view for whoever sends a valid access token and has a role that it names.

    Attributes:
        roles: who may call each method, as in `{"get": EVERYBODY, "post": {"seller", "admin"}}`; with the
            permission `NamedRoles` a method that is not named is nobody's.
    """

    # Without OPTIONS, which would describe the view to everybody and is documented nowhere.
    http_method_names = ("get", "post", "put", "patch", "delete", "head")
    roles: ClassVar[Mapping[str, Collection[str]]] = {}

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [] if self._roles() is EVERYBODY else super().get_authenticators()

    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny()] if self._roles() in (EVERYBODY, ANYBODY) else super().get_permissions()

    def _roles(self) -> Collection[str]:
        return roles_of(self, self.request.method.lower()) if self.request else ()


class OpenView(TokenView):
    """A view for everybody; a token that is sent is not looked at."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
