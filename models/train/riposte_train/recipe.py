"""The recipe's numbers, the folders of a run, and logging."""

from __future__ import annotations

import os
import random
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent


@dataclass
class Run:
    """One run: where text comes from, where results go, and the numbers."""

    data: Path
    work: Path
    recipe: dict[str, Any]

    @classmethod
    def open(cls, data: Path, work: Path, recipe: Path) -> "Run":
        work.mkdir(parents=True, exist_ok=True)
        return cls(data, work, tomllib.loads(recipe.read_text(encoding="utf-8")))

    @property
    def seed(self) -> int:
        return int(self.recipe["seed"])

    def authored_folders(self) -> list[Path]:
        """Folders of authored groups: the given text's, and the repository's own."""
        return [self.data / "authored", HERE / "authored"]

    def path(self, name: str) -> Path:
        return self.work / name


def prepare(run: Run) -> None:
    """Fixes seeds and threads. Called before any step that uses PyTorch."""
    import numpy
    import torch

    random.seed(run.seed)
    numpy.random.seed(run.seed % 2**32)
    torch.manual_seed(run.seed)
    torch.set_num_threads(int(os.environ.get("RIPOSTE_TRAIN_THREADS", run.recipe["threads"])))


class Progress:
    """Prints a line every `every` seconds: step, time left, and the running means of what is reported."""

    def __init__(self, name: str, total: int, done: int = 0, every: float = 20.0):
        self.name, self.total, self.first, self.every = name, total, done, every
        self.started = self.printed = time.monotonic()
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    def step(self, done: int, **values: float) -> None:
        for key, value in values.items():
            self.sums[key] = self.sums.get(key, 0.0) + value
            self.counts[key] = self.counts.get(key, 0) + 1
        now = time.monotonic()
        if now - self.printed < self.every and done < self.total:
            return
        rate = (done - self.first) / max(now - self.started, 1e-9)
        left = (self.total - done) / max(rate, 1e-9)
        means = " ".join(f"{key} {self.sums[key] / self.counts[key]:.4f}" for key in self.sums)
        print(f"{self.name}: {done}/{self.total}, {left / 60:.1f} min left  {means}", flush=True)
        self.printed, self.sums, self.counts = now, {}, {}
