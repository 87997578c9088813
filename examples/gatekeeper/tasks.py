from celery import shared_task
from django.core.mail import send_mail
from django.utils import timezone

from gatekeeper import response, retention
from gatekeeper.conf import option
from gatekeeper.models import Incident

ATTEMPT = {"autoretry_for": (OSError,), "retry_backoff": True, "max_retries": 3}


@shared_task(name="gatekeeper.detect")
def detect() -> None:
    now = timezone.now()
    response.detect(now=now, slow=now.minute % 15 == 0)


@shared_task(name="gatekeeper.retain")
def retain() -> None:
    retention.retain(now=timezone.now())


@shared_task(name="gatekeeper.send_alert", **ATTEMPT)
def send_alert(incident_id: int) -> None:
    incident = Incident.objects.get(pk=incident_id)
    text = f"{incident.kind} by {incident.subject_type} {incident.subject}: {incident.evidence}"
    if recipients := option("ALERT_EMAILS"):
        send_mail(f"[gatekeeper] {incident.kind}", text, None, list(recipients))
    if url := option("ALERT_WEBHOOK_URL"):
        import requests

        answer = requests.post(
            url,
            json={
                "id": incident.pk,
                "kind": incident.kind,
                "subject_type": incident.subject_type,
                "subject": incident.subject,
                "evidence": incident.evidence,
                "response": incident.response,
                "seen_at": incident.seen_at.isoformat(),
            },
            headers={"Idempotency-Key": f"incident-{incident.pk}"},
            timeout=5,
            allow_redirects=False,
        )
        answer.raise_for_status()
