"""New words, quotes and signatures of plain-text mails: a corpus in thirty languages, and laws that hold for any text."""

from __future__ import annotations

import sys
from collections import Counter
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors._mime import parse_mail
from connectors._newtext import split_reply
from tests.connectors.mail_corpus.cases import Reply, replies

REPLIES = replies()


def mail_of(body: str, subject: str) -> bytes:
    head = f"From: Ruth <ruth@example.org>\nTo: support@acme.example\nSubject: {subject}\n"
    return f"{head}MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{body}".encode()


def test_the_corpus_is_large_and_varied() -> None:
    assert len(REPLIES) >= 90
    assert len({reply.name.split()[1] for reply in REPLIES}) >= 20


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_only_the_new_words_are_text(reply: Reply) -> None:
    subject = "Fwd: order" if "forward" in reply.name else "Re: order"
    message = parse_mail(mail_of(reply.body, subject))
    assert message.text == reply.text


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_no_word_is_lost_between_the_parts(reply: Reply) -> None:
    parts = split_reply(reply.body)
    together = f"{parts.text} {parts.quoted} {parts.signature}".split()
    assert Counter(together) == Counter(reply.body.split())


MARKERS = st.sampled_from(
    [
        *("> quoted", ">> deeper", "On Tue, Mar 4, 2025 at 3:14 PM Tom <t@x.example> wrote:", "wrote:", "-- ", "--"),
        *("-----Original Message-----", "From: Tom <t@x.example>", "Sent: Tuesday", "To: Ruth", "Subject: Hi", ""),
        *("________________________________", "Sent from my iPhone", "Best regards,", "+49 30 1234567", "new words"),
        *(
            "Am 04.03.2025 um 15:14 schrieb",
            "Tom:",
            "2025年3月4日 15:14 客服 <a@b.example>:",
            "Begin forwarded message:",
        ),
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(MARKERS | st.text(max_size=30).filter(lambda text: "\n" not in text), max_size=40), st.booleans())
def test_whatever_the_lines_are_no_word_is_lost(lines: list[str], is_reply: bool) -> None:
    body = "\n".join(lines).translate(dict.fromkeys(range(1, 5)))
    parts = split_reply(body, is_reply=is_reply)
    together = f"{parts.text}\n{parts.quoted}\n{parts.signature}"
    assert Counter("".join(together.split())) == Counter("".join(body.split()))


CRAFTED = {
    "openers": "On \n", "attributions": "On 1/1/20, 1:1 AM x@y.example wrote:\n", "attribution without end": "On 1/1/20, 1:1 AM ",
    "verbs": "wrote:\n", "blank lines": "\n", "blanks": " ", "quote marks": ">", "quoted lines": ">\n", "alternating": ">\na\n",
    "fields": "From: x@y.example\n", "header blocks": "From: a\nTo: b\n\n", "colons": ":\n", "rules": "-----\n", "underscores": "_",
    "delimiters": "-- \n", "phones": "Sent from my iPhone\n", "closings": "Best regards,\n+49 30 1234567\n",
    "disclaimers": "This email is confidential\n\n", "originals": "-----Original Message\n", "angle": "x <a@b.example>\n",
    "chinese": "在 2024年1月5日 写道：\n", "digits": "+4 9",
}  # fmt: skip


def calls_to_split(body: str) -> int:
    """How many functions run while a text is split: a measure of work that no other process disturbs."""
    count = 0

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        split_reply(body)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("unit", CRAFTED.values(), ids=CRAFTED.keys())
@pytest.mark.timeout(20)
def test_ten_times_the_markers_cost_at_most_ten_times_the_work(unit: str) -> None:
    small = calls_to_split((unit * 5_000)[:5_000])
    large = calls_to_split((unit * 50_000)[:50_000])
    assert large <= 10.5 * small + 2_000
    assert large <= 250_000


def test_a_forward_without_own_words_is_text_unless_the_mail_is_an_answer() -> None:
    body = "From: Tom <t@x.example>\nSent: Tuesday\nTo: Ruth\nSubject: Hi\n\nThe content."
    assert split_reply(body).text == "The content."
    assert split_reply(body, is_reply=True).text == ""


def test_words_in_front_of_an_attribution_on_its_line_are_new() -> None:
    parts = split_reply("Yes, do. On Tue, Mar 4, 2025 at 3:14 PM Tom <t@x.example> wrote:\n\n> Shall I?", is_reply=True)
    assert parts.text == "Yes, do."


def test_lines_beyond_those_looked_at_follow_the_last_one() -> None:
    log = "\n".join(f"line {number}" for number in range(6_000))
    assert split_reply(log).text == log
    quote = "Hi\n\nOn 4 Mar 2025, at 15:14, Tom wrote:\n" + "\n".join(f"> {number}" for number in range(6_000))
    assert split_reply(quote).text == "Hi"
