"""Step 4: distillation. A Chinese sentence's vector is drawn to the teacher's vector of its translation (Reimers and Gurevych 2020),
with in-batch contrast; every few steps English to its own teacher vector, and Chinese headings to their paragraphs."""

from __future__ import annotations

import numpy
import torch
from torch.nn import functional as F

from . import teacher
from .model import precision
from .recipe import Progress, Run, prepare
from .text import headings, pairs
from .training import CHECKPOINT_EVERY, Trainer, chance_of, load, store
from .vocabulary import Vocabulary


def build(run: Run) -> None:
    """Writes distil.safetensors."""
    prepare(run)
    numbers = run.recipe["distil"]
    vocabulary, encoder = Vocabulary.load(run), load(run, "transplant.safetensors")
    vectors = teacher.load(run)
    rows = [(english, chinese) for english, chinese in pairs(run) if english in vectors]
    heads = headings(run)
    trainer = Trainer(encoder, numbers["embeddings_lr"], numbers["layers_lr"], numbers["steps"], final_share=0.1)
    checkpoint = run.path("distil.checkpoint")
    first = trainer.resume(checkpoint)
    progress = Progress("distil", numbers["steps"], first)
    # Like lengths together: sorted in strips, a strip's batches drawn at random.
    rows.sort(key=lambda row: len(row[1]))
    encoder.train()
    for step in range(first, numbers["steps"]):
        chance = chance_of(run, "distil", step)
        torch.manual_seed(run.seed + step)
        start = chance.randrange(max(1, len(rows) - 6 * numbers["batch"]))
        batch = chance.sample(rows[start : start + 6 * numbers["batch"]], numbers["batch"])
        target = torch.from_numpy(numpy.stack([vectors[english] for english, _ in batch]).astype(numpy.float32))
        with precision(run.recipe["bfloat16"]):
            chinese = [vocabulary.split_words(ids, 0.1, chance) for ids in vocabulary.encode([text for _, text in batch])]
            found = encoder(chinese)
            loss = numbers["cosine_weight"] * (1 - (found * target).sum(1)).mean()
            loss = loss + numbers["contrast_weight"] * _both_ways(found, target, numbers["contrast_scale"])
            if step % numbers["english_every"] == 0:
                english = encoder(vocabulary.encode([text for text, _ in batch]))
                loss = loss + numbers["english_weight"] * (1 - (english * target).sum(1)).mean()
            if heads and step % numbers["heading_every"] == 1:
                sample = chance.sample(heads, 32)
                sides = encoder(vocabulary.encode([text for text, _ in sample] + [text for _, text in sample]))
                loss = loss + numbers["heading_weight"] * _both_ways(sides[:32], sides[32:], numbers["contrast_scale"])
        trainer.step(step, loss, layers=step >= numbers["frozen_share"] * numbers["steps"])
        progress.step(step + 1, loss=float(loss.detach()), cosine=float((found.detach() * target).sum(1).mean()))
        if (step + 1) % CHECKPOINT_EVERY == 0:
            trainer.save(checkpoint, step + 1)
    store(run, "distil.safetensors", encoder)
    checkpoint.unlink(missing_ok=True)


def _both_ways(a: torch.Tensor, b: torch.Tensor, scale: float) -> torch.Tensor:
    scores = scale * a @ b.T
    own = torch.arange(len(a))
    return F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)
