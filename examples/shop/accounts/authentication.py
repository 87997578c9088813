"""Who sends a request: an access token in a header, or a session cookie."""

from conventions.problems import Problem
from django.utils import timezone
from rest_framework.authentication import CSRFCheck, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import Token

from shop.accounts.models import TokenFamily, User


class AccessTokens(JWTAuthentication):
    """The user of the access token in `Authorization`; its family and its user are looked up in one statement."""

    def get_user(self, validated_token: Token) -> User:
        family = (
            TokenFamily.objects.select_related("user")
            .filter(pk=validated_token.get("sid"), user_id=validated_token.get("sub"))
            .filter(ended_at=None, expires_at__gt=timezone.now(), user__is_active=True)
            .first()
        )
        if family is None:
            raise AuthenticationFailed
        return family.user


class CookieSessions(SessionAuthentication):
    """The user of the session cookie. A browser sends it to us from any page, so a change needs the CSRF token."""

    def enforce_csrf(self, request: Request) -> None:
        # Of Django's own request: the parsers here would refuse to look for the token in a form.
        check = CSRFCheck(lambda _: None)
        check.process_request(request._request)
        if reason := check.process_view(request._request, None, (), {}):
            raise Problem(
                status=403,
                kind="csrf-failed",
                title="The CSRF token is missing or wrong",
                detail="A change by cookie needs the header X-CSRFToken with the csrf_token of "
                f"GET /api/v1/session/. {reason}",
            )
