"""How gunicorn serves a system in a container: `SYSTEM` names it, `WEB_CONCURRENCY` says how many processes."""

import os
import tempfile

# Before the application is imported: its counters then add up over all processes.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="metrics"))

wsgi_app = f"{os.environ['SYSTEM']}.wsgi"
bind = "0.0.0.0:8000"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"  # a request that waits for the database leaves its process to the others
threads = 4
timeout = 30  # seconds without a sign of life, after which a process is replaced
graceful_timeout = 20  # seconds for running requests after SIGTERM; the orchestrator waits for 30
keepalive = 5
max_requests = 10_000  # then a process is replaced, so that a slow leak never fills the memory
max_requests_jitter = 1_000
worker_tmp_dir = "/dev/shm"  # noqa: S108 - a heartbeat on a disk could wait for the disk
control_socket_disable = True  # its folder would be a place to write to


def child_exit(server: object, worker: object) -> None:  # noqa: ARG001
    """Take the gauges of a process that ended out of the sums."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
