"""Attachments: their bytes, a name that is safe anywhere, and whether they stand inside the text."""

from __future__ import annotations

import binascii
import re
import unicodedata

from connectors._encoded import decode_words
from connectors._headers import read_headers, skip_envelope
from connectors._parts import Leaf, Tree
from connectors.base import InboundAttachment

MAX_NAME_CHARS = 180
_MAX_UU_FILES = 20
_UNSAFE = re.compile('[\x00-\x1f\x7f-\x9f<>:"/\\\\|?*\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]')
_UU_BLOCK = re.compile(rb"(?:^|(?<=\n))begin [0-7]{3,4} ([^\r\n]{1,200})\r*\n")
_EXTENSIONS = {
    "text/plain": "txt",
    "text/html": "html",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/x-vcard": "vcf",
    "text/vcard": "vcf",
    "text/rfc822-headers": "txt",
    "text/xml": "xml",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/pjpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/svg+xml": "svg",
    "image/tiff": "tif",
    "image/bmp": "bmp",
    "image/heic": "heic",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/json": "json",
    "application/xml": "xml",
    "application/ics": "ics",
    "application/ms-tnef": "dat",
    "application/pgp-signature": "asc",
    "application/pgp-encrypted": "asc",
    "application/pkcs7-signature": "p7s",
    "application/x-pkcs7-signature": "p7s",
    "application/pkcs7-mime": "p7m",
    "application/x-pkcs7-mime": "p7m",
    "message/rfc822": "eml",
    "message/global": "eml",
    "message/delivery-status": "txt",
    "message/disposition-notification": "txt",
    "message/feedback-report": "txt",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/amr": "amr",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
}
_NAMES = {
    "text/calendar": "invite",
    "message/delivery-status": "delivery-status",
    "text/rfc822-headers": "headers",
    "application/pgp-signature": "signature",
    "application/pkcs7-signature": "smime",
    "application/ms-tnef": "winmail",
    "application/pkcs7-mime": "smime",
    "message/disposition-notification": "receipt",
    "application/pgp-encrypted": "encrypted",
    "message/feedback-report": "feedback",
}


def given_name(leaf: Leaf) -> str:
    """The name that the sender gave a part, "" where it gave none."""
    name = leaf.disposition_parameters.get("filename") or leaf.disposition_parameters.get("name")
    return name or leaf.parameters.get("name") or leaf.parameters.get("filename") or ""


def attachment_of(tree: Tree, leaf: Leaf, number: int) -> InboundAttachment:
    """Read a leaf as a file; `number` serves where it has no name."""
    data = tree.payload(leaf)
    content_id = leaf.headers.first("content-id").strip("<> \t")[:500] or None
    is_inline = leaf.disposition == "inline" or (
        leaf.disposition != "attachment" and content_id is not None and leaf.is_within("related")
    )
    name = safe_name(given_name(leaf)) or _made_up_name(leaf.content_type, data, number)
    return InboundAttachment(_with_extension(name, leaf.content_type), leaf.content_type, data, is_inline, content_id)


def safe_name(name: str) -> str:
    """The last step of a path, without control and direction signs, at most 180 characters; "" if nothing is left."""
    name = name.replace("\\", "/").rstrip("/ .").rpartition("/")[2]
    name = " ".join(_UNSAFE.sub("", unicodedata.normalize("NFC", name)).split()).strip(". ")
    if len(name) <= MAX_NAME_CHARS:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:
        return name[:MAX_NAME_CHARS]
    return f"{stem[: MAX_NAME_CHARS - 1 - len(extension)]}.{extension}"


def _made_up_name(content_type: str, data: bytes, number: int) -> str:
    if content_type == "message/rfc822":
        headers, _ = read_headers(data, skip_envelope(data), len(data))
        subject = safe_name(headers.first("subject").replace("/", "-").replace(":", ""))
        return f"{subject[:80] or 'message'}.eml"
    kind = content_type.partition("/")[0]
    stem = _NAMES.get(content_type) or f"{kind if kind in {'image', 'audio', 'video'} else 'attachment'}-{number}"
    return f"{stem}.{_EXTENSIONS.get(content_type, 'bin')}"


def _with_extension(name: str, content_type: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if dot and stem and 0 < len(extension) <= 10 and " " not in extension:
        return name
    known = _EXTENSIONS.get(content_type)
    return f"{name}.{known}" if known else name


def take_uuencoded(data: bytes) -> tuple[bytes, list[InboundAttachment]]:
    """Take the files out of a text that carries them uuencoded, as mail did before MIME."""
    files: list[InboundAttachment] = []
    kept: list[bytes] = []
    done = 0
    begin = _UU_BLOCK.search(data)
    for _ in range(_MAX_UU_FILES):
        end = data.find(b"\nend", begin.end() - 1) if begin else -1
        if begin is None or end < 0:
            break
        content = _uu_lines(data[begin.end() : end + 1])
        if content is not None:
            kept.append(data[done : begin.start()])
            name = safe_name(decode_words(begin[1].decode("utf-8", "replace"))) or f"attachment-{len(files) + 1}.bin"
            files.append(InboundAttachment(name, "application/octet-stream", content))
            done = end + 4
        begin = _UU_BLOCK.search(data, max(begin.end(), done))
    return b"".join((*kept, data[done:])), files


def _uu_lines(block: bytes) -> bytes | None:
    """Decode the lines strictly: prose after the word "begin" is no file."""
    out = bytearray()
    for line in filter(None, block.replace(b"\r", b"").split(b"\n")):
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            return None
    return bytes(out)
