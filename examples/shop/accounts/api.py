from typing import ClassVar

from conventions.problems import Problem, challenge, invalid
from conventions.spec import path_id, problem_response
from conventions.views import OpenView, TokenView
from django.contrib.auth import login, logout
from django.http import Http404
from django.middleware.csrf import get_token
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from gatekeeper.logins import note_login
from rest_framework.request import Request
from rest_framework.response import Response

from shop.accounts import services
from shop.accounts.attempts import take_attempt
from shop.accounts.authentication import CookieSessions
from shop.accounts.models import User
from shop.accounts.serializers import (
    AccessChange,
    AccountOut,
    ConfirmationIn,
    ConfirmationOut,
    Credentials,
    EmailChangeIn,
    EmailChangeOut,
    PasswordChange,
    RefreshRequest,
    Registration,
    SecondStepOut,
    SessionOut,
    TokensOut,
    UserOut,
)
from shop.accounts.step_up import (
    FRESH,
    PASSWORD,
    authentication,
    has_second_factor,
    require_fresh,
    second_factor_challenge,
)
from shop.roles import ADMIN, ANYBODY, EVERYBODY, LOGGED_IN

NO_STORE = {"Cache-Control": "no-store"}  # RFC 6749 section 5.1: nobody on the way keeps a token
ADA = {"email": "ada@example.com", "password": "correct horse battery"}
GRACE = {"id": 2, "email": "grace@example.com", "role": "seller", "is_active": True}
CSRF = "dGhpcyBpcyBubyB0b2tlbiBidXQgYW4gZXhhbXBsZSEh"
TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"  # noqa: S105 - an example, signed by nobody
CONFIRMATION = "WyI3YzRhOGQwOSIsIm5ldyJd:c2lnbmF0dXJl"
WRONG_CREDENTIALS = problem_response(
    "The address or the password is wrong.", kind="wrong-credentials", title="Wrong address or password"
)
TOO_MANY_ATTEMPTS = problem_response(
    "Too many tries; the header Retry-After says how long to wait.",
    kind="too-many-attempts",
    title="Too many tries to log in",
)
CSRF_FAILED = problem_response(
    "By cookie, and the header X-CSRFToken is missing or wrong.",
    kind="csrf-failed",
    title="The CSRF token is missing or wrong",
)


A_CODE_IS_NEEDED = OpenApiExample(
    "A code is needed",
    value={
        "status": "second_factor_required",
        "challenge": "WzEsMCwxNzY3XQ:1vcg7S:c2lnbmF0dXJl",
    },
    response_only=True,
    status_codes=["202"],
)


def _weak(error: services.WeakPassword, field: str) -> Problem:
    return invalid([{"pointer": f"#/{field}", "detail": reason} for reason in error.reasons])


def _user_by_password(request: Request) -> tuple[User, dict[str, str]]:
    """Who logs in with the credentials in the body, and the headers that tell how many tries are left."""
    form = Credentials(data=request.data)
    form.is_valid(raise_exception=True)
    note_login(request, form.validated_data["email"])
    limits = take_attempt(request, form.validated_data["email"])
    try:
        return services.check_credentials(**form.validated_data), limits
    except services.WrongCredentials as error:
        raise Problem(
            status=401,
            kind="wrong-credentials",
            title="Wrong address or password",
            detail="No active user has this address and this password.",
            headers={"WWW-Authenticate": challenge()} | limits,
        ) from error


class RegisterView(OpenView):
    @extend_schema(
        operation_id="registerUser",
        summary="Register a user",
        description="Creates a user. The address is unique ignoring case, and is kept in lower case.",
        tags=["accounts"],
        request=Registration,
        responses={
            201: UserOut,
            409: problem_response(
                "Somebody has registered this address.", kind="email-taken", title="The address is registered"
            ),
        },
        examples=[
            OpenApiExample(
                "New user",
                value={"email": "Grace@example.com", "password": "a ship in harbour"},
                request_only=True,
            ),
            OpenApiExample("Registered", value={"id": 3, "email": "grace@example.com"}, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        form = Registration(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            user = services.register(**form.validated_data)
        except services.WeakPassword as error:
            raise _weak(error, "password") from error
        except services.EmailTaken as error:
            raise Problem(
                status=409,
                kind="email-taken",
                title="The address is registered",
                detail="Log in, or register another address.",
                errors=[{"pointer": "#/email", "detail": "This address is registered."}],
            ) from error
        return Response(UserOut(user).data, status=201)


class LoginView(OpenView):
    @extend_schema(
        operation_id="logIn",
        summary="Log in",
        description="Exchanges an address and a password for two tokens. "
        "A wrong password and an unknown address get the same answer. For whoever has a second factor the answer is "
        "202 with a challenge, to be answered with a code.",
        tags=["accounts"],
        request=Credentials,
        responses={
            200: TokensOut,
            202: SecondStepOut,
            401: WRONG_CREDENTIALS,
            429: TOO_MANY_ATTEMPTS,
        },
        examples=[
            OpenApiExample("Ada logs in", value=ADA, request_only=True),
            OpenApiExample(
                "Logged in",
                value={"access": TOKEN, "refresh": TOKEN},
                response_only=True,
                status_codes=["200"],
            ),
            A_CODE_IS_NEEDED,
        ],
    )
    def post(self, request: Request) -> Response:
        user, limits = _user_by_password(request)
        now = timezone.now()
        if pending := second_factor_challenge(user, now=now):
            return second_step(pending, limits)
        tokens = services.begin_tokens(user=user, now=now, claims=authentication(PASSWORD, now))
        return Response(TokensOut(tokens).data, headers=NO_STORE | limits)


class RefreshView(OpenView):
    @extend_schema(
        operation_id="renewAccess",
        summary="Renew an access token",
        description="Exchanges a refresh token for two new tokens. It can be used once: if it comes again, "
        "somebody has a copy, and everything that descends from the log-in is refused.",
        tags=["accounts"],
        request=RefreshRequest,
        responses={
            200: TokensOut,
            401: problem_response(
                "The refresh token does not hold.", kind="bad-token", title="The token does not hold"
            ),
        },
        examples=[
            OpenApiExample("Renew", value={"refresh": TOKEN}, request_only=True),
            OpenApiExample("Renewed", value={"access": TOKEN, "refresh": TOKEN}, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        form = RefreshRequest(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            tokens = services.renew(**form.validated_data)
        except services.BadToken as error:
            raise Problem(
                status=401,
                kind="bad-token",
                title="The token does not hold",
                detail="The refresh token is not ours, has expired or was used before. Log in again.",
                headers={"WWW-Authenticate": challenge()},
            ) from error
        return Response(TokensOut(tokens).data, headers=NO_STORE)


class LogoutView(TokenView):
    roles: ClassVar = {"post": LOGGED_IN}

    @extend_schema(
        operation_id="logOut",
        summary="Log out",
        description="Ends the log-in that this request is made with: its tokens, or its session, are refused "
        "from now on. Others of the same user go on.",
        tags=["accounts"],
        request=None,
        responses={204: None, 403: CSRF_FAILED},
    )
    def post(self, request: Request) -> Response:
        if request.auth is None:
            logout(request._request)
        else:
            services.end_tokens(family_id=request.auth["sid"], now=timezone.now())
        return Response(status=204)


class LogoutEverywhereView(TokenView):
    roles: ClassVar = {"post": LOGGED_IN}

    @extend_schema(
        operation_id="logOutEverywhere",
        summary="Log out everywhere",
        description="Ends all tokens and all sessions of the user, also the one that asks.",
        tags=["accounts"],
        request=None,
        responses={204: None, 403: CSRF_FAILED},
    )
    def post(self, request: Request) -> Response:
        services.log_out_everywhere(user=request.user, now=timezone.now())
        return Response(status=204)


class PasswordView(TokenView):
    roles: ClassVar = {"post": LOGGED_IN}

    @extend_schema(
        operation_id="changePassword",
        summary="Change the password",
        description="Needs the password until now, and ends all tokens and all sessions of the user.",
        tags=["accounts"],
        request=PasswordChange,
        responses={
            204: None,
            401: FRESH,
            403: problem_response(
                "The password until now is wrong; or by cookie, and the CSRF token is.",
                kind="wrong-password",
                title="Wrong password",
            ),
            429: TOO_MANY_ATTEMPTS,
        },
        examples=[
            OpenApiExample(
                "Another password",
                value={
                    "current_password": "correct horse battery",
                    "new_password": "nine lives of a cat",
                },
                request_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        form = PasswordChange(data=request.data)
        form.is_valid(raise_exception=True)
        if has_second_factor(request.user):  # without one, the password in the body is as good
            require_fresh(request, now=timezone.now())
        limits = take_attempt(request, request.user.email)
        try:
            services.change_password(
                user=request.user,
                current=form.validated_data["current_password"],
                new=form.validated_data["new_password"],
                now=timezone.now(),
            )
        except services.WrongCredentials as error:
            raise Problem(
                status=403,
                kind="wrong-password",
                title="Wrong password",
                errors=[{"pointer": "#/current_password", "detail": "This is not your password."}],
                headers=limits,
            ) from error
        except services.WeakPassword as error:
            raise _weak(error, "new_password") from error
        return Response(status=204, headers=limits)


class EmailView(TokenView):
    roles: ClassVar = {"post": LOGGED_IN}

    @extend_schema(
        operation_id="changeEmail",
        summary="Ask for another e-mail address",
        description="Mails a token to the new address, which changes the address when it comes back. The present "
        "address is told; from whoever has no second factor it needs a token too. The answer is the same whether or "
        "not somebody has the new address. Asks for a fresh log-in.",
        tags=["accounts"],
        request=EmailChangeIn,
        responses={202: EmailChangeOut, 401: FRESH, 403: CSRF_FAILED, 429: TOO_MANY_ATTEMPTS},
        examples=[
            OpenApiExample("Another address", value={"email": "ada@new.example"}, request_only=True),
            OpenApiExample(
                "Two mails were sent",
                value={"confirm_at": ["current", "new"], "confirm_by": "2026-01-05T10:30:00Z"},
                response_only=True,
                status_codes=["202"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        require_fresh(request, now=now)
        form = EmailChangeIn(data=request.data)
        form.is_valid(raise_exception=True)
        if User.objects.normalize_email(form.validated_data["email"]) == request.user.email:
            raise invalid([{"pointer": "#/email", "detail": "This is your address."}])
        limits = take_attempt(
            request, request.user.email
        )  # each sends mail to an address of somebody's choice
        by_second_factor = has_second_factor(request.user)
        services.ask_email(
            user=request.user, email=form.validated_data["email"], by_second_factor=by_second_factor, now=now
        )
        out = {
            "confirm_at": [services.NEW] if by_second_factor else [services.CURRENT, services.NEW],
            "confirm_by": now + services.EMAIL_CHANGE_LIFETIME,
        }
        return Response(EmailChangeOut(out).data, status=202, headers=NO_STORE | limits)


class ConfirmEmailView(OpenView):
    @extend_schema(
        operation_id="confirmEmail",
        summary="Confirm another e-mail address",
        description="Takes the token of a mail, once. When every address has agreed that must, the address changes, "
        "and all tokens and all sessions of the user end.",
        tags=["accounts"],
        request=ConfirmationIn,
        responses={
            200: ConfirmationOut,
            403: problem_response(
                "The token is not ours, has ended or was used.",
                kind="bad-confirmation",
                title="The confirmation does not hold",
            ),
            409: problem_response(
                "Somebody has registered this address meanwhile.",
                kind="email-taken",
                title="The address is registered",
            ),
        },
        examples=[
            OpenApiExample("A token", value={"token": CONFIRMATION}, request_only=True),
            OpenApiExample("Changed", value={"is_changed": True}, response_only=True, status_codes=["200"]),
        ],
    )
    def post(self, request: Request) -> Response:
        form = ConfirmationIn(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            is_changed = services.confirm_email(**form.validated_data, now=timezone.now())
        except services.BadToken as error:
            raise Problem(
                status=403,
                kind="bad-confirmation",
                title="The confirmation does not hold",
                detail="The token is not ours, has ended or was used. Ask for the address again.",
            ) from error
        except services.EmailTaken as error:
            raise Problem(
                status=409,
                kind="email-taken",
                title="The address is registered",
                detail="Somebody has registered this address meanwhile. Nothing has changed.",
            ) from error
        return Response(ConfirmationOut({"is_changed": is_changed}).data, headers=NO_STORE)


# --8<-- [start:user_roles]
class UserView(TokenView):
    roles: ClassVar = {"get": LOGGED_IN, "patch": {ADMIN}}
    # --8<-- [end:user_roles]

    @extend_schema(
        operation_id="getUser",
        summary="Read a user",
        description="Yourself; an admin reads everybody. Others get the same 404 as for nobody.",
        tags=["accounts"],
        parameters=[path_id("user_id", "The id of the user.")],
        responses={200: AccountOut},
        examples=[OpenApiExample("A seller", value=GRACE, response_only=True)],
    )
    def get(self, request: Request, user_id: int) -> Response:
        try:
            user = services.get_user(user_id=user_id, reader=request.user)
        except User.DoesNotExist as error:
            raise Http404 from error
        return Response(AccountOut(user).data)

    @extend_schema(
        operation_id="changeUser",
        summary="Give a user another role, or close the account",
        description="For admins. The user's tokens and sessions end.",
        tags=["accounts"],
        parameters=[path_id("user_id", "The id of the user.")],
        request=AccessChange,
        responses={
            200: AccountOut,
            401: FRESH,
            409: problem_response("It is your own account.", kind="own-account", title="Your own account"),
        },
        examples=[
            OpenApiExample("A seller from now on", value={"role": "seller"}, request_only=True),
            OpenApiExample("A seller", value=GRACE, response_only=True),
        ],
    )
    def patch(self, request: Request, user_id: int) -> Response:
        require_fresh(request, now=timezone.now())
        form = AccessChange(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            user = services.change_access(
                user_id=user_id, admin=request.user, changes=form.validated_data, now=timezone.now()
            )
        except User.DoesNotExist as error:
            raise Http404 from error
        except services.OwnAccount as error:
            raise Problem(
                status=409,
                kind="own-account",
                title="Your own account",
                detail="Another admin can change it, so that one admin is always left.",
            ) from error
        return Response(AccountOut(user).data)


class SessionView(TokenView):
    roles: ClassVar = {"get": ANYBODY, "post": EVERYBODY, "delete": LOGGED_IN}

    @extend_schema(
        operation_id="getSession",
        summary="Ask who is logged in",
        description="The user of the cookie or of the token, if there is one, and the CSRF token that every change "
        "by cookie must send.",
        tags=["accounts"],
        responses={200: SessionOut},
        examples=[
            OpenApiExample("A seller", value={"user": GRACE, "csrf_token": CSRF}, response_only=True),
        ],
    )
    def get(self, request: Request) -> Response:
        return _session(request, request.user)

    @extend_schema(
        operation_id="beginSession",
        summary="Log in by cookie",
        description="For browsers: as log-in does, with a cookie that no script can read in place of tokens. "
        "Needs the CSRF token too, else another site could log a visitor in as somebody else.",
        tags=["accounts"],
        request=Credentials,
        responses={
            200: SessionOut,
            202: SecondStepOut,
            401: WRONG_CREDENTIALS,
            403: CSRF_FAILED,
            429: TOO_MANY_ATTEMPTS,
        },
        examples=[
            OpenApiExample("Ada logs in", value=ADA, request_only=True),
            OpenApiExample(
                "Logged in",
                value={"user": GRACE, "csrf_token": CSRF},
                response_only=True,
                status_codes=["200"],
            ),
            A_CODE_IS_NEEDED,
        ],
    )
    def post(self, request: Request) -> Response:
        CookieSessions().enforce_csrf(request)
        user, limits = _user_by_password(request)
        now = timezone.now()
        if pending := second_factor_challenge(user, now=now):
            return second_step(pending, limits)
        return begin_session(request, user, authentication(PASSWORD, now), limits)

    @extend_schema(
        operation_id="endSession",
        summary="Log out by cookie",
        description="Deletes the session. With a token there is none, and nothing happens.",
        tags=["accounts"],
        request=None,
        responses={204: None, 403: CSRF_FAILED},
    )
    def delete(self, request: Request) -> Response:
        logout(request._request)
        return Response(status=204)


def begin_session(
    request: Request, user: User, proof: dict[str, object], headers: dict[str, str] | None = None
) -> Response:
    """Log `user` in by cookie, who was recognised as `proof` says."""
    login(request._request, user)  # with a new id: nobody can have known it before
    request.session.update(proof)
    return _session(request, user, headers)


def second_step(challenge: str, headers: dict[str, str]) -> Response:
    """Ask for a code, since the user who was recognised has a second factor."""
    return Response(SecondStepOut({"challenge": challenge}).data, status=202, headers=NO_STORE | headers)


def _session(request: Request, user: User | None, headers: dict[str, str] | None = None) -> Response:
    content = SessionOut({"user": user, "csrf_token": get_token(request._request)})
    return Response(content.data, headers=NO_STORE | (headers or {}))
