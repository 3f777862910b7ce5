"""A Socket.IO client over a real websocket: what it hears is kept, and acknowledgements are waited for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

import simple_websocket  # type: ignore[import-untyped]  # publishes no types

SECONDS = 20


class Refused(Exception):
    """The server did not let us into the namespace; the message is its reason."""


class SocketClient:
    """One connection in one namespace. Use it as a context manager."""

    def __init__(
        self,
        url: str,
        namespace: str,
        *,
        origin: str | None,
        auth: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        address = url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        given = {**(headers or {}), **({"Origin": origin} if origin is not None else {})}
        self._socket = simple_websocket.Client(address, headers=given)
        self._prefix = "" if namespace == "/" else f"{namespace},"
        self._heard: list[tuple[str, Any]] = []
        self._acknowledged: dict[int, Any] = {}
        self._last = 0
        self._is_in = False
        # asked at once: the library hands over a greeting that came together with the handshake only when more comes
        self._socket.send(f"40{self._prefix}" + ("" if auth is None else json.dumps(auth)))
        while not self._is_in:
            self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._socket.connected:
            self._socket.close()

    def ask(self, event: str, data: object) -> Any:
        """Send an event and wait for its acknowledgement."""
        self._last += 1
        self._socket.send(f"42{self._prefix}{self._last}" + json.dumps([event, data]))
        while self._last not in self._acknowledged:
            self._read()
        return self._acknowledged.pop(self._last)

    def tell(self, event: str, data: object = None) -> None:
        self._socket.send(f"42{self._prefix}" + json.dumps([event, data]))

    def hear(self) -> tuple[str, Any]:
        """Return the next event, waiting for it."""
        while not self._heard:
            self._read()
        return self._heard.pop(0)

    def _read(self) -> None:
        packet = self._socket.receive(timeout=SECONDS)
        assert packet is not None, f"nothing was heard for {SECONDS} s"
        if packet == "2":
            self._socket.send("3")
        elif packet[0] == "4":
            self._take(packet[1], packet[2:].removeprefix(self._prefix))

    def _take(self, kind: str, rest: str) -> None:
        if kind == "4":
            self.close()
            raise Refused(json.loads(rest)["message"])
        if kind == "0":
            self._is_in = True
        elif kind == "2":
            name, *values = json.loads(rest)
            self._heard.append((name, values[0] if values else None))
        elif kind == "3":
            number, _, values = rest.partition("[")
            self._acknowledged[int(number)] = json.loads(f"[{values}")[0]
