"""How the specification names the two ways to say who one is."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class AccessTokensScheme(OpenApiAuthenticationExtension):
    target_class = "shop.accounts.authentication.AccessTokens"
    name = "jwtAuth"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The `access` token of a log-in.",
        }


class CookieSessionsScheme(OpenApiAuthenticationExtension):
    target_class = "shop.accounts.authentication.CookieSessions"
    name = "sessionCookie"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The cookie of `POST /api/v1/session/`. A change needs the header `X-CSRFToken` too. "
            "Over HTTPS its name is `__Host-sessionid`.",
        }
