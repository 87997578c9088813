"""Log requests without making them wait: rows gather in memory and one thread writes them, many at a time.

What cannot be written is dropped and counted: a site that waits for its log is down whenever the log is. A row holds
no body, no header and no query string, since that is where tokens and names stand.
"""

import atexit
import contextlib
import ipaddress
import itertools
import logging
import os
import threading
from collections import deque
from datetime import datetime

from django.db import DatabaseError, close_old_connections, connection
from django.http import HttpRequest

from gatekeeper.addresses import group_of
from gatekeeper.conf import option
from gatekeeper.models import LoggedRequest
from gatekeeper.places import place_of, places
from gatekeeper.rules import WATCHER

logger = logging.getLogger(__name__)


class Log:
    """Rows that wait to be written, and how many were written and dropped by this process."""

    def __init__(self) -> None:
        self._rows: deque[LoggedRequest] = deque()
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._static = itertools.count()
        self.written = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: LoggedRequest) -> None:
        """Keep a row until it is written; never waits. Where too many wait already, it is dropped and counted."""
        if row.path.startswith(tuple(option("STATIC_PREFIXES"))) and next(self._static) % option(
            "STATIC_ONE_IN"
        ):
            return
        if len(self._rows) >= option("BUFFER_ROWS"):
            self.dropped += 1
            return
        self._rows.append(row)
        if len(self._rows) >= option("BATCH_ROWS"):
            self._wake.set()

    def wait(self) -> None:
        """Until a batch is full, or the first row is old enough."""
        self._wake.wait(option("FLUSH_SECONDS"))
        self._wake.clear()

    def flush(self) -> None:
        """Write every row that waits. Where the database fails they go on waiting, and nothing is raised."""
        with self._writing:
            while self._rows:
                batch = [self._rows.popleft() for _ in range(min(len(self._rows), option("BATCH_ROWS")))]
                for row in batch:
                    place = place_of(ipaddress.ip_address(row.address))
                    row.country, row.latitude, row.longitude = place.country, place.latitude, place.longitude
                try:
                    LoggedRequest.objects.bulk_create(batch)
                except (DatabaseError, OSError):
                    self._rows.extendleft(reversed(batch))
                    logger.warning(
                        "the request log cannot be written; %d rows wait", len(self._rows), exc_info=True
                    )
                    return
                self.written += len(batch)


LOG = Log()


class Background:
    """The thread of this process that writes the log and reads rules and places again when they have changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self) -> None:
        """Start the thread where it does not run: in a new process, or in one that was forked."""
        if (self._thread is not None and self._thread.is_alive()) or not option("BACKGROUND"):
            return
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._stopping = False
                self._thread = threading.Thread(target=self._run, name="gatekeeper", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Write what waits and end the thread."""
        thread = self._thread
        if thread is None or not thread.is_alive():
            return
        self._stopping = True
        LOG._wake.set()
        thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopping:
            LOG.wait()
            close_old_connections()
            self.turn()
        connection.close()

    def turn(self) -> None:
        """One turn of the thread. Whatever fails is logged, and tried again at the next one."""
        try:
            LOG.flush()
            WATCHER.refresh()
            if path := option("PLACES_FILE"):
                places(str(path)).reload()
        except Exception:
            logger.exception("the gatekeeper's thread goes on after this")

    def forked(self) -> None:
        """In a child process: the parent's thread, locks and waiting rows are not ours."""
        self.__init__()
        LOG.__init__()
        WATCHER.__init__()


BACKGROUND = Background()
atexit.register(BACKGROUND.stop)
with contextlib.suppress(AttributeError):  # there is no fork on Windows
    os.register_at_fork(after_in_child=BACKGROUND.forked)


def new_row(
    request: HttpRequest, *, status: int, milliseconds: int, now: datetime, refused: bool
) -> LoggedRequest:
    """What is kept of a request."""
    return LoggedRequest(
        at=now,
        address=str(request.client_address),
        group=group_of(request.client_address),
        method=(request.method or "")[:10],
        path=request.path.replace("\x00", "\ufffd")[:200],
        status=status,
        milliseconds=milliseconds,
        user=str(getattr(getattr(request, "user", None), "pk", None) or "")[:64],
        account=getattr(request, "gatekeeper_account", ""),
        refused=refused,
    )
