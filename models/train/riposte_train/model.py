"""The network: BERT without pooler, mean pooling, L2 normalisation. Names of tensors are those of Hugging Face's `BertModel`."""

from __future__ import annotations

import contextlib

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HIDDEN, HEADS, INNER, LAYERS, POSITIONS = 384, 12, 1536, 6, 512
EPSILON = 1e-12
# Padded tokens computed at a time.
CHUNK_TOKENS = 4096


class Layer(nn.Module):
    """One post-norm transformer layer."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(HIDDEN, HIDDEN) for _ in range(3))
        self.output = nn.Linear(HIDDEN, HIDDEN)
        self.attention_norm = nn.LayerNorm(HIDDEN, eps=EPSILON)
        self.up = nn.Linear(HIDDEN, INNER)
        self.down = nn.Linear(INNER, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN, eps=EPSILON)

    def forward(self, states: Tensor, mask: Tensor, dropout: float) -> Tensor:
        rows, length, _ = states.shape
        query, key, value = (
            part(states).view(rows, length, HEADS, HIDDEN // HEADS).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        # Written out: for rows this short PyTorch's fused attention is five times slower on the way back.
        scores = query @ key.transpose(-1, -2) * (HIDDEN // HEADS) ** -0.5 + mask.to(query.dtype)
        mixed = scores.softmax(-1).to(value.dtype) @ value
        mixed = self.output(mixed.transpose(1, 2).reshape(rows, length, HIDDEN))
        states = self.attention_norm(states + F.dropout(mixed, dropout, self.training))
        inner = self.down(F.gelu(self.up(states)))
        return self.norm(states + F.dropout(inner, dropout, self.training))


class Encoder(nn.Module):
    """Rows of token ids to L2-normalised vectors."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        # Sparse: a batch touches a few thousand rows of the table.
        self.words = nn.Embedding(vocabulary, HIDDEN, sparse=True)
        self.positions = nn.Embedding(POSITIONS, HIDDEN)
        self.types = nn.Embedding(2, HIDDEN)
        self.embedding_norm = nn.LayerNorm(HIDDEN, eps=EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.dropout = 0.0

    def forward(self, rows: list[list[int]]) -> Tensor:
        """Vectors (rows × 384, f32) of length 1, computed in chunks of like length so that padding costs little."""
        return F.normalize(self._pooled(rows), dim=-1)

    def pooled(self, rows: list[list[int]]) -> Tensor:
        """Mean last states (rows × 384, f32) as they are, without gradients."""
        self.eval()
        with torch.inference_mode():
            return self._pooled(rows).clone()

    def _pooled(self, rows: list[list[int]]) -> Tensor:
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        parts: list[Tensor] = []
        start = 0
        while start < len(order):
            end = start + 1
            # Rows of one chunk differ by a third in length at most.
            shortest = len(rows[order[start]])
            while end < len(order) and (end - start + 1) * len(rows[order[end]]) <= CHUNK_TOKENS and len(rows[order[end]]) <= shortest * 1.35 + 2:
                end += 1
            parts.append(self._chunk([rows[row] for row in order[start:end]]))
            start = end
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(parts)[back]

    def _chunk(self, rows: list[list[int]]) -> Tensor:
        length = max(map(len, rows))
        device = self.words.weight.device
        ids = torch.tensor([row + [0] * (length - len(row)) for row in rows], device=device)
        lengths = torch.tensor([len(row) for row in rows], device=device)
        present = torch.arange(length, device=device)[None, :] < lengths[:, None]
        mask = torch.zeros(present.shape, device=device).masked_fill(~present, -1e4)[:, None, None, :]
        states = self.words(ids) + self.positions.weight[:length] + self.types.weight[0]
        states = F.dropout(self.embedding_norm(states), self.dropout, self.training)
        for layer in self.layers:
            states = layer(states, mask, self.dropout)
        weights = present.to(torch.float32)[:, :, None]
        pooled = (states.float() * weights).sum(1) / weights.sum(1)
        return pooled

    def encode(self, rows: list[list[int]], bfloat16: bool = False) -> Tensor:
        """Vectors without gradients, in evaluation mode."""
        was_training = self.training
        self.eval()
        with torch.inference_mode(), precision(bfloat16):
            vectors = torch.cat([self(rows[start : start + 512]) for start in range(0, len(rows), 512)]) if rows else torch.zeros(0, HIDDEN)
        self.train(was_training)
        return vectors.clone()


def precision(bfloat16: bool):
    """Autocast to bfloat16, or nothing."""
    return torch.autocast("cpu", dtype=torch.bfloat16) if bfloat16 else contextlib.nullcontext()


_LAYER_NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm": "output.LayerNorm",
}


def to_bert(encoder: Encoder) -> dict[str, Tensor]:
    """Tensors by the names of Hugging Face's `BertModel`."""
    return {_bert_name(name): tensor.detach().contiguous() for name, tensor in encoder.state_dict().items()}


def from_bert(tensors: dict[str, Tensor]) -> Encoder:
    """An encoder of `BertModel`'s tensors; the pooler and position ids are left out."""
    encoder = Encoder(tensors["embeddings.word_embeddings.weight"].shape[0])
    encoder.load_state_dict({name: tensors[_bert_name(name)].float() for name in encoder.state_dict()})
    return encoder


def _bert_name(name: str) -> str:
    kind, _, rest = name.partition(".")
    if kind != "layers":
        named = {"words": "embeddings.word_embeddings", "positions": "embeddings.position_embeddings", "types": "embeddings.token_type_embeddings"}
        return f"{named.get(kind, 'embeddings.LayerNorm')}.{rest}"
    number, part, weight = rest.split(".")
    return f"encoder.layer.{number}.{_LAYER_NAMES[part]}.{weight}"
