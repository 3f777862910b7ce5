"""Short English is not thrown out, other languages are."""

from __future__ import annotations

import pytest

from nlp.language import Language, detect

SHORT_ENGLISH = """
ok thanks|refund pls|thx|hi|where order|Where is it??|cancel pls|no|asap!!|still broken|wifi down|invoice?|need help
|pls call me|not happy|Please call Jürgen Müller|Hello from Zürich|wheres my stuff at|cant log in|hi i am vijay
"""
FOREIGN = {
    "de": "Ich möchte mein Geld zurück|Danke schön|die App stürzt ab",
    "es": "¿Dónde está mi pedido?|muchas gracias|No nos lo recuerdes",
    "fr": "Où est ma commande ?|Je veux un remboursement|Bonjour, je suis inquiet",
    "it": "Dov'è il mio ordine?|grazie mille|Buongiorno",
    "pt": "Onde está o meu pedido?",
    "nl": "Waar is mijn pakket?",
    "sv": "Var är mitt paket?",
    "pl": "Gdzie jest moja paczka?|dziękuję",
    "tr": "Siparişim nerede?",
    "ru": "Где мой заказ?|спасибо",
    "zh": "我的包裹在哪里",
    "ja": "注文はどこですか",
    "ar": "أين طلبي",
    "he": "שלום",
    "th": "ขอบคุณ",
}


@pytest.mark.parametrize("text", [text.strip() for text in SHORT_ENGLISH.split("|")])
def test_short_english_is_english(text: str) -> None:
    assert detect(text) == Language("en", supported=True)


@pytest.mark.parametrize(
    ("code", "text"), [(code, text) for code, texts in FOREIGN.items() for text in texts.split("|")]
)
def test_other_languages_are_named_and_not_supported(code: str, text: str) -> None:
    assert detect(text) == Language(code, supported=False)


@pytest.mark.parametrize("text", ["", "👍", "12345", "???", "https://example.org/a", "@bob", "jo.bloggs@example.org"])
def test_text_without_words_is_undetermined_and_left_to_the_heads(text: str) -> None:
    assert detect(text) == Language("und", supported=True)


def test_emoji_and_links_do_not_make_a_text_english() -> None:
    assert detect("😀🎉❤️👍😂 Где мой заказ? https://example.org/where/is/my/order").code == "ru"


def test_latin_script_that_is_no_language_we_know_is_not_taken_for_english() -> None:
    assert not detect("xqzt vrrlk mmbaq plugh zzyzx frobozz wibblet snrk").supported
