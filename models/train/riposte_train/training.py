"""What both training steps share: optimisers, the learning rate's course, checkpoints, the held English vectors."""

from __future__ import annotations

import math
import random
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from .model import Encoder, from_bert, to_bert
from .recipe import Run

CHECKPOINT_EVERY = 200


class Trainer:
    """An encoder with its two optimisers: sparse Adam for the token table, AdamW for the rest."""

    def __init__(self, encoder: Encoder, embeddings_lr: float, layers_lr: float, steps: int, final_share: float = 0.0):
        self.encoder, self.steps, self.final_share = encoder, steps, final_share
        rest = [weight for name, weight in encoder.named_parameters() if not name.startswith("words.")]
        self.table = torch.optim.SparseAdam([encoder.words.weight], lr=embeddings_lr)
        self.layers = torch.optim.AdamW(rest, lr=layers_lr, weight_decay=0.01, fused=True)
        self.rates = {self.table: embeddings_lr, self.layers: layers_lr}

    def share(self, step: int) -> float:
        """Linear warm-up over 5 % of the steps, then a cosine down to the final share."""
        warm = max(1, self.steps // 20)
        if step < warm:
            return (step + 1) / warm
        course = 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, self.steps - warm)))
        return self.final_share + (1 - self.final_share) * course

    def step(self, step: int, loss: torch.Tensor, layers: bool = True) -> None:
        loss.backward()
        torch.nn.utils.clip_grad_norm_([weight for group in self.layers.param_groups for weight in group["params"]], 1.0)
        for optimiser, rate in self.rates.items():
            for group in optimiser.param_groups:
                group["lr"] = rate * self.share(step)
            if optimiser is self.table or layers:
                optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    def save(self, path: Path, step: int) -> None:
        state = {"step": step, "encoder": self.encoder.state_dict(), "table": self.table.state_dict(), "layers": self.layers.state_dict()}
        temporary = path.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(path)

    def resume(self, path: Path) -> int:
        """Steps already done."""
        if not path.exists():
            return 0
        state = torch.load(path, weights_only=True)
        self.encoder.load_state_dict(state["encoder"])
        self.table.load_state_dict(state["table"])
        self.layers.load_state_dict(state["layers"])
        return int(state["step"])


def chance_of(run: Run, name: str, step: int) -> random.Random:
    """The step's own random numbers, so that a resumed run draws what an undisturbed one would."""
    return random.Random(f"{run.seed}/{name}/{step}")


def load(run: Run, name: str) -> Encoder:
    return from_bert(load_file(run.path(name)))


def store(run: Run, name: str, encoder: Encoder) -> None:
    save_file(to_bert(encoder), run.path(name))
