"""The bundled tokenizer: BERT word pieces trained on the training captions and questions, and padded batches of token ids."""

from collections.abc import Iterable

import torch
from tokenizers import BertWordPieceTokenizer
from torch import Tensor
from transformers import BertTokenizerFast

SIZE = 4096  # word pieces: nearly every word that Flickr8k's captions use ten times is one, and each costs 256 weights
LONGEST = 32  # tokens of a question or caption seen in training
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]")
START = "[DEC]"  # BLIP's decoders begin with it and end with [SEP]


def learn(texts: Iterable[str]) -> BertTokenizerFast:
    """Deterministic: the same texts give the same vocabulary."""
    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(
        sorted(texts), vocab_size=SIZE, min_frequency=2, special_tokens=list(SPECIAL), show_progress=False
    )
    # `vocab=`, not `vocab_file=`: the latter is silently ignored and leaves every word [UNK].
    return BertTokenizerFast(vocab=pieces.get_vocab(), bos_token=START, model_max_length=64)


def ids(tokenizer: BertTokenizerFast, texts: Iterable[str]) -> list[list[int]]:
    """Token ids without special tokens, short enough to leave room for two."""
    return [row[: LONGEST - 2] for row in tokenizer(list(texts), add_special_tokens=False)["input_ids"]]


def pad(rows: list[list[int]], filler: list[int], lengths: int = 8, counts: int = 16) -> Tensor:
    """-> int64 [B, longest], padded with 0, which is [PAD]. Both sides are rounded up to multiples; extra rows hold `filler`.

    This keeps the number of distinct shapes small: each new one recompiles matrix kernels, which took half of a step."""
    out = torch.zeros(max(up(len(rows), counts), counts), up(max(map(len, [*rows, filler])), lengths), dtype=torch.long)
    for number in range(len(out)):
        row = rows[number] if number < len(rows) else filler
        out[number, : len(row)] = torch.tensor(row)
    return out


def up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
