"""Which language a text is in, and whether it is one that the heads understand.

py3langid is right on sentences (98 % of tweets) and guesses on "ok thanks". So for short texts its guess is weighed
against the share of words that are common in English customer messages; where neither is sure, the language is "und".
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from nlp.cleaning import clean
from nlp.loading import MODEL_FOLDER, ModelMissing

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SUPPORTED = "en"
UNDETERMINED = "und"
ENGLISH_WORDS = "english_words.txt"
# Those that customers write in; the 142 that py3langid knows make it guess rare ones for short texts.
# fmt: off
DETECTED = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr",
    "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr",
    "sv", "ta", "th", "tr", "uk", "ur", "vi", "zh",
)
# fmt: on
CHARACTERS_READ = 2_000
SHORT = 3  # words: too few to call a text foreign where English words are among them
MOSTLY_ENGLISH = 0.6
HARDLY_ENGLISH = 0.34
# How much likelier another language must be than English, in nats of log-likelihood: for a few words, for one word
# alone, and for words that are English too ("no me come").
MARGIN, MARGIN_OF_ONE_WORD, MARGIN_AGAINST_WORDS = 4.0, 12.0, 20.0

_NOT_WORDS = re.compile(r"\bhttp\b|@user\b|[\w.+-]+@[\w.-]+|[\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class Language:
    """`code` is ISO 639-1 or "und"; `supported` says whether the heads may speak about such a text."""

    code: str
    supported: bool


def detect(text: str) -> Language:
    """Say the language of a text from its first 2,000 characters, in about 0.1 ms.

    Text without letters (emoji, numbers) and one or two unknown words (names) are "und" and supported: the heads'
    confidence decides. Raises ModelMissing where the word list is not there.
    """
    words = _words(clean(text[: 2 * CHARACTERS_READ], spell_emoji=False)[:CHARACTERS_READ])
    if not words:
        return Language(UNDETERMINED, supported=True)
    share = sum(word in english_words() for word in words) / len(words)
    guess, margin = _guess(" ".join(words))
    if _is_latin(words):
        return _decide_latin(len(words), share, guess, margin)
    return Language(guess if guess != SUPPORTED else UNDETERMINED, supported=False)


def _decide_latin(words: int, share: float, guess: str, margin: float) -> Language:
    if share >= (0.5 if words <= SHORT else MOSTLY_ENGLISH) and (margin < MARGIN_AGAINST_WORDS or share == 1):
        return Language(SUPPORTED, supported=True)
    if guess == SUPPORTED:
        # transliterated Hindi is what py3langid takes for English
        foreign = words > SHORT and share < HARDLY_ENGLISH
        return Language(UNDETERMINED if foreign else SUPPORTED, supported=not foreign)
    if margin < (MARGIN_OF_ONE_WORD if words == 1 else MARGIN):
        return Language(UNDETERMINED, supported=words <= SHORT or share >= HARDLY_ENGLISH)
    return Language(guess, supported=False)


def _is_latin(words: Sequence[str]) -> bool:
    letters = "".join(words)
    return 2 * sum(letter < "\u0250" or "\u1e00" <= letter < "\u1f00" for letter in letters) > len(letters)


def _guess(text: str) -> tuple[str, float]:
    """Return the likeliest language and how many nats it is ahead of English (0 for English itself)."""
    ranked = _identifier().rank(text)
    likelihood = dict(ranked)
    best, best_likelihood = ranked[0]
    return best, best_likelihood - likelihood[SUPPORTED]


def _identifier() -> LanguageIdentifier:
    with _loading:
        return _load_identifier()


@cache
def _load_identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(DETECTED))
    return identifier


@cache
def english_words(folder: Path = MODEL_FOLDER) -> frozenset[str]:
    """Return the words common in English customer messages, as training counted them. Raises ModelMissing."""
    path = folder / ENGLISH_WORDS
    if not path.is_file():
        raise ModelMissing(f"{path} is missing: restore it from the repository, or run `python -m nlp train DATA_DIR`.")
    return frozenset(path.read_text(encoding="utf-8").split())


def words_of(text: str) -> list[str]:
    """Return the words of an English text as the word list holds them."""
    return _words(clean(text, spell_emoji=False))


def _words(cleaned: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in _WORD.findall(_NOT_WORDS.sub(" ", cleaned))]
