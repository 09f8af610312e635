"""The bundled tokenizer: BERT word pieces learned from the training captions and questions, and batches made with it."""

from collections.abc import Iterable

import torch
from tokenizers import BertWordPieceTokenizer
from torch import Tensor
from transformers import BertTokenizerFast

SIZE = 2048  # word pieces: Flickr8k's 2,500 commonest words need no more, and each costs 576 weights
LONGEST = 32  # tokens of a question or caption seen in training
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]")
START = "[DEC]"  # BLIP's decoders begin with it and end with [SEP]


def learn(texts: Iterable[str]) -> BertTokenizerFast:
    """The same texts give the same vocabulary."""
    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(
        sorted(texts), vocab_size=SIZE, min_frequency=2, special_tokens=list(SPECIAL), show_progress=False
    )
    # `vocab=`, not `vocab_file=`: the latter is ignored without a word and leaves every word [UNK].
    return BertTokenizerFast(vocab=pieces.get_vocab(), bos_token=START, model_max_length=64)


def ids(tokenizer: BertTokenizerFast, texts: Iterable[str]) -> list[list[int]]:
    """Token ids without special tokens, two places left for those."""
    return [row[: LONGEST - 2] for row in tokenizer(list(texts), add_special_tokens=False)["input_ids"]]


def pad(rows: list[list[int]], filler: list[int], lengths: int = 8, counts: int = 16) -> Tensor:
    """-> [B, longest], padded with 0, which is [PAD]; both sides rounded up, rows with `filler`.

    Few distinct shapes matter: for each new one the matrix kernels are built anew, which took half of a step."""
    out = torch.zeros(max(up(len(rows), counts), counts), up(max(map(len, [*rows, filler])), lengths), dtype=torch.long)
    for number in range(len(out)):
        row = rows[number] if number < len(rows) else filler
        out[number, : len(row)] = torch.tensor(row)
    return out


def up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
