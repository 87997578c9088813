"""A Celery task that charges a customer, and a worker that dies where the message says so."""

import os
from contextlib import closing

from celery import Celery
from celery.worker.request import Request
from kill_switch import KillSwitch, connect, note
from kombu import Exchange, Queue

BROKER_URL = os.environ.get("PAYMENTS_BROKER", "memory://")
# --8<-- [start:app]
app = Celery("payments", broker=BROKER_URL)
app.conf.worker_prefetch_multiplier = 1
app.conf.task_ignore_result = True
app.conf.worker_enable_remote_control = False  # leaves nothing behind on the broker
app.conf.worker_lost_wait = 1.0  # seconds to wait for the result of a dead child
if BROKER_URL.startswith("redis"):
    app.conf.broker_transport_options = {
        "visibility_timeout": int(os.environ.get("PAYMENTS_VISIBILITY_SECONDS", "3600")),  # as the default
        "unacked_restore_interval": 1,  # look for overdue messages every second,
        "unacked_restore_throttle": 1,  # and not only at every tenth look
    }
else:
    app.conf.broker_transport_options = {"confirm_publish": True}
# --8<-- [end:app]
app.conf.task_queues = [
    Queue(name, Exchange(""), routing_key=name)
    for name in os.environ.get("PAYMENTS_QUEUES", "payments").split(",")
]


# --8<-- [start:request]
class WatchedRequest(Request):
    """What the worker's main process keeps for each message; Celery calls these."""

    def on_accepted(self, pid: int, time_accepted: float) -> None:
        super().on_accepted(pid, time_accepted)
        note("reports", self.args[0])  # the child's report that it begins has been read

    def acknowledge(self) -> None:
        payment_id, plan = self.args
        switch = KillSwitch(payment_id, plan, redelivered=self.delivery_info["redelivered"], in_child=False)
        switch.before("ack")
        # Celery would send it at the next turn of its event loop. Here it leaves at this line.
        self.message.ack()
        self.acknowledged = True
        if not BROKER_URL.startswith("redis"):  # an AMQP ack has no answer; ask something that has one
            self.message.channel.queue_declare(self.delivery_info["routing_key"], passive=True)
        switch.after("ack")
        note("acks", payment_id)


# --8<-- [end:request]
# --8<-- [start:charge]
def charge(self, payment_id: str, plan: dict) -> None:
    switch = KillSwitch(
        payment_id, plan, redelivered=self.request.delivery_info.get("redelivered"), in_child=True
    )
    note("runs", payment_id, self.request.id)
    switch.before("charge")
    with closing(connect()) as ledger:
        ledger.execute("BEGIN IMMEDIATE")
        ledger.execute("INSERT INTO charges VALUES (?)", [payment_id])
        ledger.execute("INSERT INTO charges_by_key VALUES (?) ON CONFLICT DO NOTHING", [payment_id])
        ledger.execute("COMMIT")
    switch.after("charge")


settings = {"bind": True, "Request": WatchedRequest}
charge_early = app.task(charge, name="charge_early", **settings)
charge_late = app.task(charge, name="charge_late", acks_late=True, **settings)
charge_requeue = app.task(
    charge, name="charge_requeue", acks_late=True, reject_on_worker_lost=True, **settings
)
# --8<-- [end:charge]
