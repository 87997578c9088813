"""The admin API: every role on every operation, and what each answer says."""

import itertools
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from gatekeeper.conftest import ApiClient
from gatekeeper.models import ApiToken, Incident, LoggedRequest, Rule
from gatekeeper.rules import add_rule, parse_network
from gatekeeper.tokens import add_token

RULES, UNBLOCK = "/api/v1/rules/", "/api/v1/unblock/"
BLOCK = {"action": "block", "network": "203.0.113.9", "reason": "scans", "lasts_seconds": 3600}
ROLES = ("nobody", "viewer", "operator", "admin")
READ = (401, 200, 200, 200)
WRITE = (401, 403)
# Method, address, body, and the status for nobody, a viewer, an operator and an admin.
MATRIX = [
    ("get", RULES, None, READ),
    ("get", f"{RULES}<narrow>/", None, READ),
    ("get", "/api/v1/incidents/", None, READ),
    ("get", "/api/v1/incidents/<incident>/", None, READ),
    ("get", "/api/v1/top-talkers/", None, READ),
    ("get", "/api/v1/stats/", None, READ),
    ("post", RULES, BLOCK, (*WRITE, 201, 201)),
    ("post", RULES, BLOCK | {"action": "throttle", "network": "2001:db8::/48"}, (*WRITE, 201, 201)),
    ("post", RULES, BLOCK | {"action": "allow"}, (*WRITE, 403, 201)),
    ("post", RULES, BLOCK | {"network": "198.51.0.0/23"}, (*WRITE, 403, 201)),
    ("post", RULES, BLOCK | {"network": "2001:db8::/47"}, (*WRITE, 403, 201)),
    ("post", RULES, BLOCK | {"lasts_seconds": 7 * 24 * 3600 + 1}, (*WRITE, 403, 201)),
    ("post", RULES, BLOCK | {"lasts_seconds": None}, (*WRITE, 403, 201)),
    ("patch", f"{RULES}<narrow>/", {"reason": "again"}, (*WRITE, 200, 200)),
    ("patch", f"{RULES}<narrow>/", {"lasts_seconds": None}, (*WRITE, 403, 200)),
    ("patch", f"{RULES}<allowed>/", {"reason": "again"}, (*WRITE, 403, 200)),
    ("patch", f"{RULES}<wide>/", {"reason": "again"}, (*WRITE, 403, 200)),
    ("delete", f"{RULES}<narrow>/", None, (*WRITE, 204, 204)),
    ("delete", f"{RULES}<allowed>/", None, (*WRITE, 403, 204)),
    ("delete", f"{RULES}<wide>/", None, (*WRITE, 403, 204)),
    ("post", UNBLOCK, {"address": "198.51.100.1"}, (*WRITE, 200, 200)),
]


def rule(action: str = "block", network: str = "198.51.100.1", **more: object) -> Rule:
    return add_rule(
        action=action,
        network=parse_network(network),
        reason="a test",
        created_by="test",
        now=timezone.now(),
        **more,
    )


def incident(**more: object) -> Incident:
    now = timezone.now()
    return Incident.objects.create(
        **{"kind": "probing", "subject_type": "network", "subject": "198.51.100.1", "score": 50} | more,
        window_start=now,
        seen_at=now,
    )


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("cell", MATRIX, ids=range(len(MATRIX)))
def test_the_access_matrix(clients: dict[str, ApiClient], role: str, cell: tuple):
    method, address, body, statuses = cell
    things = {
        "narrow": rule(),
        "wide": rule(network="198.0.0.0/8"),
        "allowed": rule("allow", "192.0.2.1"),
        "incident": incident(),
    }
    expected = statuses[ROLES.index(role)]
    for name, thing in things.items():
        address = address.replace(f"<{name}>", str(thing.pk))
    before = stored()

    sent = [json.dumps(body), "application/json"] if body else []
    answer = clients[role].generic(method.upper(), address, *sent)

    assert expected == answer.status_code, answer.content
    if expected >= 400:
        assert "application/problem+json" == answer.headers["Content-Type"]
        assert before == stored(), "refused, and nothing has changed"


def stored() -> list[tuple]:
    return list(Rule.objects.order_by("id").values_list("action", "network", "reason", "expires_at"))


def test_the_matrix_names_every_operation():
    import yaml
    from conventions.management.commands.export_spec import spec_text

    paths = yaml.safe_load(spec_text())["paths"]
    documented = {(method, path.split("{")[0]) for path, item in paths.items() for method in item}

    assert documented == {(method, address.split("<")[0]) for method, address, _, _ in MATRIX}


@pytest.mark.parametrize("token", ["", "nonsense", "gk_", "g\u00e4"])
def test_a_token_that_is_none_opens_nothing(db: None, token: str):
    refused(f"Bearer {token}")


def test_a_token_that_held_once_opens_nothing(db: None):
    now = timezone.now()
    old = add_token(name="old", role="admin", now=now - timedelta(days=91))
    removed = add_token(name="gone", role="admin", now=now)
    ApiToken.objects.filter(name="gone").delete()
    good = add_token(name="good", role="admin", now=now)

    for header in (f"Bearer {old}", f"Bearer {removed}", f"Basic {good}", f"Bearer {good}x", good):
        refused(header)


def refused(header: str) -> None:
    answer = ApiClient().get(RULES, headers={"Authorization": header})

    assert 401 == answer.status_code
    assert 'Bearer realm="gatekeeper"' == answer.headers["WWW-Authenticate"]


def test_a_token_is_kept_as_a_digest_and_a_new_one_replaces_it(db: None):
    now = timezone.now()
    first = add_token(name="ada", role="viewer", now=now)
    second = add_token(name="ada", role="viewer", now=now)

    assert first not in str(ApiToken.objects.values())
    assert [401, 200] == [ApiClient(token).get(RULES).status_code for token in (first, second)]


def test_a_rule_is_made_read_changed_and_removed(clients: dict[str, ApiClient]):
    made = clients["operator"].post_json(RULES, BLOCK)
    place = made.headers["Location"]
    assert ("203.0.113.9/32", "operator") == (made.json()["network"], made.json()["created_by"])
    assert made.json() == clients["viewer"].get(place).json()

    changed = clients["operator"].patch_json(place, {"lasts_seconds": 60, "reason": "less"}).json()
    assert changed["expires_at"] < made.json()["expires_at"]
    assert "less" == changed["reason"]

    assert 204 == clients["operator"].delete(place).status_code
    assert 404 == clients["viewer"].get(place).status_code


def test_a_second_rule_of_the_same_kind_is_a_conflict(clients: dict[str, ApiClient]):
    first, second = (clients["operator"].post_json(RULES, BLOCK) for _ in range(2))

    assert (201, 409) == (first.status_code, second.status_code)
    assert second.json()["type"].endswith(":rule-exists")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"network": "203.0.113.9/24"}, "#/network"),
        ({"network": "somewhere"}, "#/network"),
        ({"network": 3405803785}, "#/network"),
        ({"action": "ban"}, "#/action"),
        ({"lasts_seconds": 59}, "#/lasts_seconds"),
        ({"lasts_seconds": "3600"}, "#/lasts_seconds"),
        ({"reason": ""}, "#/reason"),
        ({"reason": "x" * 201}, "#/reason"),
        ({"created_by": "somebody else"}, "#/created_by"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_place(
    clients: dict[str, ApiClient], change: dict, pointer: str
):
    answer = clients["admin"].post_json(RULES, BLOCK | change)

    assert 400 == answer.status_code
    assert [pointer] == [error["pointer"] for error in answer.json()["errors"]]


def test_what_is_beyond_a_role_is_named_field_by_field(clients: dict[str, ApiClient]):
    wide = {"action": "allow", "network": "0.0.0.0/0", "reason": "all", "lasts_seconds": None}

    answer = clients["operator"].post_json(RULES, wide)

    assert ["#/action", "#/network", "#/lasts_seconds"] == [
        error["pointer"] for error in answer.json()["errors"]
    ]


def test_lists_go_on_after_the_last_row_whatever_is_added(clients: dict[str, ApiClient]):
    for number in range(5):
        rule(network=f"198.51.100.{number}")
        incident(subject=f"198.51.100.{number}")
    for address in (RULES, "/api/v1/incidents/"):
        first = clients["viewer"].get(address, {"page_size": 3}).json()
        rule(network="203.0.113.200") if address == RULES else incident(subject="203.0.113.200")
        second = clients["viewer"].get(address, {"page_size": 3, "cursor": first["next_cursor"]}).json()

        ids = [row["id"] for row in itertools.chain(first["results"], second["results"])]
        assert sorted(set(ids), reverse=True) == ids
        assert 5 == len(ids)
        assert second["next_cursor"] is None


def test_lists_are_filtered_and_a_cursor_is_ours(clients: dict[str, ApiClient]):
    rule("block")
    rule("throttle")
    incident()
    incident(kind="burst", subject="203.0.113.9")
    viewer = clients["viewer"]

    assert ["throttle"] == [
        row["action"] for row in viewer.get(RULES, {"action": "throttle"}).json()["results"]
    ]
    (found,) = viewer.get("/api/v1/incidents/", {"kind": "burst", "subject": "203.0.113.9"}).json()["results"]
    assert "burst" == found["kind"]
    assert 400 == viewer.get(RULES, {"cursor": "made-up"}).status_code
    assert 400 == viewer.get(RULES, {"colour": "red"}).status_code


def test_an_operator_frees_an_address_and_a_wide_rule_stays(clients: dict[str, ApiClient]):
    rule("block", "198.51.100.1")
    rule("pause", "198.51.100.0/24")
    rule("block", "198.51.0.0/16")
    incident()

    by_operator = clients["operator"].post_json(UNBLOCK, {"address": "::ffff:198.51.100.1"})
    by_admin = clients["admin"].post_json(UNBLOCK, {"address": "198.51.100.1"})

    assert ["198.51.100.0/24", "198.51.100.1/32"] == by_operator.json()["networks"]
    assert ["198.51.0.0/16"] == by_admin.json()["networks"]
    assert Incident.objects.get().forgiven


def test_the_counts_are_those_of_the_window(clients: dict[str, ApiClient]):
    now = timezone.now()
    for number, (group, ago) in enumerate([("a", 10), ("a", 20), ("b", 30), ("c", 4000)]):
        LoggedRequest.objects.create(
            at=now - timedelta(seconds=ago),
            address="203.0.113.9",
            group=group,
            method="GET",
            path="/",
            status=403 if number == 0 else 200,
            milliseconds=1,
            user=str(number),
            refused=number == 0,
        )
    rule()
    rule(network="203.0.113.1", expires_at=now)

    talkers = clients["viewer"].get("/api/v1/top-talkers/").json()
    counts = clients["viewer"].get("/api/v1/stats/").json()

    assert [("a", 2, 1, 1, 2), ("b", 1, 0, 0, 1)] == [
        tuple(row[name] for name in ("group", "requests", "errors", "refused", "users")) for row in talkers
    ]
    assert (3, 1, 2, {"block": 1}) == tuple(
        counts[name] for name in ("requests", "refused", "networks", "rules")
    )
