"""The one HTTP client: it connects only to addresses somebody approved, and ends in time whatever the other side does.

The socket goes to the very address that was approved: a second look-up, which could answer otherwise, does not happen.
No proxy, cookie or compression is used; a redirect is followed by `download` only, and every place of it is guarded
like the first. `seconds` bounds the whole exchange after the look-up of
the name, also with a server that drips byte by byte; of the answer at most `most_bytes` are read.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urljoin

import httpcore

from connectors.base import MayReach
from connectors.errors import Rejected, Transient
from connectors.phrases import phrase
from connectors.web_address import authority, split, target

Address = IPv4Address | IPv6Address
SECONDS = 15.0
MOST_BYTES = 2 * 1024 * 1024
MOST_FILE_BYTES = 25 * 1024 * 1024
MOST_REDIRECTS = 4
UNFIT = frozenset("\0\r\n\v\f")  # in a header
REDIRECTS = {301, 302, 303, 307, 308}
NAT64 = ip_network("64:ff9b::/96")
# where clouds hand out keys, besides link-local addresses: AWS by IPv6, Alibaba, Oracle
KEY_SERVERS = {ip_address("fd00:ec2::254"), ip_address("100.100.100.200"), ip_address("192.0.0.192")}
SocketOptions = Iterable[tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case, the body cut at the limit, and how long it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    may_reach: MayReach,
    seconds: float = SECONDS,
    most_bytes: int = MOST_BYTES,
) -> Answer:
    """POST bytes and return the answer, whatever its status. Raises as `request`."""
    return request("POST", url, body=body, headers=headers, may_reach=may_reach, seconds=seconds, most_bytes=most_bytes)


def download(
    url: str,
    *,
    headers: Mapping[str, str],
    may_reach: MayReach,
    seconds: float = 60.0,
    most_bytes: int = MOST_FILE_BYTES,
) -> Answer:
    """GET a file and return the answer, following redirects; `headers` go to the first host only, and never
    from https on to http.

    Raises Transient, and Rejected for an address that may not be reached or a file larger than `most_bytes`.
    """
    ends_at = time.monotonic() + seconds
    guard = _Onward(may_reach)
    for _ in range(MOST_REDIRECTS):
        answer = request(
            "GET", url, headers=headers, may_reach=guard, seconds=_seconds_left(ends_at), most_bytes=most_bytes + 1
        )
        if len(answer.body) > most_bytes:
            raise Rejected(phrase("The file is larger than {most} MB.", most=most_bytes // 1_000_000))
        if answer.status not in REDIRECTS or "location" not in answer.headers:
            return answer
        onward = urljoin(url, answer.headers["location"])
        headers = headers if split(onward)[:2] == split(url)[:2] else {}
        url = onward
    raise Rejected("The file's address leads round in circles.")


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    may_reach: MayReach,
    body: bytes = b"",
    seconds: float = SECONDS,
    most_bytes: int = MOST_BYTES,
) -> Answer:
    """Send a request and return the answer, whatever its status.

    Raises Transient where nobody answered properly in time, Rejected for an address that may not be reached.
    """
    parts = split(url)
    _check_headers(headers)
    began = time.monotonic()
    places = _Places(may_reach, seconds)
    sent = {
        "host": authority(parts),
        "content-length": str(len(body)),
        "accept-encoding": "identity",
        "connection": "close",
        **headers,
    }
    host = str(parts.hostname).encode()
    address = httpcore.URL(scheme=parts.scheme, host=host, port=parts.port, target=target(parts))
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_trust(), network_backend=places) as pool,
            pool.stream(method, address, headers=list(sent.items()), content=body) as answer,
        ):
            read = _read(answer.iter_stream(), most_bytes)
            told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            return Answer(answer.status, told, read, time.monotonic() - began)
    except httpcore.TimeoutException:
        raise Transient(phrase("No whole answer within {seconds} seconds.", seconds=f"{seconds:g}")) from None
    except httpcore.ConnectError as error:
        raise Transient(phrase("No connection: {error}.", error=error)) from None
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise Transient(
            phrase("The server broke off or did not speak HTTP: {said}.", said=str(error) or type(error).__name__)
        ) from None


def _check_headers(headers: Mapping[str, str]) -> None:
    """Raise Rejected for what no header can hold. What it is is not said: it may be a secret."""
    for name, value in headers.items():
        if not value.isascii() or value != value.strip() or set(value) & UNFIT:
            raise Rejected(
                phrase(
                    "“{name}” cannot be sent: check for spaces at its ends, line breaks and letters like é.", name=name
                )
            )


def _read(chunks: Iterable[bytes], most: int) -> bytes:
    """Return at most so many bytes; what comes after them is never read."""
    kept = bytearray()
    for chunk in chunks:
        kept += chunk
        if len(kept) >= most:
            break
    return bytes(kept[:most])


def reachable(address: Address) -> bool:
    """Say whether a provider that an admin named may be there: loopback and private networks may, key servers not."""
    inner = _inner(address)
    return not (inner.is_link_local or inner.is_unspecified or inner.is_multicast or inner in KEY_SERVERS)


def _inner(address: Address) -> Address:
    """Return the IPv4 address that stands inside an IPv6 one, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class _Onward:
    """Approves the places of a download: from a public one no redirect leads into a private network."""

    def __init__(self, may_reach: MayReach) -> None:
        self._may_reach, self._is_public = may_reach, False

    def __call__(self, address: Address) -> bool:
        is_public = _inner(address).is_global
        if self._is_public and not is_public:
            return False
        self._is_public = is_public
        return self._may_reach(address)


@cache
def _trust() -> ssl.SSLContext:
    """Trust what browsers trust, and what this machine's administrator added."""
    context = httpcore.default_ssl_context()
    context.load_default_certs()
    return context


class _Places(httpcore.NetworkBackend):
    """Opens connections, once per exchange, only where all addresses of the host are approved."""

    def __init__(self, may_reach: MayReach, seconds: float) -> None:
        self._may_reach, self._seconds = may_reach, seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - one deadline holds for everything
        local_address: str | None = None,  # noqa: ARG002
        socket_options: SocketOptions | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _resolve(host)
        for address in addresses:
            if not self._may_reach(address):
                raise Rejected(
                    phrase(
                        "{host} leads to {address}, an address that may not be reached from here.",
                        host=host,
                        address=address,
                    )
                )
        ends_at = time.monotonic() + self._seconds
        last: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses:
            try:
                plain = httpcore.SyncBackend()
                stream = plain.connect_tcp(str(address), port, _left(ends_at), None, socket_options)
                return _Stream(stream, ends_at)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or httpcore.ConnectError(f"{host} has no address")


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends at one moment."""

    def __init__(self, stream: httpcore.NetworkStream, ends_at: float) -> None:
        self._stream, self._ends_at = stream, ends_at

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, _left(self._ends_at))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, _left(self._ends_at))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _left(self._ends_at))
        return _Stream(secured, self._ends_at)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _seconds_left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise Transient("The file did not come in time.")
    return left


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left


def _resolve(host: str) -> Sequence[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Transient(phrase("There is no server called {host}.", host=host)) from None
    return list(dict.fromkeys(ip_address(str(place[0]).partition("%")[0]) for *_, place in found))
