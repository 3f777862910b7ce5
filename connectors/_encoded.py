"""RFC 2047 encoded words and RFC 2231 parameters, read as generously as mail programs write them.

Tolerated: words next to each other, a character split over two words, blanks and line breaks inside a word, raw "?="
inside Q, missing padding, words inside quotes, unknown charsets, a last word cut off. Everything is linear in the
length of the value.
"""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

from connectors._charset import decode, storable

_OPENER = re.compile(r"=\?([^?\s\"<>=]{1,64})\?([bBqQ])\?")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
_LOOKS_HEX = re.compile(r"[0-9A-Fa-f]{2}")
_UNCLOSED = re.compile(r"[^\s?\"<>,;()]+\??$")
_CONTINUATION = re.compile(r"(.+?)\*(\d{1,3})(\*?)")
_MAX_PARAMETERS = 200

Word = tuple[str, bytes]  # charset, bytes


def decode_words(value: str) -> str:
    """Decode every encoded word in an unfolded header value."""
    if "=?" not in value:
        return value
    return "".join(_read_runs(_cut_words(value)))


def _cut_words(value: str) -> list[str | Word]:
    """Cut into plain stretches and encoded words; blanks between two words are dropped, as RFC 2047 asks."""
    pieces: list[str | Word] = []
    done = 0
    opener = _OPENER.search(value)
    while opener:
        following = _OPENER.search(value, opener.end())
        limit = following.start() if following else len(value)  # what is not closed by then never was a word
        end = _closing(value, opener.end(), limit, opener[2] in "qQ")
        if end < 0 and not following and _UNCLOSED.match(value, opener.end()):
            end = limit
        if end >= 0:
            _append_plain(pieces, value[done : opener.start()])
            pieces.append((opener[1].partition("*")[0], _word_bytes(value[opener.end() : end], opener[2])))
            done = min(end + 2, len(value))
        opener = following
    if done < len(value):
        pieces.append(value[done:])
    return pieces


def _append_plain(pieces: list[str | Word], text: str) -> None:
    between_words = bool(pieces) and isinstance(pieces[-1], tuple)
    if text and not (between_words and text.isspace()):
        pieces.append(text)


def _closing(value: str, start: int, limit: int, is_q: bool) -> int:
    """Where "?=" closes the word; in Q, "?=" before two hex digits is a question mark left unencoded."""
    end = value.find("?=", start, limit)
    while is_q and end >= 0 and _LOOKS_HEX.match(value, end + 2, limit):
        later = value.find("?=", end + 2, limit)
        if later < 0:
            break
        end = later
    return end


def _word_bytes(payload: str, encoding: str) -> bytes:
    if encoding in "bB":
        return lenient_base64(payload)
    return binascii.a2b_qp(payload.replace(" ", "_").encode("utf-8", "replace"), header=True)


def lenient_base64(payload: str) -> bytes:
    """Decode base64 with anything foreign left out and the padding put right."""
    digits = _NOT_BASE64.sub("", payload)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return binascii.a2b_base64(digits + "=" * (-len(digits) % 4))


def _read_runs(pieces: list[str | Word]) -> list[str]:
    """Decode; neighbours of one charset are joined first, since senders cut characters in two."""
    out: list[str] = []
    run: list[bytes] = []
    charset = ""
    for piece in [*pieces, ""]:
        if isinstance(piece, tuple) and run and piece[0].lower() == charset.lower():
            run.append(piece[1])
            continue
        if run:
            out.append(decode(b"".join(run), charset, trust_label=True))
            run = []
        if isinstance(piece, tuple):
            charset, run = piece[0], [piece[1]]
        else:
            out.append(piece)
    return out


def read_parameters(value: str) -> tuple[str, dict[str, str]]:
    """Split `attachment; filename*0*=utf-8''a%20; filename*1=b.txt` into its value and its decoded parameters.

    Names are lower case. Broken quoting is read to the end of the line.
    """
    pieces = _split_semicolons(value)
    plain: dict[str, str] = {}
    continued: dict[str, dict[int, tuple[str, bool]]] = {}
    for piece in pieces[1 : _MAX_PARAMETERS + 1]:
        name, equals, text = piece.partition("=")
        name = name.strip().lower()
        if not equals or not name:
            continue
        text = _unquote(text.strip())
        numbered = _CONTINUATION.fullmatch(name)
        if numbered:
            continued.setdefault(numbered[1], {})[int(numbered[2])] = (text, bool(numbered[3]))
        elif name.endswith("*"):
            continued.setdefault(name[:-1], {})[0] = (text, True)
        else:
            plain.setdefault(name, decode_words(text))
    plain.update({name: _join_continued(segments) for name, segments in continued.items()})
    return pieces[0].strip().lower(), plain


def _split_semicolons(value: str) -> list[str]:
    """Split at ";" outside quotes."""
    if '"' not in value:
        return value.split(";")
    pieces: list[str] = []
    start = position = 0
    while position < len(value) and len(pieces) <= _MAX_PARAMETERS:
        sign = value[position]
        if sign == '"':
            position = _closing_quote(value, position)
        elif sign == ";":
            pieces.append(value[start:position])
            start = position + 1
        position += 1
    pieces.append(value[start:])
    return pieces


def _closing_quote(value: str, opening: int) -> int:
    position = opening + 1
    while position < len(value) and value[position] != '"':
        position += 2 if value[position] == "\\" else 1
    return position


def _unquote(text: str) -> str:
    if not text.startswith('"'):
        return text
    inner = text[1 : _closing_quote(text, 0)]
    return inner.replace('\\"', '"').replace("\\\\", "\\") if "\\" in inner else inner


def _join_continued(segments: dict[int, tuple[str, bool]]) -> str:
    """RFC 2231: percent-encoded segments carry the charset in the first of them."""
    data = bytearray()
    charset = ""
    for number in sorted(segments):
        text, encoded = segments[number]
        if not encoded:
            data += text.encode("utf-8", "replace")
            continue
        label, quote, rest = text.partition("'")
        if number == 0 and quote and "'" in rest:
            charset = label
            text = rest.partition("'")[2]
        data += unquote_to_bytes(text)
    if not charset:
        return storable(decode_words(decode(bytes(data))))
    return decode(bytes(data), charset, trust_label=True)
