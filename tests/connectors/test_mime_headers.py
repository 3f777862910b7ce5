"""Headers as they are really written: encoded words, addresses, dates, ids, tokens, and values made to hurt."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors._addresses import MAX_ADDRESSES, parse_addresses
from connectors._charset import codec_for, decode
from connectors._encoded import decode_words, read_parameters
from connectors._mime import NOBODY_DOMAIN, SYNTHETIC_DOMAIN, parse_mail

WORDS = {
    "=?utf-8?Q?J=C3=B6rg?= =?utf-8?B?TcO8bGxlcg==?=": "JörgMüller",
    "=?utf-8?q?a_b?= c =?utf-8?q?d?=": "a b c d",
    "=?utf-8?B?5pel?= \t =?utf-8?B?5pys?=": "日本",
    "a=?utf-8?q?=F0=9F?==?utf-8?q?=98=80?=b": "a😀b",
    "=?utf-8?Q?hello world?=": "hello world",
    "=?utf-8?Q?Really?=20yes?=": "Really? yes",
    "=?utf-8?B?SGVsbG8": "Hello",
    "=?utf-8?B?SGV sbG8?=": "Hello",
    "=?utf-8?Q?broken =?utf-8?Q?ok?=": "=?utf-8?Q?broken ok",
    "=?utf-8*en?Q?abc?=": "abc",
    "=?ISO-2022-JP?B?GyRCJDMkcxsoQg==?=": "こん",
    "=?gb2312?B?xOO6ww==?=": "你好",
    "=?iso-8859-1?Q?=A4=80?=": "¤€",
    "=?undefined?Q?a=FFb?=": "aÿb",
    "=?x-unknown?Q?K=C3=B6ln?=": "Köln",
    "=?hex?Q?41?=": "41",
    "=?UTF-8?Q?=?=": "",
    "no words at all": "no words at all",
    "=?windows-1251?Q?=CF=F0=E8=E2=E5=F2?==?windows-1251?Q?_=E2=F1=E5=EC?=": "Привет всем",
    "=?gb2312?Q?=C4=FA=BA=C3?= =?gb18030?B?tqmktQ==?=": "您好订さ",
    "=?ISO-2022-JP?B?GyRCN28bKEI=?= =?ISO-2022-JP?B?GyRCTD4bKEI=?=": "件名",
    "=?koi8-r?B?8NLJ18XU?= =?utf-8?Q?=21?= =?iso-8859-2?Q?=A3?=": "Привет!Ł",
}


@pytest.mark.parametrize(("value", "text"), WORDS.items(), ids=WORDS.keys())
def test_encoded_words_are_decoded(value: str, text: str) -> None:
    assert decode_words(value) == text


ADDRESSES = {
    "Anna <Anna@Example.org>": [("anna@example.org", "Anna")],
    '"Doe, John" <j@x.example>, b@x.example': [("j@x.example", "Doe, John"), ("b@x.example", "")],
    "Doe, John <j@x.example>": [("j@x.example", "Doe, John")],
    "a@b.example (Comment (nested))": [("a@b.example", "Comment (nested)")],
    "undisclosed-recipients:;": [],
    'Friends: a@b.example, "B" <b@b.example>; c@d.example': [
        ("a@b.example", ""),
        ("b@b.example", "B"),
        ("c@d.example", ""),
    ],
    "=?utf-8?Q?J=C3=B6rg_=3Ca=40b.example=3E?=": [("a@b.example", "Jörg")],
    "=?utf-8?B?SsO2cmcgTcO8bGxlciwgR21iSA==?= <x@y.example>": [("x@y.example", "Jörg Müller, GmbH")],
    '"=?utf-8?Q?J=C3=B6rg?=" <x@y.example>': [("x@y.example", "Jörg")],
    "alice@example.org)bob@example.net": [],
    '"alice@good.example" <bob@evil.example>': [("bob@evil.example", "alice@good.example")],
    "alice@good.example <bob@evil.example>": [("bob@evil.example", "alice@good.example")],
    "<<a@b.example>>": [("a@b.example", "")],
    "Anna <a@b.example": [("a@b.example", "Anna")],
    "Anna <a@b.example, Ben <b@b.example>": [("a@b.example", "Anna"), ("b@b.example", "Ben")],
    "Anna anna@x.example": [("anna@x.example", "Anna")],
    "<mailto:a@b.example>": [("a@b.example", "")],
    "<@relay.example:a@b.example>": [("a@b.example", "")],
    "user@[192.0.2.1]": [("user@[192.0.2.1]", "")],
    '"john doe"@x.example': [('"john doe"@x.example', "")],
    '"unclosed <a@b.example>': [("a@b.example", "unclosed")],
    "Anna (unclosed <a@b.example>": [("a@b.example", "Anna unclosed")],
    "用户@例子.中国": [("用户@例子.中国", "")],
    "a . b @ c . example": [("a.b@c.example", "")],
    "'Anna' <a@b.example>": [("a@b.example", "Anna")],
    "a@b.example; b@b.example;": [("a@b.example", ""), ("b@b.example", "")],
    '"\\"Q\\" X" <q@x.example>': [("q@x.example", '"Q" X')],
    "a@b@c.example": [],
    "<>": [],
    "": [],
    "Pete(A nice \\) chap) <pete(his account)@silly.example(his host)>": [("pete@silly.example", "Pete")],
    "A Group(Some people)\t:Chris <c@(Chris's host.)public.example>, <j@one.example> (my friend); (end)": [
        ("c@public.example", "Chris"),
        ("j@one.example", "my friend"),
    ],
    "Mary Smith <@node.example:mary@example.net>, , jdoe@test  . example": [
        ("mary@example.net", "Mary Smith"),
        ("jdoe@test.example", ""),
    ],
    '"=?utf-8?B?TcO8bGxlciwgSGFucw==?=" <h@x.example>': [("h@x.example", "Müller, Hans")],
    "=?UTF-8?Q?Tom_=40_Acme?= <tom@acme.example>": [("tom@acme.example", "Tom @ Acme")],
    "tom@acme.example (=?UTF-8?Q?J=C3=B6rg?=)": [("tom@acme.example", "Jörg")],
    "Recipient List <>;": [],
    "Foo [Bar] <a@b.example>": [("a@b.example", "Foo [Bar]")],
    "a@b.example\x00, c@d.example": [("c@d.example", "")],
}


@pytest.mark.parametrize(("value", "expected"), ADDRESSES.items(), ids=repr)
def test_addresses_are_read(value: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.email, one.name) for one in parse_addresses(value)] == expected


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit", ['"', "(", '"\\', "<", "<a@b,", "(\\", "[", "((@", '"@', ":", "@ ", " .", '("@', "a@b.c,", "=?a?q?"]
)
def test_hostile_address_lists_are_bounded(unit: str) -> None:
    value = (unit * 1_000_000)[:1_000_000]
    assert len(parse_addresses(value)) <= MAX_ADDRESSES
    decode_words(value)
    read_parameters(value)


def test_ten_thousand_recipients_are_read() -> None:
    to = ",\n ".join(f"person{number}@example.org" for number in range(10_000))
    message = parse_mail(f"From: a@b.example\nTo: {to}\n\nhi".encode())
    assert [one.email for one in message.to] == [f"person{number}@example.org" for number in range(10_000)]


def test_parameters_are_read() -> None:
    assert read_parameters('attachment; filename="a;b.txt"; size=3') == (
        "attachment",
        {"filename": "a;b.txt", "size": "3"},
    )
    assert read_parameters("a; filename*=utf-8''na%C3%AFve%20x.txt")[1] == {"filename": "naïve x.txt"}
    parts = "a; filename*0*=iso-8859-1'de'Gr%FC; filename*1=\"sse .pdf\""
    assert read_parameters(parts)[1] == {"filename": "Grüsse .pdf"}
    assert read_parameters('a; filename="unclosed.pdf')[1] == {"filename": "unclosed.pdf"}
    assert read_parameters("")[0] == ""


def test_charset_labels_are_read_as_they_are_meant_and_never_trusted() -> None:
    assert [codec_for(one) for one in ("undefined", "rot13", "hex", "idna", "os.path", "x" * 99, "", "a\x00b")] == [
        None
    ] * 8
    assert decode("Größe".encode("latin-1")) == "Größe"
    assert decode("Größe".encode(), "us-ascii") == "Größe"
    assert decode(b"\x93quoted\x94", "iso-8859-1") == "“quoted”"
    assert decode("您好，订单".encode("gb18030"), "gb2312") == "您好，订单"
    assert decode(b"\x1b$B-!-j%F%9%H\x1b(B", "iso-2022-jp") == "①㈱テスト"
    assert (
        decode("Здравствуйте, где мой заказ? Жду две недели".encode("koi8-r"))
        == "Здравствуйте, где мой заказ? Жду две недели"
    )
    assert decode(b"+2AA-x", "utf-7") == "�x"
    assert decode(b"nul\x00", "utf-8") == "nul"


UNLABELLED = {
    "cp1252": "Müller|José Núñez|Søren Kjær|São Paulo|L’été à Paris|¿Dónde está?|Þórður Jónsson|“quoted”|100 € zurück",
    "cp1250": "Łódź|Michał Wiśniewski|Jiří Dvořák|Příliš žluťoučký kůň|Vă mulţumesc|Őszinte üdvözlettel",
    "iso8859-2": "Łódź|Michał Wiśniewski|Jiří Dvořák",
    "cp1251": "Привет|Иван Петров|ЗАКАЗ НЕ ПРИШЕЛ|Дякую, отримав|счёт № 5",
    "koi8-r": "Привет|Иван Петров|ЗАКАЗ НЕ ПРИШЕЛ|Re: Вопрос по заказу",
    "cp1253": "Γιώργος|Παραγγελία",
    "cp1254": "Teşekkürler|İyi günler|Yılmaz",
    "cp1255": "שלום|תודה רבה",
    "cp1256": "محمد|لم يصل الطلب بعد",
    "cp874": "สมชาย ใจดี|ยังไม่ได้รับสินค้า",
    "gb18030": "你好|王小明|转发: 会议通知|我的订单还没有收到",
    "big5": "訂單|王小明|我的訂單還沒有收到",
    "cp932": "山田太郎|お問い合わせ|株式会社|Re: ご質問",
    "euc-jp": "山田太郎|お問い合わせ|Re: ご質問",
    "cp949": "안녕하세요|김철수|주문 문의",
}


@pytest.mark.parametrize("charset", UNLABELLED)
def test_a_few_bytes_without_a_label_say_in_which_charset_they_are(charset: str) -> None:
    texts = UNLABELLED[charset].split("|")
    assert [decode(text.encode(charset)) for text in texts] == texts
    assert [decode(text.encode(charset), "utf-8") for text in texts] == texts


def test_utf8_that_was_cut_inside_a_character_stays_utf8() -> None:
    assert decode("Größe: 3 m²".encode()[:-1]) == "Größe: 3 m�"
    assert decode("Größe Прив".encode()[:-1], "utf-8") == "Größe При�"


def headers_of(head: str) -> bytes:
    return f"{head}\n\nhello".encode()


DATES = {
    "Tue, 4 Mar 2025 15:14:07 +0100": datetime(2025, 3, 4, 14, 14, 7, tzinfo=UTC),
    "4 Mar 2025 15:14": datetime(2025, 3, 4, 15, 14, tzinfo=UTC),
    "Tue, 4 Mar 2025 15:14:07 -0000": datetime(2025, 3, 4, 15, 14, 7, tzinfo=UTC),
    "2025-03-04T15:14:07+05:30": datetime(2025, 3, 4, 9, 44, 7, tzinfo=UTC),
    "Tue, 4 Mar 0025 99:14:07 +0100": None,
    "Tue, 4 Mar 9999 15:14:07 +0100": None,
    "Tue, 32 Mar 2025 15:14:07 +0100": None,
    "Tue, 4 Mar 2025 15:14:07 +9999999": datetime(2025, 3, 4, 15, 14, 7, tzinfo=UTC),
    "yesterday": None,
    "": None,
}


@pytest.mark.parametrize(("value", "moment"), DATES.items(), ids=repr)
def test_dates_are_read_in_utc_or_not_at_all(value: str, moment: datetime | None) -> None:
    assert parse_mail(headers_of(f"From: a@b.example\nDate: {value}")).sent_at == moment


def test_a_missing_date_is_taken_from_the_first_server() -> None:
    received = "Received: by a; Tue, 4 Mar 2025 15:14:09 +0000\nReceived: by b; Tue, 4 Mar 2025 15:14:07 +0000"
    assert parse_mail(headers_of(f"{received}\nFrom: a@b.example")).sent_at == datetime(
        2025, 3, 4, 15, 14, 7, tzinfo=UTC
    )


def test_ids_lose_their_brackets_and_references_keep_their_order() -> None:
    head = "Message-ID: <m1@x>\nIn-Reply-To: your mail <r2@x>\nReferences: <r1@x>\n <r2@x><r1@x>\n\t<r3\n @x>"
    message = parse_mail(headers_of(f"From: a@b.example\n{head}"))
    assert (message.external_id, message.in_reply_to, message.references) == ("m1@x", "r2@x", ("r1@x", "r2@x", "r3@x"))


@pytest.mark.parametrize("value", ["", "<>", "< >", "two words", "<" + "x" * 2_000 + "@y>"])
def test_a_mail_without_a_usable_id_gets_one_of_its_content(value: str) -> None:
    raw = headers_of(f"From: a@b.example\nMessage-ID: {value}")
    first = parse_mail(raw).external_id
    assert first == parse_mail(raw).external_id != parse_mail(raw + b"!").external_id
    assert first.endswith("@" + SYNTHETIC_DOMAIN)


def test_thousands_of_references_are_bounded() -> None:
    refs = " ".join(f"<{number}@x>" for number in range(5_000))
    found = parse_mail(headers_of(f"From: a@b.example\nReferences: {refs}")).references
    assert len(found) <= 200
    assert found[-1] == "4999@x"


def test_reply_tokens_are_found_in_every_recipient_field() -> None:
    one, two = "abcdefghijklmnopqrstuvwxyz", "A" * 32
    head = f"To: Support <support+r-{one}@acme.example>\nDelivered-To: support+r-{two}@acme.example\nCc: support+r-short@acme.example"
    assert parse_mail(headers_of(f"From: a@b.example\n{head}")).tokens == (one, two.lower())


SENDERS = {
    "From: Anna <anna@b.example>": ("anna@b.example", "Anna"),
    "From: =?utf-8?Q?J=C3=B6rg?=\n <j@b.example>": ("j@b.example", "Jörg"),
    "From: a@b.example, c@d.example": ("a@b.example", ""),
    "From: a@b.example\nFrom: c@d.example": ("a@b.example", ""),
    "From: Anna\nSender: anna@b.example": ("anna@b.example", "Anna"),
    "From: \nReturn-Path: <anna@b.example>": ("anna@b.example", ""),
    "from : anna@b.example": ("anna@b.example", ""),
    "From: root": ("root", ""),
    "From: Ruth <>\nReply-To: ruth@b.example": ("ruth@b.example", "Ruth"),
}


@pytest.mark.parametrize(("head", "sender"), SENDERS.items(), ids=repr)
def test_the_sender_is_found(head: str, sender: tuple[str, str]) -> None:
    identity = parse_mail(headers_of(head)).sender
    assert (identity.address, identity.name) == sender


def test_a_mail_of_nobody_shares_its_sender_with_no_other() -> None:
    senders = {parse_mail(headers_of(f"Subject: {number}")).sender.address for number in range(3)}
    assert len(senders) == 3
    assert all(one.endswith("@" + NOBODY_DOMAIN) for one in senders)


def test_subjects_are_unfolded_decoded_and_on_one_line() -> None:
    head = "Subject: =?utf-8?Q?two_?=\n =?utf-8?Q?words=0D=0ABcc:_x@y.example?=\n\tand more"
    assert parse_mail(headers_of(f"From: a@b.example\n{head}")).subject == "two words Bcc: x@y.example and more"


@pytest.mark.parametrize("charset", ["koi8-r", "windows-1251", "gb2312", "shift_jis"])
def test_raw_eight_bit_subjects_are_read_in_the_charset_of_the_text(charset: str) -> None:
    word = {"gb2312": "您好", "shift_jis": "注文"}.get(charset, "Привет")
    head = f"From: a@b.example\nSubject: {word}\nContent-Type: text/plain; charset={charset}\n\n{word}"
    message = parse_mail(head.encode(charset))
    assert (message.subject, message.text) == (word, word)
