"""The right weights or a clear error; nothing heavy and no network before it is needed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nlp.heads import load_heads
from nlp.language import english_words
from nlp.loading import CONFIG, HEADS_FOLDER, TOKENIZER, WEIGHTS, ModelMissing, encoder_folder, verify_encoder


def test_the_installed_encoder_is_the_original() -> None:
    verify_encoder(encoder_folder())


def test_one_flipped_bit_in_the_weights_is_refused(tmp_path: Path) -> None:
    for name in (CONFIG, TOKENIZER, WEIGHTS):
        shutil.copy(encoder_folder() / name, tmp_path)
    with (tmp_path / WEIGHTS).open("r+b") as weights:
        weights.seek(50_000_000)
        byte = weights.read(1)[0]
        weights.seek(50_000_000)
        weights.write(bytes([byte ^ 1]))
    with pytest.raises(ModelMissing, match=r"model\.safetensors.*sha256.*pip install") as raised:
        verify_encoder(tmp_path)
    assert str(tmp_path / WEIGHTS) in str(raised.value)


@pytest.mark.parametrize("name", [CONFIG, TOKENIZER, WEIGHTS])
def test_a_missing_file_of_the_encoder_is_named(name: str, tmp_path: Path) -> None:
    for other in {CONFIG, TOKENIZER, WEIGHTS} - {name}:
        (tmp_path / other).touch()
    with pytest.raises(ModelMissing, match=name.replace(".", r"\.")):
        verify_encoder(tmp_path)


def test_missing_heads_and_words_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"heads\.safetensors is missing"):
        load_heads(tmp_path)
    with pytest.raises(ModelMissing, match=r"english_words\.txt is missing"):
        english_words(tmp_path)


def test_heads_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    shutil.copytree(HEADS_FOLDER, tmp_path / "models")
    description = tmp_path / "models" / "heads.json"
    threshold = f'"threshold": {load_heads().by_task["intent"].threshold}'
    assert threshold in description.read_text()
    description.write_text(description.read_text().replace(threshold, '"threshold": 0.01'))
    with pytest.raises(ModelMissing, match="does not belong"):
        load_heads(tmp_path / "models")


@pytest.mark.parametrize(
    "module", ["nlp", "nlp.prediction", "nlp.annotate", "nlp.lines", "nlp.__main__", "nlp.training.train"]
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    heavy = "{'torch', 'transformers', 'tokenizers', 'py3langid', 'numpy', 'tqdm', 'safetensors'}"
    program = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
