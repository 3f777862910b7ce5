"""The MIME tree: which parts are words and which are files, and mails built to break whoever takes them apart."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors._files import safe_name
from connectors._mime import parse_mail
from connectors._parts import MAX_PARTS
from connectors.base import InboundMessage
from connectors.errors import Malformed
from tests.connectors.mail_corpus.cases import automatic

HEAD = "From: a@b.example\nMIME-Version: 1.0\n"


def multipart(kind: str, *parts: str, boundary: str = "xx", end: bool = True) -> str:
    body = "".join(f"--{boundary}\n{part}\n" for part in parts)
    closing = f"--{boundary}--\n" if end else ""
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{body}{closing}'


def parse(text: str) -> InboundMessage:
    return parse_mail((HEAD + text).encode())


PLAIN = "Content-Type: text/plain\n\nplain words"
HTML = "Content-Type: text/html\n\n<p>html words</p>"
PNG = "Content-Type: image/png\nContent-ID: <pic@x>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo="
PDF = 'Content-Type: application/pdf; name="bill.pdf"\nContent-Disposition: attachment\n\n%PDF'
NESTED = "Content-Type: message/rfc822\n\nFrom: x@y.example\nSubject: Re: inner/mail\n\ninner words"


def names(message: InboundMessage) -> list[str]:
    return [one.filename for one in message.attachments]


def test_plain_text_is_preferred_and_html_kept() -> None:
    message = parse(multipart("alternative", PLAIN, HTML))
    assert (message.text, message.html) == ("plain words", "<p>html words</p>")
    assert message.attachments == ()


@pytest.mark.parametrize(
    "stub", ["", " \n", "Your mail program does not show HTML.", "This is a multi-part message in MIME format."]
)
def test_html_is_read_where_the_plain_text_is_only_a_stub(stub: str) -> None:
    assert parse(multipart("alternative", f"Content-Type: text/plain\n\n{stub}", HTML)).text == "html words"


def test_inline_texts_and_pictures_of_apple_mail_are_read_in_order() -> None:
    inline = "Content-Type: text/plain; name=log.txt\nContent-Disposition: inline; filename=log.txt\n\nlog words"
    message = parse(multipart("mixed", PLAIN, PNG, "Content-Type: text/plain\n\nmore words", inline, PDF))
    assert message.text == "plain words\n\nmore words"
    assert names(message) == ["image-1.png", "log.txt", "bill.pdf"]


def test_related_pictures_are_inline_and_carry_their_id() -> None:
    inner = multipart("related", HTML, PNG, boundary="in")
    message = parse(multipart("alternative", PLAIN, inner))
    picture = message.attachments[0]
    assert (picture.is_inline, picture.content_id, picture.data) == (True, "pic@x", b"\x89PNG\r\n\x1a\n")


def test_a_nested_mail_is_a_file_with_its_very_bytes() -> None:
    message = parse(multipart("mixed", PLAIN, NESTED))
    assert message.text == "plain words"
    assert names(message) == ["Re inner-mail.eml"]
    assert message.attachments[0].data == b"From: x@y.example\nSubject: Re: inner/mail\n\ninner words"


def test_a_digest_is_a_set_of_mails() -> None:
    message = parse(multipart("digest", "\nFrom: x@y.example\nSubject: one\n\na", "\nSubject: two\n\nb"))
    assert names(message) == ["one.eml", "two.eml"]


def test_signed_mails_show_their_words() -> None:
    signature = "Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----"
    message = parse(multipart("signed", PLAIN, signature))
    assert (message.text, names(message)) == ("plain words", ["signature.asc"])
    armour = "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nthe words\n- --\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"
    assert parse(armour).text == "the words"


def test_winmail_and_nameless_files_are_kept_under_a_sensible_name() -> None:
    tnef = "Content-Type: application/ms-tnef\n\nx"
    message = parse(
        multipart("mixed", PLAIN, tnef, "Content-Type: application/x-strange\n\ny", "Content-Type: text/csv\n\n1,2")
    )
    assert names(message) == ["winmail.dat", "attachment-2.bin", "attachment-3.csv"]


NAMES = {
    "../../etc/passwd": "passwd",
    "C:\\temp\\x.pdf": "x.pdf",
    "a\x00b\r\n.txt": "ab.txt",
    "gepj.\u202efdp.exe": "gepj.fdp.exe",
    "..": "",
    "...hidden": "hidden",
    "<img src=x onerror=alert(1)>.png": "img src=x onerror=alert(1).png",
    "x" * 500 + ".pdf": "x" * 176 + ".pdf",
    "Rechnung größe.pdf": "Rechnung größe.pdf",
    "trailing/": "trailing",
}  # fmt: skip


@pytest.mark.parametrize(("name", "safe"), NAMES.items(), ids=lambda value: repr(value)[:20])
def test_file_names_are_safe_anywhere(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_flowed_text_is_joined() -> None:
    body = "a long \nline here\n> quoted \n> words\n-- \nme"
    assert parse(f"Subject: Re: x\nContent-Type: text/plain; format=flowed\n\n{body}").text == "a long line here"


def test_uuencoded_files_are_taken_out_of_the_text() -> None:
    message = parse("\nhello\nbegin 644 cat.txt\n#0V%T\n`\nend\nbye")
    assert message.text.split() == ["hello", "bye"]
    assert (names(message), message.attachments[0].data) == (["cat.txt"], b"Cat")
    assert parse("\nWe begin 644 times\nand then\nend").attachments == ()


BODIES: dict[str, tuple[bytes, str]] = {
    "base64 without padding": (b"Content-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQ", "hello world"),
    "base64 with noise": (b"Content-Transfer-Encoding: base64\n\n!aGVs*bG8g\n d29ybGQ=\x00", "hello world"),
    "base64 in two padded blocks": (b"Content-Transfer-Encoding: base64\n\naGVsbG8=\nIHdvcmxk", "hello world"),
    "base64 and a list's footer": (b"Content-Transfer-Encoding: base64\n\naGVsbG8=\n~ a list", "hello\n~ a list"),
    "quoted-printable, broken": (
        b"Content-Transfer-Encoding: quoted-printable\n\nhe=6Clo=ZZ =C3=B6=\n x",
        "hello=ZZ ö x",
    ),
    "unknown encoding": (b"Content-Transfer-Encoding: x-strange\n\nhello", "hello"),
    "unknown charset": (b"Content-Type: text/plain; charset=x-none\n\nGr\xc3\xb6sse", "Grösse"),
    "charset undefined": (b"Content-Type: text/plain; charset=undefined\n\nGr\xf6sse", "Grösse"),
    "utf-8 called latin-1": (b"Content-Type: text/plain; charset=iso-8859-1\n\nGr\xc3\xb6sse", "Grösse"),
    "type without a subtype": (b"Content-Type: text\n\nhello", "hello"),
    "type that is nonsense": (b"Content-Type: ;;;===\n\nhello", "hello"),
    "html without a type": (b"\n<html><body><p>hello</p></body></html>", "hello"),
    "multipart without a boundary": (b"Content-Type: multipart/mixed\n\n--b\n\nhello\n--b--", "hello"),
    "multipart with the wrong boundary": (b"Content-Type: multipart/mixed; boundary=c\n\n--b\n\nhello\n--b--", "hello"),
    "multipart without any part": (b"Content-Type: multipart/mixed; boundary=c\n\nhello", "hello"),
    "multipart never closed": (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello", "hello"),
    "boundary that begins like its parent's": (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/related; boundary=b2\n\n--b2\n\nhello\n--b2--\n--b--",
        "hello",
    ),
    "no blank line before the body": (b"Subject: x\nhello there\nno header: here", "hello there\nno header: here"),
    "carriage returns only": (b"Subject: x\rContent-Type: text/plain\r\rhello\rworld", "hello\nworld"),
    "doubled carriage returns": (b"Subject: x\r\r\nContent-Type: text/plain\r\r\n\r\r\nhello", "hello"),
    "nul bytes": (b"Subject: x\n\nhe\x00llo", "hello"),
    "subject broken without indentation": (b"Subject: one\ntwo\nTo: c@d.example\n\nhello", "hello"),
}


@pytest.mark.parametrize(("rest", "text"), BODIES.values(), ids=BODIES.keys())
def test_broken_mails_are_read(rest: bytes, text: str) -> None:
    ends = b"\r" if rest.count(b"\r") and b"\n" not in rest else b"\n"
    message = parse_mail(b"From: a@b.example" + ends + rest)
    assert message.text == text


def test_mbox_lines_and_byte_order_marks_are_stepped_over() -> None:
    for start in (b"\xef\xbb\xbf", b"\n\n", b"From a@b.example Tue Mar  4 15:14:07 2025\n", b">From x\n"):
        assert parse_mail(start + b"From: a@b.example\nSubject: hi\n\nhello").subject == "hi"


def nested(levels: int) -> bytes:
    opening = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(levels))
    return (HEAD + opening + "\ndeep words\n").encode()


BOMBS: dict[str, Callable[[], bytes]] = {
    "1,000 levels": partial(nested, 1_000),
    "5,000 levels": partial(nested, 5_000),
    "10,000 parts": (HEAD + multipart("mixed", *["\nx"] * 10_000)).encode,
    "the same boundary 5,000 times": lambda: (
        HEAD.encode() + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" * 5_000
    ),
    "lines like boundaries": lambda: (
        HEAD.encode() + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bc\n" * 1_000_000
    ),
    "a million header lines": lambda: HEAD.encode() + b"a:b\n" * 1_000_000,
    "a header of ten megabytes": lambda: HEAD.encode() + b"Subject: " + b"x " * 5_000_000 + b"\n\nhello",
    "nothing but line ends": lambda: HEAD.encode() + b"\n" * 5_000_000,
    "100,000 recipients": lambda: b"From: a@b.example\nTo: " + b"p@example.org, " * 100_000 + b"\n\nhello",
    "a megabyte of encoded words": lambda: HEAD.encode() + b"Subject: " + b"=?utf-8?q?x?= " * 70_000 + b"\n\nhello",
    "10,000 nested mails": lambda: HEAD.encode() + b"Content-Type: message/rfc822\n\n" * 10_000,
    "begin lines": lambda: HEAD.encode() + b"\n" + b"begin 644 x\n" * 80_000 + b"end\n",
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_become_messages(bomb: Callable[[], bytes]) -> None:
    message = parse_mail(bomb())
    assert len(message.attachments) <= MAX_PARTS + 1  # the rest stays together as one
    assert len(message.text) <= 1_000_000


def test_what_lies_beyond_the_limit_of_depth_is_kept_as_a_file() -> None:
    message = parse_mail(nested(1_000))
    assert b"deep words" in message.attachments[0].data
    assert message.custom == {"truncated": "yes"}


@pytest.mark.timeout(20)
def test_fifty_megabytes_of_base64_are_one_file() -> None:
    data = bytes(range(256)) * 150_000
    body = base64.encodebytes(data)
    head = HEAD.encode() + b"Content-Type: application/zip; name=x.zip\nContent-Transfer-Encoding: base64\n\n"
    (file,) = parse_mail(head + body).attachments
    assert hashlib.sha256(file.data).digest() == hashlib.sha256(data).digest()


@pytest.mark.parametrize(
    "raw", [b"", b"\n\n\n", b"\x00\x01\x02\x03" * 50, bytes(range(128, 256)) * 9, b"\xd0\xcf\x11\xe0" * 99]
)
def test_what_is_no_mail_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_mail(raw)


def check_invariants(raw: bytes) -> None:
    try:
        message = parse_mail(raw)
    except Malformed:
        return
    assert message == parse_mail(raw)
    assert message.external_id
    assert message.sender.address
    assert message.sent_at is None or message.sent_at.tzinfo is not None
    assert not set(message.subject) & set("\r\n\x00")
    for text in (
        message.text,
        message.quoted,
        message.signature,
        message.subject,
        message.html or "",
        message.sender.name,
    ):
        assert "\x00" not in text
        text.encode()
    for file in message.attachments:
        assert file.filename
        assert "/" not in file.filename
        file.filename.encode()


SEEDS = [mail.raw for mail in automatic()] + [
    (HEAD + multipart("mixed", multipart("alternative", PLAIN, HTML, boundary="in"), PNG, NESTED)).encode()
]
PIECES = st.sampled_from(
    [
        *(b"--xx\n", b"--xx--", b"\n\n", b"Content-Type: ", b"multipart/mixed; boundary=", b"text/html", b"charset=undefined"),
        *(b"=?utf-8?q?", b"?=", b"\r", b"\x00", b"\xff", b"Content-Transfer-Encoding: base64\n", b"From: ", b"\x1b$B", b'"', b"<", b"("),
        *(b"charset=utf-7", b"+2AA-", b"message/rfc822", b"begin 644 x\n", b"Date: 99", b"filename*0*=utf-8''%", b"format=flowed"),
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(st.binary(max_size=400))
def test_random_bytes_give_a_message_or_malformed(raw: bytes) -> None:
    check_invariants(raw)
    check_invariants(b"From: a@b.example\n" + raw)


@settings(deadline=None, max_examples=500)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 3_000), PIECES | st.binary(max_size=6), st.integers(0, 9)), max_size=8),
)
def test_mutated_mails_give_a_message_or_malformed(raw: bytes, edits: list[tuple[int, bytes, int]]) -> None:
    for position, piece, dropped in edits:
        place = position % (len(raw) + 1)
        raw = raw[:place] + piece + raw[place + dropped :]
    check_invariants(raw)
