"""The reader's network: an encoder that starts from the lower layers of a sentence encoder, and a decoder that writes plans.

The encoder reads pieces [B, S]; the state of a word is that of its first piece. The decoder writes a token at a time, each
either from a vocabulary or copied from the words it reads (See, Liu and Manning 2017). inference/planning/reader/network.py
computes the same in numpy.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH, HEADS, FEED_FORWARD = 384, 12, 1536
MOST_PIECES = 192
DECODER, DECODER_HEADS, DECODER_FEED_FORWARD, DECODER_LAYERS = 256, 4, 512, 2
MOST_TOKENS = 96
DROPOUT = 0.1
NEVER = -1e9


@dataclass
class Batch:
    """Padded. Tensors of a decoder's position t say what it reads there; `wanted` is what it should write."""

    pieces: Tensor  # [B, S]
    is_message: Tensor  # [B, S] 0 for what came before the message
    piece_mask: Tensor  # [B, S] bool
    first_pieces: Tensor  # [B, W] where each word's first piece is
    word_mask: Tensor  # [B, W] bool
    token_pieces: Tensor  # [B, T, P]
    token_mask: Tensor  # [B, T, P] float
    token_marks: Tensor  # [B, T] number of a mark, 0 for a word
    wanted: Tensor  # [B, T] in the vocabulary, -1 for none
    copied: Tensor  # [B, T, W] bool: words that are the wanted one


class EncoderLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.wide, self.narrow = nn.Linear(WIDTH, FEED_FORWARD), nn.Linear(FEED_FORWARD, WIDTH)
        self.after_attention, self.after = nn.LayerNorm(WIDTH, eps=1e-12), nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = (_split(linear(x), HEADS) for linear in (self.query, self.key, self.value))
        context = _join(F.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :]))
        x = self.after_attention(x + self.dropout(self.out(context)))
        return self.after(x + self.dropout(self.narrow(F.gelu(self.wide(x), approximate="tanh"))))


class DecoderLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(DECODER, DECODER) for _ in range(4))
        self.asks, self.read_out = nn.Linear(DECODER, DECODER), nn.Linear(DECODER, DECODER)
        self.read_key, self.read_value = nn.Linear(WIDTH, DECODER), nn.Linear(WIDTH, DECODER)
        self.wide, self.narrow = nn.Linear(DECODER, DECODER_FEED_FORWARD), nn.Linear(DECODER_FEED_FORWARD, DECODER)
        self.before_self, self.before_read, self.before_wide = (nn.LayerNorm(DECODER) for _ in range(3))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
        y = self.before_self(x)
        query, key, value = (_split(linear(y), DECODER_HEADS) for linear in (self.query, self.key, self.value))
        x = x + self.dropout(self.out(_join(F.scaled_dot_product_attention(query, key, value, is_causal=True))))
        y = _split(self.asks(self.before_read(x)), DECODER_HEADS)
        key, value = (_split(linear(words), DECODER_HEADS) for linear in (self.read_key, self.read_value))
        x = x + self.dropout(
            self.read_out(_join(F.scaled_dot_product_attention(y, key, value, attn_mask=word_mask[:, None, None, :])))
        )
        return x + self.dropout(self.narrow(F.relu(self.wide(self.before_wide(x)))))


class Network(nn.Module):
    """`marks` and `vocabulary`: how many of each there are. A vocabulary's first entries are the marks."""

    def __init__(self, layers: int, pieces: int, marks: int, vocabulary: int) -> None:
        super().__init__()
        self.pieces = nn.Embedding(pieces, WIDTH)
        self.positions, self.kinds = nn.Embedding(MOST_PIECES, WIDTH), nn.Embedding(2, WIDTH)
        self.embedded = nn.LayerNorm(WIDTH, eps=1e-12)
        self.encoder = nn.ModuleList(EncoderLayer() for _ in range(layers))
        self.marks = nn.Embedding(marks + 1, WIDTH, padding_idx=0)
        self.read_token, self.read_place = nn.Linear(WIDTH, DECODER), nn.Linear(WIDTH, DECODER)
        self.token_positions = nn.Embedding(MOST_TOKENS, DECODER)
        self.decoder = nn.ModuleList(DecoderLayer() for _ in range(DECODER_LAYERS))
        self.decoded = nn.LayerNorm(DECODER)
        self.vocabulary = nn.Linear(DECODER, vocabulary)
        self.copy_query, self.copy_key = nn.Linear(DECODER, DECODER), nn.Linear(WIDTH, DECODER)
        self.copies = nn.Linear(DECODER, 1)
        self.nudges = nn.Parameter(torch.tensor([2.0, -1.0]))  # towards the word after the last one, away from earlier ones
        self.dropout = nn.Dropout(DROPOUT)
        nn.init.normal_(self.marks.weight[1:], std=0.05)  # the first is for words, and adds nothing
        nn.init.normal_(self.token_positions.weight, std=0.02)

    def encode(self, batch: Batch) -> Tensor:
        """The states of words [B, W, WIDTH]."""
        positions = torch.arange(batch.pieces.shape[1])
        x = self.embedded(self.pieces(batch.pieces) + self.positions(positions) + self.kinds(batch.is_message))
        for layer in self.encoder:
            x = layer(x, batch.piece_mask)
        return x.gather(1, batch.first_pieces[..., None].expand(-1, -1, WIDTH))

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Log probabilities: of the vocabulary [B, T, V] if it is not copied, of each word [B, T, W] if it is; and the logit of
        copying [B, T]."""
        words = self.encode(batch)
        embedded = (self.pieces(batch.token_pieces) * batch.token_mask[..., None]).sum(2)
        last = F.pad(batch.copied[:, :-1].float(), (0, 0, 1, 0))  # [B, T, W] where the token that is read stands
        places = (last / last.sum(-1, keepdim=True).clamp(min=1)) @ words
        x = self.read_token(embedded + self.marks(batch.token_marks)) + self.read_place(places)
        x = self.dropout(x + self.token_positions(torch.arange(x.shape[1])))
        for layer in self.decoder:
            x = layer(x, words, batch.word_mask)
        x = self.decoded(x)
        scores = self.copy_query(x) @ self.copy_key(words).transpose(1, 2) / DECODER**0.5
        following = F.pad(last[..., :-1], (1, 0))
        written = last.cumsum(1).clamp(max=1)
        scores = scores + self.nudges[0] * following + self.nudges[1] * written
        scores = scores.masked_fill(~batch.word_mask[:, None, :], NEVER)
        return self.vocabulary(x).log_softmax(-1), scores.log_softmax(-1), self.copies(x)[..., 0]

    def loss(self, batch: Batch) -> Tensor:
        """The mean negative log probability of the wanted tokens that can be written at all."""
        from_vocabulary, from_words, copies = self(batch)
        written = from_vocabulary.gather(-1, batch.wanted.clamp(min=0)[..., None])[..., 0] + F.logsigmoid(-copies)
        written = written.masked_fill(batch.wanted < 0, NEVER)
        copied = from_words.masked_fill(~batch.copied, NEVER).logsumexp(-1) + F.logsigmoid(copies)
        total = torch.logaddexp(written, copied)
        possible = (batch.wanted >= 0) | batch.copied.any(-1)
        return -total[possible].mean()


def pretrained(network: Network, package: Path) -> None:
    """Start the encoder from the lower layers of a BERT encoder of the same width."""
    weights = load_file(package)
    table = weights["embeddings.word_embeddings.weight"]
    names = {
        "pieces.weight": table,
        "positions.weight": weights["embeddings.position_embeddings.weight"][:MOST_PIECES],
        "kinds.weight": weights["embeddings.token_type_embeddings.weight"],
        "embedded.weight": weights["embeddings.LayerNorm.weight"],
        "embedded.bias": weights["embeddings.LayerNorm.bias"],
    }
    parts = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "out": "attention.output.dense",
        "after_attention": "attention.output.LayerNorm",
        "wide": "intermediate.dense",
        "narrow": "output.dense",
        "after": "output.LayerNorm",
    }
    for number in range(len(network.encoder)):
        for own, theirs in parts.items():
            for kind in ("weight", "bias"):
                names[f"encoder.{number}.{own}.{kind}"] = weights[f"encoder.layer.{number}.{theirs}.{kind}"]
    network.load_state_dict(names, strict=False)
    network.pieces.weight.requires_grad_(False)


def _split(x: Tensor, heads: int) -> Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def _join(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)
