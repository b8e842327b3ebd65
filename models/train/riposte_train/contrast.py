"""Steps 5 and 7: contrastive training on the authored groups, with distillation beside it so that what was learnt from translations stays.

A batch holds families of easily confused intents. Wordings of one intent are drawn together and pushed from all others (supervised
contrastive loss, Khosla et al. 2020); pairs of one intent should be nearer than any pair of two (CoSENT, Su 2022), which is what ranking by
cosine needs; a wording should find its intent's answers among the batch's answers.
"""

from __future__ import annotations

import random
import zlib

import numpy
import torch
from torch.nn import functional as F

from . import teacher
from .model import Encoder, precision
from .noise import noisy
from .recipe import Progress, Run, prepare
from .text import Intent, intents, pairs
from .training import CHECKPOINT_EVERY, Trainer, chance_of, load, store
from .vocabulary import Vocabulary

# One intent in so many is never trained on: the development set.
HELD_OUT_EVERY = 25
ZH, EN, ANSWER = 0, 1, 2


def held_out(run: Run) -> None:
    """Writes held_out.safetensors: trained without the recipe's held-out trades."""
    _train(run, "held_out", "distil.safetensors")


def full(run: Run) -> None:
    """Writes contrast.safetensors: goes on with every trade."""
    _train(run, "full", "held_out.safetensors", "contrast")


def _train(run: Run, phase: str, start: str, output: str | None = None) -> None:
    prepare(run)
    output = output or phase
    shared, own = run.recipe["contrast"]["batch"], run.recipe["contrast"][phase]
    vocabulary, encoder = Vocabulary.load(run), load(run, start)
    groups = [intent for intent in intents(run) if intent.trade not in own["without"]]
    development = [intent for intent in groups if zlib.crc32(intent.id.encode()) % HELD_OUT_EVERY == 0]
    held = {intent.id for intent in development}
    batches = Batches([intent for intent in groups if intent.id not in held], shared)
    vectors = teacher.load(run)
    parallel = [(english, chinese) for english, chinese in pairs(run) if english in vectors]
    trainer = Trainer(encoder, own["embeddings_lr"], own["layers_lr"], own["steps"], own["final_lr_share"])
    checkpoint = run.path(f"{output}.checkpoint")
    first = trainer.resume(checkpoint)
    print(f"{output}: {len(groups) - len(held)} intents, {len(held)} held out for development", flush=True)
    progress = Progress(output, own["steps"], first)
    encoder.dropout = shared["dropout"]
    encoder.train()
    for step in range(first, own["steps"]):
        chance = chance_of(run, output, step)
        torch.manual_seed(run.seed + step)
        batch = batches.draw(chance)
        translated = chance.sample(parallel, shared["distil_pairs"])
        texts = batch.texts + [text for _, text in translated] + [text for text, _ in translated]
        rows = [vocabulary.split_words(ids, shared["split_words"], chance) for ids in vocabulary.encode(texts)]
        with precision(run.recipe["bfloat16"]):
            found = encoder(rows)
        own_vectors = found[: len(batch.texts)]
        losses = batch.losses(own_vectors, shared)
        target = torch.from_numpy(numpy.stack([vectors[english] for english, _ in translated]).astype(numpy.float32))
        chinese, english = found[len(batch.texts) :].chunk(2)
        losses["zh"] = shared["distil_zh_weight"] * (1 - (chinese * target).sum(1)).mean()
        losses["en"] = shared["distil_en_weight"] * (1 - (english * target).sum(1)).mean()
        trainer.step(step, torch.stack(list(losses.values())).sum())
        progress.step(step + 1, **{name: float(loss.detach()) for name, loss in losses.items()})
        if (step + 1) % CHECKPOINT_EVERY == 0:
            trainer.save(checkpoint, step + 1)
            print(f"{output}: {step + 1}: {_development(encoder, vocabulary, development, run.recipe['bfloat16'])}", flush=True)
    store(run, f"{output}.safetensors", encoder)
    checkpoint.unlink(missing_ok=True)


class Batch:
    """Texts with their intents; who is a positive, who a negative."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.intents: list[int] = []
        self.trades: list[str] = []
        self.kinds: list[int] = []

    def add(self, text: str, intent: int, trade: str, kind: int) -> None:
        self.texts.append(text)
        self.intents.append(intent)
        self.trades.append(trade)
        self.kinds.append(kind)

    def losses(self, vectors: torch.Tensor, numbers: dict) -> dict[str, torch.Tensor]:
        intent = torch.tensor(self.intents)
        kind = torch.tensor(self.kinds)
        names = {name: place for place, name in enumerate(sorted(set(self.trades)))}
        trade = torch.tensor([names[name] for name in self.trades])
        asks = kind != ANSWER
        cosine = vectors @ vectors.T
        same = intent[:, None] == intent[None, :]
        # The same question recurs across trades: such wordings are neither positives nor negatives.
        doubtful = ~same & (trade[:, None] != trade[None, :]) & (cosine.detach() > numbers["same_question"])
        return {
            "ask": _supervised(cosine[asks][:, asks], same[asks][:, asks], doubtful[asks][:, asks], numbers["scale"], no_self=True),
            "rank": numbers["cosent_weight"] * _cosent(cosine, same, doubtful, kind, numbers["cosent_scale"]),
            "answer": numbers["answer_weight"]
            * _supervised(cosine[asks][:, ~asks], same[asks][:, ~asks], doubtful[asks][:, ~asks], numbers["scale"], no_self=False),
        }


def _supervised(cosine, same, doubtful, scale: float, no_self: bool) -> torch.Tensor:
    left_out = doubtful.clone()
    if no_self:
        left_out.fill_diagonal_(True)
    positive = same & ~left_out
    scores = (scale * cosine).masked_fill(left_out, -1e4)
    log_share = scores - scores.logsumexp(1, keepdim=True)
    count = positive.sum(1)
    own = (log_share * positive).sum(1) / count.clamp(min=1)
    return -(own[count > 0]).mean() if bool((count > 0).any()) else cosine.sum() * 0.0


def _cosent(cosine, same, doubtful, kind, scale: float) -> torch.Tensor:
    """Every pair of one intent above every pair of two, both of one language."""
    losses = []
    for language in (ZH, EN):
        of_language = kind == language
        upper = torch.triu(torch.ones_like(cosine, dtype=torch.bool), 1)[of_language][:, of_language]
        scores = scale * cosine[of_language][:, of_language]
        pairs_same = same[of_language][:, of_language]
        positive = scores[upper & pairs_same]
        negative = scores[upper & ~pairs_same & ~doubtful[of_language][:, of_language]]
        if len(positive) and len(negative):
            # log(1 + Σ exp(negative - positive)), the sum over all pairs of pairs being a product of two sums.
            losses.append(F.softplus(negative.logsumexp(0) + (-positive).logsumexp(0)))
    return torch.stack(losses).mean() if losses else cosine.sum() * 0.0


class Batches:
    """Draws families of intents and wordings of them."""

    def __init__(self, groups: list[Intent], numbers: dict) -> None:
        self.groups, self.numbers = groups, numbers
        self.places = {intent.id: place for place, intent in enumerate(groups)}
        self.of_trade: dict[str, list[int]] = {}
        for place, intent in enumerate(groups):
            self.of_trade.setdefault(intent.trade, []).append(place)

    def draw(self, chance: random.Random) -> Batch:
        count = self.numbers["intents"]
        if chance.random() < self.numbers["one_trade_share"]:
            # A trade is drawn by its size.
            pool = self.of_trade[self.groups[chance.randrange(len(self.groups))].trade]
        else:
            pool = range(len(self.groups))
        chosen: dict[int, None] = {}
        for place in chance.sample(pool, min(len(pool), count)):
            family = [self.places[near] for near in self.groups[place].near if near in self.places]
            for member in [place, *chance.sample(family, min(2, len(family)))]:
                chosen.setdefault(member)
            if len(chosen) >= count:
                break
        batch = Batch()
        for place in list(chosen)[:count]:
            self._wordings(batch, place, chance)
        return batch

    def _wordings(self, batch: Batch, place: int, chance: random.Random) -> None:
        intent = self.groups[place]
        for text in chance.sample(intent.zh, min(self.numbers["wordings"], len(intent.zh))):
            batch.add(noisy(text, chance), place, intent.trade, ZH)
        for text in chance.sample(intent.en, min(self.numbers["wordings"], len(intent.en))):
            batch.add(noisy(text, chance), place, intent.trade, EN)
        if chance.random() < self.numbers["answer_share"]:
            answers = intent.answers_zh if chance.random() < 0.65 else intent.answers_en
            if answers:
                batch.add(chance.choice(answers), place, intent.trade, ANSWER)


def _development(encoder: Encoder, vocabulary: Vocabulary, groups: list[Intent], bfloat16: bool) -> str:
    from .measure import nearest

    figures = []
    for language in ("zh", "en"):
        texts = [(text, intent.id) for intent in groups for text in getattr(intent, language)]
        vectors = encoder.encode(vocabulary.encode([text for text, _ in texts]), bfloat16)
        figures.append(f"{language} {nearest(vectors, [id for _, id in texts]):.3f}")
    return "development nearest neighbour " + ", ".join(figures)
