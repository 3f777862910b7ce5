"""Translation by real models, small ones: sentences, what stands between them, and models that cannot be used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nlp.loading import ModelMissing
from nlp.translation import Checkpoint, Translator, translated
from tests.tiny_translator import KNOWN, learn

pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")


SMALL: dict[str, Any] = {
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learn(tmp_path_factory.mktemp("models") / "tiny-m2m")


@pytest.fixture(scope="module")
def tiny(folder: Path) -> Translator:
    return Translator.load(Checkpoint.parse(str(folder)))


@pytest.mark.parametrize(("source", "said"), KNOWN)
def test_a_sentence_is_put_into_the_other_language(tiny: Translator, source: str, said: str) -> None:
    assert tiny.put([said], (source, "en")) == [KNOWN[source, said]]


def test_several_are_put_at_once_in_their_order(tiny: Translator) -> None:
    german = [said for source, said in KNOWN if source == "de"]
    assert tiny.put(german, ("de", "en")) == [KNOWN["de", said] for said in german]


def test_what_stands_between_sentences_stays(tiny: Translator) -> None:
    text = "Wo ist meine Bestellung?\n\n  #12345 https://shop.example/o/1\nIch warte seit zwei Wochen. Wo ist meine Bestellung?\n"
    assert translated(text, lambda some: tiny.put(some, ("de", "en"))) == (
        "Where is my order?\n\n  #12345 https://shop.example/o/1\nI have been waiting for two weeks. Where is my order?\n"
    )


def test_a_text_without_words_is_not_asked_about() -> None:
    def never(some: object) -> list[str]:
        raise AssertionError(some)

    for text in ("", "  \n", "12 34", "👍👍", "ana@example.org"):
        assert translated(text, never) == text


def test_more_than_can_be_read_is_said_to_be_left_out() -> None:
    text = " ".join(f"Satz nummer {number} hier." for number in range(1000))
    put = translated(text, lambda some: [one.upper() for one in some])
    assert put.startswith("SATZ NUMMER 0 HIER. SATZ NUMMER 1 HIER.")
    assert put.endswith("…")
    assert "Satz" not in put


def test_a_model_says_which_languages_it_knows(tiny: Translator) -> None:
    assert tiny.name == "tiny-m2m"
    assert {"de", "en", "ja", "ar", "pt"} <= set(tiny.speech.targets)
    assert tiny.speech.knows(("de", "en"))
    assert not tiny.speech.knows(("en", "en"))
    assert not tiny.speech.knows(("und", "en"))


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelMissing, match="translator empty cannot be loaded"):
        Translator.load(Checkpoint.parse(str(tmp_path / "empty")))


@pytest.mark.parametrize("text", ["", "/no/such/folder", "facebook/m2m100_418M", "facebook/m2m100_418M@main"])
def test_a_model_id_is_pinned(text: str) -> None:
    with pytest.raises(ValueError, match="pinned revision"):
        Checkpoint.parse(text)


def test_a_marian_model_of_several_targets_is_told_by_a_mark(folder: Path, tmp_path: Path) -> None:
    marian = Translator.load(Checkpoint.parse(str(_marian(folder, tmp_path, marks=[">>deu<<", ">>zho_Hans<<"]))))
    assert (set(marian.speech.sources), set(marian.speech.targets)) == ({"en"}, {"de", "zh"})
    read = marian.tokenizer(marian.speech.prepare(marian.tokenizer, ["Where?"], ("en", "zh")))["input_ids"][0]
    assert marian.tokenizer.convert_ids_to_tokens(read)[0] == ">>zho_Hans<<"
    assert len(marian.put(["Where?", "Here."], ("en", "de"))) == 2


def test_a_marian_model_of_one_way_needs_no_mark(folder: Path, tmp_path: Path) -> None:
    marian = Translator.load(Checkpoint.parse(str(_marian(folder, tmp_path, marks=[]))))
    assert (set(marian.speech.sources), set(marian.speech.targets)) == ({"en"}, {"de"})
    assert marian.speech.prepare(marian.tokenizer, ["Where?"], ("en", "de")) == ["Where?"]


def _marian(folder: Path, home: Path, *, marks: list[str]) -> Path:
    """Build a Marian model that has learned nothing, over the pieces of words of another."""
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    for side in ("source", "target"):
        shutil.copy(folder / "sentencepiece.bpe.model", home / f"{side}.spm")
    pieces = [*json.loads((folder / "vocab.json").read_text(encoding="utf-8")), *marks]
    (home / "vocab.json").write_text(json.dumps({piece: place for place, piece in enumerate(pieces)}), encoding="utf-8")
    files: list[Any] = [str(home / name) for name in ("source.spm", "target.spm", "vocab.json")]
    tokenizer: Any = MarianTokenizer  # its types say otherwise
    tokenizer(*files, source_lang="eng", target_lang="gmw" if marks else "deu").save_pretrained(home)
    ids: dict[str, Any] = {"pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1, "forced_eos_token_id": 2}
    MarianMTModel(MarianConfig(vocab_size=len(pieces), **ids, **SMALL)).save_pretrained(home)
    return home


def test_an_nllb_model_is_told_by_its_own_names_of_languages(folder: Path, tmp_path: Path) -> None:
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    tokenizer = NllbTokenizer(vocab=vocabulary, merges=[])
    tokenizer.save_pretrained(tmp_path)
    M2M100ForConditionalGeneration(M2M100Config(vocab_size=len(tokenizer), **SMALL)).save_pretrained(tmp_path)
    nllb = Translator.load(Checkpoint.parse(str(tmp_path)))
    (read,) = nllb.speech.prepare(nllb.tokenizer, ["Wo"], ("de", "en"))
    assert nllb.tokenizer.convert_ids_to_tokens(nllb.tokenizer(read)["input_ids"])[0] == "deu_Latn"
    assert nllb.speech.first_token(nllb.tokenizer, ("de", "en")) == tokenizer.convert_tokens_to_ids("eng_Latn")
    assert len(nllb.put(["Wo?"], ("de", "en"))) == 1


def test_a_model_of_another_family_is_refused(tmp_path: Path) -> None:
    from transformers import ByT5Tokenizer, T5Config, T5ForConditionalGeneration

    ByT5Tokenizer().save_pretrained(tmp_path)
    config = T5Config(vocab_size=400, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)
    T5ForConditionalGeneration(config).save_pretrained(tmp_path)
    with pytest.raises(ModelMissing, match="M2M100, NLLB and Marian"):
        Translator.load(Checkpoint.parse(str(tmp_path)))
