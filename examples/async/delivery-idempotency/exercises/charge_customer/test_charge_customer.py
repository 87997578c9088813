"""Judge `charge_customer`: run again, kill it before and after every step, let a second delivery overtake it."""

import sqlite3

import pytest
from charge_customer import charge_customer

PAYMENT, CENTS = "payment-7", 4200


class ProviderDown(Exception):
    """The provider took nothing."""


class Killed(BaseException):
    """The process is gone: `except Exception` does not see this, and no later call does anything."""


class Provider:
    """Takes money; keeps what it took, and the receipts of the keys that it remembers."""

    def __init__(self):
        self.taken, self.keys, self.remembered = [], [], {}
        self.down = False

    def charge(self, amount_cents, idempotency_key=None):
        if self.down:
            raise ProviderDown
        self.keys.append(idempotency_key)
        if idempotency_key is not None and idempotency_key in self.remembered:
            receipt, amount = self.remembered[idempotency_key]
            if amount != amount_cents:
                pytest.fail(
                    f"the key {idempotency_key!r} came with {amount} cents and then with {amount_cents}: "
                    "two payments share one key",
                    pytrace=False,
                )
            return receipt
        self.taken.append(amount_cents)
        receipt = f"receipt-{9173 * len(self.taken) + 4001:x}"
        if idempotency_key is not None:
            self.remembered[idempotency_key] = (receipt, amount_cents)
        return receipt


class Shop:
    """A ledger in a file and a provider: what outlives a worker."""

    def __init__(self, file):
        self.file, self.provider = file, Provider()
        connection = self.connect()
        connection.execute(
            "CREATE TABLE ledger (payment_id TEXT PRIMARY KEY, amount_cents INTEGER, receipt TEXT)"
        )
        connection.close()

    def connect(self):
        connection = sqlite3.connect(self.file, timeout=0, isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    def deliver(self, payment_id=PAYMENT, cents=CENTS, at_step=lambda step: None):
        """Run the task in a worker of its own; what it has not committed when it ends is undone."""
        worker = Worker(self, at_step)
        try:
            return charge_customer(
                payment_id, cents, Watched(worker.connection, worker), Watched(self.provider, worker)
            )
        except sqlite3.IntegrityError as error:
            pytest.fail(self.refused(error), pytrace=False)
        finally:
            worker.connection.close()

    def refused(self, error):
        if len(self.provider.taken) > 1:
            return (
                f"the ledger refused a second row ({error}), and by then the customer was charged "
                f"{len(self.provider.taken)} times: ask the ledger before you charge"
            )
        return (
            f"a delivery failed with {error}: another one was quicker. "
            "Both sent one key: let the insert accept the row of the other"
        )

    def rows(self):
        connection = self.connect()
        try:
            return connection.execute("SELECT * FROM ledger ORDER BY payment_id").fetchall()
        finally:
            connection.close()


class Worker:
    """Counts the points before and after each call that leaves the task, and tells them to `at_step`."""

    def __init__(self, shop, at_step):
        self.connection = shop.connect()
        self.at_step, self.steps, self.dead = at_step, 0, False

    def reach(self):
        if self.dead:
            raise Killed
        self.steps += 1
        try:
            self.at_step(self.steps)
        except Killed:
            self.dead = True
            raise


class Watched:
    """A connection, a cursor or a provider, with a point before and after each of its methods."""

    def __init__(self, inner, worker):
        self._inner, self._worker = inner, worker

    def __getattr__(self, name):
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        def call(*arguments, **named):
            if name.startswith("fetch"):  # reads what has come already
                return value(*arguments, **named)
            self._worker.reach()
            result = value(*arguments, **named)
            self._worker.reach()
            return Watched(result, self._worker) if isinstance(result, sqlite3.Cursor) else result

        return call

    def __iter__(self):
        return iter(self._inner)

    def __enter__(self):
        self._worker.reach()
        self._inner.__enter__()
        return self

    def __exit__(self, *error):
        self._worker.reach()
        self._inner.__exit__(*error)
        self._worker.reach()


@pytest.fixture
def new_shop(tmp_path):
    made = []

    def new():
        made.append(Shop(tmp_path / f"shop-{len(made)}.sqlite"))
        return made[-1]

    return new


def kill_at(number):
    def at_step(step):
        if step == number:
            raise Killed

    return at_step


def killed(shop, number):
    """Deliver and kill at point `number`; False where the task was through before it."""
    try:
        shop.deliver(at_step=kill_at(number))
    except Killed:
        return True
    return False


def check(shop, answers, when):
    provider = shop.provider
    if len(provider.taken) > 1 and len(set(provider.keys)) > 1:
        pytest.fail(
            f"{when}: charged {len(provider.taken)} times, with the keys {provider.keys}: "
            "a key that differs in each run protects nothing",
            pytrace=False,
        )
    if len(provider.taken) > 1:
        pytest.fail(f"{when}: the customer was charged {len(provider.taken)} times", pytrace=False)
    if not provider.taken:
        pytest.fail(f"{when}: the customer was never charged, and the message is gone", pytrace=False)
    receipt = provider.remembered.get(provider.keys[0], (None,))[0] or answers[0]
    if shop.rows() != [(PAYMENT, CENTS, receipt)]:
        pytest.fail(
            f"{when}: the ledger says {shop.rows()}, expected one row {(PAYMENT, CENTS, receipt)}",
            pytrace=False,
        )
    if set(answers) != {receipt}:
        pytest.fail(f"{when}: the runs answered {answers}, expected {receipt!r} each time", pytrace=False)


def test_1_one_run_charges_and_writes_one_row(new_shop):
    shop = new_shop()

    answer = shop.deliver()

    check(shop, [answer], "one run")
    assert answer.startswith("receipt-"), "the answer is the provider's receipt"


def test_2_up_to_five_runs_charge_once_and_answer_the_same(new_shop):
    for runs in range(2, 6):
        shop = new_shop()

        answers = [shop.deliver() for _ in range(runs)]

        check(shop, answers, f"{runs} runs")


def test_3_two_payments_are_two_charges(new_shop):
    shop = new_shop()

    answers = [shop.deliver(payment_id, CENTS) for payment_id in ("payment-7", "payment-8", "payment-7")]

    assert len(shop.provider.taken) == 2, (
        f"two payments of the same amount are two charges, {len(shop.provider.taken)} was made: "
        "the key must tell them apart"
    )
    assert [(payment, cents) for payment, cents, _ in shop.rows()] == [
        ("payment-7", CENTS),
        ("payment-8", CENTS),
    ]
    assert answers[0] == answers[2] != answers[1], "each payment has its own receipt"


def test_4_killed_at_any_point_and_redelivered_it_charges_once(new_shop):
    number, points = 1, 0
    while True:
        shop = new_shop()
        if not killed(shop, number):
            break
        points += 1

        answers = [shop.deliver(), shop.deliver()]

        check(shop, answers, f"killed at point {number}, then redelivered")
        number += 1
    assert points >= 4, (
        "a task that charges and writes has at least four points to die at: does an except swallow the kill?"
    )


def test_5_killed_again_and_again_it_charges_once(new_shop):
    for number in range(1, 9):
        shop = new_shop()
        for _ in range(4):
            killed(shop, number)

        check(shop, [shop.deliver()], f"killed four times at point {number}, then run whole")


def test_6_a_second_delivery_overtakes_the_first_at_any_point(new_shop):
    number, reached = 1, True
    while reached:
        shop = new_shop()
        answers, reached = [], False

        def overtake(step, shop=shop, answers=answers, number=number):
            nonlocal reached
            if step != number:
                return
            reached = True
            try:
                answers.append(shop.deliver())
            except sqlite3.OperationalError as error:  # it would wait for the lock
                if "locked" not in str(error):
                    raise

        try:
            answers.append(shop.deliver(at_step=overtake))
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        answers.append(shop.deliver())  # whoever found the database locked comes again

        check(shop, answers, f"overtaken at point {number}")
        number += 1


def test_7_a_redelivery_after_the_provider_forgot_the_key_charges_nothing(new_shop):
    shop = new_shop()
    first = shop.deliver()
    shop.provider.remembered.clear()

    second = shop.deliver()

    assert len(shop.provider.taken) <= 1, (
        "two days later the provider has forgotten the key and charged again: look into the ledger first"
    )
    assert first == second, "the answer of the first run is in the ledger"


def test_8_a_provider_that_is_down_is_seen_and_tried_again(new_shop):
    shop = new_shop()
    shop.provider.down = True

    try:
        answer = shop.deliver()
    except ProviderDown:
        pass
    else:
        pytest.fail(
            f"the provider was down, and the task answered {answer!r}: the worker takes that for done",
            pytrace=False,
        )
    shop.provider.down = False

    check(shop, [shop.deliver()], "down, then up again")
