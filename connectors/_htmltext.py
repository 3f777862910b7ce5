"""HTML to lines of text, in one linear pass, keeping what the structure says about quotes and signatures.

Why not a tree: libxml2 gives up below its depth limit and the words there are lost, and the marks of mail programs
(gmail_quote, divRplyFwdMsg, moz-signature …) have to be seen while the text is laid out. Hidden text is left out.

A line inside a quote begins with "> "; the signs below stand at the start of a line and occur nowhere else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape

CUT = "\x01"  # a line of its own: from here on everything is quoted
SIGNED = "\x02"  # this line belongs to a signature
INSET = "\x03"  # this line is set off; whether that is a quote, an attribution above it tells
RULE = "\x04"  # a line of its own: a ruled line
MARKS = CUT + SIGNED + INSET + RULE
MAX_HTML_CHARS = 4_000_000
_MAX_TAGS = 60_000  # beyond, tags are only stripped


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as prose."""
    return frozenset(text.split())


# Possessive: an unquoted "<" ends the attempt, so every start is abandoned after at most three overlapping scans.
_MARKUP = re.compile(
    r"<(?:(!--)|(/?)([a-zA-Z][a-zA-Z0-9:_-]{0,40})((?:[^\"'<>]++|\"[^\"]*+\"|'[^']*+')*+)>|[!?/][^<>]*+>)"
)
_LOOSE_TAG = re.compile(r"</?[a-zA-Z][^<>]*+>")
_MARK_ATTRIBUTE = re.compile(
    r"(?<![\w-])(class|id|type|style)\s*=\s*(?:\"([^\"]{0,2000})|'([^']{0,2000})|([^\s\"'>]{1,500}))", re.IGNORECASE
)
_LINE_PARAGRAPH = re.compile(
    r"MsoNormal|MsoPlainText|margin:\s*0(?:px|pt|cm|in)?\s*[;\"']|margin-bottom:\s*0"
)  # Outlook's lines
_HIDING = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|font-size:0(?:px|pt|em|%)?(?:;|$)|max-height:0(?:px)?;"
)
_OUTLOOK_LINE = re.compile(r"border-top:(?:solid)?#(?:e1e1e1|b5c4df)")
_TOKEN_PREFIX = re.compile(r"^(?:x_|gmail-|m_-?\d+)+")
_RAW_TEXT = frozenset(("style", "script", "title", "textarea", "xmp", "template", "svg", "math", "noembed"))
_VOID = word_set("area base br col embed hr img input link meta param source track wbr")
_PARAGRAPH = word_set("p h1 h2 h3 h4 h5 h6 ul ol dl pre blockquote")
_BLOCK = _PARAGRAPH | word_set(
    "div table tbody thead tfoot tr td th li dt dd section article header footer form fieldset address center body html"
    " main nav figure aside caption"
)
_QUOTE_MARKS = word_set(
    "moz-cite-prefix yahoo_quoted protonmail_quote zmail_extra ms-outlook-mobile-reference-message olk_src_body_section"
    " reply-intro isreplycontent freshdesk_quote tutanota_quote aolreplacedbody hmquote moz-email-headers-table"
    " ymail_quoted yahooquoted bloop_markdown_quote quotedtext quoted-text mailquote original_message"
)
_CUT_MARKS = word_set(
    "appendonsend divrplyfwdmsg outlookmessageheader mail-editor-reference-message-container stopspelling"
)
_SIGNATURE_MARKS = word_set(
    "gmail_signature moz-signature signature ms-outlook-mobile-signature applemailsignature"
    " protonmail_signature_block ymail_android_signature yahoo-signature composer_signature mail_signature"
    " mobile_signature email-signature spark-signature edo-signature linebreakatbeginningofsignature"
)
_HIDDEN, _QUOTED, _SIGNED, _PREFORMATTED, _INSET = range(5)
_CLOSED_BY = {
    "li": ("li",),
    "td": ("td", "th"),
    "th": ("td", "th"),
    "tr": ("td", "th", "tr"),
    "dd": ("dd", "dt"),
    "dt": ("dd", "dt"),
}
_MAX_LOOK_BACK = 64
_INDENT_ONLY = re.compile(r"border(?:-left)?:(?:none|0)")


def html_lines(html: str, *, marks: bool) -> list[str]:
    """Lay HTML out as lines of text. With `marks`, quotes, cuts and signatures are marked as described above."""
    page = _Page(marks)
    for kind, value, attributes in markup(html.translate(dict.fromkeys(map(ord, MARKS)))):
        if kind == "text":
            page.text(value)
        elif kind == "close":
            page.close(value)
        else:
            page.open(value, attributes)
    page.end_line()
    return page.lines


def markup(html: str) -> Iterator[tuple[str, str, str]]:
    """Cut HTML into ("text", text, ""), ("open", tag, attributes) and ("close", tag, "").

    Comments, styles and scripts are left out. Linear; beyond 4,000,000 characters nothing is read, beyond 60,000 tags
    they are only stripped.
    """
    html = html[:MAX_HTML_CHARS].replace("\x00", "")
    jumps = _Jumps(html)
    position = 0
    for _ in range(_MAX_TAGS):
        found = _MARKUP.search(html, position)
        if found is None:
            break
        if found.start() > position:
            yield "text", html[position : found.start()], ""
        position = found.end()
        tag = (found[3] or "").lower()
        if found[1]:
            position = jumps.behind("-->", position)
        elif tag in _RAW_TEXT and not found[2]:
            position = jumps.behind(f"</{tag}", position)
        elif tag:
            yield "close" if found[2] else "open", tag, found[4]
    yield "text", _LOOSE_TAG.sub(" ", html[position:]), ""


class _Jumps:
    """Finds the ends of comments, <style>, <script> …; one that is never closed hides nothing and is sought once."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.unclosed: set[str] = set()

    def behind(self, closing: str, position: int) -> int:
        if closing in self.unclosed:
            return position
        found = re.compile(re.escape(closing), re.IGNORECASE).search(self.html, position)
        if found is None:
            self.unclosed.add(closing)
            return position
        end = self.html.find(">", found.end()) if closing[0] == "<" else found.end() - 1
        return end + 1 if end >= 0 else len(self.html)


class _Page:
    """The lines written so far, the open elements, and how many of them hide, quote or sign."""

    def __init__(self, marks: bool) -> None:
        self.lines: list[str] = []
        self.marks = marks
        self.chunks: list[str] = []
        self.wants_blank = False
        self.stack: list[tuple[str, tuple[int, ...], bool]] = []  # tag, effects, stands apart
        self.open_tags: Counter[str] = Counter()
        self.counts = [0] * 5

    def text(self, raw: str) -> None:
        if not raw or self.counts[_HIDDEN]:
            return
        if "&" in raw:
            try:
                raw = unescape(raw)
            except ValueError:  # a character number of thousands of digits
                raw = raw.replace("&", " ")
        if not self.counts[_PREFORMATTED]:
            self.chunks.append(raw)
            return
        first, *others = raw.replace("\r\n", "\n").split("\n")
        self.chunks.append(first.replace(" ", "\xa0"))
        for line in others:
            self.end_line(forced=True)
            self.chunks.append(line.replace(" ", "\xa0"))

    def open(self, tag: str, attributes: str) -> None:
        if tag in {"br", "hr"}:
            self._break_line(tag)
            if "=" not in attributes:
                return
        apart = tag in _PARAGRAPH and not _LINE_PARAGRAPH.search(attributes)
        if tag in _BLOCK:
            self._close_implied(tag)
            self._start_block(tag, apart=apart)
        effects = self._effects(tag, attributes) if attributes or tag in {"blockquote", "pre"} else ()
        if tag in _VOID:
            return
        self.stack.append((tag, effects, apart))
        self.open_tags[tag] += 1
        for effect in effects:
            self.counts[effect] += 1

    def _break_line(self, tag: str) -> None:
        self.end_line(forced=tag == "br")
        if tag == "hr" and self.marks and not self.counts[_HIDDEN]:
            self.lines.append(RULE)

    def close(self, tag: str) -> None:
        if not self.open_tags[tag]:
            if tag == "p":
                self.end_line()
            return
        reach = len(self.stack) if tag in _BLOCK else _MAX_LOOK_BACK
        for back, (name, _, apart) in enumerate(reversed(self.stack)):
            if name == tag:
                self._pop(back + 1)
                self.wants_blank = apart or self.wants_blank
                break
            if back >= reach or (tag not in _BLOCK and name in _BLOCK):
                break

    def end_line(self, *, forced: bool = False) -> None:
        """Write the line collected so far; an empty one only if `forced` or made of a hard blank."""
        raw = "".join(self.chunks)
        self.chunks.clear()
        line = " ".join(raw.split(" ")) if raw.isspace() else _collapse(raw)
        if not line and not forced and "\xa0" not in raw:
            return
        if self.wants_blank and self.lines and line:
            self._write("")
        self.wants_blank = False
        self._write(line.strip(" "))

    def _write(self, line: str) -> None:
        line = line.replace("\xa0", " ").rstrip()
        if self.marks and self.counts[_QUOTED]:
            line = f"> {line}".rstrip()
        elif self.marks and self.counts[_SIGNED]:
            line = SIGNED + line
        elif self.marks and self.counts[_INSET]:
            line = INSET + line
        self.lines.append(line)

    def _start_block(self, tag: str, *, apart: bool) -> None:
        if tag in {"td", "th"}:
            self.chunks.append(" ")
            return
        self.end_line()
        self.wants_blank = apart or self.wants_blank
        if tag == "li":
            self.chunks.append("- ")

    def _close_implied(self, tag: str) -> None:
        """A block ends an open <p>; <li> ends <li>, a cell ends a cell."""
        closes = ("p", *_CLOSED_BY.get(tag, ()))
        while self.stack:
            top = next((item for item in reversed(self.stack[-8:]) if item[0] in _BLOCK), None)
            if top is None or top[0] not in closes:
                return
            self.close(top[0])

    def _pop(self, count: int) -> None:
        popped = self.stack[-count:]
        if any(name in _BLOCK and name not in {"td", "th"} for name, _, _ in popped):
            self.end_line()
        del self.stack[-count:]
        for name, effects, _ in popped:
            self.open_tags[name] -= 1
            for effect in effects:
                self.counts[effect] -= 1

    def _effects(self, tag: str, attributes: str) -> tuple[int, ...]:
        words: set[str] = set()
        style = ""
        for found in _MARK_ATTRIBUTE.finditer(attributes):
            value = (found[2] or found[3] or found[4] or "").lower()
            if found[1].lower() == "style":
                style = "".join(value.split())
            else:
                words |= {_TOKEN_PREFIX.sub("", word) for word in value.split()}
        if self.marks and (words & _CUT_MARKS or _OUTLOOK_LINE.search(style)):
            self.end_line()
            self.lines.append(CUT)
        effects = []
        if (style and _HIDING.search(style)) or " hidden" in attributes.lower().rstrip("/"):
            effects.append(_HIDDEN)
        is_marked = bool(words) or "cite" in attributes.lower() or "border-left" in style
        if (tag == "blockquote" and is_marked and not _INDENT_ONLY.search(style)) or words & _QUOTE_MARKS:
            effects.append(_QUOTED)
        elif tag == "blockquote":
            effects.append(_INSET)
        if words & _SIGNATURE_MARKS:
            effects.append(_SIGNED)
        if tag == "pre" or "white-space:pre" in style:
            effects.append(_PREFORMATTED)
        return tuple(effects)


def _collapse(raw: str) -> str:
    """Collapse blanks as a browser does; hard blanks stay."""
    return " ".join(re.split(r"[ \t\r\n\f]+", raw))
