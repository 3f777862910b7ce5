"""Who vouches for a sender: only our own server's word counts, and only DMARC makes a sender verified."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._mime import parse_mail
from connectors.base import InboundMessage, RawDelivery
from connectors.mail import MailConnector

OURS = "mx.acme.example"
GOOD = "dkim=pass header.d=example.org header.s=s1; spf=pass smtp.mailfrom=bounce.example.org"


def read(results: list[str], *, sender: str = "ruth@example.org", ours: str = OURS) -> InboundMessage:
    head = "".join(f"Authentication-Results: {value}\n" for value in results)
    raw = f"{head}Received: from x by y\nFrom: {sender}\nTo: support@acme.example\nSubject: Hi\n\nHello"
    return parse_mail(raw.encode(), authserv_id=ours)


def test_a_sender_whose_domain_vouches_is_verified() -> None:
    message = read([f"{OURS} 1; {GOOD}; dmarc=pass (p=REJECT; dis=NONE) header.from=example.org"])
    assert message.sender.verified
    assert message.custom == {"authentication": "DKIM pass, SPF pass, DMARC pass"}


def test_without_dmarc_nobody_is_verified_and_nothing_is_said_against_them() -> None:
    message = read([f"{OURS}; {GOOD}"])
    assert not message.sender.verified
    assert "warning" not in message.custom


WARNED = {
    "dmarc fails": (f"{OURS}; {GOOD}; dmarc=fail header.from=example.org", "may be forged"),
    "another domain signs": (f"{OURS}; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=a@evil.example",
                             "evil.example vouches for this mail, example.org does not"),
    "nothing holds": (f"{OURS}; dkim=none; spf=fail smtp.mailfrom=example.org", "nothing vouches for example.org"),
    "a suffix is no kin": (f"{OURS}; dkim=pass header.d=notexample.org", "notexample.org vouches"),
    "a public suffix is no kin": (f"{OURS}; dkim=pass header.d=org", "org vouches"),
}  # fmt: skip


@pytest.mark.parametrize(("results", "words"), WARNED.values(), ids=WARNED.keys())
def test_a_sender_who_may_be_forged_is_marked(results: str, words: str) -> None:
    message = read([results])
    assert not message.sender.verified
    assert words in message.custom["warning"]


NOT_OURS = {
    "of somebody else": [f"mx.evil.example; {GOOD}; dmarc=pass header.from=example.org"],
    "ours, but below another": ["mx.evil.example; none", f"{OURS}; {GOOD}; dmarc=pass header.from=example.org"],
    "our name as a part": [f"{OURS}.evil.example; dmarc=pass header.from=example.org"],
    "our name in a comment": [f"({OURS}) evil.example; dmarc=pass header.from=example.org"],
    "none at all": [],
}


@pytest.mark.parametrize("results", NOT_OURS.values(), ids=NOT_OURS.keys())
def test_nobody_elses_word_counts(results: list[str]) -> None:
    message = read(results)
    assert not message.sender.verified
    assert not message.custom


def test_without_the_setting_nothing_is_believed() -> None:
    assert not read([f"{OURS}; dmarc=pass header.from=example.org"], ours="").sender.verified


def test_a_pass_for_another_domain_or_for_two_senders_verifies_nobody() -> None:
    assert not read([f"{OURS}; dmarc=pass header.from=other.example"]).sender.verified
    two = read([f"{OURS}; dmarc=pass header.from=example.org"], sender="ruth@example.org, tom@example.org")
    assert not two.sender.verified
    assert two.custom["warning"] == "It names 2 senders."


def test_what_microsoft_writes_is_read() -> None:
    value = (
        "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.org; dkim=pass (signature was verified)"
        " header.d=example.org;dmarc=pass action=none header.from=example.org;compauth=pass reason=100"
    )
    assert read([value], ours="-").sender.verified
    assert not read([f"mx.evil.example; {value}"], ours="-").sender.verified


def test_signs_inside_quotes_and_comments_end_nothing() -> None:
    value = f'{OURS}; dkim=fail reason="a; dmarc=pass header.from=example.org"; spf=pass (x \\) ; dmarc=pass (y)) smtp.mailfrom=b.example'
    message = read([value])
    assert message.custom["authentication"] == "DKIM fail, SPF pass"
    assert not message.sender.verified


def test_the_channel_says_whose_word_counts() -> None:
    raw = (
        f"Authentication-Results: {OURS}; dmarc=pass header.from=example.org\nFrom: ruth@example.org\n\nHello".encode()
    )
    delivery = RawDelivery(raw, datetime(2025, 3, 4, tzinfo=UTC), meta={"authserv_id": OURS})
    assert MailConnector().parse(delivery)[0].sender.verified


@given(st.text(alphabet='();"\\=. adkimpsfrcx@-/\n\t', max_size=300))
def test_whatever_stands_there_nobody_is_verified_by_it(value: str) -> None:
    if "dmarc" not in value:
        assert not read([f"{OURS}; {' '.join(value.split())}"]).sender.verified
