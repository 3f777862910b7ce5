"""HTML that strangers sent, made safe to show; and HTML as plain text.

nh3 does the cleaning (an allow-list on a real HTML5 parser); here are the lists, what may stand in a style or a link,
and the bounds: pages that are too large or nested too deep, on which every parser turns slow, become plain text.
Stored HTML stays raw; it is cleaned when shown, and what was cleaned by another SANITISER_VERSION is cleaned again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape, unescape
from itertools import islice
from urllib.parse import unquote

from connectors._htmltext import html_lines, markup, word_set

SANITISER_VERSION = 1
MAX_HTML_CHARS = 2_000_000
_TRUSTED_CHARS = 100_000  # up to here the parser is quick on anything
_MAX_ATTRIBUTES = 40  # the parser compares every attribute of a tag with all others
_MAX_TAGS = 60_000
_MAX_OPEN_TAGS = 400  # open at one time; real mails stay below 100
_MAX_DATA_IMAGE_CHARS = 400_000

_TAGS = word_set(
    "a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn"
    " div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p "
    "pre q s"
    " samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
)
_DROPPED_WITH_CONTENT = word_set(
    "script style title head noscript iframe frame frameset object embed applet svg math template audio video canvas"
    " select textarea button xmp noembed noframes"
)
_EVERYWHERE = word_set("style title dir lang align valign width height bgcolor color")
_ATTRIBUTES = {
    "*": set(_EVERYWHERE),
    "a": {"href"},
    "img": {"src", "alt", "border", "hspace", "vspace"},
    "font": {"face", "size"},
    "table": {"border", "cellpadding", "cellspacing", "summary", "rules", "frame"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "nowrap", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "blockquote": {"cite"},
    "time": {"datetime"},
    "details": {"open"},
}
_STYLES = word_set(
    "color background-color font font-family font-size font-style font-weight font-variant text-align text-decoration"
    " text-indent text-transform line-height letter-spacing word-spacing white-space word-break overflow-wrap "
    "direction"
    " vertical-align width height min-width max-width min-height max-height margin margin-top margin-right "
    "margin-bottom"
    " margin-left padding padding-top padding-right padding-bottom padding-left border border-top border-right"
    " border-bottom border-left border-color border-style border-width border-collapse border-spacing border-radius"
    " display float clear table-layout list-style-type empty-cells caption-side"
)
_UNSAFE_STYLE = re.compile(
    r"url|image|expression|import|script|behaviou?r|binding|@|\\|/\*|<|&|attr\(|var\(", re.IGNORECASE
)
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s]", re.IGNORECASE)
_REMOTE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_DATA_IMAGE = re.compile(r"data:image/(?:png|gif|jpe?g|webp);base64,[A-Za-z0-9+/=\s]*")
_SPACES = re.compile(r"[\x00-\x20\u00a0\u2028\u2029]+")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_NEVER_OPEN = word_set(
    "area base br col embed hr img input link meta param source track wbr p li td th tr dt dd option html head body"
)


_ATTRIBUTE = re.compile(r"([a-zA-Z-]{1,20})\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>]++))")
_KEPT_ATTRIBUTES = frozenset().union(*_ATTRIBUTES.values())


@dataclass(frozen=True, slots=True)
class SanitisedHtml:
    """Safe HTML, and how many pictures of it lie on other people's servers (shown or left out)."""

    html: str
    remote_images: int = 0


def sanitize_html(
    html: str, *, cid_urls: Mapping[str, str] | None = None, allow_remote_images: bool = False
) -> SanitisedHtml:
    """Clean HTML from outside for display.

    Args:
        html: anything; what stands beyond 2,000,000 characters is left out, what is nested too deep becomes plain text.
        cid_urls: content id of an inline picture → the address where we serve it; unknown ones lose their picture.
        allow_remote_images: keep pictures on other servers (which tells their owner that the mail was read).

    """
    html = html.replace("\x00", "")
    if len(html) > _TRUSTED_CHARS:
        html = _canonical(html[:MAX_HTML_CHARS])
    if not _is_manageable(html):
        return SanitisedHtml(f'<div style="white-space: pre-wrap">{escape(html_to_text(html))}</div>')
    import nh3

    gate = _Gate(cid_urls or {}, allow_remote_images=allow_remote_images)
    cleaned = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_DROPPED_WITH_CONTENT),
        attributes=_ATTRIBUTES,
        attribute_filter=gate.admit,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        filter_style_properties=set(_STYLES),
        strip_comments=True,
    )
    return SanitisedHtml(cleaned, gate.remote_images)


def html_to_text(html: str) -> str:
    """Lay HTML out as plain text, hidden parts left out; linear, never raises."""
    return "\n".join(html_lines(html, marks=False)).strip()


class _Gate:
    """Decides on every attribute that the lists let through; None takes it out. Must not raise inside nh3."""

    def __init__(self, cid_urls: Mapping[str, str], *, allow_remote_images: bool) -> None:
        self.cid_urls = cid_urls
        self.allow_remote_images = allow_remote_images
        self.remote_images = 0

    def admit(self, tag: str, attribute: str, value: str) -> str | None:
        if attribute == "style":
            return _safe_style(value)
        if attribute in {"href", "cite"}:
            link = _SPACES.sub("", unescape(value)) if value[:1].isspace() else value
            return value if _LINK.match(link) and (attribute == "href" or link[:4].lower() == "http") else None
        if attribute == "src":
            return self._picture(value.strip()) if tag == "img" else None
        return value

    def _picture(self, source: str) -> str | None:
        if source[:4].lower() == "cid:":
            content_id = source[4:]
            return self.cid_urls.get(content_id) or self.cid_urls.get(unquote(content_id))
        if _DATA_IMAGE.fullmatch(source[:_MAX_DATA_IMAGE_CHARS]):
            return source if len(source) < _MAX_DATA_IMAGE_CHARS else None
        if not _REMOTE.match(source):
            return None
        self.remote_images += 1
        return source if self.allow_remote_images else None


def _safe_style(style: str) -> str | None:
    """Keep the declarations without addresses, escapes or functions that fetch or compute."""
    kept = [part.strip() for part in style[:4000].split(";") if part.strip() and not _UNSAFE_STYLE.search(part)]
    return "; ".join(kept) or None


def _canonical(html: str) -> str:
    """Write a large page anew: every tag closed, few attributes each, all quoted; nothing in it costs more than "
    "its length.
    """
    out: list[str] = []
    for kind, value, attributes in markup(html):
        if kind == "text":
            out.append(value.replace("<", "&lt;"))
        elif kind == "close":
            out.append(f"</{value}>")
        else:
            out.append(f"<{value}{_quoted_attributes(attributes)}>")
    return "".join(out)


def _quoted_attributes(attributes: str) -> str:
    kept: dict[str, str] = {}
    for found in islice(_ATTRIBUTE.finditer(attributes), _MAX_ATTRIBUTES):
        name = found[1].lower()
        if name in _KEPT_ATTRIBUTES:
            kept.setdefault(name, (found[2] or found[3] or found[4] or "").replace('"', "&quot;"))
    return "".join(f' {name}="{value}"' for name, value in kept.items())


def _is_manageable(html: str) -> bool:
    """Say whether an HTML5 parser will take this page in its stride."""
    opened = 0
    for count, found in enumerate(_TAG.finditer(html)):
        if found[2].lower() not in _NEVER_OPEN:
            opened = max(0, opened - 1) if found[1] else opened + 1
        if opened > _MAX_OPEN_TAGS or count > _MAX_TAGS:
            return False
    return True
