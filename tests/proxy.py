"""A TCP proxy that does to a connection what networks do: cuts, silence, slowness.

    def test_something(dovecot, proxy_to):
        proxy = proxy_to(dovecot.port)
        ...connect to proxy.port...
        proxy.black_hole()          # half-open: both sides stay connected and nothing arrives any more

A cut may be armed beforehand: `proxy.cut_after(5000)` resets each connection once it has carried so many bytes
from the server, in the middle of whatever that was.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.loops import LoopThread, loopback_socket


class Proxy:
    """Forwards `port` on loopback to a server, under the test's orders. Counts connections and bytes."""

    host = "127.0.0.1"

    def __init__(self, target_port: int, target_host: str = "127.0.0.1") -> None:
        self.target = (target_host, target_port)
        self.connections = 0
        self._limit: int | None = None
        self._bytes_a_second: float | None = None
        self._rewrite: tuple[bytes, bytes] | None = None
        self._asked = bytearray()
        self._cut_words: bytes | None = None
        self._changed = threading.Condition()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = LoopThread("proxy")
        self._open: asyncio.Event = asyncio.Event()
        self._open.set()
        self.port = self._thread.call(self._listen())

    async def _listen(self) -> int:
        bound = loopback_socket()
        port = int(bound.getsockname()[1])
        await asyncio.start_server(self._serve, sock=bound)
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with self._changed:
            self.connections += 1
            self._changed.notify_all()
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            _reset(writer)
            return
        self._writers |= {writer, far_writer}
        await asyncio.gather(
            self._pump(reader, far_writer, self._overhear, None),
            self._pump(far_reader, writer, self._change, self._limit),
            return_exceptions=True,
        )
        for each in (writer, far_writer):
            self._writers.discard(each)
            _reset(each)

    def _overhear(self, chunk: bytes) -> bytes:
        with self._changed:
            self._asked += chunk
            self._changed.notify_all()
        if self._cut_words and self._cut_words in chunk:
            self._reset_all()
        return chunk

    def _change(self, chunk: bytes) -> bytes:
        return chunk.replace(*self._rewrite) if self._rewrite else chunk

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        look: Callable[[bytes], bytes],
        limit: int | None,
    ) -> None:
        carried = 0
        while chunk := look(await _read(reader, writer)):
            await self._open.wait()
            if limit is not None and carried + len(chunk) > limit:
                writer.write(chunk[: limit - carried])
                await writer.drain()
                self._reset_all()
                return
            carried += len(chunk)
            await self._write(writer, chunk)
        if writer.can_write_eof():
            writer.write_eof()

    async def _write(self, writer: asyncio.StreamWriter, chunk: bytes) -> None:
        if self._bytes_a_second is not None:
            await asyncio.sleep(len(chunk) / self._bytes_a_second)
        writer.write(chunk)
        await writer.drain()

    def _reset_all(self) -> None:
        for writer in self._writers:
            _reset(writer)

    def cut_after(self, count: int | None) -> None:
        """Reset each later connection after `count` bytes from the server; None lets them live."""
        self._limit = count

    def cut_when_asked(self, words: bytes | None) -> None:
        """Reset every connection as soon as a client says these words; None lets them live."""
        self._cut_words = words

    def slow_down(self, bytes_a_second: float | None) -> None:
        self._bytes_a_second = bytes_a_second

    def cut(self) -> None:
        """Reset every open connection now."""
        self._thread.call(self._do(self._reset_all))

    def black_hole(self) -> None:
        """Keep every connection open and carry nothing any more."""
        self._thread.call(self._do(self._open.clear))

    def recover(self) -> None:
        """Carry again what waits and what comes."""
        self._thread.call(self._do(self._open.set))

    def rewrite(self, old: bytes, new: bytes) -> None:
        """Replace words in what the server says (within one packet)."""
        self._rewrite = (old, new)

    @property
    def asked(self) -> bytes:
        """Everything that clients said so far."""
        with self._changed:
            return bytes(self._asked)

    def wait_until_asked(self, words: bytes, timeout: float = 30) -> None:
        """Block until a client has said these words; what was overheard before is forgotten with them."""
        with self._changed:
            assert self._changed.wait_for(lambda: words in self._asked, timeout), bytes(self._asked[-300:])
            del self._asked[: self._asked.index(words) + len(words)]

    async def _do(self, step: Callable[[], None]) -> None:
        step()

    def wait_for_connections(self, count: int, timeout: float = 30) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.connections >= count, timeout), f"{self.connections} of {count}"

    def close(self) -> None:
        self._thread.call(self._do(self._reset_all))
        self._thread.stop()


async def _read(reader: asyncio.StreamReader, onward: asyncio.StreamWriter) -> bytes:
    """Read on; a reset on one side is handed on to the other."""
    try:
        return await reader.read(65_536)
    except OSError:
        _reset(onward)
        raise


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST, as a cut does, instead of an orderly FIN."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.fixture
def proxy_to() -> Iterator[Callable[[int], Proxy]]:
    opened: list[Proxy] = []

    def open_proxy(target_port: int) -> Proxy:
        opened.append(Proxy(target_port))
        return opened[-1]

    yield open_proxy
    for proxy in opened:
        proxy.close()
