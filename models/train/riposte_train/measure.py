"""Step 6: how trades fare that training has not seen. The program's own `riposte eval authored` measures the same on the exported folder."""

from __future__ import annotations

import json

import torch

from .recipe import Run, prepare
from .text import Intent, intents
from .training import load
from .vocabulary import Vocabulary


def nearest(vectors: torch.Tensor, labels: list[str]) -> float:
    """Share of rows whose nearest other row bears their label."""
    scores = vectors @ vectors.T
    scores.fill_diagonal_(-2.0)
    best = scores.argmax(1).tolist()
    return sum(labels[row] == labels[other] for row, other in enumerate(best)) / len(labels)


def build(run: Run) -> None:
    """Writes measure.json: the held-out trades under held_out.safetensors."""
    prepare(run)
    figures = held_out_figures(run, "held_out.safetensors")
    run.path("measure.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(figures, flush=True)


def held_out_figures(run: Run, weights: str) -> dict[str, float]:
    """Nearest neighbour among the wordings of a trade, and the right answer of the trade; means over all wordings."""
    vocabulary, encoder = Vocabulary.load(run), load(run, weights)
    trades: dict[str, list[Intent]] = {}
    for intent in intents(run):
        if intent.trade in run.recipe["contrast"]["held_out"]["without"]:
            trades.setdefault(intent.trade, []).append(intent)
    hits: dict[str, float] = {}
    counts: dict[str, int] = {}
    for groups in trades.values():
        for language in ("zh", "en"):
            texts = [(text, intent.id) for intent in groups for text in getattr(intent, language)]
            answers = [(text, intent.id) for intent in groups for text in getattr(intent, f"answers_{language}")]
            labels = [id for _, id in texts]
            asked = encoder.encode(vocabulary.encode([text for text, _ in texts]))
            answered = encoder.encode(vocabulary.encode([text for text, _ in answers]))
            best = (asked @ answered.T).argmax(1).tolist()
            right = sum(answers[place][1] == label for place, label in zip(best, labels))
            for name, value in ((f"{language}/acc@1", nearest(asked, labels) * len(labels)), (f"{language}/answer@1", right)):
                hits[name] = hits.get(name, 0.0) + value
                counts[name] = counts.get(name, 0) + len(labels)
    return {name: hits[name] / counts[name] for name in hits}
