"""Models that translate messages: M2M100, NLLB or Marian (OPUS-MT) checkpoints, from this machine alone.

None ships with the product: an installation names its own (TRANSLATORS), a folder or a pinned model id that lies
in the Hugging Face cache. A text is translated sentence by sentence; what stands between sentences stays as it is.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp.loading import ModelMissing
from nlp.sentences import Sentence, split

SENTENCES_AT_ONCE = 8
MAX_TOKENS = 256  # of a sentence; split() cuts at 600 characters
BEAMS = 2
_PINNED = re.compile(r"[0-9a-f]{40}$")
_WORDS = re.compile(r"[^\W\d_]{2}")
_LINK_OR_ADDRESS = re.compile(r"\S*(?:://|@)\S*")
# Our languages as NLLB names them; the first three letters are ISO 639-3, which some Marian models use.
# fmt: off
NLLB = {
    "ar": "arb_Arab", "bg": "bul_Cyrl", "bn": "ben_Beng", "ca": "cat_Latn", "cs": "ces_Latn", "da": "dan_Latn",
    "de": "deu_Latn", "el": "ell_Grek", "en": "eng_Latn", "es": "spa_Latn", "et": "est_Latn", "fa": "pes_Arab",
    "fi": "fin_Latn", "fr": "fra_Latn", "he": "heb_Hebr", "hi": "hin_Deva", "hr": "hrv_Latn", "hu": "hun_Latn",
    "id": "ind_Latn", "it": "ita_Latn", "ja": "jpn_Jpan", "ko": "kor_Hang", "lt": "lit_Latn", "lv": "lvs_Latn",
    "ms": "zsm_Latn", "nl": "nld_Latn", "no": "nob_Latn", "pl": "pol_Latn", "pt": "por_Latn", "ro": "ron_Latn",
    "ru": "rus_Cyrl", "sk": "slk_Latn", "sl": "slv_Latn", "sr": "srp_Cyrl", "sv": "swe_Latn", "ta": "tam_Taml",
    "th": "tha_Thai", "tr": "tur_Latn", "uk": "ukr_Cyrl", "ur": "urd_Arab", "vi": "vie_Latn", "zh": "zho_Hans",
}
# fmt: on
ALSO_CALLED = {code[:3]: ours for ours, code in NLLB.items()} | {"ara": "ar", "nor": "no", "nb": "no", "fas": "fa"}

Pair = tuple[str, str]
Putting = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`model` is a folder or a model id; an id needs `revision`, the 40 hex digits of a commit."""

    model: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read "FOLDER" or "model/id@revision". Raises ValueError."""
        if text and Path(text).is_dir():
            return cls(text)
        name, _, revision = text.partition("@")
        if not name or not _PINNED.match(revision):
            raise ValueError(f"{text!r} is no folder here; a model id needs a pinned revision: MODEL_ID@40-hex-digits")
        return cls(name, revision)

    @property
    def name(self) -> str:
        """Return what people are told of it: never where it lies."""
        return Path(self.model).name if self.revision is None else self.model


@dataclass(frozen=True)
class Translator:
    """One loaded model, and how it is told which languages are meant."""

    name: str
    tokenizer: Any
    model: Any
    speech: Speech

    @classmethod
    def load(cls, checkpoint: Checkpoint) -> Translator:
        """Load a model and its tokenizer from this machine. Raises ModelMissing."""
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # nobody watches
        where = {"revision": checkpoint.revision, "local_files_only": True}
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Recommended: pip install sacremoses")  # it unifies quotation marks
                tokenizer = AutoTokenizer.from_pretrained(checkpoint.model, **where)
            model = AutoModelForSeq2SeqLM.from_pretrained(checkpoint.model, **where).eval()
        except (OSError, ValueError) as error:
            raise ModelMissing(
                f"The translator {checkpoint.name} cannot be loaded (config.json, weights and the tokenizer's files "
                f"are needed): {error}"
            ) from error
        speech = _speech_of(tokenizer)
        if speech is None or not speech.sources or not speech.targets:
            raise ModelMissing(
                f"{checkpoint.name} is a {model.config.model_type} model: M2M100, NLLB and Marian (OPUS-MT) "
                "can be used."
            )
        return cls(checkpoint.name, tokenizer, model, speech)

    def put(self, sentences: Sequence[str], pair: Pair) -> list[str]:
        """Return sentences in another language, in their order."""
        import torch

        inputs = self.tokenizer(
            self.speech.prepare(self.tokenizer, sentences, pair),
            padding=True,
            truncation=True,
            max_length=MAX_TOKENS,
            return_tensors="pt",
        )
        first = self.speech.first_token(self.tokenizer, pair)
        longest = 2 * int(inputs["input_ids"].shape[1]) + 20
        with torch.inference_mode():
            found = self.model.generate(
                **inputs, forced_bos_token_id=first, max_new_tokens=longest, max_length=None, num_beams=BEAMS
            )
        said = found[:, 2:] if first is not None else found  # not the language's own token
        return [text.strip() for text in self.tokenizer.batch_decode(said, skip_special_tokens=True)]


@dataclass(frozen=True, slots=True)
class Speech:
    """How a family of models is told which languages are meant; `sources` and `targets` have its own words for ours."""

    sources: Mapping[str, str]
    targets: Mapping[str, str]
    begins: bool = False  # what it says begins with the target's token
    prefixes: bool = False  # what it reads begins with the target's mark

    def knows(self, pair: Pair) -> bool:
        source, target = pair
        return source != target and source in self.sources and target in self.targets

    def prepare(self, tokenizer: Any, sentences: Sequence[str], pair: Pair) -> list[str]:
        source, target = pair
        if self.begins:
            tokenizer.src_lang = self.sources[source]
        return [f">>{self.targets[target]}<< {one}" for one in sentences] if self.prefixes else list(sentences)

    def first_token(self, tokenizer: Any, pair: Pair) -> int | None:
        return int(tokenizer.convert_tokens_to_ids(_token(tokenizer, self.targets[pair[1]]))) if self.begins else None


def _token(tokenizer: Any, name: str) -> str:
    tokens: Mapping[str, str] = getattr(tokenizer, "lang_code_to_token", None) or {}
    return tokens.get(name, name)


def _speech_of(tokenizer: Any) -> Speech | None:
    """Tell the family of models by its tokenizer, None for one that we do not know how to speak to."""
    kind = type(tokenizer).__name__
    if kind.startswith("M2M100"):
        known = {ours: ours for ours in NLLB if ours in tokenizer.lang_code_to_token}
        return Speech(known, known, begins=True)
    if kind.startswith("Nllb"):
        vocabulary = tokenizer.get_vocab()
        known = {ours: theirs for ours, theirs in NLLB.items() if theirs in vocabulary}
        return Speech(known, known, begins=True)
    return _marian(tokenizer) if kind.startswith("Marian") else None


def _marian(tokenizer: Any) -> Speech:
    """One source and one target, or a mark for each of several targets."""
    sources = _ours(str(tokenizer.source_lang or "").split("+"))
    marks = list(getattr(tokenizer, "supported_language_codes", None) or ())
    targets = _ours(mark.strip("<>") for mark in marks) or _ours([str(tokenizer.target_lang or "")])
    return Speech(sources, targets, prefixes=bool(marks))


def _ours(theirs: Iterable[str]) -> dict[str, str]:
    """Return their names of languages by ours, as far as we know them."""
    named = ((_code(name), name) for name in theirs)
    return {ours: name for ours, name in named if ours in NLLB}


def _code(name: str) -> str:
    """Return ISO 639-1 of "de", "deu" or "zho_Hans"."""
    short = name.lower().split("_")[0]
    return ALSO_CALLED.get(short, short)


def translated(text: str, put: Putting) -> str:
    """Return a text with each sentence put into another language; lines, blanks, links and bare numbers stay.

    At most the first 20,000 characters and 400 sentences are read; "…" stands for what was left out.
    """
    found = split(text)
    words = {one.text: one.text for one in found if _has_words(one.text)}
    in_order = sorted(words, key=len)  # of like length together: little is padded
    for at in range(0, len(in_order), SENTENCES_AT_ONCE):
        some = in_order[at : at + SENTENCES_AT_ONCE]
        words.update(zip(some, put(some), strict=True))
    return _rebuilt(text, found, words)


def _has_words(sentence: str) -> bool:
    return bool(_WORDS.search(_LINK_OR_ADDRESS.sub("", sentence)))


def _rebuilt(text: str, found: Sequence[Sentence], words: Mapping[str, str]) -> str:
    parts, at = [], 0
    for one in found:
        parts += [text[at : one.start], words.get(one.text, one.text)]
        at = one.end
    rest = text[at:]
    return "".join(parts) + ("…" if rest.strip() else rest)
