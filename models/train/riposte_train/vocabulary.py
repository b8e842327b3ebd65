"""The tokenizer as training uses it: texts to ids, words split into characters now and then."""

from __future__ import annotations

import json
import random

from tokenizers import Tokenizer

from .recipe import Run
from .text import HAN

# Tokens of a training text, special ones included.
LIMIT = 72
CLS, SEP = 2, 3


class Vocabulary:
    """Pieces by id and back, and the tokenizer itself."""

    def __init__(self, file: str) -> None:
        self.tokenizer = Tokenizer.from_file(file)
        self.tokenizer.enable_truncation(LIMIT)
        self.pieces = [piece for piece, _ in json.loads(open(file, encoding="utf-8").read())["model"]["vocab"]]
        self.ids = {piece: id for id, piece in enumerate(self.pieces)}
        self.parts = {
            id: [self.ids[character] for character in piece]
            for piece, id in self.ids.items()
            if len(piece) > 1 and HAN.match(piece) and all(character in self.ids for character in piece)
        }

    @classmethod
    def load(cls, run: Run) -> "Vocabulary":
        return cls(str(run.path("tokenizer.json")))

    def __len__(self) -> int:
        return len(self.pieces)

    def encode(self, texts: list[str], special: bool = True) -> list[list[int]]:
        return [encoded.ids for encoded in self.tokenizer.encode_batch_fast(texts, add_special_tokens=special)]

    def split_words(self, ids: list[int], share: float, chance: random.Random) -> list[int]:
        """Some words as their characters (after BPE-dropout, Provilkov et al. 2020), so that characters' rows learn too."""
        split: list[int] = []
        for id in ids:
            parts = self.parts.get(id)
            split.extend(parts if parts and chance.random() < share else [id])
        return split
