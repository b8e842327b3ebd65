"""`python -m riposte_train STEP`: see ../README.md."""

from __future__ import annotations

import argparse
import os
import time
from importlib import import_module
from pathlib import Path

from .recipe import HERE, Run

# Step → (module, function, output that shows it is done; None: always run, it resumes by itself).
STEPS = {
    "tokenizer": ("tokenizer", "build", "tokenizer.json"),
    "teacher": ("teacher", "build", None),
    "transplant": ("transplant", "build", "transplant.safetensors"),
    "distil": ("distil", "build", "distil.safetensors"),
    "held-out": ("contrast", "held_out", "held_out.safetensors"),
    "measure": ("measure", "build", "measure.json"),
    "contrast": ("contrast", "full", "contrast.safetensors"),
    "export": ("export", "build", None),
    "card": ("card", "build", None),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m riposte_train", description="Trains the bilingual encoder, step by step.")
    parser.add_argument("step", choices=[*STEPS, "all"])
    parser.add_argument("--data", type=Path, default=os.environ.get("RIPOSTE_TRAIN_DATA"), help="folder of training text [RIPOSTE_TRAIN_DATA]")
    parser.add_argument("--work", type=Path, default=Path("train-work"), help="folder for intermediate results")
    parser.add_argument("--recipe", type=Path, default=HERE / "recipe.toml")
    parser.add_argument("--again", action="store_true", help="run the step even if its output exists")
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("--data, or RIPOSTE_TRAIN_DATA, must name the folder of training text")
    run = Run.open(Path(arguments.data), arguments.work, arguments.recipe)
    for name in STEPS if arguments.step == "all" else [arguments.step]:
        module, function, output = STEPS[name]
        if output and run.path(output).exists() and not arguments.again:
            print(f"{name}: done already ({run.path(output)})", flush=True)
            continue
        started = time.monotonic()
        getattr(import_module(f"riposte_train.{module}"), function)(run)
        print(f"{name}: {(time.monotonic() - started) / 60:.1f} min", flush=True)


main()
