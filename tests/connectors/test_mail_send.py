"""Sending replies through a real SMTP server that sometimes misbehaves."""

from __future__ import annotations

import email
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors._compose import compose
from connectors._mail_settings import Timing, read_settings
from connectors.base import Address, OutboundAttachment, OutboundMessage
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.mail import MailConnector
from tests.loops import free_port, loopback_socket
from tests.smtp import SmtpServer

ANA = Address("ana@example.com", "Ana Kovač, née Smith")
TOKEN = "k3jx9abcdefghijklmnopqrstuvw"


def credentials(server: SmtpServer | None = None, **changes: object) -> dict[str, Any]:
    """Credentials of a mail channel whose incoming side is not used here."""
    plain: dict[str, Any] = {
        "address": "support@acme.example",
        "from_name": "Acme Support",
        "imap_host": "127.0.0.1",
        "imap_password": "secret",
        "smtp_host": "localhost",
        "smtp_port": server.port if server else 1,
        "smtp_security": "none",
    }
    return {**plain, **changes}


def reply(**changes: Any) -> OutboundMessage:
    plain: dict[str, Any] = {
        "idempotency_key": "reply-0001",
        "to": (ANA,),
        "text": "Dear Ana,\n\nit is on its way.\n2 < 3 & no <b>\n\nBest\nTom",
        "subject": "Re: Größe? Where is my order, please",
        "in_reply_to": "m2@example.com",
        "references": ("m1@example.com", "m2@example.com"),
        "reply_token": TOKEN,
    }
    return OutboundMessage(**{**plain, **changes})


def test_a_reply_arrives_with_everything_that_threads_it(smtp_server: SmtpServer) -> None:
    copy = Address("boss@example.org")
    attachment = OutboundAttachment("Rückgabe-Schein 1.pdf", "application/pdf", b"%PDF-1.4 \x00\xff")
    receipt = MailConnector().send(credentials(smtp_server), reply(cc=(copy,), attachments=(attachment,)))
    received = smtp_server.wait_for(1)[0]
    sent = received.mail
    assert received.sender == "support@acme.example"
    assert received.recipients == ("ana@example.com", "boss@example.org")
    assert receipt.external_id == "reply-0001@acme.example"
    assert sent["Message-ID"] == "<reply-0001@acme.example>"
    assert sent["In-Reply-To"] == "<m2@example.com>"
    assert sent["References"].split() == ["<m1@example.com>", "<m2@example.com>"]
    assert sent["Reply-To"] == f"Acme Support <support+r-{TOKEN}@acme.example>"
    assert sent["From"] == "Acme Support <support@acme.example>"
    assert getaddresses([str(sent["To"])])[0][1] == "ana@example.com"
    assert sent["To"].addresses[0].display_name == ANA.name
    assert sent["Cc"] == "boss@example.org"
    assert sent["Subject"] == "Re: Größe? Where is my order, please"
    assert parsedate_to_datetime(str(sent["Date"])).tzinfo is not None
    assert sent["Auto-Submitted"] is None
    plain, rich = sent.get_body(("plain",)), sent.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().replace("\r\n", "\n").rstrip("\n") == reply().text
    assert "<p>it is on its way.<br>\n2 &lt; 3 &amp; no &lt;b&gt;</p>" in rich.get_content().replace("\r\n", "\n")
    assert [(part.get_filename(), part.get_content_type(), part.get_content()) for part in sent.iter_attachments()] == [
        ("Rückgabe-Schein 1.pdf", "application/pdf", b"%PDF-1.4 \x00\xff")
    ]


def test_blind_copies_stand_in_the_envelope_alone_and_another_address_signs_it(smtp_server: SmtpServer) -> None:
    sales = Address("sales@acme.example", "Acme Sales")
    MailConnector().send(credentials(smtp_server), reply(bcc=(Address("boss@example.org"), ANA), sender=sales))
    received = smtp_server.wait_for(1)[0]
    assert received.sender == "sales@acme.example"
    assert received.recipients == ("ana@example.com", "boss@example.org")
    assert b"boss" not in received.mail.as_bytes()
    assert received.mail["From"] == "Acme Sales <sales@acme.example>"
    assert received.mail["Reply-To"] == f"Acme Sales <sales+r-{TOKEN}@acme.example>"
    assert received.mail["Message-ID"] == "<reply-0001@acme.example>"
    assert received.mail["References"].split() == ["<m1@example.com>", "<m2@example.com>"]


def test_an_automatic_mail_says_so(smtp_server: SmtpServer) -> None:
    MailConnector().send(credentials(smtp_server), reply(automatic=True))
    sent = smtp_server.wait_for(1)[0].mail
    assert (sent["Auto-Submitted"], sent["X-Auto-Response-Suppress"], sent["Precedence"]) == (
        "auto-replied",
        "All",
        "bulk",
    )


def test_html_that_is_given_is_sent_as_it_is(smtp_server: SmtpServer) -> None:
    MailConnector().send(credentials(smtp_server), reply(html="<p>Grüße <b>Tom</b></p>"))
    rich = smtp_server.wait_for(1)[0].mail.get_body(("html",))
    assert rich is not None
    assert rich.get_content().strip() == "<p>Grüße <b>Tom</b></p>"


def test_sent_twice_it_is_the_same_mail(smtp_server: SmtpServer) -> None:
    receipts = {MailConnector().send(credentials(smtp_server), reply()).external_id for _ in range(2)}
    assert receipts == {"reply-0001@acme.example"}
    assert len({received.mail["Message-ID"] for received in smtp_server.wait_for(2)}) == 1


def test_signing_in_and_encryption(smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    smtp_server.behaviour.password = "secret"
    secure = credentials(smtp_server, smtp_security="starttls")
    with pytest.raises(Transient, match="certificate that cannot be trusted"):
        MailConnector().send(secure, reply())
    monkeypatch.setenv("SSL_CERT_FILE", str(smtp_server.certificate))
    MailConnector().send(secure, reply())
    MailConnector().send({**secure, "smtp_security": "ssl", "smtp_port": smtp_server.tls_port}, reply())
    assert [(received.signed_in, received.encrypted) for received in smtp_server.wait_for(2)] == [(True, True)] * 2
    with pytest.raises(BadCredentials, match=r"refuses user support@acme\.example"):
        MailConnector().send({**secure, "smtp_password": "wrong"}, reply())


@pytest.mark.parametrize(
    ("behaviour", "error", "words"),
    [
        (
            {"sender_reply": "550 5.7.60 not allowed to send as this user"},
            Rejected,
            "refuses mail from support@acme.example",
        ),
        ({"sender_reply": "530 5.7.0 Authentication required"}, BadCredentials, "Authentication required"),
        ({"sender_reply": "451 4.3.0 try later"}, Transient, "try later"),
        ({"data_reply": "554 5.7.1 looks like spam"}, Rejected, "looks like spam"),
        ({"data_reply": "552 5.3.4 too big"}, Rejected, "too big"),
        ({"data_reply": "452 4.2.2 full"}, Transient, "full"),
        (
            {"recipient_replies": {"ana@example.com": "550 5.1.1 no such user"}},
            Rejected,
            "ana@example.com: 550 5.1.1 no such",
        ),
        ({"recipient_replies": {"ana@example.com": "450 4.2.0 greylisted"}}, Transient, "greylisted"),
        ({"fault": "drop_before_answer"}, Transient, "closed the connection"),
        ({"fault": "drop_after_store"}, Transient, "closed the connection"),
        ({"fault": "hang_before_answer"}, Transient, "did not answer in time"),
        ({"password": "another"}, BadCredentials, "refuses user"),
    ],
)
def test_every_refusal_becomes_the_right_error(
    smtp_server: SmtpServer, behaviour: dict[str, Any], error: type[Exception], words: str
) -> None:
    for name, value in behaviour.items():
        setattr(smtp_server.behaviour, name, value)
    connector = MailConnector(Timing(read_seconds=5, answer_seconds=0.3))
    with pytest.raises(error, match=words):
        connector.send(credentials(smtp_server), reply())
    kept = len(smtp_server.messages)
    assert kept == (1 if behaviour.get("fault") == "drop_after_store" else 0)


def test_when_one_recipient_is_refused_nobody_gets_half_a_conversation(smtp_server: SmtpServer) -> None:
    smtp_server.behaviour.recipient_replies["gone@example.org"] = "550 5.1.1 no such user"
    with pytest.raises(Rejected, match=r"gone@example\.org: 550 .*Nobody was sent the mail"):
        MailConnector().send(credentials(smtp_server), reply(cc=(Address("gone@example.org"),)))
    assert smtp_server.messages == []


def test_a_server_that_is_away_or_silent_or_no_mail_server() -> None:
    connector = MailConnector(Timing(connect_seconds=0.2, read_seconds=0.2))
    with pytest.raises(Transient, match="refuses connections"):
        connector.send(credentials(smtp_port=free_port()), reply())
    with loopback_socket() as silent:
        silent.listen()
        with pytest.raises(Transient, match="did not answer in time"):
            connector.send(credentials(smtp_host="127.0.0.1", smtp_port=silent.getsockname()[1]), reply())


def test_a_server_may_think_long_about_a_whole_mail(smtp_server: SmtpServer) -> None:
    smtp_server.behaviour.fault = "slow_answer"
    MailConnector(Timing(read_seconds=0.2, answer_seconds=30)).send(credentials(smtp_server), reply())
    assert len(smtp_server.messages) == 1


@pytest.mark.parametrize(
    "name",
    ['Smith, "Bob" (sales)', "a@b.example", "Ana; Kovač <x@y.example>", "O\\'Neil", "=?utf-8?q?no?=", "山田 太郎"],
)
def test_any_name_arrives_as_it_is(smtp_server: SmtpServer, name: str) -> None:
    MailConnector().send(
        credentials(smtp_server), reply(to=(Address("ana@example.com", name), Address("b@example.com", name)))
    )
    heard = smtp_server.wait_for(1)[0].mail["To"].addresses
    assert [(one.display_name, one.addr_spec) for one in heard] == [(name, "ana@example.com"), (name, "b@example.com")]


def test_addresses_beyond_ascii_need_a_server_that_can(smtp_server: SmtpServer) -> None:
    MailConnector().send(credentials(smtp_server), reply(to=(Address("anna@bücher.example", "Änna"),)))
    assert smtp_server.wait_for(1)[0].recipients == ("anna@xn--bcher-kva.example",)
    with pytest.raises(Rejected, match="not a domain"):  # groesse.example would be somebody else
        MailConnector().send(credentials(smtp_server), reply(to=(Address("anna@größe.example"),)))
    with pytest.raises(Rejected, match="beyond ASCII"):
        MailConnector().send(credentials(smtp_server), reply(to=(Address("änna@example.com"),)))


@pytest.mark.parametrize("bad", ["\r\n", "\n", "\r", "\0"])
@pytest.mark.parametrize(
    "field",
    [
        "subject",
        "from_name",
        "in_reply_to",
        "reply_token",
        "idempotency_key",
        "to",
        "name",
        "references",
        "filename",
        "type",
    ],
)
def test_a_line_break_in_any_header_value_refuses_the_mail(field: str, bad: str) -> None:
    value = f"x{bad}Bcc: victim@example.net"
    change: dict[str, Any] = {field: value}
    if field == "to":
        change = {"to": (Address(f"ana@example.com{bad}Bcc: v@example.net"),)}
    if field == "name":
        change = {"cc": (Address("ana@example.com", value),)}
    if field == "references":
        change = {"references": (value,)}
    if field == "filename":
        change = {"attachments": (OutboundAttachment(value, "image/png", b""),)}
    if field == "type":
        change = {"attachments": (OutboundAttachment("a.png", f"image/png{bad}X: y", b""),)}
    with pytest.raises(Rejected):
        MailConnector().send(credentials(), reply(**change))


NASTY = (
    st.text(max_size=80)
    | st.text('\r\n\0\x0b\x0c\x1c\x85\u2028:;,<>@"\\=?( a', max_size=40)
    | st.text("ä中 ", max_size=300)
)
ALLOWED = {
    "From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Content-Type", "MIME-Version",
    "Content-Transfer-Encoding",
}  # fmt: skip


@given(texts=st.fixed_dictionaries(dict.fromkeys(("subject", "name", "local", "reference", "text", "filename"), NASTY)))
@settings(max_examples=300, deadline=None)
def test_no_text_can_add_a_header_or_a_recipient(texts: dict[str, str]) -> None:
    message = reply(
        subject=texts["subject"],
        to=(Address("ana@example.com", texts["name"]), Address(f"{texts['local']}@example.com")),
        text=texts["text"],
        references=(texts["reference"],),
        in_reply_to=texts["reference"],
        attachments=(OutboundAttachment(texts["filename"], "image/png", b"\x89PNG"),),
    )
    try:
        letter = compose(read_settings(credentials()), message)
    except Rejected:
        return
    top, _, _ = letter.raw.partition(b"\r\n\r\n")
    lines = top.split(b"\r\n")
    assert not any(sign in line for line in lines for sign in (b"\r", b"\n", b"\0"))
    assert all(len(line) <= 998 for line in lines)
    names = [line.split(b":")[0].decode() for line in lines if line[:1] not in (b" ", b"\t")]
    assert set(names) <= ALLOWED
    assert len(names) == len(set(names))
    assert len(letter.recipients) == len({"ana@example.com", letter.recipients[-1]})
    assert all(" " not in recipient and "," not in recipient for recipient in letter.recipients)


def test_too_large_attachments_are_refused_before_anything_is_sent() -> None:
    huge = OutboundAttachment("film.mp4", "video/mp4", bytes(25_000_001))
    with pytest.raises(Rejected, match="larger than 25 MB"):
        MailConnector().send(credentials(), reply(attachments=(huge,)))


def test_long_threads_and_dangerous_attachment_types() -> None:
    many = tuple(f"m{number}@example.com" for number in range(500))
    forwarded = OutboundAttachment("letter.eml", "message/rfc822", b"Subject: x\n\nbody")
    raw = compose(read_settings(credentials()), reply(references=many, attachments=(forwarded,))).raw

    mail = email.message_from_bytes(raw)
    ids = str(mail["References"]).split()
    assert (len(ids), ids[0], ids[-1]) == (30, "<m0@example.com>", "<m2@example.com>")
    kinds = [part.get_content_type() for part in mail.walk()]
    assert "message/rfc822" not in kinds
    assert "application/octet-stream" in kinds
