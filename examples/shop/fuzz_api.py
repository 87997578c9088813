"""Drive the API from its specification, and report every answer that the specification does not allow.

    python fuzz_api.py --seed 1 --seed 2

Each seed gets an empty database with the seeded catalogue, a customer's tokens and one order. Requests
that fit the specification and requests that break it are sent to a server on this machine. The program ends with
status 1 where an answer is undocumented, has another shape than documented, or accepts what it must refuse.
"""

import argparse
import contextlib
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from shop.throwaway import throwaway_shop

SPEC = Path(__file__).resolve().parents[2] / "docs" / "specs" / "shop.yaml"


@dataclass
class Findings:
    """How often each operation answered each status, and what was wrong."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: set[str] = field(default_factory=set)


def new_database() -> "Tokens":  # noqa: F821
    """Empty the database, seed it, and log a customer in who has order number 1."""
    from django.core.management import call_command
    from django.utils import timezone

    from shop.accounts.models import User
    from shop.accounts.services import log_in
    from shop.management.commands.seed import CUSTOMERS, seed
    from shop.orders.services import Line, place_order

    call_command("flush", interactive=False, reset_sequences=True, verbosity=0)
    seed()
    email, password = CUSTOMERS[0]
    place_order(customer=User.objects.get(email=email), lines=[Line(1, 2)], now=timezone.now())
    return log_in(email=email, password=password)


def fuzz(*, seed: int, examples: int) -> Findings:
    """Run every phase of schemathesis with `seed`, with up to `examples` generated requests an operation."""
    import schemathesis
    import yaml
    from schemathesis import engine
    from schemathesis.config import SchemathesisConfig

    tokens = new_database()
    spec = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    renewal = spec["paths"]["/api/v1/users/refresh/"]["post"]["requestBody"]["content"]["application/json"][
        "examples"
    ]
    renewal["Renew"]["value"] = {"refresh": tokens.refresh}  # the one example that cannot be written down
    accepted = ["2xx", "401", "404", "409"]
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "headers": {"Authorization": f"Bearer {tokens.access}"},
            "continue-on-failure": True,
            "generation": {"max-examples": examples, "database": "none"},
            "checks": {"positive_data_acceptance": {"expected-statuses": accepted}},
            "operations": [
                # What the schema does not say: which passwords are common, which cursors we signed, that a product
                # stands on one line only, that text holds no NUL.
                {
                    "include-operation-id": ["registerUser", "logIn", "listProducts", "placeOrder"],
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*accepted, "400"]}},
                }
            ],
        }
    )
    findings = Findings()
    with live_server() as url:
        config.projects.default.base_url = url
        for event in engine.from_schema(schemathesis.openapi.from_dict(spec, config=config)).execute():
            note(event, findings)
    return findings


@contextlib.contextmanager
def live_server() -> Iterator[str]:
    """Serve the application on a free port of 127.0.0.1; the URL."""
    from werkzeug.serving import make_server

    from shop.wsgi import application

    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def note(event: object, findings: Findings) -> None:
    """Add what an event of the engine tells to `findings`."""
    from schemathesis.engine import events

    if isinstance(event, events.FatalError):
        raise event.exception
    if isinstance(event, events.NonFatalError):
        findings.failures.add(f"{event.label}: {event.info.title}: {event.info.message}")
    if not isinstance(event, events.ScenarioFinished):
        return
    for case_id, node in event.recorder.cases.items():
        response = event.recorder.find_response(case_id=case_id)
        label = node.value.operation.label
        if response is not None:
            findings.answers[label, response.status_code] += 1
        for check in event.recorder.checks.get(case_id, ()):
            if check.failure_info is not None:
                failure = check.failure_info.failure
                findings.failures.add(f"{label}: {failure.title}: {failure.message.strip()}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seed", type=int, action="append", required=True, help="may be given more than once"
    )
    parser.add_argument(
        "--examples", type=int, default=20, help="generated requests an operation (default: 20)"
    )
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL (default: SQLite)")
    parser.add_argument("--urlconf", default="shop.urls", help="another URL configuration, to try a fault")
    options = parser.parse_args(arguments)
    failed = False
    with throwaway_shop(postgresql=options.postgresql, urlconf=options.urlconf):
        for seed in options.seed:
            findings = fuzz(seed=seed, examples=options.examples)
            print(f"seed {seed}: {findings.answers.total()} requests, {len(findings.failures)} failures")
            for label in sorted({label for label, _ in findings.answers}):
                statuses = sorted(
                    (status, count) for (name, status), count in findings.answers.items() if name == label
                )
                print(f"  {label}: " + ", ".join(f"{count} x {status}" for status, count in statuses))
            for failure in sorted(findings.failures):
                print(f"  FAILED {failure}")
            failed |= bool(findings.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
