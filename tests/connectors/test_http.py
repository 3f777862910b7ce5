"""The HTTP client reaches only what was approved, and ends in time whatever the other side does."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

import httpcore
import pytest

from connectors import _http, web_address
from connectors.errors import Rejected, Transient
from tests.certificates import make_certificate
from tests.receiver import receiver


def anywhere(_address: object) -> bool:
    return True


def post(url: str, **more: object) -> _http.Answer:
    return _http.post(url, body=b"{}", headers={"x-y": "z"}, **{"may_reach": anywhere, **more})  # type: ignore[arg-type]


@contextmanager
def rude(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that takes connections and then does what `talk` does with each."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def test_what_is_posted_arrives_and_the_answer_comes_back() -> None:
    with receiver() as other:
        other.answers = [(418, {"X-Teapot": "yes"}, b"short and stout")]
        answer = post(other.url)
    assert (answer.status, answer.body, answer.headers["x-teapot"]) == (418, b"short and stout", "yes")
    assert answer.seconds > 0
    (heard,) = other.heard
    assert (heard.path, heard.body, heard.headers["x-y"]) == ("/hook?x=1", b"{}", "z")
    assert heard.headers["host"] == other.url.split("/")[2]


def test_an_address_that_is_not_approved_hears_nothing() -> None:
    with receiver() as other, pytest.raises(Rejected, match=r"127\.0\.0\.1"):
        post(other.url, may_reach=lambda address: address != ip_address("127.0.0.1"))
    assert other.heard == []


def test_a_name_counts_by_all_its_addresses() -> None:
    with receiver() as other:
        by_name = other.url.replace("127.0.0.1", "localhost")
        assert post(by_name).status == 200
        with pytest.raises(Rejected):
            post(by_name, may_reach=lambda address: not address.is_loopback)
    assert len(other.heard) == 1


def test_redirects_are_not_followed() -> None:
    with receiver() as other, receiver() as elsewhere:
        other.answers = [(307, {"location": elsewhere.url}, b"")]
        assert post(other.url).status == 307
    assert elsewhere.heard == []


def test_of_a_long_answer_only_the_beginning_is_read() -> None:
    with receiver() as other:
        other.answers = [(200, {}, b"x" * 300_000)]
        assert len(post(other.url, most_bytes=100_000).body) == 100_000


def drip(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def drip_headers(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"x: y\r\n")
        time.sleep(0.02)


def say_nothing(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


@pytest.mark.parametrize("talk", [drip, drip_headers, say_nothing])
def test_a_server_that_takes_its_time_is_given_up(talk: Callable[[socket.socket], None]) -> None:
    with rude(talk) as url, pytest.raises(Transient, match="within"):
        post(url, seconds=0.5)


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000]
)
def test_a_server_that_speaks_no_http_is_no_answer(said: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(said)

    with rude(talk) as url, pytest.raises(Transient, match=r"did not speak HTTP|broke off"):
        post(url)


def test_nobody_there_and_no_such_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    with pytest.raises(Transient, match="No connection"):
        post(f"http://127.0.0.1:{free}/")
    with pytest.raises(Transient, match="no server called"):
        post("https://no-such-host.invalid/")


def test_a_certificate_counts_only_where_somebody_vouches_for_it(tmp_path: Path) -> None:
    chain, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    heard = []

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            said = b""
            while not said.endswith(b"{}"):  # closing on unread words would cut the answer off
                said += secured.recv(65536)
            heard.append(said)
            secured.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with rude(talk) as plain:
        url = plain.replace("http://127.0.0.1", "https://localhost")
        with pytest.raises(Transient, match=r"(?i)certificate"):
            post(url)
        assert heard == []
        try:
            _http._trust().load_verify_locations(chain)
            assert post(url).status == 204
        finally:
            _http._trust.cache_clear()
    assert heard[0].startswith(b"POST / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https:///x",
        "https://a b.example/",
        "https://example.com/\r\nX: y",
        "https://example.com\\@evil.example/",
        "https://user:word@example.com/",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://exämple.com/",
        "https://[::1/",
        "https://example.com/" + "x" * 2000,
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(Rejected):
        web_address.split(url)


def test_addresses_are_taken_apart() -> None:
    parts = web_address.split("https://[2606:2800::1]:8443/a/b?c=d")
    assert (web_address.authority(parts), web_address.target(parts)) == ("[2606:2800::1]:8443", "/a/b?c=d")
    parts = web_address.split("https://hooks.example.com:443")
    assert (web_address.authority(parts), web_address.target(parts)) == ("hooks.example.com", "/")


@pytest.mark.parametrize("secret", ["Bearer sesame ", "Bearer ses\x00ame", "Bearer ses\name", "Bearer sésame"])
def test_a_secret_that_no_header_can_hold_is_not_told(secret: str) -> None:
    with receiver() as other, pytest.raises(Rejected, match="authorization") as refused:
        _http.request("GET", other.url, headers={"authorization": secret}, may_reach=anywhere)
    assert "same" not in refused.value.reason
    assert other.heard == []


@pytest.mark.parametrize(
    ("onward", "told"),
    [
        ("https://files.example/other", True),
        ("http://files.example/other", False),  # for everybody on the way to read
        ("https://files.example:8443/other", False),
        ("https://elsewhere.example/", False),
    ],
)
def test_a_secret_follows_a_redirect_within_its_own_server_only(
    monkeypatch: pytest.MonkeyPatch, onward: str, *, told: bool
) -> None:
    asked: list[tuple[str, dict[str, str]]] = []

    def request(_method: str, url: str, *, headers: dict[str, str], **_: object) -> _http.Answer:
        asked.append((url, headers))
        if len(asked) == 1:
            return _http.Answer(302, {"location": onward}, b"", 0.0)
        return _http.Answer(200, {}, b"file", 0.0)

    monkeypatch.setattr(_http, "request", request)
    secret = {"authorization": "Bearer sesame"}
    _http.download("https://files.example/one", headers=secret, may_reach=anywhere)
    assert asked[1] == (onward, secret if told else {})


@contextmanager
def redirecting(monkeypatch: pytest.MonkeyPatch, to: str, names: dict[str, str]) -> Iterator[list[bytes]]:
    """One server of this machine behind all names: it leads on once, then hands out a file. Yields what it was asked."""
    asked: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))
        first = f"HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n".encode()
        connection.sendall(first if len(asked) == 1 else b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfeed")

    with rude(talk) as url:
        port = int(url.rpartition(":")[2].strip("/"))
        plain = httpcore.SyncBackend
        connect = plain.connect_tcp
        monkeypatch.setattr(_http, "_resolve", lambda host: [ip_address(names[host])])
        monkeypatch.setattr(
            plain, "connect_tcp", lambda self, _host, _port, *more: connect(self, "127.0.0.1", port, *more)
        )
        yield asked


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.1.2.3", "::1", "64:ff9b::a01:203"])
def test_no_redirect_leads_from_a_public_server_into_a_private_network(
    monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    """An admin follows a stranger's feed; where the stranger's server leads to, no admin said."""
    names = {"blog.example": "93.184.215.14", "inside.example": inside}
    with (
        redirecting(monkeypatch, "http://inside.example/", names) as asked,
        pytest.raises(Rejected, match="may not be reached"),
    ):
        _http.download("http://blog.example/feed", headers={}, may_reach=_http.reachable)
    assert len(asked) == 1


@pytest.mark.parametrize(("first", "then"), [("10.0.0.1", "10.0.0.2"), ("10.0.0.1", "93.184.215.14")])
def test_other_redirects_are_followed(monkeypatch: pytest.MonkeyPatch, first: str, then: str) -> None:
    names = {"home.example": first, "wiki.example": then}
    with redirecting(monkeypatch, "http://wiki.example/", names):
        assert _http.download("http://home.example/", headers={}, may_reach=_http.reachable).body == b"feed"


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "100.100.100.200",
     "fd00:ec2::254", "192.0.0.192", "0.0.0.0", "224.0.0.1"],
)  # fmt: skip
def test_key_servers_are_never_reachable(address: str) -> None:
    assert not _http.reachable(ip_address(address))
