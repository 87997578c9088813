"""A payment provider that misbehaves on request: the card's token says how. For tests and this machine only.

    SHOP_PAYMENTS_SECRETS=... python hostile_provider.py --port 8003 --shop http://127.0.0.1:8000

It charges once for a reference, whatever it answers, and tells the shop by signed webhooks.
"""

import argparse
import json
import os
import queue
import threading
import time
from dataclasses import dataclass, field

import requests

from shop.payments.signatures import HEADER, BadSignature, sign, verify

TRIES = 6
GUESSED = "guessed"
# --8<-- [start:tricks]
TRICKS = {
    "tok_ok": "does what it says",
    "tok_declined": "declines the card",
    "tok_twice": "sends each webhook three times",
    "tok_backwards": "sends the last webhook first",
    "tok_replayed": "sends the same bytes again, then with a new time and the old signature",
    "tok_old": "signed its webhook an hour ago, and sends it again properly",
    "tok_forged": "declines, and somebody else sends a success that is signed with another key",
    "tok_tampered": "declines, and somebody on the way turns that into a success",
    "tok_next_version": "sends a format of next year first",
    "tok_wrong_amount": "charges one cent",
    "tok_wrong_currency": "charges in yen",
    "tok_hangs": "charges, and does not answer in time",
    "tok_breaks": "charges, and answers 500",
    "tok_down": "answers 500 the first time, without charging",
    "tok_silent": "charges, and sends no webhook",
}
# --8<-- [end:tricks]


@dataclass
class Charge:
    """What happened under one reference."""

    terms: dict[str, object]
    source: str
    events: list[dict[str, object]] = field(default_factory=list)
    charges: int = 0
    refunds: int = 0


@dataclass(frozen=True)
class Webhook:
    """A body on its way; `signature` is None where it is signed when it is sent."""

    body: bytes
    signature: str | None = None


class HostileProvider:
    """Keeps charges in memory; `deliver` sends a webhook and returns the status it was answered, 0 for none."""

    def __init__(self, secret: str, shop: str) -> None:
        self.secret, self.shop = secret, shop
        self.charges: dict[str, Charge] = {}
        self.refused_once: set[str] = set()
        self.answers: dict[str, list[int]] = {}
        self.outgoing: queue.Queue[tuple[str, Webhook]] = queue.Queue()
        self.lock = threading.Lock()
        threading.Thread(target=self._deliver_all, daemon=True).start()

    def charge(self, terms: dict[str, object], source: str) -> int:
        """Charge a card once for each reference; the status to answer."""
        reference = str(terms["reference"])
        with self.lock:
            if source == "tok_down" and reference not in self.refused_once:
                self.refused_once.add(reference)
                return 500
            if reference in self.charges:
                return 200
            charge = self.charges[reference] = Charge(terms, source)
            self._happen(charge, "charge.pending")
            told = dict(terms)
            if source == "tok_wrong_amount":
                told["amount_minor"] = 1
            if source == "tok_wrong_currency":
                told["currency"] = "JPY"
            declined = source in ("tok_declined", "tok_forged", "tok_tampered")
            charge.charges += not declined
            self._happen(charge, "charge.failed" if declined else "charge.succeeded", told)
        for webhook in self._webhooks(charge):
            self.outgoing.put((reference, webhook))
        if source == "tok_hangs":
            time.sleep(4)  # longer than the shop waits
        return 500 if source == "tok_breaks" else 201

    def refund(self, reference: str) -> int:
        """Give the money back, once for each reference; the status to answer."""
        with self.lock:
            charge = self.charges[reference]
            if not charge.refunds:
                charge.refunds += 1
                self._happen(charge, "refund.succeeded")
                for _ in range({"tok_silent": 0, "tok_twice": 3}.get(charge.source, 1)):
                    self.outgoing.put((reference, Webhook(_text(charge.events[-1]))))
        return 201

    def _happen(self, charge: Charge, kind: str, terms: dict[str, object] | None = None) -> None:
        name = f"evt_{charge.terms['reference']}{len(charge.events)}".replace("-", "")
        charge.events.append({"version": 1, "id": name, "type": kind, **(terms or charge.terms)})

    def _webhooks(self, charge: Charge) -> list[Webhook]:
        pending, news = (Webhook(_text(event)) for event in charge.events)
        now = time.time()
        success = charge.events[-1] | {"type": "charge.succeeded"}
        real = sign(news.body, secret=self.secret, now=now)
        return {
            "tok_silent": [],
            "tok_twice": [pending, news] * 3,
            "tok_backwards": [news, pending],
            "tok_replayed": [
                Webhook(news.body, real),
                Webhook(news.body, real),
                Webhook(news.body, f"t={int(now) + 60}{real[real.index(',') :]}"),
            ],
            "tok_old": [Webhook(news.body, sign(news.body, secret=self.secret, now=now - 3600)), news],
            "tok_forged": [Webhook(_text(success), sign(_text(success), secret=GUESSED, now=now)), news],
            "tok_tampered": [Webhook(_text(success), real), news],
            "tok_next_version": [Webhook(_text(charge.events[-1] | {"version": 2})), news],
        }.get(charge.source, [pending, news])

    def _deliver_all(self) -> None:
        while True:
            reference, webhook = self.outgoing.get()
            status = self._deliver(webhook)
            self.answers.setdefault(reference, []).append(status)
            self.outgoing.task_done()

    def _deliver(self, webhook: Webhook) -> int:
        """Send until there is an answer below 500; the last status, 0 where the shop was never reached."""
        status = 0
        for pause_seconds in (0, *(0.1 * 2**number for number in range(TRIES - 1))):
            time.sleep(pause_seconds)
            signature = webhook.signature or sign(webhook.body, secret=self.secret, now=time.time())
            headers = {"Content-Type": "application/json", HEADER: signature}
            try:
                url = f"{self.shop}/api/v1/payments/events/"
                status = requests.post(url, webhook.body, headers=headers, timeout=10).status_code
            except requests.RequestException:
                status = 0
            if 0 < status < 500:
                break
        return status


def _text(document: dict[str, object]) -> bytes:
    return json.dumps(document).encode()


def application(provider: HostileProvider) -> object:
    """The provider as a WSGI application."""
    from werkzeug import Request, Response

    @Request.application
    def answer(request: Request) -> Response:
        body = request.get_data()
        try:
            verify(body, request.headers.get(HEADER, ""), secrets=[provider.secret], now=time.time())
        except BadSignature as error:
            return _json({"error": str(error)}, 401)
        if request.method == "POST" and request.path == "/charges":
            document = json.loads(body)
            source = document.pop("source")
            return _json(document, provider.charge(document, source))
        if request.method == "POST" and request.path == "/refunds":
            return _json({}, provider.refund(json.loads(body)["reference"]))
        charge = provider.charges.get(request.path.removeprefix("/charges/"))
        if charge is None:
            return _json({}, 404)
        counts = {"charges": charge.charges, "refunds": charge.refunds}
        webhooks = {
            "webhooks": provider.answers.get(str(charge.terms["reference"]), []),
            "still_to_send": provider.outgoing.unfinished_tasks,
        }
        with provider.lock:
            return _json({"events": charge.events, **counts, **webhooks}, 200)

    def _json(document: dict[str, object], status: int) -> Response:
        return Response(json.dumps(document), status, mimetype="application/json")

    return answer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8003)
    parser.add_argument("--shop", default="http://127.0.0.1:8000")
    options = parser.parse_args()
    from werkzeug.serving import make_server

    secret = os.environ["SHOP_PAYMENTS_SECRETS"].split()[0]
    app = application(HostileProvider(secret, options.shop))
    server = make_server("127.0.0.1", options.port, app, threaded=True)
    print(f"The provider listens on http://127.0.0.1:{server.port}, and tells {options.shop}", flush=True)
    server.serve_forever()
