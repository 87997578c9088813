"""Requests that every system in the page must answer: what they import travels in its pack, the rest on demand."""

# Python of the page, run before each of the trials.
TRIAL = """
import json, live_system

def ask(method, path, body=None, token="", **headers):
    given = {"Accept": "application/json", "Content-Type": "application/json", **headers}
    if token:
        given["Authorization"] = "Bearer " + token
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return live_system.handle(method, "/api/v1" + path, given, content)

def expect(status, *request, **options):
    answer = ask(*request, **options)
    if answer["status"] != status:
        raise AssertionError((status, request, answer))
    document = answer["body"] and answer["headers"]["Content-Type"].endswith("json")
    return json.loads(answer["body"]) if document else answer["headers"]

def start(system):
    begun = {"key": "k" * 50, "origin": "http://localhost:8000", "prefix": f"/live/{system}", "fetch_rest": None}
    logins = live_system.start(system=system, database=b"", **begun)["logins"]
    return {each["role"]: each for each in logins}
"""
TRIALS = {
    "shop": """
start("shop")
ada = {"email": "ada@example.com", "password": "correct horse battery"}
linus = {"email": "linus@example.com", "password": "nine lives of a cat"}
expect(201, "POST", "/users/register/", linus)
expect(409, "POST", "/users/register/", linus)
expect(400, "POST", "/users/register/", {"email": "x", "password": "1", "no": 0})
expect(400, "POST", "/users/register/", {"email": "grete@example.com", "password": "12345678901"})
expect(400, "POST", "/users/register/", b"{")
expect(415, "POST", "/users/login/", b"<x/>", **{"Content-Type": "text/xml"})
expect(401, "POST", "/users/login/", {**ada, "password": "wrong words"})
expect(200, "POST", "/users/login/", ada)
tokens = expect(200, "POST", "/users/login/", linus)
expect(200, "POST", "/users/refresh/", {"refresh": tokens["refresh"]})
expect(401, "POST", "/users/refresh/", {"refresh": "x.y.z"})
expect(200, "GET", "/categories/")
page = expect(200, "GET", "/products/?ordering=price_minor&page_size=5")
expect(200, "GET", "/products/?ordering=price_minor&page_size=5&cursor=" + page["next_cursor"])
expect(400, "GET", "/products/?ordering=colour&cursor=x")
expect(400, "GET", "/products/?cursor=x")
mug = expect(200, "GET", "/products/?category=mugs&search=orange")["results"][0]["id"]
expect(200, "GET", f"/products/{mug}/")
expect(404, "GET", "/products/999999/")
expect(404, "GET", "/nothing")
expect(405, "DELETE", "/products/")
expect(406, "GET", "/products/", Accept="text/html")
two = {"items": [{"product_id": mug, "quantity": 2}]}
expect(401, "POST", "/orders/", two)
expect(401, "POST", "/orders/", two, "wrong")
expect(400, "POST", "/orders/", {"items": [{"product_id": mug, "quantity": 0}]}, tokens["access"])
expect(413, "POST", "/orders/", b" " * 200_000, tokens["access"])
order = expect(201, "POST", "/orders/", two, tokens["access"])
expect(200, "GET", f"/orders/{order['id']}/", None, tokens["access"])
expect(409, "POST", "/orders/", two, tokens["access"])
expect(404, "GET", "/orders/999/", None, tokens["access"])
live_system.replace_database(b"")
expect(200, "GET", "/products/")
""",
    "invoices": """
logins = start("invoices")

def log_in(role):
    given = {name: logins[role][name] for name in ("email", "password")}
    return expect(200, "POST", "/users/login/", given)

expect(400, "POST", "/users/login/", {"email": "x", "no": 0})
expect(401, "POST", "/users/login/", {"email": "ada@example.com", "password": "wrong words"})
tokens = log_in("accountant")
ada, linus = tokens["access"], log_in("viewer")["access"]
expect(200, "POST", "/users/refresh/", {"refresh": tokens["refresh"]})
expect(401, "POST", "/users/refresh/", {"refresh": "x.y.z"})
expect(401, "GET", "/invoices/")
expect(404, "GET", "/nothing")
expect(405, "DELETE", "/invoices/", None, ada)
expect(406, "GET", "/invoices/", None, ada, Accept="text/html")
expect(415, "POST", "/customers/", b"<x/>", ada, **{"Content-Type": "text/xml"})
expect(413, "POST", "/customers/", b" " * 200_000, ada)
expect(200, "GET", "/issuers/", None, linus)
page = expect(200, "GET", "/invoices/?page_size=5", None, linus)
expect(200, "GET", "/invoices/?page_size=5&cursor=" + page["next_cursor"], None, linus)
expect(400, "GET", "/invoices/?cursor=x", None, linus)
for path in ("/customers/", "/customers/1/", "/customers/1/account/", "/payments/", "/payments/1/", "/invoices/1/"):
    expect(200, "GET", path, None, linus)
paper = expect(200, "GET", "/invoices/1/paper/", None, linus)
expect(304, "GET", "/invoices/1/paper/", None, linus, **{"If-None-Match": paper["ETag"]})
party = {"name": "Café Orange", "tax_id": "", "street": "1 High Street", "postal_code": "LS1", "city": "Leeds",
         "country": "GB"}
customer = expect(201, "POST", "/customers/", party, ada)
expect(400, "POST", "/customers/", {**party, "name": "漢"}, ada)
expect(200, "PUT", f"/customers/{customer['id']}/", party, ada)
line = {"description": "Blue mug", "quantity_thousandths": 2000, "unit_price_minor": 900, "tax_rate_basis_points": 1900}
again = {"customer_id": customer["id"], "currency": "EUR", "lines": [line]}
draft = {**again, "issuer_id": 1, "lines": [line, line]}
expect(403, "POST", "/invoices/", draft, linus, **{"Idempotency-Key": '"e"'})
expect(400, "POST", "/invoices/", draft, ada)
made = expect(201, "POST", "/invoices/", draft, ada, **{"Idempotency-Key": '"f"'})
assert made == expect(201, "POST", "/invoices/", draft, ada, **{"Idempotency-Key": '"f"'})
expect(422, "POST", "/invoices/", {**draft, "issuer_id": 2}, ada, **{"Idempotency-Key": '"f"'})
at = f"/invoices/{made['id']}/"
expect(200, "PUT", at, again, ada, **{"If-Match": '"1"'})
expect(428, "POST", at + "issue/", None, ada)
expect(412, "POST", at + "issue/", None, ada, **{"If-Match": '"older"'})
issued = expect(200, "POST", at + "issue/", None, ada, **{"If-Match": '"2"'})
expect(409, "POST", at + "issue/", None, ada, **{"If-Match": "*"})
expect(409, "GET", at + "paper/", None, ada)
paid = {"customer_id": customer["id"], "issuer_id": 1, "currency": "EUR", "amount_minor": 3000,
        "received_on": "2026-01-05", "reference": "", "invoice_id": made["id"]}
expect(201, "POST", "/payments/", paid, ada, **{"Idempotency-Key": '"g"'})
expect(201, "POST", at + "credit-notes/", {}, ada, **{"Idempotency-Key": '"h"'})
expect(409, "POST", at + "credit-notes/", {}, ada, **{"Idempotency-Key": '"i"'})
expect(409, "POST", at + "use-credit/", None, ada, **{"Idempotency-Key": '"j"'})
other = expect(201, "POST", "/invoices/", draft, ada, **{"Idempotency-Key": '"k"'})
expect(204, "DELETE", f"/invoices/{other['id']}/", None, ada, **{"If-Match": "*"})
live_system.replace_database(b"")
expect(404, "GET", at, None, ada)
""",
    "gatekeeper": """
tokens = {role: each["token"] for role, each in start("gatekeeper").items()}
viewer, operator, admin = tokens["viewer"], tokens["operator"], tokens["admin"]
expect(401, "GET", "/rules/")
expect(401, "GET", "/rules/", None, "wrong")
expect(404, "GET", "/nothing")
expect(405, "PUT", "/rules/", None, admin)
page = expect(200, "GET", "/rules/?page_size=5", None, viewer)
expect(200, "GET", "/rules/?page_size=5&cursor=" + page["next_cursor"], None, viewer)
expect(400, "GET", "/rules/?cursor=x&action=y", None, viewer)
rule = {"action": "block", "network": "203.0.113.9", "reason": "scans for leaks", "lasts_seconds": 3600}
expect(403, "POST", "/rules/", rule, viewer)
expect(403, "POST", "/rules/", {**rule, "network": "203.0.0.0/16"}, operator)
expect(400, "POST", "/rules/", {**rule, "network": "x", "no": 0}, operator)
expect(400, "POST", "/rules/", b"{", operator)
expect(413, "POST", "/rules/", b" " * 200_000, operator)
made = expect(201, "POST", "/rules/", rule, operator)
expect(409, "POST", "/rules/", rule, operator)
expect(200, "PATCH", f"/rules/{made['id']}/", {"lasts_seconds": 7200, "reason": "again"}, operator)
expect(200, "GET", f"/rules/{made['id']}/", None, viewer)
expect(204, "DELETE", f"/rules/{made['id']}/", None, operator)
expect(404, "GET", f"/rules/{made['id']}/", None, viewer)
incidents = expect(200, "GET", "/incidents/?kind=probing", None, viewer)["results"]
expect(200, "GET", f"/incidents/{incidents[0]['id']}/", None, viewer)
assert expect(200, "GET", "/stats/", None, viewer)["requests"] > 1000
assert len(expect(200, "GET", "/top-talkers/?window_seconds=86400", None, viewer)) == 20
expect(200, "POST", "/unblock/", {"address": "2001:db8:84::1"}, operator)
expect(201, "POST", "/rules/", {**rule, "action": "throttle", "network": "127.0.0.1"}, operator)
for _ in range(20):
    expect(200, "GET", "/stats/", None, viewer)
expect(429, "GET", "/stats/", None, viewer)
live_system.replace_database(b"")
expect(201, "POST", "/rules/", {**rule, "action": "pause", "network": "127.0.0.1"}, operator)
expect(429, "GET", "/rules/", None, admin)
live_system.replace_database(b"")
expect(201, "POST", "/rules/", {**rule, "network": "127.0.0.0/24"}, operator)
expect(403, "GET", "/rules/", None, admin)
live_system.replace_database(b"")
talkers = expect(200, "GET", "/top-talkers/?window_seconds=60", None, viewer)
expect(200, "GET", "/rules/", None, viewer)
assert "127.0.0.1" in {each["group"] for each in expect(200, "GET", "/top-talkers/?window_seconds=60", None, viewer)}
""",
}
