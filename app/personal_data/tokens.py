"""Keys and tokens whose shape is known: of clouds, code hosts, payment and mail services, web tokens, private keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.personal_data.kinds import Kind, Span

# what every token of the shape contains (a plain search is fast), then the shape
SHAPES = tuple(
    (mark, re.compile(rf"(?<![0-9A-Za-z_\-])(?:{shape})"))
    for mark, shape in (
        ("AKIA", r"AKIA[0-9A-Z]{16}(?![0-9A-Za-z])"),
        ("ASIA", r"ASIA[0-9A-Z]{16}(?![0-9A-Za-z])"),
        ("ghp_", r"ghp_[0-9A-Za-z]{36,255}"),
        ("gho_", r"gho_[0-9A-Za-z]{36,255}"),
        ("ghu_", r"ghu_[0-9A-Za-z]{36,255}"),
        ("ghs_", r"ghs_[0-9A-Za-z]{36,255}"),
        ("github_pat_", r"github_pat_[0-9A-Za-z_]{50,255}"),
        ("glpat-", r"glpat-[0-9A-Za-z_\-]{20,64}"),
        ("xox", r"xox[abeoprs]-[0-9A-Za-z\-]{10,250}"),
        ("xapp-", r"xapp-[0-9A-Za-z\-]{10,250}"),
        ("hooks.slack.com", r"https://hooks\.slack\.com/services/[0-9A-Za-z/]{20,100}"),
        ("_live_", r"[sr]k_live_[0-9A-Za-z]{16,247}"),
        ("_test_", r"[sr]k_test_[0-9A-Za-z]{16,247}"),
        ("whsec_", r"whsec_[0-9A-Za-z+/=]{16,128}"),
        ("AIza", r"AIza[0-9A-Za-z_\-]{35}"),
        ("ya29.", r"ya29\.[0-9A-Za-z_\-]{20,512}"),
        ("GOCSPX-", r"GOCSPX-[0-9A-Za-z_\-]{20,64}"),
        ("sk-", r"sk-(?:(?:ant|proj|svcacct)-[0-9A-Za-z_\-]{20,255}|[0-9A-Za-z]{32,64}(?![0-9A-Za-z_\-]))"),
        ("SG.", r"SG\.[0-9A-Za-z_\-]{16,64}\.[0-9A-Za-z_\-]{16,64}"),
        ("key-", r"key-[0-9a-f]{32}(?![0-9a-f])"),
        ("npm_", r"npm_[0-9A-Za-z]{36}"),
        ("pypi-", r"pypi-[0-9A-Za-z_\-]{50,250}"),
        ("shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
        ("dop_v1_", r"dop_v1_[0-9a-f]{64}"),
        ("hf_", r"hf_[0-9A-Za-z]{30,64}"),
        (":AA", r"[0-9]{8,10}:AA[0-9A-Za-z_\-]{32,40}"),
        ("eyJ", r"eyJ[0-9A-Za-z_\-]{8,4000}\.[0-9A-Za-z_\-]{8,8000}\.[0-9A-Za-z_\-]{8,2000}"),
    )
)
BEARER = re.compile(r"\b(?:bearer|basic)\s{1,3}([0-9A-Za-z._~+/\-]{16,4000}={0,2})", re.IGNORECASE)
IN_ADDRESS = re.compile(r"(?<=://)[^\s:/@\0]{1,128}:([^\s@/\0]{1,128})(?=@)")  # https://user:password@host
PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
PRIVATE_KEY_END = "-----END"


def find(text: str, region: str) -> Iterator[Span]:  # noqa: ARG001 - all finders are asked alike; keys know no region
    """Yield the keys and tokens of a text."""
    for mark, shape in SHAPES:
        if mark in text:
            yield from (Span(match.start(), match.end(), Kind.TOKEN) for match in shape.finditer(text))
    small = text.lower()
    for match in BEARER.finditer(text) if "bearer" in small or "basic" in small else ():
        if any(one.isdigit() for one in match[1]):
            yield Span(match.start(1), match.end(1), Kind.TOKEN)
    if "://" in text:
        yield from (Span(match.start(1), match.end(1), Kind.PASSWORD) for match in IN_ADDRESS.finditer(text))
    if "PRIVATE KEY" in text:
        yield from _private_keys(text)


def _private_keys(text: str) -> Iterator[Span]:
    """A key that was cut off goes on to the end of the text."""
    end = 0
    for match in PRIVATE_KEY.finditer(text):
        if match.start() < end:
            continue
        last = text.find(PRIVATE_KEY_END, match.end())
        close = text.find("-----", last + len(PRIVATE_KEY_END)) if last >= 0 else -1
        end = close + 5 if close >= 0 else len(text)
        yield Span(match.start(), end, Kind.TOKEN)
