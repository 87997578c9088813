from datetime import timedelta

from conventions.keyset import BadCursor, Page, read_page
from conventions.problems import Problem, invalid
from conventions.spec import ProblemOut, path_id, problem_response
from conventions.strict import read_query
from conventions.views import TokenView
from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gatekeeper import reports, rules
from gatekeeper.addresses import Network
from gatekeeper.models import Incident, Rule
from gatekeeper.serializers import (
    IncidentOut,
    IncidentPageOut,
    IncidentQuery,
    RuleChange,
    RuleIn,
    RuleOut,
    RulePageOut,
    RuleQuery,
    StatsOut,
    TalkerOut,
    UnblockIn,
    UnblockOut,
    WindowQuery,
)
from gatekeeper.tokens import ADMIN, OPERATORS, READERS

OPERATORS_LONGEST_SECONDS = 7 * 24 * 3600
OPERATORS_WIDEST = {4: 24, 6: 48}
FORBIDDEN = OpenApiResponse(ProblemOut, "The role of your token may not do this, or your address is blocked.")
SLOWED = OpenApiResponse(ProblemOut, "Your address is slowed down or paused; `Retry-After` says how long.")
REFUSED = {403: FORBIDDEN, 429: SLOWED}
RULE = {
    "id": 1,
    "action": "block",
    "network": "203.0.113.9/32",
    "reason": "scans for leaks",
    "created_by": "ada",
    "created_at": "2026-06-15T12:00:00Z",
    "expires_at": "2026-06-15T13:00:00Z",
}
INCIDENT = {
    "id": 1,
    "kind": "probing",
    "subject_type": "network",
    "subject": "203.0.113.9",
    "window_start": "2026-06-15T12:00:00Z",
    "seen_at": "2026-06-15T12:07:00Z",
    "score": 50,
    "evidence": {"paths": 4},
    "response": "pause",
    "forgiven": False,
    "alerted_at": "2026-06-15T12:07:00Z",
}


def _page(queryset: QuerySet, query: dict[str, object]) -> Page:
    try:
        return read_page(queryset, ordering="-id", cursor=query.get("cursor"), size=query["page_size"])
    except BadCursor as error:
        raise invalid([{"parameter": "cursor", "detail": f"This is {error}."}]) from error


def _expiry(seconds: int | None) -> object:
    return None if seconds is None else timezone.now() + timedelta(seconds=seconds)


def _check_reach(role: str, *, action: str = "", network: Network | None = None, **lasts: int | None) -> None:
    """Refuse what only an admin may do: let somebody in, shut many out, or for long.

    Raises:
        Problem: 403, with a pointer to each such field (OWASP ASVS 5.0, 8.2.3).
    """
    errors = []
    if action == Rule.Action.ALLOW:
        errors.append({"pointer": "#/action", "detail": "Only an admin lets a network past every rule."})
    if network is not None and network.prefixlen < OPERATORS_WIDEST[network.version]:
        widest = OPERATORS_WIDEST[network.version]
        errors.append({"pointer": "#/network", "detail": f"Only an admin rules more than a /{widest}."})
    if "lasts_seconds" in lasts and (lasts["lasts_seconds"] or 10**9) > OPERATORS_LONGEST_SECONDS:
        errors.append({"pointer": "#/lasts_seconds", "detail": "Only an admin makes it longer than a week."})
    if errors and role != ADMIN:
        raise Problem(
            status=403,
            kind="beyond-role",
            title="Your role does not reach so far",
            detail="Nothing was changed. Each entry of errors names what only an admin may say.",
            errors=errors,
        )


class RuleListView(TokenView):
    roles = {"get": READERS, "post": OPERATORS}  # noqa: RUF012

    @extend_schema(
        operation_id="listRules",
        summary="List rules",
        description="Rules page by page, the newest first; those that have ended are there until the next clean-up.",
        tags=["rules"],
        parameters=[RuleQuery],
        responses={200: RulePageOut, **REFUSED},
        examples=[
            OpenApiExample("A page", value={"results": [RULE], "next_cursor": None}, response_only=True)
        ],
    )
    def get(self, request: Request) -> Response:
        query = read_query(RuleQuery, request)
        found = Rule.objects.all()
        if "action" in query:
            found = found.filter(action=query["action"])
        page = _page(found, query)
        return Response(RulePageOut({"results": page.rows, "next_cursor": page.next_cursor}).data)

    @extend_schema(
        operation_id="addRule",
        summary="Add a rule",
        description="Every process follows it within about a second. An operator may slow down and block up to "
        "a /24 of IPv4 or a /48 of IPv6 for up to a week; an admin may do everything.",
        tags=["rules"],
        parameters=[
            OpenApiParameter(
                "Location", str, "header", response=[201], description="Where the rule can be read."
            )
        ],
        request=RuleIn,
        responses={
            201: RuleOut,
            **REFUSED,
            409: problem_response(
                "There is a rule with this action for this network.",
                kind="rule-exists",
                title="There is such a rule",
            ),
        },
        examples=[
            OpenApiExample(
                "Block an hour",
                value={
                    "action": "block",
                    "network": "203.0.113.9",
                    "reason": "scans for leaks",
                    "lasts_seconds": 3600,
                },
                request_only=True,
            ),
            OpenApiExample("Added", value=RULE, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        form = RuleIn(data=request.data)
        form.is_valid(raise_exception=True)
        asked = dict(form.validated_data)
        _check_reach(request.user.role, **asked)
        try:
            rule = rules.add_rule(
                action=asked["action"],
                network=asked["network"],
                reason=asked["reason"],
                created_by=request.user.name,
                now=timezone.now(),
                expires_at=_expiry(asked["lasts_seconds"]),
            )
        except rules.RuleExists as error:
            raise Problem(
                status=409,
                kind="rule-exists",
                title="There is such a rule",
                detail=f"{error} is there already. Change that one.",
                errors=[{"pointer": "#/network", "detail": "Ruled already."}],
            ) from error
        place = reverse("rule", kwargs={"rule_id": rule.pk})
        return Response(RuleOut(rule).data, status=201, headers={"Location": place})


class RuleView(TokenView):
    roles = {"get": READERS, "patch": OPERATORS, "delete": OPERATORS}  # noqa: RUF012

    @extend_schema(
        operation_id="getRule",
        summary="Read a rule",
        description="One rule.",
        tags=["rules"],
        parameters=[path_id("rule_id", "The id of the rule.")],
        responses={200: RuleOut, **REFUSED},
        examples=[OpenApiExample("A rule", value=RULE, response_only=True)],
    )
    def get(self, request: Request, rule_id: int) -> Response:  # noqa: ARG002
        return Response(RuleOut(_rule(rule_id)).data)

    @extend_schema(
        operation_id="changeRule",
        summary="Change a rule",
        description="Another reason, or another end, counted from now.",
        tags=["rules"],
        parameters=[path_id("rule_id", "The id of the rule.")],
        request=RuleChange,
        responses={200: RuleOut, **REFUSED},
        examples=[
            OpenApiExample("A day more", value={"lasts_seconds": 86400}, request_only=True),
            OpenApiExample("Changed", value=RULE, response_only=True),
        ],
    )
    def patch(self, request: Request, rule_id: int) -> Response:
        form = RuleChange(data=request.data)
        form.is_valid(raise_exception=True)
        asked = dict(form.validated_data)
        rule = _rule(rule_id)
        _check_reach(
            request.user.role, action=rule.action, network=rules.parse_network(rule.network), **asked
        )
        if "lasts_seconds" in asked:
            asked["expires_at"] = _expiry(asked.pop("lasts_seconds"))
        return Response(RuleOut(rules.change_rule(rule_id=rule.pk, **asked)).data)

    @extend_schema(
        operation_id="removeRule",
        summary="Remove a rule",
        description="Ends it now. Removing an `allow`, or a rule for a wide network, is for admins.",
        tags=["rules"],
        parameters=[path_id("rule_id", "The id of the rule.")],
        responses={204: None, **REFUSED},
    )
    def delete(self, request: Request, rule_id: int) -> Response:
        rule = _rule(rule_id)
        _check_reach(request.user.role, action=rule.action, network=rules.parse_network(rule.network))
        rules.remove_rule(rule_id=rule.pk)
        return Response(status=204)


def _rule(rule_id: int) -> Rule:
    try:
        return Rule.objects.get(pk=rule_id)
    except Rule.DoesNotExist as error:
        raise Http404 from error


class UnblockView(TokenView):
    roles = {"post": OPERATORS}  # noqa: RUF012

    @extend_schema(
        operation_id="unblock",
        summary="Unblock an address",
        description="Removes every rule that slows down or keeps out this address, and forgives its incidents, so "
        "that the same log does not block it again. Rules for wide networks stay, unless an admin asks.",
        tags=["rules"],
        request=UnblockIn,
        responses={200: UnblockOut, **REFUSED},
        examples=[
            OpenApiExample("An address", value={"address": "203.0.113.9"}, request_only=True),
            OpenApiExample("Freed", value={"networks": ["203.0.113.9/32"]}, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        form = UnblockIn(data=request.data)
        form.is_valid(raise_exception=True)
        widest = {4: 0, 6: 0} if request.user.role == ADMIN else OPERATORS_WIDEST
        freed = rules.unblock(address=form.validated_data["address"], widest=widest)
        return Response(UnblockOut({"networks": freed}).data)


class IncidentListView(TokenView):
    roles = {"get": READERS}  # noqa: RUF012

    @extend_schema(
        operation_id="listIncidents",
        summary="List incidents",
        description="What was detected, page by page, the newest first.",
        tags=["incidents"],
        parameters=[IncidentQuery],
        responses={200: IncidentPageOut, **REFUSED},
        examples=[
            OpenApiExample("A page", value={"results": [INCIDENT], "next_cursor": None}, response_only=True)
        ],
    )
    def get(self, request: Request) -> Response:
        query = read_query(IncidentQuery, request)
        filters = {name: query[name] for name in ("kind", "subject") if name in query}
        page = _page(Incident.objects.filter(**filters), query)
        return Response(IncidentPageOut({"results": page.rows, "next_cursor": page.next_cursor}).data)


class IncidentView(TokenView):
    roles = {"get": READERS}  # noqa: RUF012

    @extend_schema(
        operation_id="getIncident",
        summary="Read an incident",
        description="One incident, with the counts that crossed the threshold.",
        tags=["incidents"],
        parameters=[path_id("incident_id", "The id of the incident.")],
        responses={200: IncidentOut, **REFUSED},
        examples=[OpenApiExample("An incident", value=INCIDENT, response_only=True)],
    )
    def get(self, request: Request, incident_id: int) -> Response:  # noqa: ARG002
        try:
            return Response(IncidentOut(Incident.objects.get(pk=incident_id)).data)
        except Incident.DoesNotExist as error:
            raise Http404 from error


class TopTalkersView(TokenView):
    roles = {"get": READERS}  # noqa: RUF012

    @extend_schema(
        operation_id="listTopTalkers",
        summary="List who asks most",
        description="The twenty networks with most requests.",
        tags=["traffic"],
        parameters=[WindowQuery],
        responses={200: TalkerOut(many=True), **REFUSED},
        examples=[
            OpenApiExample(
                "Talkers",
                value={
                    "group": "203.0.113.9",
                    "requests": 412,
                    "errors": 400,
                    "refused": 12,
                    "users": 0,
                    "last_at": "2026-06-15T12:07:00Z",
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        window = timedelta(seconds=read_query(WindowQuery, request)["window_seconds"])
        return Response(TalkerOut(reports.top_talkers(now=timezone.now(), window=window), many=True).data)


class StatsView(TokenView):
    roles = {"get": READERS}  # noqa: RUF012

    @extend_schema(
        operation_id="getStats",
        summary="Read counts",
        description="Requests, refusals, networks and incidents of a window, the rules that hold, and the log's state.",
        tags=["traffic"],
        parameters=[WindowQuery],
        responses={200: StatsOut, **REFUSED},
        examples=[
            OpenApiExample(
                "Counts",
                value={
                    "requests": 5120,
                    "refused": 12,
                    "networks": 214,
                    "incidents": 2,
                    "rules": {"allow": 1, "block": 2},
                    "log_waiting": 3,
                    "log_dropped": 0,
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        window = timedelta(seconds=read_query(WindowQuery, request)["window_seconds"])
        return Response(StatsOut(reports.stats(now=timezone.now(), window=window)).data)
