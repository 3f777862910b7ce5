"""Somebody's website, for tests of what we put on other people's pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass(frozen=True)
class Shop:
    """Somebody's website: its pages are strings, by path."""

    origin: str
    pages: dict[str, str]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    pages: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path, "").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            # as strict as a careful website: scripts and frames from anywhere, but no inline style and no eval
            self.send_header("Content-Security-Policy", "style-src 'self'; script-src 'unsafe-inline' http:")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Shop(f"http://127.0.0.1:{server.server_port}", pages)
    server.shutdown()
    server.server_close()
