import contextlib
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from conventions.problems import Problem, challenge
from conventions.spec import problem_response
from conventions.views import OpenView, TokenView
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from gatekeeper.buckets import headers
from rest_framework.request import Request
from rest_framework.response import Response

from shop.accounts.api import CSRF, CSRF_FAILED, GRACE, NO_STORE, TOKEN, begin_session
from shop.accounts.authentication import CookieSessions
from shop.accounts.models import User
from shop.accounts.otp import services
from shop.accounts.otp.models import Factor
from shop.accounts.otp.serializers import (
    CodeIn,
    EnrolmentOut,
    FactorOut,
    RecoveryCodesOut,
    SecondFactorIn,
    StepUpIn,
    StepUpOut,
)
from shop.accounts.serializers import SessionOut, TokensOut
from shop.accounts.services import begin_tokens
from shop.accounts.step_up import (
    FRESH,
    FRESH_SECONDS,
    SECOND_FACTOR,
    authentication,
    require_fresh,
    step_up,
)
from shop.roles import EVERYBODY, LOGGED_IN

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - an example, of nobody
CODES = {"recovery_codes": ["mfrggz-dfmztw-q2lknn-wg23tp", "obyxe4-3uov3h-o6dzp4-rdiopi"]}
CHALLENGE = "WzEsMCwxNzY3XQ:1vcg7S:c2lnbmF0dXJl"

WRONG_CODE = {"kind": "wrong-code", "title": "The code does not hold"}
ENROLLED = {"kind": "second-factor-enrolled", "title": "There is a second factor already"}
NOT_ENROLLED = {"kind": "no-second-factor", "title": "There is no second factor"}
WAIT = {"kind": "too-many-tries", "title": "Too many codes were tried"}
WRONG = problem_response("The code is none of this moment, or was used.", **WRONG_CODE)
ALREADY = problem_response("A second factor is in force.", **ENROLLED)
NONE_YET = problem_response("No second factor was enrolled, or none is in force.", **NOT_ENROLLED)
LATER = problem_response("Five tries were made; `Retry-After` says when the next is let through.", **WAIT)


@contextlib.contextmanager
def problems(status_of_a_wrong_code: int = 403) -> Iterator[None]:
    """Answer what the services raise."""
    try:
        yield
    except services.WrongCode as error:
        detail = (
            "It is none of the last minute, was used before, or the clocks differ. Wait for the next code."
        )
        sent = {"WWW-Authenticate": challenge()} if status_of_a_wrong_code == 401 else {}
        raise Problem(status=status_of_a_wrong_code, **WRONG_CODE, detail=detail, headers=sent) from error
    except services.TooManyTries as error:
        wait = error.decision.retry_after_seconds
        detail = f"The next one is looked at in {wait} seconds."
        raise Problem(status=429, **WAIT, detail=detail, headers=headers(error.decision)) from error
    except services.AlreadyEnrolled as error:
        raise Problem(status=409, **ENROLLED, detail="Remove it, then enrol another one.") from error
    except services.NotEnrolled as error:
        raise Problem(status=409, **NOT_ENROLLED, detail="Enrol one first.") from error


class SecondFactorView(TokenView):
    roles: ClassVar = {"get": LOGGED_IN, "post": LOGGED_IN, "delete": LOGGED_IN}

    @extend_schema(
        operation_id="readSecondFactor",
        summary="Read the state of the second factor",
        description="Says since when log-in asks for a code, and how many recovery codes are left.",
        tags=["second factor"],
        responses={200: FactorOut, 404: OpenApiResponse(description="Log-in asks for no code.")},
        examples=[
            OpenApiExample(
                "In force", value={"confirmed_at": "2026-01-05T09:30:00Z", "recovery_codes_left": 10}
            )
        ],
    )
    def get(self, request: Request) -> Response:
        factor = Factor.objects.filter(user=request.user, confirmed_at__isnull=False).first()
        if factor is None:
            raise Http404
        left = factor.recovery_codes.count()
        return Response(FactorOut({"confirmed_at": factor.confirmed_at, "recovery_codes_left": left}).data)

    @extend_schema(
        operation_id="enrolSecondFactor",
        summary="Enrol a second factor",
        description="Makes a new secret for an authenticator app (TOTP, RFC 6238) and shows it this once. "
        "It guards nothing before a first code confirms it. Asks for a fresh log-in.",
        tags=["second factor"],
        request=None,
        responses={201: EnrolmentOut, 401: FRESH, 409: ALREADY},
        examples=[
            OpenApiExample(
                "Enrolled",
                value={
                    "secret": SECRET,
                    "otpauth_url": f"otpauth://totp/Shop:ada%40example.com?secret={SECRET}"
                    "&issuer=Shop&algorithm=SHA1&digits=6&period=30",
                },
                response_only=True,
                status_codes=["201"],
            )
        ],
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        require_fresh(request, now=now)
        secret = secrets.token_bytes(services.SECRET_BYTES)
        with problems():
            url = services.enrol(user=request.user, secret=secret, now=now)
        shown = EnrolmentOut({"secret": services.base32(secret), "otpauth_url": url})
        return Response(shown.data, status=201, headers=NO_STORE)

    @extend_schema(
        operation_id="removeSecondFactor",
        summary="Remove the second factor",
        description="Forgets the secret and the recovery codes; log-in asks for the password alone. "
        "Asks for a fresh log-in.",
        tags=["second factor"],
        responses={204: OpenApiResponse(description="Removed."), 401: FRESH, 409: NONE_YET},
    )
    def delete(self, request: Request) -> Response:
        require_fresh(request, now=timezone.now())
        with problems():
            services.remove(user=request.user)
        return Response(status=204)


class ConfirmView(TokenView):
    roles: ClassVar = {"post": LOGGED_IN}

    @extend_schema(
        operation_id="confirmSecondFactor",
        summary="Confirm the second factor",
        description="Puts the enrolled factor into force, since its app shows the right code, "
        "and shows ten recovery codes this once. Asks for a fresh log-in.",
        tags=["second factor"],
        request=CodeIn,
        responses={
            200: RecoveryCodesOut,
            401: FRESH,
            403: WRONG,
            409: problem_response("Nothing is enrolled, or it is in force already.", **NOT_ENROLLED),
            429: LATER,
        },
        examples=[
            OpenApiExample("A code", value={"code": "492039"}, request_only=True),
            OpenApiExample("In force", value=CODES, response_only=True, status_codes=["200"]),
        ],
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        require_fresh(request, now=now)
        form = CodeIn(data=request.data)
        form.is_valid(raise_exception=True)
        with problems():
            codes = services.confirm(
                user=request.user, code=form.validated_data["code"], now=now, random_bytes=secrets.token_bytes
            )
        return Response(RecoveryCodesOut({"recovery_codes": codes}).data, headers=NO_STORE)


class RecoveryCodesView(TokenView):
    roles: ClassVar = {"post": LOGGED_IN}

    @extend_schema(
        operation_id="renewRecoveryCodes",
        summary="Make new recovery codes",
        description="Shows ten new ones this once; the old ones end. Asks for a fresh log-in.",
        tags=["second factor"],
        request=None,
        responses={200: RecoveryCodesOut, 401: FRESH, 409: NONE_YET},
        examples=[OpenApiExample("New", value=CODES)],
    )
    def post(self, request: Request) -> Response:
        require_fresh(request, now=timezone.now())
        with problems():
            codes = services.new_recovery_codes(user=request.user, random_bytes=secrets.token_bytes)
        return Response(RecoveryCodesOut({"recovery_codes": codes}).data, headers=NO_STORE)


class LoginView(OpenView):
    @extend_schema(
        operation_id="logInSecondFactor",
        summary="Log in with a code",
        description="The second step for whoever has a second factor: exchanges the challenge that the password was "
        "exchanged for, and a code, for two tokens. A challenge ends after five minutes, or with the next right code.",
        tags=["second factor"],
        request=SecondFactorIn,
        responses={200: TokensOut, 401: WRONG, 429: LATER},
        examples=[
            OpenApiExample("A code", value={"challenge": CHALLENGE, "code": "492039"}, request_only=True),
            OpenApiExample("Logged in", value={"access": TOKEN, "refresh": TOKEN}, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        user = answered(request, now)
        tokens = begin_tokens(user=user, now=now, claims=authentication(SECOND_FACTOR, now))
        return Response(TokensOut(tokens).data, headers=NO_STORE)


class SessionView(TokenView):
    roles: ClassVar = {"post": EVERYBODY}

    @extend_schema(
        operation_id="beginSessionSecondFactor",
        summary="Log in by cookie with a code",
        description="The second step for browsers: as the one for tokens, with a cookie. Needs the CSRF token.",
        tags=["second factor"],
        request=SecondFactorIn,
        responses={200: SessionOut, 401: WRONG, 403: CSRF_FAILED, 429: LATER},
        examples=[
            OpenApiExample("A code", value={"challenge": CHALLENGE, "code": "492039"}, request_only=True),
            OpenApiExample("Logged in", value={"user": GRACE, "csrf_token": CSRF}, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        CookieSessions().enforce_csrf(request)
        now = timezone.now()
        return begin_session(request, answered(request, now), authentication(SECOND_FACTOR, now))


def answered(request: Request, now: datetime) -> User:
    """The user whose challenge the body of `request` answers. Raises `Problem`."""
    form = SecondFactorIn(data=request.data)
    form.is_valid(raise_exception=True)
    try:
        with problems(status_of_a_wrong_code=401):
            return services.answer_challenge(**form.validated_data, now=now)
    except services.BadChallenge as error:
        raise Problem(
            status=401,
            kind="bad-challenge",
            title="The challenge does not hold",
            detail="It has ended, or was answered. Start again with the password.",
            headers={"WWW-Authenticate": challenge()},
        ) from error


class StepUpView(TokenView):
    roles: ClassVar = {"post": LOGGED_IN}

    @extend_schema(
        operation_id="stepUp",
        summary="Step up",
        description="Recognises the user again, for operations that ask for a fresh log-in: by a code, or by the "
        "password of whoever has no second factor. A token is exchanged for one that says so.",
        tags=["second factor"],
        request=StepUpIn,
        responses={200: StepUpOut, 403: WRONG, 429: LATER},
        examples=[
            OpenApiExample("A code", value={"credential": "492039"}, request_only=True),
            OpenApiExample(
                "Stepped up",
                value={"acr": SECOND_FACTOR, "fresh_until": "2026-01-05T09:35:00Z", "access": TOKEN},
                response_only=True,
                status_codes=["200"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        form = StepUpIn(data=request.data)
        form.is_valid(raise_exception=True)
        with problems():
            acr = services.recognise(user=request.user, credential=form.validated_data["credential"], now=now)
        out = {"acr": acr, "fresh_until": now + timedelta(seconds=FRESH_SECONDS)}
        out |= step_up(request, authentication(acr, now))
        return Response(StepUpOut(out).data, headers=NO_STORE)
