"""A model folder's tokenizer, by the `tokenizers` library alone."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from tokenizers import Tokenizer

from inference.engine.catalogue import ModelsMissing
from inference.engine.digests import sha256

FILE = "tokenizer.json"


class Vocabulary:
    """Words to ids and back."""

    def __init__(self, tokenizer: Tokenizer, unknown: str) -> None:
        self._tokenizer, self.unknown = tokenizer, tokenizer.token_to_id(unknown)

    def ids(self, text: str) -> list[int]:
        """Of the text alone."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def prompt(self, text: str, longest: int) -> list[int]:
        """Between the model's own start and end tokens, cut to `longest` in all."""
        start, end = self._tokenizer.encode("").ids
        return [start, *self.ids(text)[: longest - 2], end]

    def text(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return text.strip()

    def items(self) -> list[tuple[str, int]]:
        return sorted(self._tokenizer.get_vocab().items())


def read(folder: Path) -> Vocabulary:
    """Raises ModelsMissing."""
    return _read(folder, sha256(folder / FILE))


@lru_cache(maxsize=8)
def _read(folder: Path, digest: str) -> Vocabulary:
    try:
        tokenizer = Tokenizer.from_file(str(folder / FILE))
        settings = json.loads((folder / "tokenizer_config.json").read_text())
    except Exception as error:  # the library raises nothing narrower
        raise ModelsMissing(f"The tokenizer in {folder} cannot be read ({error}); fetch or restore it again.") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    unknown = settings.get("unk_token", "[UNK]")
    return Vocabulary(tokenizer, unknown["content"] if isinstance(unknown, dict) else unknown)
