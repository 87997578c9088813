"""What a Celery worker and its beat load, as in: celery --app shop.worker worker --beat

The broker carries the numbers of messages, nothing else: what is to be done stands in the outbox. So a message that a
broker loses, or delivers twice, changes nothing. See `shop.outbox.services`.
"""

import os

from celery import Celery
from kombu import Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
from django.conf import settings

app = Celery("shop", broker=settings.BROKER_URL or "memory://")
PREFIX = settings.QUEUE_PREFIX
# --8<-- [start:queues]
# What nobody can read, or a worker refuses for good, ends in the last queue instead of nowhere.
DEAD = Exchange(f"{PREFIX}.dead", type="fanout")
TO_DEAD = {"x-dead-letter-exchange": DEAD.name}
QUEUES = {
    name: Queue(f"{PREFIX}.{name}", Exchange(""), routing_key=f"{PREFIX}.{name}", queue_arguments=TO_DEAD)
    for name in ("payments", "notifications", "sweeps")
}
DEAD_LETTERS = Queue(DEAD.name, DEAD)
# --8<-- [end:queues]

# --8<-- [start:conf]
app.conf.update(
    imports=["shop.tasks"],
    task_queues=list(QUEUES.values()),
    task_default_queue=QUEUES["sweeps"].name,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    result_backend=None,
    task_acks_late=True,  # after the work: a worker that dies gives its message back
    task_reject_on_worker_lost=True,  # also where only its child dies; the outbox counts the attempts
    task_acks_on_failure_or_timeout=True,
    task_time_limit=60,
    task_soft_time_limit=45,
    worker_prefetch_multiplier=1,
    worker_lost_wait=1,  # seconds to wait for the result of a dead child
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,  # a worker logs as the shop does
    worker_redirect_stdouts=False,  # a mail on the console is no line of the log
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=2,
    task_publish_retry=False,  # the outbox tries again
    beat_schedule={
        "relay": {"task": "shop.relay", "schedule": 1, "options": {"expires": 1}},
        "reconcile": {"task": "shop.reconcile", "schedule": 60, "options": {"expires": 60}},
        "clean up": {"task": "shop.clean_up", "schedule": 3600, "options": {"expires": 3600}},
    },
)
if settings.BROKER_URL.startswith("redis"):
    app.conf.broker_transport_options = {
        "visibility_timeout": settings.OUTBOX_RESEND_SECONDS,  # longer than task_time_limit
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "global_keyprefix": f"{PREFIX}.",
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
    }
elif settings.BROKER_URL.startswith("amqp"):
    app.conf.broker_transport_options = {"confirm_publish": True}
# --8<-- [end:conf]
