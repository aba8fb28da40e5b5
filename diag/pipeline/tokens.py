"""The CLIP tokenizer of a diffusers folder, by the package tokenizers: no torch, no transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from diag.errors import FormatError, UsageError
from diag.runtimes.interface import Array

_WORDS = (r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
_START, _END = "<|startoftext|>", "<|endoftext|>"


class ClipTokenizer:
    """Turns a prompt into token ids, padded to a length.

    Attributes:
        length: tokens that the tokenizer's own config says, start and end included.
    """

    def __init__(self, folder: Path) -> None:
        """Read ``tokenizer.json``, or ``vocab.json`` and ``merges.txt``. Raises FormatError."""
        config = _json(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
        whole = folder / "tokenizer.json"
        try:
            self._tokenizer = Tokenizer.from_file(str(whole)) if whole.is_file() else _from_parts(folder, config)
        except FormatError:
            raise
        except Exception as error:
            raise FormatError(whole, "A tokenizer is wanted", found=str(error)[:120],
                              hint="Take the folder of the model's author again") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        length = config.get("model_max_length", 77)
        self.length = length if isinstance(length, int) and 2 < length < 100_000 else 77
        self._pad = self._id(_word(config.get("pad_token")) or _END, folder)

    def __call__(self, prompt: str, length: int, *, truncate: bool) -> Array:
        """Ids [1, length], int64. Raises UsageError if the prompt is longer and ``truncate`` is off."""
        ids = self._tokenizer.encode(prompt).ids
        if len(ids) > length:
            if not truncate:
                cut = self._tokenizer.decode(ids[length - 1:-1])
                raise UsageError(f"The prompt has {len(ids)} tokens, text_encoder takes {length}",
                                 where=f"too much: … {cut[:80]}",
                                 hint="Shorten it, or set truncate_prompt = true to cut it there, as diffusers does")
            ids = [*ids[:length - 1], ids[-1]]
        return np.array([ids + [self._pad] * (length - len(ids))], np.int64)

    def _id(self, token: str, folder: Path) -> int:
        found: int | None = self._tokenizer.token_to_id(token)
        if found is None:
            raise FormatError(folder, f"The tokenizer has no token {token}", hint="Is this a CLIP tokenizer?")
        return found


def _from_parts(folder: Path, config: dict[str, Any]) -> Tokenizer:
    vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
    for file in (vocabulary, merges):
        if not file.is_file():
            raise FormatError(folder, "A folder with tokenizer.json, or vocab.json and merges.txt, is wanted",
                              hint="Set tokenizer to the tokenizer folder of the model")
    words = _json(vocabulary)
    model = models.BPE.from_file(str(vocabulary), str(merges), unk_token=_word(config.get("unk_token")) or _END,
                                 continuing_subword_prefix="", end_of_word_suffix="</w>", fuse_unk=False)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
         pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(
        (_END, int(words[_END])), (_START, int(words[_START])), add_prefix_space=False, trim_offsets=False)
    return tokenizer


def _word(token: object) -> str:
    """A special token is written as text, or as an object with its content."""
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else ""


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(path, "A JSON file is wanted", found=str(error)[:120],
                          hint="Take the file of the model's author again") from error
    if not isinstance(found, dict):
        raise FormatError(path, "A JSON object is wanted", hint="Take the file of the model's author again")
    return found
