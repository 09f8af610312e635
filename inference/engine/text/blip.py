"""BLIP's text models (Li et al. 2022) as three networks that can be exported: the question encoder, what the decoder needs of
its context, and one step of the decoder. Weights are those of transformers' classes; the steps are written out because their
caches cannot be exported.

Shapes: M photos, R texts for each, L new tokens, P past ones, C places of the context, H heads of width d.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BlipTextConfig


def _heads(x: Tensor, count: int) -> Tensor:
    """[…, L, D] -> […, H, L, d]."""
    return x.unflatten(-1, (count, -1)).transpose(-3, -2)


def _attend(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """query […, H, L, d], mask added to the scores -> […, L, D]."""
    scores = query @ keys.transpose(-1, -2) / query.shape[-1] ** 0.5 + mask
    return (scores.softmax(-1) @ values).transpose(-3, -2).flatten(-2)


def _hidden(mask: Tensor) -> Tensor:
    """1 where something counts -> 0 there, and elsewhere as little as there is."""
    return (1.0 - mask.to(torch.float32)) * torch.finfo(torch.float32).min


class _Layers(nn.Module):
    """`text` is a BlipTextModel."""

    def __init__(self, text: Any) -> None:
        super().__init__()
        config: BlipTextConfig = text.config
        self.embeddings, self.layers, self.heads = text.embeddings, text.encoder.layer, config.num_attention_heads

    def embed(self, ids: Tensor, first: int) -> Tensor:
        """ids […, L], at positions first… -> […, L, D]."""
        positions = torch.arange(first, first + ids.shape[-1], device=ids.device)
        summed = self.embeddings.word_embeddings(ids) + self.embeddings.position_embeddings(positions)
        embedded: Tensor = self.embeddings.LayerNorm(summed)
        return embedded

    def context(self, layer: Any, context: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [M, H, C, d] of the cross-attention."""
        attention = layer.crossattention.self
        return _heads(attention.key(context), self.heads), _heads(attention.value(context), self.heads)

    def own(self, layer: Any, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value […, H, L, d] of the self-attention."""
        attention = layer.attention.self
        query, key, value = (_heads(part(x), self.heads) for part in (attention.query, attention.key, attention.value))
        return query, key, value

    def widened(self, layer: Any, x: Tensor) -> Tensor:
        widened: Tensor = layer.output(layer.intermediate(x), x)
        return widened


class Encoder(_Layers):
    def forward(self, ids: Tensor, mask: Tensor, context: Tensor) -> Tensor:
        """ids and mask [M, Q], context [M, C, D] -> [M, Q, D]."""
        x, hidden = self.embed(ids, 0), _hidden(mask)[:, None, None]
        for layer in self.layers:
            x = layer.attention.output(_attend(*self.own(layer, x), hidden), x)
            query = _heads(layer.crossattention.self.query(x), self.heads)
            seen = _attend(query, *self.context(layer, context), torch.zeros((), device=x.device))
            x = self.widened(layer, layer.crossattention.output(seen, x))
        return x


class Memory(_Layers):
    def forward(self, context: Tensor) -> Tensor:
        """[M, C, D] -> keys and values of every layer, [layers, 2, M, H, C, d]."""
        return torch.stack([torch.stack(self.context(layer, context)) for layer in self.layers])


class Step(_Layers):
    """`decoder` is a BlipTextLMHeadModel."""

    def __init__(self, decoder: Any) -> None:
        super().__init__(decoder.bert)
        self.words = decoder.cls

    def forward(self, ids: Tensor, past: Tensor, memory: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """ids [M, R, L], past [layers, 2, M, R, H, P, d], memory of M photos, mask [M, C] -> logits [M, R, L, vocabulary], and
        the past with the new tokens."""
        count, first = ids.shape[-1], past.shape[-2]
        new = torch.arange(first, first + count, device=ids.device)
        later = _hidden(torch.arange(first + count, device=ids.device) <= new[:, None])
        hidden, x, present = _hidden(mask)[:, None, None], self.embed(ids, first), []
        for number, layer in enumerate(self.layers):
            query, key, value = self.own(layer, x)
            keys, values = torch.cat([past[number, 0], key], -2), torch.cat([past[number, 1], value], -2)
            present.append(torch.stack([keys, values]))
            x = layer.attention.output(_attend(query, keys, values, later), x)
            # All texts of a photo attend to the same context, so they are one query.
            query = _heads(layer.crossattention.self.query(x).flatten(1, 2), self.heads)
            seen = _attend(query, memory[number, 0], memory[number, 1], hidden)
            x = self.widened(layer, layer.crossattention.output(seen.unflatten(1, ids.shape[1:]), x))
        logits: Tensor = self.words(x)
        return logits, torch.stack(present)

    def nothing(self, photos: int, texts: int) -> Tensor:
        """The past of texts without a token, on the weights' device."""
        weight = self.embeddings.word_embeddings.weight
        width = weight.shape[1] // self.heads
        return weight.new_zeros(len(self.layers), 2, photos, texts, self.heads, 0, width)


def chosen(past: Tensor, photos: Sequence[int], rows: Tensor) -> Tensor:
    """[layers, 2, M, R, H, P, d] of other texts: for each photo in `photos`, its texts in `rows` [photos, R]."""
    return past[:, :, torch.tensor(photos, device=past.device)[:, None], rows.to(past.device)]
