"""Drive an API from its specification, and find every answer that the specification does not allow."""

import argparse
import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import yaml

from conventions.operations import SPECS
from conventions.throwaway import throwaway

# Refusals of a valid request: its token, its thing, or the state of things may be in the way.
REFUSALS = ("401", "403", "404", "409", "412", "422", "429")


@dataclass(frozen=True)
class Target:
    """What a seed starts with, and what a specification cannot say.

    Attributes:
        headers: of every request, such as a token.
        excused: operations with rules that no schema can say: they may refuse a valid request with 400.
        examples: values for bodies that cannot be written down beforehand, by operation.
        restore: called before each request with its WSGI environment, to undo what another one has done to whoever
            asks (log out, another password, another role), and to sign what only somebody else could sign.
    """

    headers: dict[str, str]
    excused: tuple[str, ...] = ()
    examples: dict[str, dict[str, object]] = field(default_factory=dict)
    restore: Callable[[dict], None] = lambda environ: None  # noqa: ARG005


@dataclass
class Findings:
    """How often each operation answered each status, and what was wrong."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: set[str] = field(default_factory=set)


def fuzz(system: str, target: Target, *, seed: int, examples: int) -> Findings:
    """Run every phase of schemathesis with `seed`, with up to `examples` generated requests an operation."""
    import schemathesis
    from schemathesis import engine
    from schemathesis.config import SchemathesisConfig

    spec = yaml.safe_load((SPECS / f"{system}.yaml").read_text(encoding="utf-8"))
    for operation in (each for item in spec["paths"].values() for each in item.values()):
        if value := target.examples.get(operation["operationId"]):
            (content,) = operation["requestBody"]["content"].values()
            content["examples"] = {"Known now": {"value": value}}
    accepted = ["2xx", "304", *REFUSALS]
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "headers": target.headers,
            "continue-on-failure": True,
            "generation": {"max-examples": examples, "database": "none"},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": accepted},
                # RFC 6585 section 3: what a request without `If-Match` is answered.
                "missing_required_header": {"expected-statuses": ["400", "401", "403", "406", "415", "428"]},
            },
            "operations": [
                {
                    "include-operation-id": list(target.excused),
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*accepted, "400"]}},
                }
            ],
        }
    )
    findings = Findings()
    with live_server(target.restore) as url:
        config.projects.default.base_url = url
        for event in engine.from_schema(schemathesis.openapi.from_dict(spec, config=config)).execute():
            _note(event, findings)
    return findings


@contextlib.contextmanager
def live_server(before_request: Callable[[dict], None] = lambda environ: None) -> Iterator[str]:  # noqa: ARG005
    """Serve the application on a free port of 127.0.0.1; the URL."""
    from django.core.wsgi import get_wsgi_application
    from werkzeug.serving import make_server

    application = get_wsgi_application()

    def serve(environ: dict, start_response: Callable) -> Iterable[bytes]:
        before_request(environ)
        return application(environ, start_response)

    server = make_server("127.0.0.1", 0, serve, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _note(event: object, findings: Findings) -> None:
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


def main(system: str, new_target: Callable[[], Target], description: str, arguments: list[str]) -> int:
    """The command line of a system's `fuzz_api.py`; `new_target` empties and fills the database. The exit status."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seed", type=int, action="append", required=True, help="may be given more than once"
    )
    parser.add_argument(
        "--examples", type=int, default=20, help="generated requests an operation (default: 20)"
    )
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL (default: SQLite)")
    parser.add_argument("--urlconf", default="", help="another URL configuration, to try a fault")
    options = parser.parse_args(arguments)
    failed = False
    with throwaway(system, postgresql=options.postgresql, urlconf=options.urlconf):
        for seed in options.seed:
            findings = fuzz(system, new_target(), seed=seed, examples=options.examples)
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
