import contextlib
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from conventions.problems import Problem
from conventions.spec import problem_response
from conventions.strict import read_query
from conventions.views import OpenView, TokenView
from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from shop.accounts.api import A_CODE_IS_NEEDED, CSRF_FAILED, NO_STORE, begin_session, second_step
from shop.accounts.models import User
from shop.accounts.oidc import provider, services
from shop.accounts.oidc.serializers import AuthorizationOut, CallbackQuery, LinkIn, LogInQuery
from shop.accounts.serializers import SecondStepOut
from shop.accounts.step_up import FRESH, PROVIDER, require_fresh, second_factor_challenge
from shop.roles import LOGGED_IN

FLOW_LIFETIME = timedelta(minutes=10)
MOST_FLOWS = 5  # of one browser at a time; the oldest goes
URL = "http://127.0.0.1:8002/o/authorize/?response_type=code&client_id=shop&code_challenge_method=S256"

NO_PROVIDER = {"kind": "no-provider", "title": "There is no provider"}
PROVIDER_DOWN = {"kind": "provider-down", "title": "The provider does not answer"}
BAD_ANSWER = {"kind": "bad-answer", "title": "The provider's answer does not hold"}
DENIED = {"kind": "log-in-denied", "title": "No log-in"}
TAKEN = {"kind": "account-exists", "title": "There is an account already"}
PROBLEMS = {
    404: problem_response("No provider is configured.", **NO_PROVIDER),
    503: problem_response("The provider cannot be reached.", **PROVIDER_DOWN),
}
LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, description="Where to go.", response=[302], required=True
)


def client_of(request: Request) -> provider.Client:
    """The shop as its provider knows it. Raises `Problem` where none is configured."""
    if not settings.OIDC["issuer"]:
        raise Problem(status=404, **NO_PROVIDER, detail="Log in with a password.")
    return provider.Client(**settings.OIDC, redirect_uri=request.build_absolute_uri(reverse("oidc-callback")))


@contextlib.contextmanager
def problems() -> Iterator[None]:
    """Answer what the flow and the services raise."""
    try:
        yield
    except provider.ProviderDown as error:
        raise Problem(
            status=503, **PROVIDER_DOWN, detail="Try again later.", headers={"Retry-After": "60"}
        ) from error
    except provider.BadAnswer as error:
        raise Problem(status=400, **BAD_ANSWER, detail="Nobody was logged in. Start again.") from error
    except provider.Denied as error:
        raise Problem(status=403, **DENIED, detail="The provider says that nobody logged in.") from error
    except services.AccountClosed as error:
        raise Problem(status=403, **DENIED, detail="The account is closed.") from error
    except services.EmailNotVerified as error:
        detail = "The provider does not vouch for an e-mail address."
        raise Problem(status=403, **DENIED, detail=detail) from error
    except services.AccountExists as error:
        detail = "Log in to it, then link the provider with POST /api/v1/oidc/link/."
        raise Problem(status=409, **TAKEN, detail=detail) from error
    except services.NotLinked as error:
        raise Problem(status=409, kind="not-linked", title="Nothing was linked", detail=str(error)) from error


def begin(request: Request, *, now: datetime, link_to: int | None, next: str, again: bool = False) -> str:
    """Begin a flow that this browser's session remembers; where to send the browser."""
    with problems():
        url, flow = provider.begin(
            client_of(request), new_secret=lambda: secrets.token_urlsafe(32), log_in_again=again
        )
    kept = {
        "flow": flow.as_dict(),
        "next": next,
        "link_to": link_to,
        "until": (now + FLOW_LIFETIME).timestamp(),
    }
    flows = list(request.session.get("oidc", {}).items())[1 - MOST_FLOWS :]
    request.session["oidc"] = dict([*flows, (flow.state, kept)])
    return url


class LogInView(OpenView):
    @extend_schema(
        operation_id="oidcLogIn",
        summary="Log in by a provider",
        description="For browsers: sends to the provider (OpenID Connect, authorization code flow with PKCE), "
        "which sends back to the callback.",
        tags=["provider"],
        parameters=[LogInQuery, LOCATION],
        responses={302: OpenApiResponse(description="To the provider."), **PROBLEMS},
    )
    def get(self, request: Request) -> HttpResponse:
        asked = read_query(LogInQuery, request)
        url = begin(request, now=timezone.now(), link_to=None, **asked)
        return HttpResponseRedirect(url, headers=NO_STORE)


class LinkView(TokenView):
    roles: ClassVar = {"post": LOGGED_IN}

    @extend_schema(
        operation_id="oidcLink",
        summary="Link a provider to the account",
        description="For browsers whose user is logged in: where to send the browser, so that the user can log in by "
        "the provider from then on. Asks for a fresh log-in.",
        tags=["provider"],
        request=LinkIn,
        responses={200: AuthorizationOut, 401: FRESH, 403: CSRF_FAILED, **PROBLEMS},
        examples=[
            OpenApiExample("From the account's page", value={"next": "/account"}, request_only=True),
            OpenApiExample(
                "Go there", value={"authorization_url": URL}, response_only=True, status_codes=["200"]
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        require_fresh(request, now=now)
        form = LinkIn(data=request.data)
        form.is_valid(raise_exception=True)
        url = begin(request, now=now, link_to=request.user.pk, next=form.validated_data["next"])
        return Response(AuthorizationOut({"authorization_url": url}).data, headers=NO_STORE)


class CallbackView(OpenView):
    @extend_schema(
        operation_id="oidcCallback",
        summary="Come back from a provider",
        description="Where the provider sends the browser. Logs in by cookie, or links, and goes on to `next`. "
        "An account with a second factor is asked for its code too.",
        tags=["provider"],
        parameters=[CallbackQuery, LOCATION],
        responses={
            202: SecondStepOut,
            302: OpenApiResponse(description="To `next`."),
            400: problem_response(
                "The answer is not for a flow of this browser, or does not hold.", **BAD_ANSWER
            ),
            403: problem_response("Nobody logged in, or the address is not verified.", **DENIED),
            409: problem_response("The address has an account that is not linked.", **TAKEN),
            **PROBLEMS,
        },
        examples=[A_CODE_IS_NEEDED],
    )
    def get(self, request: Request) -> HttpResponse:
        now = timezone.now()
        client = client_of(request)
        answer = {
            name: value for name, value in request.query_params.items() if name in CallbackQuery().fields
        }
        kept = take_flow(request, answer.get("state", ""), now)
        with problems():
            claims = provider.finish(client, provider.Flow(**kept["flow"]), answer, now=now)
            if kept["link_to"] is not None:
                user = User.objects.get(pk=kept["link_to"])
                services.link(user=user, claims=claims, now=now)
                return HttpResponseRedirect(kept["next"], headers=NO_STORE)
            user = services.user_of(claims, now=now)
        if challenge := second_factor_challenge(user, now=now):
            return second_step(challenge, {})
        # When the provider saw the password, which may be long ago; none said, none believed.
        begin_session(request, user, {"acr": PROVIDER, "auth_time": claims.get("auth_time", 0)})
        return HttpResponseRedirect(kept["next"], headers=NO_STORE)


def take_flow(request: Request, state: str, now: datetime) -> dict[str, object]:
    """What this browser began under `state`; it can be taken once."""
    flows = request.session.get("oidc", {})
    kept = flows.pop(state, None)
    request.session["oidc"] = flows
    if kept is None or now.timestamp() >= kept["until"]:
        raise Problem(
            status=400, **BAD_ANSWER, detail="This browser began no such log-in in the last ten minutes."
        )
    return kept
