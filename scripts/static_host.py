"""Serve a built site the way a static host does: under a sub-path, with gzip, redirects and a 404 page."""

import gzip
import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMPRESSED = (
    "text/",
    "application/javascript",
    "application/json",
    "application/xml",
    "application/yaml",
    "image/svg",
)


class StaticHost(BaseHTTPRequestHandler):
    """Answers GET for files of `folder` under `prefix`."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: object, folder: Path, prefix: str) -> None:
        self.folder, self.prefix = folder.resolve(), prefix
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        file = (self.folder / path.removeprefix(self.prefix)).resolve()
        if not path.startswith(self.prefix) or not file.is_relative_to(self.folder):
            self._answer(404, b"outside of the site", "text/plain")
        elif file.is_dir() and not path.endswith("/"):
            self._answer(301, b"", "text/plain", {"Location": f"{path}/"})
        else:
            file = file / "index.html" if file.is_dir() else file
            missing = self.folder / "404.html"
            if file.is_file():
                self._answer(
                    200, file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream"
                )
            else:
                self._answer(404, missing.read_bytes() if missing.is_file() else b"", "text/html")

    def _answer(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        packed = kind.startswith(COMPRESSED) and "gzip" in self.headers.get("Accept-Encoding", "")
        body = gzip.compress(body, 6) if packed else body
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("Content-Length", str(len(body)))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: a test says what went wrong."""


@contextmanager
def serving(folder: Path, prefix: str = "/") -> Iterator[int]:
    """Serve `folder` under `prefix` on a free port of 127.0.0.1 while the block runs; gives the port."""
    host = ThreadingHTTPServer(("127.0.0.1", 0), partial(StaticHost, folder=folder, prefix=prefix))
    host.daemon_threads = True
    thread = threading.Thread(target=host.serve_forever, daemon=True)
    thread.start()
    try:
        yield host.server_port
    finally:
        host.shutdown()
        host.server_close()
        thread.join()
