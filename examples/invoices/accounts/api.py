from conventions.problems import Problem, challenge
from conventions.spec import problem_response
from conventions.views import OpenView
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from invoices.accounts import services
from invoices.accounts.serializers import AccessOut, Credentials, RefreshRequest, TokensOut

NO_STORE = {"Cache-Control": "no-store"}  # RFC 6749 section 5.1: nobody on the way keeps a token
ADA = {"email": "ada@example.com", "password": "correct horse battery"}
TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"  # noqa: S105 - an example, signed by nobody


class LoginView(OpenView):
    @extend_schema(
        operation_id="logIn",
        summary="Log in",
        description="Exchanges an address and a password for two tokens. "
        "A wrong password and an unknown address get the same answer.",
        tags=["accounts"],
        request=Credentials,
        responses={
            200: TokensOut,
            401: problem_response(
                "The address or the password is wrong.",
                kind="wrong-credentials",
                title="Wrong address or password",
            ),
        },
        examples=[
            OpenApiExample("Ada logs in", value=ADA, request_only=True),
            OpenApiExample("Logged in", value={"access": TOKEN, "refresh": TOKEN}, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        form = Credentials(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            tokens = services.log_in(**form.validated_data)
        except services.WrongCredentials as error:
            raise Problem(
                status=401,
                kind="wrong-credentials",
                title="Wrong address or password",
                detail="No active user has this address and this password.",
                headers={"WWW-Authenticate": challenge()},
            ) from error
        return Response(TokensOut(tokens).data, headers=NO_STORE)


class RefreshView(OpenView):
    @extend_schema(
        operation_id="renewAccess",
        summary="Renew an access token",
        description="Exchanges a refresh token for a new access token.",
        tags=["accounts"],
        request=RefreshRequest,
        responses={
            200: AccessOut,
            401: problem_response(
                "The refresh token does not hold.", kind="bad-token", title="The token does not hold"
            ),
        },
        examples=[
            OpenApiExample("Renew", value={"refresh": TOKEN}, request_only=True),
            OpenApiExample("Renewed", value={"access": TOKEN}, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        form = RefreshRequest(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            access = services.renew(**form.validated_data)
        except services.BadToken as error:
            raise Problem(
                status=401,
                kind="bad-token",
                title="The token does not hold",
                detail="The refresh token is not ours or has expired. Log in again.",
                headers={"WWW-Authenticate": challenge()},
            ) from error
        return Response(AccessOut({"access": access}).data, headers=NO_STORE)
