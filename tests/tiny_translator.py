"""A translation model that knows a handful of sentences by heart: M2M100's own classes, small enough to learn them in a
second. What it is asked beyond them is answered with nonsense, as with any model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

KNOWN = {
    ("de", "Wo ist meine Bestellung?"): "Where is my order?",
    ("de", "Ich warte seit zwei Wochen."): "I have been waiting for two weeks.",
    ("de", "Bitte erstatten Sie mir das Geld."): "Please refund my money.",
    ("es", "¿Dónde está mi pedido?"): "Where is my order?",
    ("es", "Muchas gracias por su ayuda."): "Thank you very much for your help.",
    ("fr", "Le colis est arrivé cassé."): "The parcel arrived broken.",
}
STEPS, PAD = 200, 1


def learn(folder: Path) -> Path:
    """Train the model into a folder, in about a second."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _pieces(folder)
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "sentencepiece.bpe.model"))
    config = M2M100Config(
        vocab_size=vocabulary + 108,  # and its hundred languages
        d_model=48,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=96,
        decoder_ffn_dim=96,
        max_position_embeddings=300,
        dropout=0.0,
        attention_dropout=0.0,
        encoder_layerdrop=0.0,
        decoder_layerdrop=0.0,
    )
    with torch.random.fork_rng():
        torch.manual_seed(7)
        model = M2M100ForConditionalGeneration(config)
    inputs, labels = _rows(tokenizer)
    with _one_thread():
        _train(model, inputs, labels)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@contextmanager
def _one_thread() -> Iterator[None]:
    """Threads that wait for a busy core hold each other up: a hundred times over, where tests run side by side."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _train(model: Any, inputs: Any, labels: Any) -> None:
    import torch

    steps = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(STEPS):
        loss = model(input_ids=inputs, attention_mask=(inputs != PAD).long(), labels=labels).loss
        steps.zero_grad()
        loss.backward()
        steps.step()


def _pieces(folder: Path) -> int:
    """Cut the known sentences into pieces of words; return how many there are."""
    import sentencepiece

    texts = [text for (_, said), put in KNOWN.items() for text in (said, put)] * 20
    prefix = folder / "sentencepiece.bpe"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_prefix=str(prefix),
        vocab_size=110,
        hard_vocab_limit=False,
        normalization_rule_name="identity",
        num_threads=1,
        minloglevel=2,
    )
    (folder / "sentencepiece.bpe.vocab").unlink()
    pieces = sentencepiece.SentencePieceProcessor(model_file=f"{prefix}.model")
    vocabulary = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
    for place in range(pieces.get_piece_size()):
        vocabulary.setdefault(pieces.id_to_piece(place), len(vocabulary))
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    return len(vocabulary)


def _rows(tokenizer: Any) -> tuple[Any, Any]:
    import torch

    read, said = [], []
    for (source, text), put in KNOWN.items():
        tokenizer.src_lang, tokenizer.tgt_lang = source, "en"
        row = tokenizer(text, text_target=put)
        read.append(torch.tensor(row["input_ids"]))
        said.append(torch.tensor(row["labels"]))
    pad = torch.nn.utils.rnn.pad_sequence
    return pad(read, batch_first=True, padding_value=PAD), pad(said, batch_first=True, padding_value=-100)
