"""Signed and encrypted mail, winmail.dat and complaints: shown as what they are."""

from __future__ import annotations

import base64
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import _tnef
from connectors._mime import parse_mail
from connectors._sealed import read_signed
from connectors.base import InboundMessage

HEAD = "From: Ruth <ruth@example.org>\nTo: support@acme.example\nSubject: Hello\nMIME-Version: 1.0\n"
WORDS = "Content-Type: text/plain; charset=utf-8\n\nBitte ändern Sie die Adresse.\n"


def read(rest: str | bytes) -> InboundMessage:
    return parse_mail(HEAD.encode() + (rest if isinstance(rest, bytes) else rest.encode()))


def multipart(kind: str, *parts: str) -> str:
    body = "".join(f"--b\n{part}\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="b"\n\n{body}--b--\n'


def names(message: InboundMessage) -> list[str]:
    return [file.filename for file in message.attachments]


@pytest.mark.parametrize(("protocol", "said"), [("pgp-signature", "PGP"), ("pkcs7-signature", "S/MIME")])
def test_a_mail_with_its_signature_beside_it_is_read_and_called_signed(protocol: str, said: str) -> None:
    kind = f'signed; protocol="application/{protocol}"'
    message = read(multipart(kind, WORDS, f"Content-Type: application/{protocol}\n\nxx"))
    assert message.text == "Bitte ändern Sie die Adresse."
    assert message.custom == {"signed": f"{said}: the signature was not checked"}


def test_an_encrypted_pgp_mail_keeps_its_file() -> None:
    control = "Content-Type: application/pgp-encrypted\n\nVersion: 1"
    secret = 'Content-Type: application/octet-stream; name="encrypted.asc"\n\n-----BEGIN PGP MESSAGE-----\n\nabc'
    message = read(multipart('encrypted; protocol="application/pgp-encrypted"', control, secret))
    assert message.custom == {"encrypted": "PGP: it cannot be read here, the encrypted file is attached"}
    assert "encrypted.asc" in names(message)
    assert message.text == ""


def test_an_encrypted_block_inside_the_words_becomes_a_file() -> None:
    block = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----"
    message = read(f"\nHello,\n\n{block}\n\nRuth")
    assert message.text == "Hello,\n\n\n\nRuth"
    assert [(file.filename, file.data) for file in message.attachments] == [("encrypted.asc", block.encode())]
    assert message.custom["encrypted"].startswith("PGP")
    assert read("\n-----BEGIN PGP MESSAGE-----\nnever closed").text.startswith("-----BEGIN")


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("smime")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=ruth"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    (folder / "mail").write_text(WORDS, encoding="utf-8")
    return folder


@pytest.mark.parametrize("how", ["", "-stream"])
def test_opaquely_signed_mail_of_openssl_is_read(signer: Path, how: str) -> None:
    command = f"openssl smime -sign -nodetach {how} -in mail -signer cert.pem -inkey key.pem -outform DER -binary"
    cms = subprocess.run(command.split(), cwd=signer, check=True, capture_output=True).stdout
    kind = "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"
    message = read(f"{kind}\nContent-Transfer-Encoding: base64\n\n{base64.encodebytes(cms).decode()}")
    assert message.text == "Bitte ändern Sie die Adresse."
    assert message.custom == {"signed": "S/MIME: the signature was not checked"}


def test_encrypted_smime_mail_of_openssl_keeps_its_file(signer: Path) -> None:
    command = "openssl smime -encrypt -aes256 -in mail -outform DER cert.pem"
    cms = subprocess.run(command.split(), cwd=signer, check=True, capture_output=True).stdout
    kind = "Content-Type: application/x-pkcs7-mime; name=smime.p7m"
    message = read(f"{kind}\nContent-Transfer-Encoding: base64\n\n{base64.encodebytes(cms).decode()}")
    assert message.custom == {"encrypted": "S/MIME: it cannot be read here, the encrypted file is attached"}
    assert [(file.filename, file.data) for file in message.attachments] == [("smime.p7m", cms)]


@given(st.binary(max_size=400))
def test_a_broken_signature_gives_bytes_or_nothing(rest: bytes) -> None:
    read_signed(bytes.fromhex("3080" + "06092a864886f70d010702" + "a0803080" + "06092a864886f70d010701") + rest)


def tnef_object(level: int, name: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def winmail(*files: tuple[bytes, bytes], body: bytes = b"") -> bytes:
    objects = [
        tnef_object(1, 0x9006, 8, struct.pack("<I", 0x10000)),
        tnef_object(1, 0x9007, 6, struct.pack("<II", 1252, 0)),
    ]
    if body:
        objects.append(tnef_object(1, 0x800C, 2, body))
    for name, data in files:
        objects.append(tnef_object(2, 0x9002, 6, bytes(14)))
        objects.append(tnef_object(2, 0x8010, 1, name + b"\0"))
        objects.append(tnef_object(2, 0x800F, 6, data))
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(objects)


def tnef_part(data: bytes) -> str:
    head = 'Content-Type: application/ms-tnef; name="winmail.dat"\nContent-Transfer-Encoding: base64'
    return f"{head}\n\n{base64.encodebytes(data).decode()}"


def test_the_files_in_a_winmail_are_taken_out() -> None:
    packed = winmail((b"bill.pdf", b"%PDF-1.4 x"), (b"../photo.jpg", b"\xff\xd8"))
    message = read(multipart("mixed", WORDS, tnef_part(packed)))
    assert message.text == "Bitte ändern Sie die Adresse."
    found = [(file.filename, file.content_type, file.data) for file in message.attachments]
    assert found == [("bill.pdf", "application/pdf", b"%PDF-1.4 x"), ("photo.jpg", "image/jpeg", b"\xff\xd8")]


def test_the_words_in_a_winmail_count_where_there_are_no_others() -> None:
    assert read(tnef_part(winmail(body=b"The lid is broken.\0"))).text == "The lid is broken."
    assert read(multipart("mixed", WORDS, tnef_part(winmail(body=b"x")))).text == "Bitte ändern Sie die Adresse."


HOSTILE = {
    "cut in the middle": winmail((b"a.txt", b"x" * 100))[:80],
    "millions of properties": winmail() + tnef_object(1, 0x9003, 6, struct.pack("<I", 0xFFFFFFFF) + bytes(40)),
    "a file without its start": winmail() + tnef_object(2, 0x800F, 6, b"x"),
    "only the signature": b"\x78\x9f\x3e\x22",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_winmail_that_cannot_be_opened_stays_a_file(data: bytes) -> None:
    message = read(multipart("mixed", WORDS, tnef_part(data)))
    assert names(message) == ["winmail.dat"]
    assert message.attachments[0].data == data


@settings(max_examples=15, deadline=None)
@given(st.integers(6, 120), st.binary(min_size=1, max_size=8))
def test_a_mutated_winmail_is_opened_or_refused(at: int, noise: bytes) -> None:
    data = winmail((b"a.txt", b"hello"))
    _tnef.unpack(data[:at] + noise + data[at + len(noise) :])


def test_a_complaint_says_about_what_and_from_whom() -> None:
    words = "Content-Type: text/plain\n\nThis is an email abuse report."
    report = (
        "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n"
        "Original-Rcpt-To: rfc822;Ruth@Example.org"
    )
    ours = "Content-Type: message/rfc822\n\nFrom: support@acme.example\nMessage-ID: <out-1@acme.example>\n\nHi"
    message = read(multipart("report; report-type=feedback-report", words, report, ours))
    assert message.auto == "auto_reply"
    assert message.custom == {
        "complaint": "abuse",
        "complaint_recipient": "ruth@example.org",
        "original_message_id": "out-1@acme.example",
    }
