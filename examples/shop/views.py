"""The two kinds of views the shop has."""

from rest_framework.permissions import AllowAny
from rest_framework.views import APIView


class TokenView(APIView):
    """A view for whoever sends a valid access token."""

    # Without OPTIONS, which would describe the view to everybody and is documented nowhere.
    http_method_names = ("get", "post", "put", "patch", "delete", "head")


class OpenView(TokenView):
    """A view for everybody; a token that is sent is not looked at."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
