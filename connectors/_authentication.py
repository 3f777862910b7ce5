"""Who vouches for a mail's sender: SPF, DKIM and DMARC as our own mail server found them (RFC 8601).

Anybody can write an Authentication-Results header, so one is believed only if it is the topmost and carries the name
that the channel's settings give as ours (authserv-id; RFC 8601, 5: the border server removes others of that name).
Microsoft 365 writes none: the setting "-" stands for that (learn.microsoft.com, "Anti-spam message headers").

authres is not used: it refuses what Microsoft writes (`action=none`, no name) and recurses over comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from connectors._headers import Headers
from connectors.base import Address

NAMELESS = "-"
_MAX_CHARS = 8_000
_MAX_RESULTS = 40
_SIGN = re.compile(r"[()\\\"]")
_RESULT = re.compile(r"\s*([a-z][a-z0-9-]{0,30})(?:\s*/\s*\d{1,3})?\s*=\s*([a-z]{1,30})", re.IGNORECASE)
_PROPERTY = re.compile(r"([a-z]{1,20})\s?\.\s?([a-z0-9-]{1,30})\s?=\s?\"?([^\s\";]{1,320})", re.IGNORECASE)
_SHOWN = ("spf", "dkim", "dmarc", "arc")
_OWN_SERVER_LABELS = 2


@dataclass(frozen=True, slots=True)
class _Found:
    """One result: `dkim`, `pass`, and what it was found for ({"header.d": "example.org"})."""

    method: str
    result: str
    properties: dict[str, str]


@dataclass(frozen=True, slots=True)
class Authentication:
    """What our server found, in words for people. `is_verified` only where DMARC passed for the sender's domain."""

    summary: str = ""
    is_verified: bool = False
    warning: str = ""


def authenticate(headers: Headers, senders: tuple[Address, ...], authserv_id: str) -> Authentication:
    """Judge the sender by the topmost Authentication-Results, if it is ours; `senders` are the addresses of From."""
    values = headers.undecoded("authentication-results")
    if not values or not authserv_id or not senders:
        return Authentication()
    name, _, rest = _without_comments(values[0][:_MAX_CHARS]).partition(";")
    if authserv_id == NAMELESS:
        name, rest = (name, rest) if "=" not in name else (NAMELESS, f"{name};{rest}")
    if (name.split() or [""])[0].lower() != authserv_id.lower():
        return Authentication()
    found = list(_results(rest))
    summary = ", ".join(f"{one.method.upper()} {one.result}" for one in found if one.method in _SHOWN)
    domain = senders[0].email.rpartition("@")[2]
    warning = _warning(found, domain) if len(senders) == 1 else f"It names {len(senders)} senders."
    return Authentication(summary, not warning and _passes_dmarc(found, domain), warning)


def _passes_dmarc(found: list[_Found], domain: str) -> bool:
    passed = [one for one in found if one.method == "dmarc" and one.result == "pass"]
    return any(one.properties.get("header.from", domain).rpartition("@")[2] == domain for one in passed)


def _warning(found: list[_Found], domain: str) -> str:
    """Say in one sentence why the sender may be somebody else, "" where nothing speaks against them."""
    dmarc = {one.result for one in found if one.method == "dmarc"}
    if "fail" in dmarc:
        return f"The sender may be forged: {domain} does not vouch for this mail (DMARC fail)."
    if "pass" in dmarc or not found:
        return ""
    vouching = {_domain(one) for one in found if one.result == "pass"} - {""}
    if any(_are_kin(one, domain) for one in vouching):
        return ""
    if vouching:
        return f"{', '.join(sorted(vouching)[:3])} vouches for this mail, {domain} does not."
    failed = [one.method.upper() for one in found if one.result in {"fail", "softfail"} and one.method in _SHOWN]
    return f"The sender may be forged: nothing vouches for {domain} ({', '.join(failed)} fail)." if failed else ""


def _domain(found: _Found) -> str:
    """The domain for which a result holds: of the signature, or of the envelope's sender."""
    keys = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom", "smtp.mail", "smtp.helo")}.get(found.method, ())
    value = next((found.properties[key] for key in keys if key in found.properties), "")
    return value.rpartition("@")[2].strip(".").lower()


def _are_kin(one: str, other: str) -> bool:
    """Say whether two domains are of one owner, as far as their names tell without a list of public suffixes."""
    if one == other or one.endswith(f".{other}") or other.endswith(f".{one}"):
        return min(one.count("."), other.count(".")) >= 1
    shared = [a for a, b in zip(reversed(one.split(".")), reversed(other.split(".")), strict=False) if a == b]
    return len(shared) > _OWN_SERVER_LABELS or (len(shared) == _OWN_SERVER_LABELS and len(shared[1]) > 3)


def _results(text: str) -> Iterator[_Found]:
    for part in text.split(";")[:_MAX_RESULTS]:
        head = _RESULT.match(part)
        if head:
            properties = {f"{kind}.{name}".lower(): value.lower() for kind, name, value in _PROPERTY.findall(part)}
            yield _Found(head[1].lower(), head[2].lower(), properties)


def _without_comments(value: str) -> str:
    """Take out comments, nested ones too, in one pass; a ";" inside quotes or a comment must not end a result."""
    kept: list[str] = []
    depth = position = 0
    is_quoted = False
    for sign in _SIGN.finditer(value):
        if sign.start() < position:  # was escaped
            continue
        if not depth:
            piece = value[position : sign.start()]
            kept.append(piece.replace(";", " ") if is_quoted else piece)
        position = sign.end() + (sign[0] == "\\")
        if sign[0] == '"':
            is_quoted = not is_quoted if not depth else is_quoted
        elif not is_quoted and sign[0] in "()":
            depth = max(0, depth + (1 if sign[0] == "(" else -1))
    return "".join(kept) + (value[position:] if not depth else "")
