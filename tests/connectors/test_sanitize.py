"""Hostile HTML: nothing of it may run, load or leave the frame; harmless HTML keeps its looks."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html  # type: ignore[import-untyped]  # lxml publishes no types

from connectors.sanitize import SANITISER_VERSION, sanitize_html

FORBIDDEN_TAGS = {
    "script",
    "style",
    "iframe",
    "frame",
    "frameset",
    "object",
    "embed",
    "applet",
    "form",
    "input",
    "button",
    "select",
    "textarea",
    "option",
    "svg",
    "math",
    "link",
    "meta",
    "base",
    "video",
    "audio",
    "source",
    "template",
    "noscript",
    "xmp",
    "plaintext",
}
URL_ATTRIBUTES = {"href", "src", "cite", "background", "action", "formaction", "srcset", "poster", "data", "xlink:href"}
SAFE_URL = re.compile(r"(?:https?://|mailto:|tel:|/files/|data:image/(?:png|gif|jpeg|jpg|webp);base64,)", re.IGNORECASE)


class Inspector(HTMLParser):
    """A parser of another family than the one that cleaned: collects every tag and attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, "", "")] + [(tag, name, value or "") for name, value in attrs]


def elements(cleaned: str) -> list[tuple[str, str, str]]:
    inspector = Inspector()
    inspector.feed(cleaned)
    inspector.close()
    found = list(inspector.found)
    for element in lxml_html.fromstring(f"<div>{cleaned}</div>").iter():
        if isinstance(element.tag, str):
            found += [(element.tag, "", "")] + [(element.tag, str(name), str(value)) for name, value in element.items()]
    return found


def assert_harmless(cleaned: str) -> None:
    for tag, attribute, value in elements(cleaned):
        assert tag not in FORBIDDEN_TAGS, cleaned
        assert not attribute.startswith("on"), cleaned
        assert attribute not in {"id", "class", "name", "srcdoc"}, cleaned
        if attribute in URL_ATTRIBUTES:
            assert SAFE_URL.match(value), cleaned
        if attribute == "style":
            assert not re.search(r"url|expression|import|position|script|\\", value, re.IGNORECASE), cleaned


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" &#14; javascript:alert(1)">x</a>',
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="jav&#x09;ascript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="vbscript:x">x</a><a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="//evil.example">x</a><a href="/settings/users">x</a><a href="?logout">x</a>',
    "<<b>script>alert(1)</<b>/script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<svg onload=alert(1)><animate onbegin=alert(1) attributeName=x dur=1s>",
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<form action=https://evil.example><input name=password><button formaction=javascript:alert(1)>ok</button></form>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe><object data=x></object><embed src=x>',
    '<meta http-equiv=refresh content="0;url=javascript:alert(1)"><base href="//evil.example/"><link rel=stylesheet href=x>',
    '<div style="background:url(javascript:alert(1))">x</div><div style="width:expression(alert(1))">x</div>',
    '<div style="background-image:\\75rl(http://evil.example)">x</div><div style="behavior:url(x.htc)">x</div>',
    '<div style="position:fixed;top:0;left:0;width:100%;height:100%">x</div>',
    "<style>@import url(//evil.example);body{display:none}</style>",
    '<img src="data:image/svg+xml,<svg onload=alert(1)>"><img src="data:image/svg+xml; x,a"><img src="cid:unknown">',
    '<img srcset="http://evil.example/x 1x" background=http://evil.example>',
    '<table background="javascript:alert(1)"><td background="http://evil.example/t.gif">x</td></table>',
    '<video><source onerror="alert(1)"></video><audio src=x onerror=alert(1)>',
    "<details open ontoggle=alert(1)>x</details><body onload=alert(1)>",
    '<xmp><p title="</xmp><img src=x onerror=alert(1)>">',
    "<!--><img src=x onerror=alert(1)>--><!--[if IE]><script>alert(1)</script><![endif]-->",
    "<a id=location name=cookie class=modal href=https://x.example onclick=alert(1)>x</a>",
    "<p>\x00<scr\x00ipt>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("wrapping", ["{}", "<div>{}</div>", "<table><tr><td>{}", "{}" + "<p>x</p>" * 20_000])
def test_attacks_do_nothing(attack: str, wrapping: str) -> None:
    cleaned = sanitize_html(wrapping.format(attack), allow_remote_images=False).html
    assert_harmless(cleaned)
    assert "evil.example/x" not in cleaned


BRICKS = st.sampled_from(
    [
        *("<", ">", '"', "'", "=", "/", "<!--", "-->", "<![CDATA[", "]]>", "\x00", "&#", ";", " ", "`"),
        *("<svg>", "<math>", "<style>", "</style>", "<title>", "<noscript>", "<template>", "<table>", "<form>", "<select>", "<mglyph>"),
        *("<img src=x onerror=alert(1)>", "<script>", "</script>", "javascript:", "<a href=", "style=", "onload=", "<p title='", "url("),
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(st.lists(BRICKS, max_size=25))
def test_any_heap_of_markup_is_harmless_and_cleaning_twice_changes_no_danger(bricks: list[str]) -> None:
    cleaned = sanitize_html("".join(bricks)).html
    assert_harmless(cleaned)
    assert_harmless(sanitize_html(cleaned).html)


def test_looks_and_links_are_kept() -> None:
    html = '<p style="color: red; font-weight: bold">Hi <a href="https://shop.example/?a=1&amp;b=2">shop</a></p>'
    cleaned = sanitize_html(html).html
    assert 'style="color:red;font-weight:bold"' in cleaned
    assert 'href="https://shop.example/?a=1&amp;b=2"' in cleaned
    assert 'rel="noopener noreferrer nofollow"' in cleaned
    assert 'target="_blank"' in cleaned


def test_tables_of_newsletters_are_kept() -> None:
    html = '<table width="600" cellpadding="0" bgcolor="#fff"><tbody><tr><td align="center" colspan="2">x</td></tr></tbody></table>'
    assert sanitize_html(html).html.count("=") == html.count("=")


def test_remote_pictures_are_counted_and_shown_only_on_request() -> None:
    html = '<img src="https://t.example/1.png" alt="one"><img src="//t.example/2.png">'
    blocked = sanitize_html(html)
    assert (blocked.remote_images, "t.example" in blocked.html, 'alt="one"' in blocked.html) == (2, False, True)
    shown = sanitize_html(html, allow_remote_images=True)
    assert (shown.remote_images, shown.html.count("t.example")) == (2, 2)


def test_inline_pictures_are_served_by_us() -> None:
    html = '<img src="cid:pic%40x"><img src="CID:other@x"><img src="data:image/png;base64,iVBORw0KGgo=">'
    cleaned = sanitize_html(html, cid_urls={"pic@x": "/files/1", "other@x": "/files/2"})
    assert cleaned.html == '<img src="/files/1"><img src="/files/2"><img src="data:image/png;base64,iVBORw0KGgo=">'
    assert cleaned.remote_images == 0


BOMBS = {
    "divs": "<div>" * 200_000,
    "tables": "<table><tr><td>" * 50_000,
    "fonts": "".join(f"<font size={n}><p>" for n in range(50_000)),
    "attributes": "<div " + " ".join(f"a{n}=1" for n in range(150_000)) + ">",
    "attributes with brackets": "<div " + " ".join(f"a{n}='>'" for n in range(150_000)) + ">",
    "one style": '<p style="' + "color:red;" * 150_000 + '">x',
    "entities": "&lt;" * 300_000,
    "links": '<a href="https://x.example">x</a>' * 40_000,
    "megabytes of words": "words " * 700_000,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_huge_pages_are_bounded(bomb: str) -> None:
    cleaned = sanitize_html(bomb)
    assert len(cleaned.html) < 8_000_000
    assert cleaned.html.count("<div") < 2_000


def test_a_page_that_is_nested_too_deep_shows_its_words() -> None:
    assert "the words" in sanitize_html("<div>" * 20_000 + "the words").html
    assert isinstance(SANITISER_VERSION, int)
