"""Ask for every operation of the shop's API as everybody, and print the status of each answer.

Each line of `MATRIX` is one operation of the specification, with the status that each asker must get. Some things are
somebody's own: a user's account, a customer's order, a seller's product. Then the line says what the asker gets for
their own thing, and for one that is another's; a dash means that the operation has no such thing.
"""

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import yaml
from conventions.operations import SPECS
from conventions.throwaway import throwaway

# --8<-- [start:matrix]
ASKERS = (
    ("anonymous", "another's"),
    ("customer", "own"),
    ("customer", "another's"),
    ("seller", "own"),
    ("seller", "another's"),
    ("admin", "another's"),
)
MATRIX = """
                         anonymous   customer         seller         admin
                                      own another's    own another's
registerUser                   201    201         -    201         -   201
logIn                          200    200         -    200         -   200
logInSecondFactor              401    401         -    401         -   401
oidcLogIn                      404    404         -    404         -   404
oidcCallback                   404    404         -    404         -   404
oidcLink                       401    404         -    404         -   404
renewAccess                    401    200         -    200         -   200
logOut                         401    204         -    204         -   204
logOutEverywhere               401    204         -    204         -   204
changePassword                 401    204         -    204         -   204
changeEmail                    401    202         -    202         -   202
confirmEmail                   403    403         -    403         -   403
getSession                     200    200         -    200         -   200
beginSession                   200    200         -    200         -   200
beginSessionSecondFactor       401    401         -    401         -   401
endSession                     401    204         -    204         -   204
stepUp                         401    200         -    200         -   200
readSecondFactor               401    404         -    404         -   404
enrolSecondFactor              401    201         -    201         -   201
confirmSecondFactor            401    409         -    409         -   409
renewRecoveryCodes             401    409         -    409         -   409
removeSecondFactor             401    409         -    409         -   409
getUser                        401    200       404    200       404   200
changeUser                     401    403       403    403       403   200
listCategories                 200    200         -    200         -   200
getCategory                    200    200         -    200         -   200
createCategory                 401    403         -    403         -   201
replaceCategory                401    403         -    403         -   200
changeCategory                 401    403         -    403         -   200
deleteCategory                 401    403         -    403         -   204
listProducts                   200    200         -    200         -   200
listProductsV2                 200    200         -    200         -   200
getProduct                     200    200         -    200       200   200
getProductV2                   200    200         -    200       200   200
createProduct                  401    403         -    201         -   201
replaceProduct                 401    403         -    200       403   200
changeProduct                  401    403         -    200       403   200
archiveProduct                 401    403         -    204       403   204
listOrders                     401    200         -    200         -   200
placeOrder                     401    201         -    201         -   201
getOrder                       401    200       404    200       404   200
getOrderHistory                401    200       404    200       404   200
cancelOrder                    401    200       404    403       404   200
shipOrder                      401    403       403    200       404   200
deliverOrder                   401    403       403    200       404   200
payOrder                       401    201       404    404       404   404
getPayment                     401    200       404    404       404   200
refundOrder                    401    403       403    202       404   202
receiveEvent                   401    401         -    401         -   401
"""
# --8<-- [end:matrix]


@dataclass(frozen=True)
class World:
    """Who there is and whose things are whose.

    Attributes:
        tokens: an access and a refresh token of each role.
        things: the id of a thing, by its name and by who asks for whose.
    """

    tokens: Mapping[str, object]
    things: Mapping[str, Mapping[tuple[str, str], int]]


@dataclass(frozen=True)
class Ask:
    """What an operation needs besides a token.

    Attributes:
        path: for each parameter in the address the name of one of `World.things`.
        body: what is sent, or what makes it of the world and the asker; None for no body.
        headers: header fields besides the token.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    body: object | Callable[[World, tuple[str, str]], object] = None
    headers: Mapping[str, str] = field(default_factory=dict)


EVENT = {
    "version": 1,
    "id": "evt_1",
    "type": "charge.succeeded",
    "reference": "7c4a8d09-ca37-4c8e-a39f-6d1e2b0f3c55",
    "amount_minor": 900,
    "currency": "EUR",
}
PASSWORD, OTHER_PASSWORD = "correct horse battery", "nine lives of a cat"
ADA = {"email": "customer@example.com", "password": PASSWORD}


def _refresh(world: World, asker: tuple[str, str]) -> dict[str, str]:
    tokens = world.tokens.get(asker[0])
    return {"refresh": tokens.refresh if tokens else "none"}


# An operation that is not here has no parameters in its address and no body.
CODE = {"challenge": "none", "code": "000000"}
MUG = {
    "slug": "tin-mug",
    "name": "Tin mug",
    "category": "mugs",
    "price_minor": 1200,
    "currency": "EUR",
    "stock": 3,
}
PLATES = {"slug": "plates", "name": "Plates"}
ANY_VERSION = {"If-Match": "*"}
ONCE = {"Idempotency-Key": '"once"'}
PRODUCT, CATEGORY, ORDER = {"product_id": "product"}, {"slug": "category"}, {"order_id": "order"}
ASKS = {
    "registerUser": Ask(body=ADA | {"email": "new@example.com"}),
    "logIn": Ask(body=ADA),
    "logInSecondFactor": Ask(body=CODE),
    "oidcLink": Ask(body={"next": "/"}),
    "renewAccess": Ask(body=_refresh),
    "changePassword": Ask(body={"current_password": PASSWORD, "new_password": OTHER_PASSWORD}),
    "changeEmail": Ask(body={"email": "ada@new.example"}),
    "confirmEmail": Ask(body={"token": "none"}),
    "beginSession": Ask(body=ADA),
    "beginSessionSecondFactor": Ask(body=CODE),
    "stepUp": Ask(body={"credential": PASSWORD}),
    "confirmSecondFactor": Ask(body={"code": "000000"}),
    "getUser": Ask({"user_id": "user"}),
    "changeUser": Ask({"user_id": "user"}, {"role": "seller"}),
    "getCategory": Ask(CATEGORY),
    "createCategory": Ask(body=PLATES),
    "replaceCategory": Ask(CATEGORY, PLATES, ANY_VERSION),
    "changeCategory": Ask(CATEGORY, {"name": "Deep bowls"}, ANY_VERSION),
    "deleteCategory": Ask(CATEGORY, headers=ANY_VERSION),
    "getProduct": Ask(PRODUCT),
    "getProductV2": Ask(PRODUCT),
    "createProduct": Ask(body=MUG),
    "replaceProduct": Ask(PRODUCT, MUG, ANY_VERSION),
    "changeProduct": Ask(PRODUCT, {"stock": 4}, ANY_VERSION),
    "archiveProduct": Ask(PRODUCT, headers=ANY_VERSION),
    "placeOrder": Ask(body=lambda world, asker: _order_of(world.things["product"][asker]), headers=ONCE),
    "getOrder": Ask(ORDER),
    "getOrderHistory": Ask(ORDER),
    "cancelOrder": Ask(ORDER),
    "shipOrder": Ask({"order_id": "paid order"}),
    "deliverOrder": Ask({"order_id": "shipped order"}),
    "payOrder": Ask(ORDER, {"source": "tok_ok"}, ONCE),
    "getPayment": Ask({"order_id": "shipped order", "payment_id": "payment"}),
    "refundOrder": Ask({"order_id": "delivered order"}),
    "receiveEvent": Ask(body=EVENT, headers={"Shop-Signature": f"t=1,v1={64 * '0'}"}),
}


def _order_of(product_id: int) -> dict[str, object]:
    return {"items": [{"product_id": product_id, "quantity": 1}]}


def new_world() -> World:
    """Put two customers, two sellers, an admin, their products, orders and payments into the database."""
    from django.utils import timezone

    from shop.accounts.models import Role, User
    from shop.accounts.services import begin_tokens
    from shop.accounts.step_up import PASSWORD as BY_PASSWORD
    from shop.accounts.step_up import authentication
    from shop.catalogue.models import Category, Product
    from shop.orders.services import Line, move_order, place_order
    from shop.orders.states import Event
    from shop.payments.services import News, apply, record, start_payment, terms

    now = timezone.now()
    users = {}
    for name in (*Role, "other customer", "other seller"):
        email = f"{name.replace(' ', '.')}@example.com"
        users[name] = User.objects.create_user(email, PASSWORD, Role(name.removeprefix("other ")))
    mugs = Category.objects.create(name="Mugs", slug="mugs")
    Category.objects.create(name="Bowls", slug="bowls")
    things = {
        "user": dict.fromkeys(ASKERS, users["other customer"].pk)
        | {(role, "own"): users[role].pk for role in Role},
        "category": dict.fromkeys(ASKERS, "bowls"),
    }
    # The customer buys from the seller, and the other customer from the other seller.
    for whose, prefix in (("another's", "other "), ("own", "")):
        customer, seller = users[f"{prefix}customer"], users[f"{prefix}seller"]
        slug = f"mug-of-{seller.pk}"
        mug = Product.objects.create(
            name=slug, slug=slug, category=mugs, price_minor=900, stock=9, seller=seller
        )
        orders = [
            place_order(customer=customer, lines=[Line(product_id=mug.pk, quantity=1)], now=now).pk
            for _ in range(4)
        ]
        payment = start_payment(
            order_id=orders[2], customer=customer, source="tok_ok", reference=f"r-{customer.pk}", now=now
        )
        for order, event in ((1, Event.PAY), (2, Event.PAY), (2, Event.SHIP)):
            move_order(event, order_id=orders[order], actor=None, now=now)
        bought = start_payment(
            order_id=orders[3], customer=customer, source="tok_ok", reference=f"d-{customer.pk}", now=now
        )
        record(News(f"evt_{bought.pk}", "charge.succeeded", *terms(bought)), now=now)
        apply({"reference": bought.reference}, now=now)
        for event in (Event.SHIP, Event.DELIVER):
            move_order(event, order_id=orders[3], actor=None, now=now)
        made = dict(zip(("order", "paid order", "shipped order", "delivered order"), orders, strict=True))
        made |= {"product": mug.pk, "payment": payment.pk}
        for name, thing in made.items():
            askers = ASKERS if whose == "another's" else [("customer", "own"), ("seller", "own")]
            things[name] = things.get(name, {}) | dict.fromkeys(askers, thing)
    proof = authentication(BY_PASSWORD, now)
    return World({role: begin_tokens(user=users[role], now=now, claims=proof) for role in Role}, things)


@functools.cache
def operations() -> dict[str, tuple[str, str]]:
    """Method and address of each operation of the specification, by its id."""
    document = yaml.safe_load((SPECS / "shop.yaml").read_text(encoding="utf-8"))
    return {
        operation["operationId"]: (method.upper(), path)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def cells() -> Iterator[tuple[str, tuple[str, str], int]]:
    """Each cell of `MATRIX`: the operation, who asks for whose, and the status of the answer."""
    for line in MATRIX.strip().splitlines()[2:]:
        operation, *statuses = line.split()
        for asker, status in zip(ASKERS, statuses, strict=True):
            if status != "-":
                yield operation, asker, int(status)


def status_of(world: World, operation: str, asker: tuple[str, str]) -> int:
    """The status of the real answer; what the request changed is undone."""
    from django.db import transaction
    from django.test import Client

    method, path = operations()[operation]
    ask = ASKS.get(operation, Ask())
    for parameter, thing in ask.path.items():
        path = path.replace(f"{{{parameter}}}", str(world.things[thing][asker]))
    body = ask.body(world, asker) if callable(ask.body) else ask.body
    headers = dict(ask.headers)
    if asker[0] in world.tokens:
        headers["Authorization"] = f"Bearer {world.tokens[asker[0]].access}"
    with transaction.atomic():
        answer = Client(SERVER_NAME="localhost").generic(
            method, path, "" if body is None else json.dumps(body), "application/json", headers=headers
        )
        transaction.set_rollback(True)
    return answer.status_code


if __name__ == "__main__":
    print(MATRIX.strip("\n"), end="\n\n")
    wrong = 0
    with throwaway("shop"):
        world = new_world()
        for operation, asker, expected in cells():
            found = status_of(world, operation, asker)
            if found != expected:
                wrong += 1
                print(f"WRONG {operation}, {asker[0]}, {asker[1]}: {found} in place of {expected}")
    named = {operation for operation, _, _ in cells()}
    print(f"{len(list(cells()))} cells of {len(named)} operations, {wrong} wrong")
