"""Settings of the shop for workers that are to die: a queue of its own, and a handler that kills its process."""

import os

from shop.settings import *  # noqa: F403
from shop.settings import OUTBOX_HANDLERS

QUEUE_PREFIX = os.environ["KILL_QUEUES"]
OUTBOX_HANDLERS |= {"test.kill": "shop.kill_workers.handler"}
OUTBOX_RESEND_SECONDS = 4
LOGGING_CONFIG = None
