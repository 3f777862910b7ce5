"""Bytes to text, whatever the label says.

The ladder: the declared charset (read as what senders mean by it: gb2312 is gb18030, latin-1 is cp1252) → UTF-8 → the
declared one with a few replacement marks → what the bytes look like (_charset_guess) → cp1252. It always ends in a
string that PostgreSQL and JSON accept: no NUL, no lone surrogate. Labels come from strangers: codecs that are not
text, and `undefined`, which raises on every byte, are never used.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from connectors._charset_guess import guess

# What the label says → what the bytes are. Keys are lower case with "-" for "_".
_ALIASES = {
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "gb-2312", "gb2312-80", "cp936", "chinese", "csgb2312"), "gb18030"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin-1", "latin1", "l1", "cp-1252", "windows1252"), "cp1252"),
    **dict.fromkeys(("x-ansi", "ansi", "iso-8859-1-windows-3.1-latin-1", "iso-8859", "win-1252"), "cp1252"),
    **dict.fromkeys(("shift-jis", "shift_jis", "sjis", "x-sjis", "ms-kanji", "windows-31j", "csshiftjis"), "cp932"),
    **dict.fromkeys(("ks-c-5601-1987", "ksc5601", "ks-c-5601", "euc-kr", "euckr", "korean", "ks-c-5601-1989"), "cp949"),
    **dict.fromkeys(("big5", "big5-eten", "x-x-big5", "csbig5", "cn-big5", "big-5"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-9", "latin5", "iso8859-9"), "cp1254"),
    **dict.fromkeys(("tis-620", "iso-8859-11", "windows-874"), "cp874"),
    **dict.fromkeys(("iso-8859-8-i", "iso-8859-8-e", "logical"), "iso8859-8"),
    **dict.fromkeys(("iso-8859-6-i", "iso-8859-6-e"), "iso8859-6"),
    **dict.fromkeys(("utf8", "utf-8mb4", "utf8mb4", "unicode-1-1-utf-8", "unicode", "utf"), "utf-8"),
    **dict.fromkeys(("unicode-1-1-utf-7", "csunicode11utf7", "utf7"), "utf-7"),
    **dict.fromkeys(("x-mac-roman", "macintosh", "mac", "x-macroman"), "mac-roman"),
    **dict.fromkeys(("x-euc-jp", "x-euc", "eucjp"), "euc-jp"),
    **dict.fromkeys(("koi8-ru", "koi8u"), "koi8-u"),
    **dict.fromkeys(("us-ascii", "ascii", "ansi-x3.4-1968", "iso646-us", "7bit", "us", "iso-646-us"), "ascii"),
    **dict.fromkeys(("x-windows-1251", "win1251", "win-1251", "cp-1251"), "cp1251"),
    **dict.fromkeys(("x-windows-949", "windows-949", "ms949"), "cp949"),
    **dict.fromkeys(("iso-2022-jp", "csiso2022jp", "jis"), "iso2022-jp"),
    "hz-gb-2312": "hz",
    "iso-8859-12": "cp1252",
}
_REFUSED = frozenset(
    ("undefined", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "mbcs", "oem", "charmap")
)
_LABEL = re.compile(r"[a-z0-9][a-z0-9.:+-]{0,39}")
_SHIFTING = frozenset(("utf-7", "hz", "iso2022-kr", "iso2022-jp", "utf-16", "utf-16-le", "utf-16-be", "utf-32"))
_JIS_CODECS = ("iso2022-jp", "iso2022-jp-ext", "iso2022-jp-2004")
_JIS_RUN = re.compile(rb"\x1b\$[@B]([^\x1b]*)")
_JIS_ESCAPE = re.compile(rb"\x1b\([BJ]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")


@lru_cache(maxsize=512)
def codec_for(label: str) -> str | None:
    """Say which Python codec a charset label means, or None where it means none that may be used."""
    name = label.strip(" \t\r\n\"';,<>").lower().replace("_", "-").removeprefix("charset=").strip("\"'")
    if not _LABEL.fullmatch(name):
        return None
    name = _ALIASES.get(name, name)
    try:
        canonical = codecs.lookup(name).name
        b"A".decode(canonical)  # the codecs that turn bytes into bytes say so here
    except UnicodeError:
        pass  # half a character of UTF-16, say
    except (LookupError, ValueError):
        return None
    return None if name in _REFUSED else name


def decode(data: bytes, label: str | None = None, *, trust_label: bool = False) -> str:
    """Decode bytes to storable text; never raises.

    `trust_label` keeps a declared Latin-1 even if the bytes would be valid UTF-8 (right for a few bytes of a header,
    wrong for a body, where valid UTF-8 is no accident).
    """
    codec = codec_for(label) if label else None
    if data.isascii():
        return storable(_decode_ascii(data, codec))
    return storable(_decode_eight_bit(data, codec, trust_label=trust_label))


def storable(text: str) -> str:
    """Take out what PostgreSQL and JSON refuse: NUL and lone surrogates."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return _UNSTORABLE.sub(lambda found: "" if found[0] == "\x00" else "�", text)


def _decode_ascii(data: bytes, codec: str | None) -> str:
    if b"\x1b" in data and (codec is None or not codec.startswith("iso2022-kr")):
        return _decode_jis(data)
    if codec in _SHIFTING or (codec is not None and codec.startswith("cp037")):
        decoded = _strict(data, codec)
        if decoded is not None:
            return decoded
    return data.decode("ascii")


def _decode_eight_bit(data: bytes, codec: str | None, *, trust_label: bool) -> str:
    as_utf8 = _strict(data, "utf-8")
    weak = codec in {None, "ascii", "utf-8"} or (codec == "cp1252" and not trust_label)
    if as_utf8 is not None and weak:
        return as_utf8
    if codec == "iso2022-jp" and b"\x1b" in data:
        return _decode_jis(data)
    if codec == "cp1252":
        return _decode_western(data)
    declared = _strict(data, codec) if codec not in {None, "ascii", "utf-8"} else None
    if declared is not None:
        return declared
    return as_utf8 if as_utf8 is not None else _decode_damaged(data, codec)


def _decode_damaged(data: bytes, codec: str | None) -> str:
    """No codec takes it whole: accept a few marks in the declared one or in UTF-8, else guess from the bytes."""
    if codec not in {None, "ascii", "utf-8"}:
        marked = data.decode(codec or "ascii", "replace")
        if marked.count("�") <= 1 + len(marked) // 50:
            return marked
    marked = data.decode("utf-8", "replace")
    if marked.count("�") * 8 <= len(_NOT_ASCII.findall(marked)):
        return marked
    cut = _decode_cut(data)
    if cut is not None:
        return cut
    likely = guess(data)
    return data.decode(likely, "replace") if likely and likely != "cp1252" else _decode_western(data)


def _decode_cut(data: bytes) -> str | None:
    """Read UTF-8 of which only the last character was cut in two; None where it is not that."""
    for length in (1, 2, 3):
        whole = _strict(data[:-length], "utf-8")
        if whole is not None:
            return None if whole.isascii() else whole + "�"
    return None


def _decode_western(data: bytes) -> str:
    decoded = _strict(data, "cp1252")
    return decoded if decoded is not None else data.decode("latin-1")


def _strict(data: bytes, codec: str | None) -> str | None:
    try:
        return data.decode(codec or "ascii")
    except (UnicodeError, LookupError, ValueError):
        return None


def _decode_jis(data: bytes) -> str:
    for codec in _JIS_CODECS:
        decoded = _strict(data, codec)
        if decoded is not None:
            return decoded
    # Windows writes its own signs (①, ㈱) into ISO-2022-JP; only cp932 knows them, and it is the same table shifted.
    shifted = _JIS_RUN.sub(lambda run: _jis_to_cp932(run[1]), data)
    return _JIS_ESCAPE.sub(b"", shifted).decode("cp932", "replace")


def _jis_to_cp932(run: bytes) -> bytes:
    out = bytearray()
    for high, low in zip(run[0::2], run[1::2], strict=False):
        if not (0x21 <= high <= 0x7E and 0x21 <= low <= 0x7E):
            out += bytes((high, low))
            continue
        lead = ((high + 1) >> 1) + (0x70 if high < 0x5F else 0xB0)
        trail = low + 0x7E if high % 2 == 0 else low + (0x1F if low < 0x60 else 0x20)
        out += bytes((lead, trail))
    return bytes(out)
