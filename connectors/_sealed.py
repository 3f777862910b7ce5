"""Signed and encrypted mail (S/MIME, PGP) shown as what it is: signed words are read, encrypted ones kept as a file.

No signature is checked and nothing is decrypted: no keys are held here. `read_signed` takes the mail out of a CMS
SignedData (RFC 8551, "opaque signing") with a small BER walk that only moves forward.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors._parts import Leaf, Tree, take_apart
from connectors.base import InboundAttachment

_SMIME = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))
PGP_TYPE = "application/pgp-encrypted"
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")  # 1.2.840.113549.1.7.2
_DATA = bytes.fromhex("06092a864886f70d010701")  # 1.2.840.113549.1.7.1
_ENVELOPED = (bytes.fromhex("06092a864886f70d010703"), bytes.fromhex("060b2a864886f70d0109100117"))
_HEAD_BYTES = 200  # where the kind of a CMS is told
_MAX_PIECES = 100_000
_PGP_MESSAGE = re.compile(r"-----BEGIN PGP MESSAGE-----[ \t]*\n")
_PGP_END = "-----END PGP MESSAGE-----"
_MAX_LAYERS = 3
_NOT_CHECKED = "the signature was not checked"
_UNREADABLE = "it cannot be read here, the encrypted file is attached"


def unsealed(tree: Tree) -> Tree:
    """The mail inside an opaque signature, or the mail itself."""
    for _ in range(_MAX_LAYERS):
        if len(tree.leaves) != 1 or not _may_be_cms(tree.leaves[0]):
            break
        inner = read_signed(tree.payload(tree.leaves[0]))
        if inner is None:
            break
        tree = take_apart(inner)
    return tree


def seals_of(tree: Tree, files: Sequence[InboundAttachment]) -> dict[str, str]:
    """Say what is signed or encrypted, in words for people: {"signed": …} or {"encrypted": …}, {} for neither."""
    kind = _protocol(tree)
    if tree.root is not None and tree.root.subtype == "encrypted":
        return {"encrypted": f"{kind or 'PGP'}: {_UNREADABLE}"}
    for leaf in tree.leaves:
        if _may_be_cms(leaf):
            head = tree.payload(leaf)[:_HEAD_BYTES]
            if any(one in head for one in _ENVELOPED) or "enveloped" in leaf.parameters.get("smime-type", "").lower():
                return {"encrypted": f"S/MIME: {_UNREADABLE}"}
            if _SIGNED_DATA in head:
                return {"signed": f"S/MIME: {_NOT_CHECKED}"}
    if any(file.content_type == PGP_TYPE for file in files):
        return {"encrypted": f"PGP: {_UNREADABLE}"}
    if tree.root is not None and tree.root.subtype == "signed":
        return {"signed": f"{kind or 'PGP'}: {_NOT_CHECKED}"}
    is_clear_signed = b"-----BEGIN PGP SIGNED MESSAGE-----" in tree.raw[:200_000]
    return {"signed": f"PGP: {_NOT_CHECKED}"} if is_clear_signed else {}


def _protocol(tree: Tree) -> str:
    protocol = tree.root.parameters.get("protocol", "").lower() if tree.root is not None else ""
    return "PGP" if "pgp" in protocol else "S/MIME" if "pkcs7" in protocol else ""


def _may_be_cms(leaf: Leaf) -> bool:
    names = (*leaf.parameters.values(), *leaf.disposition_parameters.values())
    is_named = leaf.content_type == "application/octet-stream" and any(one.lower().endswith(".p7m") for one in names)
    return leaf.content_type in _SMIME or is_named


def take_pgp_messages(text: str) -> tuple[str, list[InboundAttachment]]:
    """Take encrypted blocks out of a text; each becomes a file."""
    files: list[InboundAttachment] = []
    kept: list[str] = []
    done = 0
    for opening in _PGP_MESSAGE.finditer(text):
        end = text.find(_PGP_END, opening.end())
        if opening.start() < done or end < 0:
            continue
        end += len(_PGP_END)
        kept.append(text[done : opening.start()])
        number = f"-{len(files) + 1}" if files else ""
        data = text[opening.start() : end].encode()
        files.append(InboundAttachment(f"encrypted{number}.asc", PGP_TYPE, data))
        done = end
    return "".join((*kept, text[done:])), files


def read_signed(data: bytes) -> bytes | None:
    """Return the mail inside a CMS SignedData; None where there is none (a detached signature, or no CMS)."""
    if _SIGNED_DATA not in data[:_HEAD_BYTES]:
        return None
    at = data.find(_DATA, 0, 2_000)
    if at < 0:
        return None
    header = _header(data, at + len(_DATA))
    if header is None or header[0] != 0xA0:  # eContent is missing: a detached signature
        return None
    return _octets(data, header[1]) or None


def _octets(data: bytes, position: int) -> bytes:
    """Join an OCTET STRING that begins here, in one piece or, as streaming programs write it, in many."""
    out = bytearray()
    for _ in range(_MAX_PIECES):
        header = _header(data, position)
        if header is None:
            break
        tag, start, length = header
        if tag == 0x04 and length is not None:
            out += data[start : start + length]
            position = start + length
            if not data.startswith(b"\x04", position):
                break
        elif tag == 0x24:  # constructed: its pieces follow
            position = start
        else:
            break
    return bytes(out)


def _header(data: bytes, position: int) -> tuple[int, int, int | None] | None:
    """Read tag and length: (tag, where the content begins, its length or None where an end mark tells it)."""
    if position + 2 > len(data):
        return None
    tag, first = data[position], data[position + 1]
    if first < 0x80:
        return tag, position + 2, first
    count = first & 0x7F
    if not count:
        return tag, position + 2, None
    if count > 4:
        return None
    return tag, position + 2 + count, int.from_bytes(data[position + 2 : position + 2 + count])
