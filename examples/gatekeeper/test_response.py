"""What is done about an incident, for how long, and who is told how often."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from gatekeeper.conftest import NOW
from gatekeeper.models import Incident, Rule
from gatekeeper.response import DEGREES, detect, respond, weight
from gatekeeper.rules import add_rule, parse_network, remove_expired, unblock
from gatekeeper.test_detection import burst, journey, log

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WHO = "203.0.113.9"
pytestmark = pytest.mark.django_db


def incident(score: int, *, ago: timedelta = timedelta(), kind: str = "burst", **more: object) -> Incident:
    return Incident.objects.create(
        **{"subject_type": "network", "subject": WHO} | more,
        kind=kind,
        window_start=NOW - ago,
        seen_at=NOW - ago,
        score=score,
    )


def rules() -> dict[str, timedelta]:
    return {rule.action: rule.expires_at - rule.created_at for rule in Rule.objects.all()}


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (19, {}),
        (20, {"throttle": 10 * MINUTE}),
        (49, {"throttle": 10 * MINUTE}),
        (50, {"pause": 10 * MINUTE}),
        (99, {"pause": 10 * MINUTE}),
        (100, {"block": HOUR}),
    ],
)
def test_the_heavier_the_stricter(score: int, expected: dict):
    incident(score)

    respond(WHO, now=NOW)

    assert expected == rules()
    assert [next(iter(expected), "observe")] == list(Incident.objects.values_list("response", flat=True))


def test_incidents_add_up_and_are_forgotten_by_half_each_hour():
    incident(40)
    incident(40, ago=HOUR, kind="scanning")
    incident(40, ago=2 * HOUR, kind="probing")
    incident(1000, ago=25 * HOUR, kind="stuffing")
    incident(1000, kind="guessing", forgiven=True)

    assert 70 == pytest.approx(weight(WHO, now=NOW))
    assert 35 == pytest.approx(weight(WHO, now=NOW + HOUR) + 0, abs=0.01)


def test_each_further_block_is_longer_up_to_a_week():
    lasts = []
    now = NOW
    for _ in range(6):
        Incident.objects.create(
            kind="burst", subject_type="network", subject=WHO, window_start=now, seen_at=now, score=100
        )
        respond(WHO, now=now)
        lasts.append(Rule.objects.get(action="block").expires_at - now)
        now += timedelta(hours=25)
        Rule.objects.all().delete()

    assert [HOUR, 4 * HOUR, 16 * HOUR, 64 * HOUR, 7 * DAY, 7 * DAY] == lasts


def test_an_allowed_network_is_observed_only():
    add_rule(
        action="allow", network=parse_network("203.0.113.0/24"), reason="ours", created_by="test", now=NOW
    )
    incident(1000)

    assert "observe" == respond(WHO, now=NOW)
    assert ["allow"] == list(Rule.objects.values_list("action", flat=True))


@pytest.mark.parametrize(
    ("subject", "answer"),
    [("10.0.0.7", "observe"), ("2001:db8::/64", "observe"), ("::/64", "observe"), ("11.0.0.7", "block")],
)
def test_where_the_client_could_not_be_found_nobody_is_shut_out(settings: object, subject: str, answer: str):
    settings.GATEKEEPER = {"TRUSTED_PROXIES": ["10.0.0.0/8", "2001:db8::1/128"]}
    incident(1000, subject=subject)

    assert answer == respond(subject, now=NOW)


def test_an_ipv6_network_is_answered_as_a_whole():
    incident(100, subject="2001:db8::/64")

    respond("2001:db8::/64", now=NOW)

    assert "2001:db8::/64" == Rule.objects.get().network


def test_a_long_attack_escalates_and_stops_being_evidence_once_blocked():
    answers = []
    for minute in range(6):
        now = NOW + minute * MINUTE
        refused = Rule.objects.filter(action__in=["pause", "block"], expires_at__gt=now).exists()
        burst(300, at=now - timedelta(seconds=30), refused=refused)
        detect(now=now)
        answers.append(",".join(sorted(rules())))
        remove_expired(now=now)

    assert ["throttle", "pause,throttle"] == answers[:2]
    assert 2 == Incident.objects.count(), "what was refused is no evidence"


def test_two_looks_at_one_window_are_one_incident_and_one_alert():
    burst(300)
    first = detect(now=NOW)
    log()
    second = detect(now=NOW)

    (kept,) = Incident.objects.all()
    assert [kept.pk] == [each.pk for each in first] == [each.pk for each in second]
    assert 301 == kept.evidence["requests"]
    assert kept.alerted_at == NOW


def test_after_unblocking_the_same_log_does_not_block_again():
    from ipaddress import ip_address

    burst(300)
    detect(now=NOW)
    unblock(address=ip_address(WHO), widest={4: 0, 6: 0})

    detect(now=NOW)

    assert not Rule.objects.exists()


def test_one_kind_and_subject_is_told_once_in_an_hour():
    told = []
    for minutes in (0, 1, 59, 60, 61):
        now = NOW + minutes * MINUTE
        burst(300, at=now - timedelta(seconds=30))
        detect(now=now)
        told.append(Incident.objects.exclude(alerted_at=None).count())

    assert [1, 1, 1, 2, 2] == told


def test_a_victim_is_told_about_and_not_answered():
    journey((40, "DE"), (10, "US"))

    detect(now=NOW, slow=True)

    kinds = dict(Incident.objects.values_list("kind", "alerted_at"))
    assert {"impossible-travel": NOW} == kinds
    assert not Rule.objects.exists()


def test_travel_at_the_speed_of_a_plane_only_observes():
    journey((3000, "DE"), (10, "BR"))

    detect(now=NOW, slow=True)

    assert {"new-country": None} == dict(Incident.objects.values_list("kind", "alerted_at"))


@pytest.fixture
def webhook() -> Iterator[tuple[str, list]]:
    received = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.headers["Idempotency-Key"], json.loads(body)))
            self.send_response(500 if len(received) == 1 else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_alert_goes_out_by_mail_and_webhook_and_a_failure_is_tried_again(
    webhook: tuple, settings: object, django_capture_on_commit_callbacks: object
):
    url, received = webhook
    settings.GATEKEEPER |= {"ALERT_EMAILS": ["ops@example.com"], "ALERT_WEBHOOK_URL": url}
    burst(300)

    with django_capture_on_commit_callbacks(execute=True):
        (seen,) = detect(now=NOW)

    assert [f"incident-{seen.pk}"] * 2 == [key for key, _ in received], "once refused, once taken"
    assert ("burst", WHO) == (received[1][1]["kind"], received[1][1]["subject"])
    assert "[gatekeeper] burst" == mail.outbox[0].subject


def test_the_command_looks_now(capsys: pytest.CaptureFixture):
    burst(300, at=timezone.now() - timedelta(seconds=5))

    call_command("detect")
    call_command("retain")

    assert f"burst network {WHO}\n0 requests anonymised, 0 deleted" in capsys.readouterr().out
    assert Rule.objects.filter(action="throttle").exists()


def test_the_scheduled_tasks_do_the_same(settings: object):
    from gatekeeper import tasks
    from gatekeeper.worker import app

    burst(300, at=timezone.now() - timedelta(seconds=5))
    for name in settings.CELERY_BEAT_SCHEDULE:
        app.tasks[settings.CELERY_BEAT_SCHEDULE[name]["task"]].delay()

    assert Incident.objects.exists()
    assert {"gatekeeper.detect", "gatekeeper.retain"} == {tasks.detect.name, tasks.retain.name}


def test_the_degrees_are_in_order():
    least = [each[0] for each in DEGREES]

    assert sorted(least, reverse=True) == least
