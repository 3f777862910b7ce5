"""A site with feeds: RFC 9110 (ETag, If-None-Match, Last-Modified, If-Modified-Since, 304, Retry-After, redirects)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from connectors.base import Credentials
from tests.fakes.provider import Call, Provider, Said, serving

CHANGED = "Fri, 20 Nov 2026 08:00:00 GMT"


def entry(number: int, words: str = "words", title: str = "Title") -> str:
    return (
        f"<item><guid>https://blog.example/{number}</guid><link>https://blog.example/{number}</link>"
        f"<title>{title} {number}</title><description>{words}</description></item>"
    )


class Site(Provider):
    """Feeds by path; `has_etag` decides which validator the site gives."""

    def __init__(self) -> None:
        super().__init__()
        self.feeds: dict[str, list[str]] = {"/a.xml": [entry(1)]}
        self.raw: dict[str, bytes] = {}
        self.has_etag = True
        self.moved: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.on(
            "GET",
            r"/files/.+",
            lambda call: Said(self.files.get(call.path, b"x"), headers={"content-type": "audio/mpeg"}),
        )
        self.on("GET", r"/.*", self._feed)

    def _feed(self, call: Call) -> Said:
        if call.path in self.moved:
            return Said(b"", 301, {"location": self.moved[call.path]})
        if call.path in self.raw:
            return Said(self.raw[call.path], headers={"content-type": "application/rss+xml"})
        if call.path not in self.feeds:
            return Said(b"<html>Not found</html>", 404)
        items = "".join(reversed(self.feeds[call.path]))
        body = (
            f'<rss version="2.0"><channel><title>Blog</title><link>https://blog.example</link>{items}</channel></rss>'
        )
        etag = f'"{sha256(body.encode()).hexdigest()[:8]}"'
        if self.has_etag and call.headers.get("if-none-match") == etag:
            return Said(b"", 304, {"etag": etag})
        if not self.has_etag and call.headers.get("if-modified-since") == CHANGED:
            return Said(b"", 304)
        validators = {"etag": etag} if self.has_etag else {"last-modified": CHANGED}
        return Said(body.encode(), headers={"content-type": "application/rss+xml; charset=utf-8", **validators})


@contextmanager
def open_site() -> Iterator[Site]:
    with serving(Site()) as site:
        assert isinstance(site, Site)
        yield site


@contextmanager
def running() -> Iterator[Credentials]:
    with open_site() as site:
        yield {"feeds": f"{site.url}/a.xml"}
