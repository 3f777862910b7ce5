"""What every fake provider is made of: a real HTTP server on loopback that hears calls and answers by routes.

A fake enforces the provider's documented rules (sign-in, signatures, pages, limits of calls, errors) and names the page
they stand on. `tests/fakes/KIND.py` gives the contract suite, for its kind:

    running() -> ContextManager[Credentials]      a provider, and credentials with which the kind really sends to it
    REPLY: OutboundMessage                        one that this provider takes (where the kind sends)
    signed(credentials, body) -> WebRequest       a call as the provider signs it (where it pushes and signs)
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Call:
    """One request a fake heard; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    parts: Mapping[str, str] = field(default_factory=dict)  # the named groups of the route

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def bearer(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: JSON unless `body` is bytes."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Route = Callable[[Call], Said]


class Provider:
    """Routes are tried in the order in which they were added; `trouble`, while set, answers everything instead."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.trouble: Route | None = None
        self._routes: list[tuple[str, re.Pattern[str], Route]] = []
        self._lock = threading.Lock()

    def on(self, method: str, path: str, route: Route) -> None:
        """Answer a method at a path: a pattern with named groups, matched whole."""
        self._routes.append((method, re.compile(path), route))

    def heard(self, method: str, path: str) -> list[Call]:
        """Return the calls of a method at a path."""
        return [call for call in self.calls if call.method == method and re.fullmatch(path, call.path)]

    def answer(self, call: Call) -> Said:
        with self._lock:
            self.calls.append(call)
            if self.trouble:
                return self.trouble(call)
            for method, path, route in self._routes:
                found = path.fullmatch(call.path)
                if found and method == call.method:
                    known = {name: value for name, value in found.groupdict().items() if value is not None}
                    return route(Call(call.method, call.path, call.query, call.headers, call.body, known))
        return Said({"error": f"nothing at {call.method} {call.path}"}, 404)


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    """Run a provider on a free port of this machine; its `url` has no slash at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    provider.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            said = provider.answer(Call(self.command, parts.path, query, headers, body))
            answer = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.send_response(said.status)
            told = {"content-type": "application/json", "content-length": str(len(answer)), **said.headers}
            for name, value in told.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _take  # noqa: N815 - the names http.server calls

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
